//! The context of a message: what hooks and the event's handler share.

#[cfg(feature = "validation")]
use core::any::Any;
use core::cell::{Cell, OnceCell, RefCell};
use core::fmt;
use std::rc::Rc;

use futures::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Failure;
use crate::handles::{Notes, Socket};
use crate::id::secret;
use crate::value::{Args, EncodeError};

/// The context of one message that a socket sent to a controller: made when the message arrives, and shared by its hooks and its
/// handler. Clones are the same context. Nothing of it outlives the message: what is to stay belongs in
/// [`Socket::set_data`](crate::Socket::set_data), in a session, or in [`Storage`](crate::Storage).
///
/// ```
/// use dormouse::controller::{Context, Controller, Response};
/// use dormouse::testing::TestWorld;
/// use dormouse::{App, Failure};
/// use serde_json::{Value, json};
///
/// struct Locale(String);
///
/// async fn locale(ctx: Context) -> Result<(), Failure> {
///     let locale = ctx.socket().handshake().and_then(|request| request.query_param("locale"));
///     ctx.set_state(Locale(locale.unwrap_or_else(|| "en".to_owned())));
///     Ok(())
/// }
///
/// async fn greet(ctx: Context) -> Response<String> {
///     let locale = ctx.state::<Locale>().map(|locale| locale.0.clone());
///     Response(format!("{} in {}", ctx.event_name(), locale.unwrap_or_default()))
/// }
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.controller(Controller::new().hook(locale).on("greet", greet)))
/// }
///
/// let world = TestWorld::new(app);
/// let anna = world.client().query("locale", "de").connect("/");
/// let answer = anna.emit_with_ack("greet", ()).args().expect("an acknowledgement");
/// assert_eq!(answer.parse::<Value>()?, json!({ "status": "ok", "data": "greet in de" }));
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
#[derive(Clone)]
pub struct Context(Rc<Message>);

struct Message {
    event_name: Rc<str>,
    /// The first argument, or none.
    payload: RefCell<Args>,
    /// The payload as a type that it was checked by, until a handler takes it or the payload is replaced.
    #[cfg(feature = "validation")]
    checked: RefCell<Option<Box<dyn Any>>>,
    id: OnceCell<Rc<str>>,
    notes: Rc<Notes>,
    socket: Socket,
}

/// The user of a message, under a type that no app can name.
struct SetUser<T>(Rc<T>);

/// That there is a user, of whatever type.
struct HasUser;

/// That a hook or the handler of the message has failed.
struct HasFailed;

/// What is to be done when all functions of the call were called.
struct AtEnd(Cell<Option<LocalBoxFuture<'static, Result<(), Failure>>>>);

impl Context {
    /// Returns the context of a message whose payload is the first of `args`.
    pub(crate) fn new(event_name: Rc<str>, args: &Args, socket: Socket) -> Self {
        Self(Rc::new(Message {
            event_name,
            payload: RefCell::new(args.first()),
            #[cfg(feature = "validation")]
            checked: RefCell::default(),
            id: OnceCell::new(),
            notes: Rc::default(),
            socket,
        }))
    }

    /// Returns the name of the event, with the prefixes of the controllers; empty in handlers of connections.
    pub fn event_name(&self) -> &str {
        &self.0.event_name
    }

    /// Parses the payload, the message's first argument. A client that sent none has no payload, which an `Option` reads as `None`;
    /// further arguments are ignored.
    ///
    /// # Errors
    /// There is no payload, or it is not a `T`: with the code `INVALID_ARGUMENTS`.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let parsed = self.0.payload.borrow().parse::<(T,)>();
        parsed.map(|(payload,)| payload).map_err(|error| Failure::from_handler_error(&error))
    }

    /// Returns the payload unparsed: one argument, or none.
    pub fn payload_args(&self) -> Args {
        self.0.payload.borrow().clone()
    }

    /// Replaces the payload, as a hook does that adds defaults.
    ///
    /// # Errors
    /// `payload` cannot be written as JSON. The payload stays as it was.
    pub fn set_payload(&self, payload: &impl Serialize) -> Result<(), EncodeError> {
        *self.0.payload.borrow_mut() = Args::one(payload)?;
        #[cfg(feature = "validation")]
        self.0.checked.take();
        Ok(())
    }

    /// Keeps the payload as a type that it was checked by, for the one that asks for it next.
    #[cfg(feature = "validation")]
    pub(super) fn keep_checked<T: 'static>(&self, checked: T) {
        *self.0.checked.borrow_mut() = Some(Box::new(checked));
    }

    /// Takes the payload if it was checked by this type.
    #[cfg(feature = "validation")]
    pub(super) fn take_checked<T: 'static>(&self) -> Option<T> {
        let mut checked = self.0.checked.borrow_mut();
        match checked.take()?.downcast() {
            Ok(found) => Some(*found),
            Err(other) => {
                *checked = Some(other);
                None
            }
        }
    }

    /// Returns the message's id, which is random and in the log beside its failure: 12 characters.
    pub fn message_id(&self) -> &str {
        self.0.id.get_or_init(|| secret::<9>().into())
    }

    /// Returns the value of this type that a hook has set for this message.
    pub fn state<T: 'static>(&self) -> Option<Rc<T>> {
        self.0.notes.get()
    }

    /// Sets a value for the hooks and the handler that follow, in place of an earlier one of its type.
    pub fn set_state<T: 'static>(&self, value: T) {
        self.0.notes.insert(value);
    }

    /// Returns the user that a hook has set, if it is a `T`.
    pub fn user<T: 'static>(&self) -> Option<Rc<T>> {
        self.0.notes.get::<SetUser<T>>().map(|user| Rc::clone(&user.0))
    }

    /// Sets the user that sent the message, in place of an earlier one.
    pub fn set_user<T: 'static>(&self, user: T) {
        self.0.notes.insert(SetUser(Rc::new(user)));
        self.0.notes.insert(HasUser);
    }

    /// Returns whether a hook has set a user.
    pub fn has_user(&self) -> bool {
        self.0.notes.get::<HasUser>().is_some()
    }

    /// Returns the socket that sent the message.
    pub fn socket(&self) -> &Socket {
        &self.0.socket
    }

    pub(super) fn set_failed(&self) {
        self.0.notes.insert(HasFailed);
    }

    /// Returns whether a hook or the handler has failed, so that what it has written is undone.
    pub(crate) fn has_failed(&self) -> bool {
        self.0.notes.get::<HasFailed>().is_some()
    }

    /// Sets what is to be done when a handler of connections has accepted the client.
    pub(crate) fn at_end(&self, end: impl Future<Output = Result<(), Failure>> + 'static) {
        self.0.notes.insert(AtEnd(Cell::new(Some(Box::pin(end)))));
    }

    pub(super) async fn end(&self) -> Result<(), Failure> {
        match self.0.notes.get::<AtEnd>().and_then(|end| end.0.take()) {
            Some(end) => end.await,
            None => Ok(()),
        }
    }

    /// Returns the values by type, for hooks of HTTP requests.
    pub(crate) fn notes(&self) -> &Rc<Notes> {
        &self.0.notes
    }

    pub(crate) fn name(&self) -> &Rc<str> {
        &self.0.event_name
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the payload, which may be a secret.
        f.debug_struct("Context").field("event_name", &self.0.event_name).finish_non_exhaustive()
    }
}
