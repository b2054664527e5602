//! A session in one of the states of `tests/matrix.rs`, and the events that can happen to it.

use dormouse::internal::Protocol;
use dormouse::internal::Response;
use dormouse::socket::Reason;
use dormouse::socket::Sid;
use dormouse::value::Frame;

use super::{Body, Host, HttpNo, Said, SocketNo, To, What, apps, config, hex, sid_of};

const MESSAGE: &str = r#"42["message"]"#;

/// A session in a state, with another client in its world.
pub(crate) struct Scene {
    host: Host,
    sid: String,
    other: SocketNo,
    socket: Option<SocketNo>,
    get: Option<HttpNo>,
    post: Option<HttpNo>,
}

impl Scene {
    /// Creates a world with a session in this state.
    pub(crate) fn new(state: &str) -> Self {
        let config = config(&[("MAX_PAYLOAD_BYTES", "1000"), ("MAX_BUFFERED_BYTES", "1000")]);
        let mut host = Host::new(config, apps::echo);
        let (other, _) = open(&mut host);
        host.text(other, "40");
        host.answers_pings.insert(other);
        let sid = "a".repeat(20);
        let mut scene = Self { host, sid, other, socket: None, get: None, post: None };
        scene.enter(state);
        scene.host.take_said();
        scene
    }

