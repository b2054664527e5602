//! A turn's part in the budget of the isolate's memory: measures what the world owes, and closes its largest debtors if they must
//! go.

use super::isolate::Share;
use super::platform::Platform;
use super::wake::LoadedWorld;
use crate::config::cost_of;
use crate::core::effect::Effect;
use crate::core::input::{Input, PostBody};
use crate::limits::MAX_DEBTORS;
use crate::time::Timestamp;
use crate::value::Frame;

impl LoadedWorld {
    /// Notes an input, and whether the isolate has memory for what it adds.
    pub(super) fn note_input(&mut self, input: &Input) {
        let bytes = match input {
            Input::Frame { frame, .. } => frame.len(),
            Input::PostBody { body: PostBody::Text(text), .. } => text.len(),
            Input::OpenPolling { handshake, .. } | Input::OpenWebSocket { handshake, .. } => handshake.bytes(),
            _ => 0,
        };
        self.share.note_taken_in(bytes);
        self.world.set_full(self.share.is_full());
    }

    /// Notes an effect before it is performed.
    pub(super) fn note_effect(&mut self, effect: &Effect) {
        let (frames, count) = match effect {
            Effect::Send { frames, .. } => (frames, 1),
            Effect::Broadcast { recipients, frames, .. } => (frames, recipients.len()),
            _ => return,
        };
        let cost = cost_of(frames.iter().map(Frame::len).sum(), frames.len());
        self.share.note_sent(cost.saturating_mul(count));
    }

    /// Measures what the world owes, if that is due. While all worlds owe too much and nobody owes more than the largest debtor of this
    /// one, closes that.
    pub(super) fn pay<P: Platform>(&mut self, platform: &mut P, now: Timestamp) {
        self.note_received();
        if !self.share.is_due(now) || self.share.renew(now) {
            return;
        }
        for place in 0..MAX_DEBTORS {
            let costs = platform.unsent();
            let unsent = costs.iter().map(|&cost| cost as usize).sum();
            if place == 0 && !self.share.must_measure_all(now, unsent) {
                return;
            }
            self.note_received();
            let debts = self.world.measure(&costs);
            let must_go = self.share.record(now, unsent, &debts);
            let Some((session, bytes)) = debts.largest().filter(|_| must_go) else { return };
            let all = Share::taken_by_all();
            let line = format!(
                "the isolate is short of memory, {all} bytes are taken: the session that takes most, {bytes}, is closed"
            );
            self.log.error(platform, &line);
            self.step(platform, now, Input::Debtor { session });
        }
    }

    fn note_received(&mut self) {
        let (unfinished, waiting) = self.world.server().received_bytes();
        self.share.note_received(unfinished, waiting);
    }
}
