//! A world's own storage.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::world_api::WorldHandle;
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
#[derive(Clone, Debug)]
pub struct Storage {
    world: WorldHandle,
}

impl Storage {
    pub(crate) const fn new(world: WorldHandle) -> Self {
        Self { world }
    }

    /// Returns the value of a key; `None` if the key is not there.
    ///
    /// # Errors
    /// The value is not a `T`, the platform failed, or the world is gone.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        let json = world.read(key).map_err(Failure::of_storage)?;
        Ok(json.map(|json| json::from_str(&json)).transpose()?)
    }

    /// Writes a value. A key has at most 2,048 bytes, a value 1,900,000 bytes of JSON.
    ///
    /// # Errors
    /// The value cannot be written as JSON, the key or the value is too long, the platform failed, or the world is gone. The
    /// earlier value stays.
    pub fn put<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        let json = serde_json::to_string(value)?;
        let too_long = |what: &str, bytes: usize, max: usize| {
            Err(Failure::new("STORAGE_TOO_LONG", format!("the {what} has {bytes} bytes, and may have {max}")))
        };
        match (key.len(), json.len()) {
            (bytes, _) if bytes > MAX_STORAGE_KEY_BYTES => too_long("key", bytes, MAX_STORAGE_KEY_BYTES),
            (_, bytes) if bytes > MAX_STORAGE_VALUE_BYTES => too_long("value", bytes, MAX_STORAGE_VALUE_BYTES),
            _ => world.write(key, Some(&json)).map_err(Failure::of_storage),
        }
    }

    /// Deletes a key, if it is there.
    ///
    /// # Errors
    /// The platform failed, or the world is gone.
    pub fn delete(&self, key: &str) -> Result<(), Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        world.write(key, None).map_err(Failure::of_storage)
    }

    /// Returns the keys that start with `prefix`, in order.
    ///
    /// # Errors
    /// The platform failed, or the world is gone.
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        world.keys(prefix).map_err(Failure::of_storage)
    }
}

fn gone() -> Failure {
    Failure::of_storage("the world is gone".to_owned())
}
