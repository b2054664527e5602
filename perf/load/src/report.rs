//! The report: one line of JSON.

use std::time::Duration;

use serde::Serialize;

use crate::args::{Plan, Work};
use crate::dialect::Audience;
use crate::error::Error;
use crate::meter::Spent;

/// The cost of some work. `us` are microseconds, `ms` milliseconds, `kb` 1024 bytes.
///
/// CPU is reported per delivery for [`Work::Broadcast`], per acknowledgement for [`Work::Ack`], per client for [`Work::Connect`]
/// and [`Work::Polling`], and per wake for [`Work::Wake`].
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    work: Work,
    clients: usize,
    rooms: usize,
    to: Audience,
    bytes: usize,
    binary: bool,
    in_flight: usize,
    /// The number of messages, acknowledgements, clients or wakes that were measured.
    count: u64,
    /// The number of deliveries, acknowledgements, clients, or deliveries after wakes that were measured.
    deliveries: u64,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_cpu_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_cpu_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rss_kb_per_client: Option<f64>,
    #[serde(flatten)]
    wake: Option<Wakes>,
}

/// The cost of waking. Each number is the median of all wakes.
#[derive(Debug, Serialize)]
pub(crate) struct Wakes {
    first_ms: f64,
    last_ms: f64,
    server_cpu_ms: f64,
    load_cpu_ms: f64,
    /// Each wake, in order.
    each: Vec<Wake>,
}

/// The cost of one wake.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "a number in the report says its unit")]
pub(crate) struct Wake {
    /// The time from the sending to the first delivery.
    pub first_ms: f64,
    /// The time from the sending to the last delivery.
    pub last_ms: f64,
    /// The server's CPU time, from the sending until a moment after the last delivery.
    pub server_cpu_ms: f64,
    /// The load generator's CPU time in that interval.
    pub load_cpu_ms: f64,
}

impl Report {
    /// Creates the report of `deliveries` deliveries. `times` has the duration of each message, acknowledgement or client.
    pub(crate) fn new(plan: &Plan, deliveries: u64, spent: Spent, times: &[Duration]) -> Self {
        let times = sorted(times.iter().map(|time| micros(*time)).collect());
        Self {
            server_cpu_us: Some(round(per(micros(spent.server), deliveries))),
            load_cpu_us: Some(round(per(micros(spent.own), deliveries))),
            p50_us: quantile(&times, 0.5).map(round),
            p99_us: quantile(&times, 0.99).map(round),
            ..Self::bare(plan, times.len() as u64, deliveries, spent.wall)
        }
    }

    /// Creates the report of wakes.
    pub(crate) fn of_wakes(plan: &Plan, deliveries: u64, wall: Duration, wakes: Vec<Wake>) -> Self {
        let median = |of: fn(&Wake) -> f64| quantile(&sorted(wakes.iter().map(of).collect()), 0.5).unwrap_or_default();
        let medians = Wakes {
            first_ms: median(|wake| wake.first_ms),
            last_ms: median(|wake| wake.last_ms),
            server_cpu_ms: median(|wake| wake.server_cpu_ms),
            load_cpu_ms: median(|wake| wake.load_cpu_ms),
            each: Vec::new(),
        };
        let count = wakes.len() as u64;
        Self { wake: Some(Wakes { each: wakes, ..medians }), ..Self::bare(plan, count, deliveries, wall) }
    }

    /// Adds the server's memory per client.
    pub(crate) fn with_memory(self, kb: f64) -> Self {
        Self { rss_kb_per_client: Some(round(kb)), ..self }
    }

    /// Returns the report as a line of JSON, without a newline.
    pub(crate) fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::os("writing the report"))
    }

    fn bare(plan: &Plan, count: u64, deliveries: u64, wall: Duration) -> Self {
        Self {
            work: plan.work,
            clients: plan.clients,
            rooms: plan.rooms,
            to: plan.shape.audience,
            bytes: plan.shape.bytes,
            binary: plan.shape.binary,
            in_flight: plan.in_flight,
            count,
            deliveries,
            seconds: round(wall.as_secs_f64()),
            server_cpu_us: None,
            load_cpu_us: None,
            p50_us: None,
            p99_us: None,
            rss_kb_per_client: None,
            wake: None,
        }
    }
}

/// Converts a time to milliseconds, rounded as in reports.
pub(crate) fn millis(time: Duration) -> f64 {
    round(time.as_secs_f64() * 1e3)
}

/// Rounds to three decimal places, which is more than any of these numbers is exact to.
fn round(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "2^53 deliveries would take years")]
fn per(total: f64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { total / count as f64 }
}

fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// Returns the smallest of the sorted numbers that at least `share` of them do not exceed, or `None` if there are no numbers.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index of a list in memory"
)]
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_numbers_that_were_measured() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(quantile(&hundred, 0.5), Some(50.0));
        assert_eq!(quantile(&hundred, 0.99), Some(99.0));
        assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
