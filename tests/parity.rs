//! `docs/parity.md` has all names of Socket.IO's server API, and each row has a test or the reason why there is none.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/parity_names/mod.rs"]
mod parity_names;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use parity_names::NAMES;

/// The text in rows whose counterpart is planned.
const TO_COME: &str = "coming with sharded worlds";

/// A row of a table: its line number, its section and its cells.
struct Row {
    line: usize,
    section: String,
    cells: Vec<String>,
}

impl Row {
    /// Returns the first cell, without the backticks.
    fn name(&self) -> &str {
        self.cell(0).trim_matches('`')
    }

    fn cell(&self, place: usize) -> &str {
        self.cells.get(place).map_or("", String::as_str)
    }

    /// Returns the addresses of the links in a cell.
    fn links(&self, place: usize) -> Vec<&str> {
        let links = self.cell(place).split("](").skip(1);
        links.filter_map(|rest| rest.split_once(')')).map(|(address, _)| address).collect()
    }
}

fn docs() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"))
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(docs().join("parity.md")).expect("docs/parity.md can be read");
    let (mut section, mut rows) = (String::new(), Vec::new());
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((line, text)) = lines.next() {
        if let Some(heading) = text.strip_prefix("##") {
            heading.trim_start_matches('#').trim().clone_into(&mut section);
        }
        let is_head = lines.peek().is_some_and(|(_, next)| next.starts_with("| ---"));
        if let Some(cells) = text.strip_prefix("| ").filter(|cells| !is_head && !cells.starts_with("---")) {
            let cells = cells.trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
            rows.push(Row { line, section: section.clone(), cells });
        }
    }
    rows
}

/// Fails with a line for each offence.
fn report(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn every_name_has_a_row_and_no_row_has_another_name() {
    let (mut section, mut names) = ("", BTreeSet::new());
    for line in NAMES.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("# ") {
            Some(heading) => section = heading,
            None => assert!(names.insert((section.to_owned(), line.to_owned())), "{section}: {line} is listed twice"),
        }
    }
    let written: BTreeSet<_> = rows()
        .iter()
        .filter(|row| row.section != "Dormouse's own")
        .map(|row| (row.section.clone(), row.name().to_owned()))
        .collect();
    let missing = names.difference(&written).map(|(section, name)| format!("no row: {section}: {name}"));
    let unknown = written.difference(&names).map(|(section, name)| format!("no such name: {section}: {name}"));
    report(&missing.chain(unknown).collect::<Vec<_>>());
}

#[test]
fn every_row_has_a_test_or_says_why_not() {
    let mut offences = Vec::new();
    for row in rows() {
        let Row { line, cells, .. } = &row;
        if cells.len() != 4 {
            offences.push(format!("docs/parity.md:{line}: {} cells, not 4", cells.len()));
            continue;
        }
        let has_counterpart = row.cell(1) != "—" || row.section == "Dormouse's own";
        let is_shown = !row.links(3).is_empty();
        if has_counterpart != is_shown {
            offences.push(format!("docs/parity.md:{line}: {} has a counterpart or a test, and not both", row.name()));
        }
        // A reason is a sentence.
        if !has_counterpart && row.cell(2).split_whitespace().count() < 5 {
            offences.push(format!("docs/parity.md:{line}: {} has no counterpart and does not say why", row.name()));
        }
        let is_for_many = ["serverSideEmit", "adapter"].iter().any(|name| row.name().contains(name));
        if (is_for_many || row.name() == "Flag: 'local'") && !row.cell(2).contains(TO_COME) {
            offences.push(format!("docs/parity.md:{line}: {} does not say {TO_COME:?}", row.name()));
        }
    }
    report(&offences);
}

#[test]
fn every_link_leads_to_a_test() {
    let mut offences = Vec::new();
    for row in rows() {
        for link in row.links(3) {
            if let Err(problem) = follow(link) {
                offences.push(format!("docs/parity.md:{}: {}: {link}: {problem}", row.line, row.name()));
            }
        }
        for link in row.links(2).into_iter().filter(|link| !link.starts_with("http")) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.is_empty() && !docs().join(path).exists() {
                offences.push(format!("docs/parity.md:{}: {}: {link}: no such file", row.line, row.name()));
            }
        }
    }
    report(&offences);
}

