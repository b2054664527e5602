//! Source files, parsed as far as `tests/layering.rs` needs.
#![expect(clippy::string_slice, reason = "every position comes from a search in the same text")]

mod blank;
mod graph;
mod imports;

use std::fs;
use std::path::Path;

pub(crate) use graph::Graph;
pub(crate) use imports::{Import, imports};

/// A source file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// The path, relative to the project's folder.
    pub path: String,
    /// The path of its module in the crate, `core::engineio::session`; empty for `lib.rs`.
    pub module: String,
    text: String,
}

/// Returns all Rust files below a folder of the project.
pub(crate) fn files(folder: &str) -> Vec<File> {
    let mut found = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), folder, &mut found);
    found.sort_by(|a: &File, b: &File| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no files in {folder}");
    found
}

fn collect(root: &Path, folder: &str, found: &mut Vec<File>) {
    for entry in fs::read_dir(root.join(folder)).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(root, &path, found);
        } else if let Some(stem) = path.strip_suffix(".rs") {
            let text = fs::read_to_string(entry.path()).expect("the file can be read");
            let module = stem.split_once('/').map_or("", |(_, below)| below);
            let module = module.trim_end_matches("/mod").trim_end_matches("lib").replace('/', "::");
            found.push(File { path, module, text });
        }
    }
}

/// Returns whether a line is the attribute that compiles the next item for wasm32 only.
pub(crate) fn is_for_wasm(line: &str) -> bool {
    line.trim_start().starts_with("#[cfg(target_arch = ") && line.trim_end().ends_with(")]")
}

/// Returns whether a line names a crate in a path or imports it.
pub(crate) fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let behind = &line[at + name.len()..];
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        !before.is_some_and(is_word) && (behind.starts_with("::") || line.trim_start().starts_with("extern crate"))
    })
}

impl File {
    /// Returns the file without its test module, which is at its end.
    pub(crate) fn without_tests(&self) -> String {
        let mut lines = self.text.lines().peekable();
        let mut text = String::new();
        while let Some(line) = lines.next() {
            // Only a test module ends the text, not a single item for tests.
            if line == "#[cfg(test)]" && lines.peek().is_some_and(|next| next.starts_with("mod ")) {
                break;
            }
            text.extend([line, "\n"]);
        }
        text
    }

    /// Returns the file without its test module, with comments and strings blanked and all line breaks kept.
    pub(crate) fn code(&self) -> String {
        blank::blank(&self.without_tests())
    }

    /// Returns the file's name without the extension, or its folder's name for a `mod.rs`.
    pub(crate) fn stem(&self) -> &str {
        self.module.rsplit("::").next().unwrap_or_default()
    }

    /// Returns the file's imports from the crate, in order.
    pub(crate) fn imports(&self) -> Vec<Import> {
        imports(&self.module, &self.code())
    }

    /// Returns the files of the modules that this one declares for wasm32 only.
    pub(crate) fn wasm_only_modules(&self) -> Vec<String> {
        let folder = self.path.trim_end_matches("/mod.rs").trim_end_matches("/lib.rs").trim_end_matches(".rs");
        let lines: Vec<&str> = self.text.lines().collect();
        let declared = lines.windows(2).filter(|pair| is_for_wasm(pair[0]));
        let names = declared.filter_map(|pair| pair[1].rsplit_once("mod ")?.1.strip_suffix(';'));
        names.map(|name| format!("{folder}/{name}.rs")).collect()
    }
}
