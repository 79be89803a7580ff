//! The conversation list: last message, unread, names.

use std::rc::Rc;

use dm3_core::device::{Contact, Lane};
use dm3_core::identity::Address;
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::thread::{Shown, fold};

use super::driver::Driver;
use super::platform::{HostEvent, Platform};
use super::state::{ConversationRow, Lookup, Person, Preview, Screen};

/// How many of a conversation's newest messages are read to find one to preview: the others are edits,
/// reactions and receipts.
const LOOK_BACK: usize = 30;

impl<P: Platform> Driver<P> {
    /// Reads the list anew.
    pub(super) async fn refresh_conversations(self: &Rc<Self>) {
        let Some(account) = self.account() else { return };
        match self.read_conversations(account).await {
            Ok((rows, quarantined)) => {
                // The account may have changed while the records were read.
                if self.account() != Some(account) {
                    return;
                }
                self.show_unread(rows.iter().map(|row| row.unread).sum());
                self.state.conversations.set(Some(rows));
                self.state.quarantined.set(quarantined + self.unreadable.get());
            }
            Err(error) => self.storage_failed(&error),
        }
    }

    async fn read_conversations(
        &self,
        account: Address,
    ) -> Result<(Vec<ConversationRow>, usize), StoreError> {
        let store = self.platform.store();
        let mut rows = Vec::new();
        for contact in store.contacts(account).await? {
            let newest = store.messages(account, contact.peer, None, LOOK_BACK).await?;
            let unread = store.count_incoming_after(account, contact.peer, contact.read_until).await?;
            let arrived = newest.iter().find(|row| row.lane != Lane::Note).map(|row| row.time);
            let preview = fold(&newest).pop().map(|entry| Preview {
                own: entry.own,
                waiting: entry.is_waiting(),
                text: match entry.shown {
                    Shown::Text { text, attachments, .. } if text.is_empty() && attachments > 0 => {
                        "📎".to_owned()
                    }
                    Shown::Text { text, .. } => text.chars().take(200).collect(),
                    Shown::Deleted => "Message deleted".to_owned(),
                },
            });
            let time = arrived.unwrap_or(contact.touched);
            // Latest first. The sorting code of the standard library would be larger than the rest of this file.
            let place = rows.partition_point(|row: &ConversationRow| row.time >= time);
            rows.insert(place, ConversationRow { peer: person(&contact), preview, time, unread });
        }
        Ok((rows, store.quarantined_ids(account).await?.len()))
    }

    pub(super) fn show_unread(&self, unread: u64) {
        if self.unread.replace(unread) != unread {
            self.platform.emit(HostEvent::UnreadChange(unread));
        }
    }

    pub(super) async fn back(self: Rc<Self>) {
        self.state.thread.set(None);
        self.state.lookup.set(Lookup::Idle);
        self.state.screen.set(Screen::List);
        self.refresh_conversations().await;
    }

    /// Finds the names of peers who wrote first.
    pub(super) async fn name_peers(self: Rc<Self>) {
        let (Some(session), Some(account)) = (self.session(), self.account()) else { return };
        let Ok(contacts) = self.platform.store().contacts(account).await else { return };
        let mut changed = false;
        for contact in contacts.into_iter().filter(|contact| contact.name.is_none()) {
            // A name is a comfort: without it the address stands there, and the next start tries again.
            let Ok(Some(name)) = session.directory().primary_name(contact.peer).await else { continue };
            let Ok(fresh) = self.platform.store().contacts(account).await else { return };
            let Some(current) = fresh.into_iter().find(|c| c.peer == contact.peer) else { continue };
            let named = Contact { name: Some(name), ..current };
            changed |= self.platform.store().put_contact(account, &named).await.is_ok();
            let shown = person(&named);
            self.state.thread.update(|thread| {
                if let Some(thread) = thread.as_mut().filter(|thread| thread.peer.address == named.peer) {
                    thread.peer = shown;
                }
            });
        }
        if changed {
            self.refresh_conversations().await;
        }
    }

    /// Another window changed the records.
    pub(super) async fn records_changed(self: Rc<Self>, account: Address) {
        if self.account() == Some(account) {
            self.refresh_conversations().await;
            self.refresh_thread().await;
        }
    }
}

pub(super) fn person(contact: &Contact) -> Person {
    Person { address: contact.peer, name: contact.name.as_ref().map(ToString::to_string) }
}
