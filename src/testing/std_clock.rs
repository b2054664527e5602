//! Finds uses of std's clock in the app under test: they work here, and panic on Workers.
//!
//! At run time, a test cannot tell them from what is right: crates such as `web-time` and `chrono` ask JavaScript on Workers, and std
//! here. So this reads the sources of the package whose tests run, which cargo names. What it does not see, such as a use in a
//! dependency, the build finds in the wasm.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// The calls that panic on Workers.
const CLOCKS: [&str; 2] = ["Instant::now", "SystemTime::now"];

/// Asserts that the package whose tests run does not use std's clock. Its sources are read once.
///
/// # Panics
/// If it does.
#[track_caller]
pub(super) fn check_sources() {
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let package = std::env::var_os("CARGO_MANIFEST_DIR")?;
        // Dormouse itself has a lint, and this file.
        (package != env!("CARGO_MANIFEST_DIR")).then_some(())?;
        find_in_folder(Path::new(&package), Path::new("src"))
    });
    assert!(found.is_none(), "{}", found.as_deref().unwrap_or_default());
}

/// Returns what is wrong with the first file of a folder, which is within the package, that uses std's clock.
fn find_in_folder(package: &Path, folder: &Path) -> Option<String> {
    let mut entries: Vec<_> = fs::read_dir(package.join(folder)).ok()?.filter_map(Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    entries.into_iter().find_map(|entry| {
        let path = folder.join(entry.file_name());
        if entry.file_type().ok()?.is_dir() {
            // Programs for the host.
            return if path.ends_with("src/bin") { None } else { find_in_folder(package, &path) };
        }
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let text = is_rust.then(|| fs::read_to_string(entry.path()).ok())??;
        find_in_text(&text).map(|(line, clock)| {
            let path = path.display();
            format!(
                "{path}:{line}: std's {clock}() works in tests, and panics on Workers; call Io::now(), which the test's clock drives, too"
            )
        })
    })
}

/// Returns the number of the first line that uses std's clock, and the call. A file that names other targets, or another crate's clock,
/// is believed to know what it does, and so are tests at its end.
fn find_in_text(text: &str) -> Option<(usize, &'static str)> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let is_about_tests = |line: &str| line.trim_start().starts_with("#[cfg(test)]");
    let is_std = text.lines().filter(is_code).any(|line| line.contains("std::time"));
    if !is_std || text.contains("target_arch") || text.contains("web_time") {
        return None;
    }
    let lines = (1..).zip(text.lines()).take_while(|(_, line)| !is_about_tests(line));
    lines.filter(|(_, line)| is_code(line)).find_map(|(number, line)| {
        let clock = CLOCKS.into_iter().find(|clock| line.contains(clock))?;
        Some((number, clock))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_is_found_where_the_app_makes_it() {
        let app = "use std::time::Instant;\n\n// Instant::now() panics.\nfn f() {\n    let at = Instant::now();\n}\n";
        assert_eq!(find_in_text(app), Some((5, "Instant::now")));
        assert_eq!(find_in_text("fn f() { std::time::SystemTime::now(); }"), Some((1, "SystemTime::now")));
    }

    #[test]
    fn what_works_on_workers_is_not_found() {
        for text in [
            "use web_time::Instant;\nfn f() { Instant::now(); }",
            "use std::time::Duration;\nuse web_time::Instant;\nfn f() { Instant::now(); }",
            "use std::time::Duration;\nfn f(io: Io) { io.now(); }",
            "/// Not `std::time::Instant::now()`, which panics.\nfn f() {}",
            "use std::time::Instant;\n#[cfg(not(target_arch = \"wasm32\"))]\nfn f() { Instant::now(); }",
            "use std::time::Duration;\n#[cfg(test)]\nmod tests {\n    fn f() { std::time::Instant::now(); }\n}",
        ] {
            assert_eq!(find_in_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_package_is_read_with_its_folders_but_not_its_programs() {
        let package = std::env::temp_dir().join(format!("dormouse-std-clock-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let path = package.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
            fs::write(path, text).expect("it can be written");
        };
        let call = "fn f() { std::time::Instant::now(); }";
        write("src/lib.rs", "mod games;");
        write("src/bin/tool.rs", call);
        assert_eq!(find_in_folder(&package, Path::new("src")), None);
        write("src/games/dice.rs", call);
        let found = find_in_folder(&package, Path::new("src")).expect("it is found");
        assert!(found.starts_with("src/games/dice.rs:1: std's Instant::now() works in tests"), "{found}");
        fs::remove_dir_all(&package).expect("it can be removed");
    }
}
