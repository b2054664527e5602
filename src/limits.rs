//! Every limit, with its reason. If a Worker variable sets a limit, [`Config`](super::config::Config) holds the value
//! in use, and this file holds the default and the range.

mod attempts;
mod between_worlds;
mod fetched;
mod memory;
#[cfg(feature = "validation")]
mod payloads;
mod rates;
mod session_limits;
mod storage_reads;
#[cfg(feature = "jwt")]
mod tokens;

use core::ops::RangeInclusive;
use core::time::Duration;

pub use attempts::*;
pub use between_worlds::*;
pub use fetched::*;
pub use memory::*;
#[cfg(feature = "validation")]
pub use payloads::*;
pub use rates::*;
pub use session_limits::*;
pub use storage_reads::*;
#[cfg(feature = "jwt")]
pub use tokens::*;

/// Longest world name, in characters. The name is that of a Durable Object, and part of every URL and log line.
pub const MAX_WORLD_NAME_CHARS: usize = 64;

/// Most binary attachments of one Socket.IO packet: the reference parser's default since 4.2.7.
pub const MAX_ATTACHMENTS: usize = 10;

/// Longest auth object of a CONNECT, in bytes. It is kept as long as its socket lives and read at every wake; a token
/// takes 1,000 or 2,000 bytes. A CONNECT with a longer one is answered with `CONNECT_ERROR`.
pub const MAX_AUTH_BYTES: usize = 16_384;

/// Most bytes of the auth objects of all of a client's sockets. They are part of every snapshot of its connection:
/// where a template makes namespaces, each CONNECT would write up to a thousand of them anew.
pub const MAX_CLIENT_AUTH_BYTES: usize = 4 * MAX_AUTH_BYTES;

/// Most bytes of all attachments of one packet, as a multiple of `MAX_PAYLOAD_BYTES`, which is the limit of each. They
/// wait for the last one in memory: an isolate has 128 MB, which all its worlds share.
pub const MAX_ATTACHMENTS_PAYLOADS: usize = 4;

/// Most bytes of arguments that a world's waiting handlers and held events keep. Handlers wait on when their client is
/// gone: nobody can be closed for what they keep.
pub const MAX_WAITING_BYTES: usize = 32_000_000;

/// How long a packet whose attachments have not all arrived is in memory only, from its first message on, before it is
/// stored; also how long attachments are that arrive after that. It keeps its world awake as long, and a world that is
/// idle hibernates only after ten seconds. If the object is lost meanwhile, as in a deploy, the next attachment belongs
/// to nothing, and the connection is closed.
pub const UNFINISHED_STORED_AFTER: Duration = Duration::from_secs(5);

/// Longest attachment of an incomplete packet that is kept in the snapshot, in bytes. A longer one is stored by itself,
/// once, in the object's database.
pub const MAX_INLINE_PART_BYTES: usize = 1_000;

/// Longest URL and headers of the request that opens a session, in bytes. Node has the same limit, 16 KiB, and the same
/// response, 431.
pub const MAX_HANDSHAKE_REQUEST_BYTES: usize = 16_384;

/// Longest URL and headers that a session keeps of that request, in bytes: they are in memory and in the snapshot as
/// long as the session lives. Browsers cut a `Referer` to 4,096 bytes; as many are left for a token in the URL and the
/// other headers. Beyond it, the response is a 431, too.
pub const MAX_KEPT_REQUEST_BYTES: usize = 8_192;

/// Most headers that an app adds to those that are kept. Each header of a request is compared with all of them.
pub const MAX_KEPT_HEADERS: usize = 50;

/// Most subprotocols that a WebSocket may offer. Each is compared with those before it; clients offer a few.
pub const MAX_SUBPROTOCOLS: usize = 100;

