//! What is loaded when it is used, as the rest of the application reaches it: tables of functions. Each is a part
//! ([`Part`](super::part::Part)). They take the driver (`D`) or the account that is signed in (`A`).

use std::collections::BTreeSet;

use dm3_core::conversation::ConversationId;
use dm3_core::message::MessageHash;
use futures_util::future::LocalBoxFuture;

use super::command::{BackupAsk, Choice, Command};
use super::part::PartMissing;
use super::platform::Task;

/// The steps of signing in.
pub struct SignInSteps<D> {
    pub(super) connect: fn(D, String) -> Task,
    pub(super) create_keys: fn(D) -> Task,
    pub(super) publish_profile: fn(D) -> Task,
}

/// The ways to keys that don't follow from the wallet alone.
pub struct KeysSteps<D> {
    pub(super) go_on: fn(D, Choice) -> Task,
    pub(super) own_keys: fn(D) -> Task,
}

/// What goes on for somebody who is signed in, beyond the list that the device has.
pub struct ChatSteps<A> {
    /// What runs for as long as they are signed in.
    pub(super) begin: fn(&A),
    pub(super) carry_out: fn(A, Command) -> Option<Task>,
}

/// What goes on beside: staying in touch with the account's delivery services and its other devices, and knowing who people
/// are. Somebody sees their list and writes before.
pub struct SyncSteps<A> {
    /// Never ends by itself.
    pub(super) stay_in_touch: fn(A) -> Task,
    pub(super) learn_own_name: fn(A) -> Task,
    pub(super) check_names: fn(A) -> Task,
    pub(super) name_peers: fn(A, BTreeSet<ConversationId>) -> Task,
    pub(super) watch_name: fn(A) -> Task,
    pub(super) accept_profile: fn(A) -> Task,
    pub(super) learn_conditions: fn(A) -> Task,
    pub(super) fetch_older: fn(A) -> Task,
    pub(super) resend: fn(A, MessageHash) -> Task,
    pub(super) stop: fn(A, MessageHash) -> Task,
    pub(super) share_drafts: fn(A) -> Task,
    pub(super) fetch_draft: fn(A) -> Task,
}

/// Keeping the account's history as deployed clients do, at a node that keeps none of ours.
pub struct BackendSteps<A> {
    /// Never ends by itself.
    pub(super) keep: fn(A) -> Task,
}

/// Everything of the account as one file.
pub struct BackupSteps<A> {
    pub(super) carry_out: fn(A, BackupAsk) -> Task,
}

/// Loads a table.
pub type Load<T> = fn() -> LocalBoxFuture<'static, Result<T, PartMissing>>;

/// What is loaded when it is used: for somebody who signs in (`D`), and for somebody who is signed in (`A`).
pub struct Later<D, A> {
    /// Signing in.
    pub sign_in: Load<SignInSteps<D>>,
    /// Keys that don't follow from the wallet alone.
    pub keys: Load<KeysSteps<D>>,
    /// Being signed in.
    pub chat: Load<ChatSteps<A>>,
    /// What goes on beside.
    pub sync: Load<SyncSteps<A>>,
    /// The history at a node of the deployed kind.
    pub backend: Load<BackendSteps<A>>,
    /// Everything as one file.
    pub backup: Load<BackupSteps<A>>,
}

impl<A> Clone for ChatSteps<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for ChatSteps<A> {}