    fn enter(&mut self, state: &str) {
        match state {
            "unknown" => {}
            "open" | "joined" | "partial" | "gone" => {
                let (socket, sid) = open(&mut self.host);
                (self.socket, self.sid) = (Some(socket), sid);
                let frames: &[&str] = match state {
                    "joined" | "gone" => &["40"],
                    "partial" => &["40", r#"452-["message",{"_placeholder":true,"num":1}]"#],
                    _ => &[],
                };
                for frame in frames {
                    self.host.text(socket, frame);
                }
                match state {
                    "partial" => self.host.frame(socket, Frame::Binary(vec![1].into())),
                    "gone" => self.host.gone(socket, Reason::TransportClose),
                    _ => {}
                }
            }
            _ => {
                self.open_polling();
                self.leave_idle(state);
            }
        }
    }

    fn open_polling(&mut self) {
        let http = self.host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
        let Some(Response::Payload(open)) = self.host.answer_of(http) else { panic!("no OPEN packet") };
        self.sid = sid_of(open);
        self.host.post(&self.sid, b"40");
        self.host.poll(&self.sid);
    }

    fn leave_idle(&mut self, state: &str) {
        match state {
            "idle" => {}
            "hanging" => self.get = Some(self.host.poll(&self.sid)),
            "posting" => self.post = Some(self.request("POST", false)),
            "busy" => {
                self.get = Some(self.host.poll(&self.sid));
                self.post = Some(self.request("POST", false));
            }
            "probing" | "probed" | "switching" | "upgraded" => {
                let socket = self.upgrade();
                self.socket = Some(socket);
                match state {
                    "probed" => self.host.text(socket, "2probe"),
                    "switching" => {
                        self.host.text(socket, "2probe");
                        self.get = Some(self.host.poll(&self.sid));
                    }
                    "upgraded" => ["2probe", "5"].iter().for_each(|frame| self.host.text(socket, frame)),
                    _ => {}
                }
            }
            _ => match state.split_once(' ').unwrap_or((state, "idle")) {
                ("draining", before) => {
                    self.leave_idle(before);
                    self.host.post(&self.sid, b"42[\"message\"]\x1e42[\"close\"]");
                }
                ("drained", before) => {
                    self.leave_idle(before);
                    self.host.post(&self.sid, b"42[\"close\"]");
                    self.host.poll(&self.sid);
                }
                _ => panic!("no state {state:?}"),
            },
        }
    }

    fn request(&mut self, method: &str, octets: bool) -> HttpNo {
        let query = format!("EIO=4&transport=polling&sid={}", self.sid);
        self.host.request(method, &query, Protocol::SocketIo, octets)
    }

    /// Opens a WebSocket for the session; it is refused if there is no such session.
    fn upgrade(&mut self) -> SocketNo {
        let query = format!("EIO=4&transport=websocket&sid={}", self.sid);
        self.host.open_websocket(&query, Protocol::SocketIo).unwrap_or_else(|answer| {
            self.host.refused(answer);
            SocketNo::MAX
        })
    }

    /// Returns the outcome of an event, or `None` if the event is not possible in this state.
    pub(crate) fn meet(&mut self, event: &str) -> Option<String> {
        let existed = self.exists();
        let before = self.host.runtime().sockets.len();
        let (kind, what) = event.split_once(' ').unwrap_or((event, ""));
        let own = match (kind, what) {
            ("GET", _) => Some(self.host.poll(&self.sid.clone())),
            ("POST", "head") => Some(self.request("POST", false)),
            ("POST", "octets") => Some(self.request("POST", true)),
            ("POST", what) => {
                let http = self.request("POST", false);
                self.send_body(http, what);
                Some(http)
            }
            ("rest", what) => {
                let http = self.post?;
                self.send_body(http, what);
                None
            }
            ("ws", what) => {
                let socket = self.socket?;
                self.happen_to(socket, what);
                None
            }
            _ => {
                self.happen(event);
                None
            }
        };
        Some(self.outcome(own, before, existed))
    }

    fn send_body(&mut self, http: HttpNo, what: &str) {
        let body: &[u8] = match what {
            "empty" => b"",
            "message" => MESSAGE.as_bytes(),
            "close" => b"1",
            "ping" => b"2",
            "pong" => b"3",
            "upgrade" => b"5",
            "bad" => b"abc",
            "binary" => b"bAA==",
            "too long" => &[b'4'; 1001],
            "not text" => b"4\xff",
            "aborted" => return self.host.body(http, Body::Aborted),
            _ => panic!("no body {what:?}"),
        };
        self.host.body(http, Body::Bytes(body.to_vec()));
    }

    fn happen_to(&mut self, socket: SocketNo, what: &str) {
        let text = match what {
            "message" => MESSAGE,
            "ping" => "2",
            "pong" => "3",
            "probe" => "2probe",
            "upgrade" => "5",
            "close packet" => "1",
            "noop" => "6",
            "garbage" => "abc",
            "empty" => "",
            "binary" => return self.host.frame(socket, Frame::Binary(vec![7].into())),
            "too long" => return self.host.text(socket, &"4".repeat(1001)),
            "closes" => return self.host.gone(socket, Reason::TransportClose),
            "breaks" => return self.host.gone(socket, Reason::TransportError),
            "overflows" => {
                self.host.runtime_mut().sockets[socket].stalled = true;
                let large = format!(r#"42["broadcast","{}"]"#, "x".repeat(900));
                // More than a client that does get on may have unsent.
                return (0..10).for_each(|_| self.host.text(self.other, &large));
            }
            _ => panic!("nothing like {what:?} happens to a WebSocket"),
        };
        self.host.text(socket, text);
    }

    fn happen(&mut self, event: &str) {
        match event {
            "upgrade attempt" => {
                self.upgrade();
            }
            "broadcast" => self.host.text(self.other, r#"42["broadcast"]"#),
            "server closes" => self.host.text(self.other, r#"42["close others"]"#),
            "silent close" => self.host.text(self.other, r#"42["close others silently"]"#),
            "100 ms" => self.host.advance_millis(100),
            "10 s" => self.host.advance_millis(10_000),
            "25 s" => self.host.advance_millis(25_000),
            "45 s" => self.host.advance_millis(45_000),
            "100 s" => self.host.advance_millis(100_000),
            "memory lost" => self.host.lose_memory(),
            _ => panic!("no event {event:?}"),
        }
    }

    /// Lets deadlines pass and clients leave; returns what is wrong then, such as a session that is left behind.
    pub(crate) fn left_behind(mut self) -> Option<String> {
        let Self { host, other, post, .. } = &mut self;
        let (listener, _) = open(host);
        host.text(listener, "40");
        host.answers_pings.insert(listener);
        host.take_said();
        host.text(*other, r#"42["broadcast","alive"]"#);
        if !host.runtime().texts_of(listener).iter().any(|frame| frame == r#"42["said","alive"]"#) {
            return Some("the others do not get each other's events".to_owned());
        }
        if let Some(http) = *post {
            host.body(http, Body::Bytes(b"3".to_vec()));
        }
        // Longer than any deadline; then the bystanders leave, too.
        host.advance_millis(300_000);
        let open =
            |host: &Host| (0..host.runtime().sockets.len()).filter(|&no| host.runtime().sockets[no].open).count();
        let stalled = host.runtime().sockets.iter().filter(|socket| socket.open && socket.stalled).count();
        if open(host) != 2 + stalled {
            return Some(format!("{} WebSockets are open", open(host)));
        }
        (0..host.runtime().sockets.len()).for_each(|no| host.gone(no, Reason::TransportClose));
        host.advance_millis(100_000);
        let unanswered = host.unanswered();
        if !unanswered.is_empty() {
            return Some(format!("the requests {unanswered:?} have no answer"));
        }
        let sessions = host.server().session_count();
        let snapshots = host.runtime().sockets.iter().filter(|socket| socket.attachment.is_some()).count();
        let rest =
            (sessions, snapshots, host.runtime().spilled.len() + host.runtime().parts.len(), host.runtime().alarm);
        (rest != (0, 0, 0, None)).then(|| format!("sessions, snapshots, rows, alarm: {rest:?}"))
    }

    fn exists(&mut self) -> bool {
        self.sid.parse::<Sid>().is_ok_and(|sid| self.host.server().has_session(sid))
    }

    /// Returns what clients got, in the notation of `matrix.txt`.
    fn outcome(&mut self, own: Option<HttpNo>, before: SocketNo, existed: bool) -> String {
        let gone = existed && !self.exists();
        let mut words: Vec<String> =
            self.host.take_said().iter().filter_map(|said| self.word(said, own, before)).collect();
        if own.is_some_and(|http| self.host.answer_of(http).is_none()) {
            words.push(if own.is_some_and(|http| self.host.is_body_due(http)) {
                "=body".into()
            } else {
                "=hangs".into()
            });
        }
        // The order between two connections is not defined.
        words.sort_by_key(|word| word.split(['=', '<', '!', '+', ':']).next().map(str::to_owned));
        if gone {
            words.push("gone".to_owned());
        }
        if words.is_empty() { "-".to_owned() } else { words.join(" ") }
    }

    fn word(&self, said: &Said, own: Option<HttpNo>, before: SocketNo) -> Option<String> {
        let who = match said.to {
            To::Request(http) if Some(http) == own => "",
            To::Request(http) if Some(http) == self.get => "get",
            To::Request(http) if Some(http) == self.post => "post",
            To::Socket(no) if no == self.other => {
                let What::Frame(Frame::Text(text)) = &said.what else { return None };
                let reason = text.strip_prefix(r#"42["left",""#)?.split('"').next()?;
                let initials: String = reason.split(' ').filter_map(|word| word.chars().next()).collect();
                return Some(format!("left:{initials}"));
            }
            To::Socket(no) if no >= before => "new",
            To::Socket(_) => "ws",
            To::Request(_) => "new",
        };
        Some(match &said.what {
            What::Accepted => format!("{who}+"),
            What::Closed(code) => format!("{who}!{code}"),
            What::Frame(frame) => format!("{who}<{}", packet(frame)),
            What::Response(Response::Payload(body)) => {
                let packets: Vec<_> = body.split('\u{1e}').map(|text| packet(&Frame::text(text))).collect();
                format!("{who}={}", packets.join(","))
            }
            What::Response(Response::Ok) => format!("{who}=ok"),
            What::Response(Response::TooLong) => format!("{who}=413"),
            What::Response(Response::Refused(refusal)) => format!("{who}=e{}", refusal.code()),
        })
    }
}

fn open(host: &mut Host) -> (SocketNo, String) {
    let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
    let sid = sid_of(&host.runtime().texts_of(no)[0]);
    (no, sid)
}

fn packet(frame: &Frame) -> String {
    match frame {
        Frame::Text(text) if text.contains("message-back") => "back".to_owned(),
        Frame::Text(text) if text.contains("said") => "said".to_owned(),
        Frame::Text(text) => text.to_string(),
        Frame::Binary(bytes) => hex(bytes),
    }
}
