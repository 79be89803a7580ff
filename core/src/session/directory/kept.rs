//! Answers that are believed for a while.

use crate::identity::EnsName;
use crate::registry::{Found, Record};

/// How long an answer is believed at most: milliseconds.
pub(super) const KEEP: u64 = 60_000;
/// How many answers are kept.
pub(super) const MAX_KEPT: usize = 500;

/// An answer and until when it is believed.
pub(super) struct Kept {
    pub(super) name: EnsName,
    pub(super) record: Record,
    pub(super) until: u64,
    pub(super) found: Found,
}
