//! The timeout for responses of handlers.

use core::future::Future;
use core::pin::pin;

use futures::channel::oneshot;
use futures::future::{Either, select};

use crate::error::Failure;
use crate::handles::HttpResponse;

/// Waits for the response of a handler, at most until `too_late`, because an open request keeps the world awake. Returns a 504 if
/// the response is late, and a 500 if the handler panicked.
pub(crate) async fn answer_or_late(
    answer: oneshot::Receiver<HttpResponse>,
    too_late: impl Future<Output = ()>,
) -> HttpResponse {
    match select(answer, pin!(too_late)).await {
        Either::Left((Ok(response), _)) => response,
        Either::Left((Err(oneshot::Canceled), _)) => HttpResponse::lost(),
        Either::Right(_) => late(),
    }
}

/// Returns the response to a request whose handler is late.
pub(crate) fn late() -> HttpResponse {
    HttpResponse::error(504, &Failure::new("TIMEOUT", "The handler of this request did not answer in time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::future::{pending, ready};
    use futures::FutureExt as _;

    #[test]
    fn the_answer_comes_or_is_late_or_lost() {
        let (sender, answer) = oneshot::channel();
        let mut waits = pin!(answer_or_late(answer, pending()));
        assert_eq!(waits.as_mut().now_or_never(), None);
        assert_eq!(sender.send(HttpResponse::empty(204)), Ok(()));
        assert_eq!(waits.now_or_never(), Some(HttpResponse::empty(204)));

        let (sender, answer) = oneshot::channel();
        let late = answer_or_late(answer, ready(())).now_or_never().expect("an answer");
        assert_eq!(late.status, 504);
        assert!(String::from_utf8_lossy(&late.body).contains(r#""code":"TIMEOUT""#), "{late:?}");
        assert!(sender.is_canceled());

        let (sender, answer) = oneshot::channel();
        drop(sender);
        assert_eq!(answer_or_late(answer, pending()).now_or_never(), Some(HttpResponse::lost()));
    }
}
