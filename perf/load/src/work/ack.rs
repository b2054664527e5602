//! Events of all clients, and their acknowledgements.

use crate::args::Plan;
use crate::crowd::Crowd;
use crate::error::Error;
use crate::meter::Meter;
use crate::report::Report;

/// Does the work. The measurement begins and ends while nothing is in flight.
pub(crate) async fn run(plan: &Plan) -> Result<Report, Error> {
    let stage = Crowd::gather(plan).await?;
    stage.ask(plan.warm_up, plan.in_flight).await?;
    let meter = Meter::start(plan.server_pid)?;
    let times = stage.ask(plan.count, plan.in_flight).await?;
    let spent = meter.spent()?;
    stage.roll_call().await?;
    Ok(Report::new(plan, times.len() as u64, spent, &times))
}
