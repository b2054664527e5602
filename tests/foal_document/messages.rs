//! *Send a message*, *Broadcast a message*, *Grouping clients in rooms*, and *Accessing the socket.io server*.

use core::time::Duration;

use dormouse::controller::{Context, Controller};
use dormouse::error::{EmitError, JoinError, RemoteError};
use dormouse::extract::Worlds;
use dormouse::response::HttpResponse;
use dormouse::testing::{TestEvent, TestWorlds};
use dormouse::{App, Failure, Io};

use super::awake_and_asleep;

#[test]
fn send_a_message() {
    async fn create_user(ctx: Context) -> Result<(), EmitError> {
        ctx.socket().emit("event 1", "first message")?;
        ctx.socket().emit("event 1", "second message")
    }
    fn app() -> App {
        App::new().namespace("/", |ns| ns.controller(Controller::new().on("create", create_user)))
    }
    awake_and_asleep(app, |world| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        anna.emit("create", ());
        let sent = ["first message", "second message"].map(|text| TestEvent::new("event 1", text));
        assert_eq!((anna.take_events(), ben.take_events()), (sent.to_vec(), vec![]));
    });
}

#[test]
fn broadcast_a_message() {
    async fn create_user(ctx: Context) -> Result<(), EmitError> {
        ctx.socket().broadcast().emit("event 1", "first message")?;
        ctx.socket().broadcast().emit("event 1", "second message")
    }
    fn app() -> App {
        App::new().namespace("/", |ns| ns.controller(Controller::new().on("create", create_user)))
    }
    awake_and_asleep(app, |world| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        anna.emit("create", ());
        let sent = ["first message", "second message"].map(|text| TestEvent::new("event 1", text));
        // As in Socket.IO, the one who caused it is left out; `io.emit` reaches all.
        assert_eq!((anna.take_events(), ben.take_events()), (vec![], sent.to_vec()));
    });
}

#[test]
fn clients_in_rooms() {
    async fn join(ctx: Context) -> Result<(), JoinError> {
        ctx.socket().join("some room")
    }
    async fn create_user(ctx: Context) -> Result<(), EmitError> {
        ctx.socket().to("some room").emit("event 2", ())
    }
    fn app() -> App {
        let web = Controller::new().on_connection(join).on("event 1", create_user);
        App::new().namespace("/", |ns| ns.controller(web))
    }
    awake_and_asleep(app, |world| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        anna.emit("event 1", ());
        assert_eq!((anna.take_events(), ben.take_events()), (vec![], vec![TestEvent::new("event 2", ())]));
    });
}

async fn refresh(io: Io) -> Result<HttpResponse, Failure> {
    io.emit("refresh users", ())?;
    Ok(HttpResponse::empty(200))
}

#[test]
fn the_server_in_a_route() {
    fn app() -> App {
        App::new().namespace("/", |ns| ns).route("POST", "/users", refresh)
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(world.request("POST", "/users", "").status, 200);
        assert_eq!(anna.take_events(), [TestEvent::new("refresh users", ())]);
    });
}

#[test]
fn the_server_in_an_alarm() {
    fn app() -> App {
        let web = Controller::new().on("later", async |io: Io| io.set_alarm("refresh", Duration::from_mins(5), ()));
        let ring = async |io: Io| io.emit("refresh users", ());
        App::new().namespace("/", |ns| ns.controller(web)).on_alarm("refresh", ring)
    }
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        anna.emit("later", ());
        world.advance(Duration::from_mins(5));
        assert_eq!(anna.take_events(), [TestEvent::new("refresh users", ())]);
    });
}

#[test]
fn the_server_in_a_route_of_the_worker() {
    async fn refresh(worlds: Worlds) -> Result<HttpResponse, RemoteError> {
        worlds.world("lobby").emit("refresh users", ()).await?;
        Ok(HttpResponse::empty(200))
    }
    fn app() -> App {
        App::new().namespace("/", |ns| ns).worker_route("POST", "/users", refresh)
    }
    for sleepy in [false, true] {
        let worlds = TestWorlds::new(app);
        let lobby = worlds.world("lobby");
        lobby.sleep_after_every_event(sleepy);
        let anna = lobby.connect("/");
        assert_eq!(worlds.request("POST", "/users", "").status, 200);
        assert_eq!(anna.take_events(), [TestEvent::new("refresh users", ())]);
    }
}
