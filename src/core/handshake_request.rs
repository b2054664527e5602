//! The request that opened a session.

use crate::time::Timestamp;
use crate::value::json_writer::{push_array, push_number, push_quoted};
use crate::value::objects;
use core::cell::OnceCell;
use core::fmt;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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

    /// Returns the length of its URL and headers in bytes.
    pub fn bytes(&self) -> usize {
        self.headers.iter().fold(self.url.len(), |bytes, (name, value)| bytes + name.len() + value.len())
    }

    /// Returns a hash of the part of the address that stands for one client or household; 0 if the address is not known. The part
    /// is an IPv4 address, or the first 64 bits of an IPv6 address: a client has as many of the rest as it likes.
    pub(crate) fn network(&self) -> u64 {
        let mut hash = 0;
        let (mut groups, mut previous) = (0, 0);
        for byte in self.address.bytes() {
            groups += usize::from(byte == b':');
            // The rest of an address that is shortened here is mostly zeros.
            if groups == 4 || (byte == b':' && previous == b':') {
                break;
            }
            previous = byte;
            // FNV-1a. Nobody chooses among enough addresses to find two with the same 64 bits.
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        hash
    }

    /// Returns its bytes as it is stored, without escapes.
    pub fn stored_bytes(&self) -> usize {
        const MARKS: usize = 55;
        const MARKS_OF_HEADER: usize = 8;
        let marks = self.headers.len().saturating_mul(MARKS_OF_HEADER).saturating_add(MARKS);
        self.bytes().saturating_add(self.address.len()).saturating_add(marks)
    }

    /// Returns its JSON.
    fn to_json(&self) -> String {
        let mut json = String::with_capacity(self.stored_bytes());
        json.push_str(r#"{"h":"#);
        push_array(&self.headers, &mut json, |(name, value), out| {
            out.push('[');
            push_quoted(name, out);
            out.push(',');
            push_quoted(value, out);
            out.push(']');
        });
        json.push_str(r#","i":"#);
        push_number(self.issued.as_millis(), &mut json);
        json.push_str(r#","a":"#);
        push_quoted(&self.address, &mut json);
        json.push_str(r#","u":"#);
        push_quoted(&self.url, &mut json);
        json.push_str(if self.secure { r#","s":true}"# } else { r#","s":false}"# });
        json
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
    written: OnceCell<Box<str>>,
}

impl LazyHandshake {
    /// Returns whether it is no session's: the default.
    pub fn is_unknown(&self) -> bool {
        self.0.read.get().is_none() && self.0.written.get().is_none()
    }

    /// Returns its bytes as it is stored.
    pub fn stored_bytes(&self) -> usize {
        self.0.written.get().map_or_else(|| self.get().stored_bytes(), |json| json.len())
    }

    /// Returns its JSON.
    pub fn json(&self) -> &str {
        self.0.written.get_or_init(|| self.get().to_json().into())
    }

    /// Returns the handshake of a JSON; `None` if it is not valid.
    pub fn from_json(json: Box<str>) -> Option<Self> {
        RawValue::from_string(json.into()).ok().map(Self::of)
    }

    fn of(json: Box<RawValue>) -> Self {
        Self(Rc::new(Forms { read: OnceCell::new(), written: Box::<str>::from(json).into() }))
    }

    /// Returns the request.
    pub fn get(&self) -> &Rc<HandshakeRequest> {
        self.0.read.get_or_init(|| Rc::new(self.parse()))
    }

    /// Returns the [`network`](HandshakeRequest::network) of the client. If the request was not parsed before, it is not kept parsed.
    pub(crate) fn network(&self) -> u64 {
        self.0.read.get().map_or_else(|| self.parse().network(), |handshake| handshake.network())
    }

    fn parse(&self) -> HandshakeRequest {
        // `HandshakeRequest` wrote this JSON itself, so that parsing it does not fail.
        let handshake = self.0.written.get().and_then(|json| objects::from_str(json).ok());
        handshake.unwrap_or_default()
    }

    /// Returns the memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let Forms { read, written } = &*self.0;
        read.get().map_or(0, |read| read.bytes()) + written.get().map_or(0, |json| json.len())
    }
}

impl From<Rc<HandshakeRequest>> for LazyHandshake {
    fn from(handshake: Rc<HandshakeRequest>) -> Self {
        Self(Rc::new(Forms { read: handshake.into(), written: OnceCell::new() }))
    }
}

impl<'de> Deserialize<'de> for LazyHandshake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::of)
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
    fn a_network_is_an_ipv4_address_or_half_an_ipv6_address() {
        let network = |address: &str| {
            let handshake = HandshakeRequest { address: address.to_owned(), ..HandshakeRequest::default() };
            let read: LazyHandshake = serde_json::from_str(&handshake.to_json()).expect("valid");
            assert_eq!(read.network(), handshake.network());
            assert!(read.0.read.get().is_none(), "it is kept parsed");
            handshake.network()
        };
        assert_eq!(network(""), 0);
        let networks = [
            "203.0.113.7",
            "203.0.113.70",
            "2001:db8:1:2::6",
            "2001:db8:1:3::6",
            "2001:db8:1::6",
            "2001:db8::6",
            "::1",
        ];
        for (place, one) in networks.iter().enumerate() {
            assert!(
                network(one) != 0 && networks.iter().skip(place + 1).all(|other| network(one) != network(other)),
                "{one}"
            );
        }
        for (one, other) in [("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::6"), ("2001:db8:1::6", "2001:db8:1::7:8")] {
            assert_eq!(network(one), network(other), "{one} {other}");
        }
    }

    #[test]
    fn a_handshake_request_keeps_its_json() {
        let headers = vec![("x-quote".to_owned(), "\"é\"".to_owned())];
        let handshake = Rc::new(HandshakeRequest { headers, url: "/?a=b".to_owned(), ..HandshakeRequest::default() });
        let kept = LazyHandshake::from(Rc::clone(&handshake));
        let json = kept.json();
        assert_eq!(json, r#"{"h":[["x-quote","\"é\""]],"i":0,"a":"","u":"/?a=b","s":false}"#);
        assert!(json.len() <= handshake.stored_bytes() + 2, "there is room for all but the escapes");
        let again: LazyHandshake = serde_json::from_str(json).expect("valid");
        assert_eq!(again.json(), json);
        assert_eq!((again.get(), &again), (&handshake, &kept));
    }
}
