//! Measures the CPU time and the time of some work.

use std::time::{Duration, Instant};

use crate::clock;
use crate::error::Error;
use crate::os;

/// A running measurement.
#[derive(Debug)]
pub(crate) struct Meter {
    server_pid: i32,
    server: Duration,
    own: Duration,
    started: Instant,
}

/// The result of a measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// User and system time of the server's process.
    pub server: Duration,
    /// User and system time of this process.
    pub own: Duration,
    /// Elapsed time.
    pub wall: Duration,
}

impl Meter {
    /// Starts to measure the server's process and this one.
    pub(crate) fn start(server_pid: i32) -> Result<Self, Error> {
        Ok(Self { server_pid, server: os::cpu_of(server_pid)?, own: os::own_cpu()?, started: clock::now() })
    }

    /// Returns the time spent since the start.
    pub(crate) fn spent(&self) -> Result<Spent, Error> {
        let wall = self.started.elapsed();
        let server = os::cpu_of(self.server_pid)?.saturating_sub(self.server);
        Ok(Spent { server, own: os::own_cpu()?.saturating_sub(self.own), wall })
    }
}
