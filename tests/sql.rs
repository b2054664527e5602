//! SQL, transactions, migrations and ranges of the storage: awake, and after a nap before each step. The app and the table of cases are
//! those of `miniflare/sql.test.mjs`, which runs them in the runtime's own SQLite.
#![cfg(feature = "sql")]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../miniflare/apps/sql/src/app.rs"]
mod app;

use core::cell::Cell;
use core::time::Duration;

use dormouse::testing::{TestClient, TestWorld};
use dormouse::value::IntoArgs;
use dormouse::{Ack, App, Failure, Storage};
use serde_json::{Value, json};

use app::app;

/// Calls `test` with a world that is awake, and with one that hibernates after every event.
fn awake_and_asleep(app: fn() -> App, test: impl Fn(&TestWorld)) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        test(&world);
    }
}

fn ask(client: &TestClient, event: &str, args: impl IntoArgs) -> Value {
    let ack = client.emit_with_ack(event, args);
    let args = ack.args().expect("an acknowledgement");
    args.get::<Value>(0).expect("JSON").unwrap_or_default()
}

fn code(told: &Value) -> Option<&str> {
    told["error"]["code"].as_str()
}

#[test]
fn each_case_is_as_the_table_says() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../miniflare/fixtures/sql-cases.json")).expect("the table");
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for case in &cases {
            let (how, sql) = (case["how"].as_str().unwrap_or("all"), case["sql"].as_str().expect("a statement"));
            let params = case.get("params").cloned().unwrap_or(json!([]));
            let told = ask(&anna, how, (sql, params));
            if let Some(wanted) = case["code"].as_str() {
                assert_eq!(code(&told), Some(wanted), "{sql}: {told}");
                let message = told["error"]["message"].as_str().expect("a message");
                assert!(message.contains(case["says"].as_str().unwrap_or_default()), "{sql}: {message}");
            } else {
                assert_eq!(told, case["rows"], "{sql}");
            }
        }
    });
}

#[test]
fn values_of_all_types_are_read_as_they_were_written() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for (any, kind) in [(true, "text"), (false, "null")] {
            let told = ask(&anna, "kinds", any);
            let types = ["real", "integer", "real", "text", "blob", kind];
            // A column that is declared as BOOLEAN has the affinity NUMERIC, which makes integers of whole numbers.
            let types = [&["integer"], &types[1..]].concat();
            assert_eq!(told, json!({ "same": true, "types": types, "hex": ["6122F09F988000C3A9", "00FF", [0, 255]] }));
        }
    });
}

#[test]
fn a_transaction_keeps_all_or_nothing_of_sql_and_keys() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for (outer, inner, kept) in [
            ("fails", "well", vec![]),
            ("panics", "well", vec![]),
            ("fails", "fails", vec![]),
            ("well", "fails", vec!["outer", "outer, later"]),
        ] {
            let told = ask(&anna, "transaction", (outer, inner));
            match outer {
                "panics" => assert_eq!(code(&told), Some("INTERNAL_SERVER_ERROR")),
                _ => assert_eq!(told, json!(outer == "well")),
            }
            let keys: Vec<String> = kept.iter().map(|who| format!("written/{who}")).collect();
            assert_eq!(ask(&anna, "all written", ()), json!([kept, keys]), "{outer} {inner}");
        }
        ask(&anna, "execute", ("DELETE FROM purse", json!([])));
        assert_eq!(ask(&anna, "transaction", ("well", "well")), json!(true));
        assert_eq!(ask(&anna, "all written", ())[0], json!(["inner", "outer", "outer, later"]));
    });
}

/// What the documentation of `Storage::sql` says.
#[test]
fn what_a_handler_that_fails_wrote_by_sql_stays_unlike_its_keys() {
    for how in ["fails", "panics"] {
        awake_and_asleep(app, |world| {
            let anna = world.connect("/");
            assert!(code(&ask(&anna, "fail", how)).is_some());
            assert_eq!(ask(&anna, "all written", ()), json!([["handler"], []]));
        });
    }
}

