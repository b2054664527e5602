//! Clients that connect: the cost of a connection, and the memory that it takes while it is open.

use std::time::Duration;

use tokio::time::sleep;

use crate::args::Plan;
use crate::clock;
use crate::crowd::Crowd;
use crate::error::Error;
use crate::meter::Meter;
use crate::os;
use crate::report::Report;

/// The interval between two readings of the memory.
const LOOK: Duration = Duration::from_millis(250);
/// The number of successive readings that must be nearly equal.
const STILL: u32 = 6;
/// How long to wait for that; then the last reading is used.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does the work. Only clients after the warm-up are measured, so that the server's one-time costs are not included.
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
    #[expect(clippy::cast_precision_loss, reason = "the number of clients is far below 2^53")]
    let each = memory / clients.max(1) as f64;
    Ok(Report::new(plan, clients, spent, &times).with_memory(each))
}

/// Waits until the server's resident memory is stable, and returns it in units of 1024 bytes.
async fn settled_memory(server_pid: i32) -> Result<f64, Error> {
    let started = clock::now();
    let mut memory = os::resident_kb(server_pid)?;
    let mut still = 0;
    while still < STILL && started.elapsed() < PATIENCE {
        sleep(LOOK).await;
        let now = os::resident_kb(server_pid)?;
        // The garbage collector of an idle server changes it by up to half a percent.
        still = if now.abs_diff(memory) * 200 <= memory { still + 1 } else { 0 };
        memory = now;
    }
    #[expect(clippy::cast_precision_loss, reason = "the memory in kB is far below 2^53")]
    Ok(memory as f64)
}
