//! What a person, the page and the other tabs can ask for.

use std::fmt;
use std::sync::Arc;

use dm3_core::attention::Payment;
use dm3_core::delivery::SpamRule;
use dm3_core::identity::{Address, EnsName};
use dm3_core::message::MessageHash;
use dm3_core::session::Decision;
use zeroize::Zeroizing;

use super::files::Given;
use super::platform::TabMessage;
use super::state::{FileBytes, Theme, Way};

/// Something that is asked for. What parts do that come later is shared: a button keeps it for the next time, and the copy of
/// it is made there, if at all.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Connect the wallet with this id.
    Connect(String),
    /// Let the wallet sign the key message.
    CreateKeys,
    /// Let the wallet sign the profile.
    PublishProfile,
    /// Write to the page's only contact before signing in.
    Form(FormAsk),
    /// Say how to go on where the wallet alone does not lead to the account's keys.
    GoOn(Choice),
    /// Back to the choice of wallets.
    UseAnotherWallet,
    /// Start again after a failure that stopped everything.
    Restart,
    /// Look up a name or address and open the conversation with it.
    Open(String),
    /// The page says anew what the conversation is about that it asked for.
    ContextChanged,
    /// Find out who is meant by this name or address, which stands in the list's field.
    LookUp(String),
    /// Open the conversation with somebody from the list.
    OpenPeer(Address),
    /// Back to the list.
    Back,
    /// Send a text in the open conversation.
    Send(String),
    /// Do something with a message of the open conversation.
    Act(Arc<Act>),
    /// Show attachments, or attach something.
    Files(Arc<FilesAsk>),
    /// Decide about this peer, whose conversation is open.
    Decide(Address, Decision),
    /// What stands in the composer changed.
    Typed(String),
    /// The browser is online again, or not any more; the platform knows which.
    Online,
    /// Show older messages of the open conversation.
    LoadOlder,
    /// Use the profile that is published for this peer, whose conversation is open, although it was replaced before.
    AcceptProfile(Address),
    /// Find out again whether the open conversation's peer can be written to.
    CheckPeer,
    /// Connect to the node again now.
    Reconnect,
    /// The element became visible in its page or was hidden there.
    Shown(bool),
    /// The whole page became visible or was hidden; the platform knows which.
    VisibilityChanged,
    /// The page was left and is kept by the browser as it stands, or somebody came back to it (HTML standard,
    /// back/forward cache).
    Cached(bool),
    /// There are further wallets in the page, or fewer.
    WalletsChanged,
    /// The page gave a wallet of its own, another one, or took it back.
    ProviderChanged,
    /// A wallet told by itself which accounts it shares now. The first is the one that is chosen in it.
    AccountsChanged {
        /// The wallet's id.
        wallet: String,
        /// None: it is locked, or shares nothing any more.
        accounts: Vec<Address>,
    },
    /// Another tab tells something.
    Told(TabMessage),
    /// Make a backup, or take one in.
    Backup(Arc<BackupAsk>),
    /// Show or change what can be set, or a contact.
    Settings(Arc<SettingsAsk>),
    /// Sign out, but keep keys and messages on this device.
    Disconnect,
    /// Sign out and forget the account, its keys and its messages on this device.
    SignOut,
}

impl Command {
    /// Do something with a message of the open conversation.
    pub fn act(act: Act) -> Self {
        Self::Act(Arc::new(act))
    }

    /// Show attachments, or attach something.
    pub fn files(ask: FilesAsk) -> Self {
        Self::Files(Arc::new(ask))
    }

    /// Make a backup, or take one in.
    pub fn backup(ask: BackupAsk) -> Self {
        Self::Backup(Arc::new(ask))
    }

    /// Show or change what can be set, or a contact.
    pub fn settings(ask: SettingsAsk) -> Self {
        Self::Settings(Arc::new(ask))
    }
}

/// What can be done with a message, beside answering and editing it, which the composer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Give this emoji to it; or take it back, if it was given.
    React {
        /// The message.
        to: MessageHash,
        /// The emoji.
        emoji: String,
    },
    /// Ask everybody who has this own message to delete it.
    Delete(MessageHash),
    /// Try it again, as it failed or was stopped.
    Resend(MessageHash),
    /// Stop it, as it waits.
    Stop(MessageHash),
    /// Show what it said before it was edited.
    ShowVersions(MessageHash),
    /// Show it in its place, wherever that is.
    Find(MessageHash),
    /// Open the conversation with this peer, and show a message of it in its place.
    FindIn(Address, MessageHash),
    /// Show another stretch of the conversation.
    Show(Stretch),
    /// The end of the conversation is shown again.
    AtEnd,
    /// Forward one, report who wrote them, or leave out what the conversation is about.
    Share(ShareAsk),
    /// Find out again what the page's site wants to be known of the peer.
    LookAgain,
    /// Something about what is at stake.
    Stake(StakeAsk),
    /// Something about payments for answers.
    Attention(AttentionAsk),
}

