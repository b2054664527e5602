//! The world's named alarms, as they are stored.

use super::platform::Platform;
use crate::core::alarms::NamedAlarm;

const KEY: &str = "alarms";

/// Reads the named alarms.
///
/// # Errors
/// The platform's own, or the text is damaged.
pub(super) fn read(platform: &impl Platform) -> Result<Vec<NamedAlarm>, String> {
    match platform.store().read(KEY)? {
        Some(text) => serde_json::from_str(&text).map_err(|error| error.to_string()),
        None => Ok(Vec::new()),
    }
}

/// Writes the named alarms.
///
/// # Errors
/// The platform's own.
pub(super) fn write(platform: &impl Platform, alarms: &[NamedAlarm]) -> Result<(), String> {
    // A name, a number and a text always serialise.
    let text = (!alarms.is_empty()).then(|| serde_json::to_string(alarms).unwrap_or_default());
    platform.store().write(KEY, text.as_deref())
}
