//! A transaction keeps all of its writes or none.

use dormouse::testing::TestWorld;
use dormouse::{Ack, App, Data, Io, Storage};
use serde_json::{Value, json};

use crate::kit::{awake_and_asleep, awake_and_napping, clients, gate};
use crate::undone_writes::{End, all, ask, code, new, old, prepare, with_alarms, write};

/// An app with events that write in transactions.
fn transactions() -> App {
    let app = App::new().namespace("/", |ns| {
        ns.on("prepare", async |io: Io| prepare(&io))
            .on("all", async |io: Io| all(&io).map(Ack))
            .on("transaction", async |io: Io, Data(how): Data<String>| {
                let result = io.storage().transaction(|_| {
                    write(&io)?;
                    End::of(&how).end()?;
                    Ok(7)
                });
                Ack(result.map_err(|failure| failure.code().to_owned()))
            })
            .on("wait and write", async |io: Io, Data(how): Data<String>| {
                gate("wait").await;
                io.storage()
                    .transaction(|_| {
                        write(&io)?;
                        End::of(&how).end()
                    })
                    .map(Ack)
            })
            .on("nested", async |storage: Storage, Data((inner, outer)): Data<(String, String)>| {
                let result = storage.transaction(|storage| {
                    storage.put("kept", "outer")?;
                    storage.put("added", "outer")?;
                    let result = storage.transaction(|storage| {
                        storage.put("kept", "inner")?;
                        storage.delete("deleted")?;
                        End::of(&inner).end()
                    });
                    assert_eq!(result.is_err(), inner == "fails");
                    End::of(&outer).end()
                });
                Ack(result.is_ok())
            })
            .on("keep, and end", async |io: Io, Data(how): Data<String>| {
                io.storage().put("before", &1)?;
                io.storage().put("kept", "before")?;
                io.clear_alarm("moved")?;
                io.storage().transaction(|storage| storage.transaction(|_| write(&io)))?;
                io.storage().put("kept", "after")?;
                io.set_alarm("moved", core::time::Duration::from_mins(3), "after")?;
                End::of(&how).end()
            })
            .on("replace much", async |storage: Storage, Data(values): Data<usize>| {
                storage
                    .transaction(|storage| (0..values).try_for_each(|n| storage.put(&format!("much {n}"), &n)))
                    .map(Ack)
            })
            .on("put much", async |storage: Storage, Data(values): Data<usize>| {
                (0..values).try_for_each(|n| storage.put(&format!("much {n}"), &"x".repeat(1_000_000))).map(Ack)
            })
            .on("keys", async |storage: Storage| storage.keys("").map(|keys| Ack((keys,))))
    });
    with_alarms(app)
}

#[test]
fn a_transaction_keeps_all_of_its_writes_or_none() {
    awake_and_asleep(transactions, |world| {
        let [anna] = clients(world, "/");
        anna.emit("prepare", ());
        assert_eq!(ask(&anna, "transaction", "fails"), json!({ "Err": "WANTED" }));
        assert_eq!(ask(&anna, "all", ()), old());
        assert_eq!(code(&ask(&anna, "transaction", "panics")), Some("INTERNAL_SERVER_ERROR"));
        assert_eq!(ask(&anna, "all", ()), old());
        world.nap();
        assert_eq!(ask(&anna, "all", ()), old());
        assert_eq!(ask(&anna, "transaction", "well"), json!({ "Ok": 7 }));
        world.nap();
        assert_eq!(ask(&anna, "all", ()), new());
    });
}

/// Where the handler itself would not be undone any more.
#[test]
fn a_transaction_is_undone_after_a_wait() {
    for (how, expected) in [("fails", old()), ("panics", old()), ("well", new())] {
        awake_and_napping(transactions, |world| {
            let [anna] = clients(world, "/");
            anna.emit("prepare", ());
            let told = anna.emit_with_ack("wait and write", how);
            world.open("wait");
            assert!(told.args().is_some());
            assert_eq!(ask(&anna, "all", ()), expected, "{how}");
            world.nap();
            assert_eq!(ask(&anna, "all", ()), expected, "{how}, after a nap");
        });
    }
}

#[test]
fn a_transaction_within_another_is_undone_alone() {
    awake_and_asleep(transactions, |world| {
        let [anna] = clients(world, "/");
        for (inner, outer, expected) in [
            ("fails", "fails", json!(["old", "old", null])),
            ("well", "fails", json!(["old", "old", null])),
            ("fails", "well", json!(["outer", "old", "outer"])),
            ("well", "well", json!(["inner", null, "outer"])),
        ] {
            anna.emit("prepare", ());
            assert_eq!(ask(&anna, "nested", (inner, outer)), json!(outer == "well"));
            world.nap();
            let all = ask(&anna, "all", ());
            assert_eq!(all.as_array().map(|all| &all[..3]), expected.as_array().map(|all| &all[..]), "{inner} {outer}");
        }
    });
}

/// The handler undoes what it wrote before it and after it, but nothing of what the transaction has kept.
#[test]
fn what_a_transaction_kept_stays_if_the_handler_fails_later() {
    for how in ["fails", "panics"] {
        awake_and_asleep(transactions, |world| {
            let [anna] = clients(world, "/");
            anna.emit("prepare", ());
            assert!(code(&ask(&anna, "keep, and end", how)).is_some());
            assert_eq!(ask(&anna, "all", ()), new());
            assert_eq!(ask(&anna, "keys", ()), json!(["added", "kept"]));
            world.nap();
            assert_eq!(ask(&anna, "all", ()), new());
        });
    }
}

#[test]
fn what_a_transaction_replaces_is_bounded() {
    awake_and_asleep(transactions, |world| {
        let [anna] = clients(world, "/");
        assert_eq!(ask(&anna, "put much", 20), Value::Null);
        let told = ask(&anna, "replace much", 20);
        assert_eq!(code(&told), Some("INTERNAL_SERVER_ERROR"));
        let problem = "what a handler replaces before it first waits, or a transaction, may have 16000000 bytes";
        let failed = format!("a handler failed with INTERNAL_SERVER_ERROR: {problem}");
        assert_eq!(world.logged().last(), Some(&failed));
        assert_eq!(ask(&anna, "replace much", 15), Value::Null);
        // New values are not bounded.
        assert_eq!(ask(&anna, "put much", 15), Value::Null);
    });
}

/// There is room for what a full database had before.
#[test]
fn a_transaction_in_a_full_database_is_undone() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("delete", async |storage: Storage| {
                storage.transaction(|storage| {
                    storage.put("a", &0)?;
                    storage.delete("b")?;
                    storage.put("c", "no longer than b")?;
                    storage.put("d", "longer than b, and than what a had")
                })
            })
            .on("put", async |storage: Storage| {
                storage.put("a", "a text")?;
                storage.put("b", "the text of the key b")
            })
            .on("keys", async |storage: Storage| storage.keys("").map(|keys| Ack((keys,))))
        })
    };
    let world = TestWorld::new(app);
    let [anna] = clients(&world, "/");
    anna.emit("put", ());
    world.set_storage_full(true);
    assert_eq!(code(&ask(&anna, "delete", ())), Some("INTERNAL_SERVER_ERROR"));
    assert_eq!(ask(&anna, "keys", ()), json!(["a", "b"]));
    assert_eq!(world.log(), ["a handler failed with INTERNAL_SERVER_ERROR: database or disk is full: SQLITE_FULL"]);
}
