//! What the application needs from the page it lives in, beside the core's ports.

use dm3_core::conversation::ConversationId;
use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use dm3_core::ports::{Carrier, Lease, Ports, SendingWallet, WalletError};
use dm3_core::web::HttpUrl;
use futures_util::future::LocalBoxFuture;
use web_sys::File;

use super::fault::Fault;
use super::state::{FileBytes, Person, Theme, WalletChoice};

/// Something that runs beside the rest. Boxed, so that the code that runs it exists once and not once a task.
pub type Task = LocalBoxFuture<'static, ()>;

/// The page and the browser, as one element sees them.
#[allow(async_fn_in_trait, reason = "the browser has no threads")]
pub trait Platform: 'static {
    /// The core's ports.
    type Ports: Ports + 'static;
    /// A wallet that was found.
    type Wallet: PageWallet + 'static;
    /// Which of the tabs acts for an account.
    type Lease: Lease + 'static;
    /// Brings files to nodes, and fetches them.
    type Carrier: Carrier + 'static;

    /// Ports that read the chain with this number at `rpc_url`, and through a wallet that is on it.
    fn ports(&self, rpc_url: &HttpUrl, chain_id: u64) -> Self::Ports;
    /// What is kept on this device.
    fn store(&self) -> &<Self::Ports as Ports>::Store;
    /// Sends requests.
    fn http(&self) -> &<Self::Ports as Ports>::Http;
    /// Brings files to nodes, and fetches them.
    fn carrier(&self) -> &Self::Carrier;
    /// Tells the time.
    fn clock(&self) -> &<Self::Ports as Ports>::Clock;
    /// When the day began that it is where somebody is (milliseconds since 1970), and for how long it is that (milliseconds).
    fn day(&self) -> (u64, u64);
    /// The wallets known by now.
    fn wallets(&self) -> Vec<WalletChoice>;
    /// A wallet by its id.
    fn wallet(&self, id: &str) -> Option<Self::Wallet>;
    /// Whose this very window was, if it was reloaded.
    fn window_account(&self) -> Option<Who>;
    /// Remembers for this window whose it is.
    fn set_window_account(&self, who: Option<&Who>);
    /// Whether an account was signed out on this device and its keys were kept. It enters again when somebody asks for
    /// it, and not by itself.
    fn is_signed_out(&self, account: Address) -> bool;
    /// Remembers that an account was signed out, or that it signed in again.
    fn set_signed_out(&self, account: Address, signed_out: bool);
    /// What the node said about itself the last time it was asked, as text.
    fn kept_discovery(&self, node: &str) -> Option<String>;
    /// Keeps what the node said.
    fn keep_discovery(&self, node: &str, text: &str);
    /// Tells the page. `false` if the page cancelled it.
    fn emit(&self, event: HostEvent) -> bool;
    /// Tells the other tabs of this origin, and the other elements of this page.
    fn tell_tabs(&self, message: TabMessage);
    /// Hears what the other tabs tell, and can tell them something; or no more.
    fn meet_tabs(&self, there: bool);
    /// The leases of this browser, as this element sees them.
    fn lease(&self) -> Self::Lease;
    /// Keeps an unsent text in this browser, at once; or keeps it no longer.
    fn keep_draft(&self, key: &str, text: Option<&str>);
    /// The text that was kept.
    fn draft(&self, key: &str) -> Option<String>;
    /// Keeps none of the drafts any longer whose key begins so.
    fn forget_drafts(&self, prefix: &str);
    /// Keeps nothing any longer of what stands beside the store: of nobody, in this browser and in this window.
    fn forget_all(&self);
    /// Asks the browser not to throw away what is stored when it wants room, where it can be asked. Once is enough.
    fn keep_storage(&self);
    /// How much this origin keeps on the device, where the browser tells.
    async fn storage_use(&self) -> Option<StorageUse>;
    /// Shows the element like this, unless its page has said how; also after a reload.
    fn set_theme(&self, theme: Theme);
    /// Whether the page has said what the element looks like.
    fn has_theme(&self) -> bool;
    /// Whether somebody is told by the browser when others write and nobody looks.
    fn notifying(&self) -> Notifying;
    /// Turns that on – the browser may ask its person – or off; and what it is then.
    async fn set_notifying(&self, wanted: bool) -> Notifying;
    /// Tells that somebody wrote; a later one takes the place of an earlier one by the same person.
    fn notify(&self, peer: &Person);
    /// Speaks this language, unless the page has said which; nothing: what page and browser want. Also after a reload.
    fn set_language(&self, language: &str);
    /// Whether the page has said which language the element speaks.
    fn has_language(&self) -> bool;
    /// Makes a file of these pieces that can be saved, and gives where it is; tells whoever waits for one in the page, also that
    /// there is none.
    fn offer_file(&self, pieces: Result<Vec<Vec<u8>>, NoFile>) -> Option<String>;
    /// What is in a file that somebody gave; `None` if it can't be read.
    fn read_file(&self, file: &File) -> LocalBoxFuture<'static, Option<FileBytes>>;
    /// Makes a file of this type that the page can show or save, and gives where it is.
    fn show_file(&self, bytes: &[u8], media_type: &str) -> Option<String>;
    /// Draws a picture anew, so that nothing but what is to be seen is in the file. `None` where the page can't.
    fn redraw(&self, picture: FileBytes, how: Redraw) -> LocalBoxFuture<'static, Option<FileBytes>>;
    /// The file that is there can't be shown or saved any more.
    fn withdraw_file(&self, url: &str);
    /// Brings a message of the conversation that is shown before somebody's eyes.
    fn reveal(&self, message: &MessageHash);
    /// Whether the browser has a network, as far as it knows.
    fn is_online(&self) -> bool;
    /// Whether the page is before somebody's eyes: its tab is the chosen one and its window is not minimised.
    fn is_visible(&self) -> bool;
    /// The origin of the page that embeds the element.
    fn origin(&self) -> Option<String>;
    /// What is in the file at this address of the page's own site, if it is there itself and no longer than so many bytes. What
    /// leads elsewhere is not followed.
    fn read_here(&self, address: String, longest: usize) -> LocalBoxFuture<'static, Option<String>>;
    /// What this browser is called among others of the same person, such as `Firefox · Linux`.
    fn device_name(&self) -> String;
    /// Runs a task beside the others.
    fn spawn(&self, task: Task);
}