/// Checks the file of a link, and the test in it that the link names.
fn follow(link: &str) -> Result<(), String> {
    let (path, wanted) = link.split_once('#').unwrap_or((link, ""));
    let text = fs::read_to_string(docs().join(path)).map_err(|_| "no such file".to_owned())?;
    let is_transcript = path.starts_with("../tests/transcripts/");
    let is_there = match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("txt") if is_transcript && wanted.is_empty() => true,
        Some("rs" | "mjs") if wanted.is_empty() => return Err("names a file and no test in it".to_owned()),
        Some("rs") => is_test(&text, wanted),
        Some("mjs") => titles(&text).iter().any(|title| slug(title) == wanted),
        _ => return Err("no file of tests".to_owned()),
    };
    if is_there { Ok(()) } else { Err("no such test in it".to_owned()) }
}

/// Returns whether a Rust file has a test function of this name.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let place = lines.iter().position(|line| line.starts_with(&format!("fn {name}(")));
    let before = place.and_then(|place| lines.get(..place)).unwrap_or_default();
    before
        .iter()
        .rev()
        .take_while(|line| line.starts_with('#') || line.starts_with("//"))
        .any(|line| *line == "#[test]")
}

/// Returns the titles of the tests in a JavaScript file that are literals in the line of the call.
fn titles(text: &str) -> Vec<&str> {
    let calls = ["test(", "await t.test("];
    let title = |line: &'_ str| -> Option<(usize, usize)> {
        let rest = calls.iter().find_map(|call| line.trim_start().strip_prefix(call))?;
        let quote = rest.chars().next().filter(|quote| "\"'`".contains(*quote))?;
        let start = line.len() - rest.len() + 1;
        let length = rest.get(1..)?.find(quote)?;
        Some((start, start + length))
    };
    text.lines().filter_map(|line| title(line).and_then(|(start, end)| line.get(start..end))).collect()
}

/// Returns a title in the form of links: words in lower case, joined by dashes.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

#[test]
fn only_tests_are_found() {
    let rust = "#[test]\nfn a() {}\n\nfn b() {}\n#[test]\n#[should_panic]\n    // Why.\nfn c() {}\n";
    let found = ["a", "b", "c", "d"].map(|name| is_test(rust, name));
    assert_eq!(found, [true, false, true, false]);
    let js = "  test(\"it's one\", () => {\n/x/.test(\"none\")\nawait t.test(`two`, f)\ntest(title, f)\n";
    assert_eq!(titles(js), ["it's one", "two"]);
    assert_eq!(slug("it's one"), "it-s-one");
    for link in ["parity.md", "../tests/parity.rs", "../tests/parity.rs#slug", "../tests/nothing.rs#a"] {
        assert!(follow(link).is_err(), "{link}");
    }
}

#[test]
fn the_markdown_of_every_row_is_whole() {
    let mut offences = Vec::new();
    for row in rows() {
        for problem in row.cells.iter().filter_map(|cell| broken(cell).map(|what| format!("{cell:?}: {what}"))) {
            offences.push(format!("docs/parity.md:{}: {problem}", row.line));
        }
    }
    report(&offences);
    assert_eq!(broken("`a::b`, [`c`](d)"), None);
    for cell in ["a::b`, `c::d", "`a", "[a](b", "a](b)", "` a`"] {
        assert!(broken(cell).is_some(), "{cell}");
    }
}

/// Returns what is wrong with the Markdown of a cell.
fn broken(cell: &str) -> Option<&'static str> {
    let pieces: Vec<&str> = cell.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return Some("a backtick has no partner");
    }
    let (code, text): (Vec<_>, Vec<_>) = pieces.iter().enumerate().partition(|(place, _)| place % 2 == 1);
    if code.iter().any(|(_, code)| code.is_empty() || code.trim_matches([' ', ',']) != **code) {
        return Some("what stands between backticks is no code");
    }
    let text: String = text.into_iter().map(|(_, text)| *text).collect();
    if text.contains("::") {
        return Some("a name stands outside of backticks");
    }
    let count = |what: &str| text.matches(what).count();
    let is_whole = count("[") == count("]") && count("](") == count("[") && count("(") == count(")");
    (!is_whole).then_some("a link is not whole")
}

