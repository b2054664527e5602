//! Effects are performed and snapshots written, as in `src/durable/perform.rs`.

use dormouse::Frame;
use dormouse::config::Config;
use dormouse::durable::spill;
use dormouse::effect::Effect;
use dormouse::id::ConnId;
use dormouse::input::Input;

use super::object::Awake;
use super::requests::{self, Http};
use super::runtime::Runtime;

impl Awake {
    /// Handles an input and does what it causes.
    pub(super) fn turn(&mut self, runtime: &mut Runtime, requests: &mut [Http], config: &Config, input: Input) {
        let now = runtime.now;
        self.world.handle(now, input, &mut || runtime.entropy(), &mut self.fx);
        self.perform_all(runtime, requests, config);
        while self.world.server.has_more() {
            self.world.handle(now, Input::Continue, &mut || runtime.entropy(), &mut self.fx);
            self.perform_all(runtime, requests, config);
        }
        self.write(runtime);
    }

    /// Performs the effects. Whoever reads too slowly is closed, which may cause something to be sent to others.
    fn perform_all(&mut self, runtime: &mut Runtime, requests: &mut [Http], config: &Config) {
        loop {
            let slow = self.perform(runtime, requests, config.max_buffered_bytes);
            if slow.is_empty() {
                return;
            }
            for conn in slow {
                let overflowed = Input::Overflowed { conn };
                self.world.handle(runtime.now, overflowed, &mut || runtime.entropy(), &mut self.fx);
            }
        }
    }

    /// Performs the effects; gives who has too much unread.
    fn perform(&mut self, runtime: &mut Runtime, requests: &mut [Http], max: usize) -> Vec<ConnId> {
        let mut slow = Vec::new();
        for effect in self.fx.take() {
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
                    self.forget_spill(runtime, conn);
                }
                Effect::Answer { request, answer } => {
                    let http = self.waiting.remove(&request);
                    let http = http.unwrap_or_else(|| panic!("{request:?} is answered twice: {answer:?}"));
                    requests::answer(runtime, requests, http, answer);
                }
                Effect::Log(line) => runtime.log.push(line),
            }
        }
        self.fx.clear();
        slow
    }

    fn send(&self, runtime: &mut Runtime, conn: ConnId, frames: &[Frame], max: usize) -> bool {
        let Some(no) = self.socket(conn) else { return false };
        // All of them, also when one is too much already.
        frames.iter().filter(|frame| runtime.send(no, frame, max)).count() > 0
    }

    /// Writes the snapshots that changed.
    fn write(&mut self, runtime: &mut Runtime) {
        for conn in self.world.server.take_touched() {
            let Some((header, body)) = self.world.server.snapshot(conn) else { continue };
            let written = spill::write(header, &body).expect("a snapshot serialises");
            if written.spilled.is_empty() {
                self.forget_spill(runtime, conn);
            } else {
                runtime.spilled.insert(body.sid.as_str().to_owned(), written.spilled);
                self.spilled.insert(conn, body.sid);
            }
            if let Some(no) = self.socket(conn) {
                runtime.attach(no, Some(&written.attachment));
            }
        }
    }

    /// Deletes what a socket's snapshot had in the database.
    pub(super) fn forget_spill(&mut self, runtime: &mut Runtime, conn: ConnId) {
        if let Some(sid) = self.spilled.remove(&conn) {
            runtime.spilled.remove(sid.as_str());
        }
    }
}
