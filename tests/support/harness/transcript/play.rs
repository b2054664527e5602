//! Plays a transcript: executes every step, and records what clients get in the transcripts' notation.

use core::fmt::{self, Write as _};
use std::collections::BTreeMap;

use bytes::Bytes;
use dormouse::internal::Config;
use dormouse::internal::Protocol;
use dormouse::internal::Response;
use dormouse::socket::Reason;
use dormouse::value::Frame;

use super::action::Query;
use super::{Action, Transcript};
use crate::harness::{Body, Host, HttpNo, Said, SocketNo, To, What, hex, show};

/// When the world hibernates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleeps {
    /// Never.
    Never,
    /// After every event, also while time passes.
    Always,
    /// Once, after this step.
    After(usize),
}

/// Something that a client got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The time, in milliseconds since the epoch.
    pub at: u64,
    /// The client's name.
    pub client: String,
    /// What it got, in the transcripts' notation.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}< {}", self.client, self.text)
    }
}

/// Plays a transcript; returns what clients got after each step, and the world as it is at the end.
pub(crate) fn play(transcript: &Transcript, config: &Config, sleeps: Sleeps) -> (Vec<Vec<Line>>, Host) {
    let mut host = Host::new(config.clone(), transcript.app);
    host.sleepy = sleeps == Sleeps::Always;
    let mut player = Player { host, ..Player::new(transcript, config) };
    let mut heard = Vec::new();
    for (number, step) in transcript.steps.iter().enumerate() {
        player.act(&step.action);
        if sleeps == Sleeps::After(number) {
            player.host.sleep();
        }
        heard.push(player.listen());
    }
    (heard, player.host)
}

struct Player<'a> {
    host: Host,
    transcript: &'a Transcript,
    /// The last WebSocket of each client.
    sockets: BTreeMap<String, SocketNo>,
    socket_owners: BTreeMap<SocketNo, String>,
    /// The client and the method of each request.
    requests: BTreeMap<HttpNo, (String, String)>,
    /// The POST of each client whose body has not arrived yet.
    posts: BTreeMap<String, HttpNo>,
    /// Ids and their names.
    names: Vec<(String, String)>,
    /// Acknowledgement ids and their names. They are apart from `names`, because an id is a plain number, found by its place only.
    questions: Vec<(String, String)>,
    /// What clients got in this step so far.
    heard: Vec<Line>,
}

