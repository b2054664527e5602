//! Clients that connect: what it costs to let one in, and what memory one takes while it is there.

use std::time::Duration;

use tokio::time::sleep;

use crate::args::Plan;
use crate::clock;
use crate::crowd::Crowd;
use crate::error::Error;
use crate::meter::Meter;
use crate::os;
use crate::report::Report;

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How often in a row it must be nearly the same.
const STILL: u32 = 6;
/// How long that may take; then what it is at is reported.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures the clients after those that warm the server up: what a server needs once is not a client's.
pub(crate) async fn run(plan: &Plan) -> Result<Report, Error> {
    let before = usize::try_from(plan.warm_up).unwrap_or(usize::MAX);
    let mut crowd = Crowd::new(plan, plan.clients.saturating_add(before)).await?;
    crowd.connect(before).await?;
    let memory = settled_memory(plan.server_pid).await?;
    let meter = Meter::start(plan.server_pid)?;
    let times = crowd.connect(plan.clients).await?;
    let spent = meter.spent()?;
    let memory = settled_memory(plan.server_pid).await? - memory;
    crowd.stage().roll_call().await?;
    let clients = times.len() as u64;
    #[expect(clippy::cast_precision_loss, reason = "nobody has that many clients")]
    let each = memory / clients.max(1) as f64;
    Ok(Report::new(plan, clients, spent, &times).with_memory(each))
}

/// The server's resident memory in kB, once it changes no more.
async fn settled_memory(server_pid: i32) -> Result<f64, Error> {
    let started = clock::now();
    let mut memory = os::resident_kb(server_pid)?;
    let mut still = 0;
    while still < STILL && started.elapsed() < PATIENCE {
        sleep(LOOK).await;
        let now = os::resident_kb(server_pid)?;
        // Half a percent: what a collector of garbage moves about in a server that does nothing.
        still = if now.abs_diff(memory) * 200 <= memory { still + 1 } else { 0 };
        memory = now;
    }
    #[expect(clippy::cast_precision_loss, reason = "no machine has that much memory")]
    Ok(memory as f64)
}
