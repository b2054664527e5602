//! The table of variables in `docs/deploying.md` has every variable that the configuration has, with its default and its range.
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::collections::BTreeSet;

use dormouse::internal::Config;

const TABLE: &str = include_str!("../docs/deploying.md");

/// A row of the table: the variable, its default, and its range.
fn rows() -> Vec<[&'static str; 3]> {
    let cells = |line: &'static str| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect::<Vec<_>>();
    let table = TABLE.lines().skip_while(|line| !line.starts_with("| variable | default |"));
    let rows = table.skip(2).take_while(|line| line.starts_with('|')).map(cells);
    rows.map(|cells| [cells[1], cells[2], cells[3]]).collect()
}

fn parse(variable: &str, value: &str) -> Result<Config, String> {
    Config::parse(|name| (name == variable).then(|| value.to_owned())).map_err(|error| error.to_string())
}

#[test]
fn the_table_has_every_variable() {
    // Read when a handler fails, and not by the configuration.
    let later = BTreeSet::from(["DEBUG".to_owned()]);
    let asked = RefCell::new(BTreeSet::new());
    let none = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        None
    };
    Config::parse(none).expect("everything has a default");
    let told: BTreeSet<_> = rows().iter().map(|[variable, ..]| (*variable).to_owned()).collect();
    assert_eq!(told, &asked.into_inner() | &later);
}

#[test]
fn defaults_and_ranges_are_those_of_the_parser() {
    let mut numbers = 0;
    for [variable, default, range] in rows() {
        let text = if matches!(default, "none" | "empty") { "" } else { default };
        assert_eq!(parse(variable, text), Ok(Config::default()), "{variable}: the default is {default}");
        if range.contains("`, `") {
            check_choices(variable, range.split("`, `"));
            continue;
        }
        let Some((from, to)) = range.split_once("` – `") else {
            assert!(range.is_empty() && default.parse::<u64>().is_err(), "{variable}: the range is {range:?}");
            continue;
        };
        numbers += 1;
        let (from, to): (u64, u64) = (from.parse().expect("a number"), to.parse().expect("a number"));
        for inside in [from, to] {
            parse(variable, &inside.to_string()).expect("it is in the range");
        }
        for outside in [from - 1, to + 1] {
            let told = format!("{variable} is {outside}; it must be from {from} to {to}");
            assert_eq!(parse(variable, &outside.to_string()), Err(told));
        }
    }
    assert!(numbers > 0, "there are ranges");
}

/// Checks that a variable takes each of the choices, and that the error of any other text names them all.
fn check_choices<'a>(variable: &str, choices: impl Iterator<Item = &'a str>) {
    let told = parse(variable, "elsewhere").err().unwrap_or_default();
    for choice in choices {
        assert!(parse(variable, choice).is_ok(), "{variable}: {choice} is refused");
        assert!(told.contains(choice), "{variable}: {choice} is not in: {told}");
    }
}
