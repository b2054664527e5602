//! One Engine.IO HTTP request, parsed. The Worker refuses here what needs no world; the object reads the same parse.

use core::cell::OnceCell;
use core::fmt;
use std::rc::Rc;

use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::error::{BadRequest, Refusal};
use crate::id::Sid;
use crate::limits::MAX_SUBPROTOCOLS;
use crate::time::Timestamp;

/// The header with which an object tells the Worker to accept a WebSocket and to close it.
pub const CLOSE_MARK: &str = "x-dormouse-close";

/// What headers begin with that the Worker and its objects say to each other: neither clients nor handlers say such.
pub const INTERNAL_PREFIX: &str = "x-dormouse-";

/// The header in which a client offers subprotocols of a WebSocket, and in which the response to the upgrade selects one.
pub const SUBPROTOCOL: &str = "sec-websocket-protocol";

/// Returns the subprotocol that is selected of those that a client offers in [`SUBPROTOCOL`]: the first one, as the reference
/// server does. Without a selected one, browsers close the WebSocket.
///
/// # Errors
/// The value is not a list of different tokens (RFC 6455, section 11.3.4), or has more than
/// [`MAX_SUBPROTOCOLS`].
pub fn select_subprotocol(offered: &str) -> Result<&str, Refusal> {
    let names = || offered.split(',').map(str::trim_ascii);
    let is_new = |(place, name): (usize, &str)| is_token(name) && names().take(place).all(|other| other != name);
    let is_list = names().count() <= MAX_SUBPROTOCOLS && names().enumerate().all(is_new);
    names().next().filter(|_| is_list).ok_or(Refusal::BadSubprotocols)
}

/// Whether a text is a token of HTTP, such as a method or a header's name (RFC 9110, section 5.6.2).
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c))
}

/// What runs on top of Engine.IO in a session: decided by the path it was opened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Socket.IO, on `/socket.io/`.
    SocketIo,
    /// Plain Engine.IO messages, on `/engine.io/`.
    EngineIo,
}

/// The request that opened a session: its handlers may look at it as long as the session lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Its headers: names in lower case, and values.
    #[serde(rename = "h")]
    pub headers: Vec<(String, String)>,
    /// When it came.
    #[serde(rename = "i")]
    pub issued: Timestamp,
    /// The client's IP address; empty where the platform tells none.
    #[serde(rename = "a")]
    pub address: String,
    /// Its path and query.
    #[serde(rename = "u")]
    pub url: String,
    /// Whether it came by `https` or `wss`.
    #[serde(rename = "s")]
    pub secure: bool,
}

impl Opening {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The bytes of its URL and headers, as they count against
    /// [`MAX_OPENING_BYTES`](crate::limits::MAX_OPENING_BYTES).
    pub fn bytes(&self) -> usize {
        self.headers.iter().fold(self.url.len(), |bytes, (name, value)| bytes + name.len() + value.len())
    }

    /// The parameters of its query, decoded, in order.
    pub fn query(&self) -> impl Iterator<Item = (String, String)> {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned()
    }
}

/// The [`Opening`] of a session, as the session keeps it: read, written, or both. A world that wakes reads nobody's before
/// somebody asks, and writes nobody's twice.
#[derive(Clone, Default)]
pub struct KeptOpening(Rc<Forms>);

#[derive(Default)]
struct Forms {
    read: OnceCell<Rc<Opening>>,
    written: OnceCell<Box<RawValue>>,
}

impl KeptOpening {
    /// The request.
    pub fn get(&self) -> &Rc<Opening> {
        let Forms { read, written } = &*self.0;
        read.get_or_init(|| {
            // It was written by `Opening` itself.
            let opening = written.get().and_then(|json| serde_json::from_str(json.get()).ok());
            Rc::new(opening.unwrap_or_default())
        })
    }
}

impl From<Rc<Opening>> for KeptOpening {
    fn from(opening: Rc<Opening>) -> Self {
        Self(Rc::new(Forms { read: opening.into(), written: OnceCell::new() }))
    }
}

impl Serialize for KeptOpening {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(written) = self.0.written.get() {
            return written.serialize(serializer);
        }
        let written = to_raw_value(&**self.get()).map_err(S::Error::custom)?;
        self.0.written.get_or_init(|| written).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for KeptOpening {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(Rc::new(Forms { read: OnceCell::new(), written: written.into() })))
    }
}

impl PartialEq for KeptOpening {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for KeptOpening {}

impl fmt::Debug for KeptOpening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// What a request to a gateway wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineRequest {
    /// Open a session over HTTP long-polling.
    OpenPolling,
    /// Open a session over WebSocket.
    OpenWebSocket,
    /// Read what the session has for the client.
    Poll(Sid),
    /// Bring what the client has for the session.
    Post(Sid),
    /// Upgrade the session to WebSocket.
    Upgrade(Sid),
}

