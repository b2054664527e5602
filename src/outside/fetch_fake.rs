//! Requests in tests: a closure answers.

use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use super::Outside;
use super::binding_kind::BindingKind;
use super::requests::{CODE, check_body};
use crate::error::{Failure, OutsideError};
use crate::http::{HttpRequest, HttpResponse};

/// What a test answers to a request: a response, or an error in its place.
#[derive(Debug)]
pub struct FetchAnswer(Result<HttpResponse, OutsideError>);

impl From<HttpResponse> for FetchAnswer {
    fn from(response: HttpResponse) -> Self {
        Self(Ok(response))
    }
}

impl From<Result<HttpResponse, OutsideError>> for FetchAnswer {
    fn from(answer: Result<HttpResponse, OutsideError>) -> Self {
        Self(answer)
    }
}

/// Answers requests.
#[derive(Default)]
pub(crate) struct Server(RefCell<Option<Answers>>);

type Answers = Rc<dyn Fn(HttpRequest) -> FetchAnswer>;

impl Server {
    pub(crate) fn set<A: Into<FetchAnswer>>(&self, answer: impl Fn(HttpRequest) -> A + 'static) {
        *self.0.borrow_mut() = Some(Rc::new(move |request| answer(request).into()));
    }

    async fn answer(&self, outside: &Outside, mut request: HttpRequest) -> Result<HttpResponse, Failure> {
        outside.cross().await;
        let (method, url) = (&request.method, &request.path);
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(Failure::of_outside(CODE, format!("{url:?} is not a URL of http or https")));
        }
        let Some(answers) = self.0.borrow().clone() else {
            let problem = format!("{method} {url}: nothing answers in this test; call TestWorld::on_fetch");
            return Err(Failure::of_outside(CODE, problem));
        };
        if let Some((_, query)) = url.split_once('?') {
            request.query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        }
        // As the platform writes them.
        request.method.make_ascii_uppercase();
        let mut response = answers(request).0?;
        for (name, _) in &mut response.headers {
            name.make_ascii_lowercase();
        }
        check_body(response.body.len()).map(|()| response)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

/// A service binding.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    outside: Outside,
    server: Rc<Server>,
}

impl Binding {
    pub(super) fn new(outside: &Outside, kind: &BindingKind, name: &str) -> Result<Self, Failure> {
        Ok(Self { outside: outside.clone(), server: outside.bound(kind, name)? })
    }

    pub(super) async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        self.server.answer(&self.outside, request).await
    }
}

pub(super) async fn fetch(request: HttpRequest) -> Result<HttpResponse, Failure> {
    let Some(outside) = Outside::current() else {
        return Err(Failure::of_outside(CODE, "`dormouse::fetch` is called outside of every TestWorld".to_owned()));
    };
    outside.deployed().of::<Server>().answer(&outside, request).await
}
