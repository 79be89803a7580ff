//! The conversation list: last message, unread, names.

use dm3_core::conversation::ConversationId;
use dm3_core::device;
use dm3_core::identity::EnsName;
use dm3_core::session::Overview;

use super::driver::Active;
use super::platform::Platform;
use super::shown::change_files;
use super::state::{ConversationRow, Lookup, Person, Preview, PreviewText, Screen};

/// Reads the list anew.
pub(super) async fn refresh_list<P: Platform>(at: &Active<P>) {
    match at.session().conversations().await {
        Ok(list) => {
            let rows = list.into_iter().map(|overview| row(at, overview)).collect();
            at.driver.state.conversations.set(Some(rows));
            show_unread(at);
        }
        Err(error) => at.storage_failed(error),
    }
}

/// Reads one conversation of the list anew, and puts it to its place.
pub(super) async fn refresh_row<P: Platform>(at: &Active<P>, conversation: ConversationId) {
    let overview = match at.session().overview(conversation).await {
        Ok(overview) => overview,
        Err(error) => return at.storage_failed(error),
    };
    let new = overview.map(|overview| row(at, overview));
    at.driver.state.conversations.update(|rows| {
        // While the list is read, that will have it.
        let Some(rows) = rows else { return };
        let known = rows.iter().position(|row| row.peer.address == conversation.peer());
        match (known.and_then(|place| rows.get_mut(place)), new) {
            (Some(known), Some(new)) if known.time == new.time => *known = new,
            (_, new) => {
                known.map(|place| rows.remove(place));
                if let Some(new) = new {
                    rows.insert(rows.partition_point(|before| before.time >= new.time), new);
                }
            }
        }
    });
    show_unread(at);
}

fn show_unread<P: Platform>(at: &Active<P>) {
    let (rows, locked) = (at.driver.state.conversations, at.driver.state.locked.get_untracked());
    // What can't be read here is not told here.
    let counts =
        |row: &&ConversationRow| row.counts() && (!locked || at.open_peer() == Some(row.peer.address));
    let unread = rows.with_untracked(|rows| rows.iter().flatten().filter(counts).map(|row| row.unread).sum());
    at.driver.show_unread(unread);
}

/// Counts anew what could not be verified.
pub(super) async fn refresh_quarantine<P: Platform>(at: &Active<P>) {
    match at.session().unproven().await {
        Ok(unproven) => {
            let (shown, count) = (at.driver.state.quarantined, unproven + at.unreadable.get());
            if shown.get_untracked() != count {
                shown.set(count);
            }
        }
        Err(error) => at.storage_failed(error),
    }
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
    let Overview { time, unread, standing, .. } = overview;
    ConversationRow { peer, preview, time, unread, standing }
}

/// Something else is asked to be opened: whoever is still looked up comes over it no more. Gives what counts this.
pub(super) fn next_turn<P: Platform>(at: &Active<P>) -> usize {
    let lookup = at.driver.state.lookup;
    if lookup.with_untracked(|it| *it == Lookup::Searching) {
        lookup.set(Lookup::Idle);
    }
    at.turn.set(at.turn.get() + 1);
    at.turn.get()
}

/// Whether a backup is what stands there.
pub(super) fn shows_backup<P: Platform>(at: &Active<P>) -> bool {
    at.driver.state.screen.with_untracked(|screen| matches!(screen, Screen::Backup(_)))
}

/// Back to the list.
pub(super) async fn back<P: Platform>(at: Active<P>) {
    let state = at.driver.state;
    change_files(&at, None);
    state.thread.set(None);
    state.lookup.set(Lookup::Idle);
    state.screen.set(Screen::List);
    at.opened.take();
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
