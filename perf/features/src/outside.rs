//! What an app may reach outside of its world.

#[cfg(any(feature = "kv", feature = "sleep"))]
use core::time::Duration;

#[cfg(any(
    feature = "state",
    feature = "world_name",
    feature = "kv",
    feature = "d1",
    feature = "bucket",
    feature = "service",
    feature = "other_worlds",
    feature = "fetch",
))]
use dormouse::Ack;
#[cfg(any(feature = "kv", feature = "d1", feature = "bucket", feature = "queue", feature = "service"))]
use dormouse::Env;
#[cfg(any(
    feature = "kv",
    feature = "d1",
    feature = "bucket",
    feature = "queue",
    feature = "service",
    feature = "fetch",
))]
use dormouse::Failure;
use dormouse::routing::Routes;

/// The app's state.
#[cfg(feature = "state")]
pub(crate) struct Motto(pub(crate) &'static str);

pub(crate) fn handlers(ns: Routes) -> Routes {
    #[cfg(feature = "state")]
    let ns = ns.on("motto", async |motto: dormouse::State<Motto>| Ack(motto.0.0));
    #[cfg(feature = "world_name")]
    let ns = ns.on("world", async |io: dormouse::Io| Ack(io.world()));
    #[cfg(feature = "kv")]
    let ns = ns.on("kv", kv);
    #[cfg(feature = "d1")]
    let ns = ns.on("d1", d1);
    #[cfg(feature = "bucket")]
    let ns = ns.on("bucket", bucket);
    #[cfg(feature = "queue")]
    let ns = ns.on("queue", queue);
    #[cfg(feature = "service")]
    let ns = ns.on("service", service);
    #[cfg(feature = "other_worlds")]
    let ns = ns.on("pass on", pass_on);
    #[cfg(feature = "fetch")]
    let ns = ns.on("fetch", fetch);
    #[cfg(feature = "sleep")]
    let ns = ns.on("sleep", async || dormouse::sleep(Duration::from_secs(1)).await);
    ns
}

#[cfg(feature = "kv")]
async fn kv(env: Env) -> Result<Ack<Option<String>>, Failure> {
    let kv = env.kv("KV")?;
    kv.put_for("key", "value", Duration::from_hours(1)).await?;
    for key in kv.list("old/", None).await?.keys {
        kv.delete(&key).await?;
    }
    Ok(Ack(kv.get("key").await?))
}

#[cfg(feature = "d1")]
#[derive(serde::Deserialize, serde::Serialize)]
struct Player {
    name: String,
    score: u32,
}

#[cfg(feature = "d1")]
async fn d1(env: Env) -> Result<Ack<Vec<Player>>, Failure> {
    let (db, sql) = (env.d1("DB")?, "DELETE FROM players WHERE score < ?1");
    db.execute(sql, 1).await?;
    db.batch([dormouse::bindings::D1Statement::new(sql, 2)]).await?;
    Ok(Ack(db.query("SELECT name, score FROM players", ()).await?))
}

#[cfg(feature = "bucket")]
async fn bucket(env: Env) -> Result<Ack<bool>, Failure> {
    let bucket = env.bucket("FILES")?;
    bucket.put("key", "value").await?;
    for object in bucket.list("old/", None).await?.objects {
        bucket.delete(&object.key).await?;
    }
    Ok(Ack(bucket.get("key").await?.is_some()))
}

#[cfg(feature = "queue")]
async fn queue(env: Env) -> Result<(), Failure> {
    env.queue("JOBS")?.send("one").await?;
    env.queue("JOBS")?.send_batch(&["two", "three"]).await
}

#[cfg(feature = "service")]
async fn service(env: Env) -> Result<Ack<u16>, Failure> {
    Ok(Ack(env.service("USERS")?.fetch(dormouse::extract::HttpRequest::new("GET", "/who")).await?.status))
}

#[cfg(feature = "fetch")]
async fn fetch() -> Result<Ack<u16>, Failure> {
    let request = dormouse::extract::HttpRequest::new("GET", "https://a.example").with_query("a", "b");
    Ok(Ack(dormouse::fetch(request).await?.status))
}

#[cfg(feature = "worker_route")]
pub(crate) async fn news(
    worlds: dormouse::extract::Worlds,
) -> Result<dormouse::response::HttpResponse, dormouse::error::RemoteError> {
    worlds.world("lobby").to("readers").emit("news", ()).await?;
    Ok(dormouse::response::HttpResponse::empty(204))
}

#[cfg(feature = "other_worlds")]
async fn pass_on(io: dormouse::Io) -> Result<Ack<u16>, dormouse::error::RemoteError> {
    io.other_world("lobby").emit("passed on", ()).await?;
    Ok(Ack(io.other_world("lobby").route("GET", "/score", "").await?.status))
}