/// Most bytes of what a world stores of its clients: headers, auth objects, data, rooms, acknowledgements and unfinished
/// packets. A wake reads and parses all of it at once, which takes three or four times as much of the 128 MB of an isolate, beside
/// [`MAX_WAITING_BYTES`]. The sessions of which most is stored make room for new ones, CONNECTs and unfinished packets of others;
/// if there is none larger, sessions are refused as in a full world, and CONNECTs with `CONNECT_ERROR`. Data, rooms and
/// `ack_to` return an error.
pub const MAX_STORED_BYTES: usize = 24_000_000;

/// Longest `socket.data`, in bytes of JSON. It is written with the socket's snapshot whenever that changes.
pub const MAX_DATA_BYTES: usize = 65_536;

/// Most namespaces that one client has joined or is joining. Where a template makes namespaces, nothing else limits
/// them, and each is part of every snapshot of the client's connection.
pub const MAX_NAMESPACES: usize = 1_000;

/// Most rooms of one socket. Each is written with every snapshot of the socket.
pub const MAX_ROOMS: usize = 10_000;

/// Longest name of a room, or of a namespace that a client joins, in bytes. A client may choose the name, and every
/// snapshot may have thousands of them; the longest names in use are URLs.
pub const MAX_NAME_BYTES: usize = 4_096;

/// Most acknowledgements that one socket owes to handlers of `ack_to`. They are part of its snapshot.
pub const MAX_STORED_ACKS: usize = 100;

/// Longest context of an `ack_to` or an alarm, in bytes of JSON. A socket keeps up to 100 of them.
pub const MAX_CONTEXT_BYTES: usize = 4_096;

/// How long `ack_to` waits for an acknowledgement by default: a day.
pub const ACK_TO_TIMEOUT: Duration = Duration::from_hours(24);

/// How long `emit_with_ack` waits by default. The handler that awaits it lives in memory, so its world stays awake, and
/// is billed, for as long.
pub const ACK_TIMEOUT: Duration = Duration::from_mins(1);

/// Longest `timeout` of `emit_with_ack`, for the same reason. `ack_to` has no such limit.
pub const MAX_ACK_TIMEOUT: Duration = Duration::from_mins(10);

/// How long the handler of an HTTP request may take to respond: an open request keeps its world awake. It is a minute
/// more than the longest `emit_with_ack`, so that a handler can respond with its outcome.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_mins(11);

/// How long the body of a request may take to arrive: a session's POST, or a request to a route or the admin HTTP API.
/// An open request keeps its world awake, and a body that never ends would do so for ever. To send the default
/// `MAX_PAYLOAD_BYTES` in time, a client needs 130 kbit/s. The time is shorter if `PING_INTERVAL_MS` and
/// `PING_TIMEOUT_MS` together are: [`Config::body_timeout`](super::config::Config::body_timeout).
pub const BODY_TIMEOUT: Duration = Duration::from_mins(1);

/// Most bytes of acknowledgements that a world keeps until the last one of their broadcast comes. They wait in memory: an isolate
/// has 128 MB.
pub const MAX_ACK_BYTES: usize = 16_000_000;

/// Most handlers of one world that wait at once, packet middleware among them: each keeps its arguments. Beyond it,
/// events and HTTP requests fail with `BUSY`, CONNECTs are refused, sessions of plain Engine.IO that send a message are
/// closed, and handlers that only observe are not called.
pub const MAX_PENDING_HANDLERS: usize = 10_000;

/// Most events of one socket that wait while packet middleware decides about an earlier one.
pub const MAX_QUEUED_EVENTS: usize = 1_000;

/// How long a client for which more than `MAX_BUFFERED_BYTES` wait may read nothing before it is slow, and is closed. A
/// phone that changes its network is silent for some seconds; the runtime counts a frame as unsent until all of it is
/// sent, so the longest frame of the default `MAX_PAYLOAD_BYTES` needs 0.8 Mbit/s.
pub const SLOW_READER_AFTER: Duration = Duration::from_secs(10);

