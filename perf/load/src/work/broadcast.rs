//! Messages from one client to all others, or to the others in its room.

use std::time::Duration;

use crate::args::Plan;
use crate::crowd::Crowd;
use crate::error::Error;
use crate::meter::Meter;
use crate::report::Report;

/// Does the work. The measurement begins and ends while nothing is in flight, so that it includes the whole cost of each message.
pub(crate) async fn run(plan: &Plan) -> Result<Report, Error> {
    let stage = Crowd::gather(plan).await?;
    stage.play(stage.rounds_for(plan.warm_up), plan.in_flight).await?;
    let before = stage.deliveries();
    let meter = Meter::start(plan.server_pid)?;
    let rounds = stage.play(stage.rounds_for(plan.count), plan.in_flight).await?;
    let spent = meter.spent()?;
    let deliveries = stage.deliveries() - before;
    // Surplus messages arrive before the last acknowledgement, and are found.
    stage.roll_call().await?;
    let times: Vec<Duration> = rounds.iter().map(|round| round.last).collect();
    Ok(Report::new(plan, deliveries, spent, &times))
}
