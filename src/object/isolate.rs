//! The memory of an isolate, which all its worlds share: how much of it each world owes, and whose largest debtor must go.
//!
//! An isolate runs one instance of the wasm for all its worlds. A world cannot be called from another one's turn, as the runtime
//! allows an object to be used in its own context only. So each world looks at the sum in its own turns, and one that owes much by
//! what keeps it awake anyway has a timer for that.

use core::cell::{Cell, RefCell};

use super::platform::Unowned;
use crate::core::debts::Debts;
use crate::limits::{
    MAX_CLOSING_BYTES, MEASURE_BYTES, MEASURE_INTERVAL, MEASURE_INTERVAL_LONG, MEASURE_INTERVAL_SHORT,
    MEASURE_SENT_BYTES, MEASURED_FRESH, PINNED_BYTES, REFUSE_INSTANCE_RATIO, REFUSE_RATIO,
};
use crate::time::Timestamp;

thread_local! {
    /// The accounts of the worlds that are awake in this isolate.
    static ACCOUNTS: RefCell<Vec<Account>> = const { RefCell::new(Vec::new()) };
    /// The number of the last world that was loaded.
    static LOADED: Cell<u64> = const { Cell::new(0) };
    /// What all of them took when one of them was measured last, in bytes, with the bodies of requests.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
    /// How much of that was in the memory of the wasm instance: all but unsent frames, which the runtime keeps.
    static TAKEN_OF_INSTANCE: Cell<usize> = const { Cell::new(0) };
    /// What they have received and keep more than when each was measured: many worlds together would fill the isolate with what each
    /// of them may overlook.
    static GROWN: Cell<usize> = const { Cell::new(0) };
    /// The bodies of requests that the isolate read then.
    static BODIES: Cell<usize> = const { Cell::new(0) };
}

/// What a world owes, for the other worlds to see.
#[derive(Clone, Copy, Debug)]
struct Account {
    /// The world's number.
    world: u64,
    /// When it was measured.
    measured: Timestamp,
    /// What its sessions owe in all, in bytes.
    owed: usize,
    /// What nobody owes.
    unowned: usize,
    /// The part of what is owed that the runtime keeps.
    unsent: usize,
    /// What is unsent of the WebSockets that it has closed.
    closing: usize,
    /// What its largest debtor owes.
    largest: usize,
}

/// What must go, because there is too much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Nothing,
    /// What sessions owe: they owe too much.
    Debts {
        /// Whether nobody owes more than the world's largest debtor.
        is_largest: bool,
    },
    /// The object: what its closed WebSockets have not sent cannot be dropped without it, and no other world has more of that.
    Object,
}

/// What is in the accounts of all worlds.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    owed: usize,
    taken: usize,
    /// What the largest debtor owes.
    largest: usize,
    closing: usize,
    /// The most that is closing of one world.
    most_closing: usize,
}

/// A world's share of the memory, and when it must be measured again.
#[derive(Debug)]
pub(super) struct Share {
    world: u64,
    max_bytes: usize,
    /// What all worlds may take until nothing may be added.
    refuse_bytes: usize,
    /// What they may take of the instance's memory until then.
    refuse_instance_bytes: usize,
    /// What it has received and keeps: unfinished packets, and packets that wait for their turn.
    received: usize,
    /// What that was when it was measured.
    received_measured: usize,
    /// What its unfinished packets have.
    unfinished: usize,
    /// What they had when it was measured.
    unfinished_measured: usize,
    /// The bytes that the world took in since it was measured.
    taken_in: usize,
    /// The bytes of the responses to GETs that it handed out since it was measured: the runtime has them only after this turn.
    handed_out: usize,
    /// The cost of what it sent since its unsent frames were measured.
    sent: usize,
    /// The cost of its unsent frames when it was measured.
    unsent: usize,
    measured: Timestamp,
    /// When it must be measured again at the latest, if it has a turn then.
    due: Timestamp,
    /// Whether it must be measured then even if it has no turns.
    is_pinned: bool,
}

