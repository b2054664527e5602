//! Requests to other servers, and sleep.

use core::future::Future as _;
use core::time::Duration;
use std::rc::Rc;

use dormouse::extract::HttpRequest;
use dormouse::response::HttpResponse;
use dormouse::routing::Routes;
use dormouse::{Ack, App, Data, Failure, Socket, Storage};
use serde_json::{Value, json};

pub(crate) fn routes(app: App) -> App {
    app.route("GET", "/slow/{ms}", slow)
}

pub(crate) fn handlers(ns: Routes) -> Routes {
    ns.on("fetch", fetch).on("fetch dropped", fetch_dropped).on("sleep", sleep).on("cancelled", cancelled)
}

async fn fetch(
    socket: Socket,
    Data((method, url, body)): Data<(String, String, String)>,
) -> Result<Ack<Value>, Failure> {
    let _ = socket.emit("begins", ());
    let request = HttpRequest::new(method, url).with_header("x-key", "k").with_body(body);
    let response = dormouse::fetch(request).await?;
    let cookies: Vec<&str> =
        response.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
    Ok(Ack(json!([response.status, response.header("x-said"), cookies, response.body_text()])))
}

/// Begins a request, and does not wait for its response when it has been sent.
async fn fetch_dropped(Data(url): Data<String>) -> Result<Ack<bool>, Failure> {
    let mut response = Box::pin(dormouse::fetch(HttpRequest::new("GET", url)));
    let polled = core::future::poll_fn(|cx| core::task::Poll::Ready(response.as_mut().poll(cx))).await;
    dormouse::sleep(Duration::from_millis(200)).await;
    Ok(Ack(polled.is_pending()))
}

/// Writes when it begins and when it ends.
async fn sleep(socket: Socket, storage: Storage, Data(ms): Data<u64>) -> Result<Ack<u64>, Failure> {
    storage.put("sleeps", "begun")?;
    let _ = socket.emit("begins", ());
    dormouse::sleep(Duration::from_millis(ms)).await;
    storage.put("sleeps", "ended")?;
    Ok(Ack(ms))
}

/// Responds after the milliseconds in its path.
async fn slow(request: Rc<HttpRequest>) -> HttpResponse {
    let ms = request.param("ms").and_then(|ms| ms.parse().ok()).unwrap_or_default();
    dormouse::sleep(Duration::from_millis(ms)).await;
    HttpResponse::text(200, ms.to_string())
}

/// Begins to sleep for an hour, and does not wait for it.
async fn cancelled() -> Ack<bool> {
    let mut hour = Box::pin(dormouse::sleep(Duration::from_hours(1)));
    let polled = core::future::poll_fn(|cx| core::task::Poll::Ready(hour.as_mut().poll(cx))).await;
    Ack(polled.is_pending())
}
