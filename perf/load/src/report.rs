//! What is printed: one line of JSON.

use std::time::Duration;

use serde::Serialize;

use crate::args::{Plan, Work};
use crate::dialect::Audience;
use crate::error::Error;
use crate::meter::Spent;

/// What some work cost. `us` are microseconds, `ms` milliseconds, `kb` 1024 bytes.
///
/// What CPU is reported for is a delivery for [`Work::Broadcast`], an answer for [`Work::Ack`], and a client for
/// [`Work::Connect`] and [`Work::Polling`]. [`Work::Wake`] reports it for each wake.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    work: Work,
    clients: usize,
    rooms: usize,
    to: Audience,
    bytes: usize,
    binary: bool,
    in_flight: usize,
    /// Messages, answers, clients or wakes that were measured.
    count: u64,
    /// Deliveries, answers, clients or deliveries after a wake that were measured.
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

/// What waking took. Each number is the median of all wakes.
#[derive(Debug, Serialize)]
pub(crate) struct Wakes {
    first_ms: f64,
    last_ms: f64,
    server_cpu_ms: f64,
    load_cpu_ms: f64,
    /// Each of them, in order.
    each: Vec<Wake>,
}

/// What waking took once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "a number in the report says its unit")]
pub(crate) struct Wake {
    /// From the sending to the first delivery.
    pub first_ms: f64,
    /// From the sending to the last delivery.
    pub last_ms: f64,
    /// The server's CPU, from the sending until it was quiet again.
    pub server_cpu_ms: f64,
    /// The load generator's CPU meanwhile.
    pub load_cpu_ms: f64,
}

impl Report {
    /// What so many rounds with so many deliveries took, each of them so long.
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

    /// What waking took.
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

    /// The same, with the memory that each client takes in the server.
    pub(crate) fn with_memory(self, kb: f64) -> Self {
        Self { rss_kb_per_client: Some(round(kb)), ..self }
    }

    /// The line to print, without its end.
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

/// A time in milliseconds, as reports have them.
pub(crate) fn millis(time: Duration) -> f64 {
    round(time.as_secs_f64() * 1e3)
}

/// Three digits after the point are more than any of these numbers means.
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

/// The least of the sorted numbers that so many of them do not exceed; none of none.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list that is in memory"
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
