//! What the nodes on one database tell each other. A SQLite file is one node's alone: nobody ever tells it anything.

use dm3_core::identity::Address;

use super::StoreError;

/// What another node tells this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It put messages into a mailbox.
    Messages(Arrival),
    /// It wrote an account's history.
    History {
        /// The account.
        owner: Address,
        /// The number of the last change.
        change: u64,
    },
    /// It asks whether an account has a socket open here; if so, it wants an answer.
    Asked {
        /// The account.
        account: Address,
        /// What the answer is to.
        question: Question,
    },
    /// An account's sessions are over.
    SignedOut {
        /// The account.
        account: Address,
    },
    /// The connection was lost for a while. Messages that were not told of are told of now, but of history some
    /// may never be.
    Interrupted,
}

/// Messages that another node put into a mailbox: those with numbers from `first` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The receiver.
    pub mailbox: Address,
    /// The number of the first one.
    pub first: i64,
    /// The number of the last one.
    pub last: i64,
}

/// Names a question of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question(pub(super) String);

/// What the other nodes have to tell.
#[async_trait::async_trait]
pub trait NoticeStore: Send + Sync {
    /// Waits for another node to tell something; for ever, if no other node has this database. After a lost
    /// connection it catches up, and may then tell of this node's own messages too.
    async fn notice(&self) -> Notice;

    /// Whether an account has a socket open at another node; `false` also if none of them answers in time.
    async fn is_connected_elsewhere(&self, account: Address) -> Result<bool, StoreError>;

    /// Answers yes.
    async fn answer(&self, question: Question) -> Result<(), StoreError>;
}