/// Whether somebody is told by the browser when others write and nobody looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notifying {
    /// This browser has no way, or not for this page.
    Impossible,
    /// Its person has told the browser not to let this page do so.
    Forbidden,
    /// It could.
    Off,
    /// It does.
    On,
}

/// Why there is no file for whoever waits for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFile {
    /// It could not be made.
    Failed,
    /// What makes it can't be loaded.
    Missing,
    /// Nobody is signed in, or not any more.
    SignedOut,
}

impl NoFile {
    /// The code for the page: stays the same from version to version (docs/embedding.md).
    pub fn code(self) -> &'static str {
        match self {
            Self::Failed => "backup-failed",
            Self::Missing => "load-failed",
            Self::SignedOut => "signed-out",
        }
    }
}

/// How a picture is drawn anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Redraw {
    /// What its bytes are.
    pub from: &'static str,
    /// What they will be: `image/jpeg`, `image/png` or `image/webp`.
    pub to: &'static str,
    /// How wide it will be, in pixels.
    pub width: u32,
    /// How high.
    pub height: u32,
    /// How much of it is kept, between 0 and 1, where that can be chosen.
    pub quality: f64,
}

/// A wallet that can be connected to the page.
#[allow(async_fn_in_trait, reason = "as for Platform")]
pub trait PageWallet: SendingWallet {
    /// As it names itself.
    fn name(&self) -> String;
    /// Asks the person which accounts the page may see. The first is the one that is chosen in the wallet.
    async fn connect(&self) -> Result<Vec<Address>, WalletError>;
    /// The accounts that the page may see already, in the same order. Asks nobody, and may never answer.
    async fn accounts(&self) -> Result<Vec<Address>, WalletError>;
    /// Whether the page may still see accounts, once the wallet is open again. Asks nobody, and answers soon.
    async fn is_locked(&self) -> bool;
}

/// What is kept on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageUse {
    /// How much, in bytes.
    pub bytes: u64,
    /// The browser keeps it until somebody deletes it, and does not throw it away when it wants room.
    pub lasting: bool,
}

/// An account, and the wallet that shared it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The account.
    pub account: Address,
    /// The wallet's id, if one shared the account.
    pub wallet: Option<String>,
}

/// What the host page is told. Never a text, a key or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostEvent {
    /// The element can be used.
    Ready,
    /// Somebody signed in, or was still signed in.
    Connect(Address),
    /// Nobody is signed in any more.
    Disconnect,
    /// A wallet is about to be asked to sign. The page can cancel it.
    BeforeSign {
        /// What the signature is for.
        purpose: Purpose,
        /// The exact text.
        text: String,
    },
    /// A delivery service has a message of ours.
    MessageSent(MessageHash),
    /// A message came in.
    MessageReceived {
        /// From whom.
        peer: Address,
        /// Which one.
        hash: MessageHash,
    },
    /// A stranger has written.
    Request(Address),
    /// How many messages have not been seen.
    UnreadChange(u64),
    /// Something did not work.
    Error(Fault),
}

/// What a wallet signs a text for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The keys follow from the signature.
    Keys,
    /// The signature binds the keys to the account.
    Profile,
}

/// What elements of one origin tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TabMessage {
    /// The account's records of this conversation changed, or of many.
    RecordsChanged(Address, Option<ConversationId>),
    /// The account was signed out.
    SignedOut(Address),
    /// Something waits in the account's outbox for this conversation, or for any; or its peer was found.
    OutboxGrew(Address, Option<ConversationId>),
    /// Nobody wants to wait any longer for the account's delivery services.
    Wake(Address),
    /// A tab has begun to show the account.
    Hello(Address),
    /// How it stands with the account's delivery services, from the tab that is in touch with them.
    Leader(Address, LeaderNews),
}

/// How it stands with an account's delivery services, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaderNews {
    /// Not decided yet.
    Connecting,
    /// Messages arrive.
    Connected,
    /// No mailbox can be reached.
    Lost,
}
