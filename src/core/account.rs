//! What a client may cause: a bucket for each kind of cost that leaks at a rate, so that bursts are free and floods are not.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::config::ClientRates;
use crate::id::{SessionKey, SocketId};
use crate::limits::{BURST_SECONDS, BYTES_PER_REFUSAL, REFUSALS_PER_SECOND, ROW_BURST_SECONDS};
use crate::time::Timestamp;

/// A kind of cost that a client causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Packets that it sent.
    Packets,
    /// Bytes that it sent.
    Bytes,
    /// Packets that were sent to other clients because of it.
    Deliveries,
    /// Bytes that were sent to other clients because of it, and that wait because these do not read as fast as it sends.
    QueuedBytes,
    /// Rows that were written to storage because of it.
    Rows,
    /// Packets of it that were refused, because one of the other costs was too high, and each [`BYTES_PER_REFUSAL`] of them.
    Refusals,
}

/// The client that pays for what a handler does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// That of a socket, unless it has left.
    Socket(SocketId),
    /// That of an account, unless its session has ended.
    Account(AccountId),
}

/// The account of a session: unlike the session's key, never that of a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountId {
    /// The session.
    pub session: SessionKey,
    /// The number of the account in the life of the world's memory.
    pub number: NonZeroU32,
}

/// What each client may cause, in the order of [`Cost`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// Per second; in thousandths, per millisecond.
    rates: [u64; KINDS],
    /// At once, in thousandths.
    bursts: [u64; KINDS],
}

const KINDS: usize = 6;

const THOUSANDTHS: u64 = 1_000;

impl Allowance {
    /// Returns what a configuration allows.
    pub(crate) fn new(rates: &ClientRates) -> Self {
        let ClientRates { packets, bytes, deliveries, queued_bytes, rows } = *rates;
        let rates = [packets, bytes, deliveries, queued_bytes, rows, REFUSALS_PER_SECOND];
        let mut bursts = rates.map(|rate| rate.saturating_mul(BURST_SECONDS * THOUSANDTHS));
        if let Some(burst) = bursts.get_mut(Cost::Rows as usize) {
            *burst = rows.saturating_mul(ROW_BURST_SECONDS * THOUSANDTHS);
        }
        Self { rates, bursts }
    }

    /// Returns what leaks away of a kind of cost, per second.
    fn rate(&self, cost: Cost) -> u64 {
        self.rates.get(cost as usize).copied().unwrap_or_default()
    }
}

/// The account of a client. It is in memory: a world that hibernates was idle for [`BURST_SECONDS`], in which most of what clients owe
/// leaks away. Of what does not, the snapshot keeps [`Arrears`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// When `owed` was last reduced.
    at: Timestamp,
    /// What has not leaked away, in thousandths.
    owed: [u64; KINDS],
    /// Its number; `None` before its session is in the tables.
    pub(crate) number: Option<NonZeroU32>,
    /// The client's handlers that wait.
    pub(crate) waiting: Waiting,
}

/// What a client owes that does not leak away in [`BURST_SECONDS`]: until when it takes. One event can cause as much, and a world
/// that hibernates must not forget it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrears {
    /// Deliveries, or bytes that were queued.
    pub sent: Option<Timestamp>,
    /// Rows.
    pub rows: Option<Timestamp>,
}

/// Handlers that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many they are.
    pub handlers: usize,
    /// The size of their arguments, in bytes.
    pub bytes: usize,
}

/// Whether a client may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Good,
    /// It owes too much, and may go on after this time.
    Limited(Duration),
}

impl Standing {
    /// Returns how long the client must wait; `None` if it may go on.
    pub(crate) const fn wait(self) -> Option<Duration> {
        match self {
            Self::Good => None,
            Self::Limited(wait) => Some(wait),
        }
    }
}

impl Account {
    /// Returns the account of a client with arrears at `now`.
    pub(crate) fn restore(now: Timestamp, arrears: Arrears, allowance: &Allowance) -> Self {
        let mut account = Self { at: now, ..Self::default() };
        let Arrears { sent, rows } = arrears;
        for (cost, until) in [(Cost::Deliveries, sent), (Cost::QueuedBytes, sent), (Cost::Rows, rows)] {
            if let (Some(until), Some(owed)) = (until, account.owed.get_mut(cost as usize)) {
                *owed = leaked(until.since(now), allowance.rate(cost));
            }
        }
        account
    }

