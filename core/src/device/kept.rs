use super::Doubt;
use crate::identity::EnsName;
use crate::said::Said;

/// An envelope that can't be taken in now: it is kept beside its text until it can be, or for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of the envelope's canonical JSON.
    pub id: String,
    /// The delivery service that took it.
    pub service: EnsName,
    /// The name that it claims to come from, cut to 200 characters.
    pub sender: Said,
    /// When it came: milliseconds since 1970.
    pub arrived: u64,
    /// When its service took it, by the clock that led when it came: milliseconds since 1970. `None` if nothing usable
    /// said so then.
    pub taken: Option<u64>,
    /// The length of its text: bytes.
    pub size: u64,
    /// Why it can't be taken in.
    pub waits_for: WaitsFor,
    /// How often that was tried.
    pub tries: u32,
    /// When it is to be tried again: milliseconds since 1970.
    pub due: u64,
}

/// What has to happen before an envelope can be taken in. It is kept as its [code](Self::code) and its
/// [value](Self::value).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// Its sender, or another name in it, could not be looked up.
    Network,
    /// What was found does not prove it, but may another time.
    Record(Doubt),
    /// It was sealed for other keys than the account has here; this is the encryption key here, in hexadecimal.
    Keys(Said),
}

impl WaitsFor {
    /// A short text that stays the same in all versions.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Record(doubt) => doubt.code(),
            Self::Keys(_) => "keys",
        }
    }

    /// What belongs to the code; empty for some.
    pub fn value(&self) -> &str {
        match self {
            Self::Network => "",
            Self::Record(doubt) => doubt.value(),
            Self::Keys(key) => key.as_str(),
        }
    }

    /// Reads a code and its value. What a newer version waits for is tried as if it was the network.
    pub fn from_code(code: &str, value: &str) -> Self {
        match code {
            "keys" => Self::Keys(Said::new(value)),
            _ => Doubt::from_code(code, value).map_or(Self::Network, Self::Record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let doubts = [
            Doubt::NoEnvelope,
            Doubt::NotForThisKey,
            Doubt::NoText,
            Doubt::NoMessage,
            Doubt::NoSender("a.eth".into()),
            Doubt::OtherReceiver("b.eth".into()),
            Doubt::NotSigned("c.eth".into()),
            Doubt::OtherEnvelope("d.eth".into()),
        ];
        let all = doubts.into_iter().map(WaitsFor::Record);
        for waits_for in all.chain([WaitsFor::Network, WaitsFor::Keys("a key".into())]) {
            assert_eq!(WaitsFor::from_code(waits_for.code(), waits_for.value()), waits_for);
        }
        assert_eq!(WaitsFor::from_code("something new", "x"), WaitsFor::Network);
    }
}
