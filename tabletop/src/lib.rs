//! The app of the tabletop relay: a library on the public API of [`dormouse`]. The package `relay` deploys it as a Worker.
//!
//! A module's event is broadcast to all other clients of the world. Its sender gets the arguments back as the acknowledgement, as
//! Foundry's modules expect. `relay.status` is acknowledged with how the world is awake, for the page that the relay serves.

use dormouse::extract::EventName;
use dormouse::value::IntoArgs;
use dormouse::{Ack, App, Args, Failure, Io, Socket};

/// Most characters of an event name that an error repeats: no module's or system's id is longer.
const MAX_ECHOED_NAME_CHARS: usize = 100;

/// The event that is acknowledged with the world's status. A handler of its own would be 450 bytes of wasm more.
const STATUS: &str = "relay.status";

/// The code of the error for an event that is not relayed.
const UNKNOWN_EVENT: &str = "UNKNOWN_EVENT";

/// Returns the relay's app.
pub fn app() -> App {
    App::new().namespace("/", |ns| ns.fallback(relay).on_error(report))
}

async fn relay(socket: Socket, EventName(name): EventName, args: Args) -> Result<Ack<Args>, Failure> {
    if !is_relayed(&name) {
        return if *name == *STATUS { status(&socket.io()) } else { Err(unknown_event(&name)) };
    }
    // An event may have too many bytes for all of its recipients together.
    socket.broadcast().emit(&name, args.clone()).map_err(|error| Failure::from_handler_error(&error))?;
    Ok(Ack(args))
}

/// Returns since when the world is awake, what woke it, and how often it woke.
fn status(io: &Io) -> Result<Ack<Args>, Failure> {
    io.awake().into_args().map(Ack).map_err(|error| Failure::from_handler_error(&error))
}

/// Takes the errors of events without an acknowledgement, which are the clients' mistakes: so they are warnings in the log, not errors.
async fn report() {}

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

    use core::time::Duration;

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
    fn the_status_says_how_often_the_world_woke() {
        let world = TestWorld::new(app);
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        let mut since = world.now();
        for wakes in 1..4 {
            let reason = if wakes == 1 { "connection" } else { "message" };
            anna.emit_with_ack("module.dice", 17).args();
            world.advance(Duration::from_secs(1));
            let told = anna.emit_with_ack("relay.status", ()).args().map(|args| args.to_json()).unwrap_or_default();
            let expected = format!(r#"[{{"since":{},"reason":"{reason}","wakes":{wakes},"#, since.as_millis());
            assert!(told.starts_with(&expected), "{told}, not {expected}");
            assert_eq!(ben.take_events().len(), 1, "nobody else hears of it");
            world.sleep();
            since = world.now();
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
            anna.emit("module.map", &picture);
            let log = world.log();
            assert!(log.len() == 2 && log.iter().all(|line| line.contains("EVENT_TOO_LARGE")), "{log:?}");
            anna.emit("world.map", 1);
            assert!(world.log().iter().skip(2).all(|line| line.contains("UNKNOWN_EVENT")), "{:?}", world.log());
            let told = anna.emit_with_ack("module.map", "small").args().map(|args| args.to_json());
            assert_eq!(told.as_deref(), Some(r#"["small"]"#));
            for other in &others {
                assert_eq!(other.take_events().len(), 1);
            }
        }
    }
}
