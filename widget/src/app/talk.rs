//! What is done with messages of the open conversation.

use std::sync::Arc;

use dm3_core::conversation::ConversationId;
use dm3_core::message::{Draft, MessageHash};
use dm3_core::ports::Clock as _;

use super::command::{Act, AttentionAsk, Stretch};
use super::driver::Active;
use super::older::read_older;
use super::outbox::{Make, write};
use super::platform::{Platform, Task};
use super::state::{ActingPage, Bubble, BubbleContent};
use super::steps::TalkSteps;
use super::thread::{self, look_at_payments, show_opened};

/// How many messages further back another is looked for: so many readings, each of so many.
const MAX_READINGS: usize = 50;
const READING: usize = 400;
/// How long the screen needs to show what was read: milliseconds.
const DRAWN: u32 = 60;

impl<P: Platform> TalkSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { act: |at, act| -> Task { Box::pin(carry_out(at, act)) } }
    }
}

impl<P: Platform> Default for TalkSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

async fn carry_out<P: Platform>(at: Active<P>, act: Arc<Act>) {
    match Arc::unwrap_or_clone(act) {
        Act::React { to, emoji } => react(&at, to, &emoji).await,
        Act::Delete(hash) => {
            if let Some(own) = seen(&at, &hash).filter(|bubble| bubble.own) {
                write_here(&at, Box::new(|header| Draft::delete(header, &own.version))).await;
            }
        }
        Act::Resend(hash) => resend(at, hash).await,
        Act::Stop(hash) => stop(at, hash).await,
        Act::ShowVersions(hash) => show_versions(&at, &hash),
        Act::Find(hash) => find(at, hash).await,
        Act::FindIn(peer, hash) => {
            thread::show_peer(&at, peer).await;
            // Something else may have been opened meanwhile.
            if at.open_peer() == Some(peer) {
                at.spawn(thread::follow_peer);
                find(at, hash).await;
            }
        }
        Act::AtEnd => thread::seen(at).await,
        Act::LookAgain => thread::look_for_site(&at),
        // That it can't be loaded is shown where it is asked for.
        Act::Share(ask) => {
            if let Ok(steps) = (at.driver.later.share)().await {
                (steps.carry_out)(at, ask).await;
            }
        }
        Act::Stake(ask) => {
            if let Ok(steps) = (at.driver.later.stake)().await {
                (steps.carry_out)(at, ask).await;
            }
        }
        Act::Attention(ask) => {
            // For most people there is nothing to be put into order.
            let is_known = ask != AttentionAsk::Rank || at.session().knows_payments().await == Ok(true);
            if is_known {
                look_at_payments(at, ask).await;
            }
        }
        Act::Show(stretch) => {
            if let Some(opened) = &mut *at.opened.borrow_mut() {
                match stretch {
                    Stretch::Newer => opened.show_newer(),
                    Stretch::Newest => opened.show_newest(),
                    Stretch::Below(part) => opened.show_below(part),
                }
            }
            show_opened(&at);
        }
    }
}

/// Gives an emoji to a message, or takes it back.
async fn react<P: Platform>(at: &Active<P>, to: MessageHash, emoji: &str) {
    let Some(bubble) = seen(at, &to) else { return };
    let given = bubble.reactions.iter().find(|reaction| reaction.emoji == emoji);
    if let Some(given) = given.and_then(|reaction| reaction.own.as_ref()) {
        write_here(at, Box::new(|header| Draft::delete(header, given))).await;
    } else if let Ok(emoji) = emoji.parse() {
        write_here(at, Box::new(|header| Draft::reaction(header, &bubble.version, &emoji))).await;
    }
}

/// Tries a refused or stopped message again.
async fn resend<P: Platform>(at: Active<P>, hash: MessageHash) {
    // Who is not welcome gets nothing.
    let Some(open) = at.open_peer().filter(|_| at.is_welcome()) else { return };
    if let Err(error) = at.engine.retry(ConversationId::Peer(open), &hash).await {
        at.storage_failed(error);
    }
}

/// Stops a message that waits.
async fn stop<P: Platform>(at: Active<P>, hash: MessageHash) {
    let Some(open) = at.open_peer() else { return };
    if let Err(error) = at.engine.stop(ConversationId::Peer(open), &hash).await {
        at.storage_failed(error);
    }
}

/// Writes it in the open conversation. Whoever has not said that its peer is welcome tells them nothing by it.
async fn write_here<P: Platform>(at: &Active<P>, make: Make<'_>) {
    if let Some(open) = at.open_peer().filter(|_| at.is_welcome()) {
        write(at, ConversationId::Peer(open), make).await;
    }
}

/// A message of the open conversation that is there to be seen, and not deleted.
pub(super) fn seen<P: Platform>(at: &Active<P>, hash: &MessageHash) -> Option<Bubble> {
    at.driver.state.thread.with_untracked(|thread| {
        let mut bubbles = thread.as_ref()?.messages.as_ref()?.iter();
        let bubble = bubbles.find(|bubble| bubble.hash == *hash)?;
        matches!(bubble.content, BubbleContent::Text { .. }).then(|| bubble.clone())
    })
}

fn show_versions<P: Platform>(at: &Active<P>, hash: &MessageHash) {
    let versions = at.opened.borrow().as_ref().map(|opened| opened.versions(hash)).unwrap_or_default();
    at.driver.state.acting.update(|acting| {
        if let Some(acting) = acting.as_mut().filter(|acting| acting.hash == *hash) {
            acting.page = ActingPage::Versions(versions);
        }
    });
}

/// Shows a message in its place, reading what stands before what is shown as far as needed.
async fn find<P: Platform>(at: Active<P>, hash: MessageHash) {
    let Some(open) = at.open_peer() else { return };
    let conversation = ConversationId::Peer(open);
    for _ in 0..MAX_READINGS {
        let (here, more) = match &mut *at.opened.borrow_mut() {
            Some(opened) if opened.conversation == conversation => {
                (opened.show_message(&hash), opened.has_older())
            }
            _ => return,
        };
        if here {
            show_opened(&at);
            at.driver.platform.clock().sleep(DRAWN).await;
            return at.driver.platform.reveal(&hash);
        }
        if !more {
            return;
        }
        read_older(&at, READING).await;
    }
}
