//! The app's state, and the world's name: awake, and in a world that sleeps after every event.

#[path = "support/debugged/mod.rs"]
mod debugged;

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use dormouse::extract::{AlarmContext, ConnRequest, HttpRequest};
use dormouse::response::HttpResponse;
use dormouse::socket::EngineSocket;
use dormouse::testing::TestWorld;
use dormouse::{Ack, App, Failure, Io, Socket, State, WorldName};
use serde_json::json;

use debugged::{answer, awake_and_asleep, code};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Count(Cell<u32>);

struct Motto(&'static str);

mod state {
    use super::*;

    fn app() -> App {
        App::new()
            .with_state(Count::default())
            .with_state(Motto("rest"))
            .namespace("/", |ns| {
                ns.on("count", count)
                    .on("motto", async |State(motto): State<Motto>| Ack(motto.0))
                    .on("lacks", async |_: State<String>| ())
                    .on("panic", async |State(count): State<Count>| {
                        count.0.set(100);
                        assert_eq!(count.0.get(), 0, "a bug");
                    })
                    .on_disconnect(async |State(count): State<Count>, io: Io| io.log(format!("left {}", count.0.get())))
            })
            .route("GET", "/count", async |State(count): State<Count>| HttpResponse::json(200, &count.0.get()))
            .on_alarm("bell", async |State(motto): State<Motto>, AlarmContext(()): AlarmContext<()>, io: Io| {
                io.log(motto.0);
            })
    }

    async fn count(State(count): State<Count>, io: Io) -> Result<Ack<u32>, Failure> {
        count.0.set(count.0.get() + 1);
        io.set_alarm("bell", SECOND, ())?;
        Ok(Ack(count.0.get()))
    }

    #[test]
    fn every_call_in_a_world_has_it() {
        awake_and_asleep(app, |world| {
            let anna = world.connect("/");
            assert_eq!(answer(&anna.emit_with_ack("motto", ())), "rest");
            anna.emit("count", ());
            world.advance(SECOND);
            assert!(world.log().contains(&"rest".to_owned()), "{:?}", world.log());
            assert_eq!(world.request("GET", "/count", "").status, 200);
            anna.disconnect();
            assert!(world.log().iter().any(|line| line.starts_with("left ")), "{:?}", world.log());
        });
    }

    #[test]
    fn it_is_shared_by_handlers_and_new_after_sleep() {
        let world = TestWorld::new(app);
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        assert_eq!(answer(&anna.emit_with_ack("count", ())), 1);
        assert_eq!(answer(&ben.emit_with_ack("count", ())), 2);
        anna.emit("panic", ());
        assert_eq!(answer(&anna.emit_with_ack("count", ())), 101, "a panic of a handler undoes nothing in memory");
        world.sleep();
        assert_eq!(answer(&ben.emit_with_ack("count", ())), 1);
        assert_eq!(world.request("GET", "/count", "").body, "1");
    }

    #[test]
    fn each_world_has_its_own() {
        let (one, other) = (TestWorld::new(app), TestWorld::new(app));
        assert_eq!(answer(&one.connect("/").emit_with_ack("count", ())), 1);
        assert_eq!(answer(&other.connect("/").emit_with_ack("count", ())), 1);
    }

    #[test]
    fn the_type_of_one_that_is_missing_is_for_the_log() {
        let world = TestWorld::new(app);
        let told = answer(&world.connect("/").emit_with_ack("lacks", ()));
        assert_eq!(told["error"]["code"], Failure::INTERNAL);
        assert!(!told.to_string().contains("String") && !told.to_string().contains("NO_STATE"), "{told}");
        let reference = told["error"]["reference"].as_str().expect("a reference");
        let line = world.log_lines().pop().expect("a line");
        assert!(line.contains(reference) && line.contains("alloc::string::String"), "{line}");
    }

    #[test]
    fn one_that_is_missing_is_named() {
        awake_and_asleep(app, |world| {
            let anna = world.connect("/");
            let (code, message) = code(&anna.emit_with_ack("lacks", ()));
            assert_eq!(code, "NO_STATE");
            assert!(message.contains("alloc::string::String") && message.contains("with_state"), "{message}");
            let line = world.log_lines().pop().expect("a line");
            assert!(line.contains("NO_STATE") && line.contains("alloc::string::String"), "{line}");
        });
    }
}

mod world_names {
    use super::*;

    fn app() -> App {
        App::new()
            .namespace("/", |ns| ns.on("names", async |io: Io, socket: Socket| Ack(vec![io.world(), socket.world()])))
            .route("GET", "/name", async |request: Rc<HttpRequest>, io: Io| {
                assert_eq!(request.world(), io.world().as_str());
                HttpResponse::text(200, request.world())
            })
            .engine(|engine| {
                engine
                    .allow_request(async |request: ConnRequest| match request.world() {
                        "default" | "table-7" => Ok(()),
                        other => Err(other.to_owned()),
                    })
                    .raw(|raw| raw.on_message(async |_: EngineSocket, io: Io| io.log(io.world().as_str())))
            })
    }

    #[test]
    fn handles_and_requests_have_the_worlds_name() {
        for (name, sleepy) in [("default", false), ("default", true), ("table-7", false), ("table-7", true)] {
            let world = TestWorld::new(app);
            let world = if name == "default" { world } else { world.with_name(name) };
            world.sleep_after_every_event(sleepy);
            let anna = world.connect("/");
            assert_eq!(answer(&anna.emit_with_ack("names", ())), json!([name, name]));
            assert_eq!(world.request("GET", "/name", "").body, name);
            assert_eq!(name.parse::<WorldName>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
    }
}
