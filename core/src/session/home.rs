//! A delivery service that takes messages for the account.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::FindError;
use super::ahead::Ahead;
use crate::delivery::Discovery;
use crate::delivery::api::{ApiError, MailboxPage};
use crate::identity::EnsName;
use crate::ports::{StoreError, Unreachable};
use crate::seal::signing::SigningKey;
use crate::turns::Turns;
use crate::web::{BaseUrl, SessionToken};

/// A delivery service of the account.
pub struct Home {
    /// Its ENS name.
    pub name: EnsName,
    pub(super) url: BaseUrl,
    pub(super) socket: BaseUrl,
    pub(super) token: RefCell<Option<SessionToken>>,
    /// Those who log in, one after the other; and whether no connection was made yet with what came of it.
    pub(super) logging_in: Turns,
    pub(super) is_fresh: Cell<bool>,
    /// What was found in the mailbox before anything was to be taken in.
    pub(super) early_page: RefCell<Option<MailboxPage>>,
    /// What it signs postmarks with, once that was looked up.
    pub(super) signing_key: Cell<Option<SigningKey>>,
    /// What is known of its mailbox.
    pub(super) mailbox: RefCell<Mailbox>,
    /// Up to which number its mailbox was read by this session.
    pub(super) after: Cell<u64>,
    /// Somebody has begun to read it.
    pub(super) is_read: Cell<bool>,
    /// How its clock differs from this device's.
    pub(super) ahead: Cell<Option<Ahead>>,
}

impl Home {
    /// The host that it is reached at.
    pub fn host(&self) -> &str {
        self.url.authority()
    }

    /// Whether somebody has logged in.
    pub(crate) fn is_logged_in(&self) -> bool {
        self.token.borrow().is_some()
    }

    /// Whether something of its mailbox is here that nobody has taken in.
    pub(crate) fn has_page(&self) -> bool {
        self.early_page.borrow().is_some()
    }

    /// That of a node.
    pub(super) fn of_node(node: &Discovery) -> Rc<Self> {
        let mailbox = node.mailbox_url.clone().map_or(Mailbox::Listed, Mailbox::Numbered);
        Self::new(&node.name, node.delivery_service_url.clone(), node.socket_url.clone(), mailbox)
    }

    /// One that nobody has logged in to yet.
    pub(super) fn new(name: &EnsName, url: BaseUrl, socket: BaseUrl, mailbox: Mailbox) -> Rc<Self> {
        Rc::new(Self {
            name: name.clone(),
            url,
            socket,
            token: RefCell::default(),
            logging_in: Turns::default(),
            is_fresh: Cell::new(false),
            early_page: RefCell::default(),
            signing_key: Cell::new(None),
            mailbox: RefCell::new(mailbox),
            after: Cell::new(0),
            is_read: Cell::new(false),
            ahead: Cell::new(None),
        })
    }
}

/// How a mailbox can be read.
#[derive(Clone)]
pub(super) enum Mailbox {
    /// Nobody has asked yet.
    Unknown,
    /// All at once, as far as the server shows it.
    Listed,
    /// Page by page, here; the account's name follows.
    Numbered(BaseUrl),
}

/// Why the account's own delivery service can't be used now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HomeError {
    /// It does not answer.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// It answers, but refuses.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// It, or the account's own profile, could not be looked up.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The account has no profile any more.
    #[error("this account's dm3 profile has disappeared; please sign in again")]
    NoProfile,
    /// The account's profile holds other keys than this device: it was replaced elsewhere.
    #[error("this account was signed in elsewhere with other keys; please sign in again")]
    KeysReplaced,
    /// The device does not keep or give records.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The live connection ended.
    #[error("the live connection was closed")]
    Closed,
}
