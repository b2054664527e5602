//! The OPEN packet (Engine.IO 4, "Handshake").

use serde::Serialize;

use crate::config::Config;
use crate::id::Sid;
use crate::value::Frame;

/// Its JSON, with exactly the protocol's members in the reference server's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Open {
    sid: Sid,
    upgrades: &'static [&'static str],
    ping_interval: u128,
    ping_timeout: u128,
    max_payload: usize,
}

/// The OPEN packet of the session `sid`; a polling session is told that it may upgrade.
pub fn open_packet(sid: Sid, polling: bool, config: &Config) -> Frame {
    let open = Open {
        sid,
        upgrades: if polling { &["websocket"] } else { &[] },
        ping_interval: config.ping_interval.as_millis(),
        ping_timeout: config.ping_timeout.as_millis(),
        max_payload: config.max_payload_bytes,
    };
    // Numbers and plain strings always serialise.
    let json = serde_json::to_string(&open).unwrap_or_default();
    Frame::text(format!("0{json}"))
}
