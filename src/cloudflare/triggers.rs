//! Cron triggers and queues.

use core::panic::AssertUnwindSafe;
use core::time::Duration;

use bytes::Bytes;
use futures::future::LocalBoxFuture;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::runtime;
use super::worker_entry::{begin_event, config};
use super::worker_requests::write_log;
use crate::error::Failure;
use crate::handles::{QueueBatch, QueueBody, QueueMessage, Scheduled, Verdict};
use crate::outside::Outside;
use crate::routing::{App, WorkerEnd};

#[wasm_bindgen(module = "/src/cloudflare/triggers.js")]
extern "C" {
    /// Returns the expression and the time of a cron trigger.
    #[wasm_bindgen(js_name = triggerOf)]
    fn trigger_of(controller: &JsValue) -> Vec<JsValue>;
    #[wasm_bindgen(js_name = queueOf)]
    fn queue_of(batch: &JsValue) -> String;
    /// Returns id, time, attempts and body of each message, in turn. The body is a text of JSON, or bytes.
    #[wasm_bindgen(js_name = messagesOf)]
    fn messages_of(batch: &JsValue) -> Vec<JsValue>;
    /// Sets the verdicts: -2 for none, -1 for an acknowledgement, or the delay of a retry in seconds, NaN for the queue's own.
    fn judge(batch: &JsValue, verdicts: &[f64]);
}

/// Calls the handlers of a cron trigger.
pub fn scheduled(controller: &JsValue, env: JsValue, context: JsValue, app: fn() -> App) -> Promise {
    let app = begin_event("a cron trigger", app);
    let [cron, time] = <[JsValue; 2]>::try_from(trigger_of(controller)).unwrap_or_default();
    let cron = cron.as_string().unwrap_or_default();
    let event = Scheduled::new(cron, runtime::time_from_js(time.as_f64().unwrap_or_default()));
    let outside = Outside { env: env.clone(), state: context, links: app.links(), states: app.states() };
    promise(env, app.run_scheduled(outside, event), || {})
}

/// Calls the handlers of a batch of messages.
pub fn queue(batch: JsValue, env: JsValue, context: JsValue, app: fn() -> App) -> Promise {
    let app = begin_event("a queue", app);
    let messages = messages_of(&batch);
    let messages = messages.chunks_exact(4).map(message_from_js).collect();
    let messages = QueueBatch::new(queue_of(&batch), messages);
    let outside = Outside { env: env.clone(), state: context, links: app.links(), states: app.states() };
    promise(env, app.run_queue(outside, messages.clone()), move || {
        let verdicts: Vec<f64> = messages.messages().iter().map(|message| verdict_to_js(message.verdict())).collect();
        judge(&batch, &verdicts);
    })
}

/// Returns the promise of an event, which is rejected if a handler fails. `end` is called before that.
fn promise(
    env: JsValue,
    running: LocalBoxFuture<'static, WorkerEnd<Result<(), Failure>>>,
    end: impl FnOnce() + 'static,
) -> Promise {
    future_to_promise(AssertUnwindSafe(async move {
        let WorkerEnd { result, log } = running.await;
        if let Ok(config) = config(&env) {
            write_log(&log, &config);
        }
        end();
        result.map(|()| JsValue::UNDEFINED).map_err(|failure| js_sys::Error::new(&failure.text()).into())
    }))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and attempts are few")]
fn message_from_js(parts: &[JsValue]) -> QueueMessage {
    let [id, time, attempts, body] = parts else {
        return QueueMessage::new(String::new(), runtime::time_from_js(0.0), 1, QueueBody::Bytes(Bytes::new()));
    };
    let body = match body.as_string() {
        Some(text) => QueueBody::Json(text),
        None => QueueBody::Bytes(Uint8Array::new(body).to_vec().into()),
    };
    let time = runtime::time_from_js(time.as_f64().unwrap_or_default());
    let attempts = attempts.as_f64().unwrap_or_default() as u32;
    QueueMessage::new(id.as_string().unwrap_or_default(), time, attempts, body)
}

fn verdict_to_js(verdict: Option<Verdict>) -> f64 {
    match verdict {
        None => -2.0,
        Some(Verdict::Acknowledged) => -1.0,
        Some(Verdict::Retried(delay)) => delay.as_ref().map_or(f64::NAN, Duration::as_secs_f64),
    }
}
