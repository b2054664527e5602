//! One operation of the core, again and again, for callgrind to count its instructions: see `npm run bench:instructions`.

mod operations;
mod world;

use std::hint::black_box;

fn main() {
    operations::run(|measured| {
        counted_operation(measured);
        (0, 0)
    });
}

/// Callgrind counts from its beginning to its end; perf/instructions.mjs knows its name.
#[inline(never)]
fn counted_operation(operation: &mut dyn FnMut()) {
    black_box(&mut *operation)();
}
