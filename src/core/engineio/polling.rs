//! The requests of HTTP long-polling (Engine.IO 4, "HTTP long-polling").

use super::closing::Closing;
use super::engine::Engine;
use super::payload;
use super::posts::Post;
use super::received_packet::ReceivedPacket;
use super::session::{Session, Transport};
use super::wire::{CLOSE, NOOP};
use crate::core::effect::{Effect, Effects, Response};
use crate::core::input::PostBody;
use crate::error::{BadRequest, Reason, Refusal};
use crate::id::{RequestId, SessionKey, Sid};
use crate::log::Record;
use crate::time::Timestamp;
use crate::value::Frame;

impl Engine {
    /// Handles a GET of a session: responds to it, or lets it hang.
    pub fn handle_poll(&mut self, request: RequestId, sid: Sid, fx: &mut Effects) {
        let refuse =
            |refusal, fx: &mut Effects| fx.push(Effect::Respond { request, response: Response::Refused(refusal) });
        let Some(key) = self.find(sid) else { return refuse(Refusal::UnknownSid, fx) };
        self.follow(key);
        let (now, bounds) = (self.now, self.config.reader_bounds());
        match self.sessions.get_mut(key.0).map(|session| &mut session.transport) {
            Some(Transport::Polling(polling)) => {
                if let Err(refusal) = polling.poll(now, request, bounds, fx) {
                    self.drop_session(key, Closing::new(Reason::TransportError), fx);
                    refuse(refusal, fx);
                }
            }
            Some(Transport::Draining(draining)) => {
                let waiting = draining.take_payload(now, bounds);
                let is_last = waiting.is_none();
                let body = waiting.unwrap_or_else(|| payload::join(&[Frame::text(NOOP), Frame::text(CLOSE)]));
                fx.push(Effect::Respond { request, response: Response::Payload(body) });
                if is_last {
                    self.drop_draining(key, fx);
                }
            }
            _ => refuse(Refusal::BadRequest(BadRequest::TransportMismatch), fx),
        }
    }

    /// Handles the head of a POST of a session. Responds only to refuse it. The body has no more time than a client that has not
    /// joined has to join.
    pub fn handle_post(&mut self, now: Timestamp, request: RequestId, sid: Sid, octets: bool, fx: &mut Effects) {
        let refuse =
            |refusal, fx: &mut Effects| fx.push(Effect::Respond { request, response: Response::Refused(refusal) });
        let Some(key) = self.find(sid) else { return refuse(Refusal::UnknownSid, fx) };
        self.follow(key);
        let due = now.after(self.config.body_timeout());
        let gives_up = self.sessions.get(key.0).and_then(Session::gives_up);
        match self.sessions.get_mut(key.0).map(|session| &mut session.transport) {
            Some(Transport::Polling(polling)) => {
                if polling.post(now, request).is_err() || octets {
                    self.drop_session(key, Closing::new(Reason::TransportError), fx);
                    return refuse(Refusal::BadRequest(BadRequest::TransportError), fx);
                }
            }
            Some(Transport::Draining(draining)) => {
                if draining.posting.is_some() || octets {
                    self.drop_draining(key, fx);
                    return refuse(Refusal::BadRequest(BadRequest::TransportError), fx);
                }
                draining.posting = Some(request);
            }
            _ => return refuse(Refusal::BadRequest(BadRequest::TransportMismatch), fx),
        }
        self.posts.insert(request, sid, gives_up.map_or(due, |at| at.min(due)));
    }

    /// Returns when the body of a POST must have arrived.
    pub fn body_due(&self, request: RequestId) -> Option<Timestamp> {
        self.posts.due(request)
    }

    /// Refuses the POSTs whose bodies have not arrived in time, and drops the sessions that wait for them.
    pub(super) fn handle_late_posts(&mut self, now: Timestamp, fx: &mut Effects) {
        while let Some(Post { request, sid, .. }) = self.posts.take_due(now) {
            fx.push(Effect::Respond { request, response: Response::Refused(Refusal::BodyTimeout) });
            // If the app makes the ids, another session may have this id by now.
            if let Some(key) = self.find(sid).filter(|&key| self.end_post(key, request)) {
                self.drop_session(key, Closing::new(Reason::TransportError), fx);
            }
        }
    }

