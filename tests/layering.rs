//! The layout of `src`: which room may import which, which files may import each other in a circle, how long a file may be, and
//! which code is not allowed.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "support/source/mod.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use source::{File, Graph, files};

/// The section of `ARCHITECTURE.md` whose table this test reads: rooms, what they are, and what they may import.
const SECTION: &str = "## Who may import whom";

/// The stages of the core. Only `core::server` connects them.
const STAGES: [&str; 3] = ["core::engineio", "core::socketio", "core::namespace"];

/// The most files that may import each other in a circle: a reader can still follow so few.
const MAX_CIRCLE: usize = 4;

/// Larger circles that are allowed, by the folder of all their files, each with its reason.
const CIRCLES: [(&str, &str); 1] = [(
    "src/testing/",
    "a TestWorld makes its clients and requests, and each of these holds the world that it speaks to",
)];

/// Names that several files may have, each with its reason.
const REPEATED_NAMES: [(&str, &str); 1] =
    [("dispatch", "the room that calls handlers, and the core's data about what they are called for")];

/// The most lines of a file of Rust or JavaScript.
const MAX_LINES: usize = 400;

/// The most lines of each example, all of its sources together: short enough to be read before it is copied.
const MAX_EXAMPLE_LINES: [(&str, usize); 3] = [("auction", 299), ("chat", 149), ("echo", 149)];

/// Code that panics, and so could end the isolate, with the lint that must be waived beside it.
const PANICS: [(&str, &str); 6] = [
    (".unwrap()", "clippy::unwrap_used"),
    (".expect(", "clippy::expect_used"),
    ("panic!(", "clippy::panic"),
    ("unreachable!(", "clippy::unreachable"),
    ("todo!(", "clippy::todo"),
    ("unimplemented!(", "clippy::unimplemented"),
];

/// The crates that exist for wasm32 only.
const WASM_CRATES: [&str; 5] = ["worker", "js_sys", "wasm_bindgen", "wasm_bindgen_futures", "console_error_panic_hook"];

/// The folders of the files that may use them.
const WASM_FOLDERS: [&str; 2] = ["src/cloudflare/", "src/outside/"];

/// The table of `ARCHITECTURE.md`.
#[derive(Debug)]
struct Table {
    /// What each room may import besides itself: rooms, single items, and `everything`. Groups are replaced by their rooms.
    rows: BTreeMap<String, BTreeSet<String>>,
    /// The same, with groups as written.
    written: BTreeMap<String, BTreeSet<String>>,
    /// The rows of several rooms, by the bold word in the description.
    groups: BTreeMap<String, Vec<String>>,
}

impl Table {
    fn read() -> Self {
        let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ARCHITECTURE.md")).expect("the page");
        let (_, section) = page.split_once(SECTION).expect("the section with the table");
        let section = section.split("\n## ").next().unwrap_or_default();
        let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
        let (mut written, mut groups) = (BTreeMap::new(), BTreeMap::new());
        for line in lines {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            assert_eq!(cells.len(), 3, "a row has three cells: {line}");
            let may: BTreeSet<String> = words(cells[2]).collect();
            if let Some(name) = cells[1].split("**").nth(1) {
                groups.insert(name.to_owned(), words(cells[0]).collect());
            }
            written.extend(words(cells[0]).map(|room| (room, may.clone())));
        }
        let expand = |name: &String| groups.get(name).cloned().unwrap_or_else(|| vec![name.clone()]);
        let rows = written.iter().map(|(room, may)| (room.clone(), may.iter().flat_map(expand).collect())).collect();
        Self { rows, written, groups }
    }

    /// Returns the room that a module or an item belongs to: the row with the longest name.
    fn room_of(&self, path: &str) -> Option<&str> {
        let rooms = self.rows.keys().filter(|room| is_below(path, room));
        rooms.max_by_key(|room| room.len()).map(|room| &**room)
    }
}

