//! A turn's part in the budget of the isolate's memory: measures what the world owes, and closes its largest debtors if they must
//! go.

use super::isolate::{Share, Verdict};
use super::platform::{Platform, Unowned};
use super::wake::LoadedWorld;
use crate::config::cost_of;
use crate::core::effect::{Effect, Response};
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
            Effect::Respond { response: Response::Payload(body), .. } => {
                return self.share.note_handed_out(body.len());
            }
            _ => return,
        };
        let cost = cost_of(frames.iter().map(Frame::len).sum(), frames.len());
        self.share.note_sent(cost.saturating_mul(count));
    }

    /// Measures what the world owes, if that is due. While all worlds owe too much, cuts off the responses to clients whose sessions are
    /// gone, and closes the largest debtor of this one if nobody owes more. Ends the object if what it has closed must go.
    pub(super) fn pay<P: Platform>(&mut self, platform: &mut P, now: Timestamp) {
        self.note_received();
        if !self.share.is_due(now) || self.share.renew(now) {
            return;
        }
        for place in 0..MAX_DEBTORS {
            let (costs, unread) = (platform.unsent(), platform.unread());
            let unsent = costs.iter().map(|&cost| cost as usize).chain(unread.iter().map(|(_, bytes)| *bytes)).sum();
            if place == 0 && !self.share.must_measure_all(now, unsent) {
                return;
            }
            self.note_received();
            let debts = self.world.measure(&costs, &unread);
            let others = platform.unowned();
            match self.share.record(now, unsent, &debts, others) {
                Verdict::Nothing => return,
                Verdict::Object => {
                    let Unowned { closing, .. } = others;
                    let line = format!(
                        "clients that were closed have not read {closing} bytes, which only the end of the object drops: it aborts, and \
                         the world's clients connect again"
                    );
                    self.log.error(platform, format_args!("{line}"));
                    self.share.forget();
                    return platform.abort();
                }
                Verdict::Debts { is_largest } => {
                    let debtor = debts.largest().filter(|_| is_largest);
                    if let Some((session, bytes)) = debtor {
                        let all = Share::taken_by_all();
                        let line = format!(
                            "the isolate is short of memory, {all} bytes are taken: the session that takes most, {bytes}, is closed"
                        );
                        self.log.error(platform, format_args!("{line}"));
                        self.step(platform, now, Input::Debtor { session });
                    } else if debts.orphaned == 0 {
                        return;
                    }
                    for (sid, _) in unread.into_iter().filter(|(sid, _)| !self.world.server().has_session(*sid)) {
                        platform.cut_off(sid);
                    }
                }
            }
        }
    }

    fn note_received(&mut self) {
        let (unfinished, waiting) = self.world.server().received_bytes();
        self.share.note_received(unfinished, waiting);
    }
}
