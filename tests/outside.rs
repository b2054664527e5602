//! The app's state, its bindings, requests to the outside, sleep, and the world's name: awake, and in a world that sleeps after every
//! event.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/debugged/mod.rs"]
mod debugged;

use core::time::Duration;

use bytes::Bytes;
use dormouse::bindings::D1Statement;
use dormouse::error::OutsideError;
use dormouse::extract::HttpRequest;
use dormouse::response::HttpResponse;
use dormouse::testing::TestWorld;
use dormouse::{Ack, App, Data, Env, Failure, Io, Socket, Storage};
use serde_json::{Value, json};

use debugged::{answer, awake_and_asleep, code, debugged};

const SECOND: Duration = Duration::from_secs(1);

mod bindings {
    use super::*;

    fn app() -> App {
        App::new().namespace("/", |ns| {
            ns.on("kv", kv).on("bucket", bucket).on("queue", queue).on("d1", d1).on("absent", absent)
        })
    }

    async fn kv(env: Env, Data(key): Data<String>) -> Result<Ack<Value>, Failure> {
        let kv = env.kv("TEXTS")?;
        let before = kv.get(&key).await?;
        kv.put(&key, "text").await?;
        kv.put_json("json", &json!({ "a": 1 })).await?;
        kv.put_for("short", Bytes::from_static(&[1, 2]), Duration::from_mins(1)).await?;
        let parsed: Option<Value> = kv.get_json("json").await?;
        let bytes = kv.get_bytes("short").await?;
        let refused = kv.put_for("shorter", "", SECOND).await.expect_err("too short");
        let refused = refused.downcast_ref::<OutsideError>().map(OutsideError::code);
        kv.delete("gone").await?;
        let listed = kv.list("", None).await?;
        Ok(Ack(json!([before, parsed, bytes.map(|bytes| bytes.to_vec()), refused, listed.keys, listed.cursor])))
    }

    async fn bucket(env: Env, Data((key, bytes)): Data<(String, Bytes)>) -> Result<Ack<Value>, Failure> {
        let bucket = env.bucket("FILES")?;
        bucket.put_as(&key, bytes, "image/png").await?;
        bucket.put("plain", "text").await?;
        let object = bucket.head(&key).await?.expect("an object");
        let got = bucket.get(&key).await?.map(|bytes| bytes.to_vec());
        bucket.delete("plain").await?;
        let listed = bucket.list("", None).await?;
        assert_eq!((listed.objects.first(), listed.cursor), (Some(&object), None));
        Ok(Ack(json!([object.size, object.content_type, got, bucket.get("plain").await?.is_none()])))
    }

    async fn queue(env: Env) -> Result<(), Failure> {
        env.queue("JOBS")?.send("one").await?;
        env.queue("JOBS")?.send_batch(&[2, 3]).await
    }

    async fn d1(env: Env, Data(name): Data<String>) -> Result<Ack<Value>, Failure> {
        let db = env.d1("DB")?;
        let rows: Vec<Value> = db.query("SELECT ?1", &name).await?;
        let changed = db.execute("DELETE", ()).await?;
        let all = db.batch([D1Statement::new("DELETE", (1, 2)), D1Statement::new("DELETE", ())]).await?;
        let error = db.execute("DROP", ()).await.expect_err("refused");
        Ok(Ack(json!([rows, changed, all, error.source().map(ToString::to_string)])))
    }

    async fn absent(env: Env) -> Ack<Vec<String>> {
        let errors = [
            env.kv("A").expect_err("absent"),
            env.d1("A").expect_err("absent"),
            env.bucket("A").expect_err("absent"),
            env.queue("A").expect_err("absent"),
            env.service("A").expect_err("absent"),
        ];
        let errors = errors.iter().filter_map(|error| error.downcast_ref::<OutsideError>());
        Ack(errors.filter(|error| error.code() == "BINDING").map(|error| error.message().to_owned()).collect())
    }

