//! A world's own storage.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::world_api::{Owner, WorldHandle};
use crate::error::Failure;
use crate::limits::{MAX_STORAGE_KEY_BYTES, MAX_STORAGE_VALUE_BYTES};
use crate::value::json;

/// A world's own storage: values by key, in the object's SQLite. It survives hibernation and deploys, and stays when no client
/// is connected. Reading and writing are synchronous. A write is one row (billed), and messages that are sent after it are
/// delayed until it is on disk.
///
/// ```
/// use dormouse::{Data, Failure, Io, Storage};
///
/// async fn count(io: Io, storage: Storage) -> Result<(), Failure> {
///     let visits = storage.get::<u64>("visits")?.unwrap_or_default() + 1;
///     storage.put("visits", &visits)?;
///     io.emit("visits", visits)?;
///     Ok(())
/// }
/// # dormouse::App::new().namespace("/", |ns| ns.on_connect(count));
/// ```
///
/// # If a handler fails
/// If a handler of any kind returns an error or panics before it first waits for something, what it has written is undone, and so are
/// the alarms that it has set or cleared. A handler waits where an `await` is not ready at once. What it wrote before that stays if it
/// fails later: use a [`transaction`](Self::transaction) for what belongs together. What a transaction has kept stays, too, whenever
/// the handler fails. What it has emitted is sent all the same, and rooms and `socket.data` stay as it left them. An abort, such as a stack overflow or a lack of memory, is no panic: what was written
/// before it stays.
///
/// # If the process ends
/// What is written without a wait in between is on disk together, or not at all: the runtime commits it in one SQLite
/// transaction (`ActorSqlite::onWrite` in workerd). It holds back what is sent after a write until the commit, so that no client has
/// seen the effect of a write that was lost.
///
/// # If the database is full
/// A write returns an [internal](Failure#what-clients-are-told) error, and what was there stays. Reading and deleting work, and the world goes on.
#[derive(Clone, Debug)]
pub struct Storage {
    pub(super) world: WorldHandle,
    pub(super) owner: Owner,
}

impl Storage {
    pub(crate) const fn new(world: WorldHandle) -> Self {
        Self { world, owner: Owner::App }
    }

    /// Returns the rows that Dormouse keeps of sessions of users. They are not among the app's, and what is written there is not undone if
    /// a handler fails.
    pub(crate) const fn of_sessions(world: WorldHandle) -> Self {
        Self { world, owner: Owner::Sessions }
    }

    /// Returns the value of a key; `None` if the key is not there.
    ///
    /// # Errors
    /// The value is not a `T`, the platform failed, or the world is gone.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        match self.read(key)? {
            Some(json) => Ok(Some(json::from_str(&json)?)),
            None => Ok(None),
        }
    }

    // What is not generic is in the wasm once.
    fn read(&self, key: &str) -> Result<Option<String>, Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        world.read(self.owner, key).map_err(Failure::of_storage)
    }

    /// Writes a value. A key has at most 2,048 bytes, a value 1,900,000 bytes of JSON.
    ///
    /// # Errors
    /// The value cannot be written as JSON, the key or the value is too long, the platform failed, as when the database is full, or
    /// the world is gone. Also, what a handler replaces or deletes before it first waits, or a transaction, is kept in memory to be
    /// restored: an error if it has more than 16 MB. The earlier value stays.
    pub fn put<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Failure> {
        self.write(key, &serde_json::to_string(value)?)
    }

    fn write(&self, key: &str, json: &str) -> Result<(), Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        let too_long = |what: &str, bytes: usize, max: usize| {
            Err(Failure::new("STORAGE_TOO_LONG", format!("the {what} has {bytes} bytes, and may have {max}")))
        };
        match (key.len(), json.len()) {
            (bytes, _) if bytes > MAX_STORAGE_KEY_BYTES => too_long("key", bytes, MAX_STORAGE_KEY_BYTES),
            (_, bytes) if bytes > MAX_STORAGE_VALUE_BYTES => too_long("value", bytes, MAX_STORAGE_VALUE_BYTES),
            _ => world.write(self.owner, key, Some(json)).map_err(Failure::of_storage),
        }
    }

    /// Deletes a key, if it is there.
    ///
    /// # Errors
    /// The platform failed, the world is gone, or the handler has replaced too much: see [`put`](Self::put). The value stays.
    pub fn delete(&self, key: &str) -> Result<(), Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        world.write(self.owner, key, None).map_err(Failure::of_storage)
    }

    /// Calls `body`, and keeps all of its writes or none: if it returns an error or panics, what it has written is undone, and so are
    /// the alarms that it has set or cleared. What it has emitted is sent all the same. A transaction within another one is undone
    /// alone. With the feature `sql`, what it has written by SQL is undone with the rest.
    ///
    /// What an outermost transaction has kept stays as a whole, also if the handler fails later. The handler's failure undoes
    /// other writes of the handler before it first waits, but not of keys and alarms that the transaction has written since.
    ///
    /// ```
    /// use dormouse::{Data, Failure, Storage};
    ///
    /// async fn pay(storage: Storage, Data((from, to, coins)): Data<(String, String, u32)>) -> Result<(), Failure> {
    ///     storage.transaction(|storage| {
    ///         let purse = |name: &str| Ok::<_, Failure>(storage.get::<u32>(name)?.unwrap_or_default());
    ///         storage.put(&to, &(purse(&to)? + coins))?;
    ///         let rest = purse(&from)?.checked_sub(coins).ok_or(Failure::new("POOR", "there are not so many coins"))?;
    ///         storage.put(&from, &rest)
    ///     })
    /// }
    /// # dormouse::App::new().namespace("/", |ns| ns.on("pay", pay));
    /// ```
    ///
    /// # Errors
    /// That of `body`; or an error with the code `STORAGE`, if the platform failed to undo a write, or the world is gone.
    pub fn transaction<T>(&self, body: impl FnOnce(&Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        let (mut body, mut result) = (Some(body), Err(gone()));
        let undone = world.transaction(&mut || {
            if let Some(body) = body.take() {
                result = body(self);
            }
            result.is_ok()
        });
        undone.map_err(Failure::of_storage)?;
        result
    }

    /// Returns the keys that start with `prefix`, in order.
    ///
    /// # Errors
    /// The platform failed, or the world is gone.
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        world.keys(self.owner, prefix).map_err(Failure::of_storage)
    }
}

pub(super) fn gone() -> Failure {
    Failure::of_storage("the world is gone".to_owned())
}