/// Most that waits for a client that does get on, as a multiple of `MAX_BUFFERED_BYTES`: an isolate has 128 MB. One sender does
/// not get there: from half of it on, it is charged more than its bytes (see [`QUEUED_STEPS`]), and is refused in time.
pub const MAX_UNSENT_BUFFERS: usize = 16;

/// What a frame that waits costs beside its payload, in bytes: 200,000 frames of 10 bytes that a client does not read
/// take 1,150 bytes of workerd's memory each.
pub const FRAME_OVERHEAD_BYTES: usize = 1_000;

/// Most unsent bytes with which a client is ready for a `volatile` packet: a few small frames, which every network
/// delays for a moment.
pub const VOLATILE_UNSENT_BYTES: usize = 4_096;

/// Most named alarms of one world. Each is a row, with a context of up to `MAX_CONTEXT_BYTES`, and all of them are read at
/// every wake.
pub const MAX_ALARMS: usize = 400;

/// Longest time until an alarm, or until `ack_to` stops waiting: a hundred years. A longer time is cut to it. The
/// platform's clock ends in 2262, and throws beyond.
pub const MAX_ALARM_AFTER: Duration = Duration::from_hours(24 * 365 * 100);

/// Longest key in a world's storage, in bytes: the platform's own limit for its key-value storage.
pub const MAX_STORAGE_KEY_BYTES: usize = 2_048;

/// Longest value in a world's storage, in bytes of JSON. The platform allows 2 MB for each row.
pub const MAX_STORAGE_VALUE_BYTES: usize = 1_900_000;

/// Most bytes of earlier rows that a handler may have replaced or deleted when it first waits, and a transaction when it ends. They
/// are in memory until then, so that they can be restored: an isolate has 128 MB.
pub const MAX_UNDO_BYTES: usize = 16_000_000;

/// How many of a handler's last writes are searched for an earlier one of the same key. If it is not found, its key is recorded twice,
/// which costs memory only: the first record is restored last.
pub const MAX_UNDO_SEARCHED: usize = 64;

/// Longest session id that the app may make, in characters. It is part of every URL of a client that polls.
pub const MAX_SID_CHARS: usize = 64;

/// Most digits of an acknowledgement id. JavaScript's numbers are exact up to here, so that a client reads the same id
/// that it sent.
pub const MAX_ACK_ID_DIGITS: usize = 15;

/// Acknowledgement ids for each millisecond since 1970. An id that is made after a wake is higher than all earlier
/// ones, as long as fewer than this are made per millisecond on average. The current millisecond times this has 15
/// digits until 2286.
pub const ACKS_PER_MILLI: u64 = 100;

/// Deepest nesting of a binary packet's JSON. The server does not recurse, but clients do: the JavaScript parser of
/// Socket.IO overflows its stack at about 5,000 levels when it inserts the attachments, and closes the connection, so a
/// deeper packet would disconnect every client that gets it. Clients parse text packets without recursion: those have
/// no such limit.
pub const MAX_JSON_DEPTH: usize = 4_000;

/// Time between two `6` to a hanging poll while a probe waits for its `5`: engine.io's own interval. With a single `6`,
/// a client that polled again would wait until the next ping.
pub const UPGRADE_NOOP_INTERVAL: Duration = Duration::from_millis(100);

/// How long a closed session that polls keeps what its client has not read yet: engine.io's `closeTimeout`.
pub const POLLING_CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client that was closed because it did not read may take to read on, before an object without other
/// sessions aborts: the client's unsent bytes keep the object awake, and nothing else drops them. engine.io waits as
/// long for a client that closes.
pub const UNREAD_DROP_AFTER: Duration = Duration::from_secs(30);

/// Time until that is tried again if the object has other sessions: the last of them must not be followed by a whole
/// [`UNREAD_DROP_AFTER`] more.
pub const UNREAD_RETRY_AFTER: Duration = Duration::from_secs(3);