#[test]
fn what_a_transaction_kept_stays_whole_if_the_handler_fails_later() {
    for how in ["fails", "panics"] {
        awake_and_asleep(app, |world| {
            let anna = world.connect("/");
            assert!(code(&ask(&anna, "keep, and end", how)).is_some());
            assert_eq!(ask(&anna, "all written", ()), json!([["kept", "later"], ["written/both", "written/kept"]]));
            let kept = json!([["written/both", 2], ["written/kept", 1]]);
            assert_eq!(ask(&anna, "entries", json!({ "prefix": "written/" })), kept);

            assert!(code(&ask(&anna, "delete all, and end", how)).is_some());
            assert_eq!(ask(&anna, "all written", ()), json!([["after"], []]));
            assert_eq!(ask(&anna, "entries", json!({ "prefix": "" })), json!([["migrated", true]]));
        });
    }
}

#[test]
fn the_database_survives_a_crash_and_each_world_has_its_own() {
    let (world, other) = (TestWorld::new(app), TestWorld::new(app));
    let anna = world.connect("/");
    ask(&anna, "transaction", ("well", "well"));
    world.crash();
    let anna = world.connect("/");
    assert_eq!(ask(&anna, "all written", ())[0], json!(["inner", "outer", "outer, later"]));
    assert_eq!(ask(&other.connect("/"), "all written", ()), json!([[], []]));
}

#[test]
fn a_full_database_is_told_and_can_be_read_and_emptied() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        ask(&anna, "execute", ("INSERT INTO purse (name, coins) VALUES ('a', 1)", json!([])));
        world.set_storage_full(true);
        let told = ask(&anna, "execute", ("INSERT INTO purse (name, coins) SELECT 'b', 1", json!([])));
        assert_eq!(code(&told), Some("FULL"), "{told}");
        assert_eq!(ask(&anna, "all", ("SELECT name FROM purse", json!([]))), json!([{ "name": "a" }]));
        assert_eq!(ask(&anna, "execute", ("DELETE FROM purse", json!([]))), json!(1));
        world.set_storage_full(false);
        assert_eq!(ask(&anna, "transaction", ("well", "well")), json!(true));
    });
}

#[test]
fn a_client_pays_for_the_rows_that_its_events_write() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        let insert = "INSERT INTO kinds (int) SELECT value FROM json_each(?)";
        let numbers = format!("[1{}]", ",1".repeat(199));
        let told = (0..100).map(|_| ask(&anna, "execute", (insert, json!([numbers]))));
        assert_eq!(told.into_iter().find_map(|told| code(&told).map(str::to_owned)), Some("RATE_LIMITED".to_owned()));
    });
}

#[test]
fn ranges_are_in_order_and_limited() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        for (n, key) in ["a/1", "a/2", "a/3", "a/é", "a", "b", "a0"].iter().enumerate() {
            ask(&anna, "put", (*key, n));
        }
        for (range, keys) in [
            (json!({ "prefix": "a/" }), vec!["a/1", "a/2", "a/3", "a/é"]),
            (json!({ "prefix": "a/", "limit": 2 }), vec!["a/1", "a/2"]),
            (json!({ "prefix": "a/", "limit": 2, "after": "a/2" }), vec!["a/3", "a/é"]),
            (json!({ "prefix": "a/", "limit": 0 }), vec![]),
            (json!({ "prefix": "a/", "reverse": true, "limit": 2 }), vec!["a/é", "a/3"]),
            (json!({ "prefix": "a/", "reverse": true, "after": "a/2" }), vec!["a/1"]),
            (json!({ "prefix": "a/", "after": "a/25" }), vec!["a/3", "a/é"]),
            (json!({ "prefix": "a/", "after": "0" }), vec!["a/1", "a/2", "a/3", "a/é"]),
            (json!({ "prefix": "a/", "after": "z" }), vec![]),
            (json!({ "prefix": "a/", "after": "z", "reverse": true, "limit": 1 }), vec!["a/é"]),
            (json!({ "prefix": "" }), vec!["a", "a/1", "a/2", "a/3", "a/é", "a0", "b", "migrated"]),
            (json!({ "prefix": "x" }), vec![]),
        ] {
            let told = ask(&anna, "entries", range.clone());
            let found: Vec<&str> =
                told.as_array().expect("entries").iter().filter_map(|entry| entry[0].as_str()).collect();
            assert_eq!(found, keys, "{range}");
        }
        let entries = ask(&anna, "entries", json!({ "prefix": "a/2" }));
        assert_eq!(entries, json!([["a/2", 1]]));
    });
}

