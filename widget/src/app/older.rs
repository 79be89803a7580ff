//! What the account's node has of a conversation beyond what is here: older messages, and what was begun on another device.

use dm3_core::conversation::ConversationId;

use super::draft::{drop_draft, kept_draft};
use super::driver::Active;
use super::opened::{Opened, PAGE};
use super::platform::Platform;
use super::state::Composing;
use super::thread::{follow_thread, show_opened};

/// How many pages of a conversation are fetched from the account's node at once.
const MAX_FETCHED: usize = 4;

/// Fetches from the account's node what the open conversation is to show and this device does not have.
pub(super) async fn fetch_older<P: Platform>(at: Active<P>) {
    // A page may hold what is here already.
    for _ in 0..MAX_FETCHED {
        let lacks = at.opened.borrow().as_ref().filter(|it| it.lacks_older()).map(|it| it.conversation);
        let Some(conversation) = lacks else { return };
        // That the node can't be reached is told with the connection, and the button stays.
        let Ok(older) = at.engine.older(conversation).await else { return };
        if let Some(opened) = at.opened.borrow_mut().as_mut().filter(|it| it.conversation == conversation) {
            opened.on_node = older.more;
        }
        follow_thread(&at, conversation).await;
    }
}

/// Shows more of the open conversation.
pub(super) async fn load_older<P: Platform>(at: Active<P>) {
    if at.opened.borrow().as_ref().is_some_and(Opened::is_at_begin) {
        read_older(&at, PAGE).await;
    }
    at.opened.borrow_mut().iter_mut().for_each(Opened::show_older);
    show_opened(&at);
}

/// Reads so many messages of the open conversation that stand before what was read, also from the account's node. What is
/// shown stays.
pub(super) async fn read_older<P: Platform>(at: &Active<P>, count: usize) {
    let wanted = at.opened.borrow_mut().as_mut().map(|opened| {
        opened.want(count);
        (opened.conversation, opened.begins().cloned())
    });
    let Some((conversation, begins)) = wanted else { return };
    if let Some(begins) = begins {
        match at.session().page(conversation, Some(&begins), count).await {
            Ok(page) => {
                let mut opened = at.opened.borrow_mut();
                // Asked for twice, it comes twice.
                let is_next =
                    |it: &&mut Opened| it.conversation == conversation && it.begins() == Some(&begins);
                if let Some(opened) = opened.as_mut().filter(is_next) {
                    opened.add_older(&page);
                }
            }
            Err(error) => return at.storage_failed(error),
        }
    }
    fetch_older(at.clone()).await;
}

/// Hands what was typed on to the account's other devices.
pub(super) async fn share_drafts<P: Platform>(at: Active<P>) {
    for (conversation, forgotten) in at.typed.take() {
        // With the time it was typed or forgotten, never that of writing it down: meanwhile somebody types on.
        let (text, changed) = kept_draft(&at, conversation).unwrap_or((String::new(), forgotten));
        // What can't be kept is in this browser all the same.
        let _ = at.session().set_draft(conversation, &text, changed).await;
    }
    at.engine.keep();
}

/// Shows what was begun on another device in the open conversation, if it is later than what was typed here; nothing, if it
/// was sent or taken back there. `stood` is what stood in the composer when the conversation was opened.
pub(super) async fn fetch_draft<P: Platform>(at: Active<P>, stood: String) {
    let Some(open) = at.open_peer() else { return };
    let conversation = ConversationId::Peer(open);
    let (here, typed) = kept_draft(&at, conversation).unwrap_or_default();
    let Ok(Some((mut there, changed))) = at.session().dated_draft(conversation).await else { return };
    if changed <= typed || there == here {
        return;
    }
    if at.session().wrote_since(conversation, there.trim(), changed).await == Ok(true) {
        there.clear();
    }
    let (text, composing) = (at.driver.state.text, at.driver.state.composing);
    if let Composing::Edit { version, before } = composing.get_untracked() {
        // What is edited has another text; this one stands there after it.
        if at.open_peer() == Some(open) && before == here {
            drop_draft(&at, conversation, changed);
            composing.set(Composing::Edit { version, before: there });
        }
        return;
    }
    // Never over what somebody has begun to type meanwhile.
    let is_free = stood.trim().is_empty() || stood == here;
    if is_free && at.open_peer() == Some(open) && text.with_untracked(|text| *text == stood) {
        drop_draft(&at, conversation, changed);
        text.set(there);
    }
}
