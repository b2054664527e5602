//! What belongs to the world rather than to a socket: named alarms, storage, closing it.

use core::time::Duration;

use dormouse::extract::{AlarmContext, EventName};
use dormouse::routing::Routes;
use dormouse::{Ack, App, Data, Failure, Io, Storage};
use serde_json::Value;

use crate::tell;

pub(crate) fn register(app: App) -> App {
    app.on_alarm("bell", ring).on_alarm("gong", ring)
}

pub(crate) fn routes(ns: Routes) -> Routes {
    ns.on("set alarm", set_alarm)
        .on("clear alarm", clear_alarm)
        .on("alarm", alarm)
        .on("put", put)
        .on("get", get)
        .on("delete", delete)
        .on("keys", keys)
        .on("put and end", put_and_end)
        .on("close the world", close)
}

async fn ring(
    io: Io,
    EventName(name): EventName,
    AlarmContext(context): AlarmContext<Value>,
    storage: Storage,
) -> Result<(), Failure> {
    storage.put("rang", &(&*name, &context))?;
    tell(&io, "rang", (&*name, context))
}

async fn set_alarm(
    io: Io,
    Data((name, milliseconds, context)): Data<(String, u64, Value)>,
) -> Result<Ack<&'static str>, Failure> {
    io.set_alarm(&name, Duration::from_millis(milliseconds), context)?;
    Ok(Ack("set"))
}

async fn clear_alarm(io: Io, Data(name): Data<String>) -> Result<Ack<&'static str>, Failure> {
    io.clear_alarm(&name)?;
    Ok(Ack("cleared"))
}

/// Returns whether the alarm's time is in the future, or nothing if it is not set.
async fn alarm(io: Io, Data(name): Data<String>) -> Ack<Option<bool>> {
    Ack(io.alarm(&name).map(|at| at > io.now()))
}

async fn put(storage: Storage, Data((key, value)): Data<(String, Value)>) -> Result<Ack<&'static str>, Failure> {
    storage.put(&key, &value)?;
    Ok(Ack("put"))
}

/// Writes a value twice, sets an alarm, and then panics or fails; within a transaction after a wait, or not.
#[expect(clippy::panic, reason = "what a client asks for")]
async fn put_and_end(io: Io, Data((how, waits)): Data<(String, bool)>) -> Result<Ack<&'static str>, Failure> {
    let write = |storage: &Storage| {
        storage.put("kept", "new")?;
        storage.put("added", &1)?;
        io.set_alarm("gong", Duration::from_mins(1), "added")?;
        match how.as_str() {
            "panics" => panic!("the handler panics, as its client wanted"),
            "fails" => Err(Failure::new("WANTED", "the handler fails")),
            _ => Ok(Ack("put")),
        }
    };
    if waits {
        io.timeout(Duration::from_millis(1)).emit_with_ack::<()>("nobody answers", ()).await.ok();
        return io.storage().transaction(write);
    }
    write(&io.storage())
}

async fn get(storage: Storage, Data(key): Data<String>) -> Result<Ack<Option<Value>>, Failure> {
    Ok(Ack(storage.get(&key)?))
}

async fn delete(storage: Storage, Data(key): Data<String>) -> Result<Ack<&'static str>, Failure> {
    storage.delete(&key)?;
    Ok(Ack("deleted"))
}

async fn keys(storage: Storage, Data(prefix): Data<String>) -> Result<Ack<Vec<String>>, Failure> {
    Ok(Ack(storage.keys(&prefix)?))
}

async fn close(io: Io) {
    io.close();
}
