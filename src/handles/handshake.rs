//! The handshake of a socket: the request that opened its connection, and the auth object.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::ser::{Error as _, SerializeStruct as _};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::request_accessors::request_accessors;
use crate::core::handshake_request::{HandshakeRequest, LazyHandshake};
use crate::core::view::SocketFacts;
use crate::http::cookie_of;
use crate::time::Timestamp;
use crate::value::json;

/// The first HTTP request of a socket's connection, and what its client sent with CONNECT: Socket.IO's `socket.handshake`.
///
/// Of the request's headers, it has those that a session keeps: see
/// [`EngineRoutes::keep_headers`](crate::routing::EngineRoutes::keep_headers).
///
/// ```
/// use dormouse::testing::{TestEvent, TestWorld};
/// use dormouse::error::EmitError;
/// use dormouse::socket::Handshake;
/// use dormouse::{App, Socket};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on_connect(greet))
/// }
///
/// async fn greet(socket: Socket, handshake: Handshake) -> Result<(), EmitError> {
///     let language = handshake.header("accept-language").unwrap_or("en");
///     socket.emit("greeting", (language, handshake.query_param("version"), handshake.address()))
/// }
///
/// let world = TestWorld::new(app);
/// let anna = world.client().header("Accept-Language", "de").query("version", "2").address("192.0.2.7").connect("/");
/// assert_eq!(anna.next_event(), Some(TestEvent::new("greeting", ("de", "2", "192.0.2.7"))));
/// ```
#[derive(Clone, Debug)]
pub struct Handshake {
    handshake: Rc<HandshakeRequest>,
    auth: Rc<str>,
}

impl Handshake {
    pub(crate) fn of(socket: &dyn SocketFacts) -> Self {
        Self { handshake: Rc::clone(socket.handshake()), auth: Rc::clone(socket.auth()) }
    }

    /// Returns the handshake of a session that no socket has.
    pub(crate) fn without_auth(handshake: &LazyHandshake) -> Self {
        Self { handshake: Rc::clone(handshake.get()), auth: "{}".into() }
    }

    request_accessors!();

    /// Returns the time of the request, as JavaScript writes dates:
    /// `Wed Jan 01 2020 01:00:00 GMT+0000 (Coordinated Universal Time)`.
    pub fn time(&self) -> String {
        let since_epoch = core::time::Duration::from_millis(self.issued().as_millis());
        let Some(at) = SystemTime::UNIX_EPOCH.checked_add(since_epoch) else { return String::new() };
        // `Wed, 01 Jan 2020 01:00:00 GMT`
        let http = httpdate::fmt_http_date(at);
        match http.split(' ').collect::<Vec<_>>().as_slice() {
            [weekday, day, month, year, time, _] => {
                let weekday = weekday.trim_end_matches(',');
                format!("{weekday} {month} {day} {year} {time} GMT+0000 (Coordinated Universal Time)")
            }
            _ => http,
        }
    }

    /// Returns the time of the request.
    pub fn issued(&self) -> Timestamp {
        self.handshake.issued
    }

    /// Parses the auth object that the client sent with CONNECT; `{}` if it sent none.
    ///
    /// # Errors
    /// The auth object is not a `T`.
    pub fn auth<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        json::from_str(&self.auth)
    }

    /// Returns a copy of the request.
    pub(crate) fn to_request(&self) -> HandshakeRequest {
        HandshakeRequest::clone(&self.handshake)
    }

    fn request(&self) -> &HandshakeRequest {
        &self.handshake
    }
}

/// Serializes it as Socket.IO's object: `headers`, `time`, `address`, `xdomain`, `secure`, `issued`, `url`, `query` and `auth`. Of a header
/// or parameter that came several times, the last one is written. It has all that the session keeps: cookies and tokens, too.
impl Serialize for Handshake {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let auth: Value = self.auth().map_err(S::Error::custom)?;
        let headers: BTreeMap<_, _> = self.headers().collect();
        let query: BTreeMap<_, _> = self.query().collect();
        let mut fields = serializer.serialize_struct("Handshake", 9)?;
        fields.serialize_field("headers", &headers)?;
        fields.serialize_field("time", &self.time())?;
        fields.serialize_field("address", self.address())?;
        fields.serialize_field("xdomain", &self.is_xdomain())?;
        fields.serialize_field("secure", &self.is_secure())?;
        fields.serialize_field("issued", &self.issued())?;
        fields.serialize_field("url", self.url())?;
        fields.serialize_field("query", &query)?;
        fields.serialize_field("auth", &auth)?;
        fields.end()
    }
}
