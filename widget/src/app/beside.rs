//! What a conversation is helped with beside: what its peer takes, what its messages that did not leave need, and what
//! stands before those that are here.

use dm3_core::attention::Minimum;
use dm3_core::conversation::ConversationId;
use dm3_core::message::MessageHash;

use super::command::AttentionAsk;
use super::draft::{drop_draft, kept_draft};
use super::driver::Active;
use super::platform::Platform;
use super::thread::{follow_thread, look_at_payments};

/// How many pages of a conversation are fetched from the account's node at once.
const MAX_FETCHED: usize = 4;

/// Tries a refused or stopped message again.
pub(super) async fn resend<P: Platform>(at: Active<P>, hash: MessageHash) {
    let Some(open) = at.open_peer() else { return };
    if let Err(error) = at.engine.retry(ConversationId::Peer(open), &hash).await {
        at.storage_failed(error);
    }
}

/// Stops a message that waits.
pub(super) async fn stop<P: Platform>(at: Active<P>, hash: MessageHash) {
    let Some(open) = at.open_peer() else { return };
    if let Err(error) = at.engine.stop(ConversationId::Peer(open), &hash).await {
        at.storage_failed(error);
    }
}

/// Learns what the delivery services of the open conversation's peer take, so that it is told before something is sent
/// in vain. What can't be learned forbids nothing.
pub(super) async fn learn_conditions<P: Platform>(at: Active<P>) {
    let Some(open) = at.open_peer() else { return };
    let mut pays = at.session().knows_payments().await == Ok(true);
    if let Ok(told) = at.session().conditions(open).await {
        let extensions = || told.iter().flat_map(|told| &told.extension);
        let demanding = extensions().any(|told| !told.rules.is_empty());
        pays |= extensions().any(|told| told.other.contains_key(Minimum::MEMBER));
        at.conditions.replace(Some((ConversationId::Peer(open), told)));
        if demanding && let Ok(steps) = (at.driver.later.talk)().await {
            (steps.demands)(at.clone()).await;
        }
    }
    if pays {
        look_at_payments(at, AttentionAsk::Look).await;
    }
}

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
    let text = at.driver.state.text;
    // Never over what somebody has begun to type meanwhile.
    let is_free = stood.trim().is_empty() || stood == here;
    if is_free && at.open_peer() == Some(open) && text.with_untracked(|text| *text == stood) {
        drop_draft(&at, conversation, changed);
        text.set(there);
    }
}
