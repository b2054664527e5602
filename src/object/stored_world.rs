//! The snapshot of the world itself, as it is stored.

use super::platform::Platform;
use crate::core::snapshot::WorldSnapshot;

/// The key of the named alarms.
const ALARMS: &str = "alarms";

/// Reads the snapshot of the world itself.
///
/// # Errors
/// The platform's own, or the text is damaged.
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
/// The platform's own.
pub(super) fn write(platform: &impl Platform, WorldSnapshot { alarms }: &WorldSnapshot) -> Result<(), String> {
    // A name, a number and a text always serialise.
    let text = (!alarms.is_empty()).then(|| serde_json::to_string(alarms).unwrap_or_default());
    platform.store().write(ALARMS, text.as_deref())
}
