//! Effects become calls of the runtime, and what changed is written down.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use super::object::{Awake, Rows, entropy};
use super::spill;
use crate::effect::Effect;
use crate::error::Reason;
use crate::id::ConnId;
use crate::input::Input;
use crate::limits::MAX_SPILL_ROW_BYTES;
use crate::runtime;
use crate::snapshot::Snapshot;
use crate::time::Timestamp;
use crate::value::Frame;

impl Awake {
    /// Handles an input and does what it causes.
    pub(super) fn turn(&mut self, state: &JsValue, input: Input) {
        let now = runtime::now();
        self.step(now, state, input);
        while self.world.server.has_more() {
            self.step(now, state, Input::Continue);
        }
        for conn in self.write(state) {
            // What cannot be written would be lost by the next nap; better now, and its client comes again.
            self.step(now, state, Input::Closed { conn, reason: Reason::TransportError });
            self.forget_rows(state, conn);
            self.sockets.close(conn.0, 1011);
        }
    }

    /// Handles an input and performs its effects. Whoever reads too slowly is closed, which may cause something to be sent
    /// to others.
    fn step(&mut self, now: Timestamp, state: &JsValue, input: Input) {
        self.world.handle(now, input, &mut entropy, &mut self.fx);
        loop {
            let slow = self.perform(state);
            if slow.is_empty() {
                return;
            }
            for conn in slow {
                self.world.handle(now, Input::Overflowed { conn }, &mut entropy, &mut self.fx);
            }
        }
    }

    /// Performs the effects; gives who has too much unsent.
    fn perform(&mut self, state: &JsValue) -> Vec<ConnId> {
        let mut slow = Vec::new();
        let mut effects = self.fx.take();
        for effect in effects.drain(..) {
            match effect {
                Effect::Send { conn, frames } => {
                    if self.sockets.is_slow(conn.0, bytes_of(&frames)) {
                        slow.push(conn);
                    }
                    for frame in &frames {
                        match frame {
                            Frame::Text(text) => self.sockets.send(conn.0, text),
                            Frame::Binary(bytes) => self.sockets.send_bytes(conn.0, bytes),
                        }
                    }
                }
                Effect::Broadcast { recipients, frames } => {
                    self.slots.clear();
                    self.slots.extend(self.fx.recipients(&recipients).iter().map(|conn| conn.0));
                    for frame in &frames {
                        match frame {
                            Frame::Text(text) => {
                                let found = self.sockets.broadcast(&self.slots, text, bytes_of(&frames));
                                slow.extend(found.into_iter().flatten().map(ConnId));
                            }
                            Frame::Binary(bytes) => self.sockets.broadcast_bytes(&self.slots, bytes),
                        }
                    }
                }
                Effect::Close { conn, code } => {
                    self.sockets.close(conn.0, code.as_u16());
                    self.forget_rows(state, conn);
                }
                Effect::Answer { request, answer } => {
                    if let Some(waiting) = self.requests.remove(&request) {
                        // A request whose future is gone needs no answer.
                        let _ = waiting.send(answer);
                    }
                }
                Effect::Log(line) => runtime::log_error(&format!("dormouse: {line}")),
            }
        }
        self.fx.recycle(effects);
        slow
    }

    /// Writes the snapshots that may have changed: after sending, because the runtime holds what is sent after a write. Gives
    /// those that could not be written.
    fn write(&mut self, state: &JsValue) -> Vec<ConnId> {
        let mut failed = Vec::new();
        for conn in self.world.server.take_touched() {
            let Some(snapshot) = self.world.server.snapshot(conn) else { continue };
            if let Err(problem) = self.write_snapshot(state, conn, &snapshot) {
                runtime::log_error(&format!("dormouse: a snapshot could not be written: {problem}"));
                failed.push(conn);
            }
        }
        failed
    }

    fn write_snapshot(&mut self, state: &JsValue, conn: ConnId, snapshot: &Snapshot) -> Result<(), String> {
        let Snapshot { header, body, parts } = snapshot;
        let written = spill::write(*header, body).map_err(|error| error.to_string())?;
        let sid = body.sid.as_str();
        let failed = |error: JsValue| format!("{error:?}");
        if !written.spilled.is_empty() || !parts.is_empty() || self.rows.contains_key(&conn) {
            let rows = self.rows.entry(conn).or_insert_with(|| Rows::new(body.sid));
            if !written.spilled.is_empty() {
                let chunks = written.spilled.iter().map(|row| Uint8Array::from(row.as_slice())).collect();
                runtime::write_body(state, sid, chunks).map_err(failed)?;
                rows.has_body = true;
            } else if core::mem::take(&mut rows.has_body) {
                runtime::delete_body(state, sid).map_err(failed)?;
            }
            for (&place, bytes) in parts {
                if rows.parts.insert(place) {
                    let place = u32::try_from(place).unwrap_or_default();
                    runtime::write_part(state, sid, place, bytes, MAX_SPILL_ROW_BYTES).map_err(failed)?;
                }
            }
            if parts.is_empty() && !core::mem::take(&mut rows.parts).is_empty() {
                runtime::delete_parts(state, sid).map_err(failed)?;
            }
            if !rows.has_body && rows.parts.is_empty() {
                self.rows.remove(&conn);
            }
        }
        if self.sockets.attach(conn.0, &written.attachment) { Ok(()) } else { Err("the runtime refused it".to_owned()) }
    }

    /// Deletes what a socket has in the database.
    pub(super) fn forget_rows(&mut self, state: &JsValue, conn: ConnId) {
        let Some(Rows { sid, has_body, parts }) = self.rows.remove(&conn) else { return };
        let body = if has_body { runtime::delete_body(state, sid.as_str()) } else { Ok(()) };
        let parts = if parts.is_empty() { Ok(()) } else { runtime::delete_parts(state, sid.as_str()) };
        if let Err(error) = body.and(parts) {
            runtime::log_error(&format!("dormouse: a snapshot could not be deleted: {error:?}"));
        }
    }
}

/// The bytes of a packet, for JavaScript.
fn bytes_of(frames: &[Frame]) -> f64 {
    runtime::integer_to_js(frames.iter().map(|frame| frame.len() as u64).sum())
}
