//! The storage of a world, as the platform provides it.

use crate::outside::Outside;
use crate::time::Timestamp;

/// The texts that a world stores, by key, and the variables of its deployment.
pub trait Store {
    /// Returns the text of a key; `None` where it has none.
    ///
    /// # Errors
    /// The runtime failed.
    fn read(&self, key: &str) -> Result<Option<String>, String>;

    /// Writes the text of a key, or deletes it.
    ///
    /// # Errors
    /// The runtime failed.
    fn write(&self, key: &str, text: Option<&str>) -> Result<(), String>;

    /// Returns the keys that start with `prefix`, in order.
    ///
    /// # Errors
    /// The runtime failed.
    fn keys(&self, prefix: &str) -> Result<Vec<String>, String>;

    /// Returns the texts of the rows of named alarms: those of the keys that start with `alarm:`.
    ///
    /// # Errors
    /// The runtime failed.
    fn alarms(&self) -> Result<Vec<String>, String>;

    /// Returns the smallest `at`, in milliseconds, of these texts, which are JSON. Unlike [`alarms`](Self::alarms), it copies none of
    /// them.
    ///
    /// # Errors
    /// The runtime failed, or a text is not JSON.
    fn first_alarm(&self) -> Result<Option<Timestamp>, String>;

    /// Returns a variable or secret of the deployment; `None` where it is not set.
    fn variable(&self, name: &str) -> Option<String>;

    /// Returns what the platform has beside this.
    fn outside(&self) -> Outside;
}