    #[test]
    fn kv_is_read_and_written() {
        awake_and_asleep(app, |world| {
            let texts = world.kv("TEXTS");
            texts.put("old", "was here");
            texts.put("gone", "x");
            let anna = world.connect("/");
            let told = answer(&anna.emit_with_ack("kv", "old"));
            assert_eq!(told, json!(["was here", { "a": 1 }, [1, 2], "KV", ["json", "old", "short"], null]));
            assert_eq!(texts.get("old"), Some("text".into()));
            world.advance(Duration::from_secs(59));
            assert_eq!(texts.keys(), ["json", "old", "short"]);
            world.advance(SECOND);
            assert_eq!(texts.keys(), ["json", "old"], "it expires by the test's clock");
        });
    }

    #[test]
    fn keys_are_listed_in_pages() {
        async fn list(env: Env) -> Result<Ack<Vec<usize>>, Failure> {
            let (kv, mut pages, mut cursor) = (env.kv("TEXTS")?, Vec::new(), None);
            loop {
                let page = kv.list("k", cursor.as_deref()).await?;
                pages.push(page.keys.len());
                cursor = page.cursor;
                if cursor.is_none() {
                    return Ok(Ack(pages));
                }
            }
        }
        let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("list", list)));
        let texts = world.kv("TEXTS");
        (0..1_500).for_each(|n| texts.put(&format!("k{n}"), ""));
        texts.put("other", "");
        assert_eq!(answer(&world.connect("/").emit_with_ack("list", ())), json!([1_000, 500]));
    }

    #[test]
    fn buckets_are_read_and_written() {
        awake_and_asleep(app, |world| {
            let files = world.bucket("FILES");
            let told = answer(&world.connect("/").emit_with_ack("bucket", ("a.png", Bytes::from_static(&[9, 8]))));
            assert_eq!(told, json!([2, "image/png", [9, 8], true]));
            assert_eq!(files.objects().len(), 1);
        });
    }

    fn refusal(told: Result<(), Failure>) -> String {
        told.err().and_then(|failure| failure.source().map(ToString::to_string)).unwrap_or_default()
    }

    /// The platform would change them without a word.
    #[test]
    fn numbers_that_the_platform_would_change_are_refused() {
        async fn many(env: Env) -> Result<Ack<Vec<String>>, Failure> {
            let (db, jobs) = (env.d1("DB")?, env.queue("JOBS")?);
            let batch = db.batch([D1Statement::new("INSERT", u64::MAX)]).await.map(drop);
            let told = [
                db.query::<Value>("SELECT", (1, u64::MAX)).await.map(drop),
                db.execute("INSERT", [i64::MIN]).await.map(drop),
                batch,
                jobs.send(&json!({ "id": u64::MAX })).await,
                jobs.send_batch(&[u64::MAX]).await,
            ];
            Ok(Ack(told.into_iter().map(refusal).collect()))
        }
        async fn null(env: Env) -> Result<Ack<Vec<Value>>, Failure> {
            Ok(Ack(env.d1("DB")?.query("SELECT", None::<u32>).await?))
        }
        awake_and_asleep(
            || App::new().namespace("/", |ns| ns.on("many", many).on("null", null)),
            |world| {
                let jobs = world.queue("JOBS");
                world.d1("DB").on_query(|_, params| vec![json!(params)]);
                let anna = world.connect("/");
                let told = anna.emit_with_ack("many", ()).args().expect("an acknowledgement");
                let told: Vec<String> = told.parse().expect("texts");
                assert!(told.len() == 5 && told.iter().all(|told| told.contains("would lose digits")), "{told:?}");
                assert!(jobs.take_sent().is_empty());
                let told = anna.emit_with_ack("null", ()).args().expect("an acknowledgement");
                assert_eq!(told.to_json(), "[[[null]]]");
            },
        );
    }

    #[test]
    fn queues_get_messages() {
        awake_and_asleep(app, |world| {
            let jobs = world.queue("JOBS");
            world.connect("/").emit("queue", ());
            assert_eq!(jobs.take_sent(), [json!("one"), json!(2), json!(3)]);
        });
    }

    #[test]
    fn d1_is_answered_by_a_closure() {
        awake_and_asleep(app, |world| {
            world.d1("DB").on_query(|sql, params| match sql {
                "SELECT ?1" => Ok(vec![json!({ "name": params })]).into(),
                "DELETE" => dormouse::testing::D1Answer::from(params.len() as u64 + 1),
                other => Err::<u64, _>(OutsideError::new("D1", format!("no {other}"))).into(),
            });
            let told = answer(&world.connect("/").emit_with_ack("d1", "Anna"));
            assert_eq!(told, json!([[{ "name": ["Anna"] }], 1, [3, 1], "D1: no DROP"]));
        });
    }

    #[test]
    fn what_is_not_bound_is_named_with_its_lines() {
        let world = debugged(app);
        let told = answer(&world.connect("/").emit_with_ack("absent", ()));
        let tables = ["kv_namespaces", "d1_databases", "r2_buckets", "queues.producers", "services"];
        assert_eq!(told.as_array().map(Vec::len), Some(tables.len()));
        for (text, table) in told.as_array().expect("a list").iter().zip(tables) {
            let text = text.as_str().expect("a text");
            assert!(text.starts_with("A: no ") && text.contains(&format!("[[{table}]]")), "{text}");
        }
        world.d1("DB");
        assert!(code(&world.connect("/").emit_with_ack("d1", "x")).1.contains("on_query"));
    }

    #[test]
    fn clients_are_told_a_reference_only() {
        let world = TestWorld::new(app);
        let error = answer(&world.connect("/").emit_with_ack("d1", "x"));
        assert_eq!(error["error"]["code"], "INTERNAL_SERVER_ERROR");
        assert!(!error.to_string().contains("DB"), "{error}");
        let line = world.log_lines().pop().expect("a line");
        assert!(line.contains("BINDING: DB: no D1 database"), "{line}");
    }

    #[test]
    fn variables_are_those_of_the_deployment() {
        async fn variable(env: Env, io: Io) -> Ack<Vec<Option<String>>> {
            Ack(vec![env.variable("KEY"), io.variable("KEY"), env.variable("NONE")])
        }
        let world =
            TestWorld::new(|| App::new().namespace("/", |ns| ns.on("variable", variable))).with_variable("KEY", "k");
        assert_eq!(answer(&world.connect("/").emit_with_ack("variable", ())), json!(["k", "k", null]));
    }
}