/// Which messages are shown. Those that are older are asked for by [`Command::LoadOlder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// Those that come next.
    Newer,
    /// The last.
    Newest,
    /// Those that are this far down what comes next: thousandths of it.
    Below(usize),
}

/// What somebody asks for who is shown attachments, or attaches something.
#[derive(Clone, Debug, PartialEq)]
pub enum FilesAsk {
    /// Show the attachments of this message of the open conversation.
    Show {
        /// The message, or the edit of it that is shown.
        of: MessageHash,
        /// Also if there are many already.
        anyway: bool,
    },
    /// What is at this address can't be shown in the page: offer it to be saved.
    Unshowable(String),
    /// Attach these files to what is written in the open conversation.
    Attach(Vec<Given>),
    /// Take the one with this number off again.
    Remove(u64),
    /// Make the pictures as small as they have to be.
    Shrink,
    /// Have what is attached lie at the account's node. In such words, with `{name}` and `{address}`, it is told to
    /// clients that don't know that.
    ThroughNode(String),
    /// Fetch an attachment that lies at its sender's node.
    Load {
        /// The message, or the edit of it that is shown.
        of: MessageHash,
        /// Which of its attachments.
        place: usize,
    },
    /// Stop what is being sent to a node or fetched from one.
    Stop,
    /// Send them with this text.
    Send(String),
}

/// What somebody asks for who makes a backup, or has one.
#[derive(Clone, Debug, PartialEq)]
pub enum BackupAsk {
    /// Explain it.
    Show,
    /// Make a file.
    Make,
    /// Ask for a file.
    Restore,
    /// Ask for the code of this file.
    Offer(FileBytes),
    /// Take a file in; without one, the one that the page gave.
    Take {
        /// The file.
        file: Option<FileBytes>,
        /// The recovery code that opens it.
        code: Typed,
    },
    /// Back to the list.
    Leave,
}

/// What somebody asks for who shares something of the open conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShareAsk {
    /// Don't say what it is about.
    LeaveOut,
    /// Choose to whom this message is forwarded.
    Forward(MessageHash),
    /// Forward the message that was chosen, with a text that says so.
    To {
        /// To whom.
        peer: Address,
        /// What it says.
        text: String,
    },
    /// Make a report about the peer, and show what is in it.
    Report,
    /// Find out what can be known of the peer, who is a stranger and is asked about.
    LookAtStranger,
    /// Back to the conversation.
    Leave,
}

/// What somebody asks for about what is at stake in the open conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StakeAsk {
    /// Find out what is.
    Look,
    /// Find out what the peer demands of those who write, and whether the account meets it.
    Demands,
    /// Stake what the peer wants, with a deposit if need be.
    Stake,
    /// A deposit that is made is to be enough for so many people.
    Reach(u16),
    /// The week of the voucher is over: promise anew what was promised.
    Renew,
    /// Ask whether what the peer staked is to be burned.
    Doubt,
    /// It is not.
    Keep,
    /// Burn it.
    Burn,
    /// Have the deposit with this key back: announce it, or take it.
    Leave(Address),
}

/// What somebody asks for about payments for answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttentionAsk {
    /// Find out how it stands with them in the open conversation.
    Look,
    /// Offer the peer what they look at first.
    Offer,
    /// Send this, and take the peer's payment for it.
    Answer(String),
    /// Take it for what was answered before.
    Take,
    /// Have the own payment back that was not taken in time.
    GiveBack,
    /// Put the requests into the order of what is offered with them.
    Rank,
    /// Find out what the account asks of payments for its answers, in the settings.
    Asked,
    /// This was typed there: the contract, then the token, then how much.
    AskFor(String),
    /// Ask for no payments.
    AskNothing,
}

/// What somebody asks for who writes before they sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormAsk {
    /// Show what was written before.
    Show,
    /// This is written so far.
    Typed(String),
    /// Send this once they have signed in.
    Send(String),
    /// Go on writing.
    Write,
    /// Sign in without a message.
    SignIn,
}