#[test]
fn every_counterpart_exists() {
    let files = expand(source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
    let listing = fs::read_to_string(docs().join("public-api.txt")).expect("docs/public-api.txt can be read");
    let public = public_paths(&listing);
    let mut offences = Vec::new();
    for row in rows() {
        let ours = if row.section == "Dormouse's own" { row.cell(0) } else { row.cell(1) };
        let mut owner = "";
        for path in ours.split('`').skip(1).step_by(2) {
            let path = path.split(['(', '<']).next().unwrap_or_default();
            let (before, name) = path.rsplit_once("::").unwrap_or(("", path));
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || name.to_ascii_uppercase() == *name {
                continue;
            }
            let is_type = name.starts_with(char::is_uppercase);
            let holder = before.rsplit("::").next().unwrap_or_default();
            if holder.starts_with(char::is_uppercase) {
                owner = holder;
            } else if is_type {
                owner = name;
            }
            let is_there = match () {
                () if owner.is_empty() => continue,
                () if is_type && owner == name => files.iter().any(|(is_testing, text)| {
                    *is_testing == before.ends_with("testing") && declares(text, "struct", name).is_some()
                }),
                () => files.iter().any(|(is_testing, text)| !is_testing && has_member(text, owner, name)),
            };
            if !is_there {
                let kind = if owner == name { String::new() } else { format!(" in an impl or enum of {owner}") };
                offences.push(format!("docs/parity.md:{}: {path} is not in src{kind}", row.line));
            }
            // A `pub fn` in the source need not be public: its module may be private.
            let wanted = if owner == name { format!("::{owner}") } else { format!("::{owner}::{name}") };
            if !public.iter().any(|path| path.ends_with(&wanted)) {
                offences.push(format!("docs/parity.md:{}: {path} is not in docs/public-api.txt", row.line));
            }
        }
    }
    report(&offences);
}

/// Returns the paths of the items in the listing of the public API, without generics: `dormouse::Io::emit`.
fn public_paths(listing: &str) -> BTreeSet<String> {
    let items = listing.lines().filter(|line| !line.starts_with('#') || line.starts_with("#["));
    items.filter_map(|line| line.split_once("dormouse").map(|(_, rest)| format!("dormouse{}", path_of(rest)))).collect()
}

/// Returns the path at the start of a text, without anything between `<` and `>`.
fn path_of(text: &str) -> String {
    let (mut depth, mut path) = (0_u32, String::new());
    for c in text.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ':' | '_' => path.push(c),
            _ if c.is_ascii_alphanumeric() => path.push(c),
            _ => break,
        }
    }
    path.trim_end_matches(':').to_owned()
}

#[test]
fn public_paths_have_no_generics() {
    let listing = "# rustc\n#[non_exhaustive] pub enum dormouse::error::E<T: core::fmt::Debug>\n\
                   pub fn dormouse::error::E<T>::code(&self) -> &str\npub dormouse::error::E::One(dormouse::A)\n\
                   pub dormouse::C::code: u16\nimpl core::fmt::Debug for dormouse::D\npub fn dormouse::Io::on<M>(self)\n";
    let found = public_paths(listing);
    for path in [
        "dormouse::error::E",
        "dormouse::error::E::code",
        "dormouse::error::E::One",
        "dormouse::C::code",
        "dormouse::Io::on",
    ] {
        assert!(found.contains(path), "{path}: {found:?}");
    }
    assert!(!found.contains("dormouse::A"));
}

