//! How far this device has followed the history, and what of a conversation the node has in which version.

use serde_json::{Map, Value};

use crate::conversation::ConversationId;
use crate::device::Slot;
use crate::identity::EnsName;
use crate::ports::{Ports, Store as _, StoreError};
use crate::seal::json::{self, canonical, integer, object};
use crate::session::Session;
use crate::storage::Pseudonym;
use crate::storage::history::Usage;

/// How often everything is brought to a node that lost something, at most: milliseconds.
const ANEW: u64 = 24 * 3600 * 1000;

/// How far this device has followed the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Followed {
    /// Of which node.
    pub(super) node: EnsName,
    /// Under which keys: what those call the place of the account. What is there under others nobody reads any more.
    pub(super) keys: Pseudonym,
    /// When it began, in milliseconds since 1970. Marks of another beginning say nothing.
    pub(super) began: u64,
    /// All changes until this version are here, as far as they are newer than `anchor`.
    pub(super) head: u64,
    /// The version at which it began: what is older is fetched when it is needed.
    pub(super) anchor: u64,
    /// What belongs to the account is here from this version on; 0: all of it.
    pub(super) list: u64,
    /// The node has lost something since, which it is given once it is time.
    pub(super) owed: bool,
}

/// What this device knows of a conversation's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its messages are here from this version on; 0: all of them.
    pub(super) before: u64,
    /// Its contact, as the node has it.
    pub(super) contact: Stamp,
    /// Its read marker.
    pub(super) marker: Stamp,
    /// Its draft.
    pub(super) draft: Stamp,
}

/// A record as the node has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Its version; 0 if it is not there, or not known.
    pub(super) version: u64,
    /// A digest of what it says.
    pub(super) digest: String,
}

impl Followed {
    fn to_json(&self) -> String {
        canonical(&object(vec![
            ("node", self.node.as_str().into()),
            ("keys", self.keys.to_string().into()),
            ("began", self.began.into()),
            ("head", self.head.into()),
            ("anchor", self.anchor.into()),
            ("list", self.list.into()),
            ("owed", self.owed.into()),
        ]))
    }

    fn parse(text: &str) -> Option<Self> {
        let value = json::parse(text)?;
        let number = |name: &str| value.get(name).and_then(integer);
        Some(Self {
            node: EnsName::from_normalised(value.get("node")?.as_str()?).ok()?,
            keys: value.get("keys")?.as_str()?.parse().ok()?,
            began: number("began")?,
            head: number("head")?,
            anchor: number("anchor")?,
            list: number("list")?,
            // Former versions forgot it.
            owed: value.get("owed").and_then(Value::as_bool).unwrap_or(false),
        })
    }
}

impl Mark {
    fn to_json(&self, began: u64) -> String {
        let mut members = vec![("began", began.into()), ("before", self.before.into())];
        for (name, stamp) in [("contact", &self.contact), ("marker", &self.marker), ("draft", &self.draft)] {
            if stamp.version > 0 {
                let (version, digest) = (stamp.version.into(), stamp.digest.as_str().into());
                members.push((name, object(vec![("version", version), ("digest", digest)])));
            }
        }
        canonical(&object(members))
    }

    fn parse(text: &str, began: u64) -> Option<Self> {
        let Some(Value::Object(value)) = json::parse(text) else { return None };
        if value.get("began").and_then(integer) != Some(began) {
            return None;
        }
        let before = value.get("before").and_then(integer)?;
        let stamp = |name| stamp(&value, name).unwrap_or_default();
        Some(Self { before, contact: stamp("contact"), marker: stamp("marker"), draft: stamp("draft") })
    }
}

fn stamp(value: &Map<String, Value>, name: &str) -> Option<Stamp> {
    let stamp = value.get(name)?;
    let version = stamp.get("version").and_then(integer)?;
    Some(Stamp { version, digest: stamp.get("digest")?.as_str()?.to_owned() })
}

impl<P: Ports> Session<P> {
    pub(super) async fn read_followed(&self) -> Result<Option<Followed>, StoreError> {
        let text = self.ports().store().value(self.account, &Slot::History).await?;
        Ok(text.as_deref().and_then(Followed::parse))
    }

    pub(super) async fn write_followed(&self, followed: &Followed) -> Result<(), StoreError> {
        self.ports().store().set_value(self.account, &Slot::History, Some(&followed.to_json())).await
    }

    /// Begins where the node is now, or goes on.
    pub(super) async fn begin_or_go_on(
        &self,
        known: Option<Followed>,
        usage: &Usage,
    ) -> Result<Followed, StoreError> {
        let now = self.now();
        let node = &self.directory.discovery().name;
        let keys = self.storage_keys.account();
        let same = known.as_ref().filter(|known| known.node == *node && known.keys == keys);
        let fell_back = same.is_some_and(|known| usage.last_change < known.head);
        match same {
            // A node that falls back again and again gets no more for it.
            Some(known) if now < known.began.saturating_add(ANEW) => {
                if !fell_back {
                    return Ok(known.clone());
                }
                let followed = Followed { head: usage.last_change, owed: true, ..known.clone() };
                self.write_followed(&followed).await?;
                return Ok(followed);
            }
            Some(known) if !fell_back && !known.owed => return Ok(known.clone()),
            _ => {}
        }
        // What is new on this device is in the journal already; what another node has, or this one had, or has under
        // former keys, or nobody knows who has it, is not.
        let store = self.ports().store();
        if store.value(self.account, &Slot::History).await?.is_some() {
            store.journal_all(self.account).await?;
        }
        let (head, anchor, list) = match usage.last_change {
            0 => (0, 0, 0),
            last => (last, last, last + 1),
        };
        // Another beginning than the one before, even within a millisecond.
        let began = known.map_or(now, |known| now.max(known.began.saturating_add(1)));
        let followed = Followed { node: node.clone(), keys, began, head, anchor, list, owed: false };
        self.write_followed(&followed).await?;
        Ok(followed)
    }

    pub(super) async fn read_mark(
        &self,
        followed: &Followed,
        conversation: ConversationId,
    ) -> Result<Mark, StoreError> {
        let text = self.ports().store().value(self.account, &Slot::HistoryOf(conversation)).await?;
        let mark = text.as_deref().and_then(|text| Mark::parse(text, followed.began));
        let before = if followed.anchor > 0 { followed.anchor + 1 } else { 0 };
        Ok(mark.unwrap_or(Mark { before, ..Mark::default() }))
    }

    pub(super) async fn write_mark(
        &self,
        followed: &Followed,
        conversation: ConversationId,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        let text = mark.to_json(followed.began);
        self.ports().store().set_value(self.account, &Slot::HistoryOf(conversation), Some(&text)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_a_mark_counts_for_its_beginning_alone() {
        let node = "ds.eth".parse().unwrap();
        let keys = format!("0x{}", "12".repeat(32));
        let keys = keys.parse().unwrap();
        let followed = Followed { node, keys, began: 5, head: 7, anchor: 6, list: 3, owed: true };
        assert_eq!(Followed::parse(&followed.to_json()), Some(followed));
        let contact = Stamp { version: 4, digest: "ab".into() };
        let mark = Mark { before: 9, contact, ..Mark::default() };
        assert_eq!(Mark::parse(&mark.to_json(5), 5), Some(mark.clone()));
        assert_eq!(Mark::parse(&mark.to_json(5), 6), None);
        assert_eq!((Mark::parse("7", 5), Followed::parse("{}")), (None, None));
    }
}
