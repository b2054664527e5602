//! The state of the world: the operation `status` of the admin HTTP API.

#[cfg(target_arch = "wasm32")]
use std::rc::Rc;

use super::awake::{json_response, push_numbers};
use super::platform::Platform;
use super::shell::Shell;
use crate::core::engineio::SessionCounts;
#[cfg(target_arch = "wasm32")]
use crate::core::meter::Meter;
use crate::core::meter::{Awake, Gauges};
use crate::handles::HttpResponse;
use crate::limits::MAX_STATUS_NAMESPACES;
use crate::value::json_writer::push_quoted;

/// The names of the numbers, in their order.
const NAMES: [&str; 13] = [
    "since",
    "wakes",
    "countedSince",
    "webSockets",
    "polling",
    "draining",
    "sockets",
    "rooms",
    "alarms",
    "unsentBytes",
    "databaseBytes",
    "sessionRows",
    "rowsWritten",
];

impl<P: Platform> Shell<P> {
    /// Returns since when the world is awake and why, and what it has, as JSON.
    pub(super) fn describe_status(&mut self) -> HttpResponse {
        let unsent = self.measure_unsent();
        let (platform, loaded) = self.wake();
        let (meter, database) = (platform.meter(), platform.database_bytes());
        let in_rows = loaded.rows_of_sessions();
        let server = loaded.world.server();
        let SessionCounts { websocket, polling, draining, .. } = server.session_counts();
        let Gauges { sockets, rooms, .. } = server.gauges();
        let Awake { since, reason, wakes, counted_since } = meter.awake();

        let mut body = r#"{"status":"ok","world":"#.to_owned();
        push_quoted(meter.world(), &mut body);
        body.push_str(r#","reason":"#);
        push_quoted(reason.as_str(), &mut body);
        let values = [
            since.as_millis(),
            wakes,
            counted_since.as_millis(),
            websocket as u64,
            polling as u64,
            draining as u64,
            sockets as u64,
            rooms as u64,
            server.alarm_count() as u64,
            unsent,
            database,
            in_rows as u64,
            meter.rows(),
        ];
        push_numbers(NAMES.into_iter().zip(values), &mut body);
        body.push_str(r#","namespaces":["#);
        let mut left_out = 0;
        for (place, (name, sockets, rooms)) in server.namespace_counts().enumerate() {
            if place >= MAX_STATUS_NAMESPACES {
                left_out += 1;
                continue;
            }
            body.push_str(if place == 0 { r#"{"name":"# } else { r#",{"name":"# });
            push_quoted(name.as_str(), &mut body);
            push_numbers([("sockets", sockets as u64), ("rooms", rooms as u64)], &mut body);
            body.push('}');
        }
        body.push(']');
        push_numbers([("moreNamespaces", left_out)], &mut body);
        body.push('}');
        json_response(body)
    }

    /// Returns the counters of the world, with what is measured now.
    #[cfg(target_arch = "wasm32")]
    pub fn measured_meter(&mut self) -> Rc<Meter> {
        self.measure_unsent();
        Rc::clone(self.platform.meter())
    }

    /// Returns the bytes that clients have not read, and notes them.
    fn measure_unsent(&mut self) -> u64 {
        let (platform, loaded) = self.wake();
        // A call that finds the world asleep has had no turn yet.
        loaded.world.gauge(platform.now());
        let unsent = platform.unfinished().unsent;
        platform.meter().set_unsent(unsent);
        unsent
    }
}