impl<'a> Player<'a> {
    fn new(transcript: &'a Transcript, config: &Config) -> Self {
        Player {
            host: Host::new(config.clone(), transcript.app),
            transcript,
            sockets: BTreeMap::new(),
            socket_owners: BTreeMap::new(),
            requests: BTreeMap::new(),
            posts: BTreeMap::new(),
            names: Vec::new(),
            questions: Vec::new(),
            heard: Vec::new(),
        }
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Wait(span) => self.host.advance(*span),
            Action::MemoryLost => self.host.lose_memory(),
            Action::Frame(client, text) => {
                let frame = match self.bytes(text) {
                    Ok(text) => Frame::text(text),
                    Err(bytes) => Frame::Binary(Bytes::from(bytes)),
                };
                let socket = self.socket(client);
                self.host.frame(socket, frame);
            }
            Action::WebSocket(client, query) => self.open_websocket(client, query),
            Action::Request(client, method, query) => {
                self.request(client, method, query, false);
            }
            Action::PostHead(client, query, octets) => {
                let http = self.request(client, "POST", query, *octets);
                self.posts.insert(client.clone(), http);
            }
            Action::PostRest(client, body) => {
                let http = self.posts[client];
                match body {
                    Some(body) => self.post_body(http, body),
                    None => self.host.body(http, Body::Aborted),
                }
            }
            Action::Post(client, query, body) => {
                let http = self.request(client, "POST", query, false);
                self.post_body(http, body);
            }
            Action::Joins(client, namespace, by_polling) => self.join(client, namespace, *by_polling),
            Action::Closes(client) => self.host.gone(self.socket(client), Reason::TransportClose),
            Action::Breaks(client) => self.host.gone(self.socket(client), Reason::TransportError),
            Action::StopsReading(client) => {
                let socket = self.socket(client);
                self.host.runtime_mut().sockets[socket].stalled = true;
            }
            Action::AnswersPings(client) => {
                self.host.answers_pings.insert(self.socket(client));
            }
        }
    }

    /// Opens a session and joins a namespace; keeps only what other clients get meanwhile.
    fn join(&mut self, client: &str, namespace: &str, by_polling: bool) {
        let packet = if namespace == "/" { "40".to_owned() } else { format!("40{namespace},") };
        let (open, own) = (Query::Open, Query::Of(client.to_owned()));
        if by_polling {
            self.request(client, "GET", &open, false);
        } else {
            self.open_websocket(client, &open);
        }
        let mut others = self.listen();
        if by_polling {
            let post = self.request(client, "POST", &own, false);
            self.post_body(post, &packet);
            self.request(client, "GET", &own, false);
        } else {
            self.host.text(self.socket(client), &packet);
        }
        others.extend(self.listen());
        others.retain(|line| line.client != client);
        self.heard.extend(others);
    }

    fn socket(&self, client: &str) -> SocketNo {
        *self.sockets.get(client).unwrap_or_else(|| panic!("{client} has no WebSocket"))
    }

    fn open_websocket(&mut self, client: &str, query: &Query) {
        let query = self.query(query, "websocket");
        let no = self.host.runtime().sockets.len();
        self.socket_owners.insert(no, client.to_owned());
        match self.host.open_websocket(&query, self.transcript.protocol) {
            Ok(no) => {
                self.sockets.insert(client.to_owned(), no);
            }
            Err(answer) => {
                let http = self.host.refused(answer);
                self.requests.insert(http, (client.to_owned(), "WS".to_owned()));
            }
        }
    }

    fn request(&mut self, client: &str, method: &str, query: &Query, octets: bool) -> HttpNo {
        let query = self.query(query, "polling");
        let http = self.host.request(method, &query, self.transcript.protocol, octets);
        self.requests.insert(http, (client.to_owned(), method.to_owned()));
        http
    }

    fn post_body(&mut self, http: HttpNo, body: &str) {
        let bytes = self.bytes(body).map_or_else(|bytes| bytes, String::into_bytes);
        self.host.body(http, Body::Bytes(bytes));
    }

    fn query(&self, query: &Query, transport: &str) -> String {
        let protocol = format!("EIO=4&transport={transport}");
        match query {
            Query::Open => protocol,
            Query::Raw(query) => self.fill_in(query),
            Query::Of(client) => {
                let own = format!("${client}.sid");
                let named = self.names.iter().rev().find(|(_, name)| name.trim_end_matches(char::is_numeric) == own);
                let (sid, _) = named.unwrap_or_else(|| panic!("{client} has no session"));
                format!("{protocol}&sid={sid}")
            }
        }
    }

    /// Converts a text of a transcript to a frame's text, or to bytes, as the error.
    fn bytes(&self, written: &str) -> Result<String, Vec<u8>> {
        if let Some(digits) = written.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
            let pairs = digits.as_bytes().chunks(2).map(|pair| core::str::from_utf8(pair).unwrap_or_default());
            return Err(pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect());
        }
        let text = if written.starts_with('"') {
            serde_json::from_str(written).expect("a quoted text is a JSON string")
        } else {
            written.replace(" \u{241e} ", "\u{1e}")
        };
        Ok(self.fill_in(&repeat(&text)))
    }

    /// Replaces names by their ids, longer names first.
    fn fill_in(&self, text: &str) -> String {
        let mut names: Vec<_> = self.names.iter().chain(&self.questions).cloned().collect();
        names.sort_by_key(|(_, name)| core::cmp::Reverse(name.len()));
        names.iter().fold(text.to_owned(), |text, (id, name)| text.replace(name, id))
    }

    /// Returns what clients got since the last call.
    fn listen(&mut self) -> Vec<Line> {
        let mut heard = core::mem::take(&mut self.heard);
        heard.extend(self.host.take_said().into_iter().map(|said| self.write(&said)));
        heard
    }

    fn write(&mut self, said: &Said) -> Line {
        let (client, head) = match said.to {
            To::Socket(no) => (self.socket_owners[&no].clone(), String::new()),
            To::Request(http) => {
                let (client, method) = self.requests[&http].clone();
                (client, format!("{method} "))
            }
        };
        let text = match &said.what {
            What::Accepted => "101".to_owned(),
            What::Closed(code) => format!("closed {code}"),
            What::Frame(Frame::Binary(bytes)) => hex(bytes),
            What::Frame(Frame::Text(text)) => self.name_question(&client, text),
            What::Response(Response::Payload(body)) => {
                let packets: Vec<String> =
                    body.split('\u{1e}').map(|packet| self.name_question(&client, packet)).collect();
                format!("{head}{}", show(&Response::Payload(packets.join("\u{1e}"))))
            }
            What::Response(answer) => format!("{head}{}", show(answer)),
        };
        let packets: Vec<&str> = match &said.what {
            What::Frame(Frame::Text(text)) => vec![text],
            What::Response(Response::Payload(body)) => body.split('\u{1e}').collect(),
            _ => Vec::new(),
        };
        for packet in packets {
            self.learn(&client, packet);
        }
        let text = self.names.iter().fold(text, |text, (id, name)| text.replace(id, name));
        let text =
            if self.transcript.has_own_heartbeat() { text } else { without_heartbeat(&text, self.host.config()) };
        Line { at: said.at.as_millis(), client, text: shorten(&text) }
    }

    /// Replaces an event's acknowledgement id by a name: `$a.ack`, and `…2` for the second one of `a`.
    fn name_question(&mut self, client: &str, packet: &str) -> String {
        let as_it_is = || packet.to_owned();
        if !["42", "45"].iter().any(|kind| packet.starts_with(kind)) || self.transcript.protocol != Protocol::SocketIo {
            return as_it_is();
        }
        let Some((head, args)) = packet.split_once('[') else { return as_it_is() };
        // The id follows the type, the number of attachments and the namespace.
        let (before, id) = match head.rsplit_once([',', '-']) {
            Some((before, id)) => (packet.get(..=before.len()).unwrap_or_default(), id),
            None => head.split_at(2),
        };
        if id.is_empty() {
            return as_it_is();
        }
        let own = format!("${client}.ack");
        let earlier = self.questions.iter().filter(|(_, name)| name.trim_end_matches(char::is_numeric) == own).count();
        let name = if earlier == 0 { own } else { format!("{own}{}", earlier + 1) };
        let named = format!("{before}{name}[{args}");
        self.questions.push((id.to_owned(), name));
        named
    }

    /// Names the ids that a client gets: `$a.sid`, `$a.id`, `$a/custom.id`, and `…2` for its second.
    fn learn(&mut self, client: &str, packet: &str) {
        let Some((head, rest)) = packet.split_once("{\"sid\":\"") else { return };
        let kind = match head {
            "0" => ".sid".to_owned(),
            "40" => ".id".to_owned(),
            _ => match head.strip_prefix("40/").and_then(|name| name.strip_suffix(',')) {
                Some(namespace) => format!("/{namespace}.id"),
                None => return,
            },
        };
        let Some(id) = rest.get(..20) else { return };
        let name = format!("${client}{kind}");
        let earlier = self.names.iter().filter(|(_, known)| known.trim_end_matches(char::is_numeric) == name).count();
        let number = if earlier == 0 { String::new() } else { (earlier + 1).to_string() };
        self.names.push((id.to_owned(), format!("{name}{number}")));
    }
}

