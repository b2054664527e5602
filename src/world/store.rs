//! The storage of a world, as the platform provides it.

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

    /// Returns a variable or secret of the deployment; `None` where it is not set.
    fn variable(&self, name: &str) -> Option<String>;
}
