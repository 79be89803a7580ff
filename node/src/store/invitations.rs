//! Who may have an account where one needs an invitation.

use super::{Act, StoreError};

/// A code that was given to somebody. The code itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// SHA-256 of the code.
    pub code_hash: [u8; 32],
    /// What the operator remembers it by.
    pub note: String,
    /// How many accounts may be made with it.
    pub uses: u64,
    /// How many were.
    pub used: u64,
    /// Milliseconds since 1970.
    pub made_at: u64,
    /// Until when, in milliseconds since 1970; `None` for ever.
    pub expires_at: Option<u64>,
}

/// The invitations. They are used up by [`super::AccountStore::register`].
#[async_trait::async_trait]
pub trait InvitationStore: Send + Sync {
    /// Keeps a new one.
    async fn invite(&self, invitation: Invitation, act: Act) -> Result<(), StoreError>;

    /// Those that there are, the latest first.
    async fn invitations(&self, most: u32) -> Result<Vec<Invitation>, StoreError>;

    /// Nobody is let in by it any more; false if there is none.
    async fn revoke_invitation(&self, code_hash: [u8; 32], act: Act) -> Result<bool, StoreError>;
}
