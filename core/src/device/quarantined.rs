use crate::said::Said;

/// Something that came in and could not be proven. Never shown as a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// SHA-256 of the envelope's canonical JSON.
    pub id: String,
    /// When it came: milliseconds.
    pub arrived: u64,
    /// Why it is here.
    pub doubt: Doubt,
    /// The envelope's JSON, if it is short enough to keep.
    pub envelope: Option<String>,
}

/// Why something is no message for this account. It is kept as its [code](Self::code) and its [value](Self::value).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is no envelope.
    NoEnvelope,
    /// It was sealed for other keys, or changed on the way.
    NotForThisKey,
    /// It was opened, and is no text.
    NoText,
    /// It was opened, and is no message.
    NoMessage,
    /// The sender that it names, or one of its other names, can't be found, or published something that can't be used.
    NoSender(Said),
    /// It is addressed to this name, which is not this account's.
    OtherReceiver(Said),
    /// It was not signed by who is behind this name.
    NotSigned(Said),
    /// The envelope names another sender than the message does, which is this.
    OtherEnvelope(Said),
}

impl Doubt {
    /// A short text that stays the same in all versions.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoEnvelope => "no-envelope",
            Self::NotForThisKey => "not-for-this-key",
            Self::NoText => "no-text",
            Self::NoMessage => "no-message",
            Self::NoSender(_) => "no-sender",
            Self::OtherReceiver(_) => "other-receiver",
            Self::NotSigned(_) => "not-signed",
            Self::OtherEnvelope(_) => "other-envelope",
        }
    }

    /// Reads a code and the name that belongs to it.
    pub fn from_code(code: &str, value: &str) -> Option<Self> {
        let name = || Said::new(value);
        Some(match code {
            "no-envelope" => Self::NoEnvelope,
            "not-for-this-key" => Self::NotForThisKey,
            "no-text" => Self::NoText,
            "no-message" => Self::NoMessage,
            "no-sender" => Self::NoSender(name()),
            "other-receiver" => Self::OtherReceiver(name()),
            "not-signed" => Self::NotSigned(name()),
            "other-envelope" => Self::OtherEnvelope(name()),
            _ => return None,
        })
    }

    /// The name that belongs to the code, as it came; empty for some.
    pub fn value(&self) -> &str {
        match self {
            Self::NoSender(name)
            | Self::OtherReceiver(name)
            | Self::NotSigned(name)
            | Self::OtherEnvelope(name) => name.as_str(),
            Self::NoEnvelope | Self::NotForThisKey | Self::NoText | Self::NoMessage => "",
        }
    }
}
