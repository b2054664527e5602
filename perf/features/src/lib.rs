//! The smallest app, and what an app may use beside. Its wasm, built with one of the features, shows what the feature costs.

#[cfg(any(feature = "alarm", feature = "on_ack", feature = "jwt"))]
use core::time::Duration;

mod controllers;
mod outside;

use dormouse::error::EmitError;
use dormouse::routing::Routes;
use dormouse::{Ack, App, Args, Socket};

fn app() -> App {
    #[allow(unused_mut, clippy::allow_attributes, reason = "most features register something in a namespace only")]
    let mut app = App::new().namespace("/", handlers);
    #[cfg(feature = "alarm")]
    {
        app = app.on_alarm("bell", ring);
    }
    #[cfg(feature = "migrations")]
    {
        app = app.migration(1, "CREATE TABLE purse (name TEXT PRIMARY KEY, coins INTEGER NOT NULL) WITHOUT ROWID");
    }
    #[cfg(feature = "template")]
    {
        app = app.namespace("/rooms/{room}", |ns| ns.on("echo", echo));
    }
    #[cfg(feature = "route")]
    {
        app = app.route("POST", "/announcements", announce);
    }
    #[cfg(feature = "allow_request")]
    {
        app = app.engine(|engine| engine.allow_request(may_connect));
    }
    #[cfg(feature = "engine_hooks")]
    {
        app = app.engine(|engine| {
            engine.on_upgrade(upgraded).on_close(closed).headers(|headers, _| headers.set("x-app", "1"))
        });
    }
    #[cfg(feature = "state")]
    {
        app = app.with_state(outside::Motto("rest"));
    }
    #[cfg(feature = "sessions")]
    {
        app = app.with_sessions(dormouse::session::SessionOptions::new());
    }
    #[cfg(feature = "worker_route")]
    {
        app = app.worker_route("POST", "/news", outside::news);
    }
    #[cfg(feature = "other_worlds")]
    {
        app = app.linked_worlds();
    }
    #[cfg(feature = "raw")]
    {
        app = app.engine(|engine| engine.raw(|raw| raw.on_message(reply)));
    }
    app
}

fn handlers(ns: Routes) -> Routes {
    let ns = ns.on_connect(welcome).on("echo", echo);
    #[cfg(feature = "typed")]
    let ns = ns.on("say", say);
    #[cfg(feature = "auth")]
    let ns = ns.guard(named);
    #[cfg(feature = "socket_data")]
    let ns = ns.on("rename", rename);
    #[cfg(feature = "rooms")]
    let ns = ns.on("enter", enter);
    #[cfg(feature = "storage")]
    let ns = ns.on("count", count);
    #[cfg(feature = "entries")]
    let ns = ns.on("counts", counts);
    #[cfg(feature = "sql")]
    let ns = ns.on("rich", rich);
    #[cfg(feature = "alarm")]
    let ns = ns.on("wait", wait);
    #[cfg(feature = "emit_with_ack")]
    let ns = ns.on("ask", ask);
    #[cfg(feature = "on_ack")]
    let ns = ns.on("invite", invite).on_ack("dinner", dinner);
    #[cfg(feature = "middleware")]
    let ns = ns.guard_event(may_send).on_any(heard);
    #[cfg(feature = "outgoing")]
    let ns = ns.on_any_outgoing(heard);
    #[cfg(feature = "validation")]
    let ns = ns.on("create", create);
    #[cfg(feature = "validation_schema")]
    let ns = ns.on("check", check);
    #[cfg(feature = "jwt")]
    let ns = ns.jwt::<Claims>().on("invite by token", invitation);
    #[cfg(feature = "limits")]
    let ns = ns.on("flood", echo).limit(dormouse::routing::Limit::per_second(10).burst(20));
    controllers::handlers(outside::handlers(ns))
}

async fn welcome(socket: Socket) -> Result<(), EmitError> {
    socket.emit("welcome", ())
}

async fn echo(socket: Socket, args: Args) -> Result<Ack<Args>, EmitError> {
    socket.broadcast().emit("echo", args.clone())?;
    Ok(Ack(args))
}

#[cfg(feature = "typed")]
#[derive(serde::Deserialize, serde::Serialize)]
struct Line {
    name: String,
    text: String,
}

#[cfg(feature = "typed")]
async fn say(socket: Socket, dormouse::Data(line): dormouse::Data<Line>) -> Result<(), EmitError> {
    socket.broadcast().emit("said", line)
}

#[cfg(feature = "auth")]
#[derive(serde::Deserialize)]
struct Visitor {
    name: String,
}

#[cfg(feature = "auth")]
async fn named(dormouse::Auth(visitor): dormouse::Auth<Visitor>) -> Result<(), dormouse::Failure> {
    if visitor.name.is_empty() { Err(dormouse::Failure::new("NO_NAME", "Connect with a name")) } else { Ok(()) }
}

#[cfg(feature = "socket_data")]
async fn rename(
    socket: Socket,
    dormouse::extract::SocketData(old): dormouse::extract::SocketData<String>,
    dormouse::Data(new): dormouse::Data<String>,
) -> Result<Ack<String>, dormouse::Failure> {
    socket.set_data(&new)?;
    Ok(Ack(old))
}

#[cfg(feature = "rooms")]
async fn enter(
    socket: Socket,
    io: dormouse::Io,
    dormouse::Data(room): dormouse::Data<String>,
) -> Result<Ack<usize>, dormouse::Failure> {
    socket.join(&*room)?;
    socket.to(&*room).emit("entered", socket.id())?;
    Ok(Ack(io.to(&*room).fetch_sockets().await.len()))
}