    /// Returns what does not leak away soon after `now`.
    pub(crate) fn arrears(&self, now: Timestamp, allowance: &Allowance) -> Arrears {
        let of = |cost| {
            let (owed, rate) = (*self.owed.get(cost as usize)?, allowance.rate(cost));
            let left = owed.saturating_sub(leaked(now.since(self.at), rate));
            let until = self.at.after(Duration::from_millis(owed.div_ceil(rate.max(1))));
            (left > rate.saturating_mul(BURST_SECONDS * THOUSANDTHS)).then_some(until)
        };
        Arrears { sent: of(Cost::Deliveries).max(of(Cost::QueuedBytes)), rows: of(Cost::Rows) }
    }

    /// Adds a packet of `bytes` bytes that arrived at `now`, and returns whether the client may go on.
    pub(crate) fn take_packet(&mut self, now: Timestamp, bytes: usize, allowance: &Allowance) -> Standing {
        self.leak(now, allowance);
        let [packets, received, ..] = &mut self.owed;
        *packets = packets.saturating_add(THOUSANDTHS);
        *received = received.saturating_add((bytes as u64).saturating_mul(THOUSANDTHS));
        self.standing(allowance)
    }

    /// Adds a cost that arose at `now`. Returns whether the client is in arrears with such costs.
    pub(crate) fn charge(&mut self, now: Timestamp, cost: Cost, amount: usize, allowance: &Allowance) -> bool {
        self.leak(now, allowance);
        let Some(owed) = self.owed.get_mut(cost as usize) else { return false };
        *owed = owed.saturating_add((amount as u64).saturating_mul(THOUSANDTHS));
        *owed > allowance.rate(cost).saturating_mul(BURST_SECONDS * THOUSANDTHS)
    }

    /// Adds a refused packet of `bytes` bytes. Returns whether none was refused for a while.
    pub(crate) fn refuse(&mut self, now: Timestamp, bytes: usize, allowance: &Allowance) -> bool {
        self.leak(now, allowance);
        let [.., refused] = self.owed;
        self.charge(now, Cost::Refusals, 1 + bytes / BYTES_PER_REFUSAL, allowance);
        refused == 0
    }

    /// Returns whether the client may go on, at the time of the last cost.
    pub(crate) fn standing(&self, allowance: &Allowance) -> Standing {
        let Allowance { rates, bursts } = allowance;
        if self.owed.iter().zip(bursts).all(|(owed, burst)| owed <= burst) {
            return Standing::Good;
        }
        let above = self.owed.iter().zip(bursts).map(|(owed, burst)| owed.saturating_sub(*burst));
        let waits = above.zip(rates).map(|(above, rate)| above.div_ceil((*rate).max(1)));
        Standing::Limited(Duration::from_millis(waits.fold(0, u64::max)))
    }

    /// Returns whether the client owes more than half of what it may of a kind of cost: from then on, what is volatile is dropped.
    pub(crate) fn is_half_spent(&self, cost: Cost, allowance: &Allowance) -> bool {
        let (owed, burst) = (self.owed.get(cost as usize), allowance.bursts.get(cost as usize));
        owed.zip(burst).is_some_and(|(owed, burst)| *owed > burst / 2)
    }

    /// Returns whether the client has been refused so often that it must be closed.
    pub(crate) fn is_exhausted(&self, allowance: &Allowance) -> bool {
        let ([.., refused], [.., burst]) = (self.owed, allowance.bursts);
        refused > burst
    }

    /// Reduces what is owed by what has leaked away until `now`: a rate per second is as many thousandths per millisecond.
    fn leak(&mut self, now: Timestamp, allowance: &Allowance) {
        if now <= self.at {
            return;
        }
        let span = now.since(self.at);
        for (owed, rate) in self.owed.iter_mut().zip(allowance.rates) {
            *owed = owed.saturating_sub(leaked(span, rate));
        }
        self.at = now;
    }
}

