//! The recipients and options of an event that is emitted.

use core::time::Duration;
use std::rc::Rc;

use serde::Serialize;

use super::awaited_acks::AwaitedAcks;
use super::world_api::WorldHandle;
use crate::core::dispatch::SocketRef;
use crate::core::input::{AckRequest, Command, Emission, Recipients};
use crate::core::socketio::RESERVED_EVENTS;
use crate::error::EmitError;
use crate::id::{Namespace, PendingAckId};
use crate::limits::{ACK_TIMEOUT, ACK_TO_TIMEOUT, MAX_ACK_TIMEOUT, MAX_ALARM_AFTER, MAX_CONTEXT_BYTES};
use crate::value::{Args, EncodeError};

/// An emission without its event: its recipients and options.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    /// The world.
    pub world: WorldHandle,
    /// The sockets.
    pub to: Recipients,
    /// Their namespace.
    pub namespace: Namespace,
    /// The index of the app's predicate that accepted the namespace.
    pub predicate: Option<u32>,
    /// Its options.
    pub options: EmitOptions,
}

/// The options of an event that is emitted.
#[derive(Clone, Debug, Default)]
pub(crate) struct EmitOptions {
    /// Whether it is dropped for clients that are not ready.
    pub volatile: bool,
    /// Whether the handlers of outgoing events are not called.
    pub suppress_hooks: bool,
    /// How long each client has to acknowledge it.
    pub timeout: Option<Duration>,
    /// The handler that its acknowledgements go to.
    pub ack_to: Option<AckTo>,
}

/// A handler of acknowledgements, with the context that it gets with each.
#[derive(Clone, Debug)]
pub(crate) struct AckTo {
    handler: Box<str>,
    context: Result<Rc<str>, String>,
}

impl AckTo {
    /// Returns the handler of this name. A context that cannot be kept is an error when the event is emitted.
    pub(crate) fn new(handler: &str, context: &impl Serialize) -> Self {
        let context = serde_json::to_string(context).map_err(|error| error.to_string()).and_then(|json| {
            if json.len() > MAX_CONTEXT_BYTES {
                return Err(format!("it has {} bytes, and may have {MAX_CONTEXT_BYTES}", json.len()));
            }
            Ok(Rc::from(json))
        });
        Self { handler: handler.into(), context }
    }
}

impl Outbound {
    /// Emits an event. Its acknowledgements go to a handler if `ack_to` is set.
    ///
    /// # Errors
    /// The event cannot be sent as it is.
    pub(crate) fn emit(self, event: &str, args: Result<Args, EncodeError>) -> Result<(), EmitError> {
        check_event(event)?;
        let args = args?;
        let Some(world) = self.world.upgrade() else { return Ok(()) };
        let Self { to, options: EmitOptions { volatile, suppress_hooks, timeout, ack_to }, .. } = self;
        let ack = match ack_to {
            None => AckRequest::None,
            Some(AckTo { handler: name, context }) => {
                if world.lacks_ack_handler(&self.namespace, self.predicate, &name) {
                    return Err(EmitError::UnknownAckHandler(name.into()));
                }
                let deadline = world.now().after(timeout.unwrap_or(ACK_TO_TIMEOUT).min(MAX_ALARM_AFTER));
                let asked = match &to {
                    Recipients::One(id) => {
                        Some(SocketRef { id: *id, namespace: self.namespace, predicate: self.predicate })
                    }
                    Recipients::Matching(_) => None,
                };
                AckRequest::Stored { asked, name, context: context.map_err(EmitError::Context)?, deadline }
            }
        };
        world.emit(Emission { to, event, args, volatile, suppress_hooks, ack }).map_err(EmitError::TooLarge)
    }

    /// Emits an event, and returns its acknowledgements to be awaited.
    ///
    /// # Errors
    /// The event cannot be sent as it is, the timeout is too long, or `ack_to` is set.
    pub(crate) fn emit_with_ack(self, event: &str, args: Result<Args, EncodeError>) -> Result<AwaitedAcks, EmitError> {
        check_event(event)?;
        let args = args?;
        let Self { world: handle, to, options: EmitOptions { volatile, suppress_hooks, timeout, ack_to }, .. } = self;
        if ack_to.is_some() {
            return Err(EmitError::TwoAcks);
        }
        let timeout = timeout.unwrap_or(ACK_TIMEOUT);
        if timeout > MAX_ACK_TIMEOUT {
            return Err(EmitError::Timeout(timeout));
        }
        let Some(world) = handle.upgrade() else {
            // No client is left to acknowledge: the result is the same as if the world had gone while it was awaited.
            let (_, receiver) = futures::channel::oneshot::channel();
            return Ok(AwaitedAcks::new(handle, PendingAckId(0), receiver));
        };
        let (pending, receiver) = world.await_acks();
        let ack = AckRequest::Awaited { pending, deadline: world.now().after(timeout) };
        let sent = world.emit(Emission { to, event, args, volatile, suppress_hooks, ack });
        if let Err(bytes) = sent {
            world.perform(Command::CancelAck(pending));
            return Err(EmitError::TooLarge(bytes));
        }
        Ok(AwaitedAcks::new(handle, pending, receiver))
    }
}

