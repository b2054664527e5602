//! The functions of this folder's JavaScript, and conversions of numbers.
//!
//! workers-rs 0.8.7 lacks some of these, and the others are methods that panic if the runtime throws. `web_sockets.js` catches
//! what the runtime throws about one socket.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::log::{Level, Record};
use crate::time::Timestamp;

#[wasm_bindgen(module = "/src/cloudflare/web_sockets.js")]
extern "C" {
    /// The WebSockets of a world, each in a slot.
    #[derive(Debug)]
    pub type Sockets;

    #[wasm_bindgen(constructor)]
    pub fn new(
        state: &JsValue,
        fine: f64,
        most: f64,
        overhead: f64,
        queued_from: f64,
        nearly: f64,
        step: f64,
        slow_after: f64,
        drop_after: f64,
        retry_after: f64,
        is_deserted: &JsValue,
    ) -> Sockets;
    #[wasm_bindgen(method, catch)]
    pub fn accept(this: &Sockets) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter)]
    pub fn newest(this: &Sockets) -> u32;
    #[wasm_bindgen(method)]
    pub fn slot(this: &Sockets, socket: &JsValue) -> i32;
    #[wasm_bindgen(method)]
    pub fn wake(this: &Sockets, many_aborts: u32) -> Vec<JsValue>;
    #[wasm_bindgen(method, getter)]
    pub fn aborts(this: &Sockets) -> u32;
    #[wasm_bindgen(method)]
    pub fn send(this: &Sockets, slot: u32, frame: &str, count: usize, bytes: f64) -> Option<Vec<u32>>;
    #[wasm_bindgen(method, js_name = sendBytes)]
    pub fn send_bytes(this: &Sockets, slot: u32, frame: &[u8], count: usize, bytes: f64) -> Option<Vec<u32>>;
    #[wasm_bindgen(method, js_name = isReady)]
    pub fn is_ready(this: &Sockets, slot: u32, unsent: f64) -> bool;
    #[wasm_bindgen(method)]
    pub fn ready(this: &Sockets, slots: &[u32], unsent: f64) -> Vec<u32>;
    #[wasm_bindgen(method)]
    pub fn broadcast(this: &Sockets, slots: &[u32], frame: &str, bytes: f64) -> Option<Vec<u32>>;
    #[wasm_bindgen(method, js_name = broadcastFrames)]
    pub fn broadcast_frames(this: &Sockets, slots: &[u32], frames: Vec<JsValue>, bytes: f64) -> Option<Vec<u32>>;
    #[wasm_bindgen(method)]
    pub fn unsent(this: &Sockets) -> Vec<u32>;
    #[wasm_bindgen(method, js_name = unsentBytes)]
    pub fn unsent_bytes(this: &Sockets) -> Vec<u32>;
    /// Returns the unsent bytes of closed WebSockets, and those of the bodies that the isolate reads.
    #[wasm_bindgen(method)]
    pub fn unowned(this: &Sockets) -> Vec<f64>;
    #[wasm_bindgen(method)]
    pub fn abort(this: &Sockets);
    #[wasm_bindgen(method, catch)]
    pub fn attach(this: &Sockets, slot: u32, attachment: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    pub fn close(this: &Sockets, slot: u32, code: u16);
    #[wasm_bindgen(method, js_name = pongSlots)]
    pub fn pong_slots(this: &Sockets) -> Vec<u32>;
    #[wasm_bindgen(method, js_name = pongTimes)]
    pub fn pong_times(this: &Sockets) -> Vec<f64>;
    #[wasm_bindgen(method)]
    pub fn unfinished(this: &Sockets) -> Vec<f64>;
    #[wasm_bindgen(js_name = endSocket)]
    pub fn end_socket(socket: &JsValue, code: u16);
}

#[wasm_bindgen(module = "/src/cloudflare/liveness.js")]
extern "C" {
    pub fn liveness(state: &JsValue) -> Vec<JsValue>;
    #[wasm_bindgen(js_name = pingAll)]
    pub fn ping_all(state: &JsValue, ping: &str);
}

#[wasm_bindgen(module = "/src/cloudflare/aborts.js")]
extern "C" {
    /// Notes the event under way, for the log if the wasm instance aborts; `state` is undefined if it is none of a world.
    pub fn note(state: &JsValue, name: &str);
    #[wasm_bindgen(js_name = noteOwn)]
    pub fn note_own(state: &JsValue, name: &str);
    #[wasm_bindgen(js_name = orLost)]
    pub fn or_lost(response: &js_sys::Promise) -> js_sys::Promise;
    #[wasm_bindgen(js_name = keepExports)]
    pub fn keep_exports(exports: &JsValue);
    pub fn aborted(reading: u32, culprit: u32);
}

