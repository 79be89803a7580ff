//! What one element shows. Views read it; only the driver changes it. No secrets are in it, but a recovery
//! code that is to be written down ([`ShownCode`]).

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use dm3_core::delivery::Refusal;
use dm3_core::device::{Notice, Standing, Trust};
use dm3_core::identity::Address;
use dm3_core::message::{Context, MessageHash};
use dm3_core::session::{Demand, NameStanding, Token};
use dm3_core::thread::{Quote, Quoted, Reaction};
use leptos::prelude::StoredValue;

use super::fault::Fault;
use super::field::{Field, Slot};

pub use super::apart::Apart;
pub use super::joining::{Busy, OtherKeys, OwnKeys, ShownCode, SignIn, SignInStep, WalletChoice, Way};

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
    /// What a conversation is about that the host page asks for, as it says.
    context: Option<String> = None,
    /// The text to begin with that the host page offers for whom it names, or in each conversation where that is nobody.
    draft: String = String::new(),
    /// The text that came with its last call, until it stands where it belongs.
    given: Option<String> = None,
    /// There is nobody but [`Self::to`] to write to.
    locked: bool = false,
    /// The page wants it looked at whether somebody is its site's official contact.
    official: bool = false,
    /// What is written before somebody signs in, where the page has one contact alone. Place 0: it can be written; 1: it is kept
    /// until they have signed in; 2: they sign in without it.
    form: Apart = Apart::waiting(),
    /// What `site` found out about the peer. Place 0: nothing was asked.
    site: Apart = Apart::waiting(),
    /// What `stake` knows of what is at stake in the open conversation.
    stake: Apart = Apart::waiting(),
    /// What `share` knows of the open conversation's peer, if they are a stranger who is asked about.
    stranger: Apart = Apart::waiting(),
    /// What `attention` knows of payments in the open conversation. Place 0: there are none, and none are asked for.
    attention: Apart = Apart::waiting(),
    /// The requests that something is offered with, in the order in which they stand before all others.
    ranked: Vec<Ranked> = Vec::new(),
    /// The page wants nobody to learn here that their messages came and were read.
    silent: bool = false,
    /// True while a panel can be closed (launcher mode); false inline.
    closable: bool = true,
    /// When the day began that it is: what is told by days is drawn anew with the next.
    today: u64 = 0,
    /// How often another language was spoken: everything is drawn anew.
    drawn: u32 = 0,
    /// What is typed into the list's field.
    query: String = String::new(),
    /// Who is meant by what is typed there, if that was looked up: `search` knows.
    guess: Apart = Apart::waiting(),
    /// The messages that say what is typed there: `search` knows.
    texts: Apart = Apart::waiting(),
    /// Who was found to be meant by [`Self::to`], and what it was then.
    contact: Option<(Address, String)> = None,
    /// What is typed into the composer.
    text: String = String::new(),
    /// What the composer is for.
    composing: Composing = Composing::New,
    /// The messages whose long texts are shown in whole, one after the other.
    whole: String = String::new(),
    /// The message of which it is shown what can be done with it.
    acting: Option<Acting> = None,
    /// What an emoji is being chosen for.
    picking: Option<Picking> = None,
    /// Attachments: what `files` knows of those that are shown, and those that are to be sent. Place 0: nothing is to be
    /// sent; 1: it can be; above: it can't, or not yet.
    files: Apart = Apart::waiting(),
    /// Place 1: somebody has gone up in the open conversation; `talk` knows where they left it. Place 0: they are at its end.
    away: Apart = Apart::waiting(),
    /// How many messages came since they went up.
    came: usize = 0,
    /// What stands over the open conversation: `share` knows. Place 0: nothing does.
    sharing: Apart = Apart::waiting(),
    /// What is typed there to find somebody.
    seeking: String = String::new(),
    /// What stands there was copied.
    copied: bool = false,
    /// Why what stands in the composer could not be sent.
    unsent: Option<Fault> = None,
    /// The wallets are shown to choose from.
    choosing: bool = false,
    /// Which conversations the list shows.
    filter: Filter = Filter::All,
    /// The key of the row there that the Tab key leads to: the one that had the focus last.
    stop: String = String::new(),
    /// The account's menu is open.
    menu: bool = false,
    /// It is asked there what becomes of the records of who signs out.
    leaving: bool = false,
    /// There is room for the list beside what is open.
    wide: bool = false,
    /// The list is shown: alone, or beside what is open.
    listed: bool = false,
}

