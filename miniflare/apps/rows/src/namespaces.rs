//! Dynamic namespaces: by template and by predicate.

use dormouse::routing::Routes;
use dormouse::{Ack, App, Auth, Failure, Io, Namespace, Socket};
use serde_json::Value;

use crate::runtime::wait;
use crate::tell;

pub(crate) fn register(app: App) -> App {
    app.namespace("/dynamic-{n}", routes)
        .namespace("/by/{kind}/of/{name}", routes)
        .namespace("/dynamic-0", |ns| routes(ns).on("params", by_name))
        .namespaces(is_tenant, |ns| routes(ns).on("params", by_predicate))
        .on_new_namespace(new)
}

fn routes(ns: Routes) -> Routes {
    ns.on("params", params).on("everybody", everybody).on("children", children)
}

/// Waits first, as a predicate that asks a database does.
async fn is_tenant(name: Namespace, Auth(auth): Auth<Value>) -> bool {
    wait(20).await;
    name.as_str().starts_with("/tenants/") && auth.get("key").and_then(Value::as_str) == Some("open sesame")
}

async fn new(io: Io) -> Result<(), Failure> {
    tell(&io, "new namespace", io.name().as_str())
}

async fn params(socket: Socket) -> Ack<(String, Vec<Option<String>>)> {
    Ack((socket.namespace().as_str().to_owned(), ["n", "kind", "name"].map(|name| socket.param(name)).into()))
}

async fn by_name() -> Ack<&'static str> {
    Ack("by its name")
}

async fn by_predicate(socket: Socket) -> Ack<(&'static str, String)> {
    Ack(("by the predicate", socket.namespace().as_str().to_owned()))
}

/// Emits to every socket in the namespace.
async fn everybody(io: Io, args: dormouse::Args) -> Result<(), Failure> {
    Ok(io.emit("everybody", args)?)
}

/// Emits to each namespace of a template, and returns their names.
async fn children(io: Io) -> Result<Ack<Vec<String>>, Failure> {
    let children = io.children("/dynamic-{n}");
    for child in &children {
        child.emit("child", child.name().as_str())?;
    }
    Ok(Ack(children.iter().map(|child| child.name().as_str().to_owned()).collect()))
}
