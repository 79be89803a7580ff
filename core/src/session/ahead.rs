//! How two clocks differ.

use std::ops::RangeInclusive;

/// Two clocks drift apart by a millisecond in so many, or slower.
const DRIFT: u64 = 4_000;

/// A thousand years: milliseconds.
const MOST: i64 = 31_556_952_000_000;

/// By how much another clock is ahead of this device's: milliseconds, between these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ahead {
    /// At least so much.
    pub least: i64,
    /// At most so much.
    pub most: i64,
    /// When that was learnt, by this device's clock: milliseconds since 1970.
    pub learnt: u64,
}

impl Ahead {
    /// What is learnt from a time that the other clock showed between two times of this device's; nothing if ours was
    /// changed in between.
    pub fn learnt(shown: &RangeInclusive<u64>, asked: u64, answered: u64) -> Option<Self> {
        (asked <= answered).then(|| Self {
            least: difference(*shown.start(), answered),
            most: difference(*shown.end(), asked),
            learnt: answered,
        })
    }

    /// Both, as far as they agree; else one of the clocks was changed, and the newer one holds.
    pub fn refined(self, newer: Self) -> Self {
        let both = Self { least: self.least.max(newer.least), most: self.most.min(newer.most), ..newer };
        if both.least <= both.most { both } else { newer }
    }

    /// The same, after the other clock was seen to show at least this time.
    pub fn at_least(self, shown: u64, now: u64) -> Self {
        let least = difference(shown, now).max(self.least);
        Self { least, most: self.most.max(least), ..self }
    }

    /// As it is kept.
    pub fn to_text(self) -> String {
        format!("{} {} {}", self.least, self.most, self.learnt)
    }

    /// What [`Self::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (least, rest) = text.split_once(' ')?;
        let (most, learnt) = rest.split_once(' ')?;
        let known =
            Self { least: least.parse().ok()?, most: most.parse().ok()?, learnt: learnt.parse().ok()? };
        // No clock is further off, and sums of what is kept must not overflow.
        let possible = -MOST <= known.least && known.least <= known.most && known.most <= MOST;
        possible.then_some(known)
    }

    /// The same some time later: both clocks may have drifted since.
    pub fn drifted(self, now: u64) -> Self {
        let drift = i64::try_from(now.saturating_sub(self.learnt) / DRIFT).unwrap_or(MOST).min(MOST);
        Self { least: self.least - drift, most: self.most + drift, ..self }
    }

    pub const fn middle(self) -> i64 {
        self.least + (self.most - self.least) / 2
    }
}

const fn difference(theirs: u64, ours: u64) -> i64 {
    theirs as i64 - ours as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ahead(least: i64, most: i64) -> Ahead {
        Ahead { least, most, learnt: 5_300 }
    }

    #[test]
    fn a_whole_second_and_a_slow_answer_leave_as_much_open() {
        assert_eq!(Ahead::learnt(&(5_000..=5_999), 5_100, 5_300), Some(ahead(-300, 899)));
        assert_eq!(Ahead::learnt(&(5_123..=5_123), 5_100, 5_300), Some(ahead(-177, 23)));
        assert_eq!(Ahead::learnt(&(5_123..=5_123), 5_300, 5_100), None, "our clock was set back meanwhile");
    }

    #[test]
    fn what_is_kept_comes_back_and_nothing_else_is_taken() {
        for known in [ahead(-300, 899), ahead(-MOST, MOST), ahead(5, 5)] {
            assert_eq!(Ahead::parse(&known.to_text()), Some(known));
        }
        let long = "-9223372036854775808 0 1";
        for other in ["", "1", "2 1", "2 1 9", "x 1 9", "1 2 3 4", "1 2 -3", long] {
            assert_eq!(Ahead::parse(other), None, "{other}");
        }
    }

    #[test]
    fn less_is_known_the_longer_ago_it_was_learnt() {
        let later = ahead(-300, 899).drifted(5_300 + 3_600_000);
        assert_eq!((later.least, later.most), (-1_200, 1_799));
        assert_eq!(ahead(-300, 899).drifted(5_000), ahead(-300, 899), "our clock was set back");
        assert_eq!(ahead(-MOST, MOST).drifted(u64::MAX).middle(), 0);
    }

    #[test]
    fn a_time_that_was_shown_has_passed() {
        assert_eq!(ahead(-300, 899).at_least(5_000, 5_100), ahead(-100, 899));
        assert_eq!(ahead(-300, 899).at_least(5_000, 9_000), ahead(-300, 899), "it was shown long ago");
        assert_eq!(ahead(-300, 899).at_least(65_000, 5_000), ahead(60_000, 60_000), "our clock was set back");
    }

    #[test]
    fn what_agrees_narrows_and_what_does_not_replaces() {
        assert_eq!(ahead(-300, 899).refined(ahead(-700, 200)), ahead(-300, 200));
        assert_eq!(ahead(-300, 899).refined(ahead(60_000, 61_000)), ahead(60_000, 61_000));
    }
}
