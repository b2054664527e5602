//! The OPEN packet (Engine.IO 4, "Handshake").

use core::time::Duration;

use crate::config::Config;
use crate::id::Sid;
use crate::value::Frame;

/// Returns the OPEN packet of the session `sid`, with exactly the protocol's members, in the reference server's order. It offers
/// the upgrade to WebSocket to a polling session only, and only if WebSocket is served.
pub(crate) fn open_packet(sid: Sid, polling: bool, config: &Config) -> Frame {
    let upgrades = if polling && config.transports.has_websocket() { r#""websocket""# } else { "" };
    let (interval, timeout) = (millis(config.ping_interval), millis(config.ping_timeout));
    let max = config.max_payload_bytes;
    Frame::text(format!(
        r#"0{{"sid":"{sid}","upgrades":[{upgrades}],"pingInterval":{interval},"pingTimeout":{timeout},"maxPayload":{max}}}"#
    ))
}

fn millis(span: Duration) -> u64 {
    // Formatting a `u128` would add 3 KB to the wasm.
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
