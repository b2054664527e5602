//! Every bound, with its reason. Where a bound can be set by a Worker variable, [`Config`](super::config::Config)
//! holds the value in force and this page its default and the range it may be set to.

use core::ops::RangeInclusive;
use core::time::Duration;

/// Longest world name, in characters. It is a Durable Object's name and part of every URL and log line.
pub const MAX_WORLD_NAME_CHARS: usize = 64;

/// Most binary attachments of one Socket.IO packet: the reference parser's default since 4.2.7.
pub const MAX_ATTACHMENTS: usize = 10;

/// Longest auth object of a CONNECT, in bytes. It is kept as long as its socket lives and read again at every wake; a token
/// takes one or two thousand. A CONNECT with a longer one is answered with `CONNECT_ERROR`.
pub const MAX_AUTH_BYTES: usize = 16_384;

/// Auth objects of all of a client's sockets, in bytes: each is part of every snapshot of its connection, and where namespaces are
/// made by a pattern, a thousand of the longest would be written anew with each CONNECT.
pub const MAX_CLIENT_AUTH_BYTES: usize = 4 * MAX_AUTH_BYTES;

/// Most bytes of one packet's attachments, as a multiple of `MAX_PAYLOAD_BYTES`, which bounds each. They wait in memory for
/// the last one, in an isolate of 128 MB that all worlds share.
pub const MAX_ATTACHMENTS_PAYLOADS: usize = 4;

/// Most bytes of attachments that wait for their packets' last ones, in a world as a whole, and most bytes of arguments that
/// handlers and held events keep while they wait: clients that begin packets and never end them, or flood a handler that
/// waits, must not fill the isolate, awake or at the next wake.
pub const MAX_WAITING_BYTES: usize = 32_000_000;

/// Longest attachment that waits for its packet's last one inside the snapshot; a longer one is written down by itself,
/// once, in the object's database.
pub const MAX_INLINE_PART_BYTES: usize = 1_000;

/// Longest head of the request that opens a session: its URL and headers, in bytes. They are kept as long as the session
/// lives; Node's own bound, 16 KiB, and its answer, 431.
pub const MAX_HANDSHAKE_REQUEST_BYTES: usize = 16_384;

/// Most subprotocols that a WebSocket may offer: each is compared with those before it, and clients offer a few.
pub const MAX_SUBPROTOCOLS: usize = 100;

/// Longest `socket.data`, in bytes of JSON. It is written with the socket's snapshot whenever that changes.
pub const MAX_DATA_BYTES: usize = 65_536;

/// Namespaces that one client may be in or on its way into: where names are made by a pattern, nothing else bounds them, and
/// each is part of every snapshot of its connection.
pub const MAX_NAMESPACES: usize = 1_000;

/// Rooms of one socket: each is written with every snapshot of it.
pub const MAX_ROOMS: usize = 10_000;

/// Longest name of a room or of a namespace that is joined, in bytes: a client may have chosen it, thousands of them are written
/// with every snapshot, and the longest names in use are URLs.
pub const MAX_NAME_BYTES: usize = 4_096;

/// Most answers of one socket that wait in its snapshot for the handler that `ack_to` named.
pub const MAX_STORED_ACKS: usize = 100;

/// Longest context of a `ack_to`, in bytes of JSON: 100 of them are kept with a socket.
pub const MAX_CONTEXT_BYTES: usize = 4_096;

/// How long `ack_to` waits for an answer unless it is told: a day.
pub const ACK_TO_TIMEOUT: Duration = Duration::from_hours(24);

/// How long an `emit_with_ack` that is awaited waits unless it is told. The handler that awaits lives in memory, so its world
/// stays awake, and is billed, as long.
pub const ACK_TIMEOUT: Duration = Duration::from_mins(1);

/// Longest `timeout` of an `emit_with_ack`, for the same reason; `ack_to` has no such bound.
pub const MAX_ACK_TIMEOUT: Duration = Duration::from_mins(10);

