//! An HTTP request of a connection, as hooks see it.

use core::fmt;
use std::rc::Rc;

use super::notes::Notes;
use super::request_accessors::request_accessors;
use crate::core::handshake_request::HandshakeRequest;
use crate::http::{KeptHeaders, cookie_of};
use crate::id::WorldName;

/// An HTTP request of a client's connection: the `req` of engine.io's hooks. Clones share the same request.
///
/// All hooks that run in the Worker for one request share it, and may store values in it for later hooks: see
/// [`insert`](Self::insert).
#[derive(Clone)]
pub struct ConnRequest(Rc<Parts>);

/// Looks up a variable of the deployment by its name.
pub(crate) type Variables = Rc<dyn Fn(&str) -> Option<String>>;

struct Parts {
    method: String,
    world: WorldName,
    is_upgrade: bool,
    handshake: HandshakeRequest,
    variables: Variables,
    notes: Rc<Notes>,
}

impl ConnRequest {
    /// Returns a request to a world; `is_upgrade` says whether it asks for a WebSocket.
    pub(crate) fn new(
        method: String,
        world: WorldName,
        is_upgrade: bool,
        handshake: HandshakeRequest,
        variables: Variables,
    ) -> Self {
        Self::with_notes(method, world, is_upgrade, handshake, variables, Rc::default())
    }

    /// Does the same for a request whose values by type are shared with others.
    pub(crate) fn with_notes(
        method: String,
        world: WorldName,
        is_upgrade: bool,
        handshake: HandshakeRequest,
        variables: Variables,
        notes: Rc<Notes>,
    ) -> Self {
        Self(Rc::new(Parts { method, world, is_upgrade, handshake, variables, notes }))
    }

    /// Returns a variable or secret of the deployment; `None` if it is not set.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.0.variables)(name)
    }

    /// Returns the method, in capitals.
    pub fn method(&self) -> &str {
        &self.0.method
    }

    /// Returns the name of the world that the request is for.
    pub fn world(&self) -> &str {
        self.0.world.as_str()
    }

    request_accessors!();

    /// Returns the session id in the query; `None` if the request opens a session. Whether there is such a session has not been
    /// checked yet.
    pub fn sid(&self) -> Option<String> {
        self.query_param("sid").filter(|sid| !sid.is_empty())
    }

    /// Returns the transport in the query, unchecked: `polling`, `websocket`, or any other text. `None` if the query has none.
    pub fn transport(&self) -> Option<String> {
        self.query_param("transport")
    }

    /// Whether the request asks for a WebSocket.
    pub fn is_upgrade(&self) -> bool {
        self.0.is_upgrade
    }

    /// Stores a value for later hooks of this request, in place of an earlier value of the same type: express middleware writes
    /// `req.session = …`. Only hooks that run in the Worker can read it, not those that run in the world. In a guard that is a hook of a
    /// controller, by [`http_hook`](crate::controller::http_hook), it is the state of the message instead:
    /// [`Context::state`](crate::controller::Context::state) returns it, and it is gone after the message.
    pub fn insert<T: 'static>(&self, note: T) {
        self.0.notes.insert(note);
    }

    /// Returns the value of this type that an earlier hook stored with [`insert`](Self::insert).
    pub fn get<T: 'static>(&self) -> Option<Rc<T>> {
        self.0.notes.get()
    }

    /// Returns the part of the request that the session keeps, if the request opens one.
    pub(crate) fn into_kept(self, kept: &KeptHeaders) -> Rc<HandshakeRequest> {
        Rc::new(match Rc::try_unwrap(self.0) {
            Ok(Parts { mut handshake, .. }) => {
                handshake.headers.retain(|(name, _)| kept.keeps(name));
                handshake.headers.shrink_to_fit();
                handshake
            }
            // Somebody has a clone, such as a hook of the app.
            Err(shared) => {
                let HandshakeRequest { headers, issued, address, url, secure } = &shared.handshake;
                let headers = headers.iter().filter(|(name, _)| kept.keeps(name)).cloned().collect();
                let (address, url) = (address.clone(), url.clone());
                HandshakeRequest { headers, issued: *issued, address, url, secure: *secure }
            }
        })
    }

    fn request(&self) -> &HandshakeRequest {
        &self.0.handshake
    }
}

impl fmt::Debug for ConnRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the headers, which have secrets in them.
        f.debug_struct("ConnRequest")
            .field("method", &self.method())
            .field("world", &self.world())
            .finish_non_exhaustive()
    }
}