impl EngineRequest {
    /// Reads a request from its method, its decoded query and whether it asks for a WebSocket, in engine.io's order of
    /// checks.
    ///
    /// # Errors
    /// The refusal that the client gets.
    pub fn parse<'a, K, V>(
        method: &str,
        wants_websocket: bool,
        query: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Refusal>
    where
        K: AsRef<str> + 'a,
        V: AsRef<str> + 'a,
    {
        let (mut eio, mut transport, mut sid) = (None, None, None);
        for (key, value) in query {
            let field = match key.as_ref() {
                "EIO" => &mut eio,
                "transport" => &mut transport,
                "sid" => &mut sid,
                _ => continue,
            };
            *field = Some(value.as_ref().to_owned());
        }
        let websocket = match transport.as_deref() {
            Some("polling") => false,
            Some("websocket") => true,
            _ => return Err(Refusal::UnknownTransport),
        };
        let is_supported = eio.as_deref() == Some("4");
        match sid.filter(|sid| !sid.is_empty()) {
            None if method != "GET" => Err(Refusal::BadHandshakeMethod),
            None if websocket != wants_websocket => Err(Refusal::BadRequest(BadRequest::TransportHandshakeError)),
            None if !is_supported => Err(Refusal::UnsupportedProtocol),
            None if websocket => Ok(Self::OpenWebSocket),
            None => Ok(Self::OpenPolling),
            Some(sid) => {
                let sid = Sid::parse(&sid).ok_or(Refusal::UnknownSid)?;
                if !is_supported {
                    return Err(Refusal::BadRequest(BadRequest::ProtocolMismatch));
                }
                match (method, websocket, wants_websocket) {
                    ("GET", true, true) => Ok(Self::Upgrade(sid)),
                    ("GET", false, false) => Ok(Self::Poll(sid)),
                    ("POST", false, false) => Ok(Self::Post(sid)),
                    _ if websocket != wants_websocket => Err(Refusal::BadRequest(BadRequest::TransportMismatch)),
                    _ => Err(Refusal::BadRequest(BadRequest::TransportError)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: &str, websocket: bool, query: &str) -> Result<EngineRequest, u8> {
        let query = form_urlencoded::parse(query.as_bytes());
        EngineRequest::parse(method, websocket, query).map_err(|refusal| refusal.code())
    }

    #[test]
    fn an_opening_is_kept_as_it_was_written() {
        let headers = vec![("x-quote".to_owned(), "\"é\"".to_owned())];
        let opening = Rc::new(Opening { headers, url: "/?a=b".to_owned(), ..Opening::default() });
        let kept = KeptOpening::from(Rc::clone(&opening));
        let json = serde_json::to_string(&kept).expect("serialises");
        assert_eq!(json, serde_json::to_string(&*opening).expect("serialises"));
        let again: KeptOpening = serde_json::from_str(&json).expect("valid");
        assert_eq!(serde_json::to_string(&again).expect("serialises"), json);
        assert_eq!((again.get(), &again), (&opening, &kept));
    }

    #[test]
    fn the_first_subprotocol_is_selected() {
        for (offered, first) in [
            ("chat.v1", "chat.v1"),
            ("chat.v1,chat.v2", "chat.v1"),
            ("b ,\ta , c", "b"),
            ("graphql-transport-ws, Graphql-transport-ws", "graphql-transport-ws"),
            ("!#$%&'*+-.^_`|~09azAZ", "!#$%&'*+-.^_`|~09azAZ"),
        ] {
            assert_eq!(select_subprotocol(offered), Ok(first), "{offered}");
        }
        let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert_eq!(select_subprotocol(&many(MAX_SUBPROTOCOLS)), Ok("0"));
        assert_eq!(select_subprotocol(&many(MAX_SUBPROTOCOLS + 1)), Err(Refusal::BadSubprotocols));
        for bad in ["", " ", ",", "a,", ",a", "a,,b", "a b", "a,a", "a, b, a", "a;b", "\"a\"", "a/b", "ä", "a,\u{0}"] {
            assert_eq!(select_subprotocol(bad), Err(Refusal::BadSubprotocols), "{bad}");
        }
    }

    #[test]
    fn every_request_is_one_of_five_or_a_refusal() {
        let sid = "a".repeat(20);
        let known = Sid::parse(&sid).expect("valid");
        assert_eq!(parse("GET", false, "EIO=4&transport=polling"), Ok(EngineRequest::OpenPolling));
        assert_eq!(parse("GET", true, "EIO=4&transport=websocket"), Ok(EngineRequest::OpenWebSocket));
        let with_sid = |transport| format!("EIO=4&transport={transport}&sid={sid}&t=x");
        assert_eq!(parse("GET", false, &with_sid("polling")), Ok(EngineRequest::Poll(known)));
        assert_eq!(parse("POST", false, &with_sid("polling")), Ok(EngineRequest::Post(known)));
        assert_eq!(parse("GET", true, &with_sid("websocket")), Ok(EngineRequest::Upgrade(known)));

        assert_eq!(parse("GET", false, "EIO=4"), Err(0));
        assert_eq!(parse("GET", false, "EIO=4&transport=abc"), Err(0));
        assert_eq!(parse("GET", false, "transport=polling"), Err(5));
        assert_eq!(parse("GET", false, "EIO=3&transport=polling"), Err(5));
        assert_eq!(parse("GET", true, "EIO=abc&transport=websocket"), Err(5));
        assert_eq!(parse("GET", false, "EIO=4&transport=polling&sid=a.c"), Err(1));
        assert_eq!(parse("POST", false, "EIO=4&transport=polling"), Err(2));
        assert_eq!(parse("POST", false, "EIO=3&transport=polling"), Err(2));
        assert_eq!(parse("GET", false, &with_sid("polling").replace('4', "3")), Err(3));
        assert_eq!(parse("OPTIONS", false, "EIO=4&transport=polling"), Err(2));
        assert_eq!(parse("GET", false, "EIO=4&transport=websocket"), Err(3));
        assert_eq!(parse("GET", true, "EIO=4&transport=polling"), Err(3));
        assert_eq!(parse("PUT", false, &with_sid("polling")), Err(3));
        assert_eq!(parse("POST", false, &with_sid("websocket")), Err(3));
        assert_eq!(parse("GET", false, "EIO=4&transport=polling&sid="), Ok(EngineRequest::OpenPolling));
    }
}
