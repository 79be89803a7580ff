//! What the chain says of a deposit's slots in an epoch.

use super::Slots;

/// The contract's `standing` of a sender, a key and an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// How many slots are covered, burned ones included: those below this number.
    pub slots: u64,
    /// Which of them are burned, as [`Slots::bits`] has them.
    pub burned: [u8; 32],
    /// Whether the deposit is there for as long as vouchers of the epoch can be burned.
    pub stays: bool,
}

/// Why slots are worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Uncovered {
    /// The key has no deposit of the sender, or that is leaving or closed.
    #[error("the sender has no deposit with this key that stays for long enough")]
    Leaving,
    /// The deposit has fewer slots.
    #[error("the sender's deposit does not cover these slots")]
    Beyond,
    /// Some of them were burned.
    #[error("some of these slots are burned")]
    Burned,
}

impl Coverage {
    /// Whether all of these slots can be burned.
    ///
    /// # Errors
    /// [`Uncovered`] if they can't.
    pub fn covers(&self, slots: Slots) -> Result<(), Uncovered> {
        if !self.stays {
            return Err(Uncovered::Leaving);
        }
        if u64::from(slots.end()) > self.slots {
            return Err(Uncovered::Beyond);
        }
        if slots.among(&self.burned).next().is_some() { Err(Uncovered::Burned) } else { Ok(()) }
    }
}
