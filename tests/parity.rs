//! `docs/parity.md` has all names of Socket.IO's server API, and `docs/parity-foal.md` all sections of FoalTS's page on real-time
//! communication. Each row has a test or the reason why there is none.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/named_tests/mod.rs"]
mod named_tests;
#[path = "support/parity_names/mod.rs"]
mod parity_names;
#[path = "support/parity_rows/mod.rs"]
mod parity_rows;
#[path = "support/public_items/mod.rs"]
mod public_items;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use named_tests::follow;
use parity_names::{FOAL_HEADINGS, NAMES};
use parity_rows::{all_rows, broken, docs, headings, rows};
use public_items::{declares, expand, has_member, public_paths, source};

/// The text in rows whose counterpart is planned.
const TO_COME: &str = "coming with sharded worlds";

/// The headings of FoalTS's page under which there are only others.
const WITHOUT_ROWS: [&str; 2] = ["Architecture", "Advanced"];

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
    let written: BTreeSet<_> = rows("parity.md")
        .iter()
        .filter(|row| row.section != "Dormouse's own")
        .map(|row| (row.section.clone(), row.name().to_owned()))
        .collect();
    let missing = names.difference(&written).map(|(section, name)| format!("no row: {section}: {name}"));
    let unknown = written.difference(&names).map(|(section, name)| format!("no such name: {section}: {name}"));
    report(&missing.chain(unknown).collect::<Vec<_>>());
}

#[test]
fn the_page_on_foalts_follows_its_document() {
    let written = headings("parity-foal.md");
    let wanted: Vec<&str> = FOAL_HEADINGS.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(written, wanted, "the sections are those of the document, in its order, and `Beyond the document`");
    let rows = rows("parity-foal.md");
    let has_rows = |heading: &&&str| !rows.iter().any(|row| row.section == ***heading);
    let empty: Vec<&&str> = wanted.iter().filter(|heading| !WITHOUT_ROWS.contains(heading)).filter(has_rows).collect();
    assert!(empty.is_empty(), "no row: {empty:?}");
}

#[test]
fn every_row_has_a_test_or_says_why_not() {
    let mut offences = Vec::new();
    for row in all_rows() {
        if row.cells.len() != 4 {
            offences.push(row.offence(&format!("{} cells, not 4", row.cells.len())));
            continue;
        }
        let has_counterpart = row.cell(1) != "—" || row.section == "Dormouse's own";
        let is_shown = !row.links(3).is_empty();
        if has_counterpart != is_shown {
            offences.push(row.offence("it has a counterpart or a test, and not both"));
        }
        // A reason is a sentence.
        if !has_counterpart && row.cell(2).split_whitespace().count() < 5 {
            offences.push(row.offence("it has no counterpart and does not say why"));
        }
        let is_for_many = ["serverSideEmit", "adapter"].iter().any(|name| row.name().contains(name));
        if (is_for_many || row.name() == "Flag: 'local'") && !row.cell(2).contains(TO_COME) {
            offences.push(row.offence(&format!("it does not say {TO_COME:?}")));
        }
    }
    report(&offences);
}

#[test]
fn every_link_leads_to_a_test() {
    let mut offences = Vec::new();
    for row in all_rows() {
        for link in row.links(3) {
            if let Err(problem) = follow(docs(), link) {
                offences.push(row.offence(&format!("{link}: {problem}")));
            }
        }
        for link in row.links(2).into_iter().filter(|link| !link.starts_with("http")) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.is_empty() && !docs().join(path).exists() {
                offences.push(row.offence(&format!("{link}: no such file")));
            }
        }
    }
    report(&offences);
}

#[test]
fn the_markdown_of_every_row_is_whole() {
    let mut offences = Vec::new();
    for row in all_rows() {
        for problem in row.cells.iter().filter_map(|cell| broken(cell).map(|what| format!("{cell:?}: {what}"))) {
            offences.push(row.offence(&problem));
        }
    }
    report(&offences);
}

#[test]
fn every_counterpart_exists() {
    let files = expand(source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
    let listing = fs::read_to_string(docs().join("public-api.txt")).expect("docs/public-api.txt can be read");
    let public = public_paths(&listing);
    let mut offences = Vec::new();
    for row in all_rows() {
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
            // A function of a module, such as `controller::render_error`.
            let is_free = !is_type && holder.starts_with(char::is_lowercase);
            let is_there = match () {
                () if is_free => files
                    .iter()
                    .any(|(_, text)| ["fn", "async fn"].into_iter().any(|kind| declares(text, kind, name).is_some())),
                () if owner.is_empty() => continue,
                () if is_type && owner == name => files.iter().any(|(is_testing, text)| {
                    let is_declared = |kind| declares(text, kind, name).is_some();
                    *is_testing == before.ends_with("testing") && ["struct", "enum"].into_iter().any(is_declared)
                }),
                () => files.iter().any(|(is_testing, text)| !is_testing && has_member(text, owner, name)),
            };
            if !is_there {
                let kind = if owner == name { String::new() } else { format!(" in an impl or enum of {owner}") };
                offences.push(row.offence(&format!("{path} is not in src{kind}")));
            }
            // A `pub fn` in the source need not be public: its module may be private.
            let wanted = match () {
                () if is_free => format!("::{holder}::{name}"),
                () if owner == name => format!("::{owner}"),
                () => format!("::{owner}::{name}"),
            };
            if !public.iter().any(|path| path.ends_with(&wanted)) {
                offences.push(row.offence(&format!("{path} is not in docs/public-api.txt")));
            }
        }
    }
    report(&offences);
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
