//! What happened to a peer's names and keys, as lines of the conversation in order of time.

use serde_json::Value;

use crate::identity::{Address, EnsName};
use crate::seal::json::{self, canonical, integer, object};

/// How many are kept of one conversation; the oldest make room.
const MAX_NOTICES: usize = 32;
/// The longest text that is read: [`MAX_NOTICES`] with the longest names.
const MAX_TEXT: usize = 16 * 1024;

/// Something that happened to the peer of a conversation, and that whoever reads it should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The name under which the peer was known belongs to another account since.
    NameMoved {
        /// The name.
        name: EnsName,
        /// Whose it is now.
        to: Address,
    },
    /// The name under which the peer was known belongs to nobody since.
    NameGone {
        /// The name.
        name: EnsName,
    },
    /// The peer's profile has other keys than before.
    KeysChanged {
        /// Since when the former ones were known: milliseconds since 1970.
        since: u64,
    },
    /// What is published for the peer now is a profile that was replaced before. It is not used.
    OldProfile {
        /// Since when the one that replaced it is known: milliseconds since 1970.
        replaced: u64,
    },
}

/// The notices of one conversation with their times (milliseconds since 1970), oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices(Vec<(u64, Notice)>);

impl Notices {
    /// Notes what happened at a time. What was noted last is not noted again.
    pub fn add(&mut self, notice: Notice, time: u64) {
        if self.0.last().is_some_and(|(_, last)| *last == notice) {
            return;
        }
        if self.0.len() >= MAX_NOTICES {
            self.0.remove(0);
        }
        self.0.push((time, notice));
    }

    /// Takes over what another device of the account noted, if that is all of this and more, whenever it did.
    pub fn join(&mut self, others: Self) {
        let knows = |notice: &Notice| others.iter().any(|(_, other)| other == notice);
        if self.0.len() < others.0.len() && self.iter().all(|(_, notice)| knows(notice)) {
            *self = others;
        }
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u64, &Notice)> {
        self.0.iter().map(|(time, notice)| (*time, notice))
    }

    /// The newest.
    pub fn last(&self) -> Option<&Notice> {
        self.0.last().map(|(_, notice)| notice)
    }

    /// JSON text, to be kept on the device: `[{code, time, name?, account?, since?}]`.
    pub fn to_json(&self) -> String {
        let rows = self.0.iter().map(|(time, notice)| {
            let mut row = vec![("time", (*time).into()), ("code", notice.code().into())];
            match notice {
                Notice::NameMoved { name, to } => {
                    row.push(("name", name.as_str().into()));
                    row.push(("account", to.to_string().into()));
                }
                Notice::NameGone { name } => row.push(("name", name.as_str().into())),
                Notice::KeysChanged { since: moment } | Notice::OldProfile { replaced: moment } => {
                    row.push(("since", (*moment).into()));
                }
            }
            object(row)
        });
        canonical(&Value::Array(rows.collect()))
    }

    /// Reads what [`Self::to_json`] wrote. What this version does not know is left out.
    pub fn parse(text: &str) -> Self {
        let value = if text.len() <= MAX_TEXT { json::parse(text) } else { None };
        let Some(Value::Array(rows)) = value else { return Self::default() };
        let mut notices = Self(rows.iter().filter_map(read).collect());
        let excess = notices.0.len().saturating_sub(MAX_NOTICES);
        notices.0.drain(..excess);
        notices
    }
}

impl Notice {
    /// A short text that stays the same in all versions.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NameMoved { .. } => "name-moved",
            Self::NameGone { .. } => "name-gone",
            Self::KeysChanged { .. } => "keys-changed",
            Self::OldProfile { .. } => "old-profile",
        }
    }
}

fn read(row: &Value) -> Option<(u64, Notice)> {
    let text = |member: &str| row.get(member)?.as_str();
    let name = || EnsName::from_normalised(text("name")?).ok();
    let since = || integer(row.get("since")?);
    let notice = match text("code")? {
        "name-moved" => {
            Notice::NameMoved { name: name()?, to: Address::parse_unchecked_case(text("account")?).ok()? }
        }
        "name-gone" => Notice::NameGone { name: name()? },
        "keys-changed" => Notice::KeysChanged { since: since()? },
        "old-profile" => Notice::OldProfile { replaced: since()? },
        _ => return None,
    };
    Some((integer(row.get("time")?)?, notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each() -> [Notice; 4] {
        let name: EnsName = "dave.eth".parse().unwrap();
        [
            Notice::NameMoved { name: name.clone(), to: Address::from_bytes([7; 20]) },
            Notice::NameGone { name },
            Notice::KeysChanged { since: 5 },
            Notice::OldProfile { replaced: 6 },
        ]
    }

    #[test]
    fn every_notice_comes_back_as_it_was_and_unknown_ones_are_left_out() {
        let mut notices = Notices::default();
        for (time, notice) in (1_800_000_000_000..).zip(each()) {
            notices.add(notice.clone(), time);
            notices.add(notice, time + 1);
        }
        assert_eq!(notices.iter().len(), 4, "what was noted last is not noted again");
        let text = notices.to_json();
        assert_eq!(Notices::parse(&text), notices);
        let newer = text.replace("keys-changed", "of-a-later-version");
        assert_eq!(Notices::parse(&newer).iter().len(), 3);
        for bad in ["", "{}", "7", "[7,{}]", &" ".repeat(MAX_TEXT + 1)] {
            assert_eq!(Notices::parse(bad), Notices::default());
        }
    }

    #[test]
    fn the_newest_are_kept() {
        let mut notices = Notices::default();
        for since in 0..MAX_NOTICES as u64 + 3 {
            notices.add(Notice::KeysChanged { since }, since);
        }
        assert_eq!(notices.iter().len(), MAX_NOTICES);
        assert_eq!(notices.iter().next(), Some((3, &Notice::KeysChanged { since: 3 })));
        // The longest names fit into what is read.
        let name: EnsName = format!("{}.eth", "x".repeat(240)).parse().unwrap();
        let mut long = Notices::default();
        for n in 0..MAX_NOTICES as u8 {
            long.add(
                Notice::NameMoved { name: name.clone(), to: Address::from_bytes([n; 20]) },
                u64::MAX >> 11,
            );
        }
        assert_eq!(Notices::parse(&long.to_json()), long);
    }
}
