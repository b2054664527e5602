//! One operation of the core, again and again, and what it allocates: see `npm run bench:instructions`. By itself, because the
//! allocator that counts would be among the instructions that are counted.

mod operations;
mod world;

fn main() {
    operations::run(|measured| {
        let counted = allocation_counter::measure(measured);
        (counted.count_total, counted.bytes_total)
    });
}
