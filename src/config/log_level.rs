//! `LOG`: the lines of the log that are written.

use crate::log::Level;

/// Parses the variable: a level, up to which lines are written, or `off` for none. `info`, if it is empty.
///
/// # Errors
/// It is something else; returns what it may be.
pub(super) fn parse(text: &str) -> Result<Option<Level>, &'static str> {
    let levels = [None, Some(Level::Error), Some(Level::Warn), Some(Level::Info), Some(Level::Debug)];
    if text.is_empty() {
        return Ok(Some(Level::Info));
    }
    let found = levels.into_iter().find(|level| level.map_or("off", Level::as_str) == text);
    found.ok_or("off, error, warn, info or debug")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_parsed_by_their_names() {
        for level in [Level::Error, Level::Warn, Level::Info, Level::Debug] {
            assert_eq!(parse(level.as_str()), Ok(Some(level)));
        }
        assert_eq!(parse("off"), Ok(None));
        assert_eq!(parse(""), Ok(Some(Level::Info)));
        for bad in ["all", "INFO", "info,warn", "3"] {
            assert_eq!(parse(bad), Err("off, error, warn, info or debug"));
        }
    }
}
