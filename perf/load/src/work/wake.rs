//! Wakes: the cost of delivering a message after a time without messages, in which the server hibernates.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::time::sleep;

use crate::args::{Plan, Silence};
use crate::clock;
use crate::crowd::Crowd;
use crate::error::Error;
use crate::meter::Meter;
use crate::report::{Report, Wake, millis};

/// How long the server's CPU time counts after the last delivery: it may still have to store its state.
const AFTERWARDS: Duration = Duration::from_millis(100);

/// Does the work. Each wake is measured separately.
pub(crate) async fn run(plan: &Plan) -> Result<Report, Error> {
    let stage = Crowd::gather(plan).await?;
    for _ in 0..plan.warm_up {
        stage.roll_call().await?;
        stage.play(1, 1).await?;
    }
    let mut orders = BufReader::new(stdin()).lines();
    if plan.silence == Silence::UntilTold {
        #[expect(
            clippy::print_stderr,
            reason = "the caller must know when the clients are connected, and stdout is for the report"
        )]
        {
            eprintln!("connected");
        }
    }
    let started = clock::now();
    let before = stage.deliveries();
    let mut wakes = Vec::new();
    for _ in 0..plan.times {
        match plan.silence {
            Silence::For(time) => sleep(time).await,
            Silence::UntilTold => drop(orders.next_line().await.map_err(Error::os("reading stdin"))?),
        }
        let meter = Meter::start(plan.server_pid)?;
        let rounds = stage.play(1, 1).await?;
        sleep(AFTERWARDS).await;
        let spent = meter.spent()?;
        wakes.extend(rounds.iter().map(|round| Wake {
            first_ms: millis(round.first),
            last_ms: millis(round.last),
            server_cpu_ms: millis(spent.server),
            load_cpu_ms: millis(spent.own),
        }));
    }
    let wall = started.elapsed();
    let deliveries = stage.deliveries() - before;
    stage.roll_call().await?;
    Ok(Report::of_wakes(plan, deliveries, wall, wakes))
}
