//! The requests of clients that poll.

use super::host::Host;
use super::virtual_runtime::HttpNo;
use crate::core::handshake_request::Protocol;
use crate::object::Body;

impl Host {
    /// Sends a GET of a session.
    pub fn poll(&mut self, sid: &str) -> HttpNo {
        let query = format!("EIO=4&transport=polling&sid={sid}");
        let http = self.request("GET", &query, Protocol::SocketIo, false);
        self.runtime_mut().note_poll(http, sid);
        http
    }

    /// Sends a POST of a session, with its body.
    pub fn post(&mut self, sid: &str, body: &[u8]) -> HttpNo {
        let http = self.request("POST", &format!("EIO=4&transport=polling&sid={sid}"), Protocol::SocketIo, false);
        self.body(http, Body::Bytes(body.to_vec()));
        http
    }
}
