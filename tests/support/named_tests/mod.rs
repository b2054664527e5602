//! The tests that links name, such as `../tests/parity.rs#only_tests_are_found`.

use std::fs;
use std::path::Path;

/// Checks the file of a link, and the test in it that the link names.
pub(crate) fn follow(docs: &Path, link: &str) -> Result<(), String> {
    let (path, wanted) = link.split_once('#').unwrap_or((link, ""));
    let text = fs::read_to_string(docs.join(path)).map_err(|_| "no such file".to_owned())?;
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
    let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"));
    for link in ["parity.md", "../tests/parity.rs", "../tests/parity.rs#slug", "../tests/nothing.rs#a"] {
        assert!(follow(docs, link).is_err(), "{link}");
    }
}
