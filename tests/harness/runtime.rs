//! What the runtime keeps while the object sleeps, and what it does without waking it.

use std::collections::BTreeMap;

use bytes::Bytes;
use dormouse::Frame;
use dormouse::effect::Answer;
use dormouse::id::Entropy;
use dormouse::snapshot::Parts;
use dormouse::time::Timestamp;

use super::requests::HttpNo;

/// A WebSocket, by the order in which they were accepted.
pub type SocketNo = usize;

/// Bytes that the platform takes for one attachment.
const PLATFORM_ATTACHMENT_BYTES: usize = 16_384;

/// What the runtime keeps: all of it survives the object's sleep.
#[derive(Debug)]
pub struct Runtime {
    /// The time.
    pub now: Timestamp,
    /// Every WebSocket that was ever accepted.
    pub sockets: Vec<VirtualSocket>,
    /// The object's one alarm.
    pub alarm: Option<Timestamp>,
    /// What sessions have in the object's database: snapshots that do not fit into attachments.
    pub spilled: BTreeMap<String, Vec<Vec<u8>>>,
    /// And long attachments of packets that are not complete.
    pub parts: BTreeMap<String, Parts>,
    /// Lines that the object logged.
    pub log: Vec<String>,
    /// Whether the runtime answers pongs.
    pub answers_pongs: bool,
    /// What clients got and have not been asked about.
    pub said: Vec<Said>,
    ids_made: u64,
}

/// A WebSocket's server end.
#[derive(Debug, Default)]
pub struct VirtualSocket {
    /// Whether it is open in both directions.
    pub open: bool,
    /// What the object wrote down about it.
    pub attachment: Option<String>,
    /// When the runtime answered a pong of it last.
    pub heard: Option<Timestamp>,
    /// Whether its client has stopped reading.
    pub stalled: bool,
    /// Bytes that its client has not read.
    pub unsent: usize,
}

/// Something that a client got.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// On which connection.
    pub to: To,
    /// What.
    pub what: What,
}

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum To {
    /// A WebSocket.
    Socket(SocketNo),
    /// A request.
    Request(HttpNo),
}

/// What a connection brought.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A WebSocket was accepted.
    Accepted,
    /// A WebSocket's frame.
    Frame(Frame),
    /// The WebSocket was closed by the server, with this code.
    Closed(u16),
    /// A request's answer.
    Answer(Answer),
}

impl Runtime {
    /// Nothing has happened yet.
    pub fn new(answers_pongs: bool) -> Self {
        Self {
            now: Timestamp::from_millis(1_800_000_000_000),
            sockets: Vec::new(),
            alarm: None,
            spilled: BTreeMap::new(),
            parts: BTreeMap::new(),
            log: Vec::new(),
            answers_pongs,
            said: Vec::new(),
            ids_made: 0,
        }
    }

    /// Bytes that look random and are the same on every run: the counter goes on while the world sleeps.
    pub fn entropy(&mut self) -> Entropy {
        let mut entropy = Entropy::default();
        for half in entropy.chunks_mut(8) {
            self.ids_made += 1;
            // splitmix64, whose every output is another number.
            let mut x = self.ids_made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (x ^ (x >> 31)).to_le_bytes();
            half.copy_from_slice(&bytes[..half.len()]);
        }
        entropy
    }

    /// Notes what a client got.
    pub fn say(&mut self, to: To, what: What) {
        let at = self.now;
        self.said.push(Said { at, to, what });
    }

    /// `ws.send`.
    pub fn send(&mut self, no: SocketNo, frame: &Frame) {
        let socket = &mut self.sockets[no];
        if socket.open && socket.stalled {
            socket.unsent += frame.len();
        } else if socket.open {
            self.say(To::Socket(no), What::Frame(frame.clone()));
        }
    }

    /// `ws.serializeAttachment`.
    pub fn attach(&mut self, no: SocketNo, attachment: Option<&str>) {
        if let Some(text) = attachment {
            let width = if text.chars().all(|c| u32::from(c) < 256) { 1 } else { 2 };
            let bytes = text.encode_utf16().count() * width + 8;
            assert!(bytes <= PLATFORM_ATTACHMENT_BYTES, "the platform refuses an attachment of {bytes} bytes");
        }
        self.sockets[no].attachment = attachment.map(str::to_owned);
    }

    /// `ws.close`.
    pub fn close(&mut self, no: SocketNo, code: u16) {
        if core::mem::take(&mut self.sockets[no].open) {
            self.say(To::Socket(no), What::Closed(code));
        }
    }

    /// What the runtime does with a frame by itself; false when the object must be asked.
    pub fn auto_respond(&mut self, no: SocketNo, frame: &Frame) -> bool {
        if !self.answers_pongs || *frame != Frame::text("3") {
            return false;
        }
        self.sockets[no].heard = Some(self.now);
        self.send(no, &Frame::text("6"));
        true
    }

    /// The frames that a WebSocket got so far and that were not taken.
    pub fn frames_of(&self, no: SocketNo) -> Vec<String> {
        let of = |said: &Said| match &said.what {
            What::Frame(Frame::Text(text)) if said.to == To::Socket(no) => Some(text.to_string()),
            What::Frame(Frame::Binary(bytes)) if said.to == To::Socket(no) => Some(hex(bytes)),
            _ => None,
        };
        self.said.iter().filter_map(of).collect()
    }
}

/// Bytes as transcripts write them.
pub fn hex(bytes: &Bytes) -> String {
    let is_one_byte = bytes.len() > 20 && bytes.iter().all(|byte| byte == &bytes[0]);
    let shown = if is_one_byte { &bytes[..1] } else { bytes };
    let digits = shown.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    if is_one_byte { format!("<({digits}*{})>", bytes.len()) } else { format!("<{digits}>") }
}
