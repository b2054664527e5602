//! Limits of what is in memory and belongs to no session that could be closed for it.

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
