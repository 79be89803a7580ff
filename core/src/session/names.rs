//! Names of peers. A name that is kept is a claim: names can be given away, so it counts only for as long as it was
//! checked a moment ago.
//!
//! ```text
//! kept name ──ENS──▶ the peer's address     checked: shown as theirs, for ten minutes
//!                    another address        not theirs any more: a line of the conversation says since when
//!                    no address             likewise
//!                    no answer              can't be checked now
//! ```

use super::name_checks::{FRESH, NameStanding};
use super::{FindError, Session};
use crate::conversation::ConversationId;
use crate::device::{Contact, Notice};
use crate::identity::{Address, EnsName};
use crate::ports::{Clock as _, Ports, Store as _, StoreError};

/// What became of checking a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedName {
    /// The name that the peer is known by now.
    pub name: Option<EnsName>,
    /// What is known of it.
    pub standing: NameStanding,
    /// Whether another name, or none, was kept before.
    pub changed: bool,
}

impl<P: Ports> Session<P> {
    /// What is known now of a name that is kept for the peer of a conversation. Asks nobody.
    pub fn name_standing(&self, conversation: ConversationId, name: &EnsName) -> NameStanding {
        self.name_checks.standing(conversation.peer(), name, self.ports().clock().now() / 1000)
    }

    /// For how many more milliseconds such a name counts as checked; 0 if it does not.
    pub fn name_lasts(&self, conversation: ConversationId, name: &EnsName) -> u64 {
        let now = self.ports().clock().now();
        // Checks are noted by the second.
        let lasts = self.name_checks.lasts(conversation.peer(), name, now / 1000);
        (lasts * 1000).saturating_sub(now % 1000)
    }

    /// Notes that a name led to a peer a moment ago.
    pub(super) fn name_was_checked(&self, peer: Address, name: &EnsName) {
        self.name_checks.note(peer, name, self.ports().clock().now() / 1000 + FRESH);
    }

    /// Checks the name that is kept for the peer of a conversation. One that leads elsewhere is theirs no more; then, and
    /// where there is none, what they call themselves takes its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check_name(&self, conversation: ConversationId) -> Result<CheckedName, StoreError> {
        let ConversationId::Peer(peer) = conversation;
        let kept = self.contact(conversation).await?.and_then(|contact| contact.name);
        let mut changed = false;
        if let Some(name) = kept {
            let standing = match self.directory.address_of(&name).await {
                Ok(Some(address)) if address == peer => {
                    self.name_was_checked(peer, &name);
                    NameStanding::Checked
                }
                Ok(Some(to)) | Err(FindError::NotItself { address: to, .. }) => {
                    changed = self.name_lost(peer, &name, Some(to)).await?;
                    NameStanding::Unchecked
                }
                Ok(None) => {
                    changed = self.name_lost(peer, &name, None).await?;
                    NameStanding::Unchecked
                }
                Err(_) => {
                    // One that was checked a moment ago still counts.
                    if self.name_standing(conversation, &name) != NameStanding::Checked {
                        self.name_checks.note(peer, &name, 0);
                    }
                    self.name_standing(conversation, &name)
                }
            };
            if standing != NameStanding::Unchecked {
                return Ok(CheckedName { name: Some(name), standing, changed: false });
            }
        }
        let name = match self.learn_name(conversation).await {
            Ok(name) => name,
            Err(FindError::Store(error)) => return Err(error),
            // None is known now; whoever checks names goes on to do so.
            Err(_) => None,
        };
        changed |= name.is_some();
        let standing = if name.is_some() { NameStanding::Checked } else { NameStanding::Unchecked };
        Ok(CheckedName { name, standing, changed })
    }

    /// Notes in a conversation that the name of its peer belongs to another account, or to none. Tells whether it was
    /// kept as theirs.
    async fn name_lost(
        &self,
        peer: Address,
        name: &EnsName,
        to: Option<Address>,
    ) -> Result<bool, StoreError> {
        let Some(known) = self.contact(ConversationId::Peer(peer)).await? else { return Ok(false) };
        if known.name.as_ref() != Some(name) {
            return Ok(false);
        }
        let (lost, now) = (name.clone(), self.now());
        let change = move |contact: &mut Contact| {
            // Another tab may have been faster.
            if contact.name.as_ref() == Some(&lost) {
                contact.name = None;
                contact.found_at.retain(|name| *name != lost);
                let notice = match to {
                    Some(to) => Notice::NameMoved { name: lost, to },
                    None => Notice::NameGone { name: lost },
                };
                contact.notice(notice, now);
            }
        };
        self.change_known(peer, change).await?;
        Ok(true)
    }

    /// A name was found to lead to a peer: whoever else is kept under it has it no more. Gives whose conversations
    /// that changed.
    pub(super) async fn name_found(&self, peer: Address, name: &EnsName) -> Result<(), StoreError> {
        self.name_was_checked(peer, name);
        for contact in self.ports().store().contacts(self.account).await? {
            let other = contact.conversation.peer();
            if other != peer && contact.name.as_ref() == Some(name) {
                self.name_lost(other, name, Some(peer)).await?;
            }
        }
        Ok(())
    }
}