/// Which screen stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// The device's records are being read: skeletons.
    Starting,
    /// Nobody is signed in.
    SignIn(SignIn),
    /// The conversation list; where there is room for more, nothing stands beside it.
    List,
    /// One conversation.
    Thread,
    /// Everything of the account as one file.
    Backup(Apart),
    /// What can be set, or what there is to know of the open conversation's peer.
    Settings(Apart),
    /// It can't go on. With a button that tries again.
    Failed(Fault),
}

/// What the element looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the page, or the browser, wants it.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// As it is kept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads what [`Self::name`] gave. What is not known is no choice.
    pub fn named(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
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
    /// What was decided about the peer.
    pub standing: Standing,
}

impl ConversationRow {
    /// Whether its messages count where it is told how many were not seen.
    pub fn counts(&self) -> bool {
        self.standing.trust == Trust::Accepted && !self.standing.muted
    }
}

/// A request with a payment for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// Whose it is.
    pub peer: Address,
    /// How much is held, in the token's smallest unit.
    pub amount: u128,
    /// Of which token, if that is known.
    pub token: Option<Token>,
}

/// Which conversations a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Those with people who are welcome.
    All,
    /// Of these, those with messages that were not seen.
    Unread,
    /// Those of strangers who have written.
    Requests,
}

impl Filter {
    /// Whether a conversation is among them.
    pub fn shows(self, row: &ConversationRow) -> bool {
        let Standing { trust, hidden, .. } = row.standing;
        match self {
            Self::All => trust == Trust::Accepted && !hidden,
            Self::Unread => trust == Trust::Accepted && !hidden && row.unread > 0,
            Self::Requests => trust == Trust::Requested && !hidden,
        }
    }
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
    /// What was decided about them.
    pub standing: Standing,
    /// The first message that had not been seen when the conversation was opened.
    pub unseen: Option<MessageHash>,
    /// A stretch of them, oldest first. `None` while they are read.
    pub messages: Option<Vec<Bubble>>,
    /// There are older messages than these.
    pub more: bool,
    /// There are newer messages than these.
    pub newer: bool,
    /// What happened to the peer's names and keys, with the time (milliseconds since 1970), oldest first.
    pub notices: Vec<(u64, Notice)>,
    /// What they demand of those who write, and whether the account meets it.
    pub demands: Vec<Demand>,
    /// What it is about, as the page says from which it was opened: goes along with what is sent next.
    pub about: Option<Context>,
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
    /// Itself, or its latest edit: what others refer to who mean what they see.
    pub version: MessageHash,
    /// Written by the signed-in account.
    pub own: bool,
    /// Milliseconds since 1970.
    pub time: u64,
    /// What it says.
    pub content: BubbleContent,
    /// How far an own message has come; or else what was done to it last, if that has not left.
    pub delivery: Delivery,
    /// What has come so far: its version, or a delete request or reaction that has not left.
    pub sending: MessageHash,
    /// The emoji of such a reaction, or empty.
    pub emoji: String,
    /// The emoji that were given to it.
    pub reactions: Vec<Reaction>,
}

impl Bubble {
    /// What is shown of it above an answer. Nobody answers what was deleted.
    pub fn quote(&self) -> Option<Quote> {
        let BubbleContent::Text { text, attachments, .. } = &self.content else { return None };
        let shown = Quoted::of(text, *attachments);
        Some(Quote { hash: self.version.clone(), own: self.own, shown })
    }
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
        /// The message it answers.
        quote: Option<Quote>,
        /// How many attachments this version has.
        attachments: usize,
        /// What the conversation is about that it begins.
        about: Option<Context>,
    },
    /// Its author deleted it.
    Deleted,
}

/// What the composer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Composing {
    /// A message of its own.
    New,
    /// An answer to a message.
    Reply(Quote),
    /// Another text for an own message.
    Edit {
        /// The version that it takes the place of.
        version: MessageHash,
        /// What stood in the composer before, and will again.
        before: String,
    },
}

/// What is shown of what can be done with a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Acting {
    /// Which one.
    pub hash: MessageHash,
    /// Where the menu stands in the screen, in pixels from its left.
    pub left: i32,
    /// From its top, or from its bottom if it opens upwards.
    pub edge: i32,
    /// It opens upwards.
    pub upwards: bool,
    /// What is shown there.
    pub page: ActingPage,
}

/// What the menu of a message shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActingPage {
    /// What can be done.
    Choices,
    /// Whether it is really to be deleted.
    Delete,
    /// What it said when, oldest first; times in milliseconds since 1970.
    Versions(Vec<(u64, String)>),
}

/// What an emoji is chosen for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picking {
    /// What is being written.
    Text,
    /// This message.
    Reaction(MessageHash),
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
