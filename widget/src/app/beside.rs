//! What a conversation is helped with beside: what its peer takes, and what is decided about them.

use dm3_core::attention::Minimum;
use dm3_core::conversation::ConversationId;
use dm3_core::identity::Address;
use dm3_core::session::Decision;

use super::command::{AttentionAsk, StakeAsk};
use super::conversations::{back, refresh_row};
use super::driver::Active;
use super::platform::{Platform, TabMessage};
use super::state::Filter;
use super::thread::{look_at_payments, refresh_thread};
use super::welcome::name_welcome;

/// Learns what the delivery services of the open conversation's peer take, so that it is told before something is sent
/// in vain. What can't be learned forbids nothing.
pub(super) async fn learn_conditions<P: Platform>(at: Active<P>) {
    let Some(open) = at.open_peer() else { return };
    let mut pays = at.session().knows_payments().await == Ok(true);
    let told = at.session().conditions(open).await;
    // Another conversation may be open by then, whose peer takes something else.
    if at.open_peer() != Some(open) {
        return;
    }
    if let Ok(told) = told {
        let extensions = || told.iter().flat_map(|told| &told.extension);
        let demanding = extensions().any(|told| !told.rules.is_empty());
        pays |= extensions().any(|told| told.other.contains_key(Minimum::MEMBER));
        at.conditions.replace(Some((ConversationId::Peer(open), told)));
        if demanding
            && let Ok(steps) = (at.driver.later.stake)().await
            && at.open_peer() == Some(open)
        {
            (steps.carry_out)(at.clone(), StakeAsk::Demands).await;
        }
    }
    if pays {
        look_at_payments(at, AttentionAsk::Look).await;
    }
}

/// Decides about somebody. Their conversation that is not wanted any more makes room for the list, if it is still open.
pub(super) async fn decide<P: Platform>(at: Active<P>, peer: Address, decision: Decision) {
    if !decide_about(&at, ConversationId::Peer(peer), decision).await || at.open_peer() != Some(peer) {
        return;
    }
    match decision {
        // There it is now.
        Decision::Accept => at.driver.state.filter.set(Filter::All),
        Decision::Block | Decision::Hide(true) if !at.driver.state.locked.get_untracked() => {
            back(at).await;
        }
        Decision::Block | Decision::Unblock | Decision::Hide(_) | Decision::Mute(_) => {}
    }
}

/// Decides about somebody, and shows it. Tells whether that is kept.
pub(super) async fn decide_about<P: Platform>(
    at: &Active<P>,
    conversation: ConversationId,
    decision: Decision,
) -> bool {
    if let Err(error) = at.session().decide(conversation, decision).await {
        at.storage_failed(error);
        return false;
    }
    at.engine.keep();
    at.spawn(name_welcome);
    at.driver.platform.tell_tabs(TabMessage::RecordsChanged(at.address(), Some(conversation)));
    refresh_thread(at).await;
    refresh_row(at, conversation).await;
    true
}
