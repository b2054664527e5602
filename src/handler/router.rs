//! Which handler is called for what.

use core::fmt;
use std::collections::BTreeMap;

use super::engine_socket::EngineSocket;
use super::socket::{AckSender, Event, Socket};
use crate::effect::{Dispatch, Refused};
use crate::error::Reason;
use crate::id::{Entropy, Namespace, Room, SocketId};
use crate::input::Command;
use crate::value::Frame;

type OnConnect = Box<dyn Fn(&mut Socket<'_>)>;
type OnEvent = Box<dyn Fn(&mut Socket<'_>, Event)>;
type OnDisconnect = Box<dyn Fn(&mut Socket<'_>, Reason, &[Room])>;
type OnMessage = Box<dyn Fn(&mut EngineSocket<'_>, Frame)>;

/// A Socket.IO server: its namespaces and their handlers.
///
/// ```
/// use dormouse::{App, Args};
///
/// let app = App::new().namespace("/", |ns| {
///     ns.on_connect(|socket| socket.join("lobby"))
///         .on("say", |socket, event| {
///             let _ = socket.to("lobby").emit("said", event.args);
///         })
/// });
/// ```
#[derive(Default)]
pub struct App {
    namespaces: BTreeMap<Namespace, Routes>,
    on_message: Option<OnMessage>,
}

/// The handlers of one namespace.
#[derive(Default)]
pub struct Routes {
    on_connect: Option<OnConnect>,
    events: BTreeMap<Box<str>, OnEvent>,
    on_any: Option<OnEvent>,
    on_disconnect: Option<OnDisconnect>,
}

/// A call of the handlers: what they are called for, and what they did.
#[derive(Debug, Default)]
pub struct Call {
    /// What the handlers did, in order.
    pub commands: Vec<Command>,
}

impl App {
    /// A server without namespaces: every CONNECT is answered with `Invalid namespace`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a namespace.
    ///
    /// # Panics
    /// At start-up, naming the caller's line, when the name does not start with `/`, has a comma, or was added before.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, which its author must meet before its users do")]
    pub fn namespace(mut self, name: &str, routes: impl FnOnce(Routes) -> Routes) -> Self {
        let Some(parsed) = Namespace::parse(name) else {
            panic!("{name:?} is no namespace: a name starts with / and has no comma")
        };
        let previous = self.namespaces.insert(parsed, routes(Routes::default()));
        assert!(previous.is_none(), "the namespace {name:?} is added twice");
        self
    }

    /// Serves plain Engine.IO on `/engine.io/`: `handler` is called with every message. Without it, that path is not
    /// found.
    #[must_use]
    pub fn engine(mut self, handler: impl Fn(&mut EngineSocket<'_>, Frame) + 'static) -> Self {
        self.on_message = Some(Box::new(handler));
        self
    }

    /// Whether plain Engine.IO is served.
    pub const fn serves_engine(&self) -> bool {
        self.on_message.is_some()
    }

    /// Calls the handlers for `dispatch`; what they do is appended to `call`. `entropy` makes ids.
    pub fn call(&self, dispatch: Dispatch, entropy: &mut dyn FnMut() -> Entropy, call: &mut Call) {
        let commands = &mut call.commands;
        match dispatch {
            Dispatch::Connect { session, namespace, auth } => {
                commands.push(if self.namespaces.contains_key(&namespace) {
                    Command::Accept { session, namespace, socket: SocketId::from_entropy(entropy()), auth }
                } else {
                    let error = Refused { message: "Invalid namespace".to_owned(), data: None };
                    Command::Refuse { session, namespace, error }
                });
            }
            Dispatch::Connected { socket } => {
                if let Some(handler) = self.routes(&socket.namespace).and_then(|routes| routes.on_connect.as_ref()) {
                    handler(&mut Socket::new(&socket, commands));
                }
            }
            Dispatch::Event { socket, event, args, ack } => {
                let Some(routes) = self.routes(&socket.namespace) else { return };
                if let Some(handler) = routes.events.get(&event).or(routes.on_any.as_ref()) {
                    let ack = ack.map(|id| AckSender::new(socket.id, id));
                    handler(&mut Socket::new(&socket, commands), Event { name: event, args, ack });
                }
            }
            Dispatch::Disconnected { socket, rooms, reason } => {
                if let Some(handler) = self.routes(&socket.namespace).and_then(|routes| routes.on_disconnect.as_ref()) {
                    handler(&mut Socket::new(&socket, commands), reason, &rooms);
                }
            }
            Dispatch::Message { session, message } => {
                if let Some(handler) = &self.on_message {
                    handler(&mut EngineSocket::new(session, commands), message);
                }
            }
            Dispatch::Opened { .. } | Dispatch::Closed { .. } => {}
        }
    }

    fn routes(&self, namespace: &Namespace) -> Option<&Routes> {
        self.namespaces.get(namespace)
    }
}

impl Routes {
    /// Called when a client has joined the namespace, after it was told so.
    #[must_use]
    pub fn on_connect(mut self, handler: impl Fn(&mut Socket<'_>) + 'static) -> Self {
        self.on_connect = Some(Box::new(handler));
        self
    }

    /// Called with every event of this name.
    ///
    /// # Panics
    /// At start-up, naming the caller's line, when the event has a handler already.
    #[must_use]
    #[track_caller]
    pub fn on(mut self, event: &str, handler: impl Fn(&mut Socket<'_>, Event) + 'static) -> Self {
        let previous = self.events.insert(event.into(), Box::new(handler));
        assert!(previous.is_none(), "the event {event:?} has two handlers");
        self
    }

    /// Called with every event that has no handler of its own.
    #[must_use]
    pub fn on_any(mut self, handler: impl Fn(&mut Socket<'_>, Event) + 'static) -> Self {
        self.on_any = Some(Box::new(handler));
        self
    }

    /// Called when a client has left the namespace or is gone, with the reason and the rooms that its socket was in;
    /// what is emitted to the socket itself reaches nobody.
    #[must_use]
    pub fn on_disconnect(mut self, handler: impl Fn(&mut Socket<'_>, Reason, &[Room]) + 'static) -> Self {
        self.on_disconnect = Some(Box::new(handler));
        self
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("namespaces", &self.namespaces.keys()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("events", &self.events.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "has two handlers")]
    fn two_handlers_of_an_event_clash() {
        let _ = App::new().namespace("/", |ns| ns.on("a", |_, _| {}).on("a", |_, _| {}));
    }

    #[test]
    #[should_panic(expected = "starts with /")]
    fn a_namespace_starts_with_a_slash() {
        let _ = App::new().namespace("chat", |ns| ns);
    }
}
