//! The bench's load generator: one process that is many clients of one server, with every delivery counted and checked.
//!
//! `load WORK --url URL --dialect DIALECT --server-pid PID …` does one kind of work and prints one line of JSON. What it
//! says is in [`report`]; `load --help` has the options. On an error, it says on stderr who is to blame, and exits with 1.
//!
//! One thread does it all. A delivery costs a read, a comparison with what was sent, and some bookkeeping; what that comes
//! to is part of the report, so that nobody has to believe that the server was what was measured.

mod args;
mod asks;
mod client;
mod clock;
mod crowd;
mod dialect;
mod error;
mod meter;
mod os;
mod payload;
mod polling;
mod report;
mod rounds;
mod stage;
mod target;
mod work;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::{Builder, LocalOptions};

use crate::args::{Args, Plan};
use crate::error::Error;
use crate::report::Report;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        // Help is no error, and everything that is has the same exit code.
        Err(answer) => {
            let _ = answer.print();
            return if answer.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    match run(args).and_then(|report| report.to_json()) {
        Ok(line) => {
            #[expect(clippy::print_stdout, reason = "the report is what this program is for")]
            {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "an error belongs beside the report, not in it")]
            {
                eprintln!("✗ {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<Report, Error> {
    let plan = Plan::try_from(args)?;
    os::allow_open_files(plan.open_files())?;
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build_local(LocalOptions::default())
        .map_err(Error::os("starting the runtime"))?;
    let report = runtime.block_on(work::run(plan));
    // A read of stdin that nobody waits for any more would hold the runtime's end up.
    runtime.shutdown_background();
    report
}
