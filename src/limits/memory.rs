//! The limits of what an isolate has in memory. All of its worlds share that, with all of their clients.

use core::ops::RangeInclusive;
use core::time::Duration;

/// `ISOLATE_BYTES`: what the sessions of all worlds of an isolate may owe: unsent frames, frames that wait for a GET,
/// attachments of unfinished packets, arguments of waiting handlers, and the requests, auth objects and data that
/// snapshots keep. An isolate has 128 MB, of which the program, the frames in transit and the app need the rest.
pub const ISOLATE_BYTES: (u64, RangeInclusive<u64>) = (64_000_000, 100_000..=1_000_000_000);

/// The bytes that a world takes in, or that its unsent frames cost more than before, until what its sessions owe is
/// measured again: so much may be overlooked.
pub const MEASURE_BYTES: usize = 1_000_000;

/// The cost of what a world sends until its unsent frames are measured again. To ask 1,000 WebSockets takes less than a
/// hundredth of sending 4,000 frames.
pub const MEASURE_SENT_BYTES: usize = 4_000_000;

/// Time between two measurements of a world to which nothing happens, while more than `PINNED_BYTES` keep it awake
/// anyway. Other worlds may fill the isolate meanwhile, and its debtors must go.
pub const MEASURE_INTERVAL: Duration = Duration::from_secs(1);

/// Shortest time between two measurements of a world while the isolate is short of memory.
pub const MEASURE_INTERVAL_SHORT: Duration = Duration::from_millis(100);

/// Longest time between two measurements of a world that has turns.
pub const MEASURE_INTERVAL_LONG: Duration = Duration::from_secs(10);

/// Age from which on what a world owes is forgotten: it was measured too long ago, so it hibernates. The runtime may remove it from memory
/// much later, and nobody could make it pay meanwhile.
pub const MEASURED_FRESH: Duration = MEASURE_INTERVAL_LONG.saturating_mul(2);

/// The bytes that keep a world awake from which on a timer measures it, because other worlds may fill the isolate meanwhile: what
/// waits for its clients, and unfinished packets.
pub const PINNED_BYTES: usize = 125_000;

/// Most sessions of a world that are closed in one turn because they owe most. What each owes is measured again after
/// each; the next turn goes on.
pub const MAX_DEBTORS: usize = 16;

/// What the worlds may owe until nothing may be added, as a fraction of `ISOLATE_BYTES`: 96 MB. Handlers are `BUSY`, attachments
/// are refused, and long packets do not wait for a later turn. The largest debtors go first, one world's within a second.
pub const REFUSE_RATIO: (usize, usize) = (3, 2);

/// The same for what is in the memory of the wasm instance, which is all but unsent frames: 72 MB. That memory never shrinks, and
/// beside the runtime's heap it must be far below the 128 MB of an isolate.
pub const REFUSE_INSTANCE_RATIO: (usize, usize) = (9, 8);

/// Most bytes of a client's packets that wait for a later turn while nothing may be added: some small packets of a client that
/// did nothing wrong.
pub const MAX_INBOX_BYTES_FULL: usize = 65_536;

/// Most bytes of the bodies of requests that are being read in an isolate, of all its worlds, if `MAX_PAYLOAD_BYTES` is not more: eight
/// clients can post the default `MAX_PAYLOAD_BYTES` at the same time. Clients decide how long that takes, and anybody can send them.
/// Beyond it, the largest is dropped: a POST gets a 413 and its session is closed, a request to a route or the admin HTTP API gets a 503.
/// A stock client has sent its longest body in a second or two.
pub const MAX_BODIES_BYTES: usize = 8_000_000;

/// Longest acknowledgement that is collected for a broadcast while the isolate has no memory, in bytes. It takes as much by
/// itself.
pub const SHORT_ACK_BYTES: usize = 1_000;

/// What a packet that waits for a later turn costs beside its payload, in bytes: its place in the queue, which may have twice as many as
/// are used, and what it takes on the heap.
pub const INBOX_ITEM_BYTES: usize = 128;

/// How much more must be stored of the session that makes room in a world that stores all it may, as a multiple of what would be
/// stored of the session that needs it. Sessions of about the same size must not close each other in turn, and most of a session is
/// stored only when it joins, after it got its room.
pub const STORED_RATIO: usize = 4;

/// Most unsent bytes of the WebSockets that all worlds of an isolate have closed while more than `ISOLATE_BYTES` are taken in all. The
/// runtime keeps them until their clients read, or their connections are lost, and cannot drop a single WebSocket. Beyond it, the object
/// that has most of them aborts, with which all of its WebSockets are dropped. It is more than one client leaves behind that was closed
/// because `MAX_UNSENT_BUFFERS` waited for it; a slow client that goes on reading then has less in the next second.
pub const MAX_CLOSING_BYTES: usize = 24_000_000;
