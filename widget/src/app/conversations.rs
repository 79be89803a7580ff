//! The conversation list: last message, unread, names.

use dm3_core::device::{Contact, Lane};
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::thread::{Shown, fold};

use super::driver::Active;
use super::platform::Platform;
use super::state::{ConversationRow, Lookup, Person, Preview, PreviewText, Screen};

/// How many of a conversation's newest messages are read to find one to preview: the others are edits,
/// reactions and receipts.
const LOOK_BACK: usize = 30;
/// How many characters of a message are kept for a preview.
const PREVIEW: usize = 200;

/// Reads the list anew.
pub(super) async fn refresh_list<P: Platform>(at: &Active<P>) {
    match read_list(at).await {
        Ok((rows, quarantined)) => {
            let state = at.driver.state;
            at.driver.show_unread(rows.iter().map(|row| row.unread).sum());
            state.conversations.set(Some(rows));
            state.quarantined.set(quarantined + at.unreadable.get());
        }
        Err(error) => at.storage_failed(error),
    }
}

async fn read_list<P: Platform>(at: &Active<P>) -> Result<(Vec<ConversationRow>, usize), StoreError> {
    let (store, account) = (at.store(), at.address());
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
                    PreviewText::Attachment
                }
                Shown::Text { text, .. } => PreviewText::Text(text.chars().take(PREVIEW).collect()),
                Shown::Deleted => PreviewText::Deleted,
            },
        });
        let time = arrived.unwrap_or(contact.touched);
        // Latest first. The sorting code of the standard library would be larger than the rest of this file.
        let place = rows.partition_point(|row: &ConversationRow| row.time >= time);
        rows.insert(place, ConversationRow { peer: person(&contact), preview, time, unread });
    }
    Ok((rows, store.quarantined_ids(account).await?.len()))
}

/// Back to the list.
pub(super) async fn back<P: Platform>(at: Active<P>) {
    let state = at.driver.state;
    state.thread.set(None);
    state.lookup.set(Lookup::Idle);
    state.screen.set(Screen::List);
    refresh_list(&at).await;
}

pub(super) fn person(contact: &Contact) -> Person {
    Person { address: contact.peer, name: contact.name.as_ref().map(ToString::to_string) }
}
