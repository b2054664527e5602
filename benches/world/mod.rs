//! A world to measure: the shell of the deployed object, with an app's handlers, on a runtime that costs almost nothing.

// A package of only the type `cdylib` cannot be a dependency.
#[path = "../../perf/peers/dormouse/src/lib.rs"]
mod peer;
mod runtime;

use std::rc::Rc;

use dormouse::internal::Config;
use dormouse::internal::conn_request;
use dormouse::internal::{ConnId, WorldName};
use dormouse::internal::{EngineRequest, HandshakeRequest, Protocol};
use dormouse::internal::{Reception, Shell};
use dormouse::value::Frame;

pub(crate) use runtime::Runtime;

/// An object with its connections.
#[derive(Debug)]
pub(crate) struct World {
    /// The shell and its platform.
    pub shell: Shell<Runtime>,
    /// The WebSockets, in the order in which they were opened.
    pub conns: Vec<ConnId>,
}

impl World {
    /// Creates a world with `clients` WebSocket clients in the main namespace. They are spread over `rooms` rooms, one room each.
    pub(crate) fn new(clients: usize, rooms: usize) -> Self {
        let mut world = Self { shell: Shell::new(Runtime::default(), Config::default(), peer::app), conns: Vec::new() };
        for client in 0..clients {
            world.connect(client % rooms.max(1));
        }
        world
    }

    /// Hibernates the world. Returns a newly constructed object with the same connections, and the memory of the old one.
    pub(crate) fn sleep(self) -> (Self, Shell<Runtime>) {
        let Self { mut shell, conns } = self;
        let runtime = core::mem::take(&mut shell.platform);
        (Self { shell: Shell::new(runtime, Config::default(), peer::app), conns }, shell)
    }

    /// Opens a client's WebSocket, and joins the main namespace and a room.
    pub(crate) fn connect(&mut self, room: usize) {
        let conn = self.open(room);
        self.text(conn, "40");
    }

    /// Opens a client's WebSocket.
    #[expect(clippy::panic, reason = "a failure would make the measurement invalid")]
    pub(crate) fn open(&mut self, room: usize) -> ConnId {
        let headers = [
            ("host", "world.example"),
            ("origin", "https://app.example"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            ("accept-language", "en-GB,en;q=0.5"),
            ("cookie", "session=0123456789abcdef0123456789abcdef"),
        ];
        let handshake = HandshakeRequest {
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            issued: self.shell.platform.now,
            address: "192.0.2.7".to_owned(),
            url: format!("/socket.io/?EIO=4&transport=websocket&room={room}"),
            secure: true,
        };
        let details = |_| conn_request("GET".to_owned(), WorldName::default(), true, handshake, Rc::new(|_| None));
        let received = self.shell.handle_request(EngineRequest::OpenWebSocket, Protocol::SocketIo, || false, details);
        let Ok(Reception::Accepted(conn)) = received else { panic!("no WebSocket but {received:?}") };
        self.conns.push(conn);
        self.settle();
        conn
    }

    /// Delivers a text frame, with the copy that `cloudflare` makes of a JavaScript string.
    pub(crate) fn text(&mut self, conn: ConnId, text: &str) {
        self.shell.handle_message(&conn, text.len(), || Frame::text(text.to_owned()));
        self.settle();
    }

    /// Delivers a binary frame.
    pub(crate) fn bytes(&mut self, conn: ConnId, bytes: &[u8]) {
        self.shell.handle_message(&conn, bytes.len(), || Frame::Binary(bytes.to_vec().into()));
        self.settle();
    }

    /// Advances the clock to the alarm, and fires it.
    pub(crate) fn ring(&mut self) {
        let runtime = &mut self.shell.platform;
        runtime.now = runtime.alarm().unwrap_or(runtime.now);
        self.shell.handle_alarm();
        self.settle();
    }

    /// Returns a client from the middle of the list.
    #[expect(clippy::indexing_slicing, reason = "it is called only in worlds with clients")]
    pub(crate) fn somebody(&self) -> ConnId {
        self.conns[self.conns.len() / 2]
    }

    /// Reports the alarm's time if the object asked for it, as the runtime does asynchronously.
    fn settle(&mut self) {
        if core::mem::take(&mut self.shell.platform.is_asked_for_alarm) {
            let alarm = self.shell.platform.alarm();
            self.shell.handle_alarm_found(Ok(alarm));
        }
        while self.shell.notify().is_woken() {
            self.shell.handle_woken();
        }
    }
}

/// Returns the text frame of an event with a string of `bytes` bytes, and with an acknowledgement id if `ack` is given.
pub(crate) fn event(name: &str, ack: Option<u64>, bytes: usize) -> String {
    let ack = ack.map(|ack| ack.to_string()).unwrap_or_default();
    format!("42{ack}[\"{name}\",\"{}\"]", "x".repeat(bytes))
}
