//! Messages from one client to all others, or to the others of its room.

use std::time::Duration;

use crate::args::Plan;
use crate::crowd::Crowd;
use crate::error::Error;
use crate::meter::Meter;
use crate::report::Report;

/// Measures from a moment when nothing is under way to another: what a message costs is not missed at either end.
pub(crate) async fn run(plan: &Plan) -> Result<Report, Error> {
    let stage = Crowd::gather(plan).await?;
    stage.play(stage.rounds_for(plan.warm_up), plan.in_flight).await?;
    let before = stage.deliveries();
    let meter = Meter::start(plan.server_pid)?;
    let rounds = stage.play(stage.rounds_for(plan.count), plan.in_flight).await?;
    let spent = meter.spent()?;
    let deliveries = stage.deliveries() - before;
    // Whatever was said too much is heard before the last answer.
    stage.roll_call().await?;
    let times: Vec<Duration> = rounds.iter().map(|round| round.last).collect();
    Ok(Report::new(plan, deliveries, spent, &times))
}