/// How long the handler of an HTTP request has for its answer: a request that is open keeps its world awake. A minute more
/// than the longest `emit_with_ack`, whose outcome a handler may tell.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_mins(11);

/// Longest time that the body of a request may take to arrive, a POST of a session's or one to a route or the admin API: an open
/// request keeps its world awake, and a body that never ends would do so for ever. A client that sends `MAX_PAYLOAD_BYTES` has
/// 130 kbit/s or more. Shorter where `PING_INTERVAL_MS` and `PING_TIMEOUT_MS` together are:
/// [`Config::body_timeout`](super::config::Config::body_timeout).
pub const BODY_TIMEOUT: Duration = Duration::from_mins(1);

/// Most bytes of answers to one broadcast that are kept until the last one comes: they wait in an isolate of 128 MB.
pub const MAX_ACK_BYTES: usize = 16_000_000;

/// Handlers of one world that may be waiting for something at once, and packets that wait for packet middleware: what a
/// client sends beyond is answered with `BUSY`. Each holds what it was called with.
pub const MAX_PENDING_HANDLERS: usize = 10_000;

/// Events of one socket that wait while packet middleware decides about an earlier one.
pub const MAX_QUEUED_EVENTS: usize = 1_000;

/// Unsent bytes up to which a client counts as ready for a `volatile` packet: a few small frames, which every network holds
/// for a moment.
pub const VOLATILE_UNSENT_BYTES: usize = 4_096;

/// Named alarms of one world: all of them are one row, of 2 MB at most, and are read at every wake.
pub const MAX_ALARMS: usize = 400;

/// Bytes of all named alarms of a world as they are written: one row, for which the platform allows 2 MB.
pub const MAX_ALARMS_BYTES: usize = 1_900_000;

/// Longest time until an alarm, or until a `ack_to` is given up: a hundred years, and what is longer is cut to them. The
/// platform's clock ends in 2262, and throws beyond.
pub const MAX_ALARM_AFTER: Duration = Duration::from_hours(24 * 365 * 100);

/// Longest key in a world's storage, in bytes: the platform's own bound for its key-value storage.
pub const MAX_STORAGE_KEY_BYTES: usize = 2_048;

/// Longest value in a world's storage, in bytes of JSON; the platform allows 2 MB a row.
pub const MAX_STORAGE_VALUE_BYTES: usize = 1_900_000;

/// Characters of a session id that the server's own code makes: they stand in every URL of a polling client.
pub const MAX_SID_CHARS: usize = 64;

/// How long what was due waits after something panicked while it was done: at once it would be met again, and again.
pub const PANIC_BACKOFF: Duration = Duration::from_mins(1);

/// Calls of handlers in one turn: what those cause that were called waits for a turn of its own, so that handlers that call
/// each other for ever do not keep the object from its other events.
pub const MAX_DISPATCHES: usize = 10_000;

/// Digits of an acknowledgement id: up to here JavaScript's numbers count exactly, so that the id a client reads back
/// is the id it sent.
pub const MAX_ACK_ID_DIGITS: usize = 15;

/// Numbers that a waking world sets aside for each millisecond until then, so that none of its questions has the number of an
/// earlier one: more are not asked in the long run. Times these, today's milliseconds have 15 digits until 2286.
pub const ACKS_PER_MILLI: u64 = 100;

/// Deepest nesting of a binary packet's JSON. Nothing here recurses, but clients do: JavaScript's parser of Socket.IO overflows its
/// stack at some 5,000 levels when it puts attachments in place, and closes the connection. Deeper packets, handed on, would
/// disconnect all who get them. Clients parse text packets without recursion: those have no such bound.
pub const MAX_JSON_DEPTH: usize = 4_000;

/// Between two `6` to a hanging poll while a probe waits for its `5`: engine.io's own interval. A single one would
/// leave a client that polled again stalled until the next ping.
pub const UPGRADE_NOOP_INTERVAL: Duration = Duration::from_millis(100);

