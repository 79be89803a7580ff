//! What an operator can choose among.

use serde::Deserialize;

/// Who may have a new account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationRule {
    /// Everybody.
    Open,
    /// Who has a code of the operator's.
    Invitation,
    /// Whose device has worked for it.
    Work,
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
