//! Repeats one operation of the core, so that callgrind can count its instructions: see `npm run bench:instructions`.

mod operations;
mod world;

use std::hint::black_box;

fn main() {
    operations::run(|measured| {
        counted_operation(measured);
        (0, 0)
    });
}

/// Callgrind counts only inside this function. `perf/instructions.mjs` finds it by its name.
#[inline(never)]
fn counted_operation(operation: &mut dyn FnMut()) {
    black_box(&mut *operation)();
}
