//! Why a message is not taken, in a form that can be kept.

use super::rpc::SubmitError;
use crate::identity::EnsName;
use crate::said::Said;

/// Why no delivery service of the receiver takes a message. It is kept as its [code](Self::code) and its
/// [value](Self::value).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// What was kept is no message.
    Damaged,
    /// What the receiver published can't be used. Former builds gave up then; such a message waits now.
    Receiver,
    /// The receiver's profile lists no delivery service.
    NoService,
    /// What is published about the delivery service of this name can't be used.
    Service(EnsName),
    /// Nothing can be sealed for the key of the receiver or of the delivery service.
    NotSealed,
    /// The receiver's rules against spam are not met.
    Spam,
    /// Larger than the delivery service takes.
    TooLarge,
    /// The delivery service does not know the receiver.
    UnknownReceiver,
    /// The delivery service does not understand it, and said this.
    Malformed(Said),
    /// The delivery service refuses it, and said this.
    Rejected(Said),
    /// It was signed with keys that the account has replaced since: nobody could tell that it is the account's.
    FormerKeys,
    /// The account's owner stopped it.
    Stopped,
    /// Another program could not deliver it, or there was no code yet when it was kept; with the words it had.
    Unexplained(Said),
}

impl Refusal {
    /// A short text that stays the same in all versions.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Receiver => "receiver",
            Self::NoService => "no-service",
            Self::Service(_) => "service",
            Self::NotSealed => "not-sealed",
            Self::Spam => "spam",
            Self::TooLarge => "too-large",
            Self::UnknownReceiver => "unknown-receiver",
            Self::Malformed(_) => "malformed",
            Self::Rejected(_) => "rejected",
            Self::FormerKeys => "former-keys",
            Self::Stopped => "stopped",
            Self::Unexplained(_) => "unexplained",
        }
    }

    /// What belongs to the code; empty for most.
    pub fn value(&self) -> &str {
        match self {
            Self::Service(name) => name.as_str(),
            Self::Malformed(said) | Self::Rejected(said) | Self::Unexplained(said) => said.as_str(),
            _ => "",
        }
    }

    /// What [`Self::code`] and [`Self::value`] said. A code of a later version is [`Self::Unexplained`].
    pub fn from_code(code: &str, value: &str) -> Self {
        match code {
            "damaged" => Self::Damaged,
            "receiver" => Self::Receiver,
            "no-service" => Self::NoService,
            "not-sealed" => Self::NotSealed,
            "spam" => Self::Spam,
            "too-large" => Self::TooLarge,
            "unknown-receiver" => Self::UnknownReceiver,
            "former-keys" => Self::FormerKeys,
            "stopped" => Self::Stopped,
            "malformed" => Self::Malformed(Said::new(value)),
            "rejected" => Self::Rejected(Said::new(value)),
            // It was normalised when it was kept.
            "service" => EnsName::from_normalised(value)
                .map_or_else(|_| Self::Unexplained(Said::new(value)), Self::Service),
            _ => Self::Unexplained(Said::new(value)),
        }
    }
}

impl SubmitError {
    /// What the delivery service refuses for good, or [seems to](Self::Unexplained); `None` if it may take the same envelope
    /// later.
    pub fn refusal(&self) -> Option<Refusal> {
        Some(match self {
            Self::Spam => Refusal::Spam,
            Self::TooLarge => Refusal::TooLarge,
            Self::UnknownReceiver => Refusal::UnknownReceiver,
            Self::Malformed(said) => Refusal::Malformed(said.clone()),
            Self::Rejected(said) | Self::Unexplained(said) => Refusal::Rejected(said.clone()),
            Self::NotThere | Self::Busy { .. } | Self::Unavailable(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_comes_back_from_its_code_and_value() {
        let said = || Said::new("no room");
        for refusal in [
            Refusal::Damaged,
            Refusal::Receiver,
            Refusal::NoService,
            Refusal::FormerKeys,
            Refusal::Service("ds.eth".parse().unwrap()),
            Refusal::NotSealed,
            Refusal::Spam,
            Refusal::TooLarge,
            Refusal::UnknownReceiver,
            Refusal::Stopped,
            Refusal::Malformed(said()),
            Refusal::Rejected(said()),
            Refusal::Unexplained(said()),
        ] {
            assert_eq!(Refusal::from_code(refusal.code(), refusal.value()), refusal);
        }
        assert_eq!(Refusal::from_code("of-a-later-version", "no room"), Refusal::Unexplained(said()));
        assert_eq!(Refusal::from_code("service", "a..b"), Refusal::Unexplained(Said::new("a..b")));
    }
}
