//! What a list of conversations and an open conversation show, out of what is kept on the device. Nothing here asks
//! the network but [`Session::learn_name`].

use super::send::Change;
use super::{FindError, Session};
use crate::conversation::ConversationId;
use crate::device::{Contact, Last, MessageRow, News, Position, Standing, StoredMessage, Summary, WaitsFor};
use crate::identity::EnsName;
use crate::message::MessageHash;
use crate::ports::{Ports, Store as _, StoreError};

/// How many changes of a conversation are read at once.
const CHANGES: usize = 100;

/// A conversation as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Which one.
    pub conversation: ConversationId,
    /// A name that resolved to the peer's address when it was last checked; [`Session::name_standing`] says when.
    pub name: Option<EnsName>,
    /// The last message; `None` if there is none yet.
    pub last: Option<Last>,
    /// When the last message was written, or the conversation was opened: milliseconds since 1970.
    pub time: u64,
    /// How many incoming messages have not been seen.
    pub unread: u64,
    /// How many changes there were of its messages ([`Session::changes`]).
    pub changes: u64,
    /// What was decided about the peer.
    pub standing: Standing,
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
    /// Every change up to this number is in them; [`Session::changes`] gives the later ones.
    pub changes: u64,
}

impl<P: Ports> Session<P> {
    /// All conversations, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn conversations(&self) -> Result<Vec<Overview>, StoreError> {
        let mut list = Vec::new();
        for summary in self.ports().store().summaries(self.account).await? {
            let overview = Overview::from(summary);
            // The sorting code of the standard library would be larger than the rest of this file.
            let place = list.partition_point(|before: &Overview| before.time >= overview.time);
            list.insert(place, overview);
        }
        Ok(list)
    }

    /// One conversation as a list shows it; `None` if it was never opened.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overview(&self, conversation: ConversationId) -> Result<Option<Overview>, StoreError> {
        let summary = self.ports().store().summary(self.account, conversation).await?;
        Ok(summary.map(Overview::from))
    }

    /// The messages of a conversation that are new, or whose state is, since the change of this number; 100 at a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn changes(
        &self,
        conversation: ConversationId,
        after: u64,
    ) -> Result<News<StoredMessage>, StoreError> {
        let store = self.ports().store();
        let News { messages, until } =
            store.changed_messages(self.account, conversation, after, CHANGES).await?;
        Ok(News { messages: messages.into_iter().map(StoredMessage::kept).collect(), until })
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
        // First, so that a change in between is told a second time rather than never.
        let changes = store.summary(self.account, conversation).await?.map_or(0, |summary| summary.changes);
        let mut rows = store.messages(self.account, conversation, before, limit.saturating_add(1)).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let on_node = self.has_older(conversation).await?;
        let messages = rows.into_iter().map(StoredMessage::kept).collect();
        Ok(Page { messages, more, on_node, changes })
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

    /// How many things came in that could not be proven: for good, or by what is published now. What only waits for the
    /// network is not among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unproven(&self) -> Result<usize, StoreError> {
        let store = self.ports().store();
        let kept = store.kept(self.account).await?;
        let waiting = kept.iter().filter(|kept| kept.waits_for != WaitsFor::Network).count();
        Ok(store.quarantined_ids(self.account).await?.len() + waiting)
    }

    /// Looks up what the peer of a conversation calls itself, and keeps it. A name is a comfort: without one, the
    /// conversation is shown under the address.
    ///
    /// # Errors
    /// [`FindError`]: whether they have a name is not known. Asking again may tell.
    pub async fn learn_name(&self, conversation: ConversationId) -> Result<Option<EnsName>, FindError> {
        let ConversationId::Peer(peer) = conversation;
        let Some(name) = self.directory.primary_name(peer).await? else { return Ok(None) };
        // Nothing is opened anew that was forgotten meanwhile.
        if self.contact(conversation).await?.is_none() {
            return Ok(None);
        }
        self.change_contact(conversation, Change::Name(name.clone())).await?;
        self.name_was_checked(peer, &name);
        Ok(Some(name))
    }
}

impl From<Summary> for Overview {
    fn from(summary: Summary) -> Self {
        let time = summary.time();
        let Summary { contact, last, unread, changes } = summary;
        let Contact { conversation, name, standing, .. } = contact;
        Self { conversation, name, last, time, unread, changes, standing }
    }
}
