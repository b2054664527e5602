//! The table of extractors at `Extract` has every extractor, with the handlers that may have it.
#![expect(
    clippy::expect_used,
    clippy::string_slice,
    reason = "a test fails by panicking; every position comes from a search"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const TABLE: &str = include_str!("../src/extract/extractor.rs");

/// A word that the handlers of each kind of call have in their cell of the table.
const KINDS: [(&str, &str); 20] = [
    ("Event", "`on`"),
    ("Incoming", "`guard_event`"),
    ("Outgoing", "`on_any_outgoing`"),
    ("Disconnect", "`on_disconnect`"),
    ("Acked", "`on_ack`"),
    ("Alarm", "`on_alarm`"),
    ("Failed", "`on_error`"),
    ("Http", "`route`"),
    ("WorkerHttp", "`worker_route`"),
    ("Cron", "`on_scheduled`"),
    ("Delivery", "`on_queue`"),
    ("Upgraded", "`on_upgrade`"),
    ("ConnPacket", "`on_packet`"),
    ("ConnClosed", "`on_close`"),
    ("Engine", "[`RawRoutes`]"),
    ("AllowRequest", "`allow_request`"),
    ("Requested", "`guard`"),
    ("Message", "[`Controller`]"),
    ("Hooked", "[`Controller`]"),
    ("Erring", "[`Controller`]"),
];

/// Returns the name of a type without its arguments: `HttpRequest` of `Rc<HttpRequest>`, `Data` of `Data<T>`, `EventName` of
/// `Option<EventName>`.
fn name_of(written: &str) -> &str {
    let inner = ["Rc<", "Option<"].iter().find_map(|around| written.strip_prefix(around)).unwrap_or(written);
    inner.split(['<', '>']).next().unwrap_or_default()
}

/// Returns the extractors of each row, with the cell of their handlers.
fn table() -> BTreeMap<&'static str, String> {
    let mut table: BTreeMap<_, String> = BTreeMap::new();
    let rows = TABLE.lines().filter_map(|line| line.strip_prefix("/// | "));
    for row in rows.filter(|row| row.starts_with(['[', '`'])) {
        let (extractors, handlers) = row.split_once(" | ").expect("two cells");
        for written in extractors.split('`').filter(|part| part.starts_with(char::is_uppercase) && !part.ends_with('<'))
        {
            table.entry(name_of(written)).or_default().push_str(handlers);
        }
    }
    table
}

/// Returns each pair of a kind of call, or the variable of a macro or an impl, and an extractor.
fn extractors() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

fn collect(folder: &Path, found: &mut BTreeSet<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(path).expect("the file can be read");
            found.extend(text.lines().filter_map(extractor_of));
        }
    }
}

/// Returns the call and the extractor of the line `impl … Extract<call> for extractor {`.
fn extractor_of(line: &str) -> Option<(String, String)> {
    let line = line.trim_start().strip_prefix("impl")?.strip_suffix(" {")?;
    let (before, extractor) = line.split_once("> for ")?;
    let call = &before[before.rfind(" Extract<")? + " Extract<".len()..];
    let is_any = ["Option<T>", "Result<T, Failure>"].contains(&extractor);
    (!is_any).then(|| (call.to_owned(), name_of(extractor).to_owned()))
}

#[test]
fn the_table_has_every_extractor() {
    let (table, extractors) = (table(), extractors());
    assert!(extractors.len() > 30, "{extractors:?}");
    for (call, extractor) in &extractors {
        let row = table.get(&**extractor);
        let told = format!(
            "add a row for [`{extractor}`] to the table at `Extract` in src/extract/extractor.rs, for calls of `{call}`"
        );
        let handlers = row.unwrap_or_else(|| panic!("{told}"));
        let kind = KINDS.iter().find(|(kind, _)| kind == call);
        let is_generic = call == "C" || call.starts_with('$');
        match kind {
            Some((_, word)) => assert!(handlers.contains(word), "{told}: its cell has {handlers:?}, without {word}"),
            None => assert!(is_generic, "add the kind of call `{call}` to KINDS in tests/extractors.rs"),
        }
    }
    let known: BTreeSet<&str> = extractors.iter().map(|(_, extractor)| &**extractor).collect();
    let stale: Vec<_> = table.keys().filter(|name| !known.contains(**name)).collect();
    assert!(stale.is_empty(), "the table at `Extract` has what is no extractor: {stale:?}");
}
