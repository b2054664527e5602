//! Source files, as far as `tests/layering.rs` reads them: their code without comments, strings and tests.
#![expect(clippy::string_slice, reason = "every position comes from a search in the same text")]

use std::fs;
use std::path::Path;

/// A source file.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path from the project's folder.
    pub path: String,
    /// The module of the crate that it belongs to.
    pub module: String,
    text: String,
}

/// All Rust files below a folder of the project.
pub fn files(folder: &str) -> Vec<File> {
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
        } else if Path::new(&path).extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(entry.path()).expect("the file can be read");
            let module = path.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs").to_owned();
            found.push(File { path, module, text });
        }
    }
}

/// Whether a line is the attribute that keeps what follows for wasm32.
pub fn is_for_wasm(line: &str) -> bool {
    line.trim_start().starts_with("#[cfg(target_arch = ") && line.trim_end().ends_with(")]")
}

/// Whether a line names a crate in a path or takes it in.
pub fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let behind = &line[at + name.len()..];
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        !before.is_some_and(is_word) && (behind.starts_with("::") || line.trim_start().starts_with("extern crate"))
    })
}

impl File {
    /// The file up to its tests, which stand at its end.
    pub fn without_tests(&self) -> String {
        let lines = self.text.lines().take_while(|line| *line != "#[cfg(test)]");
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    /// The file up to its tests, with comments and what stands in strings blanked, line for line.
    pub fn code(&self) -> String {
        blank(&self.without_tests())
    }

    /// The paths behind every `crate::`, each with its line; `$crate` in a macro is another crate's.
    pub fn imports(&self) -> Vec<(usize, String)> {
        let code = self.code();
        let mut imports = Vec::new();
        for (at, _) in code.match_indices("crate::") {
            let (before, behind) = (&code[..at], &code[at + "crate::".len()..]);
            if before.ends_with('$') || before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let line = before.lines().count().max(1);
            imports.extend(branches(behind).into_iter().map(|path| (line, path)));
        }
        imports
    }

    /// The files of the modules that this one declares for wasm32 only.
    pub fn wasm_only_modules(&self) -> Vec<String> {
        let folder = self.path.trim_end_matches("/mod.rs").trim_end_matches("/lib.rs").trim_end_matches(".rs");
        let lines: Vec<&str> = self.text.lines().collect();
        let declared = lines.windows(2).filter(|pair| is_for_wasm(pair[0]));
        let names =
            declared.filter_map(|pair| pair[1].trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
        names.map(|name| format!("{folder}/{name}.rs")).collect()
    }
}

/// The paths that begin here: one, or those in braces.
fn branches(path: &str) -> Vec<String> {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(path.len());
    let stem = path[..end].trim_end_matches(':');
    let Some(list) = path[end..].strip_prefix('{') else { return vec![stem.to_owned()] };
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                let branch = list[start..at].trim();
                if !branch.is_empty() {
                    let prefix = if stem.is_empty() { String::new() } else { format!("{stem}::") };
                    found.extend(branches(branch).into_iter().map(|rest| format!("{prefix}{rest}")));
                }
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// Puts spaces in place of comments and of what stands in strings and characters.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(string) = rest.strip_prefix('"') {
            string_end(string) + 1
        } else if let Some(fence) = raw_fence(rest) {
            let close = format!("\"{}", &fence[1..]);
            let body = fence.len() + 1;
            rest[body..].find(&close).map_or(rest.len(), |end| body + end + close.len())
        } else if first == '\'' {
            character_end(rest)
        } else {
            0
        };
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.extend(rest[..skipped].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[skipped..];
        }
    }
    out
}

/// Where a string ends whose opening quote is gone: behind its closing one.
fn string_end(string: &str) -> usize {
    let mut escaped = false;
    let close = string.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    close.map_or(string.len(), |at| at + 1)
}

/// `r##` of a raw string that begins here.
fn raw_fence(text: &str) -> Option<&str> {
    let hashes = text.strip_prefix('r')?.find(|c| c != '#')?;
    text[1 + hashes..].starts_with('"').then(|| &text[..=hashes])
}

/// Where a character ends that begins here; 0 where it is a lifetime.
fn character_end(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text[2..].find('\'').map_or(0, |at| if at == 0 { 4 } else { at + 3 }),
        Some(_) => chars.next().filter(|&(_, c)| c == '\'').map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}
