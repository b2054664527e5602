//! Where a registration panics, for tests.

#![expect(clippy::disallowed_types, reason = "the hook of panics is one for all threads of a test")]

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The hook of panics is one for all threads: one test at a time may replace it.
static HOOK: Mutex<()> = Mutex::new(());

/// Returns the file and the line of the panic of `register`, which other tests' panics meanwhile are not.
pub(super) fn clash_line(register: impl FnOnce() + std::panic::UnwindSafe) -> Option<(String, u32)> {
    let _one = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let found = Arc::new(Mutex::new(None));
    let (noted, own, hook) = (Arc::clone(&found), thread::current().id(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        if thread::current().id() == own {
            let at = info.location().map(|at| (at.file().to_owned(), at.line()));
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = at;
        }
    }));
    let panicked = std::panic::catch_unwind(register).is_err();
    std::panic::set_hook(hook);
    assert!(panicked, "the registration does not panic");
    found.lock().unwrap_or_else(PoisonError::into_inner).take()
}
