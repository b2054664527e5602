//! The tables of the pages on parity.

use std::fs;
use std::path::Path;

/// The pages, in `docs`.
pub(crate) const PAGES: [&str; 2] = ["parity.md", "parity-foal.md"];

/// A row of a table: its page, line number, section and cells.
pub(crate) struct Row {
    pub page: &'static str,
    pub line: usize,
    pub section: String,
    pub cells: Vec<String>,
}

impl Row {
    /// Returns the first cell, without the backticks.
    pub(crate) fn name(&self) -> &str {
        self.cell(0).trim_matches('`')
    }

    pub(crate) fn cell(&self, place: usize) -> &str {
        self.cells.get(place).map_or("", String::as_str)
    }

    /// Returns a text about the row for a failed test.
    pub(crate) fn offence(&self, problem: &str) -> String {
        format!("docs/{}:{}: {}: {problem}", self.page, self.line, self.name())
    }

    /// Returns the addresses of the links in a cell.
    pub(crate) fn links(&self, place: usize) -> Vec<&str> {
        let links = self.cell(place).split("](").skip(1);
        links.filter_map(|rest| rest.split_once(')')).map(|(address, _)| address).collect()
    }
}

/// Returns the folder of the pages.
pub(crate) fn docs() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"))
}

/// Returns the headings of a page, without its title.
pub(crate) fn headings(page: &str) -> Vec<String> {
    let lines = read(page);
    let headings = lines.lines().filter(|line| line.starts_with("##"));
    headings.map(|line| line.trim_start_matches('#').trim().to_owned()).collect()
}

/// Returns the rows of all pages.
pub(crate) fn all_rows() -> Vec<Row> {
    PAGES.into_iter().flat_map(rows).collect()
}

/// Returns the rows of all tables of a page.
pub(crate) fn rows(page: &'static str) -> Vec<Row> {
    let text = read(page);
    let (mut section, mut rows) = (String::new(), Vec::new());
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((line, text)) = lines.next() {
        if let Some(heading) = text.strip_prefix("##") {
            heading.trim_start_matches('#').trim().clone_into(&mut section);
        }
        let is_head = lines.peek().is_some_and(|(_, next)| next.starts_with("| ---"));
        if let Some(cells) = text.strip_prefix("| ").filter(|cells| !is_head && !cells.starts_with("---")) {
            let cells = cells.trim_end_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
            rows.push(Row { page, line, section: section.clone(), cells });
        }
    }
    rows
}

fn read(page: &str) -> String {
    fs::read_to_string(docs().join(page)).expect("a page can be read")
}

/// Returns what is wrong with the Markdown of a cell.
pub(crate) fn broken(cell: &str) -> Option<&'static str> {
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
fn whole_markdown_is_told_from_broken() {
    assert_eq!(broken("`a::b`, [`c`](d)"), None);
    for cell in ["a::b`, `c::d", "`a", "[a](b", "a](b)", "` a`"] {
        assert!(broken(cell).is_some(), "{cell}");
    }
}
