//! An HTTP request of a connection, as the hooks see it.

use core::any::{Any, TypeId};
use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use litemap::LiteMap;

use crate::core::handshake_request::HandshakeRequest;
use crate::id::WorldName;

/// An HTTP request of a client's connection: the `req` of engine.io's hooks. A handle: clones of it are the same request.
///
/// The hooks of one request in the Worker share it, and may leave notes for those that come later: see
/// [`insert`](Self::insert).
#[derive(Clone)]
pub struct ConnRequest(Rc<Parts>);

/// Where a request's hooks find the deployment's variables.
pub type Variables = Rc<dyn Fn(&str) -> Option<String>>;

struct Parts {
    method: String,
    world: WorldName,
    is_upgrade: bool,
    handshake: Rc<HandshakeRequest>,
    variables: Variables,
    notes: RefCell<LiteMap<TypeId, Rc<dyn Any>>>,
}

impl ConnRequest {
    /// A request to a world; `is_upgrade` says that it asks for a WebSocket. Public for those who drive a
    /// [`Shell`](crate::object::Shell) on a runtime of their own: the benches.
    #[doc(hidden)]
    pub fn new(
        method: String,
        world: WorldName,
        is_upgrade: bool,
        handshake: HandshakeRequest,
        variables: Variables,
    ) -> Self {
        let notes = RefCell::default();
        Self(Rc::new(Parts { method, world, is_upgrade, handshake: Rc::new(handshake), variables, notes }))
    }

    /// A variable or secret of the deployment; `None` where it is not set.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.0.variables)(name)
    }

    /// The method, in capitals.
    pub fn method(&self) -> &str {
        &self.0.method
    }

    /// The name of the world that it goes to.
    pub fn world(&self) -> &str {
        self.0.world.as_str()
    }

    /// The path and query.
    pub fn url(&self) -> &str {
        &self.0.handshake.url
    }

    /// The headers: names in lower case, and values.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.handshake.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.handshake.header(name)
    }

    /// The parameters of the query, decoded, in order.
    pub fn query(&self) -> impl Iterator<Item = (String, String)> {
        self.0.handshake.query()
    }

    /// The last parameter of the query with this name, as engine.io reads it.
    pub fn query_param(&self, name: &str) -> Option<String> {
        self.query().filter(|(key, _)| key == name).last().map(|(_, value)| value)
    }

    /// The session id that it names; `None` where it opens a session. Nobody has looked yet whether there is such a session.
    pub fn sid(&self) -> Option<String> {
        self.query_param("sid").filter(|sid| !sid.is_empty())
    }

    /// The transport that it names: `polling`, `websocket`, or whatever the client wrote.
    pub fn transport(&self) -> Option<String> {
        self.query_param("transport")
    }

    /// Whether it asks for a WebSocket.
    pub fn is_upgrade(&self) -> bool {
        self.0.is_upgrade
    }

    /// The client's IP address, as the platform tells it in `cf-connecting-ip`; empty where it tells none.
    pub fn address(&self) -> &str {
        &self.0.handshake.address
    }

    /// Whether it came by `https` or `wss`.
    pub fn is_secure(&self) -> bool {
        self.0.handshake.secure
    }

    /// Whether it named an origin: it came from a web page.
    pub fn is_xdomain(&self) -> bool {
        self.header("origin").is_some()
    }

    /// Leaves a note for the hooks of this request that come later, one of each type: what an express middleware writes as
    /// `req.session = …`. It reaches the Worker's hooks only, not those that run in the world.
    pub fn insert<T: 'static>(&self, note: T) {
        self.0.notes.borrow_mut().insert(TypeId::of::<T>(), Rc::new(note));
    }

    /// The note of this type that an earlier hook left.
    pub fn get<T: 'static>(&self) -> Option<Rc<T>> {
        let note = self.0.notes.borrow().get(&TypeId::of::<T>()).cloned()?;
        note.downcast().ok()
    }

    /// What is kept of it where it opens a session.
    pub(crate) fn handshake(&self) -> &Rc<HandshakeRequest> {
        &self.0.handshake
    }
}

impl fmt::Debug for ConnRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers have secrets in them.
        f.debug_struct("ConnRequest")
            .field("method", &self.method())
            .field("world", &self.world())
            .finish_non_exhaustive()
    }
}