/// Shortest ping interval with which the runtime answers pongs by itself and the world sleeps between pings. An object
/// hibernates after 10 idle seconds, so with a shorter interval it would never sleep anyway.
pub const SHARED_HEARTBEAT_FROM: Duration = Duration::from_secs(10);

/// Longest attachment of a WebSocket, in bytes: a session's heartbeat and snapshot as one string. The platform allows
/// 16,384 serialised bytes; the difference is a margin for what it adds.
pub const MAX_ATTACHMENT_BYTES: usize = 15_000;

/// Longest row of a snapshot, or of an attachment of an incomplete packet, in SQLite, in bytes. The platform allows 2
/// MB for each row.
pub const MAX_SPILL_ROW_BYTES: u32 = 1_000_000;

/// How much time a row of a session uses up, written or deleted, of those that do not fit into its attachment. A million
/// rows are a dollar: a client that makes its world write all the time costs a few cents a day.
pub const ROW_INTERVAL: Duration = Duration::from_secs(1);

/// How much of that time a session may use up in advance: ten rows. Beyond it, its snapshot is in memory until the time
/// has come, and a timer keeps the world awake.
pub const ROW_BURST: Duration = Duration::from_secs(10);

/// From how many bytes on the headers and auth objects of a session that does not fit into its attachment have rows of their own. Below,
/// a row more would cost more than to write them with the state.
pub const LONG_TEXTS_BYTES: usize = 4_000;

/// Most WebSockets of one world: the platform accepts 32,768 hibernatable ones for each object.
pub const MAX_SOCKETS: usize = 32_768;

/// Most sessions of one world that poll at once. Each has a buffer in memory; a client polls for about a second before it upgrades.
/// Beyond it, the oldest that has not joined is dropped, or else the one that has been silent for longest, for
/// [`SILENT_POLLER_AFTER`] at least, or else the new one gets a 503.
pub const MAX_POLLING_SESSIONS: usize = 1_000;

/// How long a client that polls and has joined must be silent until it makes room. One that is there asks within a round trip.
pub const SILENT_POLLER_AFTER: Duration = Duration::from_secs(2);

/// How long a session that polls waits for the second request of its client, if `CONNECT_TIMEOUT_MS` is not shorter. A
/// client makes it as soon as it has the response to the first one. While it waits, its world is awake and billed, and
/// anybody can open a session with one GET.
pub const UNFOLLOWED_TIMEOUT: Duration = Duration::from_secs(5);

/// Most WebSockets of one world whose clients have not joined a namespace. A client joins within a round trip, so that
/// at the 1,000 requests per second which an object can take, a client has a second. Beyond it, the oldest is closed
/// with 1013.
pub const MAX_UNJOINED_WEBSOCKETS: usize = 1_000;

/// Most characters of a name, such as an event's or a header's, that an error message repeats.
pub const MAX_ECHOED_NAME_CHARS: usize = 100;

/// Most characters of a problem with received data that responses and the log repeat: the text of a problem may quote
/// up to a whole packet.
pub const MAX_ECHOED_PROBLEM_CHARS: usize = 300;

/// `PING_INTERVAL_MS`: the default is engine.io's. At least 100 ms, because with less a world would do nothing but
/// heartbeats; at most a day.
pub const PING_INTERVAL_MS: NumberLimit = (25_000, 100..=86_400_000);

/// `PING_TIMEOUT_MS`: the default is engine.io's.
pub const PING_TIMEOUT_MS: NumberLimit = (20_000, 50..=86_400_000);

/// `MAX_PAYLOAD_BYTES`: the default is engine.io's `maxHttpBufferSize`. The platform itself closes a WebSocket that
/// sends a message of more than 32 MiB. With fewer bytes than the packets of a client have, such as the six of an upgrade's probe, it is
/// the client that does not work.
pub const MAX_PAYLOAD_BYTES: NumberLimit = (1_000_000, 1..=33_554_432);