    /// Notes that a POST of a session waits for no body any more; returns whether the session polls and waited for this one.
    fn end_post(&mut self, key: SessionKey, request: RequestId) -> bool {
        let Some(session) = self.sessions.get_mut(key.0) else { return false };
        let is_polling = matches!(session.transport, Transport::Polling(_));
        let waits = session.transport.posting_mut().and_then(|posting| posting.take_if(|posting| *posting == request));
        is_polling && waits.is_some()
    }

    /// Handles the body of a POST of a session, and responds. Returns the text of a body that arrived whole: its packets must be
    /// passed to [`handle_packet`](Self::handle_packet) one after the other. A text with a packet that cannot be decoded is
    /// refused and returned all the same: that packet ends the session, after those before it. The body of a POST that was
    /// refused already, because it did not arrive in time, is ignored.
    pub fn handle_post_body(
        &mut self,
        request: RequestId,
        sid: Sid,
        body: PostBody,
        fx: &mut Effects,
    ) -> Option<(SessionKey, String)> {
        if !self.posts.remove(request) {
            return None;
        }
        let respond = |response, fx: &mut Effects| fx.push(Effect::Respond { request, response });
        let Some(key) = self.find(sid) else {
            respond(Response::Refused(Refusal::UnknownSid), fx);
            return None;
        };
        let waits = self.end_post(key, request);
        match self.sessions.get(key.0).map(|session| &session.transport) {
            Some(Transport::Polling(_)) if waits => {}
            // The app gave the id of a session that has ended to a new one.
            Some(Transport::Polling(_)) => {
                respond(Response::Refused(Refusal::UnknownSid), fx);
                return None;
            }
            Some(Transport::Draining(_)) => {
                let is_refused = matches!(body, PostBody::TooLong | PostBody::Crowded);
                respond(if is_refused { Response::TooLong } else { Response::Ok }, fx);
                self.handle_draining_body(key, &body, fx);
                return None;
            }
            // The session was upgraded before the body arrived.
            Some(Transport::WebSocket { .. }) | None => {
                respond(Response::Refused(Refusal::BadRequest(BadRequest::TransportError)), fx);
                return None;
            }
        }
        match body {
            PostBody::Text(body) if payload::split(&body).all(|text| ReceivedPacket::decode_text(text).is_ok()) => {
                respond(Response::Ok, fx);
                Some((key, body))
            }
            PostBody::Text(body) => {
                respond(Response::Refused(Refusal::BadRequest(BadRequest::TransportError)), fx);
                Some((key, body))
            }
            PostBody::TooLong => {
                respond(Response::TooLong, fx);
                None
            }
            PostBody::Crowded => {
                fx.push_log(Record::warn(format_args!(
                    "a session is closed: the isolate has no memory for the body of its POST"
                )));
                respond(Response::TooLong, fx);
                self.drop_session(key, Closing::new(Reason::TransportError), fx);
                None
            }
            PostBody::Aborted => {
                respond(Response::Refused(Refusal::BadRequest(BadRequest::TransportError)), fx);
                self.drop_session(key, Closing::new(Reason::TransportError), fx);
                None
            }
        }
    }

    /// Handles the body of a POST of a session that drains. Of its packets, only a close still counts: stock clients send one
    /// when they have left their last namespace. An aborted body counts as a close.
    fn handle_draining_body(&mut self, key: SessionKey, body: &PostBody, fx: &mut Effects) {
        let is_over = match body {
            PostBody::Text(body) => {
                payload::split(body).any(|text| matches!(ReceivedPacket::decode_text(text), Ok(ReceivedPacket::Close)))
            }
            PostBody::Aborted | PostBody::Crowded => true,
            PostBody::TooLong => false,
        };
        if is_over {
            self.drop_draining(key, fx);
        }
    }
}
