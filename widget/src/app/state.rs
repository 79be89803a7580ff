//! What one element shows. Views read it; only the driver changes it. No secrets are in it, but a recovery
//! code that is to be written down ([`ShownCode`]).

use std::any::Any;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use dm3_core::delivery::Refusal;
use dm3_core::device::Notice;
use dm3_core::identity::{Address, RecoveryCode};
use dm3_core::message::MessageHash;
use dm3_core::session::NameStanding;
use leptos::prelude::StoredValue;
use zeroize::Zeroizing;

use super::fault::Fault;
use super::field::{Field, Slot};

/// Writes [`State`] and its slots out of one list: each field with what it holds and its first value.
macro_rules! state {
    ($($(#[$doc:meta])* $field:ident: $value:ty = $first:expr,)*) => {
        /// Everything a view can show, as signals.
        #[derive(Clone, Copy)]
        pub struct State {
            $($(#[$doc])* pub $field: Field<Slots, $value>,)*
        }

        /// Where the values of [`State`] are.
        pub struct Slots {
            $($field: Slot<$value>,)*
        }

        impl State {
            /// The state of a fresh element. It belongs to the current owner.
            pub fn new() -> Self {
                let slots = StoredValue::new_local(Rc::new(Slots { $($field: Slot::new($first),)* }));
                Self { $($field: Field::new(slots, |slots| &slots.$field),)* }
            }
        }
    };
}

state! {
    /// Which screen stands.
    screen: Screen = Screen::Starting,
    /// The account that is signed in.
    account: Option<Person> = None,
    /// Whether the node answers.
    connection: Connection = Connection::Idle,
    /// The conversations, latest first. `None` while they are read.
    conversations: Option<Vec<ConversationRow>> = None,
    /// The open conversation.
    thread: Option<ThreadState> = None,
    /// The looking up of what was typed as a name.
    lookup: Lookup = Lookup::Idle,
    /// How many received messages could not be verified.
    quarantined: usize = 0,
    /// The account's node has no room for more of its history.
    history_full: bool = false,
    /// By how many milliseconds this device's clock is fast, or slow if negative, if that matters.
    clock_error: Option<i64> = None,
    /// What the host page asked for: name or address of the peer.
    to: Option<String> = None,
    /// What the host page put into the composer beforehand.
    draft: String = String::new(),
    /// True while a panel can be closed (launcher mode); false inline.
    closable: bool = true,
    /// What is typed into the list's field.
    query: String = String::new(),
    /// What is typed into the composer.
    text: String = String::new(),
    /// Why what stands in the composer could not be sent.
    unsent: Option<Fault> = None,
    /// The wallets are shown to choose from.
    choosing: bool = false,
    /// The account's menu is open.
    menu: bool = false,
    /// It is asked there what becomes of the records of who signs out.
    leaving: bool = false,
}

/// Which screen stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// The device's records are being read: skeletons.
    Starting,
    /// Nobody is signed in.
    SignIn(SignIn),
    /// Conversation list.
    List,
    /// One conversation.
    Thread,
    /// Everything of the account as one file.
    Backup(Apart),
    /// It can't go on. With a button that tries again.
    Failed(Fault),
}

/// What a part shows: it alone knows what is in it, so that its code is nowhere else.
#[derive(Clone)]
pub struct Apart {
    shown: Option<Rc<dyn Any>>,
    /// Another number is another screen.
    pub place: u8,
}

impl Apart {
    /// The part is on its way.
    pub const fn waiting() -> Self {
        Self { shown: None, place: 0 }
    }

    /// This is shown, at a place.
    pub fn new(shown: impl Any, place: u8) -> Self {
        Self { shown: Some(Rc::new(shown)), place }
    }

    /// What is shown, for the part.
    pub fn shown<T: Any>(&self) -> Option<&T> {
        self.shown.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Apart({})", self.place)
    }
}

impl PartialEq for Apart {
    fn eq(&self, other: &Self) -> bool {
        match (&self.shown, &other.shown) {
            (Some(one), Some(other)) => Rc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

/// A file that somebody gave. It may be large, so nothing copies it.
#[derive(Clone, PartialEq, Eq)]
pub struct FileBytes(Arc<Vec<u8>>);

impl FileBytes {
    /// Takes what is in it.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }

    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileBytes({})", self.0.len())
    }
}

/// The steps of signing in.
#[derive(Clone, Debug, PartialEq)]
pub struct SignIn {
    /// Where the person is.
    pub step: SignInStep,
    /// A wallet request or a network call is under way.
    pub busy: Option<Busy>,
    /// What went wrong at this step. The step can be tried again.
    pub error: Option<Fault>,
    /// The wallet that was chosen.
    pub wallet: Option<String>,
    /// The account the wallet gave.
    pub account: Option<Address>,
}

/// What is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// The person has to answer in the wallet.
    Wallet,
    /// The network.
    Network,
}

/// Where somebody who signs in is.
#[derive(Clone, Debug, PartialEq)]
pub enum SignInStep {
    /// A wallet is to be chosen; empty: none was found.
    Connect {
        /// What is installed.
        wallets: Vec<WalletChoice>,
    },
    /// The wallet is to sign the text from which the keys follow.
    CreateKeys {
        /// The exact text.
        text: String,
        /// These keys would be those of another app: there are other ways.
        other_app: bool,
    },
    /// The account has published other keys than its wallet leads to, and the person is to say how to go on.
    OtherKeys(OtherKeys),
    /// Keys that no wallet can make again follow from this code. It is to be kept before they are published.
    KeepCode {
        /// The code, for as long as it stands there.
        code: ShownCode,
        /// Why the wallet can't make the keys.
        why: OwnKeys,
    },
    /// The wallet is to sign the profile, once per account.
    PublishProfile {
        /// The exact text.
        text: String,
    },
    /// Signed; logging in at the node.
    Finishing,
}

/// What there is to choose where other keys are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherKeys {
    /// What was published can be used: whoever has its keys reads what was sealed for them.
    pub usable: bool,
    /// The wallet's signatures lead to keys; those of a contract account don't.
    pub derived: bool,
    /// What was tried last has led to yet other keys.
    pub tried: bool,
    /// The way that was chosen, and is explained.
    pub way: Option<Way>,
    /// The text that the wallet is to sign once more before the keys are replaced, if they follow from its signature.
    pub text: Option<String>,
}

/// How to go on where other keys are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// They are another app's: its nonce leads to them.
    Nonce,
    /// They were kept: a recovery code, or a backup and its code, brings them back.
    Code,
    /// They are lost, or not wanted any more: new ones take their place.
    Replace,
}

/// Why an account has keys that don't follow from its wallet's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnKeys {
    /// It is a contract.
    Contract,
    /// Its wallet does not sign the same text alike each time.
    Unsteady,
}

/// A recovery code that a person is to write down: the only secret that a screen ever shows.
#[derive(Clone)]
pub struct ShownCode(Rc<Zeroizing<String>>);

impl ShownCode {
    /// The code of keys that are about to be published.
    pub fn new(code: &RecoveryCode) -> Self {
        Self(Rc::new(code.to_text()))
    }

    /// The text to be written down.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownCode(…)")
    }
}

