//! The bench's load generator: one process with many clients of one server. It counts and checks every delivery.
//!
//! `load WORK --url URL --dialect DIALECT --server-pid PID …` does one kind of work and prints one line of JSON, which
//! [`report`] describes; `load --help` lists the options. On an error, it prints who is to blame on stderr, and exits with 1.
//!
//! There is one thread. A delivery costs a read, a comparison with the sent frame, and some bookkeeping. The report includes this
//! process's own CPU time, which shows whether the server or the load generator was the limit.

mod args;
mod client;
mod clock;
mod crowd;
mod dialect;
mod error;
mod meter;
mod os;
mod payload;
mod pending_acks;
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
        // `--help` is not an error. All errors have the same exit code.
        Err(answer) => {
            let _ = answer.print();
            return if answer.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    match run(args).and_then(|report| report.to_json()) {
        Ok(line) => {
            #[expect(clippy::print_stdout, reason = "the report goes to stdout")]
            {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "errors go to stderr")]
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
    // A pending read of stdin would block an orderly shutdown.
    runtime.shutdown_background();
    report
}
