//! Which slots of an epoch: those from a first one on, as numbers or as the contract's 256 bits.

/// How many slots an epoch of a deposit has at most.
pub const MOST_SLOTS: u16 = 256;

/// One slot or more, all below [`MOST_SLOTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slots {
    first: u16,
    count: u16,
}

impl Slots {
    /// So many from the first on; `None` if that is none, or more than there are.
    pub fn new(first: u16, count: u16) -> Option<Self> {
        let is_some = count > 0 && first.checked_add(count)? <= MOST_SLOTS;
        is_some.then_some(Self { first, count })
    }

    /// The first of them.
    pub const fn first(self) -> u16 {
        self.first
    }

    /// How many they are.
    pub const fn count(self) -> u16 {
        self.count
    }

    /// The first number above them.
    pub const fn end(self) -> u16 {
        self.first + self.count
    }

    /// Whether some are of both.
    pub const fn overlap(self, other: Self) -> bool {
        self.first < other.end() && other.first < self.end()
    }

    /// One bit for each, as the contract has them: a number of 256 bits, the lowest for slot 0.
    pub fn bits(self) -> [u8; 32] {
        let mut bits = [0; 32];
        for slot in self.first..self.end() {
            bits[place(slot)] |= 1 << (slot % 8);
        }
        bits
    }

    /// Those of them whose bit is set.
    pub fn among(self, bits: &[u8; 32]) -> impl Iterator<Item = u16> {
        (self.first..self.end()).filter(|slot| bits[place(*slot)] >> (slot % 8) & 1 == 1)
    }
}

/// The byte of a slot's bit; the last one has the lowest.
const fn place(slot: u16) -> usize {
    31 - (slot / 8) as usize
}
