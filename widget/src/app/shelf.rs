//! What is held for the attachments of the open conversation.

use std::cell::{Cell, RefCell};

use dm3_core::conversation::ConversationId;
use dm3_core::message::MessageHash;

use super::state::Apart;

/// What is held for the attachments of the open conversation.
#[derive(Default)]
pub(super) struct Shelf {
    /// What was attached in conversations that are not open, and where its files are.
    pub(super) left: RefCell<Vec<(ConversationId, Apart, Vec<String>)>>,
    /// Where files are that the page can show or save.
    pub(super) urls: RefCell<Vec<String>>,
    /// Counts the conversations that were opened: what was begun for one is not shown in another.
    pub(super) round: Cell<u64>,
    /// The messages whose attachments are to be shown, those that were asked for last at the end.
    pub(super) asked: RefCell<Vec<(MessageHash, bool)>>,
    /// Somebody goes through them.
    pub(super) showing: Cell<bool>,
    /// How many bytes of them are shown.
    pub(super) held: Cell<usize>,
    /// The number of the last file that was attached.
    pub(super) number: Cell<u64>,
    /// Counts how often it was asked whether there is room: only the last answer is shown.
    pub(super) weighed: Cell<u64>,
    /// Files are being brought to the account's node.
    pub(super) sending: Cell<bool>,
    /// Counts what was stopped of what is sent to a node or fetched from one.
    pub(super) carried: Cell<u64>,
    /// Somebody sees to it that nothing of this outlives the account.
    pub(super) guarded: Cell<bool>,
}
