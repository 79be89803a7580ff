//! What is loaded when it is used, as the rest of the application reaches it: tables of functions. Each is a part
//! ([`Part`](super::part::Part)). They take the driver (`D`) or the account that is signed in (`A`).

use std::sync::Arc;

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::Stake;
use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use dm3_core::session::{Decision, FindError, NewMessage, Peer};
use futures_util::future::LocalBoxFuture;

use super::command::{
    Act, AttentionAsk, BackupAsk, Choice, Command, FilesAsk, FormAsk, OwnAsk, ServicesAsk, SettingsAsk,
    ShareAsk, StakeAsk,
};
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
    /// The node wants something at stake.
    pub(super) tell_stake: fn(D, Stake) -> Task,
}

/// What goes on for somebody who is signed in, beyond the list that the device has.
pub struct ChatSteps<A> {
    /// What runs for as long as they are signed in.
    pub(super) begin: fn(&A),
    pub(super) carry_out: fn(A, Command) -> Option<Task>,
}

/// Makes of a text what is the same for all its spellings: small letters without accents.
pub type Fold = fn(&str) -> String;

/// Understanding whatever somebody types to say whom they mean, and finding them while they type.
pub struct SearchSteps<A> {
    pub(super) find: fn(A, String) -> LocalBoxFuture<'static, Result<Peer, FindError>>,
    pub(super) look_up: fn(A, String) -> Task,
    /// Finds messages that say what they type.
    pub(super) find_texts: fn(A, String, Fold) -> Task,
    pub(super) fold: Fold,
}

/// Opening conversations, and writing.
pub struct ThreadSteps<A> {
    pub(super) open: fn(A, String) -> Task,
    pub(super) open_peer: fn(A, Address) -> Task,
    /// The page says anew what the conversation is about that it asked for.
    pub(super) context_changed: fn(A) -> Task,
    pub(super) send: fn(A, String) -> Task,
    pub(super) check_peer: fn(A) -> Task,
    /// What stands at the end of the open conversation may be seen now.
    pub(super) seen: fn(A) -> Task,
    /// Shows what is new in the open conversation; tells whether it was read by that.
    pub(super) follow: fn(A) -> LocalBoxFuture<'static, bool>,
}

/// What goes on for as long as somebody is signed in and holds the lease.
pub struct WorkSteps<A> {
    /// Never ends by itself.
    pub(super) work: fn(A) -> Task,
}

/// What the account's node has of it, for all of its devices.
pub struct HistorySteps<A> {
    pub(super) fetch_older: fn(A) -> Task,
    pub(super) load_older: fn(A) -> Task,
    pub(super) share_drafts: fn(A) -> Task,
    pub(super) fetch_draft: fn(A, String) -> Task,
    pub(super) go_on_composing: fn(A, String) -> Task,
}

/// Knowing who people are, what is decided about them, and what they are told. Somebody sees their list and writes before.
pub struct PeopleSteps<A> {
    pub(super) learn_own_name: fn(A) -> Task,
    pub(super) check_names: fn(A) -> Task,
    /// Keeps true what is told by the day and by what was checked a moment ago, for as long as the account is signed in.
    pub(super) follow_time: fn(A) -> Task,
    /// Makes that true now.
    pub(super) look_at_time: fn(&A),
    pub(super) name_peers: fn(A, Vec<ConversationId>) -> Task,
    pub(super) watch_name: fn(A) -> Task,
    pub(super) accept_profile: fn(A, Address) -> Task,
    pub(super) learn_conditions: fn(A) -> Task,
    pub(super) decide: fn(A, Address, Decision) -> Task,
    pub(super) name_welcome: fn(A) -> Task,
    pub(super) received: fn(A, Vec<NewMessage>) -> Task,
    pub(super) seen: fn(A, ConversationId, usize) -> Task,
    pub(super) sent: fn(A, MessageHash) -> Task,
    /// Another device of the account chose something; perhaps that this one is signed out.
    pub(super) obey: fn(A) -> Task,
}

/// Everything of the account as one file.
pub struct BackupSteps<A> {
    pub(super) carry_out: fn(A, Arc<BackupAsk>) -> Task,
}

/// What can be set.
pub struct SettingsSteps<A> {
    pub(super) carry_out: fn(A, Arc<SettingsAsk>) -> Task,
}

/// What is the account's own; and contacts.
pub struct OwnSteps<A> {
    pub(super) carry_out: fn(A, OwnAsk) -> Task,
    /// Shows what there is to know of the open conversation's peer.
    pub(super) card: fn(A) -> Task,
}

/// The account's delivery services.
pub struct ServicesSteps<A> {
    pub(super) carry_out: fn(A, ServicesAsk) -> Task,
}

/// What is done with messages of the open conversation.
pub struct TalkSteps<A> {
    pub(super) act: fn(A, Arc<Act>) -> Task,
}

/// Attachments, those that came and those that are to be sent.
pub struct FilesSteps<A> {
    pub(super) carry_out: fn(A, Arc<FilesAsk>) -> Task,
}

/// What goes from the open conversation elsewhere.
pub struct ShareSteps<A> {
    pub(super) carry_out: fn(A, ShareAsk) -> Task,
}

/// What the open conversation's peer demands, and what is at stake.
pub struct StakeSteps<A> {
    pub(super) carry_out: fn(A, StakeAsk) -> Task,
    /// Whether what was promised to somebody holds in the week of now.
    pub(super) is_promised_now: fn(A, Address) -> LocalBoxFuture<'static, bool>,
}

/// Payments for answers.
pub struct AttentionSteps<A> {
    pub(super) carry_out: fn(A, AttentionAsk) -> Task,
}

/// What a site asks for beside a chat.
pub struct SiteSteps<D, A> {
    /// What somebody asks for who writes before they sign in.
    pub(super) form: fn(D, FormAsk) -> Task,
    /// A conversation was opened, or its peer has written.
    pub(super) opened: fn(A) -> Task,
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
    /// Finding whom somebody types.
    pub search: Load<SearchSteps<A>>,
    /// Opening conversations, and writing.
    pub thread: Load<ThreadSteps<A>>,
    /// Delivering what was written.
    pub deliver: Load<WorkSteps<A>>,
    /// Picking up what came.
    pub pick_up: Load<WorkSteps<A>>,
    /// Keeping what its devices share on its node.
    pub history: Load<WorkSteps<A>>,
    /// The same at a node of the deployed kind.
    pub backend: Load<WorkSteps<A>>,
    /// What its node has of it.
    pub kept: Load<HistorySteps<A>>,
    /// Who people are.
    pub people: Load<PeopleSteps<A>>,
    /// Everything as one file.
    pub backup: Load<BackupSteps<A>>,
    /// What can be set.
    pub settings: Load<SettingsSteps<A>>,
    /// What is the account's own; and contacts.
    pub own: Load<OwnSteps<A>>,
    /// The account's delivery services.
    pub services: Load<ServicesSteps<A>>,
    /// What is done with messages.
    pub talk: Load<TalkSteps<A>>,
    /// Attachments.
    pub files: Load<FilesSteps<A>>,
    /// What goes elsewhere.
    pub share: Load<ShareSteps<A>>,
    /// What is at stake.
    pub stake: Load<StakeSteps<A>>,
    /// Payments for answers.
    pub attention: Load<AttentionSteps<A>>,
    /// What a site asks for.
    pub site: Load<SiteSteps<D, A>>,
}

impl<A> Clone for ChatSteps<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for ChatSteps<A> {}
