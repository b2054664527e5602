//! The public API is what `docs/public-api.txt` lists. With the environment variable `PUBLIC_API=write`, the test writes the
//! listing instead; review the difference.
#![expect(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test fails by panicking")]

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// The external crates whose types may be in the public API, each with its reason.
const EXTERNAL_CRATES: [(&str, &str); 7] = [
    ("alloc", "the standard library"),
    ("core", "the standard library"),
    ("bytes", "binary attachments and HTTP bodies: `Bytes` is cloned without copying"),
    ("cookie", "the option `EngineRoutes::cookie`; the crate is re-exported as `dormouse::cookie`"),
    ("garde", "the rules of `Valid<T>`; the crate is re-exported as `dormouse::garde`"),
    ("serde_core", "arguments, auth, data and bodies are whatever serde reads and writes; its traits are in here"),
    ("serde_json", "`Value` for data of any shape"),
];

/// Items that seal a public trait or that only its implementations need: they are `pub`, but in no public module. Each with its
/// reason.
const SEALED: [(&str, &str); 3] = [
    ("dormouse::extract::call::CallOutcome", "seals `Call`"),
    ("dormouse::routing::handler::ExtractAll", "a bound of what implements `Handler`"),
    ("dormouse::routing::handler::HandlerFn", "a bound of what implements `Handler`"),
];

#[test]
fn the_public_api_is_what_the_listing_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("docs/public-api.txt");
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let compiler = compiler();
    let listing = listing(root, &compiler);
    if env::var("PUBLIC_API").is_ok_and(|what| what == "write") {
        fs::write(&file, listing).expect("the listing can be written");
        return;
    }
    let of = kept.lines().next().unwrap_or_default();
    if of != format!("# {compiler}") {
        // Another compiler version writes paths of its standard library differently.
        eprintln!("docs/public-api.txt is of {of:?} and this is {compiler}: they cannot be compared");
        return;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), listing.lines().collect());
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("- {line}"));
    let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+ {line}"));
    let changes: Vec<String> = gone.chain(come).collect();
    assert!(
        kept == listing,
        "the public API changed; `PUBLIC_API=write cargo test --test public_api` writes docs/public-api.txt:\n{}",
        changes.join("\n")
    );
}

#[test]
fn only_these_crates_are_in_the_api() {
    let mut used = BTreeSet::new();
    for line in lines() {
        for krate in paths(&line).filter_map(|path| path.split_once("::")).map(|(krate, _)| krate) {
            let is_known = EXTERNAL_CRATES.iter().any(|(known, _)| krate == *known);
            assert!(krate == "dormouse" || is_known, "{krate} is in the API without a reason in this test: {line}");
            used.insert(krate.to_owned());
        }
    }
    for (krate, reason) in EXTERNAL_CRATES {
        assert!(used.contains(krate), "{krate} ({reason}) is not in the API");
    }
}

#[test]
fn what_is_in_the_api_can_be_named() {
    let public: Vec<String> =
        lines().iter().filter_map(|line| line.strip_prefix("pub mod ")).map(|path| format!("{path}::")).collect();
    for line in lines() {
        for path in paths(&line).filter(|path| path.starts_with("dormouse::")) {
            // Modules begin in lower case; types, and so enums with their variants, do not.
            let module = path.find(|c: char| c.is_uppercase()).and_then(|at| path.get(..at));
            let is_named = module.is_none_or(|module| public.iter().any(|public| public == module));
            let is_sealed = SEALED.iter().any(|(sealed, _)| path == *sealed);
            assert!(is_named || is_sealed, "{path} is in the API and cannot be named: {line}");
        }
    }
}

/// Returns the listing's lines, one for each item.
fn lines() -> Vec<String> {
    let listing = listing(Path::new(env!("CARGO_MANIFEST_DIR")), &compiler());
    listing.lines().filter(|line| !line.starts_with('#') || line.starts_with("#[")).map(str::to_owned).collect()
}

/// Returns the paths in a line that begin with a crate. A method of a primitive type or of a type parameter, such as
/// `&str::code`, has none.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    words.filter(|word| {
        let first = word.split_once("::").map(|(first, _)| first);
        first.is_some_and(|first| first.starts_with(|c: char| c.is_lowercase()) && !["bool", "str"].contains(&first))
    })
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output().expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Returns the crate's public items from rustdoc's JSON, one a line. The JSON is unstable: `RUSTC_BOOTSTRAP` makes the stable
/// compiler write it.
fn listing(root: &Path, compiler: &str) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("public-api");
    let output = Command::new(env!("CARGO"))
        .args(["rustdoc", "--quiet", "--offline", "--package", "dormouse", "--lib", "--all-features", "--"])
        .args(["-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("RUSTFLAGS")
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let api = public_api::Builder::from_rustdoc_json(target.join("doc/dormouse.json"))
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .unwrap_or_else(|error| panic!("rustdoc's JSON cannot be read: {error}; is the crate public-api too old?"));
    let mut listing = format!("# {compiler}\n");
    // An impl is listed with its type, and again with its trait and with the trait's parameters.
    let mut told = HashSet::new();
    for line in api.items().map(ToString::to_string).filter(|line| told.insert(line.clone())) {
        // Writing to a string cannot fail.
        let _ = writeln!(listing, "{line}");
    }
    listing
}
