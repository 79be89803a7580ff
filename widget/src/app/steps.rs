//! What is loaded when it is used, as the rest of the application reaches it: tables of functions. Each is a part
//! ([`Part`](super::part::Part)).

use std::collections::BTreeSet;
use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::message::MessageHash;
use futures_util::future::LocalBoxFuture;

use super::command::{Choice, Command};
use super::driver::{Active, Driver};
use super::part::PartMissing;
use super::platform::{Platform, Task};

/// The steps of signing in.
pub struct SignInSteps<P: Platform> {
    pub(super) connect: fn(Rc<Driver<P>>, String) -> Task,
    pub(super) create_keys: fn(Rc<Driver<P>>) -> Task,
    pub(super) publish_profile: fn(Rc<Driver<P>>) -> Task,
}

/// The ways to keys that don't follow from the wallet alone.
pub struct KeysSteps<P: Platform> {
    pub(super) go_on: fn(Rc<Driver<P>>, Choice) -> Task,
    pub(super) own_keys: fn(Rc<Driver<P>>) -> Task,
}

/// What goes on for somebody who is signed in, beyond the list that the device has.
pub struct ChatSteps<P: Platform> {
    /// What runs for as long as they are signed in.
    pub(super) begin: fn(&Active<P>),
    pub(super) carry_out: fn(Active<P>, Command) -> Option<Task>,
}

/// What goes on beside: staying in touch with the account's delivery services and its other devices, and knowing who people
/// are. Somebody sees their list and writes before.
pub struct SyncSteps<P: Platform> {
    /// Never ends by itself.
    pub(super) stay_in_touch: fn(Active<P>) -> Task,
    pub(super) learn_own_name: fn(Active<P>) -> Task,
    pub(super) check_names: fn(Active<P>) -> Task,
    pub(super) name_peers: fn(Active<P>, BTreeSet<ConversationId>) -> Task,
    pub(super) watch_name: fn(Active<P>) -> Task,
    pub(super) accept_profile: fn(Active<P>) -> Task,
    pub(super) learn_conditions: fn(Active<P>) -> Task,
    pub(super) fetch_older: fn(Active<P>) -> Task,
    pub(super) resend: fn(Active<P>, MessageHash) -> Task,
    pub(super) stop: fn(Active<P>, MessageHash) -> Task,
}

/// Keeping the account's history as deployed clients do, at a node that keeps none of ours.
pub struct BackendSteps<P: Platform> {
    /// Never ends by itself.
    pub(super) keep: fn(Active<P>) -> Task,
}

/// Loads a table.
pub type Load<T> = fn() -> LocalBoxFuture<'static, Result<T, PartMissing>>;

/// What is loaded when it is used.
pub struct Later<P: Platform> {
    /// Signing in.
    pub sign_in: Load<SignInSteps<P>>,
    /// Keys that don't follow from the wallet alone.
    pub keys: Load<KeysSteps<P>>,
    /// Being signed in.
    pub chat: Load<ChatSteps<P>>,
    /// What goes on beside.
    pub sync: Load<SyncSteps<P>>,
    /// The history at a node of the deployed kind.
    pub backend: Load<BackendSteps<P>>,
}

impl<P: Platform> Later<P> {
    /// All of it is there at once.
    pub fn at_once() -> Self {
        Self {
            sign_in: || Box::pin(async { Ok(SignInSteps::new()) }),
            keys: || Box::pin(async { Ok(KeysSteps::new()) }),
            chat: || Box::pin(async { Ok(ChatSteps::new()) }),
            sync: || Box::pin(async { Ok(SyncSteps::new()) }),
            backend: || Box::pin(async { Ok(BackendSteps::new()) }),
        }
    }
}

impl<P: Platform> Clone for ChatSteps<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Platform> Copy for ChatSteps<P> {}
