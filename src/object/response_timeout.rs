//! The timeout for responses of handlers.

use core::future::Future;
use core::pin::pin;

use futures::channel::oneshot;
use futures::future::{Either, select};

use crate::error::Failure;
use crate::handles::HttpResponse;
use crate::log::{Level, Record};

/// Waits for the response of a handler, at most until `too_late`, because an open request keeps the world awake. Returns `None` if the
/// response is late, and a 500 if the handler panicked.
pub(crate) async fn answer_in_time(
    answer: oneshot::Receiver<HttpResponse>,
    too_late: impl Future<Output = ()>,
) -> Option<HttpResponse> {
    match select(answer, pin!(too_late)).await {
        Either::Left((Ok(response), _)) => Some(response),
        Either::Left((Err(oneshot::Canceled), _)) => Some(HttpResponse::lost()),
        Either::Right(_) => None,
    }
}

/// Returns the response to a request whose handler is late, and the line for the log.
#[inline(never)]
pub(crate) fn late(method: &str, path: &str) -> (HttpResponse, Box<Record>) {
    let failure = Failure::new("TIMEOUT", "The handler of this request did not answer in time");
    let line = Record::new(Level::Warn, failure.message().to_owned());
    let line = line.event(Some([method, " ", path].concat().into())).code(failure.code().to_owned());
    (HttpResponse::error(504, &failure), line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::future::{pending, ready};
    use futures::FutureExt as _;

    #[test]
    fn the_answer_comes_or_is_late_or_lost() {
        let (sender, answer) = oneshot::channel();
        let mut waits = pin!(answer_in_time(answer, pending()));
        assert_eq!(waits.as_mut().now_or_never(), None);
        assert_eq!(sender.send(HttpResponse::empty(204)), Ok(()));
        assert_eq!(waits.now_or_never(), Some(Some(HttpResponse::empty(204))));

        let (sender, answer) = oneshot::channel();
        assert_eq!(answer_in_time(answer, ready(())).now_or_never(), Some(None));
        assert!(sender.is_canceled());
        let (late, line) = late("GET", "/slow");
        assert_eq!(late.status, 504);
        assert!(String::from_utf8_lossy(&late.body).contains(r#""code":"TIMEOUT""#), "{late:?}");
        assert_eq!((line.event.as_deref(), &*line.code), (Some("GET /slow"), "TIMEOUT"));

        let (sender, answer) = oneshot::channel();
        drop(sender);
        assert_eq!(answer_in_time(answer, pending()).now_or_never(), Some(Some(HttpResponse::lost())));
    }
}
