//! Routes for the end-to-end tests: they respond, emit, wait, panic, and return responses that HTTP does not allow.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use dormouse::error::BroadcastAckError;
use dormouse::extract::{HttpRequest, Json};
use dormouse::response::HttpResponse;
use dormouse::routing::{Jurisdiction, Placement};
use dormouse::{App, Auth, Failure, Io, Socket};
use serde_json::{Value, json};

fn app() -> App {
    App::new()
        .namespace("/", |ns| ns.on_connect(joined))
        .namespace("/other", |ns| ns.on_connect(joined))
        .route("GET", "/hello/{name}", hello)
        .route("PUT", "/echo", echo)
        .route("DELETE", "/echo", echo)
        .route("POST", "/announce", announce)
        .route("POST", "/ask", ask)
        .route("GET", "/panic", panics)
        .route("GET", "/respond", respond)
        .placement(place)
}

fn place(world: &str) -> Placement {
    if world == "eu-only" { Placement::new().within(Jurisdiction::EU) } else { Placement::new() }
}

/// Joins the room in the client's auth object, and stores its name in the socket's data.
async fn joined(socket: Socket, Auth(auth): Auth<Value>) -> Result<(), Failure> {
    if let Some(room) = auth.get("room").and_then(Value::as_str) {
        socket.join(room)?;
        socket.set_data(&json!({ "room": room }))?;
    }
    Ok(())
}

async fn hello(request: Rc<HttpRequest>) -> HttpResponse {
    HttpResponse::json(200, &json!({ "params": request.params, "query": request.query, "headers": request.headers }))
}

/// Responds with the request's body, and with its method and the body's length in headers.
async fn echo(request: Rc<HttpRequest>) -> HttpResponse {
    HttpResponse::new(200, request.body.clone())
        .with_header("content-type", "application/octet-stream")
        .with_header("x-method", request.method.as_str())
        .with_header("x-length", request.body.len().to_string())
}

async fn announce(io: Io, Json(text): Json<Value>) -> Result<HttpResponse, Failure> {
    io.emit("announced", text)?;
    Ok(HttpResponse::json(200, &io.sockets().len()))
}

async fn ask(io: Io) -> Result<HttpResponse, BroadcastAckError<Value>> {
    let answers = io.timeout(Duration::from_secs(20)).emit_with_ack::<Value>("question", ()).await?;
    Ok(HttpResponse::json(200, &answers.into_iter().map(|(_, answer)| answer).collect::<Vec<_>>()))
}

#[expect(clippy::panic, reason = "what the route is for")]
async fn panics() -> HttpResponse {
    panic!("what the route is for");
}

/// Responds with the status and the body in the query; every other parameter becomes a header.
async fn respond(request: Rc<HttpRequest>) -> HttpResponse {
    let status = request.query_param("status").and_then(|status| status.parse().ok()).unwrap_or(200);
    let body = Bytes::from(request.query_param("body").unwrap_or("body").to_owned());
    let headers = request.query.iter().filter(|(name, _)| name != "status" && name != "body");
    headers.fold(HttpResponse::new(status, body), |response, (name, value)| response.with_header(name, value))
}

dormouse::world!(World, app);
