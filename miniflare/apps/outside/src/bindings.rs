//! KV, D1, R2, queues, services and variables.

use core::time::Duration;

use bytes::Bytes;
use dormouse::bindings::D1Statement;
use dormouse::extract::HttpRequest;
use dormouse::routing::Routes;
use dormouse::{Ack, Data, Env, Failure};
use serde_json::{Value, json};

pub(crate) fn handlers(ns: Routes) -> Routes {
    ns.on("kv", kv)
        .on("d1", d1)
        .on("d1 error", async |env: Env| env.d1("DB")?.execute("DROP TABLE gone", ()).await.map(Ack))
        .on("bucket", bucket)
        .on("queue", queue)
        .on("service", service)
        .on("absent", absent)
        .on("other kind", async |env: Env| env.kv("DB").map(drop))
        .on("variable", async |env: Env, Data(name): Data<String>| Ack(env.variable(&name)))
        .on("large", large)
}

async fn kv(env: Env, Data((key, bytes)): Data<(String, Bytes)>) -> Result<Ack<Value>, Failure> {
    let kv = env.kv("TEXTS")?;
    let before = kv.get(&key).await?;
    kv.put(&key, "Grüße").await?;
    kv.put_json("json", &json!({ "a": 1 })).await?;
    kv.put_for("bytes", &bytes, Duration::from_mins(1)).await?;
    kv.put("gone", "").await?;
    kv.delete("gone").await?;
    let parsed: Option<Value> = kv.get_json("json").await?;
    let read = kv.get_bytes("bytes").await?;
    let absent = kv.get("gone").await?;
    let keys = kv.list("", None).await?;
    let some = kv.list(&key, None).await?;
    let told = json!([before, kv.get(&key).await?, parsed, absent, keys.keys, keys.cursor, some.keys]);
    Ok(Ack(json!([told, read == Some(bytes)])))
}

async fn d1(env: Env, Data(name): Data<String>) -> Result<Ack<Value>, Failure> {
    let db = env.d1("DB")?;
    db.execute("CREATE TABLE IF NOT EXISTS players (name TEXT, score INT)", ()).await?;
    db.execute("DELETE FROM players", ()).await?;
    let inserted = db.execute("INSERT INTO players VALUES (?1, ?2), (?1, NULL)", (&name, 12.5)).await?;
    let one = |score: u32| D1Statement::new("INSERT INTO players VALUES (?1, ?2)", ("batch", score));
    let batch = db.batch([one(1), one(2)]).await?;
    let failed = db.batch([one(3), D1Statement::new("INSERT INTO nothing VALUES (1)", ())]).await;
    let rows: Vec<Value> = db.query("SELECT * FROM players ORDER BY name, score", ()).await?;
    let named: Vec<Value> = db.query("SELECT count(*) AS n FROM players WHERE name = ?1", &name).await?;
    Ok(Ack(json!([inserted, batch, failed.is_err(), rows, named])))
}

async fn bucket(env: Env, Data((key, bytes)): Data<(String, Bytes)>) -> Result<Ack<Value>, Failure> {
    let bucket = env.bucket("FILES")?;
    let before = bucket.head(&key).await?.is_some();
    bucket.put_as(&key, &bytes, "image/png").await?;
    bucket.put("plain", "text").await?;
    let object = bucket.head(&key).await?;
    let read = bucket.get(&key).await?;
    let listed = bucket.list("", None).await?;
    let keys: Vec<String> = listed.objects.iter().map(|object| object.key.clone()).collect();
    let is_listed = object.as_ref().is_some_and(|object| listed.objects.contains(object));
    bucket.delete("plain").await?;
    let absent = bucket.get("plain").await?.is_none();
    let object = object.map(|object| json!([object.size, object.content_type, object.uploaded.as_millis() > 0]));
    Ok(Ack(json!([before, object, read == Some(bytes), keys, is_listed, listed.cursor, absent])))
}

async fn queue(env: Env, Data(name): Data<String>) -> Result<(), Failure> {
    let queue = env.queue("JOBS")?;
    queue.send(&json!({ "of": name })).await?;
    queue.send_batch(&[1, 2, 3]).await
}

async fn service(env: Env, Data(name): Data<String>) -> Result<Ack<Value>, Failure> {
    let users = env.service("USERS")?;
    let request = HttpRequest::new("POST", "/who").with_query("name", name).with_header("x-key", "k").with_body("body");
    let response = users.fetch(request).await?;
    Ok(Ack(json!([response.status, response.header("x-said"), response.body_text()])))
}

async fn absent(env: Env) -> Ack<Vec<String>> {
    let errors =
        [env.kv("A").err(), env.d1("A").err(), env.bucket("A").err(), env.queue("A").err(), env.service("A").err()];
    Ack(errors.into_iter().flatten().filter_map(|error| error.source().map(ToString::to_string)).collect())
}

/// Reads values that are longer than may be read.
async fn large(env: Env) -> Result<Ack<Vec<String>>, Failure> {
    let long = "x".repeat(8_000_001);
    env.kv("TEXTS")?.put("long", &long).await?;
    env.bucket("FILES")?.put("long", &long).await?;
    let errors = [env.kv("TEXTS")?.get("long").await.err(), env.bucket("FILES")?.get("long").await.err()];
    env.kv("TEXTS")?.delete("long").await?;
    env.bucket("FILES")?.delete("long").await?;
    Ok(Ack(errors.into_iter().flatten().filter_map(|error| error.source().map(ToString::to_string)).collect()))
}