/// How long a closed polling session keeps what its client has not read yet: engine.io's `closeTimeout`.
pub const POLLING_CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client that was closed for not reading has to read on, before an object with nobody else in it aborts:
/// its unsent bytes keep the object awake, and nothing else drops them. As long as engine.io waits for a client that closes.
pub const UNREAD_DROP_AFTER: Duration = Duration::from_secs(30);

/// From this ping interval on, the runtime answers pongs by itself and the world sleeps between pings; an object
/// hibernates after 10 idle seconds, so up to here it would never sleep anyway.
pub const SHARED_HEARTBEAT_FROM: Duration = Duration::from_secs(10);

/// Bytes of a snapshot that are kept in a WebSocket's attachment. The platform allows 16,384 serialised bytes; the rest
/// is room for the header's numbers, the array around them and two-byte strings' markers.
pub const MAX_ATTACHMENT_BYTES: usize = 15_000;

/// Bytes of one row of what spilled into SQLite; the platform allows 2 MB a row.
pub const MAX_SPILL_ROW_BYTES: u32 = 1_000_000;

/// Sockets of one world: the platform accepts 32,768 hibernatable WebSockets an object.
pub const MAX_SOCKETS: usize = 32_768;

/// Sessions of one world that may be polling at once. They live in memory, each with a buffer, in an isolate of 128 MB;
/// a client polls for about a second before it upgrades.
pub const MAX_POLLING_SESSIONS: usize = 1_000;

/// Characters of an event's name that an error answer repeats.
pub const MAX_ECHOED_NAME_CHARS: usize = 100;

/// Characters that answers and the log say of what is wrong with what somebody sent: such a text may repeat what came, up to
/// a whole packet of it.
pub const MAX_ECHOED_PROBLEM_CHARS: usize = 300;

/// `PING_INTERVAL_MS`: the default is engine.io's. At least 100 ms, or heartbeats are all a world does; at most a day.
pub const PING_INTERVAL_MS: (u64, RangeInclusive<u64>) = (25_000, 100..=86_400_000);

/// `PING_TIMEOUT_MS`: the default is engine.io's.
pub const PING_TIMEOUT_MS: (u64, RangeInclusive<u64>) = (20_000, 50..=86_400_000);

/// `MAX_PAYLOAD_BYTES`: the default is engine.io's `maxHttpBufferSize`. The platform ends a WebSocket at a message of
/// more than 32 MiB without asking anyone.
pub const MAX_PAYLOAD_BYTES: (u64, RangeInclusive<u64>) = (1_000_000, 1_000..=33_554_432);

/// `CONNECT_TIMEOUT_MS`: the default is socket.io's.
pub const CONNECT_TIMEOUT_MS: (u64, RangeInclusive<u64>) = (45_000, 100..=86_400_000);

/// `UPGRADE_TIMEOUT_MS`: the default is engine.io's.
pub const UPGRADE_TIMEOUT_MS: (u64, RangeInclusive<u64>) = (10_000, 100..=600_000);

/// `MAX_BUFFERED_BYTES`: unsent bytes are memory of the isolate (128 MB in all) and keep the world awake.
pub const MAX_BUFFERED_BYTES: (u64, RangeInclusive<u64>) = (1_000_000, 1_000..=100_000_000);

/// Shortest `ADMIN_KEY`, in characters: it is all that keeps strangers from every world, and nobody counts their attempts.
pub const MIN_ADMIN_KEY_CHARS: usize = 16;

/// Longest response of the admin HTTP API to `fetch`, in bytes: it is put together in an isolate
/// of 128 MB.
pub const MAX_ADMIN_ANSWER_BYTES: usize = 16_000_000;

/// Longest `ALLOWED_ORIGINS`, in bytes: it is compared on every request.
pub const MAX_ALLOWED_ORIGINS_BYTES: usize = 10_000;
