//! What came of a step.

use crate::conversation::ConversationId;
use crate::delivery::api::ApiError;
use crate::ports::StoreError;
use crate::session::HomeError;

/// What came from the node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// The conversations in which something changed, each once.
    pub changed: Vec<ConversationId>,
    /// Something that the person chose is different.
    pub settings: bool,
    /// There is more: go on.
    pub more: bool,
}

/// What came of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Older {
    /// How many messages were not here before.
    pub new: usize,
    /// There are older ones.
    pub more: bool,
}

/// What was brought to the node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// How many records were written.
    pub written: usize,
    /// There is more: go on.
    pub more: bool,
    /// The node has no room for more: what is new stays on this device.
    pub full: bool,
    /// How many are larger than the node takes: they stay on this device.
    pub too_large: usize,
    /// What came from the node meanwhile, since another device had written about the same.
    pub pulled: Pulled,
}

impl Pulled {
    /// Whether nothing came.
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && !self.settings
    }

    /// Adds what came then.
    pub(super) fn add(&mut self, more: Self) {
        self.settings |= more.settings;
        for conversation in more.changed {
            if !self.changed.contains(&conversation) {
                self.changed.push(conversation);
            }
        }
    }
}

/// Why the history could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The page's node keeps none in records of our own, or is no delivery service of the account.
    #[error("this node keeps no history for this account")]
    NotOffered,
    /// The node can't be used now.
    #[error(transparent)]
    Node(#[from] HomeError),
    /// The device does not keep or give records.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ApiError> for HistoryError {
    fn from(error: ApiError) -> Self {
        Self::Node(HomeError::Api(error))
    }
}
