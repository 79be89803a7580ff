//! The use cases: sign in, send, receive. The only room that awaits.
//!
//! ```text
//! SignIn ──wallet──▶ Registration? ──wallet──▶ SignedIn ──▶ Session
//! Session: compose ─▶ outbox ─flush─▶ the peer's delivery service
//!          own delivery service ─sync / live─▶ accept ─▶ store ─▶ acknowledge
//!          conversations, page ◀── store
//! ```
//!
//! Whoever wants more asks for it, and pays for nothing else: [`Session::conditions`] and [`Session::write`] (what the
//! receiver takes, known beforehand), [`Session::write_receipts`], [`Session::answer_resend_request`],
//! [`Session::deliver_to_all`] (every delivery service rather than one), [`Session::export`] and [`Session::import`] (everything
//! as one file) and [`Session::audit`] (what an envelope's
//! outside proves).

mod ahead;
mod answered;
mod attention;
mod audit;
mod backend;
mod backup;
mod burn_record;
mod channels;
mod claims;
mod conditions;
mod conversations;
mod deadline;
mod demands;
mod detours;
mod devices;
mod directory;
mod each;
mod entry_stake;
mod files;
mod handed;
mod history;
mod home;
#[cfg(feature = "ipfs")]
mod ipfs;
mod kept_token;
mod live;
mod log_in;
mod mentions;
mod name_checks;
mod names;
mod own_search;
mod pauses;
mod people;
mod prove;
mod publish;
mod put_in;
mod receipts;
mod receive;
mod remembered;
mod resend;
mod room;
mod route;
mod send;
mod services;
mod services_left;
mod settle;
mod sign_in;
mod stake;
mod standing;
mod texts;
mod time;
mod transactions;
mod two_chains;
mod wishes;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub use attention::Fate;
pub use audit::{Audit, AuditError, NameCheck};
pub use backup::{ExportError, Import, ImportError, Restored};
pub use burn_record::BurnRecord;
pub use channels::MailError;
pub use claims::ClaimError;
pub use conditions::{AskError, Conditions, WriteError};
pub use conversations::{Overview, Page};
pub use demands::Demand;
pub use devices::Device;
pub use directory::{Askable, Directory, FindError, Holding, Peer, Token, Usage};
pub use files::{Carried, FetchError, KeepError};
pub use handed::{Handed, Wait};
pub use history::{HistoryError, Older, Pulled, Pushed};
pub use home::{Home, HomeError};
#[cfg(feature = "ipfs")]
pub use ipfs::IpfsGateways;
pub use live::Live;
pub use name_checks::NameStanding;
pub use names::CheckedName;
pub use own_search::Searched;
pub use publish::{NameStands, OwnEns, Publication, PublishError};
pub use receive::{NewMessage, Occasion, Received};
pub use remembered::{forget, leave, remember_account, remembered_account, remembered_seed};
pub use resend::{ResendBudget, Resent};
pub use room::Room;
pub use route::Progress;
pub use send::Flushed;
pub use services::{Asked, MOST_SERVICES, Services, ServicesError};
pub use services_left::LeftService;
pub use sign_in::{Keys, Registration, SignIn, SignInError, SignedIn};
pub use stake::{OwnDeposit, StakeError, Staked};
pub use standing::Decision;
pub use texts::FoundTexts;
pub use transactions::{Outcome, SentTransaction};
pub use two_chains::{TwoChains, WalletChain};

use name_checks::NameChecks;
use pauses::Pauses;
use receive::{Seen, Shelf};

use crate::identity::{Address, EnsName, KeySeed, ProfileKeys};
use crate::message::MessageHash;
use crate::ports::Ports;
use crate::storage::StorageKeys;
use crate::turns::Turns;

/// A signed-in account.
pub struct Session<P> {
    directory: Rc<Directory<P>>,
    account: Address,
    alias: EnsName,
    keys: ProfileKeys,
    /// Under which the account keeps its history.
    storage_keys: StorageKeys,
    limits: history::Limits,
    backend: backend::Backend<Self>,
    /// The node's own delivery service, whether or not it is one of the account's.
    node: Rc<Home>,
    homes: RefCell<Vec<Rc<Home>>>,
    /// Nothing is left to be looked up for [`Self::homes`].
    all_homes_found: Cell<bool>,
    /// When they were looked up last, by this device's clock: milliseconds since 1970.
    homes_found: Cell<u64>,
    /// Which of these times those that were left were looked up for.
    left_found: Cell<u64>,
    /// What is kept of the time; the outer `None` until that was read.
    kept_time: Cell<Option<Option<ahead::Ahead>>>,
    /// The time of the newest own message, so that the next one is later even within a millisecond.
    last_sent: Cell<u64>,
    /// What became of messages that the device could not note.
    not_noted: RefCell<Vec<(MessageHash, Handed)>>,
    /// The account's profile was seen with other keys.
    keys_replaced: Cell<bool>,
    pauses: Pauses,
    name_checks: NameChecks,
    /// The envelopes that came.
    seen: RefCell<Seen>,
    /// Senders' messages are stored one sender after the other, so that those of the first can be read before all others
    /// are written.
    storing: Turns,
    /// Whom the node lets write whatever they meet; `None` until that was asked.
    allowed: RefCell<Option<Vec<String>>>,
    /// How much is kept of what can't be taken in; `None` until that was counted.
    shelf: RefCell<Option<Shelf>>,
    /// Who was found since what is kept was tried last.
    found: RefCell<Vec<Address>>,
    /// Messages that were refused for no good reason, and since when.
    doubted: RefCell<Vec<(MessageHash, u64)>>,
    /// Those whose finding made something due lately, and when.
    found_before: RefCell<Vec<(Address, u64)>>,
}

impl<P: Ports> Session<P> {
    /// Goes on with an account whose keys are on this device. Asks neither wallet nor network.
    pub fn resume(directory: Rc<Directory<P>>, account: Address, seed: &KeySeed) -> Self {
        let alias = directory.alias(account);
        let node = Home::of_node(directory.discovery());
        Self {
            directory,
            account,
            alias,
            keys: ProfileKeys::derive(seed),
            storage_keys: StorageKeys::derive(seed, account),
            limits: history::Limits::default(),
            backend: backend::Backend::default(),
            node,
            homes: RefCell::default(),
            all_homes_found: Cell::new(false),
            homes_found: Cell::new(0),
            left_found: Cell::new(0),
            kept_time: Cell::new(None),
            last_sent: Cell::new(0),
            not_noted: RefCell::default(),
            keys_replaced: Cell::new(false),
            pauses: Pauses::default(),
            name_checks: NameChecks::default(),
            seen: RefCell::default(),
            storing: Turns::default(),
            allowed: RefCell::default(),
            shelf: RefCell::default(),
            found: RefCell::default(),
            doubted: RefCell::default(),
            found_before: RefCell::default(),
        }
    }

    /// The account.
    pub fn account(&self) -> Address {
        self.account
    }

    /// Where people are looked up.
    pub fn directory(&self) -> &Directory<P> {
        &self.directory
    }

    pub(crate) fn ports(&self) -> &P {
        self.directory.ports()
    }
}
