//! The kinds of bindings, and the error for one that is not there.

use crate::error::Failure;

/// A kind of bindings.
#[derive(Debug)]
pub(crate) struct BindingKind {
    /// What it is called.
    what: &'static str,
    /// The table of `wrangler.toml` that binds one.
    table: &'static str,
    /// A method that others do not have.
    #[cfg(target_arch = "wasm32")]
    pub(super) method: &'static str,
    /// The method of `TestWorld` that makes one.
    #[cfg(not(target_arch = "wasm32"))]
    in_tests: &'static str,
}

macro_rules! kinds {
    ($($name:ident: $what:literal, $table:literal, $method:literal, $in_tests:literal;)*) => {$(
        pub(crate) const $name: BindingKind = BindingKind {
            what: $what,
            table: $table,
            #[cfg(target_arch = "wasm32")]
            method: $method,
            #[cfg(not(target_arch = "wasm32"))]
            in_tests: $in_tests,
        };
    )*};
}

kinds! {
    KV: "KV namespace", "kv_namespaces", "getWithMetadata", "kv";
    D1: "D1 database", "d1_databases", "prepare", "d1";
    BUCKET: "R2 bucket", "r2_buckets", "head", "bucket";
    QUEUE: "queue", "queues.producers", "sendBatch", "queue";
    SERVICE: "service", "services", "fetch", "on_service";
}

impl BindingKind {
    /// Returns the error for a binding that is not there, or is of another kind.
    #[cold]
    #[inline(never)]
    pub(super) fn missing(&self, name: &str) -> Failure {
        let Self { what, table, .. } = self;
        let problem = format!(
            "{name}: no {what} is bound under this name; add [[{table}]] with binding = {name:?} to wrangler.toml"
        );
        #[cfg(not(target_arch = "wasm32"))]
        let problem = format!("{problem}, and call TestWorld::{} in a test", self.in_tests);
        Failure::of_outside("BINDING", problem)
    }
}