#[cfg(feature = "storage")]
async fn count(storage: dormouse::Storage) -> Result<Ack<u64>, dormouse::Failure> {
    let count = storage.get::<u64>("count")?.unwrap_or_default() + 1;
    storage.put("count", &count)?;
    Ok(Ack(count))
}

#[cfg(feature = "entries")]
async fn counts(storage: dormouse::Storage) -> Result<Ack<u64>, dormouse::Failure> {
    Ok(Ack(storage.entries("count").limit(10).all::<u64>()?.into_iter().map(|(_, count)| count).sum()))
}

#[cfg(feature = "sql")]
#[derive(serde::Deserialize, serde::Serialize)]
struct Purse {
    name: String,
    coins: u32,
}

#[cfg(feature = "sql")]
async fn rich(storage: dormouse::Storage) -> Result<(), dormouse::Failure> {
    for Purse { name, coins } in storage.sql("SELECT name, coins FROM purse WHERE coins > ?", (10,)).all()? {
        storage.sql("UPDATE purse SET coins = ? WHERE name = ?", (coins / 2, name)).execute()?;
    }
    Ok(())
}

#[cfg(feature = "alarm")]
async fn wait(io: dormouse::Io, dormouse::Data(text): dormouse::Data<String>) -> Result<(), dormouse::Failure> {
    io.set_alarm("bell", Duration::from_mins(1), text)
}

#[cfg(feature = "alarm")]
async fn ring(io: dormouse::Io, text: dormouse::extract::AlarmContext<String>) -> Result<(), EmitError> {
    io.emit("bell", text.0)
}

#[cfg(feature = "emit_with_ack")]
async fn ask(socket: Socket) -> Result<Ack<String>, dormouse::Failure> {
    Ok(Ack(socket.emit_with_ack("question", ()).await?))
}

#[cfg(feature = "on_ack")]
async fn invite(socket: Socket) -> Result<(), EmitError> {
    socket.ack_to("dinner", "Thursday").timeout(Duration::from_hours(1)).emit("coming?", ())
}

#[cfg(feature = "on_ack")]
async fn dinner(
    socket: Socket,
    day: dormouse::extract::AckContext<String>,
    answer: dormouse::extract::AckResult<bool>,
) -> Result<(), EmitError> {
    socket.broadcast().emit("guest", (day.0, answer.0.unwrap_or(false)))
}

#[cfg(feature = "middleware")]
async fn may_send(args: Args) -> Result<(), dormouse::Failure> {
    if args.len() > 9 { Err(dormouse::Failure::new("TOO_MANY", "Send fewer arguments")) } else { Ok(()) }
}

#[cfg(any(feature = "middleware", feature = "outgoing"))]
async fn heard(io: dormouse::Io, dormouse::extract::EventName(name): dormouse::extract::EventName) {
    io.log(&*name);
}

#[cfg(feature = "route")]
async fn announce(
    io: dormouse::Io,
    text: dormouse::extract::Json<String>,
) -> Result<dormouse::response::HttpResponse, dormouse::Failure> {
    io.emit("announced", text.0)?;
    Ok(dormouse::response::HttpResponse::empty(204))
}

#[cfg(feature = "allow_request")]
async fn may_connect(request: dormouse::extract::ConnRequest) -> Result<(), String> {
    if request.header("authorization").is_some() { Ok(()) } else { Err("no token".to_owned()) }
}

#[cfg(feature = "engine_hooks")]
async fn upgraded(conn: dormouse::socket::Conn, io: dormouse::Io) {
    io.log(conn.transport());
}

#[cfg(feature = "engine_hooks")]
async fn closed(reason: dormouse::socket::Reason, io: dormouse::Io) {
    io.log(reason.as_str());
}

#[cfg(feature = "raw")]
async fn reply(socket: dormouse::socket::EngineSocket, message: dormouse::value::Frame) {
    socket.send(message);
}

#[cfg(feature = "validation")]
#[derive(serde::Deserialize, garde::Validate)]
struct Product {
    #[garde(length(chars, min = 1, max = 100))]
    name: String,
    #[garde(range(min = 1))]
    amount: u32,
}

#[cfg(feature = "validation")]
async fn create(
    socket: Socket,
    dormouse::validation::Valid(product): dormouse::validation::Valid<Product>,
) -> Result<(), EmitError> {
    socket.broadcast().emit("created", (product.name, product.amount))
}

#[cfg(feature = "validation_schema")]
async fn check(
    dormouse::Data(mut product): dormouse::Data<serde_json::Value>,
) -> Result<Ack<serde_json::Value>, dormouse::Failure> {
    let schema = serde_json::json!({
        "type": "object",
        "properties": { "name": { "type": "string", "pattern": "^[a-z]+$" }, "price": { "type": "number", "minimum": 0 } },
        "required": ["name"],
        "additionalProperties": false,
    });
    match dormouse::validation::Schema::compile(&schema)?.check(&mut product) {
        Ok(()) => Ok(Ack(product)),
        Err(errors) => Ok(Ack(serde_json::to_value(errors)?)),
    }
}

#[cfg(feature = "jwt")]
#[derive(serde::Deserialize, serde::Serialize)]
struct Claims {
    sub: String,
}

#[cfg(feature = "jwt")]
impl dormouse::jwt::Claims for Claims {}

#[cfg(feature = "jwt")]
async fn invitation(
    io: dormouse::Io,
    dormouse::jwt::Jwt(claims): dormouse::jwt::Jwt<Claims>,
) -> Result<Ack<String>, dormouse::Failure> {
    let keys = dormouse::jwt::Keys::of::<Claims>(&io)?;
    Ok(Ack(keys.sign(&claims, io.now(), Duration::from_hours(1))?))
}

dormouse::world!(World, app);
