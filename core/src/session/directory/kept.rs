//! Answers that are believed for a while.

use crate::identity::{Address, EnsName};
use crate::registry::{CallOutcome, Found, Record};

/// How long an answer is believed at most: milliseconds.
pub(super) const KEEP: u64 = 60_000;
/// How old an answer may be where something is handed to whomever a name leads to: milliseconds.
pub(super) const RECENT: u64 = 5_000;
/// How many answers are kept.
pub(super) const MAX_KEPT: usize = 500;
/// How many of those about parents of names are kept.
pub(super) const MAX_PARENTS: usize = 50;

/// Whether an answer is still believed. What seems to be believed for longer than anything is came before the clock was
/// set back.
pub(super) fn is_believed(until: u64, now: u64) -> bool {
    now < until && until <= now.saturating_add(KEEP)
}

/// An answer and until when it is believed.
pub(super) struct Kept {
    pub(super) name: EnsName,
    pub(super) record: Record,
    /// When it was asked for.
    pub(super) asked: u64,
    pub(super) until: u64,
    pub(super) found: Found,
}

/// What the chain said of a name's parents, and until when it is believed.
pub(super) struct KeptCall {
    pub(super) to: Address,
    pub(super) data: Vec<u8>,
    pub(super) until: u64,
    pub(super) outcome: CallOutcome,
}
