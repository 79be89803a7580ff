//! What the use cases need from the world. A browser, a server and the tests each bring their own; one storage
//! contract suite (`testing`) holds for every store.

use crate::conversation::ConversationId;
use crate::device::{
    Account, Contact, JournalEntry, Kept, MessageRow, News, Position, Quarantined, SendState, Slot,
    StoredMessage, Summary,
};
use crate::identity::{Address, EnsName, KeySeed, NameError};
use crate::message::MessageHash;
use crate::registry::{
    CallOutcome, IpfsFault, IpfsLocation, RecordError, TransactionHash, TransactionReceipt,
    TransactionRequest, TypedData,
};
use crate::said::Said;
use crate::seal::Entropy;
use crate::web::{BaseUrl, HttpRequest, HttpResponse, HttpUrl, Outage, SessionToken};

/// The wallet of the person who signs in. Everything it says is checked.
#[allow(async_fn_in_trait, reason = "the browser has no threads; servers use concrete types")]
pub trait Wallet {
    /// Asks the person to sign a text with `personal_sign`; gives the signature as `0x…` text.
    async fn sign_text(&self, account: Address, text: &str) -> Result<String, WalletError>;
}

/// Why a wallet did not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The person said no (EIP-1193 code 4001). Nothing is wrong; they can try again.
    #[error("you declined the request in your wallet")]
    Refused,
    /// The wallet already shows a request (EIP-1474 code -32002).
    #[error("your wallet is waiting for an answer; please open it")]
    Pending,
    /// The account is not connected to this page any more (EIP-1193 codes 4100, 4900, 4901).
    #[error("your wallet is not connected to this page any more")]
    Disconnected,
    /// The wallet's answer is no signature.
    #[error("your wallet answered with something that is no signature")]
    Garbled,
    /// The wallet is not there any more.
    #[error("your wallet went away")]
    Gone,
    /// Anything else, in the wallet's own words.
    #[error("your wallet answered: {0}")]
    Failed(Said),
}

/// A wallet that sends transactions, too, and signs what contracts read. Who only signs in needs none.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait SendingWallet: Wallet {
    /// Asks the person to sign what a contract reads (`eth_signTypedData_v4`); gives the signature as `0x…` text.
    async fn sign_typed(&self, account: Address, typed: &TypedData) -> Result<String, TransactionError>;

    /// Asks the person to send a transaction on the chain with this number, and to change to that chain before, if the
    /// wallet is on another one. Gives the hash; whether it succeeds, the chain knows ([`Chain::receipt`]).
    async fn send(
        &self,
        account: Address,
        chain: u64,
        transaction: &TransactionRequest,
    ) -> Result<TransactionHash, TransactionError>;
}

/// Why a wallet sent no transaction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// As when it signs a text.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// It can't do so (EIP-1193 code 4200, JSON-RPC code -32601).
    #[error("your wallet can't do this")]
    Unsupported,
    /// It does not know the chain, or did not change to it.
    #[error("your wallet is on another chain")]
    OtherChain,
}

/// Read access to an Ethereum chain.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Chain {
    /// `eth_call` at the latest block. A revert is an outcome, not an error. Without a contract the data are code
    /// that runs once, and what it returns is the result.
    async fn call(&self, to: Option<Address>, data: &[u8]) -> Result<CallOutcome, Unreachable>;

    /// `eth_getTransactionCount` at the latest block: how many transactions an account has sent.
    async fn transactions(&self, account: Address) -> Result<u64, Unreachable>;

    /// `eth_getTransactionReceipt`: what became of a transaction; nothing while no block has it.
    async fn receipt(&self, hash: TransactionHash) -> Result<Option<TransactionReceipt>, Unreachable>;

    /// Another question in JSON-RPC, as [`crate::registry`] writes it; gives the answer as it came.
    async fn ask(&self, body: String) -> Result<String, Unreachable>;
}

/// Knows the ENSIP-15 rules for names outside ASCII, whose tables are too large to be everywhere. Names in ASCII
/// need no tables and never come here.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Normaliser {
    /// The normalised name; [`NameError::NoTables`] if the rules can't be had now.
    async fn normalise(&self, name: &str) -> Result<EnsName, NameError>;
}

/// HTTP without cookies and referrer, bounded in time and size by the adapter.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Http {
    /// Sends a request. Every status is a response.
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, Unreachable>;
}

