//! Ranges of the rows that a world stores by key, and the size of the object's database.

use wasm_bindgen::prelude::*;

use super::Outside;

#[wasm_bindgen(module = "/src/outside/stored_entries.js")]
extern "C" {
    #[wasm_bindgen(js_name = storedEntries)]
    fn stored_entries(
        state: &JsValue,
        from: &str,
        until: &str,
        reverse: bool,
        max_rows: usize,
        max_bytes: usize,
    ) -> String;
    #[wasm_bindgen(js_name = databaseSize)]
    fn database_size(state: &JsValue) -> f64;
}

/// Returns the keys from `from` on and before `until`, with their texts: at most `max_rows`. `None` if they have more than `max_bytes`.
///
/// # Errors
/// The runtime failed.
pub(crate) fn read(
    outside: &Outside,
    (from, until): (&str, &str),
    reverse: bool,
    max_rows: usize,
    max_bytes: usize,
) -> Result<Option<Vec<(String, String)>>, String> {
    let returned = stored_entries(&outside.state, from, until, reverse, max_rows, max_bytes);
    if let Some(problem) = returned.strip_prefix('!') {
        return Err(problem.to_owned());
    }
    if returned.is_empty() {
        return Ok(None);
    }
    let mut texts = serde_json::from_str::<Vec<String>>(&returned).map_err(|error| error.to_string())?.into_iter();
    let pairs = core::iter::from_fn(|| Some((texts.next()?, texts.next()?)));
    Ok(Some(pairs.collect()))
}

/// Returns the size of the object's database, in bytes.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size is a positive integer")]
pub(crate) fn size(outside: &Outside) -> u64 {
    database_size(&outside.state) as u64
}
