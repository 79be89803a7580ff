//! What follows from messages that came in: the page is told, and their authors, if their receiver wants that.
//!
//! | somebody is       | the page is told          | receipts | what they miss is sent again |
//! |-------------------|---------------------------|----------|------------------------------|
//! | a stranger        | once, that they wrote     | no       | no                           |
//! | welcome           | of each message; somebody whose browser may, if nobody looks | yes | within bounds |
//! | welcome and muted | nothing                   | yes      | within bounds                |

use std::collections::{BTreeMap, BTreeSet};

use dm3_core::conversation::ConversationId;
use dm3_core::device::{Lane, MessageRow, Standing, Trust};
use dm3_core::message::{MessageHash, Receipt};
use dm3_core::session::NewMessage;
use serde_json::Value;

use super::command::AttentionAsk;
use super::driver::Active;
use super::opened::Opened;
use super::platform::{HostEvent, Notifying, Platform};
use super::state::ConversationRow;
use super::thread::look_at_payments;
use super::welcome::name_welcome;

/// The setting that says whether those who are welcome learn that their messages came and were seen. They do unless it is
/// `false`.
pub(super) const RECEIPTS: &str = "receipts";

/// Tells whom it concerns of messages that came in just now.
pub(super) async fn received<P: Platform>(at: Active<P>, new: Vec<NewMessage>) {
    let platform = &at.driver.platform;
    let (mut strangers, mut unseen) = (BTreeSet::new(), BTreeSet::new());
    let mut arrived = BTreeMap::<_, Vec<MessageHash>>::new();
    for NewMessage { conversation, hash, lane } in new {
        let peer = conversation.peer();
        let Standing { trust, muted, .. } = standing(&at, conversation);
        if trust != Trust::Accepted {
            if !muted && trust == Trust::Requested && strangers.insert(conversation) {
                platform.emit(HostEvent::Request(peer));
            }
            continue;
        }
        match lane {
            Lane::In => {
                if !muted {
                    platform.emit(HostEvent::MessageReceived { peer, hash: hash.clone() });
                    unseen.insert(conversation);
                }
                arrived.entry(conversation).or_default().push(hash);
            }
            Lane::Note => answer(&at, conversation, &hash).await,
            Lane::Out => {}
        }
    }
    if !strangers.is_empty() && at.session().knows_payments().await == Ok(true) {
        at.spawn(|at| look_at_payments(at, AttentionAsk::Rank));
    }
    if !platform.is_visible() && platform.notifying() == Notifying::On {
        for conversation in unseen {
            shown(&at, conversation, |row| platform.notify(&row.peer));
        }
    }
    for (conversation, hashes) in arrived {
        tell(&at, conversation, Receipt::Received, &hashes).await;
    }
}

/// Tells the page what left, if somebody wrote it: receipts leave by themselves. And the node, who is welcome now.
pub(super) async fn sent<P: Platform>(at: Active<P>, hash: MessageHash) {
    let row = at.session().message(&hash).await;
    if matches!(row, Ok(Some(MessageRow { lane: Lane::Out, .. }))) {
        at.driver.platform.emit(HostEvent::MessageSent(hash));
    }
    // Whoever is written to is welcome.
    name_welcome(at).await;
}

/// Tells the peer of the open conversation that their newest messages, so many, were seen.
pub(super) async fn seen<P: Platform>(at: Active<P>, conversation: ConversationId, count: usize) {
    if standing(&at, conversation).trust != Trust::Accepted {
        return;
    }
    let hashes: Vec<_> = {
        let opened = at.opened.borrow();
        let opened = opened.as_ref().filter(|opened| opened.conversation == conversation);
        opened.into_iter().flat_map(Opened::theirs).take(count).map(|entry| entry.version).collect()
    };
    tell(&at, conversation, Receipt::Opened, &hashes).await;
}

async fn tell<P: Platform>(
    at: &Active<P>,
    conversation: ConversationId,
    receipt: Receipt,
    hashes: &[MessageHash],
) {
    if at.driver.state.silent.get_untracked() {
        return;
    }
    let wanted = at.session().setting(RECEIPTS).await;
    if matches!(wanted, Ok(ref wanted) if *wanted != Some(Value::Bool(false))) {
        // Nobody waits for a receipt: one that can't be kept is not sent.
        let _ = at.engine.write_receipts(conversation, receipt, hashes).await;
    }
}

/// Sends again what the author of a note misses, if it says so.
async fn answer<P: Platform>(at: &Active<P>, conversation: ConversationId, note: &MessageHash) {
    // While one answer is under way there is no other: who still misses something asks again.
    let Some(mut budget) = at.resends.take() else { return };
    let _ = at.session().answer_resend_request(&mut budget, conversation, note).await;
    at.resends.set(Some(budget));
}

fn standing<P: Platform>(at: &Active<P>, conversation: ConversationId) -> Standing {
    shown(at, conversation, |row| row.standing).unwrap_or_default()
}

/// What there is to know of a conversation's row in the list.
fn shown<P: Platform, T>(
    at: &Active<P>,
    conversation: ConversationId,
    read: impl FnOnce(&ConversationRow) -> T,
) -> Option<T> {
    at.driver.state.conversations.with_untracked(|rows| {
        rows.iter().flatten().find(|row| row.peer.address == conversation.peer()).map(read)
    })
}
