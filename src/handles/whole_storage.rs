//! A world's storage as a whole: its size, and its end.

use super::storage::{Storage, gone};
use crate::error::Failure;

impl Storage {
    /// Deletes all keys, and with the feature `sql` all tables, indexes, views and triggers of the app, and then runs its migrations again:
    /// the storage is as that of a new world. Named alarms and [sessions of users](crate::session) stay, and so does what Dormouse stores of its
    /// clients: sockets, rooms, data.
    /// It is a [`transaction`](Self::transaction): keys, tables and the number of the last migration are all as new, or all as they were.
    /// If it returns `Ok`, it is not undone when the handler fails later, but with a transaction around it that fails.
    ///
    /// # Errors
    /// As for [`delete`](Self::delete), or a migration has failed. Values of more than 16 MB are refused, because they are kept in memory
    /// to be restored: delete some of them first, in several transactions. A migration cannot call it.
    pub fn delete_all(&self) -> Result<(), Failure> {
        self.transaction(|storage| {
            for key in storage.keys("")? {
                storage.delete(&key)?;
            }
            #[cfg(feature = "sql")]
            storage.delete_tables()?;
            Ok(())
        })
    }

    /// Returns the size of the world's database in bytes, with all that Dormouse stores in it. In a test on the host, these are the bytes
    /// of the app's keys and values, and of its tables.
    ///
    /// # Errors
    /// The platform failed, or the world is gone.
    pub fn size(&self) -> Result<u64, Failure> {
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        #[cfg(target_arch = "wasm32")]
        return Ok(crate::outside::stored_entries::size(&world.outside()));
        #[cfg(not(target_arch = "wasm32"))]
        {
            let mut bytes = 0;
            for key in self.keys("")? {
                bytes +=
                    key.len() + world.read(self.owner, &key).map_err(Failure::of_storage)?.unwrap_or_default().len();
            }
            let bytes = bytes as u64;
            #[cfg(feature = "sql")]
            let bytes = bytes + crate::outside::sql::host_bytes(&world.outside()).map_err(Failure::of_storage)?;
            Ok(bytes)
        }
    }
}
