//! The tabletop relay: the app that `wrangler deploy` deploys. An ordinary user of [`handler`](crate::handler).
//!
//! A module's event goes to everybody else in the world, and comes back to the emitter as its acknowledgement, as
//! Foundry's modules expect it.

#[cfg(feature = "test-panic")]
mod test_events;

use serde_json::json;

use crate::handler::{App, Event, Socket};
use crate::limits::MAX_ECHOED_NAME_CHARS;
use crate::value::Args;

/// The relay.
pub fn app() -> App {
    App::new().namespace("/", |ns| {
        #[cfg(feature = "test-panic")]
        let ns = test_events::routes(ns);
        ns.on_any(relay)
    })
}

fn relay(socket: &mut Socket<'_>, Event { name, args, ack }: Event) {
    if !is_relayed(&name) {
        if let Some(ack) = ack {
            ack.send(socket, unknown_event(&name));
        }
        return;
    }
    let answer = ack.map(|ack| (ack, args.clone()));
    // No reserved name starts with `module.` or `system.`, so emitting does not fail.
    let _ = socket.broadcast().emit(&name, args);
    if let Some((ack, args)) = answer {
        ack.send(socket, args);
    }
}

/// Whether the event is a module's or a system's, with an id behind the dot.
fn is_relayed(event: &str) -> bool {
    ["module.", "system."].iter().any(|prefix| event.strip_prefix(prefix).is_some_and(|id| !id.is_empty()))
}

fn unknown_event(event: &str) -> Args {
    let name: String = event.chars().take(MAX_ECHOED_NAME_CHARS).collect();
    let message = format!("\"{name}\" is not relayed: emit \"module.<id>\" or \"system.<id>\", with your package's id");
    let answer = json!({ "status": "error", "error": { "code": "UNKNOWN_EVENT", "message": message } });
    // A JSON value always serialises.
    Args::one(&answer).unwrap_or_default()
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
