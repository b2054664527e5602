//! An app whose events run the statements that a test sends, and that end as a test says.

use bytes::Bytes;
use dormouse::error::SqlError;
use dormouse::response::HttpResponse;
use dormouse::{Ack, App, Data, Failure, Io, Storage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) fn app() -> App {
    App::new()
        .migration(1, "CREATE TABLE purse (name TEXT PRIMARY KEY, coins INTEGER NOT NULL) WITHOUT ROWID")
        .migration(2, "ALTER TABLE purse ADD COLUMN note TEXT; CREATE INDEX rich ON purse (coins)")
        .migration(3, |storage: &Storage| {
            storage.put("migrated", &true)?;
            storage
                .sql("CREATE TABLE kinds (flag BOOLEAN, int INTEGER, real REAL, text TEXT, blob BLOB, any)", ())
                .execute()?;
            Ok(())
        })
        .namespace("/", |ns| {
            ns.on("all", async |storage: Storage, Data((sql, params)): Data<(String, Vec<Value>)>| {
                storage.sql(&sql, params).all::<Value>().map(Ack).map_err(shown)
            })
            .on("optional", async |storage: Storage, Data((sql, params)): Data<(String, Vec<Value>)>| {
                storage.sql(&sql, params).optional::<Value>().map(Ack).map_err(shown)
            })
            .on("one", async |storage: Storage, Data((sql, params)): Data<(String, Vec<Value>)>| {
                storage.sql(&sql, params).one::<Value>().map(Ack).map_err(shown)
            })
            .on("execute", async |storage: Storage, Data((sql, params)): Data<(String, Vec<Value>)>| {
                storage.sql(&sql, params).execute().map(Ack).map_err(shown)
            })
            .on("kinds", kinds)
            .on("transaction", transaction)
            .on("fail", async |storage: Storage, Data(end): Data<End>| {
                write(&storage, "handler")?;
                end.end()
            })
            .on("keep, and end", keep)
            .on("delete all, and end", async |storage: Storage, Data(end): Data<End>| {
                storage.put("written/before", &1)?;
                storage.delete_all()?;
                write(&storage, "after")?;
                end.end()
            })
            .on("all written", async |storage: Storage| written(&storage).map(|written| Ack((written,))))
            .on("put", async |storage: Storage, Data((key, value)): Data<(String, Value)>| {
                storage.put(&key, &value).map(Ack)
            })
            .on("entries", entries)
            .on("delete all", async |storage: Storage, Data(end): Data<End>| {
                storage
                    .transaction(|storage| {
                        storage.delete_all()?;
                        end.end()
                    })
                    .map(Ack)
            })
            .on("size", async |storage: Storage| storage.size().map(Ack))
            .on("set alarm", async |io: Io| io.set_alarm("bell", core::time::Duration::from_hours(1), ()).map(Ack))
            .on("has alarm", async |io: Io| Ack(io.alarm("bell").is_some()))
        })
        .on_alarm("bell", async || ())
        .route("GET", "/purses", async |storage: Storage| {
            let count = storage.sql("SELECT count(*) FROM purse", ()).one::<u32>()?;
            Ok::<_, Failure>(HttpResponse::json(200, &count))
        })
}

/// Returns an error that clients are told with its kind.
fn shown(failure: Failure) -> Failure {
    let Some(error) = failure.downcast_ref::<SqlError>() else { return failure };
    let code = match error {
        SqlError::Full(_) => "FULL",
        SqlError::Constraint(_) => "CONSTRAINT",
        SqlError::Refused(_) => "REFUSED",
        SqlError::RowCount(_) => "ROW_COUNT",
        SqlError::TooMuch(_) => "TOO_MUCH",
        _ => "ROW",
    };
    Failure::new(code, error.to_string())
}

/// How a handler or a transaction ends.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum End {
    Well,
    Fails,
    Panics,
}