/// Returns what leaks away in a span of time, in thousandths.
fn leaked(span: Duration, rate: u64) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).saturating_mul(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance() -> Allowance {
        Allowance::new(&ClientRates { packets: 10, bytes: 1_000, deliveries: 100, queued_bytes: 1_000, rows: 1 })
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    #[test]
    fn a_burst_is_free_and_a_flood_is_not() {
        let mut account = Account::default();
        for _ in 0..100 {
            assert_eq!(account.take_packet(at(0), 10, &allowance()), Standing::Good);
        }
        assert_eq!(account.take_packet(at(0), 10, &allowance()), Standing::Limited(Duration::from_millis(100)));
        assert_eq!(account.take_packet(at(50), 10, &allowance()), Standing::Limited(Duration::from_millis(150)));
        assert_eq!(account.take_packet(at(400), 10, &allowance()), Standing::Good);
    }

    #[test]
    fn the_longest_wait_counts() {
        let mut account = Account::default();
        account.charge(at(0), Cost::Deliveries, 1_100, &allowance());
        account.charge(at(0), Cost::QueuedBytes, 13_000, &allowance());
        assert_eq!(account.standing(&allowance()), Standing::Limited(Duration::from_secs(3)));
        account.charge(at(3_000), Cost::Rows, 0, &allowance());
        assert_eq!(account.standing(&allowance()), Standing::Good);
    }

    #[test]
    fn volatile_is_dropped_from_half_of_the_burst_on() {
        let mut account = Account::default();
        account.charge(at(0), Cost::Deliveries, 500, &allowance());
        assert!(!account.is_half_spent(Cost::Deliveries, &allowance()));
        account.charge(at(0), Cost::Deliveries, 1, &allowance());
        assert!(account.is_half_spent(Cost::Deliveries, &allowance()));
        assert!(!account.is_half_spent(Cost::QueuedBytes, &allowance()));
    }

    #[test]
    fn who_goes_on_although_refused_is_closed() {
        let mut account = Account::default();
        assert!(account.refuse(at(0), 0, &allowance()));
        assert!(!account.refuse(at(0), 0, &allowance()));
        account.charge(at(0), Cost::Refusals, 998, &allowance());
        assert!(!account.is_exhausted(&allowance()));
        account.charge(at(0), Cost::Refusals, 1, &allowance());
        assert!(account.is_exhausted(&allowance()));
        account.charge(at(10_500), Cost::Refusals, 0, &allowance());
        assert!(!account.is_exhausted(&allowance()));
    }

    #[test]
    fn a_nap_forgets_what_ten_seconds_pay_off() {
        let mut account = Account::default();
        for (cost, amount) in [(Cost::Packets, 100), (Cost::Deliveries, 1_000), (Cost::Rows, 10)] {
            assert!(!account.charge(at(0), cost, amount, &allowance()));
        }
        assert_eq!(account.arrears(at(0), &allowance()), Arrears::default());
        assert!(account.charge(at(0), Cost::Rows, 190, &allowance()));
        assert!(account.charge(at(0), Cost::QueuedBytes, 30_000, &allowance()));
        let arrears = Arrears { sent: Some(at(30_000)), rows: Some(at(200_000)) };
        assert_eq!(account.arrears(at(5_000), &allowance()), arrears);
        assert_eq!(account.arrears(at(20_000), &allowance()), Arrears { sent: None, ..arrears });
        let restored = Account::restore(at(15_000), arrears, &allowance());
        assert_eq!(restored.standing(&allowance()), Standing::Limited(Duration::from_secs(85)));
        assert_eq!(restored.arrears(at(15_000), &allowance()), arrears);
        assert_eq!(Account::restore(at(200_000), arrears, &allowance()).owed, [0; KINDS]);
    }

    #[test]
    fn a_clock_that_steps_back_costs_nothing() {
        let mut account = Account::default();
        account.charge(at(1_000), Cost::Packets, 5, &allowance());
        account.charge(at(0), Cost::Packets, 5, &allowance());
        assert_eq!(account.owed, [10_000, 0, 0, 0, 0, 0]);
    }
}
