//! The requests of HTTP long-polling (Engine.IO 4, "HTTP long-polling").

use super::session::Transport;
use super::{CLOSE, End, Engine, NOOP, Packet, payload};
use crate::effect::{Answer, Effect, Effects};
use crate::error::{BadRequest, Reason, Refusal};
use crate::id::{RequestId, SessionKey, Sid};
use crate::input::PostBody;
use crate::value::Frame;

impl Engine {
    /// A GET of a session.
    pub fn handle_poll(&mut self, request: RequestId, sid: Sid, fx: &mut Effects) {
        let refuse = |refusal, fx: &mut Effects| fx.push(Effect::Answer { request, answer: Answer::Refused(refusal) });
        let Some(key) = self.find(sid) else { return refuse(Refusal::UnknownSid, fx) };
        match self.sessions.get_mut(key.0).map(|session| &mut session.transport) {
            Some(Transport::Polling(polling)) => {
                if let Err(refusal) = polling.poll(request, fx) {
                    self.end(key, End::new(Reason::TransportError), fx);
                    refuse(refusal, fx);
                }
            }
            Some(Transport::Draining(frames, _)) => {
                if frames.is_empty() {
                    frames.push(Frame::text(NOOP));
                }
                frames.push(Frame::text(CLOSE));
                let answer = Answer::Payload(payload::join(frames.iter()));
                fx.push(Effect::Answer { request, answer });
                self.remove(key);
            }
            _ => refuse(Refusal::BadRequest(BadRequest::TransportMismatch), fx),
        }
    }

    /// The head of a POST of a session; answers it at once only to refuse it.
    pub fn handle_post(&mut self, request: RequestId, sid: Sid, octets: bool, fx: &mut Effects) {
        let refuse = |refusal, fx: &mut Effects| fx.push(Effect::Answer { request, answer: Answer::Refused(refusal) });
        let Some(key) = self.find(sid) else { return refuse(Refusal::UnknownSid, fx) };
        match self.sessions.get_mut(key.0).map(|session| &mut session.transport) {
            Some(Transport::Polling(polling)) => {
                if polling.posting || octets {
                    self.end(key, End::new(Reason::TransportError), fx);
                    refuse(Refusal::BadRequest(BadRequest::TransportError), fx);
                } else {
                    polling.posting = true;
                }
            }
            Some(Transport::Draining(..)) => {}
            _ => refuse(Refusal::BadRequest(BadRequest::TransportMismatch), fx),
        }
    }

    /// The body of a POST of a session, if it goes on: its packets are to be handed to
    /// [`handle_packet`](Self::handle_packet) one after the other.
    pub fn handle_post_body(
        &mut self,
        request: RequestId,
        sid: Sid,
        body: PostBody,
        fx: &mut Effects,
    ) -> Option<(SessionKey, String)> {
        let answer = |answer, fx: &mut Effects| fx.push(Effect::Answer { request, answer });
        let Some(key) = self.find(sid) else {
            answer(Answer::Refused(Refusal::UnknownSid), fx);
            return None;
        };
        let Some(polling) = self.polling(key) else {
            // It was upgraded or closed while the body was under way. A closed session takes no more, and says `ok`.
            let upgraded = self.sessions.get(key.0).is_some_and(|s| matches!(s.transport, Transport::WebSocket { .. }));
            answer(
                if upgraded { Answer::Refused(Refusal::BadRequest(BadRequest::TransportError)) } else { Answer::Ok },
                fx,
            );
            return None;
        };
        polling.posting = false;
        match body {
            PostBody::Text(body) if payload::split(&body).all(|text| Packet::decode_text(text).is_ok()) => {
                answer(Answer::Ok, fx);
                Some((key, body))
            }
            PostBody::Text(body) => {
                answer(Answer::Refused(Refusal::BadRequest(BadRequest::TransportError)), fx);
                Some((key, body))
            }
            PostBody::TooLong => {
                answer(Answer::TooLong, fx);
                None
            }
            PostBody::NotText => {
                answer(Answer::Refused(Refusal::BadRequest(BadRequest::TransportError)), fx);
                self.end(key, End::new(Reason::ParseError), fx);
                None
            }
            PostBody::Aborted => {
                answer(Answer::Refused(Refusal::BadRequest(BadRequest::TransportError)), fx);
                self.end(key, End::new(Reason::TransportError), fx);
                None
            }
        }
    }
}