impl End {
    #[expect(clippy::panic, reason = "what the test asks for")]
    fn end(self) -> Result<(), Failure> {
        match self {
            Self::Well => Ok(()),
            Self::Fails => Err(Failure::new("WANTED", "it fails")),
            Self::Panics => panic!("it panics"),
        }
    }
}

fn write(storage: &Storage, who: &str) -> Result<(), Failure> {
    storage.sql("INSERT INTO purse (name, coins) VALUES (?, ?)", (who, 1)).execute()?;
    storage.put(&format!("written/{who}"), &1)
}

/// Returns who has written by SQL, and by key.
fn written(storage: &Storage) -> Result<(Vec<String>, Vec<String>), Failure> {
    Ok((storage.sql("SELECT name FROM purse ORDER BY name", ()).all()?, storage.entries("written/").keys()?))
}

/// Writes in a transaction and in another one within it, which end as the test says.
async fn transaction(storage: Storage, Data((outer, inner)): Data<(End, End)>) -> Result<Ack<bool>, Failure> {
    let result = storage.transaction(|storage| {
        write(storage, "outer")?;
        let result = storage.transaction(|storage| {
            write(storage, "inner")?;
            inner.end()
        });
        assert_eq!(result.is_ok(), inner == End::Well, "the inner transaction");
        write(storage, "outer, later")?;
        outer.end()
    });
    Ok(Ack(result.is_ok()))
}

/// Keeps a transaction, and then ends as the test says. "both" is also written before it.
async fn keep(storage: Storage, Data(end): Data<End>) -> Result<(), Failure> {
    storage.put("written/before", &1)?;
    storage.put("written/both", &1)?;
    storage.transaction(|storage| {
        storage.transaction(|storage| storage.put("written/both", &2))?;
        write(storage, "kept")
    })?;
    write(&storage, "later")?;
    storage.put("written/kept", &3)?;
    end.end()
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Kinds {
    flag: bool,
    int: i64,
    real: f64,
    text: String,
    blob: Bytes,
    any: Option<Kind>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
enum Kind {
    Some,
}

/// Writes values of all types, and responds with what is read again, and with their types in SQLite.
async fn kinds(storage: Storage, Data(any): Data<bool>) -> Result<Ack<Value>, Failure> {
    storage.sql("DELETE FROM kinds", ()).execute()?;
    let kinds = Kinds {
        flag: true,
        int: -9_007_199_254_740_991,
        real: 0.1 + 0.2,
        text: "a\"\u{1f600}\0é".to_owned(),
        blob: Bytes::from_static(b"\0\xff"),
        any: any.then_some(Kind::Some),
    };
    let values = (kinds.flag, kinds.int, kinds.real, &*kinds.text, &kinds.blob, kinds.any);
    storage.sql("INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?)", values).execute()?;
    let read = storage.sql("SELECT * FROM kinds", ()).one::<Kinds>()?;
    let types = "SELECT typeof(flag), typeof(int), typeof(real), typeof(text), typeof(blob), typeof(any) FROM kinds";
    let types = storage.sql(types, ()).one::<Vec<String>>()?;
    let bytes = storage.sql("SELECT blob FROM kinds", ()).one::<Bytes>()?;
    let hex = storage.sql("SELECT hex(text), hex(blob), blob FROM kinds", ()).one::<(String, String, Vec<u8>)>()?;
    Ok(Ack(json!({ "same": read == kinds && bytes == kinds.blob, "types": types, "hex": hex })))
}

/// What [`entries`] reads.
#[derive(Deserialize)]
struct Range {
    prefix: String,
    after: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    reverse: bool,
}

async fn entries(storage: Storage, Data(range): Data<Range>) -> Result<Ack<Vec<(String, Value)>>, Failure> {
    let mut entries = storage.entries(&range.prefix);
    if let Some(after) = &range.after {
        entries = entries.after(after);
    }
    if let Some(limit) = range.limit {
        entries = entries.limit(limit);
    }
    if range.reverse {
        entries = entries.reverse();
    }
    Ok(Ack(entries.all()?))
}
