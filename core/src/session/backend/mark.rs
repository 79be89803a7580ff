//! What this device knows of a conversation's rows, kept across restarts.

use serde_json::Value;

use crate::conversation::ConversationId;
use crate::device::Slot;
use crate::ports::{Ports, Store as _, StoreError};
use crate::seal::json::{self, canonical, integer, object};
use crate::session::Session;
use crate::storage::Pseudonym;

/// Under how many names a conversation may be listed; deployed clients file halted messages under what was typed.
const MAX_LISTED: usize = 2;

/// What this device knows of a conversation's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The backend has the conversation.
    pub there: bool,
    /// Under other keys it may have messages that are not written under these yet.
    pub anew: bool,
    /// The changes of its messages up to this number are written.
    pub written: u64,
    /// Rows that arrived until then are marked as read there: milliseconds.
    pub read_until: u64,
    /// Older rows begin at this page; 0 if all of them are here.
    pub older: u64,
    /// Its newest rows were read once.
    pub read: bool,
    /// What its entries in the list looked like when its rows were read.
    listed: Vec<String>,
}

impl Mark {
    /// Whether the rows were read when the conversation's entry in the list looked like this.
    pub(super) fn was_listed_so(&self, look: &str) -> bool {
        self.listed.iter().any(|known| known == look)
    }

    pub(super) fn note_listed(&mut self, look: String) {
        self.listed.insert(0, look);
        self.listed.truncate(MAX_LISTED);
    }

    fn to_json(&self, node: &str, keys: &Pseudonym) -> String {
        let listed = self.listed.iter().map(|look| Value::from(look.as_str())).collect();
        canonical(&object(vec![
            ("node", node.into()),
            ("keys", keys.to_string().into()),
            ("there", self.there.into()),
            ("anew", self.anew.into()),
            ("written", self.written.into()),
            ("readUntil", self.read_until.into()),
            ("older", self.older.into()),
            ("read", self.read.into()),
            ("listed", Value::Array(listed)),
        ]))
    }

    /// Nothing is known of another node. What is there under other keys is to be written anew.
    fn parse(text: &str, node: &str, keys: &Pseudonym) -> Option<Self> {
        let value = json::parse(text)?;
        let text = |name| value.get(name).and_then(Value::as_str);
        if text("node") != Some(node) {
            return None;
        }
        if text("keys") != Some(keys.to_string().as_str()) {
            return Some(Self { anew: true, ..Self::default() });
        }
        let number = |name: &str| value.get(name).and_then(integer);
        let listed = value.get("listed")?.as_array()?;
        Some(Self {
            there: value.get("there")?.as_bool()?,
            anew: value.get("anew")?.as_bool()?,
            written: number("written")?,
            read_until: number("readUntil")?,
            older: number("older")?,
            // Former versions did not say.
            read: value.get("read").and_then(Value::as_bool).unwrap_or(!listed.is_empty()),
            listed: listed.iter().filter_map(Value::as_str).map(str::to_owned).take(MAX_LISTED).collect(),
        })
    }
}

impl<P: Ports> Session<P> {
    pub(super) async fn read_backend_mark(&self, conversation: ConversationId) -> Result<Mark, StoreError> {
        let text = self.ports().store().value(self.account, &Slot::BackendOf(conversation)).await?;
        let (node, keys) = (self.directory.discovery().name.as_str(), self.storage_keys.account());
        Ok(text.as_deref().and_then(|text| Mark::parse(text, node, &keys)).unwrap_or_default())
    }

    pub(super) async fn write_backend_mark(
        &self,
        conversation: ConversationId,
        mark: &Mark,
    ) -> Result<(), StoreError> {
        let text = mark.to_json(self.directory.discovery().name.as_str(), &self.storage_keys.account());
        self.ports().store().set_value(self.account, &Slot::BackendOf(conversation), Some(&text)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_and_counts_for_its_node_alone() {
        let mut mark = Mark { there: true, written: 7, read_until: 5, older: 2, ..Mark::default() };
        for look in ["a", "b", "c"] {
            mark.note_listed(look.into());
        }
        assert!(mark.was_listed_so("c") && mark.was_listed_so("b") && !mark.was_listed_so("a"));
        let [keys, others] = ["12", "34"].map(|byte| format!("0x{}", byte.repeat(32)).parse().unwrap());
        let text = mark.to_json("ds.eth", &keys);
        assert_eq!(Mark::parse(&text, "ds.eth", &keys), Some(mark));
        let anew = Mark { anew: true, ..Mark::default() };
        assert_eq!(Mark::parse(&text, "ds.eth", &others), Some(anew.clone()));
        assert_eq!(Mark::parse(&anew.to_json("ds.eth", &keys), "ds.eth", &keys), Some(anew.clone()));
        assert_eq!(Mark::parse(&text, "other.eth", &keys), None);
        assert_eq!(Mark::parse("7", "ds.eth", &keys), None);
        let former = text.replace(&format!(r#""keys":"{keys}","#), "");
        assert_eq!(Mark::parse(&former, "ds.eth", &keys), Some(anew));
    }
}
