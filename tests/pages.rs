//! Every link in the Markdown pages leads to a file and to a heading of it, and every path between backticks exists. The README
//! is short, and the table of contents has every page.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders whose files the pages name.
const FOLDERS: [&str; 11] =
    ["benches", "docs", "examples", "miniflare", "perf", "relay", "scripts", "src", "tabletop", "template", "tests"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the repository's Markdown files.
fn pages() -> Vec<PathBuf> {
    let folders = [root().to_owned(), root().join("docs"), root().join("tests/transcripts")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder of pages can be read"));
    let files = files.map(|entry| entry.expect("a folder of pages can be read").path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

#[test]
fn every_link_and_path_of_the_pages_leads_somewhere() {
    let mut offences = Vec::new();
    for page in pages() {
        let text = prose(&fs::read_to_string(&page).expect("a page can be read"));
        let shown = page.strip_prefix(root()).unwrap_or(&page).display().to_string();
        let broken = links(&text).into_iter().filter_map(|link| follow(&page, link).err());
        let lost = paths(&text).into_iter().filter(|path| !root().join(path).exists());
        offences.extend(broken.map(|problem| format!("{shown}: {problem}")));
        offences.extend(lost.map(|path| format!("{shown}: `{path}` does not exist")));
    }
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

/// Returns a page without its code blocks.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link).collect()
}

/// Checks the file of a link and, if it is a page, the heading. `tests/parity.rs` checks the tests that links name.
fn follow(page: &Path, link: &str) -> Result<(), String> {
    if link.starts_with("http") {
        return Ok(());
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { page.to_owned() } else { page.with_file_name("").join(path) };
    if !target.exists() {
        return Err(format!("{link}: no such file"));
    }
    let is_page = target.extension().is_some_and(|extension| extension == "md");
    if anchor.is_empty() || !is_page {
        return Ok(());
    }
    let text = fs::read_to_string(&target).map_err(|error| format!("{link}: {error}"))?;
    if anchors(&text).contains(anchor) { Ok(()) } else { Err(format!("{link}: no such heading")) }
}

/// Returns the anchors that GitHub makes of a page's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings.map(anchor).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Returns the texts between backticks that are the path of a file or folder of the repository.
fn paths(text: &str) -> Vec<&str> {
    let codes = text.split('`').skip(1).step_by(2);
    let paths = codes.filter(|code| {
        let is_path = code.split_once('/').is_some_and(|(first, _)| FOLDERS.contains(&first));
        is_path && code.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
    });
    // Without build outputs, and without paths with a placeholder such as NAME.
    paths.filter(|path| !path.contains("/build/") && !path.chars().any(|c| c.is_ascii_uppercase())).collect()
}

#[test]
fn the_readme_is_short() {
    let text = fs::read_to_string(root().join("README.md")).expect("the README can be read");
    let lines = text.lines().count();
    assert!(lines <= 150, "README.md has {lines} lines, and 150 at most: the rest belongs into docs");
    let server =
        text.split("```rust\n").nth(1).and_then(|rest| rest.split_once("```")).map(|(code, _)| code.lines().count());
    assert!(server.is_some_and(|lines| lines <= 15), "the README's server has {server:?} lines, and 15 at most");
}

#[test]
fn the_table_of_contents_has_every_page() {
    let contents = root().join("docs/README.md");
    let text = fs::read_to_string(&contents).expect("the table of contents can be read");
    let linked: BTreeSet<PathBuf> = links(&text).into_iter().map(|link| contents.with_file_name(link)).collect();
    let lost = pages()
        .into_iter()
        .filter(|page| page.starts_with(root().join("docs")) && *page != contents && !linked.contains(page));
    let lost: Vec<String> = lost.map(|page| page.display().to_string()).collect();
    assert!(lost.is_empty(), "docs/README.md has no link to {}", lost.join(", "));
}

#[test]
fn links_headings_and_paths_are_found() {
    let text = "# One `two`, three!\n[a](b.md#c) `src/lib.rs` `src/*.rs` `examples/NAME/x` `no/where`\n```sh\n[d](e) `src/f`\n```\n";
    let plain = prose(text);
    assert_eq!(links(&plain), ["b.md#c"]);
    assert_eq!(paths(&plain), ["src/lib.rs"]);
    assert!(anchors(text).contains("one-two-three"));
    let page = root().join("README.md");
    assert_eq!(follow(&page, "docs/parity.md#server"), Ok(()));
    for link in ["nowhere.md", "docs/parity.md#nowhere", "#nowhere"] {
        assert!(follow(&page, link).is_err(), "{link}");
    }
}