/// Reads documents on IPFS. Those who don't take [`NoIpfs`], and carry no code for it.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Ipfs {
    /// The text of a document, proven by its address, from `gateway`, too, which the node offers and nobody need trust. The
    /// outer error may pass by itself, the inner one does not.
    async fn document(
        &self,
        link: &IpfsLocation,
        gateway: Option<&BaseUrl>,
    ) -> Result<Result<String, RecordError>, Unreachable>;
}

/// Reads nothing on IPFS: every such record is refused with [`RecordError::Ipfs`].
pub struct NoIpfs;

impl Ipfs for NoIpfs {
    async fn document(
        &self,
        _: &IpfsLocation,
        _: Option<&BaseUrl>,
    ) -> Result<Result<String, RecordError>, Unreachable> {
        Ok(Err(RecordError::Ipfs(IpfsFault::NotRead)))
    }
}

/// Carries bytes to a service and from it, bounded in time as [`Http`] is. Not one of the [`Ports`]: who never keeps or
/// fetches files brings none.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Carrier {
    /// Puts bytes, of the type `application/octet-stream`.
    async fn put(
        &self,
        url: &HttpUrl,
        token: &SessionToken,
        bytes: &[u8],
    ) -> Result<HttpResponse, Unreachable>;
    /// Deletes what is there.
    async fn delete(&self, url: &HttpUrl, token: &SessionToken) -> Result<HttpResponse, Unreachable>;
    /// The status, and the part that the header `Range` is to ask for; no more than `most` bytes.
    async fn part(&self, url: &HttpUrl, range: &str, most: u64) -> Result<(u16, Vec<u8>), Unreachable>;
}

/// HTTP whose answers are bytes, which the blocks of IPFS are.
#[cfg(feature = "ipfs")]
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Blocks {
    /// The body of the answer. Another status than success, and more bytes than `max`, are errors.
    async fn bytes(&self, request: &HttpRequest, max: usize) -> Result<Vec<u8>, Unreachable>;
}

/// Opens WebSockets.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Sockets {
    /// An open connection.
    type Connection: Connection;
    /// Connects to a `ws:` or `wss:` URL.
    async fn connect(&self, url: &str) -> Result<Self::Connection, Unreachable>;
}

/// One open WebSocket; closed when dropped.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Connection {
    /// Sends a text frame.
    async fn send(&mut self, text: &str) -> Result<(), Unreachable>;
    /// The next text frame; an error when the connection ended.
    async fn receive(&mut self) -> Result<String, Unreachable>;
}

/// The other side did not answer, or not in a way that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host} can't be reached: {outage}")]
pub struct Unreachable {
    /// Host and port.
    pub host: String,
    /// What happened.
    pub outage: Outage,
}