#[wasm_bindgen(module = "/src/cloudflare/database.js")]
extern "C" {
    #[wasm_bindgen(js_name = writeRows, catch)]
    pub fn write_rows(state: &JsValue, sid: &str, first: u32, rows: Vec<Uint8Array>) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = writePart, catch)]
    pub fn write_part(state: &JsValue, sid: &str, place: u32, bytes: &[u8], row_bytes: u32) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = readRows, catch)]
    pub fn read_rows(state: &JsValue, sid: &str, first: u32) -> Result<Vec<Uint8Array>, JsValue>;
    #[wasm_bindgen(js_name = readPartPlaces, catch)]
    pub fn read_part_places(state: &JsValue, sid: &str) -> Result<Vec<u32>, JsValue>;
    #[wasm_bindgen(js_name = readParts, catch)]
    pub fn read_parts(state: &JsValue, sid: &str) -> Result<Vec<Uint8Array>, JsValue>;
    #[wasm_bindgen(js_name = deleteRows, catch)]
    pub fn delete_rows(state: &JsValue, sid: &str, first: u32) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = deleteParts, catch)]
    pub fn delete_parts(state: &JsValue, sid: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = spilledSids, catch)]
    pub fn spilled_sids(state: &JsValue) -> Result<Vec<String>, JsValue>;
    /// Returns the head of the roster as three numbers; none if there is no roster.
    #[wasm_bindgen(js_name = readRosterHead, catch)]
    pub fn read_roster_head(state: &JsValue) -> Result<Vec<u32>, JsValue>;
    #[wasm_bindgen(js_name = readRoster, catch)]
    pub fn read_roster(state: &JsValue) -> Result<Vec<String>, JsValue>;
    #[wasm_bindgen(js_name = writeRoster, catch)]
    pub fn write_roster(
        state: &JsValue,
        members: u32,
        attempts: u32,
        may_lag: bool,
        lines: Option<&[u8]>,
        row_bytes: u32,
    ) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = databaseBytes)]
    pub fn database_bytes(state: &JsValue) -> f64;
    #[wasm_bindgen(js_name = readStored, catch)]
    pub fn read_stored(state: &JsValue, key: &str) -> Result<Option<String>, JsValue>;
    #[wasm_bindgen(js_name = writeStored, catch)]
    pub fn write_stored(state: &JsValue, key: &str, text: Option<&str>) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = storedKeys, catch)]
    pub fn stored_keys(state: &JsValue, prefix: &str) -> Result<Vec<String>, JsValue>;
    #[wasm_bindgen(js_name = storedAlarms, catch)]
    pub fn stored_alarms(state: &JsValue) -> Result<Vec<String>, JsValue>;
    #[wasm_bindgen(js_name = firstStoredAlarm, catch)]
    pub fn first_stored_alarm(state: &JsValue) -> Result<Option<f64>, JsValue>;
}

#[wasm_bindgen(module = "/src/cloudflare/http.js")]
extern "C" {
    /// Returns a request without its body, as lines: method, URL, and names and values of headers, in turn.
    #[wasm_bindgen(js_name = headOf)]
    pub fn head_of(request: &JsValue) -> String;
    /// Returns the headers of a response: names and values, in turn.
    #[wasm_bindgen(js_name = headersOf)]
    pub fn headers_of(response: &JsValue) -> Vec<String>;
    /// Returns a response with other headers: names and values, in turn. Headers that HTTP does not allow are left out and
    /// logged.
    #[wasm_bindgen(js_name = replaceHeaders, catch)]
    pub fn replace_headers(response: &JsValue, headers: Vec<String>) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = respondBytes, catch)]
    pub fn respond_bytes(status: u16, body: &[u8], headers: Vec<String>) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    pub fn respond(status: u16, body: Option<&str>, headers: Vec<String>) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = switchProtocols, catch)]
    pub fn switch_protocols(client: &JsValue, headers: Vec<String>) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = respondPayload, catch)]
    pub fn respond_payload(
        state: &JsValue,
        sid: &str,
        text: &str,
        headers: Vec<String>,
        timeout: f64,
    ) -> Result<JsValue, JsValue>;
    pub fn forward(
        env: &JsValue,
        binding: &str,
        world: &str,
        jurisdiction: Option<&str>,
        hint: Option<&str>,
        request: &JsValue,
        close_mark: &str,
        subprotocol: &str,
    ) -> js_sys::Promise;
}

