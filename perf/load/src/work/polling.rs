//! Clients that begin with polling, upgrade to a WebSocket, and get an acknowledgement over it.

use crate::args::Plan;
use crate::crowd::Crowd;
use crate::error::Error;
use crate::meter::Meter;
use crate::report::Report;

/// Does the work. Only clients after the warm-up are measured, each from its first request to the acknowledgement.
pub(crate) async fn run(plan: &Plan) -> Result<Report, Error> {
    let before = usize::try_from(plan.warm_up).unwrap_or(usize::MAX);
    let mut crowd = Crowd::new(plan, plan.clients.saturating_add(before)).await?;
    crowd.connect(before).await?;
    let meter = Meter::start(plan.server_pid)?;
    let times = crowd.connect(plan.clients).await?;
    let spent = meter.spent()?;
    crowd.stage().roll_call().await?;
    Ok(Report::new(plan, times.len() as u64, spent, &times))
}
