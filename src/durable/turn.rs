//! One turn of a world: an input, the handlers that it calls, and what they cause.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use crate::effect::{Dispatch, Effect, Effects, Refused};
use crate::handler::{App, Call};
use crate::id::{AckId, Entropy, Namespace, SessionKey, SocketId};
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

    /// Handles an input and calls the handlers for it; the effects are appended to `fx`. `entropy` makes ids. While
    /// [`Server::has_more`], perform them and go on with [`Input::Continue`].
    ///
    /// A panic in a handler costs the event that it was called for: what the handler did until then is dropped, the
    /// client is told if it asked for an answer, and a line is logged.
    pub fn handle(&mut self, now: Timestamp, input: Input, entropy: &mut dyn FnMut() -> Entropy, fx: &mut Effects) {
        self.server.handle(now, input, fx);
        while let Some(dispatch) = fx.next_dispatch() {
            self.dispatch(now, dispatch, entropy, fx);
        }
    }

    fn dispatch(&mut self, now: Timestamp, dispatch: Dispatch, entropy: &mut dyn FnMut() -> Entropy, fx: &mut Effects) {
        if let Dispatch::Event { socket, .. } | Dispatch::Connected { socket } = &dispatch
            && !self.server.is_connected(socket.id)
        {
            return;
        }
        let victim = Victim::of(&dispatch);
        let mut call = Call::default();
        // The handlers see the call and their own captures; what they left half done in the call is dropped.
        let finished = catch_unwind(AssertUnwindSafe(|| self.app.call(dispatch, entropy, &mut call))).is_ok();
        if !finished {
            fx.push(Effect::Log(format!("a handler of {victim} panicked; the event is lost, the world goes on")));
            call.commands = victim.instead().into_iter().collect();
        }
        for command in call.commands {
            self.server.handle(now, Input::Command(command), fx);
        }
    }
}

/// Whom a handler is called for.
#[derive(Debug)]
enum Victim {
    Connect(SessionKey, Namespace),
    Socket(SocketId, Namespace, Option<AckId>),
    Engine,
}

impl Victim {
    fn of(dispatch: &Dispatch) -> Self {
        match dispatch {
            Dispatch::Connect { session, namespace, .. } => Self::Connect(*session, namespace.clone()),
            Dispatch::Event { socket, ack, .. } => Self::Socket(socket.id, socket.namespace.clone(), *ack),
            Dispatch::Connected { socket } | Dispatch::Disconnected { socket, .. } => {
                Self::Socket(socket.id, socket.namespace.clone(), None)
            }
            Dispatch::Opened { .. } | Dispatch::Message { .. } | Dispatch::Closed { .. } => Self::Engine,
        }
    }

    /// What the client is told where it waits for an answer.
    fn instead(self) -> Option<Command> {
        match self {
            Self::Connect(session, namespace) => {
                let error = Refused { message: "Internal error".to_owned(), data: None };
                Some(Command::Refuse { session, namespace, error })
            }
            Self::Socket(socket, _, Some(id)) => {
                let answer = json!({ "status": "error", "error": {
                    "code": "INTERNAL_ERROR", "message": "The handler of this event failed" } });
                // A JSON value always serialises.
                Some(Command::Ack { socket, id, args: Args::one(&answer).unwrap_or_default() })
            }
            Self::Socket(..) | Self::Engine => None,
        }
    }
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(_, namespace) => write!(f, "a CONNECT to {}", namespace.as_str()),
            Self::Socket(id, namespace, _) => write!(f, "the socket {id} in {}", namespace.as_str()),
            Self::Engine => f.write_str("an Engine.IO session"),
        }
    }
}