/// Returns the words of a cell, which may be marked as code.
fn words(cell: &str) -> impl Iterator<Item = String> {
    cell.split(['`', ' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned)
}

/// Returns whether a path is a module or an item in it.
fn is_below(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Fails with a line for each offence.
fn report(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

/// Returns the imports from other rooms, as (file, room, line, path). `lib.rs` is left out: it only re-exports the public API.
fn imports_between_rooms(table: &Table) -> Vec<(File, String, usize, String)> {
    let mut found = Vec::new();
    for file in files("src").into_iter().filter(|file| !file.module.is_empty()) {
        let room = table.room_of(&file.module).unwrap_or_default().to_owned();
        for import in file.imports() {
            if table.room_of(&import.path) != Some(&room) {
                found.push((file.clone(), room.clone(), import.line, import.path));
            }
        }
    }
    found
}

#[test]
fn rooms_import_what_the_table_allows() {
    let table = Table::read();
    let mut offences = Vec::new();
    for (file, room, line, path) in imports_between_rooms(&table) {
        let may = table.rows.get(&room);
        let is_allowed = may.is_some_and(|may| may.iter().any(|name| name == "everything" || is_below(&path, name)));
        if room.is_empty() {
            offences.push(format!("{}: {} is in no room of the table", file.path, file.module));
        } else if !is_allowed {
            offences.push(format!("{}:{line}: {room} may not import {path}", file.path));
        }
    }
    report(&offences);
}

#[test]
fn the_table_keeps_the_stages_apart() {
    let table = Table::read();
    for stage in STAGES {
        let is_of_another = |name: &&String| STAGES.iter().any(|other| *other != stage && is_below(name, other));
        let found: Vec<_> = table.rows[stage].iter().filter(is_of_another).collect();
        assert!(found.is_empty(), "the table itself lets {stage} import {found:?}");
    }
    for leaf in &table.groups["leaves"] {
        assert_eq!(table.written[leaf], BTreeSet::from(["leaves".to_owned()]), "{leaf} is no leaf");
    }
}

#[test]
fn the_table_has_no_room_and_no_import_too_many() {
    let table = Table::read();
    let files = files("src");
    let imports = imports_between_rooms(&table);
    let mut offences = Vec::new();
    for (room, may) in &table.written {
        if !files.iter().any(|file| is_below(&file.module, room)) {
            offences.push(format!("{room} is in the table and not in src"));
        }
        // A group is named as a whole, and not every room needs all of its rooms.
        for name in may.iter().filter(|name| !table.groups.contains_key(*name) && *name != "everything") {
            if !imports.iter().any(|(_, from, _, path)| from == room && is_below(path, name)) {
                offences.push(format!("{room} may import {name} and does not"));
            }
        }
    }
    report(&offences);
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let code = "mod child;\npub mod other {\n    pub use super::child::Thing as Name;\n}\n\
        pub(crate) use child::{Item, nested::{self, One}};\nuse crate::core::{table, view::{View}};\n\
        use super::sibling::*;\nuse std::rc::Rc;\nfn f() { child::call(); super::climb(Rc::new(crate::id::Sid)) }\n";
    let imports = source::imports("room::file", code);
    let read: Vec<_> = imports
        .iter()
        .map(|import| (import.line, &*import.path, import.name.as_deref().unwrap_or_default(), import.is_reexport))
        .collect();
    let expected = [
        (3, "room::file::child::Thing", "Name", true),
        (5, "room::file::child::Item", "Item", true),
        (5, "room::file::child::nested", "nested", true),
        (5, "room::file::child::nested::One", "One", true),
        (6, "core::table", "table", false),
        (6, "core::view::View", "View", false),
        (7, "room::sibling::*", "*", false),
        (9, "room::file::child::call", "", false),
        (9, "room::climb", "", false),
        (9, "id::Sid", "", false),
    ];
    assert_eq!(read, expected);
}

#[test]
fn files_import_each_other_in_small_circles_only() {
    let files = files("src");
    let graph = Graph::new(&files);
    let circles = graph.circles();
    let large = || circles.iter().filter(|circle| circle.len() > MAX_CIRCLE);
    let is_in = |circle: &[&str], folder: &str| circle.iter().all(|path| path.starts_with(folder));
    let known = |circle: &&Vec<&str>| CIRCLES.iter().any(|(folder, _)| is_in(circle, folder));
    let mut offences: Vec<String> = large()
        .filter(|circle| !known(circle))
        .map(|circle| format!("{} files import each other:\n  {}", circle.len(), circle.join("\n  ")))
        .collect();
    for (folder, _) in CIRCLES.iter().filter(|(folder, _)| !large().any(|circle| is_in(circle, folder))) {
        offences.push(format!("{folder} has no large circle any more: take it off the list"));
    }
    report(&offences);
}

#[test]
fn no_two_files_have_one_name() {
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files("src") {
        by_name.entry(file.stem().to_owned()).or_default().push(file.path);
    }
    let repeated: BTreeMap<_, _> = by_name.into_iter().filter(|(_, paths)| paths.len() > 1).collect();
    let is_known = |name: &str| REPEATED_NAMES.iter().any(|(known, _)| *known == name);
    let unknown = repeated.iter().filter(|(name, _)| !is_known(name));
    let mut offences: Vec<String> = unknown.map(|(name, paths)| format!("{name}: {}", paths.join(", "))).collect();
    for (name, _) in REPEATED_NAMES.iter().filter(|(name, _)| !repeated.contains_key(*name)) {
        offences.push(format!("{name} is not repeated any more: take it off the list"));
    }
    report(&offences);
}

#[test]
fn a_file_is_about_one_subject_and_not_long() {
    let mut offences = Vec::new();
    for folder in ["src", "tests", "benches", "tabletop", "relay", "examples", "miniflare", "perf", "scripts"] {
        refuse_long_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut offences);
    }
    report(&offences);
}

fn refuse_long_files(folder: &Path, offences: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let is = |names: &[&str], part: Option<&OsStr>| part.is_some_and(|part| names.iter().any(|name| part == *name));
        if path.is_dir() {
            if !is(&["build", "node_modules", "target", ".wrangler"], path.file_name()) {
                refuse_long_files(&path, offences);
            }
        } else if is(&["rs", "js", "mjs"], path.extension()) {
            let lines = fs::read_to_string(&path).expect("the file can be read").lines().count();
            if lines > MAX_LINES {
                offences.push(format!("{} has {lines} lines; {MAX_LINES} are enough", path.display()));
            }
        }
    }
}

#[test]
fn an_example_is_read_in_a_minute() {
    let long = |(example, most): (&str, usize)| {
        let lines: usize =
            files(&format!("examples/{example}/src")).iter().map(|file| file.without_tests().lines().count()).sum();
        (lines > most).then(|| format!("{example} has {lines} lines; {most} are enough"))
    };
    report(&MAX_EXAMPLE_LINES.into_iter().filter_map(long).collect::<Vec<_>>());
}

#[test]
fn nothing_panics_without_saying_why() {
    let mut offences = Vec::new();
    for file in files("src") {
        let (code, text) = (file.code(), file.without_tests());
        let (code, text): (Vec<&str>, Vec<&str>) = (code.lines().collect(), text.lines().collect());
        for (number, line) in code.iter().enumerate() {
            for (word, lint) in PANICS.iter().filter(|(word, _)| line.contains(word)) {
                // Beside it means: above it, without an empty line in between.
                let beside = text[..=number].iter().rev().take_while(|line| !line.trim().is_empty());
                let is_waived = beside.into_iter().any(|line| line.contains("expect(") && line.contains(lint));
                if !is_waived {
                    offences.push(format!("{}:{}: {word} without #[expect({lint})]", file.path, number + 1));
                }
            }
        }
    }
    report(&offences);
}

#[test]
fn only_the_platforms_folder_names_the_platforms_crates() {
    let all = files("src");
    let wasm_only: BTreeSet<String> = all.iter().flat_map(File::wasm_only_modules).collect();
    assert!(wasm_only.len() >= 5, "the wasm-only modules are not found: {wasm_only:?}");
    let elsewhere = wasm_only.iter().filter(|path| !WASM_FOLDERS.iter().any(|folder| path.starts_with(folder)));
    let mut offences: Vec<String> = elsewhere
        .map(|path| format!("{path}: a file for wasm32 only that is not in {}", WASM_FOLDERS.join(" or ")))
        .collect();
    for file in all.iter().filter(|file| !wasm_only.contains(&file.path)) {
        let code = file.code();
        let lines: Vec<&str> = code.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let named = WASM_CRATES.iter().find(|name| source::names_crate(line, name));
            let for_wasm = number > 0 && source::is_for_wasm(lines[number - 1]);
            if let Some(name) = named.filter(|_| !for_wasm) {
                offences.push(format!("{}:{}: {name} in a file that the host compiles", file.path, number + 1));
            }
        }
    }
    report(&offences);
}

#[test]
fn paths_do_not_climb_past_their_module() {
    let climbs = |file: &File| -> Vec<String> {
        let code = file.code();
        let lines = code.lines().enumerate().filter(|(_, line)| line.contains("super::super::"));
        lines.map(|(number, _)| format!("{}:{}: super::super", file.path, number + 1)).collect()
    };
    report(&files("src").iter().flat_map(climbs).collect::<Vec<_>>());
}
