//! The memory of an isolate, which all its worlds share: how much of it each world owes, and whose largest debtor must go.
//!
//! An isolate runs one instance of the wasm for all its worlds. A world cannot be called from another one's turn, as the runtime
//! allows an object to be used in its own context only. So each world looks at the sum in its own turns, and one that owes much by
//! what keeps it awake anyway has a timer for that.

use core::cell::{Cell, RefCell};

use crate::core::debts::Debts;
use crate::limits::{
    MEASURE_BYTES, MEASURE_INTERVAL, MEASURE_INTERVAL_LONG, MEASURE_INTERVAL_SHORT, MEASURE_SENT_BYTES, REFUSE_RATIO,
};
use crate::time::Timestamp;

thread_local! {
    /// The accounts of the worlds that are awake in this isolate.
    static ACCOUNTS: RefCell<Vec<Account>> = const { RefCell::new(Vec::new()) };
    /// The number of the last world that was loaded.
    static LOADED: Cell<u64> = const { Cell::new(0) };
    /// What all of them took when one of them was measured last, in bytes.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
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
    /// What its largest debtor owes.
    largest: usize,
}

/// A world's share of the memory, and when it must be measured again.
#[derive(Debug)]
pub(super) struct Share {
    world: u64,
    max_bytes: usize,
    /// What all worlds may take until nothing may be added.
    refuse_bytes: usize,
    /// The bytes that the world took in since it was measured.
    taken_in: usize,
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
            taken_in: 0,
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

    /// Notes that the world sends frames of this cost.
    pub(super) const fn note_sent(&mut self, cost: usize) {
        self.sent = self.sent.saturating_add(cost);
    }

    /// Returns whether the world's unsent frames must be measured at `now`, and then perhaps all that it owes.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.sent >= MEASURE_SENT_BYTES || self.is_all_due(now)
    }

    /// Keeps the world's account as it is, if that is old and the world took in nothing since it was measured. Returns whether it did.
    pub(super) fn renew(&mut self, now: Timestamp) -> bool {
        let is_same = self.taken_in == 0 && self.unsent == 0 && self.sent < MEASURE_SENT_BYTES && !self.is_pinned;
        if !is_same || now < self.due || self.measured == Timestamp::default() || TAKEN.get() > self.max_bytes {
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
        self.taken_in >= MEASURE_BYTES
            || now >= self.due
            || (TAKEN.get() > self.max_bytes && now >= self.measured.after(MEASURE_INTERVAL_SHORT))
    }

    /// Returns when the world must be measured although nothing happens to it.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.is_pinned.then_some(self.due)
    }

    /// Records what the world owes at `now`. Returns whether its largest debtor must go: all worlds owe too much, and nobody owes
    /// more than that one.
    pub(super) fn record(&mut self, now: Timestamp, unsent: usize, debts: &Debts) -> bool {
        (self.taken_in, self.unsent, self.measured) = (0, unsent, now);
        self.is_pinned = debts.pinned > MEASURE_BYTES;
        self.due = now.after(if self.is_pinned { MEASURE_INTERVAL } else { MEASURE_INTERVAL_LONG });
        let largest = debts.largest().map_or(0, |(_, bytes)| bytes);
        let account = Account { world: self.world, measured: now, owed: debts.owed(), unowned: debts.unowned, largest };
        // A world that was not measured for so long hibernates. The runtime may remove it from memory much later, and nobody could
        // make it pay meanwhile.
        let (owed, taken, most) = replace(self.world, Some(account), now.before(2 * MEASURE_INTERVAL_LONG));
        TAKEN.set(taken);
        // To close a session frees nothing that it does not owe.
        owed > self.max_bytes && largest >= most
    }

    /// Returns whether all worlds take so much that nothing may be added.
    pub(super) fn is_full(&self) -> bool {
        TAKEN.get() > self.refuse_bytes
    }

    /// Returns what all worlds took when one of them was measured last, in bytes.
    pub(super) fn taken_by_all() -> usize {
        TAKEN.get()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let (_, taken, _) = replace(self.world, None, Timestamp::default());
        TAKEN.set(taken);
    }
}

/// Replaces a world's account, and removes those from before `fresh_from`. Returns what the sessions of all worlds owe, what all
/// worlds take, and what the largest debtor owes.
fn replace(world: u64, account: Option<Account>, fresh_from: Timestamp) -> (usize, usize, usize) {
    ACCOUNTS.with_borrow_mut(|accounts| {
        accounts.retain(|account| account.world != world && account.measured >= fresh_from);
        accounts.extend(account);
        accounts.iter().fold((0, 0, 0), |(owed, taken, most), account| {
            let both = account.owed.saturating_add(account.unowned);
            (account.owed.saturating_add(owed), both.saturating_add(taken), account.largest.max(most))
        })
    })
}
