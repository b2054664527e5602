//! The request that opened a session.

use crate::time::Timestamp;
use core::cell::OnceCell;
use core::fmt;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::rc::Rc;

/// The protocol of a session's messages. The path of the request that opened the session decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// Socket.IO, on `/socket.io/`.
    SocketIo,
    /// Plain Engine.IO messages, on `/engine.io/`.
    EngineIo,
}

/// The request that opened a session. Handlers may read it as long as the session lives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandshakeRequest {
    /// Its headers: names in lower case, and values.
    #[serde(rename = "h")]
    pub headers: Vec<(String, String)>,
    /// When it arrived.
    #[serde(rename = "i")]
    pub issued: Timestamp,
    /// The client's IP address; empty if the platform knows none.
    #[serde(rename = "a")]
    pub address: String,
    /// Its path and query.
    #[serde(rename = "u")]
    pub url: String,
    /// Whether its scheme was `https` or `wss`.
    #[serde(rename = "s")]
    pub secure: bool,
}

impl HandshakeRequest {
    /// Returns the value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the length of its URL and headers in bytes, which counts against
    /// [`MAX_HANDSHAKE_REQUEST_BYTES`](crate::limits::MAX_HANDSHAKE_REQUEST_BYTES).
    pub fn bytes(&self) -> usize {
        self.headers.iter().fold(self.url.len(), |bytes, (name, value)| bytes + name.len() + value.len())
    }

    /// Returns the names and values in its query, decoded, in order.
    pub fn query(&self) -> impl Iterator<Item = (String, String)> {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned()
    }
}

/// The [`HandshakeRequest`] of a session: parsed, serialised, or both. After hibernation it is parsed only when a handler reads
/// it, and it is never serialised twice.
#[derive(Clone, Default)]
pub struct LazyHandshake(Rc<Forms>);

#[derive(Default)]
struct Forms {
    read: OnceCell<Rc<HandshakeRequest>>,
    written: OnceCell<Box<RawValue>>,
}

impl LazyHandshake {
    /// Returns the request.
    pub fn get(&self) -> &Rc<HandshakeRequest> {
        let Forms { read, written } = &*self.0;
        read.get_or_init(|| {
            // `HandshakeRequest` wrote this JSON itself, so that parsing it does not fail.
            let handshake = written.get().and_then(|json| serde_json::from_str(json.get()).ok());
            Rc::new(handshake.unwrap_or_default())
        })
    }
}

impl From<Rc<HandshakeRequest>> for LazyHandshake {
    fn from(handshake: Rc<HandshakeRequest>) -> Self {
        Self(Rc::new(Forms { read: handshake.into(), written: OnceCell::new() }))
    }
}

impl Serialize for LazyHandshake {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(written) = self.0.written.get() {
            return written.serialize(serializer);
        }
        let written = to_raw_value(&**self.get()).map_err(S::Error::custom)?;
        self.0.written.get_or_init(|| written).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LazyHandshake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(Rc::new(Forms { read: OnceCell::new(), written: written.into() })))
    }
}

impl PartialEq for LazyHandshake {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for LazyHandshake {}

impl fmt::Debug for LazyHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_request_keeps_its_json() {
        let headers = vec![("x-quote".to_owned(), "\"é\"".to_owned())];
        let handshake = Rc::new(HandshakeRequest { headers, url: "/?a=b".to_owned(), ..HandshakeRequest::default() });
        let kept = LazyHandshake::from(Rc::clone(&handshake));
        let json = serde_json::to_string(&kept).expect("serialises");
        assert_eq!(json, serde_json::to_string(&*handshake).expect("serialises"));
        let again: LazyHandshake = serde_json::from_str(&json).expect("valid");
        assert_eq!(serde_json::to_string(&again).expect("serialises"), json);
        assert_eq!((again.get(), &again), (&handshake, &kept));
    }
}
