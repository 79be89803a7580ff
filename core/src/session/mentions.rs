//! Who has written of somebody: what a device knows by itself of the people between its account and a stranger.
//!
//! Nothing else says honestly that two people know each other. No protocol here has lists of contacts; below which name
//! somebody has theirs says little, since nodes and other services give such names to whoever asks; and what a message is
//! about is what its author says. What somebody who is welcome has written, no stranger can make.

use super::Session;
use crate::conversation::ConversationId;
use crate::identity::is_named_in;
use crate::ports::{Ports, StoreError};
use crate::thread::{Shown, fold};

/// How many of the newest messages of a conversation are looked at.
const LOOK_BACK: usize = 60;

impl<P: Ports> Session<P> {
    /// Whether the peer of a conversation has written one of these names and addresses lately. What they deleted, or edited
    /// away, does not count. Nobody is asked anything: the device alone is looked at.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mentions(&self, conversation: ConversationId, whom: &[String]) -> Result<bool, StoreError> {
        let page = self.page(conversation, None, LOOK_BACK).await?;
        Ok(fold(&page.messages).iter().any(|entry| match &entry.shown {
            Shown::Text { text, .. } => !entry.own && whom.iter().any(|whom| is_named_in(whom, text)),
            Shown::Deleted => false,
        }))
    }
}
