//! What the account's owner decides about those who write to them.

use super::Session;
use crate::conversation::ConversationId;
use crate::device::{Contact, Standing, Trust};
use crate::ports::{Ports, Store as _, StoreError};

/// Something that the account's owner decides about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// They are welcome.
    Accept,
    /// What they write is not kept any more, on any device of the account.
    Block,
    /// It is kept again. Who has never been welcome only asks to be.
    Unblock,
    /// The conversation leaves the list, until they write again; or it is there again.
    Hide(bool),
    /// What they write is not announced; or it is again.
    Mute(bool),
}

impl<P: Ports> Session<P> {
    /// Decides about the peer of a conversation that is there.
    ///
    /// # Errors
    /// [`StoreError`]: then nothing has changed.
    pub async fn decide(&self, conversation: ConversationId, decision: Decision) -> Result<(), StoreError> {
        let now = self.now();
        let ConversationId::Peer(peer) = conversation;
        let change = move |contact: &mut Contact| {
            let standing = &mut contact.standing;
            let decided = &mut standing.decided;
            let time = match decision {
                Decision::Accept | Decision::Block | Decision::Unblock => &mut decided.trust,
                Decision::Hide(_) => &mut decided.hidden,
                Decision::Mute(_) => &mut decided.muted,
            };
            // Later than what was decided before, whatever the clock says.
            *time = now.max(time.saturating_add(1));
            match decision {
                Decision::Accept => standing.accept(),
                Decision::Block => standing.trust = Trust::Blocked,
                Decision::Unblock => standing.unblock(),
                Decision::Hide(hidden) => standing.hidden = hidden,
                Decision::Mute(muted) => standing.muted = muted,
            }
        };
        self.change_known(peer, change).await
    }

    /// How the peer of a conversation stands with the account; nobody has decided about one that is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing(&self, conversation: ConversationId) -> Result<Standing, StoreError> {
        let known = self.ports().store().contact(self.account, conversation).await?;
        Ok(known.map(|contact| contact.standing).unwrap_or_default())
    }
}
