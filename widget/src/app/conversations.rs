//! The conversation list: last message, unread, names.

use dm3_core::conversation::ConversationId;
use dm3_core::device;
use dm3_core::identity::EnsName;
use dm3_core::ports::StoreError;
use dm3_core::session::Overview;

use super::driver::Active;
use super::platform::Platform;
use super::state::{ConversationRow, Lookup, Person, Preview, PreviewText, Screen};

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
    let rows = at.session().conversations().await?.into_iter().map(|overview| row(at, overview)).collect();
    Ok((rows, at.session().unproven().await?))
}

fn row<P: Platform>(at: &Active<P>, overview: Overview) -> ConversationRow {
    let preview = overview.last.map(|last| Preview {
        own: last.own,
        waiting: last.waiting,
        text: match last.shown {
            device::Preview::Text(text) => PreviewText::Text(text),
            device::Preview::Attachment => PreviewText::Attachment,
            device::Preview::Deleted => PreviewText::Deleted,
        },
    });
    let peer = person(at, overview.conversation, overview.name.as_ref());
    ConversationRow { peer, preview, time: overview.time, unread: overview.unread }
}

/// Back to the list.
pub(super) async fn back<P: Platform>(at: Active<P>) {
    let state = at.driver.state;
    state.thread.set(None);
    state.lookup.set(Lookup::Idle);
    state.screen.set(Screen::List);
    refresh_list(&at).await;
}

/// Somebody as they are shown: a name counts for as long as it was checked a moment ago.
pub(super) fn person<P: Platform>(
    at: &Active<P>,
    conversation: ConversationId,
    name: Option<&EnsName>,
) -> Person {
    let standing = name.map(|name| at.session().name_standing(conversation, name));
    Person {
        address: conversation.peer(),
        name: name.map(ToString::to_string),
        standing: standing.unwrap_or_default(),
    }
}
