//! Where messages stand in their conversation.

/// A place in a conversation, finer than milliseconds: between any two messages that stand there is room for others that
/// come later, and nothing that stands has to move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

impl Place {
    /// A millisecond has so many places.
    pub const PARTS: u64 = 1_024;
    /// So many parts behind the last message stands the next one at least, if it comes in the same millisecond.
    pub const STEP: u64 = 8;
    /// At most.
    pub const MOST_STEP: u64 = Self::PARTS / 8;

    /// The first place of a millisecond since 1970.
    pub const fn at(time: u64) -> Self {
        Self(time.saturating_mul(Self::PARTS))
    }

    /// The place that is so many parts later than the first one of a millisecond since 1970; nothing if it is not in
    /// that millisecond.
    pub fn within(time: u64, part: u64) -> Option<Self> {
        let first = time.checked_mul(Self::PARTS).filter(|_| part < Self::PARTS)?;
        Some(Self(first + part))
    }

    /// Where the next message stands, if no time has passed: an eighth of what is left of its millisecond behind this one. What
    /// was said between the two may come later, one by one, and finds room there; some thirty fit into a millisecond.
    #[must_use]
    pub const fn next(self) -> Self {
        let eighth = (Self::PARTS - self.part()) / 8;
        self.behind(if eighth > Self::STEP { eighth } else { Self::STEP })
    }

    /// The place so many parts later.
    #[must_use]
    pub const fn behind(self, parts: u64) -> Self {
        Self(self.0.saturating_add(parts))
    }

    /// The place so many parts earlier.
    #[must_use]
    pub const fn before(self, parts: u64) -> Self {
        Self(self.0.saturating_sub(parts))
    }

    /// How many parts it is later than another; 0 if it is not.
    pub const fn parts_since(self, other: Self) -> u64 {
        self.0.saturating_sub(other.0)
    }

    /// Its millisecond since 1970.
    pub const fn time(self) -> u64 {
        self.0 / Self::PARTS
    }

    /// How many parts it is later than the first place of its millisecond.
    pub const fn part(self) -> u64 {
        self.0 % Self::PARTS
    }

    /// A number that sorts as places do.
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }
}
