//! The handlers of events that are sent to sockets.

use super::handler::{Handler, erase};
use super::routes::Routes;
use crate::extract::Outgoing;

impl Routes {
    /// Registers a handler that is called for each socket that an event is sent to: Socket.IO's `onAnyOutgoing`. It is
    /// not called for acknowledgements, nor for what handlers of this kind emit themselves.
    ///
    /// ```
    /// use dormouse::testing::TestWorld;
    /// use dormouse::extract::EventName;
    /// use dormouse::{App, Io, Socket};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("hi", async |io: Io| io.emit("hi", ())).on_any_outgoing(note))
    /// }
    ///
    /// async fn note(socket: Socket, io: Io, EventName(event): EventName) {
    ///     io.log(format!("{} is sent {event}", socket.id()));
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// anna.emit("hi", ());
    /// let line = format!("{} is sent hi", anna.id());
    /// assert!(world.log().iter().any(|logged| logged.contains(&line)));
    /// ```
    #[must_use]
    pub fn on_any_outgoing<M>(mut self, handler: impl Handler<Outgoing, M>) -> Self {
        self.on_any_outgoing.push(erase(handler));
        self
    }

    /// Registers a handler of outgoing events, before those that are registered already: Socket.IO's
    /// `prependAnyOutgoing`.
    #[must_use]
    pub fn prepend_any_outgoing<M>(mut self, handler: impl Handler<Outgoing, M>) -> Self {
        self.on_any_outgoing.insert(0, erase(handler));
        self
    }
}
