//! What a list of conversations and an open conversation show, out of what is kept on the device. Nothing here asks
//! the network but [`Session::learn_name`].

use super::Session;
use super::send::Change;
use crate::conversation::ConversationId;
use crate::device::{Contact, Lane, MessageRow, Position, StoredMessage};
use crate::identity::EnsName;
use crate::message::MessageHash;
use crate::ports::{Ports, Store as _, StoreError};
use crate::thread::{Entry, fold};

/// How many of a conversation's newest messages are looked at to find its last entry, if the newest is none itself:
/// edits, reactions and receipts come after it.
const LOOK_BACK: usize = 30;

/// A conversation as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Which one.
    pub conversation: ConversationId,
    /// A name that resolved to the peer's address when it was last checked; [`Session::name_standing`] says when.
    pub name: Option<EnsName>,
    /// The last entry; `None` if there is no message yet.
    pub last: Option<Entry>,
    /// When the last message was written, or the conversation was opened: milliseconds since 1970.
    pub time: u64,
    /// How many incoming messages have not been seen.
    pub unread: u64,
}

/// A piece of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub messages: Vec<StoredMessage>,
    /// Older ones are on the device.
    pub more: bool,
    /// Older ones may be on the account's node: [`Session::older`] fetches them.
    pub on_node: bool,
}

impl<P: Ports> Session<P> {
    /// All conversations, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn conversations(&self) -> Result<Vec<Overview>, StoreError> {
        let mut list = Vec::new();
        for contact in self.ports().store().contacts(self.account).await? {
            let overview = self.overview(contact).await?;
            // The sorting code of the standard library would be larger than the rest of this file.
            let place = list.partition_point(|before: &Overview| before.time >= overview.time);
            list.insert(place, overview);
        }
        Ok(list)
    }

    async fn overview(&self, contact: Contact) -> Result<Overview, StoreError> {
        let Contact { conversation, name, read_until, touched, .. } = contact;
        let store = self.ports().store();
        let mut newest = store.messages(self.account, conversation, None, 1).await?;
        if newest.first().is_some_and(|row| row.lane == Lane::Note) {
            newest = store.messages(self.account, conversation, None, LOOK_BACK).await?;
        }
        let written = newest.iter().find(|row| row.lane != Lane::Note).map(|row| row.time);
        let messages: Vec<_> = newest.into_iter().map(StoredMessage::kept).collect();
        Ok(Overview {
            conversation,
            name,
            last: fold(&messages).pop(),
            time: written.unwrap_or(touched),
            unread: store.count_incoming_after(self.account, conversation, read_until).await?,
        })
    }

    /// Up to `limit` messages of a conversation, older than `before` if given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(
        &self,
        conversation: ConversationId,
        before: Option<&Position>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let store = self.ports().store();
        let mut rows = store.messages(self.account, conversation, before, limit.saturating_add(1)).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let on_node = self.has_older(conversation).await?;
        Ok(Page { messages: rows.into_iter().map(StoredMessage::kept).collect(), more, on_node })
    }

    /// What is kept of a conversation beside its messages; `None` if it was never opened.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contact(&self, conversation: ConversationId) -> Result<Option<Contact>, StoreError> {
        self.ports().store().contact(self.account, conversation).await
    }

    /// The message of this hash, as it is kept on the device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn message(&self, hash: &MessageHash) -> Result<Option<MessageRow>, StoreError> {
        self.ports().store().message(self.account, hash).await
    }

    /// How many things came in that could not be proven.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn quarantined(&self) -> Result<usize, StoreError> {
        Ok(self.ports().store().quarantined_ids(self.account).await?.len())
    }

    /// The conversations whose peer has no name here: those who wrote first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn nameless(&self) -> Result<Vec<ConversationId>, StoreError> {
        let contacts = self.ports().store().contacts(self.account).await?;
        Ok(contacts.into_iter().filter(|c| c.name.is_none()).map(|c| c.conversation).collect())
    }

    /// Looks up what the peer of a conversation calls itself, and keeps it. A name is a comfort: if it can't be had
    /// now, the conversation stays without.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn learn_name(&self, conversation: ConversationId) -> Result<Option<EnsName>, StoreError> {
        let ConversationId::Peer(peer) = conversation;
        let Ok(Some(name)) = self.directory.primary_name(peer).await else { return Ok(None) };
        // Nothing is opened anew that was forgotten meanwhile.
        if self.contact(conversation).await?.is_none() {
            return Ok(None);
        }
        self.change_contact(conversation, Change::Name(name.clone())).await?;
        self.name_was_checked(peer, &name);
        Ok(Some(name))
    }
}
