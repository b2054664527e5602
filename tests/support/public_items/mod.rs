//! The items of the crate, by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Returns the paths of the items in the listing of the public API, without generics: `dormouse::Io::emit`.
pub(crate) fn public_paths(listing: &str) -> BTreeSet<String> {
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
pub(crate) fn has_member(text: &str, owner: &str, name: &str) -> bool {
    let is_named = |rest: &str| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(['(', '<', ',', ' ']));
    let is_variant = |line: &str| line.strip_prefix("    ").is_some_and(is_named);
    if declares(text, "enum", owner).is_some_and(|body| body.lines().any(is_variant)) {
        return true;
    }
    let is_method = |line: &str| {
        let line = line.trim_start();
        let kinds = ["pub fn ", "pub const fn ", "pub async fn "];
        kinds.into_iter().find_map(|kind| line.strip_prefix(kind)).is_some_and(is_named)
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
pub(crate) fn expand(files: Vec<(bool, String)>) -> Vec<(bool, String)> {
    let definitions = files.iter().flat_map(|(_, text)| text.split("\nmacro_rules! ").skip(1));
    let macros: Vec<(String, String)> = definitions
        .filter_map(|definition| definition.split_once(" {\n    () => {\n"))
        .map(|(name, body)| (format!("    {name}!();\n"), up_to_its_end(body).to_owned()))
        .collect();
    let expanded = |text: String| macros.iter().fold(text, |text, (call, body)| text.replace(call, body));
    files.into_iter().map(|(is_testing, text)| (is_testing, expanded(text))).collect()
}

/// Returns the body of a public type's declaration.
pub(crate) fn declares<'a>(text: &'a str, kind: &str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("pub {kind} {name}"))?;
    rest.starts_with(|c: char| !c.is_alphanumeric() && c != '_').then(|| up_to_its_end(rest))
}

/// Returns a block up to the closing brace at the start of a line.
fn up_to_its_end(block: &str) -> &str {
    block.split_once("\n}").map_or(block, |(body, _)| body)
}

/// Returns the source files without their tests, each with whether it belongs to `dormouse::testing`.
pub(crate) fn source(folder: &Path) -> Vec<(bool, String)> {
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