impl Share {
    /// Returns the share of a world that is loaded. It is measured in its first turn. `max_bytes` is what all worlds may owe.
    pub(super) fn new(max_bytes: usize) -> Self {
        let world = LOADED.get() + 1;
        LOADED.set(world);
        Self {
            world,
            max_bytes,
            refuse_bytes: max_bytes / REFUSE_RATIO.1 * REFUSE_RATIO.0,
            refuse_instance_bytes: max_bytes / REFUSE_INSTANCE_RATIO.1 * REFUSE_INSTANCE_RATIO.0,
            received: 0,
            received_measured: 0,
            unfinished: 0,
            unfinished_measured: 0,
            taken_in: 0,
            handed_out: 0,
            sent: 0,
            unsent: 0,
            measured: Timestamp::default(),
            due: Timestamp::default(),
            is_pinned: false,
        }
    }

    /// Notes that the world takes in so many bytes.
    pub(super) const fn note_taken_in(&mut self, bytes: usize) {
        self.taken_in = self.taken_in.saturating_add(bytes);
    }

    /// Notes the bytes of the world's unfinished packets, and of packets that wait for their turn.
    pub(super) fn note_received(&mut self, unfinished: usize, waiting: usize) {
        self.unfinished = unfinished;
        let others = GROWN.get().saturating_sub(self.grown());
        self.received = unfinished.saturating_add(waiting);
        GROWN.set(others.saturating_add(self.grown()));
    }

    const fn grown(&self) -> usize {
        self.received.saturating_sub(self.received_measured)
    }

    /// Notes that the world sends frames of this cost.
    pub(super) const fn note_sent(&mut self, cost: usize) {
        self.sent = self.sent.saturating_add(cost);
    }

    /// Notes that the world hands out a response to a GET.
    pub(super) const fn note_handed_out(&mut self, bytes: usize) {
        self.handed_out = self.handed_out.saturating_add(bytes);
    }