/// `CONNECT_TIMEOUT_MS`: the default is socket.io's.
pub const CONNECT_TIMEOUT_MS: NumberLimit = (45_000, 100..=86_400_000);

/// `UPGRADE_TIMEOUT_MS`: the default is engine.io's.
pub const UPGRADE_TIMEOUT_MS: NumberLimit = (10_000, 100..=600_000);

/// `MAX_BUFFERED_BYTES`: unsent bytes are memory of the isolate, which has 128 MB, and keep the world awake. Above this
/// bound, a client must get on: see [`SLOW_READER_AFTER`]. It is also what one payload of HTTP long-polling carries.
pub const MAX_BUFFERED_BYTES: NumberLimit = (1_000_000, 1_000..=100_000_000);

/// The default of a numeric variable, and its range.
pub type NumberLimit = (u64, RangeInclusive<u64>);

/// How many seconds' worth of each rate but that of rows a client may use at once. An object hibernates after as many idle
/// seconds. What has not leaked away until then is kept in the snapshot.
pub const BURST_SECONDS: u64 = 10;

/// `MAX_PACKETS_PER_SECOND`: a table's cursors are 30 or 60 packets a second, and a burst of ten times the rate passes what a
/// module sends when a scene is loaded.
pub const MAX_PACKETS_PER_SECOND: NumberLimit = (1_000, 1..=1_000_000_000);

/// `MAX_BYTES_PER_SECOND`: 40 Mbit/s, and a burst of 50 MB.
pub const MAX_BYTES_PER_SECOND: NumberLimit = (5_000_000, 1..=1_000_000_000_000);

/// `MAX_DELIVERIES_PER_SECOND`: a delivery takes some 20 us of the isolate, which serves all its worlds: half of its time. A burst
/// is 250 messages to 1,000 clients.
pub const MAX_DELIVERIES_PER_SECOND: NumberLimit = (25_000, 1..=1_000_000_000);

/// `MAX_QUEUED_BYTES_PER_SECOND`: bytes for readers that do not read as fast as somebody sends are memory of the isolate, which
/// has 128 MB: a burst is a quarter of that, for all readers together.
pub const MAX_QUEUED_BYTES_PER_SECOND: NumberLimit = (3_200_000, 1..=1_000_000_000_000);

/// `MAX_ROWS_PER_SECOND`: a million rows cost $1, so that a client that makes an app write all the time costs $0.09 a day.
pub const MAX_ROWS_PER_SECOND: NumberLimit = (1, 1..=1_000_000);

/// How many seconds' worth of rows a client may cause at once: a hundred, for what one action of a user changes.
pub const ROW_BURST_SECONDS: u64 = 100;

/// How many packets per second of a client may be refused before it is closed with 1008, on average; ten times as many at once. A
/// refusal is cheap, but not free.
pub const REFUSALS_PER_SECOND: u64 = 100;

/// Bytes of a refused packet that count as one refusal more: as many bytes of a client may be refused as it may send.
pub const BYTES_PER_REFUSAL: usize = 65_536;

/// Steps from half of what may wait for a reader to all of it. With each, whoever adds a byte is charged for one more: one sender's
/// burst ends at a third of this way, if it is at most 16 times what may wait, and its rate is below 0.8 Mbit/s at the end.
pub const QUEUED_STEPS: usize = 64;

/// Cost of what waits for a reader from which on senders are charged for it: one that gets on has less, 200 ms of 10 Mbit/s.
pub const QUEUED_FROM_BYTES: usize = 250_000;

/// Most bytes of one event for all of its recipients together: they are copied at once, and an isolate has 128 MB.
pub const MAX_EMISSION_BYTES: usize = 64_000_000;

