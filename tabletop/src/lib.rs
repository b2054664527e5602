//! The app of the tabletop relay: a library on the public API of [`dormouse`]. The package `relay` deploys it as a Worker.
//!
//! A module's event is broadcast to all other clients of the world. Its sender gets the arguments back as the acknowledgement, as
//! Foundry's modules expect.

use dormouse::extract::EventName;
use dormouse::{Ack, App, Args, Failure, Socket};

/// Most characters of an event name that an error repeats: no module's or system's id is longer.
const MAX_ECHOED_NAME_CHARS: usize = 100;

/// The code of the error for an event that is not relayed.
const UNKNOWN_EVENT: &str = "UNKNOWN_EVENT";

/// Returns the relay's app.
pub fn app() -> App {
    App::new().namespace("/", |ns| ns.fallback(relay).on_error(report))
}

async fn relay(socket: Socket, EventName(name): EventName, args: Args) -> Result<Ack<Args>, Failure> {
    if !is_relayed(&name) {
        return Err(unknown_event(&name));
    }
    // An event may have too many bytes for all of its recipients together.
    socket.broadcast().emit(&name, args.clone()).map_err(|error| Failure::from_handler_error(&error))?;
    Ok(Ack(args))
}

/// Replaces the default error handler, which logs the errors of all events without an acknowledgement: those that are not relayed would
/// fill the log. What fails here is logged, within the bound on lines.
async fn report(failure: Failure) -> Result<(), Failure> {
    if failure.code() == UNKNOWN_EVENT { Ok(()) } else { Err(failure) }
}

/// Returns whether the event is `module.` or `system.` with an id after the dot.
fn is_relayed(event: &str) -> bool {
    ["module.", "system."].iter().any(|prefix| event.strip_prefix(prefix).is_some_and(|id| !id.is_empty()))
}

/// Returns the error for an event that is not relayed.
fn unknown_event(name: &str) -> Failure {
    let name: String = name.chars().take(MAX_ECHOED_NAME_CHARS).collect();
    let help = "emit \"module.<id>\" or \"system.<id>\", with your package's id";
    Failure::new(UNKNOWN_EVENT, format!("\"{name}\" is not relayed: {help}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use dormouse::testing::{TestClient, TestWorld};

    #[test]
    fn only_packages_events_are_relayed() {
        assert!(is_relayed("module.my-module"));
        assert!(is_relayed("system.dnd5e"));
        for other in ["module.", "module", "modules.a", "world.a", "", "Module.a"] {
            assert!(!is_relayed(other), "{other:?}");
        }
    }

    #[test]
    fn an_event_that_is_too_large_for_so_many_is_not_acknowledged_as_sent() {
        for sleeps in [false, true] {
            let world = TestWorld::new(app);
            let anna = world.connect("/");
            let others: Vec<TestClient> = (0..70).map(|_| world.connect("/")).collect();
            if sleeps {
                world.sleep();
            }
            let picture = "x".repeat(950_000);
            let told = anna.emit_with_ack("module.map", &picture).args().map(|args| args.to_json());
            assert!(told.is_some_and(|told| told.contains("EVENT_TOO_LARGE")));
            assert!(world.log().is_empty(), "{:?}", world.log());
            anna.emit("module.map", &picture);
            assert!(world.log().iter().any(|line| line.contains("EVENT_TOO_LARGE")), "{:?}", world.log());
            anna.emit("world.map", 1);
            assert_eq!(world.log().len(), 1);
            let told = anna.emit_with_ack("module.map", "small").args().map(|args| args.to_json());
            assert_eq!(told.as_deref(), Some(r#"["small"]"#));
            for other in &others {
                assert_eq!(other.take_events().len(), 1);
            }
        }
    }
}
