//! What the log says of a packet for a WebSocket that is traced.

use crate::core::traces::conclude;
use crate::limits::VOLATILE_UNSENT_BYTES;
use crate::log::Record;
use crate::value::json_writer::push_number;

/// Completes the line of a trace about a packet that is sent next, to a WebSocket with so many bytes unsent. What is written is not
/// yet received: only an acknowledgement says so.
#[cold]
#[inline(never)]
pub(super) fn trace_delivery(unsent: usize, volatile: bool, record: &mut Record) {
    let (code, fate) = match unsent {
        0 => ("WRITTEN", "written"),
        1.. if volatile && unsent > VOLATILE_UNSENT_BYTES => {
            ("DROPPED", "dropped, as it is volatile and the client is slow")
        }
        1.. => ("HELD", "held back behind what the client has not read"),
    };
    record.message.push_str("; ");
    push_number(unsent as u64, &mut record.message);
    record.message.push_str(" bytes are unsent before it");
    conclude(record, code, fate);
}
