//! What belongs to the world rather than to a socket: named alarms, storage, its end.

use core::time::Duration;

use dormouse::extract::{Context, EventName};
use dormouse::routing::Routes;
use dormouse::{App, Data, Failure, Io, Reply, Storage};
use serde_json::Value;

use crate::tell;

pub fn register(app: App) -> App {
    app.on_alarm("bell", ring).on_alarm("gong", ring)
}

pub fn routes(ns: Routes) -> Routes {
    ns.on("set alarm", set_alarm)
        .on("clear alarm", clear_alarm)
        .on("alarm", alarm)
        .on("put", put)
        .on("get", get)
        .on("delete", delete)
        .on("keys", keys)
        .on("close the world", close)
}

async fn ring(
    io: Io,
    EventName(name): EventName,
    Context(context): Context<Value>,
    storage: Storage,
) -> Result<(), Failure> {
    storage.put("rang", &(&*name, &context))?;
    tell(&io, "rang", (&*name, context))
}

async fn set_alarm(
    io: Io,
    Data((name, milliseconds, context)): Data<(String, u64, Value)>,
) -> Result<Reply<&'static str>, Failure> {
    io.set_alarm(&name, Duration::from_millis(milliseconds), context)?;
    Ok(Reply("set"))
}

async fn clear_alarm(io: Io, Data(name): Data<String>) -> Reply<&'static str> {
    io.clear_alarm(&name);
    Reply("cleared")
}

/// Whether an alarm is set for later.
async fn alarm(io: Io, Data(name): Data<String>) -> Reply<Option<bool>> {
    Reply(io.alarm(&name).map(|at| at > io.now()))
}

async fn put(storage: Storage, Data((key, value)): Data<(String, Value)>) -> Result<Reply<&'static str>, Failure> {
    storage.put(&key, &value)?;
    Ok(Reply("put"))
}

async fn get(storage: Storage, Data(key): Data<String>) -> Result<Reply<Option<Value>>, Failure> {
    Ok(Reply(storage.get(&key)?))
}

async fn delete(storage: Storage, Data(key): Data<String>) -> Result<Reply<&'static str>, Failure> {
    storage.delete(&key)?;
    Ok(Reply("deleted"))
}

async fn keys(storage: Storage, Data(prefix): Data<String>) -> Result<Reply<Vec<String>>, Failure> {
    Ok(Reply(storage.keys(&prefix)?))
}

async fn close(io: Io) {
    io.close();
}