#[wasm_bindgen(module = "/src/cloudflare/metrics.js")]
extern "C" {
    #[wasm_bindgen(js_name = respondMetrics, catch)]
    pub fn respond_metrics(meters: &str, headers: Vec<String>) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/src/cloudflare/bodies.js")]
extern "C" {
    #[wasm_bindgen(js_name = readRequest)]
    pub fn read_request(request: &JsValue, max: f64, timeout: f64, most: f64) -> js_sys::Promise;
}

#[wasm_bindgen(module = "/src/cloudflare/under_way.js")]
extern "C" {
    /// Returns the sessions with responses that their clients have not read, and the bytes of these, in turn.
    #[wasm_bindgen(js_name = unreadResponses)]
    pub fn unread_responses(state: &JsValue) -> Vec<JsValue>;
    #[wasm_bindgen(js_name = cutOff)]
    pub fn cut_off(state: &JsValue, sid: &str);
}

#[wasm_bindgen(module = "/src/cloudflare/log.js")]
extern "C" {
    fn print(level: u8, line: &str);
    #[wasm_bindgen(js_name = setLevels)]
    fn set_levels(count: u8);
}

#[wasm_bindgen(module = "/src/cloudflare/runtime.js")]
extern "C" {
    pub fn encode(text: &JsValue) -> Uint8Array;
    #[wasm_bindgen(js_name = drop)]
    pub fn drop_bytes(bytes: &JsValue);
    #[wasm_bindgen(js_name = worldName)]
    pub fn world_name(state: &JsValue) -> String;
    #[wasm_bindgen(js_name = objectId)]
    pub fn object_id(state: &JsValue) -> String;
    #[wasm_bindgen(js_name = setAutoResponse, catch)]
    pub fn set_auto_response(state: &JsValue, request: Option<&str>, response: Option<&str>) -> Result<(), JsValue>;
    #[wasm_bindgen(js_name = setAlarm)]
    pub fn set_alarm(state: &JsValue, at: f64, failed: &JsValue);
    #[wasm_bindgen(js_name = deleteAlarm)]
    pub fn delete_alarm(state: &JsValue, failed: &JsValue);
    #[wasm_bindgen(js_name = findAlarm)]
    pub fn find_alarm(state: &JsValue) -> js_sys::Promise;
    pub fn sync(state: &JsValue, callback: &JsValue);
    #[wasm_bindgen(js_name = startTimer)]
    pub fn start_timer(milliseconds: f64, callback: &JsValue) -> JsValue;
    #[wasm_bindgen(js_name = stopTimer)]
    pub fn stop_timer(timer: &JsValue);
    /// Returns a promise that resolves after the other events that are due.
    #[wasm_bindgen(js_name = nextTick)]
    pub fn next_tick() -> js_sys::Promise;
    pub fn variable(env: &JsValue, name: &str) -> Option<String>;
    /// Returns the message of an error, without its stack.
    #[wasm_bindgen(js_name = textOf)]
    pub fn text_of(error: &JsValue) -> String;
}

#[wasm_bindgen]
extern "C" {
    /// A response of the runtime.
    #[wasm_bindgen(js_name = Response)]
    pub type Response;
    #[wasm_bindgen(method, getter)]
    pub fn status(this: &Response) -> u16;

    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

/// Writes a line to the log, about the world of the object with this state; about none if there is none.
#[inline(never)]
pub(crate) fn log(record: &Record, state: Option<&JsValue>) {
    print(record.level as u8, &record.to_json(state.map(world_name).as_deref()));
}

/// Sets the level up to which lines are written, for those of this folder's JavaScript, too.
pub(crate) fn set_log_level(level: Option<Level>) {
    set_levels(level.map_or(0, |level| level as u8 + 1));
}

/// Returns the time of the runtime's clock, which stands still while code runs.
pub(crate) fn now() -> Timestamp {
    time_from_js(date_now())
}

/// Converts a time from JavaScript, in milliseconds.
pub(crate) fn time_from_js(millis: f64) -> Timestamp {
    Timestamp::from_millis(integer_from_js(millis))
}

/// Converts a time for JavaScript, to milliseconds.
pub(crate) fn time_to_js(at: Timestamp) -> f64 {
    integer_to_js(at.as_millis())
}

/// Converts a duration for JavaScript, to milliseconds.
pub(crate) fn span_to_js(span: core::time::Duration) -> f64 {
    integer_to_js(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// Converts a number from JavaScript to a whole number: drops the fraction, and saturates.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, which is what is meant")]
pub(crate) const fn integer_from_js(number: f64) -> u64 {
    number as u64
}

/// Converts a whole number for JavaScript.
#[expect(clippy::cast_precision_loss, reason = "times and sizes stay below 2^53")]
pub(crate) const fn integer_to_js(number: u64) -> f64 {
    number as f64
}

/// Returns a response with a JSON body.
///
/// # Errors
/// The runtime does not accept the status, the body or a header.
pub(crate) fn respond_json(status: u16, body: &str, headers: &[(&'static str, String)]) -> Result<JsValue, JsValue> {
    respond(
        status,
        Some(body),
        flatten(headers, &[("content-type", "application/json"), ("cache-control", "no-store")]),
    )
}

/// Returns the headers of a response: names in lower case, and values.
pub(crate) fn header_pairs(response: &JsValue) -> Vec<(String, String)> {
    let mut headers = headers_of(response).into_iter();
    core::iter::from_fn(|| headers.next().zip(headers.next())).collect()
}

/// Returns the headers of both lists as names and values, in turn.
pub(crate) fn flatten(headers: &[(&'static str, String)], more: &[(&'static str, &str)]) -> Vec<String> {
    let more = more.iter().flat_map(|&(name, value)| [name.to_owned(), value.to_owned()]);
    headers.iter().flat_map(|(name, value)| [(*name).to_owned(), value.clone()]).chain(more).collect()
}
