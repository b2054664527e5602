//! The kinds of work.

mod ack;
mod broadcast;
mod connect;
mod polling;
mod wake;

use crate::args::{Plan, Work};
use crate::error::Error;
use crate::report::Report;

/// Does the plan's work, and returns the report.
pub(crate) async fn run(plan: Plan) -> Result<Report, Error> {
    match plan.work {
        Work::Broadcast => broadcast::run(&plan).await,
        Work::Ack => ack::run(&plan).await,
        Work::Connect => connect::run(&plan).await,
        Work::Wake => wake::run(&plan).await,
        Work::Polling => polling::run(&plan).await,
    }
}