mod requests {
    use super::*;

    fn app() -> App {
        App::new()
            .namespace("/", |ns| ns.on("post", post).on("service", service).on("undone", undone).on("written", written))
    }

    async fn post(Data((url, body)): Data<(String, Value)>) -> Result<Ack<Value>, Failure> {
        let request =
            HttpRequest::new("POST", url).with_query("q", "a b").with_header("X-Key", "k").with_json(&body)?;
        let response = dormouse::fetch(request).await?;
        Ok(Ack(json!([response.status, response.header("x-said"), response.parse_json::<Value>()?])))
    }

    async fn service(env: Env) -> Result<Ack<String>, Failure> {
        let response = env.service("USERS")?.fetch(HttpRequest::new("GET", "/who?id=1")).await?;
        Ok(Ack(response.body_text().into_owned()))
    }

    async fn written(storage: Storage) -> Result<Ack<bool>, Failure> {
        Ok(Ack(storage.get("written")?.unwrap_or_default()))
    }

    /// Writes, asks, and fails.
    async fn undone(storage: Storage) -> Result<(), Failure> {
        storage.put("written", &true)?;
        dormouse::fetch(HttpRequest::new("GET", "https://a.example")).await?;
        Err(Failure::new("WANTED", "after the wait"))
    }

    #[test]
    fn a_closure_answers_requests() {
        awake_and_asleep(app, |world| {
            world.on_fetch(|request| {
                assert_eq!((&*request.method, &*request.path), ("POST", "https://a.example/b?q=a+b"));
                assert_eq!((request.header("x-key"), request.query_param("q")), (Some("k"), Some("a b")));
                assert_eq!(request.header("content-type"), Some("application/json"));
                HttpResponse::new(201, request.body).with_header("X-Said", "yes")
            });
            let told = answer(&world.connect("/").emit_with_ack("post", ("https://a.example/b", json!({ "a": 1 }))));
            assert_eq!(told, json!([201, "yes", { "a": 1 }]));
        });
    }

