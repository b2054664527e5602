//! What clients of the simulated runtime have not read.

use super::virtual_runtime::{Http, HttpNo, SocketNo, VirtualPlatform};
use crate::core::effect::Response;

/// From how many bytes on a response is watched.
const WATCHED: usize = 16_384;

impl VirtualPlatform {
    /// Ends the connection of a WebSocket, with which everything is dropped that its client has not read.
    pub(super) fn lose(&mut self, no: SocketNo) {
        let socket = self.socket(no);
        (socket.open, socket.unsent) = (false, 0);
        socket.unread.clear();
    }

    /// Notes the session of a GET, which may have its response already.
    pub(super) fn note_poll(&mut self, http: HttpNo, sid: &str) {
        if let Some(request) = self.requests.get_mut(http) {
            request.polls = sid.parse().ok();
        }
        self.hold_response(http);
    }

    /// Keeps the response to a GET, if it is long and its client does not read it. The runtime keeps one of each session.
    pub(super) fn hold_response(&mut self, http: HttpNo) {
        if let Some(unread) = &mut self.unread
            && let Some(Http { polls: Some(sid), answer: Some(Response::Payload(body)), .. }) = self.requests.get(http)
            && body.len() >= WATCHED
        {
            unread.insert(*sid, body.len());
        }
    }
}
