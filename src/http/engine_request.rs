//! Requests to a gateway, parsed. The Worker refuses invalid requests, which need no world; the object parses the others again.

use super::kept_headers::HandshakeBytes;
use super::subprotocol::select_subprotocol;
use crate::config::Transports;
use crate::error::{BadRequest, Refusal};
use crate::id::Sid;
use crate::limits::{MAX_HANDSHAKE_REQUEST_BYTES, MAX_KEPT_REQUEST_BYTES};

/// A request to a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineRequest {
    /// Opens a session over HTTP long-polling.
    OpenPolling,
    /// Opens a session over WebSocket.
    OpenWebSocket,
    /// Polls: gets the packets that the session has for the client.
    Poll(Sid),
    /// Posts: sends the client's packets to the session.
    Post(Sid),
    /// Upgrades the session to WebSocket.
    Upgrade(Sid),
}

impl EngineRequest {
    /// Parses a request from its method, its decoded query and whether it asks for a WebSocket, with engine.io's order of
    /// checks. A transport that is not served is unknown.
    ///
    /// # Errors
    /// The refusal that the client gets.
    pub fn parse<'a, K, V>(
        method: &str,
        wants_websocket: bool,
        query: impl IntoIterator<Item = (K, V)>,
        served: Transports,
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
            Some("polling") if served.has_polling() => false,
            Some("websocket") if served.has_websocket() => true,
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

/// Checks a request by the protocol alone. `bytes` is the size of its URL and headers; `subprotocols` is the value of its header
/// `Sec-WebSocket-Protocol`; `served` are the transports that are served.
///
/// # Errors
/// The refusal that the client gets; the request does not reach its world.
pub(crate) fn check_protocol<'a, K, V>(
    method: &str,
    is_upgrade: bool,
    query: impl IntoIterator<Item = (K, V)>,
    subprotocols: Option<&str>,
    bytes: HandshakeBytes,
    served: Transports,
) -> Result<EngineRequest, Refusal>
where
    K: AsRef<str> + 'a,
    V: AsRef<str> + 'a,
{
    let parsed = EngineRequest::parse(method, is_upgrade, query, served)?;
    if opens(parsed) && (bytes.whole > MAX_HANDSHAKE_REQUEST_BYTES || bytes.kept > MAX_KEPT_REQUEST_BYTES) {
        return Err(Refusal::HandshakeTooLong);
    }
    if let Some(offered) = subprotocols.filter(|_| is_upgrade) {
        select_subprotocol(offered)?;
    }
    Ok(parsed)
}

/// Returns whether a request opens a session, which the app's hooks may refuse.
pub(crate) const fn opens(request: EngineRequest) -> bool {
    matches!(request, EngineRequest::OpenPolling | EngineRequest::OpenWebSocket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: &str, websocket: bool, query: &str) -> Result<EngineRequest, u8> {
        let query = form_urlencoded::parse(query.as_bytes());
        EngineRequest::parse(method, websocket, query, Transports::Both).map_err(|refusal| refusal.code())
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

    #[test]
    fn a_transport_that_is_not_served_is_unknown() {
        let sid = "a".repeat(20);
        for (served, refused) in [(Transports::Polling, "websocket"), (Transports::WebSocket, "polling")] {
            for method in ["GET", "POST", "OPTIONS"] {
                for (websocket, rest) in [(false, String::new()), (true, String::new()), (true, format!("&sid={sid}"))]
                {
                    let query = format!("EIO=4&transport={refused}{rest}");
                    let query = form_urlencoded::parse(query.as_bytes());
                    let parsed = EngineRequest::parse(method, websocket, query, served);
                    assert_eq!(parsed, Err(Refusal::UnknownTransport), "{served:?} {method} {rest}");
                }
            }
        }
    }
}
