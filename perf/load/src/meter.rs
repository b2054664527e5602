//! What a stretch of work took.

use std::time::{Duration, Instant};

use crate::clock;
use crate::error::Error;
use crate::os;

/// Runs from its start.
#[derive(Debug)]
pub(crate) struct Meter {
    server_pid: i32,
    server: Duration,
    own: Duration,
    started: Instant,
}

/// What was spent meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// User and system time of the server's process.
    pub server: Duration,
    /// User and system time of this process.
    pub own: Duration,
    /// Time by the clock on the wall.
    pub wall: Duration,
}

impl Meter {
    /// Starts to measure the process of the server, and this one.
    pub(crate) fn start(server_pid: i32) -> Result<Self, Error> {
        Ok(Self { server_pid, server: os::cpu_of(server_pid)?, own: os::own_cpu()?, started: clock::now() })
    }

    /// What was spent since the start.
    pub(crate) fn spent(&self) -> Result<Spent, Error> {
        let wall = self.started.elapsed();
        let server = os::cpu_of(self.server_pid)?.saturating_sub(self.server);
        Ok(Spent { server, own: os::own_cpu()?.saturating_sub(self.own), wall })
    }
}
