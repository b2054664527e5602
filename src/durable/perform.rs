//! Effects become calls of the runtime, and what changed is written down.

use wasm_bindgen::JsValue;

use super::object::{Awake, entropy};
use super::spill;
use crate::effect::Effect;
use crate::id::ConnId;
use crate::input::Input;
use crate::runtime;
use crate::value::Frame;

impl Awake {
    /// Handles an input and does what it causes.
    pub(super) fn turn(&mut self, state: &JsValue, input: Input) {
        let now = runtime::now();
        self.world.handle(now, input, &mut entropy, &mut self.fx);
        // Whoever reads too slowly is closed, which may cause something to be sent to others.
        loop {
            let slow = self.perform(state);
            if slow.is_empty() {
                break;
            }
            for conn in slow {
                self.world.handle(now, Input::Overflowed { conn }, &mut entropy, &mut self.fx);
            }
        }
        self.write(state);
    }

    /// Performs the effects; gives who has too much unsent.
    fn perform(&mut self, state: &JsValue) -> Vec<ConnId> {
        let mut slow = Vec::new();
        let mut slots = Vec::new();
        for effect in self.fx.take() {
            match effect {
                Effect::Send { conn, frames } => {
                    let mut overflowed = false;
                    for frame in &frames {
                        overflowed |= match frame {
                            Frame::Text(text) => self.sockets.send(conn.0, text),
                            Frame::Binary(bytes) => self.sockets.send_bytes(conn.0, bytes),
                        };
                    }
                    if overflowed {
                        slow.push(conn);
                    }
                }
                Effect::Broadcast { recipients, frames } => {
                    slots.clear();
                    slots.extend(self.fx.recipients(&recipients).iter().map(|conn| conn.0));
                    for frame in &frames {
                        let overflowed = match frame {
                            Frame::Text(text) => self.sockets.broadcast(&slots, text),
                            Frame::Binary(bytes) => self.sockets.broadcast_bytes(&slots, bytes),
                        };
                        slow.extend(overflowed.into_iter().flatten().map(ConnId));
                    }
                }
                Effect::Close { conn, code } => {
                    self.sockets.close(conn.0, code.as_u16());
                    self.forget_spill(state, conn);
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
        self.fx.clear();
        slow
    }

    /// Writes the snapshots that changed: after sending, because the runtime holds what is sent after a write.
    fn write(&mut self, state: &JsValue) {
        for conn in self.world.server.take_touched() {
            let Some((header, body)) = self.world.server.snapshot(conn) else { continue };
            let written = match spill::write(header, &body) {
                Ok(written) => written,
                Err(error) => {
                    runtime::log_error(&format!("dormouse: bug: a snapshot does not serialise: {error}"));
                    continue;
                }
            };
            if written.spilled.is_empty() {
                self.forget_spill(state, conn);
            } else {
                let rows = written.spilled.iter().map(|row| js_sys::Uint8Array::from(row.as_slice())).collect();
                if let Err(error) = runtime::write_spill(state, body.sid.as_str(), rows) {
                    runtime::log_error(&format!("dormouse: a snapshot could not be written: {error:?}"));
                }
                self.spilled.insert(conn, body.sid);
            }
            self.sockets.attach(conn.0, &written.attachment);
        }
    }

    /// Deletes what a socket's snapshot had in the database.
    pub(super) fn forget_spill(&mut self, state: &JsValue, conn: ConnId) {
        if let Some(sid) = self.spilled.remove(&conn)
            && let Err(error) = runtime::delete_spill(state, sid.as_str())
        {
            runtime::log_error(&format!("dormouse: a snapshot could not be deleted: {error:?}"));
        }
    }
}
