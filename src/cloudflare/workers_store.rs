//! The object's own storage, and the variables of its deployment.

use wasm_bindgen::JsValue;

use super::runtime;
use crate::outside::Outside;
use crate::time::Timestamp;
use crate::world::Store;

/// The object's own storage.
#[derive(Debug)]
pub(crate) struct WorkersStore {
    state: JsValue,
    env: JsValue,
}

impl WorkersStore {
    /// Returns the storage of the object with this state, in a deployment with the variables `env`.
    pub(crate) const fn new(state: JsValue, env: JsValue) -> Self {
        Self { state, env }
    }
}

impl Store for WorkersStore {
    fn read(&self, key: &str) -> Result<Option<String>, String> {
        runtime::read_stored(&self.state, key).map_err(|error| runtime::text_of(&error))
    }

    fn write(&self, key: &str, text: Option<&str>) -> Result<(), String> {
        runtime::write_stored(&self.state, key, text).map_err(|error| runtime::text_of(&error))
    }

    fn keys(&self, prefix: &str) -> Result<Vec<String>, String> {
        runtime::stored_keys(&self.state, prefix).map_err(|error| runtime::text_of(&error))
    }

    fn alarms(&self) -> Result<Vec<String>, String> {
        runtime::stored_alarms(&self.state).map_err(|error| runtime::text_of(&error))
    }

    fn first_alarm(&self) -> Result<Option<Timestamp>, String> {
        let first = runtime::first_stored_alarm(&self.state).map_err(|error| runtime::text_of(&error))?;
        Ok(first.map(runtime::time_from_js))
    }

    fn variable(&self, name: &str) -> Option<String> {
        runtime::variable(&self.env, name)
    }

    fn outside(&self) -> Outside {
        Outside { env: self.env.clone(), state: self.state.clone(), states: None, links: None }
    }
}
