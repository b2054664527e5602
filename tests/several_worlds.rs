//! What several worlds of a test share: their clock, and the bindings of the deployment.

use core::time::Duration;

use dormouse::error::RemoteError;
use dormouse::extract::{HttpRequest, Json, Worlds};
use dormouse::response::HttpResponse;
use dormouse::testing::{TestEvent, TestWorlds};
use dormouse::{App, Data, Env, Failure, Io, Socket, State};

#[test]
fn all_worlds_have_one_clock() {
    fn ticking() -> App {
        App::new().namespace("/", |ns| ns.on("start", start)).on_alarm("tick", tick)
    }
    async fn start(io: Io, Data(seconds): Data<u64>) -> Result<(), Failure> {
        io.set_alarm("tick", Duration::from_secs(seconds), ())
    }
    async fn tick(io: Io) -> Result<(), Failure> {
        Ok(io.emit("ticked", io.now().as_millis())?)
    }
    let worlds = TestWorlds::new(ticking);
    let (anna, ben) = (worlds.world("red").connect("/"), worlds.world("blue").connect("/"));
    let start = worlds.now().as_millis();
    anna.emit("start", 20);
    ben.emit("start", 10);
    worlds.world("red").advance(Duration::from_secs(15));
    assert_eq!((anna.take_events().len(), ben.take_events().len()), (0, 1));
    worlds.advance(Duration::from_secs(15));
    assert_eq!(anna.take_events(), [TestEvent::new("ticked", start + 20_000)]);
    assert_eq!(worlds.world("blue").now(), worlds.world("red").now());
}

#[test]
fn the_worker_and_its_worlds_share_bindings_and_have_the_apps_state() {
    async fn put(
        env: Env,
        State(prefix): State<&'static str>,
        Json(text): Json<String>,
    ) -> Result<HttpResponse, Failure> {
        env.kv("TEXTS")?.put("text", [*prefix, &*text].concat()).await?;
        Ok(HttpResponse::empty(204))
    }
    async fn get(env: Env) -> Result<HttpResponse, Failure> {
        Ok(HttpResponse::text(200, env.kv("TEXTS")?.get("text").await?.unwrap_or_default()))
    }
    fn app() -> App {
        App::new().with_state("said: ").route("GET", "/text", get).worker_route("PUT", "/text", put)
    }
    let worlds = TestWorlds::new(app);
    let texts = worlds.world("red").kv("TEXTS");
    assert_eq!(worlds.request("PUT", "/text", r#""tea""#).status, 204);
    worlds.world("red").sleep();
    assert_eq!(texts.get("text").as_deref(), Some(&b"said: tea"[..]));
    assert_eq!(worlds.world("blue").request("GET", "/text", "").body, "said: tea");
}

#[test]
fn the_handle_of_another_world_is_used_more_than_once() {
    async fn tell(worlds: Worlds) -> Result<HttpResponse, RemoteError> {
        let red = worlds.world("red").to("all");
        for text in ["one", "two"] {
            red.emit("told", text).await?;
        }
        red.route("GET", "/count", "").await
    }
    fn app() -> App {
        App::new()
            .namespace("/", |ns| ns.on_connect(async |socket: Socket| socket.join("all")))
            .route("GET", "/count", async |io: Io| HttpResponse::json(200, &io.within("all").sockets().len()))
            .worker_route("POST", "/tell", tell)
    }
    for sleepy in [false, true] {
        let world = TestWorlds::new(app).world("red");
        world.sleep_after_every_event(sleepy);
        let anna = world.connect("/");
        assert_eq!(world.worker_request("POST", "/tell", "").body, "1");
        assert_eq!(anna.take_events(), [TestEvent::new("told", "one"), TestEvent::new("told", "two")]);
    }
}

#[test]
fn a_handler_of_the_worker_has_variables_before_there_is_a_world() {
    async fn key(env: Env) -> HttpResponse {
        HttpResponse::text(200, env.variable("KEY").unwrap_or_default())
    }
    let worlds = TestWorlds::new(|| App::new().worker_route("GET", "/key", key)).with_variable("KEY", "k");
    assert_eq!(worlds.request("GET", "/key", "").body, "k");
}

#[test]
fn a_handler_of_the_worker_waits_by_the_clock_of_the_worlds() {
    async fn late() -> HttpResponse {
        dormouse::sleep(Duration::from_secs(10)).await;
        HttpResponse::empty(204)
    }
    let worlds = TestWorlds::new(|| App::new().worker_route("GET", "/late", late));
    let response = worlds.begin_request(HttpRequest::new("GET", "/late"));
    worlds.advance(Duration::from_secs(9));
    assert_eq!(response.response(), None);
    worlds.advance(Duration::from_secs(1));
    assert_eq!(response.response().map(|response| response.status), Some(204));
}