    /// Returns whether the world's unsent frames must be measured at `now`, and then perhaps all that it owes.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.sent >= MEASURE_SENT_BYTES || self.is_all_due(now)
    }

    /// Keeps the world's account as it is, if that is old and the world took in nothing since it was measured. Returns whether it did.
    pub(super) fn renew(&mut self, now: Timestamp) -> bool {
        let is_same = self.taken_in == 0
            && self.handed_out == 0
            && self.unsent == 0
            && self.sent < MEASURE_SENT_BYTES
            && !self.is_pinned;
        if !is_same || now < self.due || self.measured == Timestamp::default() || Self::taken_by_all() > self.max_bytes
        {
            return false;
        }
        (self.measured, self.due) = (now, now.after(MEASURE_INTERVAL_LONG));
        ACCOUNTS.with_borrow_mut(|accounts| {
            if let Some(account) = accounts.iter_mut().find(|account| account.world == self.world) {
                account.measured = now;
            }
        });
        true
    }

    /// Returns whether all that the world owes must be measured: it may owe much more than before, or the isolate is short of
    /// memory, or its account is old. Mostly, what was sent has been read, and there is nothing else to measure.
    pub(super) fn must_measure_all(&mut self, now: Timestamp, unsent: usize) -> bool {
        self.sent = 0;
        unsent > self.unsent.saturating_add(MEASURE_BYTES) || self.is_all_due(now)
    }

    fn is_all_due(&self, now: Timestamp) -> bool {
        // What an unfinished packet takes keeps the world awake: the timer must run.
        let must_pin = !self.is_pinned && self.unfinished > self.unfinished_measured.saturating_add(PINNED_BYTES);
        // What is handled by now must not be charged any longer.
        let has_shrunk = self.received_measured >= self.received.saturating_add(MEASURE_BYTES);
        must_pin
            || has_shrunk
            || self.taken_in >= MEASURE_BYTES
            || self.handed_out >= MEASURE_BYTES
            || now >= self.due
            || (Self::taken_by_all() > self.max_bytes && now >= self.measured.after(MEASURE_INTERVAL_SHORT))
    }

    /// Returns when the world must be measured although nothing happens to it.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.is_pinned.then_some(self.due)
    }

    /// Records what the world owes at `now`, and what is kept besides. Returns what must go.
    pub(super) fn record(&mut self, now: Timestamp, unsent: usize, debts: &Debts, others: Unowned) -> Verdict {
        let Unowned { closing, bodies } = others;
        (self.taken_in, self.unsent, self.measured) = (0, unsent, now);
        GROWN.set(GROWN.get().saturating_sub(self.grown()));
        (self.received_measured, self.unfinished_measured) = (self.received, self.unfinished);
        self.is_pinned = debts.pinned.saturating_add(debts.orphaned).saturating_add(closing) > PINNED_BYTES;
        let has_handed_out = core::mem::take(&mut self.handed_out) >= MEASURE_BYTES;
        self.due = now.after(match self.is_pinned {
            _ if has_handed_out => MEASURE_INTERVAL_SHORT,
            true => MEASURE_INTERVAL,
            false => MEASURE_INTERVAL_LONG,
        });
        self.is_pinned |= has_handed_out;
        let largest = debts.largest().map_or(0, |(_, bytes)| bytes);
        let (owed, unowned) = (debts.owed(), debts.unowned);
        let account = Account { world: self.world, measured: now, owed, unowned, unsent, closing, largest };
        BODIES.set(bodies);
        let sums = replace(self.world, Some(account), now.before(MEASURED_FRESH));
        let is_short = sums.taken.saturating_add(GROWN.get()) > self.max_bytes;
        if is_short && sums.closing > MAX_CLOSING_BYTES && closing >= sums.most_closing {
            return Verdict::Object;
        }
        // To close a session frees nothing that it does not owe.
        if sums.owed.saturating_add(GROWN.get()) > self.max_bytes {
            Verdict::Debts { is_largest: largest >= sums.largest }
        } else {
            Verdict::Nothing
        }
    }

    /// Forgets what the world owes: its object ends, perhaps long before the runtime drops it.
    pub(super) fn forget(&mut self) {
        self.note_received(0, 0);
        replace(self.world, None, Timestamp::default());
    }

    /// Returns whether all worlds take so much that nothing may be added.
    pub(super) fn is_full(&self) -> bool {
        let of_instance = TAKEN_OF_INSTANCE.get().saturating_add(GROWN.get());
        of_instance > self.refuse_instance_bytes || Self::taken_by_all() > self.refuse_bytes
    }

    /// Returns what all worlds take, in bytes: when one of them was measured last, and what they keep more by now.
    pub(super) fn taken_by_all() -> usize {
        TAKEN.get().saturating_add(GROWN.get())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.forget();
    }
}

/// Replaces a world's account, and removes those from before `fresh_from`. Returns the sums, and stores what is taken.
fn replace(world: u64, account: Option<Account>, fresh_from: Timestamp) -> Sums {
    let mut sums = Sums { taken: BODIES.get(), ..Sums::default() };
    // What the runtime keeps, outside of the memory of the instance.
    let mut outside = sums.taken;
    ACCOUNTS.with_borrow_mut(|accounts| {
        accounts.retain(|account| account.world != world && account.measured >= fresh_from);
        accounts.extend(account);
        for &Account { owed, unowned, unsent, closing, largest, .. } in accounts.iter() {
            sums.owed = sums.owed.saturating_add(owed);
            sums.closing = sums.closing.saturating_add(closing);
            sums.taken = sums.taken.saturating_add(owed).saturating_add(unowned).saturating_add(closing);
            outside = outside.saturating_add(unsent).saturating_add(closing);
            sums.largest = sums.largest.max(largest);
            sums.most_closing = sums.most_closing.max(closing);
        }
    });
    TAKEN.set(sums.taken);
    TAKEN_OF_INSTANCE.set(sums.taken.saturating_sub(outside));
    sums
}
