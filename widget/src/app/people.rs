//! Names of people: found, and checked for as long as they are shown.

use std::collections::BTreeSet;

use dm3_core::conversation::ConversationId;
use dm3_core::ports::Clock as _;
use dm3_core::session::NameStanding;

use super::conversations::{person, refresh_list, refresh_row};
use super::driver::Active;
use super::platform::Platform;
use super::state::Person;
use super::thread::{check_peer, refresh_thread, update_thread};

/// How often the name of the open conversation's peer is checked: milliseconds.
const WHILE_OPEN: u32 = 60_000;
/// How many names of the list are checked at once when somebody enters: more than a panel shows.
const AT_FIRST: usize = 20;
/// How long the next one is waited for after that, so that nobody's Ethereum node is asked for hundreds of names in a
/// row: milliseconds.
const ONE_AFTER_THE_OTHER: u32 = 2_000;

/// Finds the own name. Without one the address is shown; the connection's own state tells about the network.
pub(super) async fn learn_own_name<P: Platform>(at: Active<P>) {
    let address = at.address();
    if let Ok(Some(name)) = at.session().directory().primary_name(address).await {
        let (name, standing) = (Some(name.to_string()), NameStanding::Checked);
        at.driver.state.account.set(Some(Person { address, name, standing }));
    }
}

/// Finds the names of peers who wrote, where there are none here. Each is asked once; where the network does not answer,
/// again when their conversation is opened.
pub(super) async fn name_peers<P: Platform>(at: Active<P>, wrote: BTreeSet<ConversationId>) {
    for conversation in wrote {
        if !at.named.borrow_mut().insert(conversation) {
            continue;
        }
        let contact = at.session().contact(conversation).await.ok().flatten();
        if contact.is_none_or(|contact| contact.name.is_some()) {
            continue;
        }
        let Ok(Some(name)) = at.session().learn_name(conversation).await else { continue };
        let shown = person(&at, conversation, Some(&name));
        update_thread(&at, shown.address, |thread| thread.peer = shown.clone());
        refresh_row(&at, conversation).await;
    }
}

/// Checks the name of the open conversation's peer, now and again while it is open.
pub(super) async fn watch_name<P: Platform>(at: Active<P>) {
    let Some(open) = at.open_peer() else { return };
    let turn = at.name_watch.get() + 1;
    at.name_watch.set(turn);
    while at.name_watch.get() == turn && at.open_peer() == Some(open) {
        if check_name(&at, ConversationId::Peer(open)).await {
            refresh_thread(&at).await;
            refresh_row(&at, ConversationId::Peer(open)).await;
        }
        at.driver.platform.clock().sleep(WHILE_OPEN).await;
    }
}

/// Checks the names in the list, the latest conversations first, for as long as the account is signed in.
pub(super) async fn check_names<P: Platform>(at: Active<P>) {
    let mut checked = 0;
    loop {
        let Some(next) = next_name(&at, NameStanding::Unchecked) else {
            at.driver.platform.clock().sleep(WHILE_OPEN).await;
            if let Some(failed) = next_name(&at, NameStanding::Uncheckable) {
                check_name(&at, failed).await;
            }
            // What was checked too long ago is unchecked now.
            refresh_list(&at).await;
            continue;
        };
        let changed = check_name(&at, next).await;
        checked += 1;
        if changed {
            refresh_thread(&at).await;
            refresh_row(&at, next).await;
        }
        if checked >= AT_FIRST {
            at.driver.platform.clock().sleep(ONE_AFTER_THE_OTHER).await;
        }
    }
}

/// The first conversation of the list whose peer has a name with which it stands so.
fn next_name<P: Platform>(at: &Active<P>, standing: NameStanding) -> Option<ConversationId> {
    at.driver.state.conversations.with_untracked(|rows| {
        let stands = |person: &Person| person.name.is_some() && person.standing == standing;
        let row = rows.iter().flatten().find(|row| stands(&row.peer))?;
        Some(ConversationId::Peer(row.peer.address))
    })
}

/// Checks one name, and shows what came of it. Tells whether what is kept has changed.
async fn check_name<P: Platform>(at: &Active<P>, conversation: ConversationId) -> bool {
    let checked = match at.session().check_name(conversation).await {
        Ok(checked) => checked,
        Err(error) => {
            at.storage_failed(error);
            return false;
        }
    };
    let mut shown = person(at, conversation, checked.name.as_ref());
    shown.standing = checked.standing;
    update_thread(at, shown.address, |thread| thread.peer = shown.clone());
    at.driver.state.conversations.update(|rows| {
        for row in rows.iter_mut().flatten().filter(|row| row.peer.address == shown.address) {
            row.peer = shown.clone();
        }
    });
    checked.changed
}

/// Uses the profile that is published for the peer now, although it was replaced before.
pub(super) async fn accept_profile<P: Platform>(at: Active<P>) {
    let Some(open) = at.open_peer() else { return };
    // What it came to is seen by looking again.
    let _ = at.session().accept_profile(open).await;
    check_peer(at).await;
}
