//! The public API is what `docs/public-api.txt` lists. Set to `write`, the variable `PUBLIC_API` makes this write the listing;
//! read the difference.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that meets the unexpected is to fail"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// External crates whose types users meet in the API, each with its reason.
const EXTERNAL_CRATES: [(&str, &str); 8] = [
    ("alloc", "the standard library"),
    ("core", "the standard library"),
    ("std", "the standard library"),
    ("bytes", "binary attachments and HTTP bodies: `Bytes` is cloned without copying"),
    ("cookie", "the option `EngineRoutes::cookie`; the crate is re-exported as `dormouse::cookie`"),
    ("serde", "arguments, auth, data and bodies are whatever serde reads and writes"),
    ("serde_core", "where serde has its traits"),
    ("serde_json", "`Value` for data of any shape"),
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
        // Another compiler spells paths of its standard library differently.
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listing = listing(root, &compiler());
    for line in listing.lines().filter(|line| !line.starts_with('#')) {
        for path in line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
            let Some((krate, _)) = path.trim_matches(':').split_once("::") else { continue };
            let is_type = krate.starts_with(|c: char| c.is_lowercase());
            let is_known = krate == "dormouse" || EXTERNAL_CRATES.iter().any(|(known, _)| krate == *known);
            assert!(!is_type || is_known, "{krate} is in the API without a reason in this test: {line}");
        }
    }
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output().expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What rustdoc knows of the crate, one item a line. Its JSON is unstable, so the stable compiler is told to write it all the same.
fn listing(root: &Path, compiler: &str) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("public-api");
    let output = Command::new(env!("CARGO"))
        .args(["rustdoc", "--quiet", "--offline", "--package", "dormouse", "--lib", "--"])
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
    for item in api.items() {
        // Writing to a string cannot fail.
        let _ = writeln!(listing, "{item}");
    }
    listing
}
