//! The paths in a file to the crate's other modules.
#![expect(clippy::string_slice, reason = "every position comes from a search in the same text")]

/// A path into the crate, from a `use` item or from other code.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// The line number, from 1.
    pub line: usize,
    /// The path from the crate's root, `core::table::ById`.
    pub path: String,
    /// The imported name; `None` for a path outside `use` items.
    pub name: Option<String>,
    /// Whether it is a re-export (`pub use`).
    pub is_reexport: bool,
}

/// Returns the imports in a module's code. The code must be blanked.
pub(crate) fn imports(module: &str, code: &str) -> Vec<Import> {
    let children = declared(code);
    let mut found = Vec::new();
    let mut rest = code.to_owned();
    for (at, is_reexport, item) in use_items(code) {
        let line = line_of(code, at);
        let here = [module, &inline_module(code, at)].concat();
        for (path, name) in branches(item) {
            if let Some(path) = absolute(&path, &here, module, &children) {
                found.push(Import { line, path, name: Some(name), is_reexport });
            }
        }
        // Keeps the line breaks, so that line numbers stay right.
        let blank: String = item.chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        rest.replace_range(at..at + item.len(), &blank);
    }
    for (at, path) in paths(&rest) {
        let here = [module, &inline_module(code, at)].concat();
        if let Some(path) = absolute(path, &here, module, &children) {
            found.push(Import { line: line_of(code, at), path, name: None, is_reexport: false });
        }
    }
    found.sort_by_key(|import| import.line);
    found
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// Returns the modules that the code declares and that have files of their own.
fn declared(code: &str) -> Vec<&str> {
    code.lines().filter_map(|line| declares(line)?.strip_suffix(';')).collect()
}

/// Returns what follows `mod` in a line that begins a module.
fn declares(line: &str) -> Option<&str> {
    let (before, behind) = line.split_once("mod ")?;
    (before.is_empty() || before.starts_with("pub")).then_some(behind)
}

/// Returns `::name` of the inline module around a position; an empty string if there is none.
fn inline_module(code: &str, at: usize) -> String {
    let mut open = None;
    for line in code[..at].lines() {
        if line == "}" {
            open = None;
        } else if let Some(name) = declares(line).and_then(|name| name.strip_suffix(" {")) {
            open = Some(name);
        }
    }
    open.map_or_else(String::new, |name| format!("::{name}"))
}

/// Returns the `use` items: the position of the paths, whether they are re-exported, and the paths up to the semicolon.
fn use_items(code: &str) -> Vec<(usize, bool, &str)> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        let words = line.trim_start();
        let is_use = words.starts_with("use ") || words.starts_with("pub") && words.contains(" use ");
        if is_use && let Some(at) = line.find("use ") {
            let at = start + at + "use ".len();
            let end = code[at..].find(';').map_or(code.len(), |end| at + end);
            found.push((at, words.starts_with("pub"), &code[at..end]));
        }
        start += line.len();
    }
    found
}

/// Returns the paths with `::` in code without `use` items.
fn paths(code: &str) -> Vec<(usize, &str)> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = code[at..].find(is_path).map(|begin| at + begin) {
        at = code[begin..].find(|c| !is_path(c)).map_or(code.len(), |end| begin + end);
        // `$crate` in a macro is for other crates.
        if code[begin..at].contains("::") && !code[..begin].ends_with('$') {
            found.push((begin, code[begin..at].trim_end_matches(':')));
        }
    }
    found
}

/// Returns the path from the crate's root; `None` if it leads into another crate or begins with an item in scope.
///
/// `here` is the module that contains the path, `file` the module of its file, which declares `children`.
fn absolute(path: &str, here: &str, file: &str, children: &[&str]) -> Option<String> {
    let (first, rest) = path.split_once("::").unwrap_or((path, ""));
    let join = |module: &str, rest: &str| match (module.is_empty(), rest.is_empty()) {
        (true, _) => rest.to_owned(),
        (_, true) => module.to_owned(),
        _ => format!("{module}::{rest}"),
    };
    match first {
        "crate" => Some(rest.to_owned()),
        "self" => Some(join(here, rest)),
        "super" => {
            let mut module = here.rsplit_once("::").map_or("", |(parent, _)| parent);
            let mut rest = rest;
            while let Some(climbed) = rest.strip_prefix("super::") {
                module = module.rsplit_once("::").map_or("", |(parent, _)| parent);
                rest = climbed;
            }
            Some(join(module, rest))
        }
        child if children.contains(&child) => Some(join(file, path)),
        _ => None,
    }
}

/// Returns the paths of a `use` item's tree, each with its name.
fn branches(tree: &str) -> Vec<(String, String)> {
    let tree = tree.trim();
    let Some((stem, list)) = tree.split_once('{') else {
        let (path, name) = tree.split_once(" as ").unwrap_or((tree, tree));
        let name = name.rsplit("::").next().unwrap_or_default().trim();
        return vec![(path.trim().to_owned(), name.to_owned())];
    };
    let list = list.trim_end().strip_suffix('}').unwrap_or(list);
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in list.char_indices().chain([(list.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !list[start..at].trim().is_empty() {
                    found.extend(branches(&list[start..at]));
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    let whole = stem.trim_end_matches("::");
    let name = |branch: &str, name: String| match branch {
        "self" => (whole.to_owned(), whole.rsplit("::").next().unwrap_or_default().to_owned()),
        _ => (format!("{stem}{branch}"), name),
    };
    found.into_iter().map(|(branch, given)| name(&branch, given)).collect()
}
