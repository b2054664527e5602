//! The layout of `src`, held to a table: who may import whom, how long a file may be, and what may not be written at all.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that meets the unexpected is to fail")]

#[path = "support/source/mod.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{File, files};

/// Every module of `src` with what it may import of the crate, besides itself. `leaves` stands for all of the first block.
const TABLE: &str = "
    time      :
    limits    :
    value     : limits
    error     : value
    id        : limits
    config    : limits
    request   : error id limits time
    table     : id time
    effect    : error id request value
    input     : effect error id request time value
    snapshot  : id request table time engine::HeartbeatState

    engine    : leaves
    socket    : leaves snapshot
    namespace : leaves
    server    : leaves snapshot engine socket namespace

    handler   : leaves socket::RESERVED_EVENTS
    tabletop  : leaves handler
    admin     : leaves handler socket::check_placeholders

    runtime   : time
    edge      : leaves runtime handler admin
    durable   : leaves snapshot engine server handler admin runtime edge::cors edge::route edge::respond edge::head
    testing   : leaves admin durable engine handler server snapshot socket
    export    : durable::Object edge::entry handler
";

const LEAVES: [&str; 10] = ["time", "limits", "value", "error", "id", "config", "request", "table", "effect", "input"];

/// Lines of a file, without its tests.
const MAX_LINES: usize = 400;

/// Lines of an example, all of its sources together: whoever copies it has read it.
const MAX_EXAMPLE_LINES: usize = 149;

/// What would take the isolate down, with the lint whose waiver must stand beside it.
const PANICS: [(&str, &str); 6] = [
    (".unwrap()", "clippy::unwrap_used"),
    (".expect(", "clippy::expect_used"),
    ("panic!(", "clippy::panic"),
    ("unreachable!(", "clippy::unreachable"),
    ("todo!(", "clippy::todo"),
    ("unimplemented!(", "clippy::unimplemented"),
];

/// The crates that exist for wasm32 only.
const WASM_CRATES: [&str; 5] = ["worker", "js_sys", "wasm_bindgen", "wasm_bindgen_futures", "getrandom"];

fn table() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let rows = TABLE.lines().filter_map(|line| line.split_once(" :").or_else(|| line.split_once(':')));
    let row = |(module, may): (&'static str, &'static str)| {
        let names = may.split_whitespace();
        let may = names.flat_map(|name| if name == "leaves" { LEAVES.to_vec() } else { vec![name] });
        (module.trim(), may.collect())
    };
    rows.map(row).collect()
}

/// Whether the table's row `may` allows the path `import`.
fn is_allowed(may: &BTreeSet<&str>, import: &str) -> bool {
    may.iter()
        .any(|allowed| import == *allowed || import.strip_prefix(allowed).is_some_and(|rest| rest.starts_with("::")))
}

/// Fails with a line for each offence.
fn report(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn modules_import_what_the_table_allows() {
    let table = table();
    let mut offences = Vec::new();
    for file in files("src").iter().filter(|file| file.module != "lib") {
        let Some(may) = table.get(&*file.module) else {
            offences.push(format!("{}: the module {:?} is not in the table", file.path, file.module));
            continue;
        };
        for (line, import) in file.imports() {
            let to = import.split("::").next().unwrap_or_default();
            // A path of one word is the crate's own: what `lib.rs` names again is for strangers.
            if to != file.module && !is_allowed(may, &import) {
                offences.push(format!("{}:{line}: {} may not import {import}", file.path, file.module));
            }
        }
    }
    report(&offences);
}

#[test]
fn stages_do_not_import_one_another() {
    let (table, stages) = (table(), ["engine", "socket", "namespace"]);
    for stage in stages {
        assert!(
            stages.iter().all(|other| !table[stage].contains(other)),
            "the table itself lets {stage} import another"
        );
    }
    assert!(LEAVES.iter().all(|leaf| table[leaf].iter().all(|import| LEAVES.contains(import))), "a leaf is no leaf");
}

#[test]
fn the_table_has_no_row_and_no_import_too_many() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files("src") {
        imports.entry(file.module.clone()).or_default().extend(file.imports().into_iter().map(|(_, import)| import));
    }
    let mut offences = Vec::new();
    for (module, may) in table() {
        let Some(used) = imports.get(module) else {
            offences.push(format!("{module} is in the table and not in src"));
            continue;
        };
        // The leaves are named as one, and not every stage needs each of them.
        for name in may.iter().filter(|name| LEAVES.contains(&module) || !LEAVES.contains(name)) {
            let is_used = used.iter().any(|import| is_allowed(&BTreeSet::from([*name]), import));
            if !is_used {
                offences.push(format!("{module} may import {name} and does not"));
            }
        }
    }
    report(&offences);
}

#[test]
fn a_file_is_about_one_subject_and_not_long() {
    let long = |file: &File| {
        let lines = file.without_tests().lines().count();
        (lines > MAX_LINES).then(|| format!("{} has {lines} lines; {MAX_LINES} are enough", file.path))
    };
    report(&[files("src"), files("tests")].concat().iter().filter_map(long).collect::<Vec<_>>());
}

#[test]
fn an_example_is_read_in_a_minute() {
    let long = |example: &str| {
        let lines: usize =
            files(&format!("examples/{example}/src")).iter().map(|file| file.without_tests().lines().count()).sum();
        (lines > MAX_EXAMPLE_LINES).then(|| format!("{example} has {lines} lines; {MAX_EXAMPLE_LINES} are enough"))
    };
    report(&["chat", "echo"].into_iter().filter_map(long).collect::<Vec<_>>());
}

#[test]
fn nothing_panics_without_saying_why() {
    let mut offences = Vec::new();
    for file in files("src") {
        let (code, text) = (file.code(), file.without_tests());
        let (code, text): (Vec<&str>, Vec<&str>) = (code.lines().collect(), text.lines().collect());
        for (number, line) in code.iter().enumerate() {
            for (word, lint) in PANICS.iter().filter(|(word, _)| line.contains(word)) {
                // Beside it: above, with no empty line between.
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
fn the_runtime_is_named_in_wasm_only_files() {
    let all = files("src");
    let wasm_only: BTreeSet<String> = all.iter().flat_map(File::wasm_only_modules).collect();
    assert!(wasm_only.len() >= 5, "the wasm-only modules are not found: {wasm_only:?}");
    let mut offences = Vec::new();
    for file in all.iter().filter(|file| !wasm_only.contains(&file.path)) {
        // What `export` makes is made for wasm32 only, by a macro; all else there is of the shell.
        if file.path == "src/export.rs" {
            continue;
        }
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
