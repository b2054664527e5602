//! What the app has the Worker do by itself.

use core::fmt;
use core::future::poll_fn;
use core::task::Poll;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use bytes::Bytes;
use futures::future::LocalBoxFuture;

#[cfg(target_arch = "wasm32")]
use super::app::App;
use super::failure_line::failed;
use super::handler::Erased;
use super::http_table::{HEAD, HttpTable, Params, not_allowed, not_utf8};
use crate::error::Failure;
use crate::extract::{Cron, Delivery, WorkerHttp};
use crate::handles::{HttpRequest, HttpResponse};
use crate::log::{Level, Record};
use crate::outside::Outside;
#[cfg(target_arch = "wasm32")]
use crate::outside::{Arrived, ToCome};

/// What the Worker does by itself. The app has it behind a pointer, so that the code is only in apps that register some of it.
pub(crate) trait WorkerSide {
    /// Returns the handlers.
    fn handlers(&self) -> &WorkerHandlers;
    /// Returns the handlers, to add one.
    fn handlers_mut(&mut self) -> &mut WorkerHandlers;
    /// Answers a request, if its path has routes.
    #[cfg(target_arch = "wasm32")]
    fn serve(&self, app: &App, arrived: &Arrived<'_>) -> Option<ToCome>;
}

/// The handlers that are called in the Worker.
#[derive(Default)]
pub(crate) struct WorkerHandlers {
    pub(crate) routes: HttpTable,
    pub(super) http: Vec<Erased<WorkerHttp>>,
    pub(super) scheduled: Vec<Erased<Cron>>,
    pub(super) queues: Vec<Erased<Delivery>>,
}

/// How the call of a handler ended, and what is to be logged of it.
#[derive(Debug)]
pub(crate) struct WorkerEnd<T> {
    pub result: T,
    pub log: Vec<Record>,
}

impl WorkerHandlers {
    /// Returns the route of a request, whose path has some.
    ///
    /// # Errors
    /// The response, if none takes the method, or a part of the path is not UTF-8.
    pub(crate) fn find(&self, method: &str, path: &str) -> Result<WorkerRoute, HttpResponse> {
        let Some((params, number)) = self.routes.find(method, path) else {
            return Err(not_allowed(method, &self.routes.methods(path)));
        };
        let params = params.ok_or_else(not_utf8)?;
        let handler = self.http.get(number).map(Rc::clone).ok_or_else(HttpResponse::lost)?;
        Ok(WorkerRoute { handler, params })
    }
}

/// The route of a request.
pub(crate) struct WorkerRoute {
    handler: Erased<WorkerHttp>,
    params: Params,
}

impl WorkerRoute {
    /// Calls the handler. `request` has no params yet. With `is_debug`, clients are told the texts of internal errors.
    pub(crate) async fn run(
        self,
        outside: Outside,
        mut request: HttpRequest,
        is_debug: bool,
    ) -> WorkerEnd<HttpResponse> {
        let Self { handler, params } = self;
        request.params = params;
        let (is_head, what) = (request.method == HEAD.0, [&*request.method, " ", &*request.path].concat());
        let call = WorkerHttp { outside, request: Rc::new(request) };
        let mut log = Vec::new();
        let answered = run_caught(move || handler(call)).await.and_then(|answered| answered);
        let response = answered.unwrap_or_else(|failure| {
            log.push(failed(Level::Warn, &failure, &what));
            let details = (is_debug && failure.is_internal()).then(|| failure.text());
            HttpResponse::told(HttpResponse::status_of(&failure), &failure, details.as_deref())
        });
        let (mut result, problems) = response.checked();
        log.extend(problems.into_iter().map(|problem| *Record::new(Level::Warn, problem)));
        if is_head {
            result.body = Bytes::new();
        }
        WorkerEnd { result, log }
    }
}

impl fmt::Debug for WorkerRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerRoute").field("params", &self.params).finish_non_exhaustive()
    }
}

impl fmt::Debug for WorkerHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkerHandlers")
    }
}

/// Calls a handler.
///
/// # Errors
/// It panicked. The hook for panics has printed its text.
pub(super) async fn run_caught<T>(call: impl FnOnce() -> LocalBoxFuture<'static, T>) -> Result<T, Failure> {
    let mut running = catch_unwind(AssertUnwindSafe(call)).map_err(|_| panicked())?;
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(panicked())),
    })
    .await
}

fn panicked() -> Failure {
    Failure::internal("it panicked")
}
