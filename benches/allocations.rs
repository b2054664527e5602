//! Repeats one operation of the core and counts its allocations: see `npm run bench:instructions`. This is a separate bench,
//! because the counting allocator would add to the counted instructions.

mod operations;
mod world;

fn main() {
    operations::run(|measured| {
        let counted = allocation_counter::measure(measured);
        (counted.count_total, counted.bytes_total)
    });
}
