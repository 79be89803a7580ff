//! How far a message came that was handed over.

use crate::delivery::Refusal;
use crate::device::SendState;

/// How far a message came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// A delivery service of the receiver has it.
    Accepted,
    /// Every delivery service of the receiver refused it.
    Refused(Refusal),
    /// It can't be said yet: it is to be tried again.
    Waits(Wait),
}

/// Why a message waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The receiver has no profile yet, or none that can be used.
    NoProfile,
    /// The receiver, or none of their delivery services, can be reached or takes anything now.
    Unreachable {
        /// So long the first of them wants to be left alone: milliseconds.
        pause: u64,
    },
}

impl Handed {
    /// What is kept of it; `None` if nothing has changed.
    pub(super) fn state(&self) -> Option<SendState> {
        match self {
            Self::Accepted => Some(SendState::Accepted),
            Self::Refused(refusal) => Some(SendState::Refused(refusal.clone())),
            Self::Waits(_) => None,
        }
    }
}