/// What somebody asks for who sets something, or looks at a contact.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingsAsk {
    /// Show what can be set.
    Show,
    /// Show what there is to know of the open conversation's peer.
    Card,
    /// Whether people who are welcome learn that their messages arrived and were read.
    Receipts(bool),
    /// Whether the browser tells when others write and nobody looks.
    Notifications(bool),
    /// What the element looks like.
    Theme(Theme),
    /// Which language it speaks, by its code; nothing: what page and browser want.
    Language(String),
    /// Demand this of those who write, and nothing else.
    Demand(Vec<SpamRule>),
    /// Find out what could be demanded of the contract with this address.
    LookAt(String),
    /// Demand so much of what was found.
    DemandOf(String),
    /// What was typed for this rule is no number.
    Misread(Numbered, String),
    /// Tell the node who is welcome, whatever they meet.
    NameWelcome,
    /// About what is asked of payments for answers.
    Payments(AttentionAsk),
    /// About mail.
    Mail(MailAsk),
    /// About what is the account's own.
    Own(OwnAsk),
    /// Decide about somebody.
    Decide(Address, Decision),
    /// Back to where it was asked for.
    Leave,
}

/// Rules with a number in them that is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbered {
    /// How many transactions somebody has sent.
    Transactions,
    /// How many of the chain's coins they hold.
    Coins,
}

/// What somebody asks for of what is their account's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnAsk {
    /// Show it.
    Show,
    /// Something about the name that the node gives.
    Name(NameAsk),
    /// Something about ENS names of their own.
    Ens(EnsAsk),
    /// Something about their delivery services.
    Services(ServicesAsk),
    /// Something about devices.
    Device(DeviceAsk),
    /// Have a deposit back, by its contract and its key: announce it, or take it.
    TakeBack(Address, Address),
    /// Have a payment back that nobody took in time.
    PayBack(Payment),
    /// Stake what gives more room at the node.
    StakeForRoom,
    /// Look for deposits and payments further back on the chain.
    Search,
    /// Look for them at the contract of which this is typed.
    SearchAt(String),
}

/// What somebody wants of the devices that they are signed in on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceAsk {
    /// Ask whether these are to be signed out; none: no longer.
    Doubt(Vec<String>),
    /// Sign these out.
    TurnOut(Vec<String>),
    /// Sign all others out.
    TurnOutOthers,
}

/// What somebody wants of the name that their node gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameAsk {
    /// A name, of which this is the part before the domain.
    Claim(String),
    /// Ask whether it is to be given back, or no longer.
    Doubt(bool),
    /// Give that name back.
    Release(EnsName),
}

/// What somebody wants of ENS names of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnsAsk {
    /// Find out whether the profile can be published on this one, and what it costs.
    Look(String),
    /// Publish it there.
    Publish,
    /// Don't.
    Leave,
    /// That one is no longer one of the account's.
    Forget(EnsName),
}

/// What somebody wants of their delivery services. Nothing of it is so before it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServicesAsk {
    /// List the one that is meant by this, behind the others.
    Add(String),
    /// Something with one of them.
    With(ServiceAct, EnsName),
    /// Leave all of them as they are.
    Leave,
    /// Sign it and publish it.
    Publish,
}

/// What somebody wants to be done with one of their delivery services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceAct {
    /// List it again.
    Keep,
    /// List it one place earlier.
    Raise,
    /// List it one place later.
    Lower,
    /// List it no more.
    Remove,
}

/// What somebody wants of mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailAsk {
    /// It is to go to this address: a code is sent there first.
    Set(String),
    /// Send another code.
    SendCode,
    /// This is the code.
    Prove(String),
    /// Send some, or none.
    Enable(bool),
    /// Forget the address.
    Remove,
}

/// How a person goes on where the wallet alone does not lead to the account's keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// Explain a way, or show the ways again.
    Explain(Option<Way>),
    /// The keys are those of the app that uses this nonce.
    Nonce(String),
    /// The keys come out of a recovery code, or a backup and its code.
    Recover(Typed),
    /// New keys take their place.
    Replace,
    /// The recovery code is kept somewhere.
    CodeKept,
    /// Stake what the node asks for.
    Stake,
}

/// A secret that somebody typed: nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed(Zeroizing<String>);

impl Typed {
    /// Takes what was typed.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// What was typed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}
