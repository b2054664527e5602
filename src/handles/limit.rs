//! How often something may happen.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::time::Timestamp;

/// How often something may happen: so many times in a span of time, and a few times at once.
///
/// [`Routes::limit`](crate::routing::Routes::limit) and [`RateLimit`](super::RateLimit) keep in memory what has been used. That is for limits that are whole
/// again within ten seconds. What an app keeps of a slower one is a [`LimitState`], in [`Storage`](crate::Storage) or with the data of the
/// socket, so that no nap and no deploy forgets it:
///
/// ```
/// use dormouse::routing::{Limit, LimitState};
/// use dormouse::testing::TestWorld;
/// use dormouse::{Ack, App, Data, Failure, Io, Storage};
/// use serde_json::Value;
///
/// async fn report(io: Io, storage: Storage, Data(user): Data<String>) -> Result<Ack<&'static str>, Failure> {
///     let key = format!("reports/{user}");
///     let mut state: LimitState = storage.get(&key)?.unwrap_or_default();
///     Limit::per_hour(3).burst(2).take(&mut state, io.now())?;
///     storage.put(&key, &state)?;
///     Ok(Ack("thank you"))
/// }
///
/// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("report", report)));
/// let anna = world.connect("/");
/// let answer = || anna.emit_with_ack("report", "anna").args().expect("an acknowledgement").parse::<Value>();
/// assert_eq!((answer()?, answer()?), ("thank you".into(), "thank you".into()));
/// world.sleep();
/// assert_eq!(answer()?["error"]["code"], "RATE_LIMITED");
/// assert_eq!(answer()?["error"]["retryAfterMs"], 20 * 60_000);
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The time after which one more is allowed.
    micros: u64,
    /// How many are allowed at once.
    burst: u32,
}

/// What has been used of a [`Limit`]: nothing by default. One number, however large the limit is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LimitState {
    /// When the limit is whole again, in microseconds since 1970: the state of a token bucket that is not full is known by that.
    whole_at: u64,
}

impl Limit {
    /// Returns a limit of `times` in each second.
    ///
    /// # Panics
    /// With the caller's line, if `times` is 0.
    #[track_caller]
    pub fn per_second(times: u32) -> Self {
        Self::per(Duration::from_secs(1), times)
    }

    /// Returns a limit of `times` in each minute.
    ///
    /// # Panics
    /// With the caller's line, if `times` is 0.
    #[track_caller]
    pub fn per_minute(times: u32) -> Self {
        Self::per(Duration::from_mins(1), times)
    }

    /// Returns a limit of `times` in each hour.
    ///
    /// # Panics
    /// With the caller's line, if `times` is 0.
    #[track_caller]
    pub fn per_hour(times: u32) -> Self {
        Self::per(Duration::from_hours(1), times)
    }

    #[track_caller]
    fn per(span: Duration, times: u32) -> Self {
        assert!(times > 0, "a limit of 0 lets nothing happen: do not register the event");
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let of_a_second = u64::from(times) * 1_000_000 / micros(span).max(1);
        Self {
            micros: (micros(span) / u64::from(times)).max(1),
            burst: u32::try_from(of_a_second).unwrap_or(u32::MAX).max(1),
        }
    }

    /// Sets how many times are allowed at once, after a time without any: by default, what the rate allows in a second, and at least one.
    ///
    /// # Panics
    /// With the caller's line, if it is 0.
    #[must_use]
    #[track_caller]
    pub fn burst(self, burst: u32) -> Self {
        assert!(burst > 0, "a limit with a burst of 0 lets nothing happen: the least is 1");
        Self { burst, ..self }
    }

    /// Counts one more time, at `now`.
    ///
    /// # Errors
    /// It is one too many, and is not counted. The code is `RATE_LIMITED`, and the field `retryAfterMs` says in how many milliseconds it
    /// will be allowed.
    pub fn take(&self, state: &mut LimitState, now: Timestamp) -> Result<(), Failure> {
        let now = micros_of(now);
        let latest = now.saturating_add(self.micros_until_whole());
        // It is above that only if the clock was set back, or if the limit was another one before a deploy.
        let from = if state.whole_at > latest { now } else { state.whole_at.max(now) };
        let next = from.saturating_add(self.micros);
        if next > latest {
            let millis = (next - latest).div_ceil(1_000);
            let failure = Failure::new("RATE_LIMITED", format!("Too often: it is allowed again in {millis} ms"));
            return Err(failure.with_field("retryAfterMs", millis));
        }
        state.whole_at = next;
        Ok(())
    }

    /// Returns the time after which nothing is known any more of what was used.
    pub(super) const fn until_whole(&self) -> Duration {
        Duration::from_micros(self.micros_until_whole())
    }

    const fn micros_until_whole(&self) -> u64 {
        self.micros.saturating_mul(self.burst as u64)
    }
}

impl LimitState {
    /// Returns a number that is higher, the later the limit is whole again.
    pub(super) const fn whole_at(self) -> u64 {
        self.whole_at
    }

    /// Returns whether nothing of the limit is used at `now`.
    pub(super) fn is_whole(self, now: Timestamp) -> bool {
        self.whole_at <= micros_of(now)
    }
}

fn micros_of(time: Timestamp) -> u64 {
    time.as_millis().saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(limit: Limit, state: &mut LimitState, millis: u64) -> Option<String> {
        limit.take(state, Timestamp::from_millis(millis)).err().map(|failure| failure.message().to_owned())
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let (limit, mut state) = (Limit::per_second(5).burst(3), LimitState::default());
        for _ in 0..3 {
            assert_eq!(wait(limit, &mut state, 1_000), None);
        }
        let refused = |millis| Some(format!("Too often: it is allowed again in {millis} ms"));
        assert_eq!(wait(limit, &mut state, 1_000), refused(200));
        assert_eq!(wait(limit, &mut state, 1_199), refused(1));
        assert_eq!(wait(limit, &mut state, 1_200), None);
        assert_eq!(wait(limit, &mut state, 1_200), refused(200));
        for _ in 0..3 {
            assert_eq!(wait(limit, &mut state, 9_000), None);
        }
        assert_eq!(wait(limit, &mut state, 9_000), refused(200));
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let (limit, mut state) = (Limit::per_second(1), LimitState::default());
        assert_eq!(wait(limit, &mut state, 1_000_000), None);
        assert_eq!(wait(limit, &mut state, 0), None);
        assert!(wait(limit, &mut state, 0).is_some());
    }

    #[test]
    fn a_rate_of_thousands_is_kept_within_a_millisecond() {
        let (limit, mut state) = (Limit::per_second(4_000), LimitState::default());
        let taken = (0..1_000).map(|n| wait(limit, &mut state, n)).filter(Option::is_none).count();
        assert_eq!(taken, 1_000);
        let at_once = (0..9_000).filter(|_| wait(limit, &mut state, 100_000).is_none()).count();
        assert_eq!(at_once, 4_000);
    }

    #[test]
    fn slow_limits_have_a_burst_of_one() {
        assert_eq!(Limit::per_minute(30), Limit::per_minute(30).burst(1));
        assert_eq!(Limit::per_hour(3).until_whole(), Duration::from_mins(20));
    }
}
