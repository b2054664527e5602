//! The stored snapshot of the world itself: its named alarms.

use super::platform::Platform;
use crate::core::snapshot::WorldSnapshot;

/// The key of the named alarms.
const ALARMS: &str = "alarms";

/// Reads the snapshot of the world itself.
///
/// # Errors
/// The platform failed, or the text is damaged.
pub(super) fn read(platform: &impl Platform) -> Result<WorldSnapshot, String> {
    let alarms = match platform.store().read(ALARMS)? {
        Some(text) => serde_json::from_str(&text).map_err(|error| error.to_string())?,
        None => Vec::new(),
    };
    Ok(WorldSnapshot { alarms })
}

/// Writes the snapshot of the world itself.
///
/// # Errors
/// The platform failed.
pub(super) fn write(platform: &impl Platform, WorldSnapshot { alarms }: &WorldSnapshot) -> Result<(), String> {
    // Names, numbers and texts can always be written as JSON.
    let text = (!alarms.is_empty()).then(|| serde_json::to_string(alarms).unwrap_or_default());
    platform.store().write(ALARMS, text.as_deref())
}
