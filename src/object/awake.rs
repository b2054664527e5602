//! What keeps the world awake: the operation `awake` of the admin HTTP API. An operator asks it if a world does not sleep.

use super::platform::{Platform, Unfinished};
use super::shell::Shell;
use crate::core::engineio::SessionCounts;
use crate::handles::HttpResponse;
use crate::time::Timestamp;
use crate::value::json_writer::push_number;

/// The names of the counts, in their order.
const NAMES: [&str; 15] = [
    "inMemoryMs",
    "webSockets",
    "polling",
    "draining",
    "probing",
    "hangingGets",
    "openPosts",
    "waitingHandlers",
    "heldEvents",
    "requests",
    "calls",
    "closingWebSockets",
    "unsentBytes",
    "timerAt",
    "alarmAt",
];

impl<P: Platform> Shell<P> {
    /// Returns the counts of everything that can keep the object in memory, as JSON.
    pub(super) fn describe_awake(&mut self) -> HttpResponse {
        let now = self.platform.now();
        let (timer, alarm, constructed) = self.times();
        let since = now.since(constructed);
        let (platform, loaded) = self.wake();
        let (handlers, held) = loaded.world.waiting();
        let sessions = loaded.world.server().session_counts();
        let Unfinished { requests, calls, closing, unsent } = platform.unfinished();
        let SessionCounts { websocket, polling, draining, probing, hanging_gets, open_posts } = sessions;
        let millis = |at: Option<Timestamp>| at.unwrap_or_default().as_millis();
        let values = [
            u64::try_from(since.as_millis()).unwrap_or_default(),
            websocket as u64,
            polling as u64,
            draining as u64,
            probing as u64,
            hanging_gets as u64,
            open_posts as u64,
            handlers as u64,
            held as u64,
            requests as u64,
            calls as u64,
            closing as u64,
            unsent,
            millis(timer),
            millis(alarm),
        ];
        let mut body = r#"{"status":"ok""#.to_owned();
        push_numbers(NAMES.into_iter().zip(values), &mut body);
        body.push('}');
        json_response(body)
    }
}

/// Appends members of an object that are numbers, each with a comma before it.
pub(super) fn push_numbers(members: impl IntoIterator<Item = (&'static str, u64)>, out: &mut String) {
    for (name, value) in members {
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        push_number(value, out);
    }
}

/// Returns a response with JSON that must not be kept.
pub(super) fn json_response(body: String) -> HttpResponse {
    HttpResponse::text(200, body).with_type("application/json").with_header("cache-control", "no-store")
}
