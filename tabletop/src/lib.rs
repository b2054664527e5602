//! The app of the tabletop relay: a library on the public API of [`dormouse`]. The package `relay` makes a Worker of it.
//!
//! A module's event goes to everybody else in the world, and comes back to its sender as the acknowledgement, as Foundry's
//! modules expect it.

use core::fmt;

use dormouse::error::HandlerError;
use dormouse::extract::EventName;
use dormouse::{Ack, App, Args, Socket};

/// Longest event name that an error repeats, in characters: no module's or system's id is longer.
const MAX_ECHOED_NAME_CHARS: usize = 100;

/// The relay.
pub fn app() -> App {
    App::new().namespace("/", |ns| ns.fallback(relay).on_error(ignore))
}

async fn relay(socket: Socket, EventName(name): EventName, args: Args) -> Result<Ack<Args>, UnknownEvent> {
    if !is_relayed(&name) {
        return Err(UnknownEvent(name.chars().take(MAX_ECHOED_NAME_CHARS).collect()));
    }
    // No reserved name starts with `module.` or `system.`, so emitting does not fail.
    let _ = socket.broadcast().emit(&name, args.clone());
    Ok(Ack(args))
}

/// A module that did not ask is not told, and no client may fill the log.
async fn ignore() {}

/// Whether the event is a module's or a system's, with an id behind the dot.
fn is_relayed(event: &str) -> bool {
    ["module.", "system."].iter().any(|prefix| event.strip_prefix(prefix).is_some_and(|id| !id.is_empty()))
}

/// An event that the relay does not know.
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