/// Work of a world before the runtime's other events must come, in deliveries to a client; a call of a handler counts as one, and so
/// does each event of the runtime, each packet that waited, and each 8 KB that are delivered. A delivery takes some 20 us, so that the isolate's other
/// objects wait for some 20 ms. What is left is done in a later turn.
pub const TURN_WORK: usize = 1_000;

/// Bytes that count as one delivery more.
pub const BYTES_PER_WORK: usize = 8_192;

/// Most bytes of a client's packets that wait for a later turn, as a multiple of `MAX_PAYLOAD_BYTES`, or else [`MAX_INBOX_BYTES_FULL`]. A
/// client that posts before its last packets were handled, and exceeds this, is closed with 1008.
pub const MAX_INBOX_PAYLOADS: usize = 4;

/// Most handlers of one client that wait at once, of the `MAX_PENDING_HANDLERS` of its world. Beyond it, its events are refused
/// with `RATE_LIMITED`; a session of plain Engine.IO is closed with 1008.
pub const MAX_CLIENT_HANDLERS: usize = 1_000;

/// Most bytes of arguments that the waiting handlers and held events of one client keep, of the `MAX_WAITING_BYTES` of its world.
pub const MAX_CLIENT_WAITING_BYTES: usize = 4_000_000;

/// What `retryAfterMs` says to a client with too many waiting handlers: nobody knows when they are done.
pub const RETRY_WHEN_WAITING: Duration = Duration::from_secs(1);

/// Most lines that a world writes to the log for errors in one [`LOG_WINDOW`], and as many for warnings; those beyond it are summed. Hosts pay for lines, and
/// who floods a world must not hide what else is in its log.
pub const MAX_LOG_LINES: usize = 100;

/// Longest message of a line of the log, in bytes; the rest is cut. Workers Logs keeps 256 KB of one call: a line must not cost it
/// the others.
pub const MAX_LOG_MESSAGE_BYTES: usize = 8_192;

/// Longest other text in a line of the log, such as the name of an event, in bytes; the rest is cut. Clients choose such names.
pub const MAX_LOG_FIELD_BYTES: usize = 256;

/// The time in which [`MAX_LOG_LINES`] are counted.
pub const LOG_WINDOW: Duration = Duration::from_mins(1);

/// Most traces of one world at once: each is compared with every event while any is on.
pub const MAX_TRACES: usize = 10;

/// How long a trace is on unless the call says otherwise: long enough to try again what went wrong.
pub const TRACE_TIME: Duration = Duration::from_mins(5);

/// How long a trace may be on: whoever forgets it pays for its lines no longer.
pub const MAX_TRACE_TIME: Duration = Duration::from_hours(1);

/// `MAX_UNJOINED_PER_ADDRESS`: one address may be that of a school, whose clients connect again at once after a deploy, but join and
/// upgrade within a second. Pollers count even if they have joined: one address must not fill `MAX_POLLING_SESSIONS`.
pub const MAX_UNJOINED_PER_ADDRESS: (u64, RangeInclusive<u64>) = (200, 1..=1_000_000);

/// Shortest `ADMIN_KEY`, in characters. The key alone protects every world, and the number of attempts is not limited.
pub const MIN_ADMIN_KEY_CHARS: usize = 16;

/// Longest response of the admin HTTP API to `fetch`, in bytes. It is built in memory: an isolate has 128 MB.
pub const MAX_ADMIN_ANSWER_BYTES: usize = 16_000_000;

/// Most worlds of an isolate that are counted for `/metrics`. Each takes some 600 bytes, and 3 KB of the response.
pub const MAX_METERED_WORLDS: usize = 1_000;

/// Most namespaces that the status of a world names. Where a template makes namespaces, clients decide how many there are.
pub const MAX_STATUS_NAMESPACES: usize = 1_000;

/// Longest `ALLOWED_ORIGINS` and longest `OWN_ORIGINS`, in bytes. Every request's origin is compared with the lists.
pub const MAX_ALLOWED_ORIGINS_BYTES: usize = 10_000;
