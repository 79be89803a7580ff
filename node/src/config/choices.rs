//! What an operator can choose among.

use dm3_core::identity::Address;
use serde::Deserialize;

/// Who may have a new account, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RegistrationWord {
    Open,
    Invitation,
    Work,
    Deposit,
    Closed,
}

/// What an account has to have at stake towards the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorStake {
    /// The contract that holds deposits.
    pub contract: Address,
    /// How many slots.
    pub slots: u16,
    /// Who may burn them.
    pub receiver: Address,
}

/// What who has something at stake may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StakedShare {
    /// What is to be at stake.
    pub stake: OperatorStake,
    /// How much room they have.
    pub room: Room,
}

/// How much of an account is kept, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Of its history.
    pub history: u64,
    /// Of its sealed files.
    pub files: u64,
}

/// Who may have a new account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationRule {
    /// Everybody.
    Open,
    /// Who has a code of the operator's.
    Invitation,
    /// Whose device has worked for it.
    Work,
    /// Who has something at stake towards the operator.
    Deposit(OperatorStake),
    /// Nobody.
    Closed,
}

impl RegistrationRule {
    /// One word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invitation => "invitation",
            Self::Work => "work",
            Self::Deposit(_) => "deposit",
            Self::Closed => "closed",
        }
    }
}

/// What becomes of a message whose claimed sender has a profile with another key than the one that signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SenderCheck {
    /// It is refused.
    Reject,
    /// It is delivered, with a mark.
    Mark,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object in a line.
    Json,
}
