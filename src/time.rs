//! Points in time, passed in by the caller: nothing in the core reads a clock.

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since the Unix epoch, as `Date.now()` gives them. It is displayed as RFC 3339 has it, in UTC and as
/// JavaScript's `toISOString` does, and serialized as the number.
///
/// ```
/// use dormouse::value::Timestamp;
///
/// let moment = Timestamp::from_millis(1_709_210_096_789);
/// assert_eq!(moment.to_string(), "2024-02-29T12:34:56.789Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This point plus `span`; stays at the end of time rather than overflow.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// This point less `span`; stays at the epoch rather than go before it.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// How long ago `earlier` was; zero when it lies ahead (a runtime's clock may step back).
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: u64 = 86_400_000;
        /// Four hundred years, after which the calendar repeats.
        const ERA: u64 = 146_097;
        let (day, millis) = (self.0 / DAY, self.0 % DAY);
        // Counted from 0000-03-01, so that the day of a leap year is the last of its year (H. Hinnant, `civil_from_days`).
        let day = day + 719_468;
        let of_era = day % ERA;
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year + day / ERA * 400 + u64::from(month <= 2);
        let of_month = of_year - (153 * from_march + 2) / 5 + 1;
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        let (seconds, millis) = (millis / 1_000 % 60, millis % 1_000);
        write!(f, "{year:04}-{month:02}-{of_month:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
    }
}

/// Returns the earlier of two times, either of which may be missing.
pub(crate) fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_five_centuries_has_its_date() {
        let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let mut day = 0;
        for year in 1970..2470 {
            let february = if is_leap(year) { 29 } else { 28 };
            for (month, days) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
                for of_month in 1..=days {
                    let told = Timestamp::from_millis(day * 86_400_000).to_string();
                    assert_eq!(told, format!("{year}-{month:02}-{of_month:02}T00:00:00.000Z"));
                    day += 1;
                }
            }
        }
    }

    #[test]
    fn times_are_those_that_javascript_writes() {
        for (millis, told) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_827_696_007, "2000-02-29T12:34:56.007Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), told);
        }
        assert!(Timestamp::from_millis(u64::MAX).to_string().starts_with("584556019-04-03T"));
        assert_eq!(serde_json::to_string(&Timestamp::from_millis(7)).ok().as_deref(), Some("7"));
    }
}
