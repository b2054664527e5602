//! The app of the tabletop relay: a library on the public API of [`dormouse`]. The package `relay` deploys it as a Worker.
//!
//! A module's event is broadcast to all other clients of the world. Its sender gets the arguments back as the acknowledgement, as
//! Foundry's modules expect.

use core::fmt;

use dormouse::error::HandlerError;
use dormouse::extract::EventName;
use dormouse::{Ack, App, Args, Socket};

/// Most characters of an event name that an error repeats: no module's or system's id is longer.
const MAX_ECHOED_NAME_CHARS: usize = 100;

/// Returns the relay's app.
pub fn app() -> App {
    App::new().namespace("/", |ns| ns.fallback(relay).on_error(ignore))
}

async fn relay(socket: Socket, EventName(name): EventName, args: Args) -> Result<Ack<Args>, UnknownEvent> {
    if !is_relayed(&name) {
        return Err(UnknownEvent(name.chars().take(MAX_ECHOED_NAME_CHARS).collect()));
    }
    // Emitting fails only for reserved names, and none starts with `module.` or `system.`.
    let _ = socket.broadcast().emit(&name, args.clone());
    Ok(Ack(args))
}

/// Replaces the default error handler, which logs errors of events without an acknowledgement: no client may fill the log.
async fn ignore() {}

/// Returns whether the event is `module.` or `system.` with an id after the dot.
fn is_relayed(event: &str) -> bool {
    ["module.", "system."].iter().any(|prefix| event.strip_prefix(prefix).is_some_and(|id| !id.is_empty()))
}

/// The error for an event that is not relayed.
#[derive(Debug)]
struct UnknownEvent(String);

impl fmt::Display for UnknownEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name) = self;
        write!(f, "\"{name}\" is not relayed: emit \"module.<id>\" or \"system.<id>\", with your package's id")
    }
}

impl HandlerError for UnknownEvent {
    fn code(&self) -> &'static str {
        "UNKNOWN_EVENT"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packages_events_are_relayed() {
        assert!(is_relayed("module.my-module"));
        assert!(is_relayed("system.dnd5e"));
        for other in ["module.", "module", "modules.a", "world.a", "", "Module.a"] {
            assert!(!is_relayed(other), "{other:?}");
        }
    }
}