/// Where accounts, messages and keys stay between visits. One transaction per call: all of it or nothing. A record that
/// is damaged is left out of lists: it must not hide the others. After [`Self::erase`] every change for that owner is
/// refused with [`StoreError::SignedOut`], until there is a seed again: whoever has not heard of it writes nothing.
///
/// A conversation is there once it has a contact, and it gets one with its first message at the latest. Its
/// [`Summary`] changes in the transactions that change its messages. No call costs more because more is stored: each
/// reads what it gives and little beside it.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Store {
    /// The account that is signed in on this device.
    async fn account(&self) -> Result<Option<Account>, StoreError>;
    /// Remembers or forgets who is signed in.
    async fn set_account(&self, account: Option<&Account>) -> Result<(), StoreError>;
    /// The key seed of an account, unwrapped.
    async fn seed(&self, owner: Address) -> Result<Option<KeySeed>, StoreError>;
    /// The accounts whose key seeds are here, in no particular order.
    async fn owners(&self) -> Result<Vec<Address>, StoreError>;
    /// Keeps a key seed, wrapped by a key that never leaves the platform.
    async fn set_seed(&self, owner: Address, seed: &KeySeed) -> Result<(), StoreError>;
    /// Adds messages; one whose hash is already there is left as it is. Conversations that are not there are opened.
    /// Gives the hashes that were new.
    async fn add_messages(
        &self,
        owner: Address,
        messages: &[StoredMessage],
    ) -> Result<Vec<MessageHash>, StoreError>;
    /// Changes how far a message of ours has come. Unknown hashes are ignored.
    async fn set_state(
        &self,
        owner: Address,
        hash: &MessageHash,
        state: &SendState,
    ) -> Result<(), StoreError>;
    /// The message of this hash, of whichever conversation.
    async fn message(&self, owner: Address, hash: &MessageHash) -> Result<Option<MessageRow>, StoreError>;
    /// Up to `limit` messages of a conversation, newest first, older than `before` if given.
    async fn messages(
        &self,
        owner: Address,
        conversation: ConversationId,
        before: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<MessageRow>, StoreError>;
    /// The messages of a conversation that were added or whose state changed after the change of this number, as they
    /// are now; up to `limit`, the earliest changes first. Who has read the conversation and knows
    /// [`Summary::changes`] of then learns all news so.
    async fn changed_messages(
        &self,
        owner: Address,
        conversation: ConversationId,
        after: u64,
        limit: usize,
    ) -> Result<News<MessageRow>, StoreError>;
    /// Up to `limit` notes that are about this message ([`MessageRow::about`]), in no particular order.
    async fn notes_about(
        &self,
        owner: Address,
        hash: &MessageHash,
        limit: usize,
    ) -> Result<Vec<MessageRow>, StoreError>;
    /// The incoming message of a conversation that arrived last, at `until` at the latest.
    async fn last_incoming(
        &self,
        owner: Address,
        conversation: ConversationId,
        until: u64,
    ) -> Result<Option<MessageRow>, StoreError>;
    /// Own messages that no delivery service has accepted yet, oldest first.
    async fn outbox(&self, owner: Address) -> Result<Vec<MessageRow>, StoreError>;
    /// What is kept of a conversation.
    async fn contact(
        &self,
        owner: Address,
        conversation: ConversationId,
    ) -> Result<Option<Contact>, StoreError>;
    /// What is kept of all conversations, in no particular order.
    async fn contacts(&self, owner: Address) -> Result<Vec<Contact>, StoreError>;
    /// A conversation as a list shows it.
    async fn summary(
        &self,
        owner: Address,
        conversation: ConversationId,
    ) -> Result<Option<Summary>, StoreError>;
    /// All conversations as a list shows them, in no particular order.
    async fn summaries(&self, owner: Address) -> Result<Vec<Summary>, StoreError>;
    /// Adds or replaces a contact.
    async fn put_contact(&self, owner: Address, contact: &Contact) -> Result<(), StoreError> {
        let new = contact.clone();
        self.update_contact(owner, contact.conversation, Box::new(|_| Some(new))).await
    }
    /// Changes what is kept of a conversation, in one transaction with reading it: nothing that somebody else changes
    /// meanwhile is lost.
    async fn update_contact(
        &self,
        owner: Address,
        conversation: ConversationId,
        change: ContactChange,
    ) -> Result<(), StoreError>;
    /// How many incoming messages of a conversation arrived after a time.
    async fn count_incoming_after(
        &self,
        owner: Address,
        conversation: ConversationId,
        time: u64,
    ) -> Result<u64, StoreError>;
    /// Keeps what could not be proven; one with a known id is left as it is. At most `limit` are kept, the
    /// oldest make room.
    async fn add_quarantined(
        &self,
        owner: Address,
        items: &[Quarantined],
        limit: usize,
    ) -> Result<(), StoreError>;
    /// The ids of everything in quarantine.
    async fn quarantined_ids(&self, owner: Address) -> Result<Vec<String>, StoreError>;
    /// The envelopes that wait to be taken in, without their texts, in no particular order.
    async fn kept(&self, owner: Address) -> Result<Vec<Kept>, StoreError>;
    /// The text of an envelope that waits.
    async fn kept_envelope(&self, owner: Address, id: &str) -> Result<Option<String>, StoreError>;
    /// Adds or replaces envelopes that wait, and lets go of those with these ids, in one transaction. A text of `None`
    /// stays as it is.
    async fn change_kept(
        &self,
        owner: Address,
        put: &[(Kept, Option<String>)],
        let_go: &[String],
    ) -> Result<(), StoreError>;
    /// Adds messages that came back from where they had been kept. Of one whose hash is already there, the state is
    /// changed if this one is further, and of one that came in the arrival if this one is earlier; nothing else. Gives the hashes that were new or changed. Unlike all other
    /// changes of messages and contacts, this one is not entered in the journal.
    async fn restore_messages(
        &self,
        owner: Address,
        messages: &[StoredMessage],
    ) -> Result<Vec<MessageHash>, StoreError>;
    /// Up to `limit` entries of the journal: what messages, contacts and texts that travel have changed and were not
    /// struck out yet, oldest first. Entered with the change, in one transaction.
    async fn journal(&self, owner: Address, limit: usize) -> Result<Vec<JournalEntry>, StoreError>;
    /// Strikes entries out of the journal.
    async fn strike_out(&self, owner: Address, numbers: &[u64]) -> Result<(), StoreError>;
    /// Enters everything that is kept of an account into the journal, in place of what is there.
    async fn journal_all(&self, owner: Address) -> Result<(), StoreError>;
    /// A small text.
    async fn value(&self, owner: Address, slot: &Slot) -> Result<Option<String>, StoreError>;
    /// Adds, replaces or removes a small text.
    async fn set_value(&self, owner: Address, slot: &Slot, value: Option<&str>) -> Result<(), StoreError>;
    /// Changes a small text, in one transaction with reading it: what another tab changes meanwhile is not lost. The change
    /// is given what is there, and gives what is to be kept in its place.
    async fn update_value(&self, owner: Address, slot: &Slot, change: ValueChange) -> Result<(), StoreError>;
    /// The names of the settings that are kept, in no particular order.
    async fn settings(&self, owner: Address) -> Result<Vec<String>, StoreError>;
    /// Removes everything of an account: messages, contacts, quarantine, what waits to be taken in, journal, small texts and seed.
    async fn erase(&self, owner: Address) -> Result<(), StoreError>;
}