fn check_event(event: &str) -> Result<(), EmitError> {
    if RESERVED_EVENTS.contains(&event) {
        return Err(EmitError::Reserved(event.to_owned()));
    }
    Ok(())
}

/// The methods of every emitter: a type that has `options` and becomes an [`Outbound`].
macro_rules! emitter_methods {
    () => {
        /// Drops the event for clients that are not ready: those with more than 4,096 unsent bytes, and those between two polls.
        ///
        /// ```
        /// use dormouse::testing::{TestEvent, TestWorld};
        /// use dormouse::{App, Data, Socket};
        ///
        /// fn app() -> App {
        ///     App::new().namespace("/", |ns| ns.on("move", moved))
        /// }
        ///
        /// async fn moved(socket: Socket, Data(place): Data<u32>) {
        ///     let _ = socket.volatile().emit("moved", place);
        ///     let _ = socket.broadcast().volatile().emit("moved", place);
        /// }
        ///
        /// let world = TestWorld::new(app);
        /// let anna = world.connect("/");
        /// let slow = world.client().polling().connect("/");
        /// slow.stop_reading();
        /// (1..=3).for_each(|place| anna.emit("move", place));
        /// assert_eq!(anna.take_events().len(), 3);
        /// slow.read_again(); // The first event answered its poll; the others came between two polls.
        /// assert_eq!(slow.take_events(), [TestEvent::new("moved", 1)]);
        /// ```
        pub const fn volatile(mut self) -> Self {
            self.options.volatile = true;
            self
        }

        /// Does nothing; it exists for code that is ported from Socket.IO. The runtime compresses all frames of a connection or
        /// none (see `docs/deploying.md` on `no_web_socket_compression`).
        pub const fn compress(self, _compress: bool) -> Self {
            self
        }

        /// Sets how long each client has to acknowledge: up to ten minutes for `emit_with_ack`, which keeps the world awake
        /// (60 s by default), and up to a hundred years for `ack_to` (a day by default).
        pub const fn timeout(mut self, timeout: Duration) -> Self {
            self.options.timeout = Some(timeout);
            self
        }

        /// Asks for acknowledgements without waiting for them. A record is kept with each socket, and survives sleep. The handler
        /// that [`on_ack`](crate::routing::Routes::on_ack) registered under this name is called with `context` and the
        /// acknowledgement; with an error instead if the timeout passes or the client disconnects. `context` may have 4,096 bytes
        /// of JSON.
        ///
        /// If the world's process is lost, as in a crash, the handlers are called afterwards with the error that the client
        /// disconnected, as those of [`on_disconnect`](crate::routing::Routes::on_disconnect) are: see there for what is promised.
        ///
        /// ```
        /// use dormouse::testing::{TestEvent, TestWorld};
        /// use dormouse::error::EmitError;
        /// use dormouse::extract::{AckContext, AckResult};
        /// use dormouse::{App, Socket};
        ///
        /// fn app() -> App {
        ///     App::new().namespace("/", |ns| ns.on_connect(ask).on_ack("colour", choose))
        /// }
        ///
        /// async fn ask(socket: Socket) -> Result<(), EmitError> {
        ///     socket.ack_to("colour", ("team", 7)).emit("which colour?", ())
        /// }
        ///
        /// async fn choose(socket: Socket, AckContext((team, n)): AckContext<(String, u32)>, AckResult(answer): AckResult<String>) {
        ///     let colour = answer.unwrap_or_else(|_| "grey".to_owned());
        ///     let _ = socket.emit("chosen", (team, n, colour));
        /// }
        ///
        /// let world = TestWorld::new(app);
        /// let anna = world.connect("/");
        /// let question = anna.next_event().expect("the question");
        /// world.sleep();
        /// anna.ack(&question, "red");
        /// assert_eq!(anna.next_event(), Some(TestEvent::new("chosen", ("team", 7, "red"))));
        /// ```
        pub fn ack_to(mut self, handler: &str, context: impl Serialize) -> Self {
            self.options.ack_to = Some($crate::handles::outbound::AckTo::new(handler, &context));
            self
        }

        /// The same as [`to`](Self::to): Socket.IO's `in`, which is a keyword in Rust.
        pub fn within(self, rooms: impl IntoRooms) -> BroadcastOperator {
            self.to(rooms)
        }

        /// Emits an event: a tuple is several arguments, everything else is one.
        ///
        /// # Errors
        /// The event's name is reserved, an argument cannot be sent, the handler or context of [`ack_to`](Self::ack_to) is
        /// invalid, or the event has more than 64 MB for all recipients together; nothing is sent then. It is no error if no socket receives the event.
        pub fn emit(self, event: &str, args: impl IntoArgs) -> Result<(), EmitError> {
            self.outbound().emit(event, args.into_args())
        }

        /// Emits the event `message`, as Socket.IO's `send` does.
        ///
        /// # Errors
        /// The same as those of [`emit`](Self::emit).
        pub fn send(self, args: impl IntoArgs) -> Result<(), EmitError> {
            self.emit("message", args)
        }
    };
}
pub(super) use emitter_methods;