#[test]
fn a_range_that_is_too_long_is_told() {
    let app = || {
        App::new()
            .namespace("/", |ns| {
                ns.on("many", async |storage: Storage| Ok::<_, Failure>(Ack(storage.entries("n/").all::<u32>()?.len())))
                    .on("some", async |storage: Storage| {
                        Ok::<_, Failure>(Ack(storage.entries("n/").limit(10_000).keys()?.len()))
                    })
                    .on("long", async |storage: Storage| Ok::<_, Failure>(Ack(storage.entries("long/").keys()?.len())))
            })
            // Rows that a client's event writes are limited.
            .route("POST", "/fill", async |storage: Storage| {
                (0..=10_000).try_for_each(|n| storage.put(&format!("n/{n:05}"), &n))?;
                (0..9).try_for_each(|n| storage.put(&format!("long/{n}"), &"x".repeat(1_000_000)))?;
                Ok::<_, Failure>(dormouse::response::HttpResponse::empty(204))
            })
    };
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(world.request("POST", "/fill", "").status, 204);
        assert_eq!(code(&ask(&anna, "many", ())), Some("INTERNAL_SERVER_ERROR"));
        assert_eq!(ask(&anna, "some", ()), json!(10_000));
        assert_eq!(code(&ask(&anna, "long", ())), Some("INTERNAL_SERVER_ERROR"));
        let log = world.log().join("\n");
        assert!(log.contains("more than 10000 entries") && log.contains("more than 8000000 bytes"), "{log}");
    });
}

#[test]
fn delete_all_leaves_a_new_storage_and_the_alarms() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        ask(&anna, "transaction", ("well", "well"));
        for sql in [
            "CREATE VIRTUAL TABLE page USING fts5(body)",
            "CREATE VIEW names AS SELECT name FROM purse",
            "CREATE TRIGGER t AFTER INSERT ON purse BEGIN DELETE FROM kinds; END",
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE \"a child\" (id REFERENCES parent (id))",
            "INSERT INTO parent VALUES (1); INSERT INTO \"a child\" VALUES (1)",
        ] {
            let told = ask(&anna, "execute", (sql, json!([])));
            assert_eq!(code(&told), None, "{told}");
        }
        ask(&anna, "set alarm", ());
        let before = ask(&anna, "all written", ());
        let size = ask(&anna, "size", ()).as_u64().expect("a size");
        assert_eq!(code(&ask(&anna, "delete all", "fails")), Some("WANTED"));
        assert_eq!(ask(&anna, "all written", ()), before);
        let told = ask(&anna, "delete all", "well");
        assert_eq!(code(&told), None, "{told}");
        assert_eq!(ask(&anna, "all written", ()), json!([[], []]));
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT IN ('stored', 'spilled', 'roster') ORDER BY name";
        assert_eq!(ask(&anna, "all", (tables, json!([]))), json!([{ "name": "kinds" }, { "name": "purse" }]));
        assert_eq!(ask(&anna, "entries", json!({ "prefix": "" })), json!([["migrated", true]]));
        assert_eq!(ask(&anna, "has alarm", ()), json!(true));
        assert!(ask(&anna, "size", ()).as_u64().expect("a size") < size);
    });
}

thread_local! {
    /// How often the migration that counts was run.
    static RUNS: Cell<u32> = const { Cell::new(0) };
}

fn count(ns: dormouse::routing::Routes) -> dormouse::routing::Routes {
    ns.on("count", async |storage: Storage| storage.sql("SELECT count(*) FROM thing", ()).one::<u32>().map(Ack))
        .on("delete all", async |storage: Storage| storage.delete_all().map(Ack))
        .on("tick", async |io: dormouse::Io| io.set_alarm("bell", Duration::from_mins(10), ()).map(Ack))
}

fn one() -> App {
    App::new().migration(1, "CREATE TABLE thing (a)").namespace("/", count).on_alarm("bell", ring)
}

fn two() -> App {
    one().migration(2, |storage: &Storage| {
        RUNS.set(RUNS.get() + 1);
        storage.sql("INSERT INTO thing VALUES (?)", (1,)).execute().map(drop)
    })
}

fn broken() -> App {
    one().migration(2, "INSERT INTO thing VALUES (1); INSERT INTO nowhere VALUES (1)").route(
        "GET",
        "/count",
        async || dormouse::response::HttpResponse::empty(204),
    )
}

fn panicking() -> App {
    one().migration(2, |storage: &Storage| {
        storage.sql("INSERT INTO thing VALUES (?)", (1,)).execute()?;
        assert!(storage.get::<bool>("never")?.is_some(), "a bug");
        Ok(())
    })
}

async fn ring(io: dormouse::Io) -> Result<(), dormouse::error::EmitError> {
    io.emit("rang", ())
}

