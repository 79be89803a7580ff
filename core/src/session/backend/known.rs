//! What a session knows of the backend.

use std::cell::{Cell, RefCell};

use futures_util::future::LocalBoxFuture;

use crate::conversation::ConversationId;
use crate::index::Index;
use crate::ports::StoreError;
use crate::session::history::{HistoryError, Older};
use crate::web::SessionToken;

/// How many rows are remembered; then all are forgotten, which costs a few requests.
const MAX_ROWS: usize = 20_000;

/// Brings what is new to the backend; whether a delivery service may let go of what was taken in.
type Keep<S> = for<'a> fn(&'a S) -> LocalBoxFuture<'a, bool>;
/// Reads older messages of a conversation.
type ReadOlder<S> = for<'a> fn(&'a S, ConversationId) -> LocalBoxFuture<'a, Result<Older, HistoryError>>;

/// Whether there may be older messages of a conversation.
type HasOlder<S> = for<'a> fn(&'a S, ConversationId) -> LocalBoxFuture<'a, Result<bool, StoreError>>;

/// What a session of the type `S` knows of the backend.
pub struct Backend<S> {
    pub(super) token: RefCell<Option<SessionToken>>,
    /// Set by who keeps the backend. Whoever does not carries no code for it.
    pub(super) keep: Cell<Option<Keep<S>>>,
    pub(super) read_older: Cell<Option<ReadOlder<S>>>,
    pub(super) has_older: Cell<Option<HasOlder<S>>>,
    /// The rows that were met, by the server's ids.
    rows: RefCell<Index>,
    /// How far conversations were written, so that marks are not read for nothing.
    written: RefCell<Vec<(ConversationId, Written)>>,
    /// Somebody is writing.
    busy: Cell<bool>,
    /// Which page of the list of conversations is read next.
    pub(super) page: Cell<usize>,
    /// The list was read to its end.
    pub(super) listed: Cell<bool>,
    /// Since when not everything can be brought there: milliseconds; 0 if everything is there.
    pub(super) behind_since: Cell<u64>,
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// It is there.
    There = 1,
    /// It is there and waits for its receiver.
    Halted = 2,
    /// It is there as one that could not be delivered.
    Failed = 3,
    /// It can't be proven.
    Doubted = 4,
}

impl<S> Default for Backend<S> {
    fn default() -> Self {
        Self {
            token: RefCell::default(),
            keep: Cell::new(None),
            read_older: Cell::new(None),
            has_older: Cell::new(None),
            rows: RefCell::default(),
            written: RefCell::default(),
            busy: Cell::new(false),
            page: Cell::new(0),
            listed: Cell::new(false),
            behind_since: Cell::new(0),
        }
    }
}

impl<S> Backend<S> {
    pub(super) fn row(&self, id: &str) -> Option<Row> {
        [Row::There, Row::Halted, Row::Failed, Row::Doubted]
            .into_iter()
            .find(|row| self.rows.borrow().get(id) == Some(*row as usize))
    }

    pub(super) fn met(&self, id: String, row: Row) {
        if self.rows.borrow().len() >= MAX_ROWS {
            *self.rows.borrow_mut() = Index::default();
        }
        self.rows.borrow_mut().insert(id, row as usize);
    }

    /// Whether a conversation is known to be written so far.
    pub(super) fn is_written(&self, conversation: ConversationId, so_far: Written) -> bool {
        self.written.borrow().contains(&(conversation, so_far))
    }

    pub(super) fn was_written(&self, conversation: ConversationId, so_far: Written) {
        let mut written = self.written.borrow_mut();
        written.retain(|(known, _)| *known != conversation);
        written.push((conversation, so_far));
    }

    /// A turn to write; `None` while somebody else has it.
    pub(super) fn turn(&self) -> Option<Turn<'_>> {
        (!self.busy.replace(true)).then_some(Turn(&self.busy))
    }
}

/// How far a conversation is written: up to which change, and which read marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub changes: u64,
    pub read_until: u64,
}

/// A turn to write; given back when dropped.
pub(super) struct Turn<'a>(&'a Cell<bool>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
