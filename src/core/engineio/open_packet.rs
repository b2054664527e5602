//! The OPEN packet (Engine.IO 4, "Handshake").

use core::time::Duration;

use crate::config::Config;
use crate::id::Sid;
use crate::value::Frame;
use crate::value::json_writer::push_number;

/// Returns the OPEN packet of the session `sid`, with exactly the protocol's members, in the reference server's order. It offers
/// the upgrade to WebSocket to a polling session only, and only if WebSocket is served.
pub(crate) fn open_packet(sid: Sid, polling: bool, config: &Config) -> Frame {
    let mut text = String::with_capacity(ROOM);
    text.push_str(r#"0{"sid":""#);
    text.push_str(sid.as_str());
    let offers_upgrade = polling && config.transports.has_websocket();
    text.push_str(if offers_upgrade { r#"","upgrades":["websocket"]"# } else { r#"","upgrades":[]"# });
    let numbers = [
        (r#","pingInterval":"#, millis(config.ping_interval)),
        (r#","pingTimeout":"#, millis(config.ping_timeout)),
        (r#","maxPayload":"#, config.max_payload_bytes as u64),
    ];
    for (name, number) in numbers {
        text.push_str(name);
        push_number(number, &mut text);
    }
    text.push('}');
    Frame::text(text)
}

/// Bytes for the packet with a random id.
const ROOM: usize = 128;

fn millis(span: Duration) -> u64 {
    // Formatting a `u128` would add 3 KB to the wasm.
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
