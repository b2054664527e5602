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

const ALL_OF_ROUTES: &str = "all of [`Routes`]";
const ALL_OF_CONTROLLER: &str = "all of [`Controller`]";

/// Words of which the handlers of each kind of call have one in their cell of the table.
const KINDS: [(&str, &[&str]); 25] = [
    ("Lookup", &["predicates of `namespaces`"]),
    ("Connecting", &[ALL_OF_ROUTES]),
    ("Connected", &[ALL_OF_ROUTES]),
    ("Event", &[ALL_OF_ROUTES, "`on`"]),
    ("Incoming", &[ALL_OF_ROUTES, "`guard_event`"]),
    ("Outgoing", &[ALL_OF_ROUTES, "`on_any_outgoing`"]),
    ("Disconnect", &[ALL_OF_ROUTES, "`on_disconnect`"]),
    ("Acked", &[ALL_OF_ROUTES, "`on_ack`"]),
    ("Failed", &[ALL_OF_ROUTES, "`on_error`"]),
    ("NewNamespace", &["`on_new_namespace`"]),
    ("Alarm", &["`on_alarm`"]),
    ("Http", &["`route`"]),
    ("WorkerHttp", &["`worker_route`"]),
    ("Cron", &["`on_scheduled`"]),
    ("Delivery", &["`on_queue`"]),
    ("Upgraded", &["`on_upgrade`"]),
    ("ConnPacket", &["`on_packet`"]),
    ("ConnClosed", &["`on_close`"]),
    ("Engine", &["[`RawRoutes`]"]),
    ("AllowRequest", &["`allow_request`"]),
    ("Requested", &["`guard`"]),
    ("Message", &[ALL_OF_CONTROLLER, "handlers"]),
    ("Hooked", &[ALL_OF_CONTROLLER, "hooks"]),
    ("Erring", &[ALL_OF_CONTROLLER, "`handle_error`"]),
    ("Joining", &[ALL_OF_CONTROLLER]),
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
    // Socket's row is the same as no other one, Io's the same as Socket's, and others' the same as Io's.
    for as_one in ["Socket", "Io"] {
        let cell = table.get(as_one).cloned().expect("a row");
        let told = format!("the same as [`{as_one}`]");
        for handlers in table.values_mut().filter(|handlers| handlers.contains(&told)) {
            handlers.push_str(&cell);
        }
    }
    table
}

/// What an impl of a trait is of: a kind of call, the variable of a macro, or the variable `C` with its bound.
type Impl = (String, String);

#[derive(Default)]
struct Found {
    /// The kinds of calls that each bound stands for.
    bounds: BTreeMap<&'static str, BTreeSet<String>>,
    /// The calls and extractors.
    extractors: BTreeSet<Impl>,
}

/// Returns each pair of a kind of call and an extractor.
fn extractors() -> BTreeSet<Impl> {
    let mut found = Found::default();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let of = |call: &str| match call.strip_prefix("C: ") {
        Some(bound) => found.bounds.get(bound).cloned().expect("a bound that is known"),
        None => BTreeSet::from([call.to_owned()]),
    };
    let pairs = found.extractors.iter();
    pairs.flat_map(|(call, extractor)| of(call).into_iter().map(|call| (call, extractor.clone()))).collect()
}

fn collect(folder: &Path, found: &mut Found) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).expect("the file can be read");
            collect_file(&text, found);
        }
    }
}

fn collect_file(text: &str, found: &mut Found) {
    let mut macro_name = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("macro_rules! ") {
            macro_name = name.trim_end_matches(" {");
        }
        // Each variable of these macros is the first word of an item.
        let kinds = |call: &str| if call.starts_with('$') { items(text, macro_name) } else { vec![call.to_owned()] };
        for bound in ["IoCall", "SocketCall"] {
            let of = line
                .trim_start()
                .strip_prefix("impl ")
                .and_then(|line| line.strip_prefix(bound)?.strip_prefix(" for "));
            if let Some(call) = of.and_then(|of| of.strip_suffix(" {")) {
                found.bounds.entry(bound).or_default().extend(kinds(call));
            }
        }
        if let Some((call, extractor)) = extractor_of(line) {
            found.extractors.extend(kinds(&call).into_iter().map(|call| (call, extractor.clone())));
        }
    }
}

/// Returns the first words of the items with which a file calls a macro: `macro!(Event sent, Alarm);`, or `macro! { Message -> …; … }`.
fn items(text: &str, macro_name: &str) -> Vec<String> {
    let calls = ["(", " {"].map(|open| format!("\n{macro_name}!{open}"));
    let start = calls.iter().find_map(|call| text.find(call).map(|at| at + call.len()));
    let rest = &text[start.expect("a call of the macro")..];
    let end = [");\n", "\n}\n"].iter().filter_map(|close| rest.find(close)).min().expect("an end");
    let without_comments = rest[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<String>();
    let items = without_comments.split([',', ';']).filter_map(|item| item.split_whitespace().next());
    items.map(str::to_owned).collect()
}

/// Returns the call and the extractor of the line `impl … Extract<call> for extractor {`.
fn extractor_of(line: &str) -> Option<Impl> {
    let line = line.trim_start().strip_prefix("impl")?.strip_suffix(" {")?;
    let (before, extractor) = line.split_once("> for ")?;
    let mut call = before[before.rfind(" Extract<")? + " Extract<".len()..].to_owned();
    if call == "C" {
        let bound = before.strip_prefix("<C: ").expect("a bound of C").split([',', '>']).next().unwrap_or_default();
        call = format!("C: {bound}");
    }
    let is_any = ["Option<T>", "Result<T, Failure>"].contains(&extractor);
    (!is_any).then(|| (call, name_of(extractor).to_owned()))
}

#[test]
fn the_table_has_every_extractor() {
    let (table, extractors) = (table(), extractors());
    assert!(extractors.len() > 200, "{extractors:?}");
    for (call, extractor) in &extractors {
        let row = table.get(&**extractor);
        let told = format!(
            "add a row for [`{extractor}`] to the table at `Extract` in src/extract/extractor.rs, for calls of `{call}`"
        );
        let handlers = row.unwrap_or_else(|| panic!("{told}"));
        let (_, words) = KINDS.iter().find(|(kind, _)| kind == call).unwrap_or_else(|| {
            panic!("add the kind of call `{call}` to KINDS in tests/extractors.rs");
        });
        let is_told = words.iter().any(|word| handlers.contains(word));
        assert!(is_told, "{told}: its cell has {handlers:?}, and none of {words:?}");
    }
    let calls: BTreeSet<&str> = extractors.iter().map(|(call, _)| &**call).collect();
    let unused: Vec<_> = KINDS.iter().filter(|(kind, _)| !calls.contains(kind)).collect();
    assert!(unused.is_empty(), "there are no such calls: {unused:?}");
    let known: BTreeSet<&str> = extractors.iter().map(|(_, extractor)| &**extractor).collect();
    let stale: Vec<_> = table.keys().filter(|name| !known.contains(**name)).collect();
    assert!(stale.is_empty(), "the table at `Extract` has what is no extractor: {stale:?}");
}
