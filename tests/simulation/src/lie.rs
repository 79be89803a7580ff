//! Worlds in which something is wrong on purpose, so that it can be seen that the oracle sees it.

use dm3_core::device::MessageRow;
use dm3_core::identity::Address;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A message that was taken in is nowhere.
    Loses,
    /// One stands there twice.
    Doubles,
    /// What one author wrote stands newest first.
    Reverses,
    /// What a peer wrote is shown as written by the account.
    Misnames,
    /// Nodes let go of what comes before anybody has it.
    AcknowledgesEarly,
    /// A name that never led to a peer is shown as theirs.
    ShowsAnyName,
}

impl Lie {
    /// A conversation, with what is wrong in it: of what came from others.
    pub(crate) fn tell(self, owner: Address, rows: &mut Vec<MessageRow>) {
        let theirs: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].author != owner).collect();
        let Some(first) = theirs.first().copied() else { return };
        match self {
            Self::Loses => drop(rows.remove(first)),
            Self::Doubles => rows.push(rows[first].clone()),
            Self::Reverses => {
                let last_first: Vec<_> = theirs.iter().rev().map(|at| rows[*at].clone()).collect();
                for (at, row) in theirs.into_iter().zip(last_first) {
                    rows[at] = row;
                }
            }
            Self::Misnames => rows[first].author = owner,
            Self::AcknowledgesEarly | Self::ShowsAnyName => {}
        }
    }
}