/// Takes what is kept of a conversation, if anything is, and gives what is to be kept; nothing if it is left as it is.
pub type ContactChange = Box<dyn FnOnce(Option<Contact>) -> Option<Contact>>;

/// Takes the small text that is kept, if one is, and gives the one that is to be kept.
pub type ValueChange = Box<dyn FnOnce(Option<String>) -> Option<String>>;

/// Why something could not be stored or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The platform offers no storage here, or took it away; in its words.
    #[error("this browser does not let the page store anything: {0}")]
    Unavailable(Said),
    /// A page that was not fetched by https has no safe place for keys.
    #[error("the page must be served by https")]
    Insecure,
    /// A newer version of this program has changed the storage.
    #[error("a newer version of this page was opened; please reload")]
    Outdated,
    /// An older version of this program is open elsewhere and does not let go of the storage.
    #[error("an older version of this page is open elsewhere; please close it")]
    Blocked,
    /// No room is left.
    #[error("there is no storage space left on this device")]
    Full,
    /// The account's keys were deleted from this device, perhaps by another tab: nothing of it is kept any more.
    #[error("the account was signed out on this device")]
    SignedOut,
    /// What was read is not what was written, or can't be written so that it could be read.
    #[error("the stored data is damaged")]
    Damaged,
}

/// The platform's clock.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Clock {
    /// Milliseconds since 1970.
    fn now(&self) -> u64;
    /// Waits.
    async fn sleep(&self, milliseconds: u32);
}

/// Of all tabs, or programs, of a device that use an account, one acts for it: it holds the lease.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait Lease {
    /// The lease in somebody's hands; given back when dropped.
    type Held: HeldLease;
    /// Waits until nobody else holds the lease of an account, or whoever did has gone silent.
    async fn acquire(&self, account: Address) -> Self::Held;
}

/// A lease that is held.
#[allow(async_fn_in_trait, reason = "as for Wallet")]
pub trait HeldLease {
    /// Waits until it was taken away: somebody else took this holder for dead.
    async fn lost(&self);
}

/// The lease where nobody else is: a bot, or a platform that can't tell.
pub struct Alone;

impl Lease for Alone {
    type Held = Self;

    async fn acquire(&self, _: Address) -> Self {
        Self
    }
}

impl HeldLease for Alone {
    async fn lost(&self) {
        std::future::pending().await
    }
}

/// All ports in one.
pub trait Ports {
    /// See [`Chain`].
    type Chain: Chain;
    /// See [`Normaliser`].
    type Normaliser: Normaliser;
    /// See [`Http`].
    type Http: Http;
    /// See [`Ipfs`].
    type Ipfs: Ipfs;
    /// See [`Sockets`].
    type Sockets: Sockets;
    /// See [`Store`].
    type Store: Store;
    /// See [`Clock`].
    type Clock: Clock;
    /// See [`Entropy`].
    type Entropy: Entropy;

    /// Reads the chain.
    fn chain(&self) -> &Self::Chain;
    /// Normalises names.
    fn normaliser(&self) -> &Self::Normaliser;
    /// Sends requests.
    fn http(&self) -> &Self::Http;
    /// Reads IPFS.
    fn ipfs(&self) -> &Self::Ipfs;
    /// Opens sockets.
    fn sockets(&self) -> &Self::Sockets;
    /// Keeps records.
    fn store(&self) -> &Self::Store;
    /// Tells the time.
    fn clock(&self) -> &Self::Clock;
    /// Draws secrets.
    fn entropy(&self) -> &Self::Entropy;
}
