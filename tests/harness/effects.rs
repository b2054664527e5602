//! Effects are performed and snapshots written, as in `src/durable/perform.rs`.

use dormouse::Frame;
use dormouse::config::Config;
use dormouse::durable::spill;
use dormouse::effect::Effect;
use dormouse::id::ConnId;
use dormouse::input::Input;
use dormouse::snapshot::Snapshot;

use super::object::Awake;
use super::requests::{self, Http};
use super::runtime::Runtime;

impl Awake {
    /// Handles an input and does what it causes.
    pub(super) fn turn(&mut self, runtime: &mut Runtime, requests: &mut [Http], config: &Config, input: Input) {
        self.step(runtime, requests, config, input);
        while self.world.server.has_more() {
            self.step(runtime, requests, config, Input::Continue);
        }
        self.write(runtime);
    }

    /// Handles an input and performs its effects. Whoever reads too slowly is closed, which may cause something to be sent
    /// to others.
    fn step(&mut self, runtime: &mut Runtime, requests: &mut [Http], config: &Config, input: Input) {
        let now = runtime.now;
        self.world.handle(now, input, &mut || runtime.entropy(), &mut self.fx);
        loop {
            let slow = self.perform(runtime, requests, config.max_buffered_bytes);
            if slow.is_empty() {
                return;
            }
            for conn in slow {
                self.world.handle(now, Input::Overflowed { conn }, &mut || runtime.entropy(), &mut self.fx);
            }
        }
    }

    /// Performs the effects; gives who has too much unread.
    fn perform(&mut self, runtime: &mut Runtime, requests: &mut [Http], max: usize) -> Vec<ConnId> {
        let mut slow = Vec::new();
        let mut effects = self.fx.take();
        for effect in effects.drain(..) {
            match effect {
                Effect::Send { conn, frames } => {
                    if self.send(runtime, conn, &frames, max) {
                        slow.push(conn);
                    }
                }
                Effect::Broadcast { recipients, frames } => {
                    for conn in self.fx.recipients(&recipients).to_vec() {
                        if self.send(runtime, conn, &frames, max) {
                            slow.push(conn);
                        }
                    }
                }
                Effect::Close { conn, code } => {
                    self.close(runtime, conn, code.as_u16());
                    self.forget_rows(runtime, conn);
                }
                Effect::Answer { request, answer } => {
                    let http = self.waiting.remove(&request);
                    let http = http.unwrap_or_else(|| panic!("{request:?} is answered twice: {answer:?}"));
                    requests::answer(runtime, requests, http, answer);
                }
                Effect::Log(line) => runtime.log.push(line),
            }
        }
        self.fx.recycle(effects);
        slow
    }

    /// Sends a packet; says whether its client had too much unread before.
    fn send(&self, runtime: &mut Runtime, conn: ConnId, frames: &[Frame], max: usize) -> bool {
        let Some(no) = self.socket(conn) else { return false };
        let is_slow = runtime.sockets[no].unsent > max;
        for frame in frames {
            runtime.send(no, frame);
        }
        is_slow
    }

    /// Writes the snapshots that may have changed.
    fn write(&mut self, runtime: &mut Runtime) {
        for conn in self.world.server.take_touched() {
            let Some(Snapshot { header, body, parts }) = self.world.server.snapshot(conn) else { continue };
            let written = spill::write(header, &body).expect("a snapshot serialises");
            let sid = body.sid.as_str();
            self.rows.insert(conn, body.sid);
            if written.spilled.is_empty() {
                runtime.spilled.remove(sid);
            } else {
                runtime.spilled.insert(sid.to_owned(), written.spilled);
            }
            if parts.is_empty() {
                runtime.parts.remove(sid);
            } else {
                // What is written once is not written again, so it must be the same.
                let rows = runtime.parts.entry(sid.to_owned()).or_default();
                for (place, bytes) in parts {
                    assert_eq!(*rows.entry(place).or_insert_with(|| bytes.clone()), bytes, "a written part changed");
                }
            }
            if let Some(no) = self.socket(conn) {
                runtime.attach(no, Some(&written.attachment));
            }
        }
    }

    /// Deletes what a socket has in the database.
    pub(super) fn forget_rows(&mut self, runtime: &mut Runtime, conn: ConnId) {
        if let Some(sid) = self.rows.remove(&conn) {
            runtime.spilled.remove(sid.as_str());
            runtime.parts.remove(sid.as_str());
        }
    }
}
