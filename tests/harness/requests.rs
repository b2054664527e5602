//! HTTP requests and their answers, as in `src/durable/receive.rs`.

use dormouse::effect::Answer;
use dormouse::error::Refusal;
use dormouse::id::{RequestId, Sid};
use dormouse::input::{Input, PostBody};
use dormouse::request::{EngineRequest, Layer};

use super::object::Host;
use super::runtime::{Runtime, To, What};

/// A request, by the order in which they were made.
pub type HttpNo = usize;

/// A request and what became of it.
#[derive(Debug)]
pub struct Http {
    /// Where a POST's body belongs that has not come yet.
    body_due: Option<(RequestId, Sid)>,
    /// The answer, once.
    answer: Option<Answer>,
}

/// How a POST's body arrives.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// The client goes away in the middle.
    Aborted,
}

impl Host {
    /// A request without a body, or the head of a POST: `octets` says that it is `application/octet-stream`.
    pub fn request(&mut self, method: &str, query: &str, layer: Layer, octets: bool) -> HttpNo {
        let http = self.requests.len();
        self.requests.push(Http { body_due: None, answer: None });
        match EngineRequest::parse(method, false, form_urlencoded::parse(query.as_bytes())) {
            Ok(EngineRequest::OpenPolling) => {
                let sid = Sid::from_entropy(self.runtime.entropy());
                self.hand_on(http, |request| Input::OpenPolling { request, sid, layer });
            }
            Ok(EngineRequest::Poll(sid)) => {
                self.hand_on(http, |request| Input::Poll { request, sid });
            }
            Ok(EngineRequest::Post(sid)) => {
                let request = self.hand_on(http, |request| Input::Post { request, sid, octets });
                if self.requests[http].answer.is_none() {
                    self.requests[http].body_due = Some((request, sid));
                }
            }
            Ok(other) => panic!("{other:?} is no plain request"),
            Err(refusal) => self.answer(http, Answer::Refused(refusal)),
        }
        self.end_event();
        http
    }

    /// The body of a POST; one that was answered at its head already is not read.
    pub fn body(&mut self, http: HttpNo, body: Body<'_>) {
        let Some((request, sid)) = self.requests[http].body_due.take() else { return };
        if self.requests[http].answer.is_some() {
            // The memory was lost, and with it the future that reads the body.
            return;
        }
        let body = match body {
            Body::Bytes(bytes) if bytes.len() > self.config.max_payload_bytes => PostBody::TooLong,
            Body::Bytes(bytes) => String::from_utf8(bytes.to_vec()).map_or(PostBody::NotText, PostBody::Text),
            Body::Aborted => PostBody::Aborted,
        };
        self.turn(Input::PostBody { request, sid, body });
        self.end_event();
    }

    /// A GET of a session.
    pub fn poll(&mut self, sid: &str) -> HttpNo {
        self.request("GET", &format!("EIO=4&transport=polling&sid={sid}"), Layer::SocketIo, false)
    }

    /// A whole POST of a session.
    pub fn post(&mut self, sid: &str, body: &[u8]) -> HttpNo {
        let http = self.request("POST", &format!("EIO=4&transport=polling&sid={sid}"), Layer::SocketIo, false);
        self.body(http, Body::Bytes(body));
        http
    }

    /// The answer of a request, if it has come.
    pub fn answer_of(&self, http: HttpNo) -> Option<&Answer> {
        self.requests[http].answer.as_ref()
    }

    /// Whether a POST waits for its body.
    pub fn is_body_due(&self, http: HttpNo) -> bool {
        self.requests[http].body_due.is_some()
    }

    /// How many requests there ever were.
    pub const fn request_count(&self) -> usize {
        self.requests.len()
    }

    /// The requests that have no answer yet.
    pub fn unanswered(&self) -> Vec<HttpNo> {
        (0..self.requests.len()).filter(|&http| self.requests[http].answer.is_none()).collect()
    }

    /// Notes a WebSocket request that got `answer` instead of a WebSocket.
    pub fn refused(&mut self, with: Answer) -> HttpNo {
        let http = self.requests.len();
        self.requests.push(Http { body_due: None, answer: None });
        self.answer(http, with);
        http
    }

    pub(super) fn answer(&mut self, http: HttpNo, with: Answer) {
        answer(&mut self.runtime, &mut self.requests, http, with);
    }

    fn hand_on(&mut self, http: HttpNo, input: impl FnOnce(RequestId) -> Input) -> RequestId {
        let awake = self.wake();
        let request = RequestId(awake.next_request);
        awake.next_request += 1;
        awake.waiting.insert(request, http);
        self.turn(input(request));
        request
    }
}

/// Gives a request its answer: one, and never another.
pub(super) fn answer(runtime: &mut Runtime, requests: &mut [Http], http: HttpNo, with: Answer) {
    let slot = &mut requests[http].answer;
    assert!(slot.is_none(), "request {http} has {slot:?} and gets {with:?}");
    *slot = Some(with.clone());
    runtime.say(To::Request(http), What::Answer(with));
}

/// An answer as transcripts write it: the status and the body.
pub fn show(answer: &Answer) -> String {
    match answer {
        Answer::Payload(body) => format!("200 {}", body.replace('\u{1e}', " \u{241e} ")),
        Answer::Ok => "200 ok".to_owned(),
        Answer::TooLong => "413".to_owned(),
        Answer::Refused(refusal) => format!("{} {}", refusal.status(), refusal.to_json()),
    }
}

/// An answer's refusal.
pub fn refusal(answer: &Answer) -> Option<&Refusal> {
    match answer {
        Answer::Refused(refusal) => Some(refusal),
        _ => None,
    }
}