/// Removes the heartbeat's settings from an OPEN packet, so that it is the same for all of them, and the random reference of an internal
/// error.
fn without_heartbeat(text: &str, config: &Config) -> String {
    let interval = format!("\"pingInterval\":{}", config.ping_interval.as_millis());
    let timeout = format!("\"pingTimeout\":{}", config.ping_timeout.as_millis());
    let text = text.replace(&interval, "\"pingInterval\":_").replace(&timeout, "\"pingTimeout\":_");
    match text.split_once("\"reference\":\"") {
        Some((before, after)) => {
            format!("{before}\"reference\":\"_\"{}", after.split_once('"').map_or("", |(_, rest)| rest))
        }
        None => text,
    }
}

/// Expands `(x*1000)` to a thousand `x`.
fn repeat(text: &str) -> String {
    let Some((before, rest)) = text.split_once('(') else { return text.to_owned() };
    let run = rest.split_once(')').and_then(|(run, after)| {
        let (what, times) = run.split_once('*')?;
        Some((what.repeat(times.parse().ok()?), after))
    });
    match run {
        Some((run, after)) => format!("{before}{run}{}", repeat(after)),
        None => format!("{before}({}", repeat(rest)),
    }
}

/// Writes long runs of one character as `(x*1000)`.
fn shorten(text: &str) -> String {
    const LONG: usize = 40;
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let behind = rest.trim_start_matches(first);
        let run = (rest.len() - behind.len()) / first.len_utf8();
        if run >= LONG {
            // Writing to a string cannot fail.
            let _ = write!(out, "({first}*{run})");
        } else {
            out.extend(core::iter::repeat_n(first, run));
        }
        rest = behind;
    }
    out
}
