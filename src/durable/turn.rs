//! One turn of a world: an input, the handlers that it calls, and what they cause.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use crate::effect::{Dispatch, Effect, Effects, Refused};
use crate::handler::{App, Call};
use crate::id::Entropy;
use crate::input::{Command, Input};
use crate::server::Server;
use crate::time::Timestamp;
use crate::value::Args;

/// A world with its handlers; what the shell and the tests drive.
#[derive(Debug)]
pub struct World {
    /// What the world knows.
    pub server: Server,
    app: App,
}

impl World {
    /// A world that `app` serves.
    pub const fn new(server: Server, app: App) -> Self {
        Self { server, app }
    }

    /// Whether plain Engine.IO is served.
    pub const fn serves_engine(&self) -> bool {
        self.app.serves_engine()
    }

    /// Forgets all sessions and starts again with `server`.
    pub fn reset(&mut self, server: Server) {
        self.server = server;
    }

    /// Handles an input and calls handlers until nothing is left to do; the effects are appended to `fx`. `entropy`
    /// makes ids.
    ///
    /// A panic in a handler costs the event that it was called for: what the handler did until then is dropped, the
    /// client is told if it asked for an answer, and a line is logged.
    pub fn handle(&mut self, now: Timestamp, input: Input, entropy: &mut dyn FnMut() -> Entropy, fx: &mut Effects) {
        self.server.handle(now, input, fx);
        loop {
            if let Some(dispatch) = fx.next_dispatch() {
                self.dispatch(now, dispatch, entropy, fx);
            } else if self.server.has_more() {
                self.server.handle(now, Input::Continue, fx);
            } else {
                return;
            }
        }
    }

    fn dispatch(&mut self, now: Timestamp, dispatch: Dispatch, entropy: &mut dyn FnMut() -> Entropy, fx: &mut Effects) {
        if let Dispatch::Event { socket, .. } | Dispatch::Connected { socket } = &dispatch
            && !self.server.is_connected(socket.id)
        {
            return;
        }
        let (what, instead) = on_panic(&dispatch);
        let mut call = Call::default();
        // The handlers see the call and their own captures; what they left half done in the call is dropped.
        let app = AssertUnwindSafe(&self.app);
        let finished = catch_unwind(AssertUnwindSafe(|| app.call(dispatch, entropy, &mut call))).is_ok();
        if !finished {
            fx.push(Effect::Log(format!("a handler of {what} panicked; the event is lost, the world goes on")));
            call.commands = instead.into_iter().collect();
        }
        for command in call.commands {
            self.server.handle(now, Input::Command(command), fx);
        }
    }
}

/// What a handler is called for, in words, and what happens instead if it panics.
fn on_panic(dispatch: &Dispatch) -> (String, Option<Command>) {
    match dispatch {
        Dispatch::Connect { session, namespace, .. } => {
            let error = Refused { message: "Internal error".to_owned(), data: None };
            let refuse = Command::Refuse { session: *session, namespace: namespace.clone(), error };
            (format!("a CONNECT to {}", namespace.as_str()), Some(refuse))
        }
        Dispatch::Connected { socket } => (format!("the connection to {}", socket.namespace.as_str()), None),
        Dispatch::Event { socket, event, ack, .. } => {
            let answer = json!({ "status": "error", "error": {
                "code": "INTERNAL_ERROR", "message": "The handler of this event failed" } });
            let ack =
                ack.map(|id| Command::Ack { socket: socket.id, id, args: Args::one(&answer).unwrap_or_default() });
            (format!("the event {event:?}"), ack)
        }
        Dispatch::Disconnected { socket, .. } => (format!("a disconnection from {}", socket.namespace.as_str()), None),
        Dispatch::Opened { .. } | Dispatch::Message { .. } | Dispatch::Closed { .. } => {
            ("an Engine.IO session".to_owned(), None)
        }
    }
}