#[test]
fn a_member_belongs_to_its_type() {
    let text = "pub enum A {\n    One,\n    Two(u8),\n}\nimpl A {\n    pub const fn a(&self) {}\n    fn b() {}\n}\n\
                impl<T> C<T> {\n    pub fn c<M>() {}\n}\nimpl B for A {\n    fn d() {}\n}\n";
    let found = |owner: &str| ["One", "Two", "a", "b", "c", "d"].map(|name| has_member(text, owner, name));
    assert_eq!(found("A"), [true, true, true, false, false, false]);
    assert_eq!(found("C"), [false, false, false, false, true, false]);
    assert_eq!(found("B"), [false; 6]);
    let macros = "\nmacro_rules! b {\n    () => {\n        pub fn b(&self) {}\n    };\n}\n".to_owned();
    let files = expand(vec![(false, macros), (false, "\nimpl A {\n    b!();\n}\nimpl C {\n}\n".to_owned())]);
    assert!(files.iter().any(|(_, text)| has_member(text, "A", "b")));
    assert!(!files.iter().any(|(_, text)| has_member(text, "C", "b")));
}

/// Returns whether a type has a public method of this name in a file, or is an enum with a variant of this name.
fn has_member(text: &str, owner: &str, name: &str) -> bool {
    let is_named = |rest: &str| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(['(', '<', ',', ' ']));
    let is_variant = |line: &str| line.strip_prefix("    ").is_some_and(is_named);
    if declares(text, "enum", owner).is_some_and(|body| body.lines().any(is_variant)) {
        return true;
    }
    let is_method = |line: &str| {
        let line = line.trim_start();
        line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub const fn ")).is_some_and(is_named)
    };
    let mut rest = text;
    while let Some((_, block)) = rest.split_once("\nimpl") {
        let head = block.lines().next().unwrap_or_default();
        let of_owner = !head.contains(" for ") && head.split([' ', '<', '>']).any(|word| word == owner);
        if of_owner && up_to_its_end(block).lines().any(is_method) {
            return true;
        }
        rest = block;
    }
    false
}

/// Expands calls of macros without arguments, such as `emitter_methods!();`, in the files.
fn expand(files: Vec<(bool, String)>) -> Vec<(bool, String)> {
    let definitions = files.iter().flat_map(|(_, text)| text.split("\nmacro_rules! ").skip(1));
    let macros: Vec<(String, String)> = definitions
        .filter_map(|definition| definition.split_once(" {\n    () => {\n"))
        .map(|(name, body)| (format!("    {name}!();\n"), up_to_its_end(body).to_owned()))
        .collect();
    let expanded = |text: String| macros.iter().fold(text, |text, (call, body)| text.replace(call, body));
    files.into_iter().map(|(is_testing, text)| (is_testing, expanded(text))).collect()
}

/// Returns the body of a public type's declaration.
fn declares<'a>(text: &'a str, kind: &str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("pub {kind} {name}"))?;
    rest.starts_with(|c: char| !c.is_alphanumeric() && c != '_').then(|| up_to_its_end(rest))
}

/// Returns a block up to the closing brace at the start of a line.
fn up_to_its_end(block: &str) -> &str {
    block.split_once("\n}").map_or(block, |(body, _)| body)
}

/// Returns the source files without their tests, each with whether it belongs to `dormouse::testing`.
fn source(folder: &Path) -> Vec<(bool, String)> {
    let entries = fs::read_dir(folder).expect("src can be read");
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.expect("src can be read").path()) {
        if path.is_dir() {
            files.extend(source(&path));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let text = text.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned();
        files.push((folder.ends_with("testing"), text));
    }
    files
}

#[test]
fn the_deployments_turn_compression_off() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = fs::read_dir(root.join("examples")).expect("examples can be read");
    let folders = examples.map(|entry| entry.expect("examples can be read").path());
    let deployments: Vec<_> =
        core::iter::once(root.to_owned()).chain(folders).map(|folder| folder.join("wrangler.toml")).collect();
    for wrangler in deployments.iter().filter(|path| path.exists()) {
        let text = fs::read_to_string(wrangler).expect("wrangler.toml can be read");
        assert!(text.contains("compatibility_flags = [\"no_web_socket_compression\"]"), "{}", wrangler.display());
    }
    assert!(deployments.iter().filter(|path| path.exists()).count() > 1);
}
