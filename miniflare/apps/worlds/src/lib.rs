//! Routes of the Worker, calls of other worlds, cron triggers and queues for the end-to-end tests.

use std::rc::Rc;
use std::time::Duration;

use dormouse::error::RemoteError;
use dormouse::extract::{HttpRequest, Json, QueueBatch, Scheduled, Worlds};
use dormouse::response::HttpResponse;
use dormouse::routing::{Jurisdiction, Placement};
use dormouse::{Ack, App, Args, Data, Failure, Io, Socket};
use serde_json::{Value, json};

fn app() -> App {
    App::new()
        .namespace("/", |ns| ns.on_connect(joined).on("tell", tell).on("ask", ask))
        .namespace("/game", |ns| ns)
        .route("POST", "/echo/{name}", echo)
        .route("POST", "/again", again)
        .route("GET", "/never", core::future::pending::<HttpResponse>)
        .worker_route("POST", "/login", login)
        .worker_route("GET", "/who/{name}", who)
        .worker_route("GET", "/panic", panics)
        .worker_route("POST", "/emit", emit)
        .worker_route("GET", "/remote/{world}/{*path}", remote)
        .on_scheduled(strike)
        .on_queue(deliver)
        .placement(place)
}

fn place(world: &str) -> Placement {
    if world == "eu-only" { Placement::new().within(Jurisdiction::EU) } else { Placement::new() }
}

async fn joined(socket: Socket) -> Result<(), Failure> {
    Ok(socket.join("all")?)
}

/// Emits to the room `all` of a world: its name, the event, and a binary value.
async fn tell(io: Io, args: Args) -> Result<Ack<&'static str>, RemoteError> {
    let parsed: Result<(String, String, Value), _> = args.parse();
    let Ok((world, event, value)) = parsed else { return Ok(Ack("no arguments")) };
    io.other_world(world).to("all").emit(&event, value).await?;
    Ok(Ack("told"))
}

/// Calls a route of a world: its name, the method and the path.
async fn ask(io: Io, Data((world, method, path)): Data<(String, String, String)>) -> Result<Ack<Value>, RemoteError> {
    let response = io.other_world(world).timeout(Duration::from_secs(3)).route(&method, &path, "body").await?;
    Ok(Ack(json!([response.status, String::from_utf8_lossy(&response.body)])))
}

async fn echo(request: Rc<HttpRequest>) -> HttpResponse {
    let told = json!({
        "name": request.param("name"),
        "query": request.query,
        "world": request.calling_world(),
        "body": String::from_utf8_lossy(&request.body),
    });
    HttpResponse::json(200, &told).with_header("x-echo", "1")
}

/// Calls its own world.
async fn again(io: Io, request: Rc<HttpRequest>) -> Result<HttpResponse, RemoteError> {
    let name = request.query_param("world").unwrap_or_default();
    io.other_world(name).route("POST", "/echo/again", "").await
}

async fn login(Json(name): Json<String>) -> HttpResponse {
    HttpResponse::text(201, format!("welcome, {name}"))
}

async fn who(request: Rc<HttpRequest>) -> HttpResponse {
    HttpResponse::json(200, &json!([request.params, request.query, request.headers]))
}

#[expect(clippy::panic, reason = "what the route is for")]
async fn panics() -> HttpResponse {
    panic!("what the route is for");
}

async fn emit(worlds: Worlds, Json((world, text)): Json<(String, String)>) -> Result<HttpResponse, RemoteError> {
    worlds.world(world).of("/game").emit("news", text).await?;
    Ok(HttpResponse::empty(204))
}

async fn remote(worlds: Worlds, request: Rc<HttpRequest>) -> Result<HttpResponse, RemoteError> {
    let path = format!("/{}?q=a+b", request.param("path").unwrap_or_default());
    worlds.world(request.param("world").unwrap_or_default()).route("POST", &path, "body").await
}

async fn strike(worlds: Worlds, Scheduled { cron, .. }: Scheduled) -> Result<(), RemoteError> {
    worlds.world("clock").emit("struck", cron).await
}

async fn deliver(worlds: Worlds, batch: QueueBatch) -> Result<(), Failure> {
    for message in batch.messages() {
        if let Ok(text) = message.json::<String>()
            && text == "later"
        {
            message.retry(Some(Duration::from_secs(7)));
            continue;
        }
        let body = String::from_utf8_lossy(&message.bytes()).into_owned();
        worlds.world("queue").emit("delivered", (message.id(), body, message.attempts())).await?;
        message.ack();
    }
    Ok(())
}

dormouse::world!(World, app, scheduled, queue);