#[test]
fn each_migration_runs_once_in_order() {
    RUNS.set(0);
    let world = TestWorld::new(one);
    let anna = world.connect("/");
    assert_eq!(ask(&anna, "count", ()), json!(0));
    world.redeploy(two);
    for _ in 0..3 {
        assert_eq!(ask(&anna, "count", ()), json!(1));
        world.sleep();
    }
    assert_eq!(RUNS.get(), 1);
    let other = TestWorld::new(two);
    assert_eq!(ask(&other.connect("/"), "count", ()), json!(1));
    assert_eq!(RUNS.get(), 2);
}

#[test]
fn heartbeats_of_a_sleeping_world_run_no_migration() {
    RUNS.set(0);
    let world = TestWorld::new(one);
    let anna = world.connect("/");
    ask(&anna, "count", ());
    world.redeploy(two);
    world.advance(Duration::from_mins(5));
    assert!(world.is_asleep() && RUNS.get() == 0, "{}", RUNS.get());
    assert_eq!(ask(&anna, "count", ()), json!(1));
}

#[test]
fn a_migration_that_fails_leaves_the_database_as_it_was_and_is_tried_again() {
    for (app, has_route) in [(broken as fn() -> App, true), (panicking, false)] {
        let world = TestWorld::new(one);
        let anna = world.connect("/");
        assert_eq!(ask(&anna, "tick", ()), Value::Null);
        world.redeploy(app);
        assert_eq!(code(&ask(&anna, "count", ())), Some("MIGRATION"));
        assert_eq!(
            world.try_connect("/", json!({})).expect_err("a refusal").message,
            "The world's database cannot be used now"
        );
        let log = world.log().join("\n");
        assert!(log.contains("the migration 2 has failed and is undone"), "{log}");
        let why = ["no such table: nowhere, in the statements: INSERT INTO thing", "it panicked: a bug"];
        assert!(why.iter().any(|why| log.contains(why)), "{log}");
        if has_route {
            let response = world.request("GET", "/count", "");
            assert_eq!(response.status, 503);
            assert!(String::from_utf8_lossy(&response.body).contains(r#""code":"MIGRATION""#));
        }
        // The alarm waits, and nobody is disconnected.
        world.advance(Duration::from_mins(30));
        assert_eq!(anna.next_event(), None);
        world.redeploy(two);
        assert_eq!(ask(&anna, "count", ()), json!(1));
        world.advance(Duration::from_mins(5));
        assert_eq!(anna.next_event().map(|event| event.name), Some("rang".to_owned()));
    }
}

/// Its second migration can run once.
fn once() -> App {
    one().migration(2, |storage: &Storage| {
        RUNS.set(RUNS.get() + 1);
        assert!(RUNS.get() == 1, "it runs once");
        storage.sql("INSERT INTO thing VALUES (?)", (1,)).execute().map(drop)
    })
}

#[test]
fn delete_all_leaves_everything_if_a_migration_fails_then() {
    RUNS.set(0);
    let world = TestWorld::new(once);
    let anna = world.connect("/");
    assert!(code(&ask(&anna, "delete all", ())).is_some());
    assert_eq!(ask(&anna, "count", ()), json!(1));
    world.sleep();
    assert_eq!((ask(&anna, "count", ()), RUNS.get()), (json!(1), 2), "the world has had both migrations");
}

#[test]
fn a_migration_cannot_delete_all() {
    let world = TestWorld::new(one);
    let anna = world.connect("/");
    ask(&anna, "count", ());
    world.redeploy(|| one().migration(2, Storage::delete_all));
    assert_eq!(code(&ask(&anna, "count", ())), Some("MIGRATION"));
    let log = world.log().join("\n");
    assert!(log.contains("the migration 2 has failed and is undone: a migration cannot call"), "{log}");
    world.redeploy(two);
    assert_eq!(ask(&anna, "count", ()), json!(1));
}

#[test]
fn an_app_with_fewer_migrations_than_the_database_has_calls_no_handler() {
    let world = TestWorld::new(two);
    let anna = world.connect("/");
    ask(&anna, "count", ());
    world.redeploy(one);
    assert_eq!(code(&ask(&anna, "count", ())), Some("MIGRATION"));
    assert!(world.log().join("\n").contains("the database has had 2 migrations, and the app has 1"));
    world.redeploy(two);
    assert_eq!(ask(&anna, "count", ()), json!(1));
}
