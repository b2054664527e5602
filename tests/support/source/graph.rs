//! The import graph of the files, and its circles.

use std::collections::{BTreeMap, BTreeSet};

use super::{File, Import};

/// The maximum number of re-exports that are followed for one name.
const MAX_REEXPORTS: usize = 8;

/// The files of the crate with the files that each one imports.
#[derive(Debug)]
pub(crate) struct Graph {
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Reads the imports of all files. A name that a folder's `mod.rs` re-exports is followed to the file that defines it.
    pub(crate) fn new(files: &[File]) -> Self {
        let modules: BTreeMap<&str, (&File, Vec<Import>)> =
            files.iter().map(|file| (&*file.module, (file, file.imports()))).collect();
        let mut edges = BTreeMap::new();
        for (file, imports) in modules.values() {
            let code = file.code();
            let used = imports.iter().filter(|import| !import.is_reexport || is_named(&code, import));
            let targets = used.map(|import| resolve(&modules, &import.path, 0));
            let targets = targets.filter_map(|module| Some(modules.get(&*module)?.0.path.clone()));
            edges.insert(file.path.clone(), targets.filter(|path| *path != file.path).collect());
        }
        Self { edges }
    }

    /// Returns the circles of two files or more: the largest sets of files that import each other, directly or indirectly.
    pub(crate) fn circles(&self) -> Vec<Vec<&str>> {
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            self.edges.keys().map(|path| (&**path, self.reachable(path))).collect();
        let mut circles = BTreeSet::new();
        for (path, reach) in &reached {
            let back = |other: &&&str| reached.get(**other).is_some_and(|reach| reach.contains(path));
            let circle: Vec<&str> = reach.iter().filter(back).copied().collect();
            if circle.len() > 1 {
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }

    fn reachable(&self, from: &str) -> BTreeSet<&str> {
        let (mut found, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(path) = open.pop() {
            for next in self.edges.get(path).into_iter().flatten() {
                if found.insert(&**next) {
                    open.push(next);
                }
            }
        }
        found
    }
}

/// Returns whether a file that re-exports a name also uses it: whether the name occurs more often than in the re-export.
fn is_named(code: &str, import: &Import) -> bool {
    let Some(name) = &import.name else { return true };
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| word == name).count() > 1
}

/// Returns the module of the file in which the item of a path is defined.
fn resolve(modules: &BTreeMap<&str, (&File, Vec<Import>)>, path: &str, depth: usize) -> String {
    let mut module = String::new();
    for segment in path.split("::") {
        let child = if module.is_empty() { segment.to_owned() } else { format!("{module}::{segment}") };
        if modules.contains_key(&*child) {
            module = child;
            continue;
        }
        let Some((_, imports)) = modules.get(&*module) else { return module };
        let Some(import) = imports.iter().find(|import| import.name.as_deref() == Some(segment)) else {
            return module;
        };
        if depth == MAX_REEXPORTS || import.path == path {
            return module;
        }
        module = resolve(modules, &import.path, depth + 1);
    }
    module
}