    #[test]
    fn services_are_answered_by_name() {
        awake_and_asleep(app, |world| {
            world.on_service("USERS", |request| HttpResponse::text(200, request.query_param("id").unwrap_or_default()));
            assert_eq!(answer(&world.connect("/").emit_with_ack("service", ())), "1");
        });
    }

    #[test]
    fn what_is_not_prepared_fails_clearly() {
        let world = debugged(app);
        let anna = world.connect("/");
        let failed = |url: &str| code(&anna.emit_with_ack("post", (url, 1)));
        let (code, message) = failed("https://a.example");
        assert_eq!(code, "FETCH");
        assert!(message.contains("POST https://a.example?q=a+b") && message.contains("on_fetch"), "{message}");
        assert!(failed("no url").1.contains("is not a URL"));
        world.on_fetch(|_| Err(OutsideError::new("FETCH", "no route to host")));
        assert_eq!(failed("https://a.example").1, "no route to host");
        world.on_fetch(|_| HttpResponse::new(200, vec![b'1'; 8_000_001]));
        assert!(failed("https://a.example").1.contains("8000000"));
    }

    #[test]
    fn a_handler_that_asks_has_waited() {
        awake_and_asleep(app, |world| {
            world.on_fetch(|_| HttpResponse::empty(204));
            let anna = world.connect("/");
            assert_eq!(code(&anna.emit_with_ack("undone", ())).0, "WANTED");
            assert_eq!(answer(&anna.emit_with_ack("written", ())), true, "what was written before the wait stays");
        });
    }

    #[test]
    fn a_pending_call_keeps_the_world_awake() {
        let world = TestWorld::new(app);
        world.on_fetch(|_| HttpResponse::json(200, &1));
        world.set_outside_latency(SECOND);
        let anna = world.connect("/");
        world.sleep();
        world.sleep_after_every_event(true);
        let ack = anna.emit_with_ack("post", ("https://a.example", 1));
        assert!(!world.is_asleep() && ack.args().is_none());
        world.advance(SECOND);
        assert_eq!(answer(&ack), json!([200, null, 1]));
        assert!(world.is_asleep());
    }
}

mod sleeping {
    use super::*;

    fn app() -> App {
        App::new().namespace("/", |ns| ns.on("wait", wait))
    }

    async fn wait(socket: Socket, Data(ms): Data<u64>) -> Ack<u64> {
        let _ = socket.emit("begins", ms);
        dormouse::sleep(Duration::from_millis(ms)).await;
        Ack(ms)
    }

    #[test]
    fn the_tests_clock_ends_it() {
        awake_and_asleep(app, |world| {
            let anna = world.connect("/");
            let (long, short, none) =
                (anna.emit_with_ack("wait", 2_000), anna.emit_with_ack("wait", 500), anna.emit_with_ack("wait", 0));
            assert_eq!(answer(&none), 0);
            world.advance(Duration::from_millis(499));
            assert!(short.args().is_none());
            world.advance(Duration::from_millis(1));
            assert_eq!(answer(&short), 500);
            assert!(long.args().is_none());
            world.advance(SECOND * 2);
            assert_eq!(answer(&long), 2_000);
        });
    }

    #[test]
    fn it_keeps_the_world_awake_and_is_lost_with_the_memory() {
        let world = TestWorld::new(app);
        let anna = world.connect("/");
        world.sleep_after_every_event(true);
        let ack = anna.emit_with_ack("wait", 1_000);
        assert!(!world.is_asleep(), "a handler sleeps");
        world.lose_memory();
        assert!(world.is_asleep());
        world.advance(SECOND * 2);
        assert!(ack.args().is_none(), "the handler never resumes");
        assert!(world.is_asleep(), "nothing is left of the timer");
    }

    #[test]
    #[should_panic(expected = "the world cannot sleep: a handler sleeps")]
    fn what_keeps_it_awake_is_told() {
        let world = TestWorld::new(app);
        world.connect("/").emit("wait", 1_000);
        world.sleep();
    }
}