impl PartialEq for ShownCode {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// An installed wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletChoice {
    /// Identifies it within this page.
    pub id: String,
    /// As it names itself (at most 60 characters).
    pub name: String,
    /// A `data:` image, if it gave one.
    pub icon: Option<String>,
}

/// Somebody, as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who it is.
    pub address: Address,
    /// A name by which they are known here.
    pub name: Option<String>,
    /// Whether it leads to the address now. Only then it is shown as theirs.
    pub standing: NameStanding,
}

/// Whether the node answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Not tried yet.
    Idle,
    /// Being established.
    Connecting,
    /// Messages arrive live.
    Live,
    /// The node does not answer. It is tried again by itself, and on demand.
    Lost(Fault),
}

/// A row of the conversation list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// With whom.
    pub peer: Person,
    /// The last message's text, shortened by the view. `None`: no message yet.
    pub preview: Option<Preview>,
    /// Milliseconds since 1970.
    pub time: u64,
    /// Messages not seen yet.
    pub unread: u64,
}

/// The last message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Written by the signed-in account.
    pub own: bool,
    /// What it says.
    pub text: PreviewText,
    /// Not accepted by a delivery service yet.
    pub waiting: bool,
}

/// What is shown of a conversation's last message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviewText {
    /// The beginning of its text.
    Text(String),
    /// It has attachments and no text.
    Attachment,
    /// Its author deleted it.
    Deleted,
}

/// The open conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadState {
    /// With whom.
    pub peer: Person,
    /// Whether they can be written to.
    pub reach: Reach,
    /// Oldest first. `None` while they are read.
    pub messages: Option<Vec<Bubble>>,
    /// Older messages are on the device.
    pub more: bool,
    /// What happened to the peer's names and keys, with the time (milliseconds since 1970), oldest first.
    pub notices: Vec<(u64, Notice)>,
}

/// Whether a peer can be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Being looked up.
    Checking,
    /// They have a verified profile.
    Ready,
    /// They have no dm3 profile yet; messages wait in the outbox until they join.
    NoProfile,
    /// It could not be found out. Can be tried again.
    Unknown(Fault),
}

/// A message as shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bubble {
    /// Identifies it.
    pub hash: MessageHash,
    /// Written by the signed-in account.
    pub own: bool,
    /// Milliseconds since 1970.
    pub time: u64,
    /// What it says.
    pub content: BubbleContent,
    /// How far an own message has come.
    pub delivery: Delivery,
    /// Emoji and how many gave them.
    pub reactions: Vec<(String, usize)>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BubbleContent {
    /// Text, perhaps edited since.
    Text {
        /// The text.
        text: String,
        /// It was edited.
        edited: bool,
        /// The start of the message it answers, and whether that one is ours.
        quote: Option<(String, bool)>,
        /// Attachments that this version does not show.
        attachments: usize,
    },
    /// Its author deleted it.
    Deleted,
}

/// How far a message has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The peer's.
    Received,
    /// In the outbox.
    Waiting,
    /// Being handed over, just now and by this tab.
    Sending,
    /// With the receiver's delivery service.
    Sent,
    /// Their client has it.
    Arrived,
    /// They have seen it.
    Read,
    /// Refused. Can be tried again.
    Failed(Refusal),
}

/// The looking up of what was typed as a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing was asked.
    Idle,
    /// Being looked up.
    Searching,
    /// Why nothing was found.
    Failed(Fault),
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}
