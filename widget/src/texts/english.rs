//! English.

use dm3_core::delivery::api::{ApiError, is_superseded};
use dm3_core::delivery::{DiscoveryError, Refusal};
use dm3_core::device::Notice;
use dm3_core::identity::{AddressError, BackupError, NameError};
use dm3_core::ports::{StoreError, Unreachable, WalletError};
use dm3_core::session::{FindError, HomeError, SignInError, WriteError};
use dm3_core::web::{Outage, UrlError};

use super::address::short_address;
use super::language::{Language, Word};
use crate::app::fault::Fault;
use crate::app::part::PartMissing;

/// English.
pub struct English;

impl Language for English {
    fn word(&self, word: Word) -> &'static str {
        match word {
            Word::Close => "Close",
            Word::Back => "Back",
            Word::Retry => "Retry",
            Word::TryAgain => "Try again",
            Word::Loading => "Loading",
            Word::Reload => "Reload",
            Word::Stopped => "The chat stopped",
            Word::Verified => "verified name",
            Word::NotChecked => "name not checked",
            Word::NameUncheckable => "name can’t be checked now",
            Word::UseOldProfile => "Use it",
            Word::You => "You",
            Word::Done => " (done)",
            Word::SignInPromise => "Only the two of you can read it. No account, no fee.",
            Word::NoWallet => "No wallet was found in this browser.",
            Word::NoWalletHelp => {
                "Install a wallet extension such as MetaMask or Rabby, or open this page in your wallet’s own browser. Then look again."
            }
            Word::LookAgain => "Look again",
            Word::ConnectWallet => "Connect wallet",
            Word::CreateKeys => "Create keys",
            Word::PublishProfile => "Publish profile",
            Word::AnotherWallet => "Use another wallet",
            Word::ShowText => "Show the text",
            Word::ChooseWallet => "Choose a wallet",
            Word::AnswerInWallet => "Your wallet shows the request. Answer it there.",
            Word::Finishing => "Signed. Your messages are being fetched.",
            Word::ConnectStep => "Connect your wallet",
            Word::ConnectedStep => "Wallet connected",
            Word::ConnectStepHelp => {
                "The one you already have. It tells this page your address, nothing else."
            }
            Word::KeysStep => "Create your keys",
            Word::KeysStepHelp => "Your wallet signs a text. It is no transaction and costs nothing.",
            Word::ProfileStep => "Publish your profile",
            Word::ProfileStepHelp => "Once, so that others can write to you. Also a text, also free.",
            Word::Messages => "Messages",
            Word::Search => "Search or enter a name",
            Word::Searching => "Looking up the name…",
            Word::EmptyList => "No messages yet",
            Word::EmptyListHelp => "Enter an ENS name or an address above to write to somebody.",
            Word::NoMatch => "Nobody in your list is called that. Press Enter to write to them.",
            Word::NewConversationHelp => "Start or open the conversation",
            Word::NoMessage => "No message yet",
            Word::Account => "Account",
            Word::SignedInAs => "Signed in as",
            Word::HistoryFull => {
                "Your node has no room for more of your history: new messages stay in this browser alone. Make a backup, or ask its operator for room."
            }
            Word::Backup => "Backup …",
            Word::SignOut => "Sign out",
            Word::SignOutHelp => {
                "What becomes of your keys and messages on this device? Kept, they are here again when you connect this wallet, and whoever uses this browser can read them. Deleted, your wallet can create the same keys again, or your recovery code if you were given one, but messages kept only here are gone."
            }
            Word::KeepRecords => "Sign out and keep them",
            Word::DeleteRecords => "Sign out and delete them",
            Word::Conversation => "Conversation",
            Word::Encrypted => "end-to-end encrypted",
            Word::Older => "Show older messages",
            Word::CheckAgain => "Check again",
            Word::Deleted => "Deleted by its author",
            Word::Edited => "edited",
            Word::Send => "Send",
            Word::Today => "Today",
            Word::Yesterday => "Yesterday",
            Word::WaitingForWallet => "Waiting for your wallet…",
            Word::OneMoment => "One moment…",
            Word::SigningIn => "Signing in…",
            Word::MessageDeleted => "Message deleted",
            Word::Sending => "sending",
            Word::StopSending => "Don't send",
            Word::Waiting => "waiting",
            Word::Sent => "sent",
            Word::Arrived => "delivered",
            Word::Read => "read",
        }
    }

    fn months(&self) -> [&'static str; 12] {
        [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ]
    }

    fn weekdays(&self) -> [&'static str; 7] {
        ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    }

    fn sign_in_title(&self, to: Option<&str>) -> String {
        match to {
            Some(name) => format!("Write to {name} with your wallet"),
            None => "Chat from wallet to wallet".into(),
        }
    }

    fn write_to(&self, name: &str) -> String {
        format!("Write to {name}")
    }

    fn own_preview(&self, text: &str, waiting: bool) -> String {
        if waiting { format!("You: waiting – {text}") } else { format!("You: {text}") }
    }

    fn unread(&self, count: u64) -> String {
        format!(" unread {}", if count == 1 { "message" } else { "messages" })
    }

    fn quarantined(&self, count: usize) -> String {
        match count {
            1 => "1 message could not be verified and is not shown.".into(),
            _ => format!("{count} messages could not be verified and are not shown."),
        }
    }

    fn clock_error(&self, fast: i64) -> String {
        let minutes = fast.unsigned_abs() / 60_000;
        let direction = if fast > 0 { "fast" } else { "slow" };
        let (count, unit) = if minutes < 120 { (minutes, "minutes") } else { (minutes / 60, "hours") };
        format!("The clock of this device is {count} {unit} {direction}. Please set it.")
    }

    fn message_field(&self, name: &str) -> String {
        format!("Message {name}")
    }

    fn no_messages_with(&self, name: &str) -> String {
        format!("This is the start of your conversation with {name}.")
    }

    fn no_profile(&self, name: &str) -> String {
        format!(
            "{name} has not joined dm3 yet. What you write waits on this device and is delivered when they join."
        )
    }

    fn attachments(&self, count: usize) -> String {
        match count {
            1 => "1 attachment that this version cannot show".into(),
            _ => format!("{count} attachments that this version cannot show"),
        }
    }

    fn author(&self, own: bool, peer: &str, time: &str) -> String {
        format!("{} at {time}:", if own { "You" } else { peer })
    }

    fn notice(&self, notice: &Notice, peer: &str, when: &str) -> String {
        match notice {
            Notice::NameMoved { name, to } => format!(
                "{name} belongs to another account since {when}: {}. This conversation is still with {peer}.",
                short_address(*to)
            ),
            Notice::NameGone { name } => {
                format!("{name} belongs to nobody since {when}. This conversation is still with {peer}.")
            }
            Notice::KeysChanged { .. } => format!(
                "The keys of {peer} changed: {when}. They signed in anew, or somebody else has their account. If it matters, ask them by another way."
            ),
            Notice::OldProfile { .. } => format!(
                "What is published for {peer} was replaced before, and is not used: {when}. Ask them by another way."
            ),
        }
    }

    fn not_sent(&self, why: &Refusal) -> String {
        format!("not sent: {}", refusal(why))
    }

    fn fault(&self, fault: &Fault) -> String {
        match fault {
            Fault::NoNode => "This chat has no node: the page must set the attribute “node”.".into(),
            Fault::NodeAddress(error) => {
                format!("The address of this chat's node can't be used: {}.", url(error))
            }
            Fault::RpcAddress(error) => format!("The address in “rpc-url” can't be used: {}.", url(error)),
            Fault::NodeUnreachable(_) => {
                "The node of this chat can't be reached. Check your connection and try again.".into()
            }
            Fault::NodeUnusable(error) => node_unusable(error).into(),
            Fault::Store(error) => store(error).into(),
            Fault::Find(error) => find(error),
            Fault::OwnAccount => "This is your own account.".into(),
            Fault::LeaderOffline => "Your delivery service can't be reached. It is being tried again.".into(),
            Fault::Write(error) => write(error),
            Fault::Home(error) => home(error),
            Fault::SignIn(error) => sign_in(error),
            Fault::WalletGone => "This wallet has gone. Please choose another one.".into(),
            Fault::SigningForbidden => "This page does not allow signing right now.".into(),
            Fault::Nonce(_) => "A nonce is one line of at most 256 letters.".into(),
            Fault::Part(PartMissing::Unreachable) => {
                "This part of the chat could not be loaded. Check your connection, then try again.".into()
            }
            Fault::Part(PartMissing::OtherVersion) => {
                "A newer version of the chat is on the server. Reload the page to go on.".into()
            }
        }
    }
}

fn url(error: &UrlError) -> &'static str {
    match error {
        UrlError::Scheme => "it must begin with https://",
        UrlError::Insecure => "http:// is only allowed for this machine (localhost); use https://",
        UrlError::Credentials => "it must not contain a user name or password",
        UrlError::Host => "its host or port is malformed",
        UrlError::Character => "it contains a character that is not allowed there",
        UrlError::Query => "it must not contain ? or #",
        UrlError::TooLong => "it is too long",
    }
}

fn node_unusable(error: &DiscoveryError) -> &'static str {
    match error {
        DiscoveryError::NotANode => {
            "There is no dm3 node at the address that this page names; check it for typing errors."
        }
        DiscoveryError::Undescribed => {
            "There is a dm3 server at this address, but it does not describe itself: the page must set “network” (delivery service, domain of address names, chain id) and “rpc-url”."
        }
        DiscoveryError::Network => {
            "“network” must name the delivery service, the domain of address names and the chain id, as in “ds.dm3.eth addr.dm3.eth 1”."
        }
        DiscoveryError::Version => {
            "The node of this chat speaks another version of dm3; reload the page to get the newest program."
        }
        DiscoveryError::TooLarge | DiscoveryError::Member(_) => {
            "The description of this chat's node can't be used; its operator must repair it."
        }
    }
}

fn refusal(refusal: &Refusal) -> String {
    let (words, said) = match refusal {
        Refusal::Damaged => ("the stored message is damaged", None),
        Refusal::Receiver => ("what the receiver published for dm3 can't be used", None),
        Refusal::NoService => ("the receiver's profile lists no delivery service", None),
        Refusal::Service(name) => {
            return format!("what is published about the delivery service {name} can't be used");
        }
        Refusal::NotSealed => ("nothing can be encrypted for the receiver's published key", None),
        Refusal::Spam => ("the receiver's rules against spam don't let this message through", None),
        Refusal::TooLarge => {
            ("the message is larger than the receiver's delivery service accepts; shorten it", None)
        }
        Refusal::UnknownReceiver => ("the receiver is not registered at this delivery service", None),
        Refusal::Stopped => ("you stopped it", None),
        Refusal::Malformed(said) => {
            ("the receiver's delivery service does not understand this message", Some(said))
        }
        Refusal::Rejected(said) => ("the receiver's delivery service refuses the message", Some(said)),
        Refusal::Unexplained(said) => ("it could not be delivered", Some(said)),
    };
    match said.filter(|said| !said.is_empty()) {
        Some(said) => format!("{words}: {said}"),
        None => words.to_owned(),
    }
}

fn write(error: &WriteError) -> String {
    match error {
        WriteError::Overlong { .. } => "This message is too long. Shorten it, or send it in parts.".into(),
        WriteError::TooLarge { limit, .. } => format!(
            "This message is larger than the receiver's delivery service accepts ({} KB). Shorten it, or send it in parts.",
            limit / 1000
        ),
        WriteError::Unwanted(_) => "The receiver does not want messages of this type.".into(),
        WriteError::Store(error) => store(error).into(),
    }
}

fn store(error: &StoreError) -> &'static str {
    match error {
        StoreError::Insecure => "A page that was not loaded by https has no safe place for keys.",
        StoreError::Outdated => {
            "A newer version of the chat is open in another tab. Reload the page to go on."
        }
        StoreError::Blocked => {
            "An older version of the chat is open in another tab. Close or reload that one, then try again."
        }
        StoreError::Unavailable(_) => {
            "This browser does not let the page store anything. Allow it for this site, or leave the private window."
        }
        StoreError::SignedOut => "This account was signed out in another tab.",
        StoreError::Full => "There is no storage space left on this device. Make room, then try again.",
        StoreError::Damaged => {
            "What this browser has stored for the chat can't be read. If trying again does not help, delete the data of \
             this site in your browser and sign in again."
        }
    }
}

fn unreachable(error: &Unreachable) -> String {
    if error.outage == Outage::Disagreement {
        return format!(
            "Two Ethereum nodes disagree: {} and your wallet’s own. Nothing is decided by that. Try again later.",
            error.host
        );
    }
    format!("{} can't be reached. Check your connection and try again.", error.host)
}

fn find(error: &FindError) -> String {
    match error {
        FindError::Name(error) => name(error),
        FindError::Address(AddressError::Form) => {
            "An address is 0x followed by 40 digits or letters a–f.".into()
        }
        FindError::Address(AddressError::Checksum) => {
            "The address does not match its checksum; check it for typing errors.".into()
        }
        FindError::Unknown(name) => {
            format!("Nobody is registered as {name}. Check the name for typing errors.")
        }
        FindError::NotItself { name, .. } => {
            format!(
                "{name} points to another account than the one in it; whoever serves it is not to be trusted."
            )
        }
        FindError::NoResolver(name) => {
            format!("{name} has no records of its own; they are changed where it was registered.")
        }
        FindError::Unreachable(error) => unreachable(error),
        FindError::Lookup { name, .. } => {
            format!("{name} can't be looked up right now. Try again later; if it stays so, tell its owner.")
        }
        FindError::Record { name, .. } => {
            format!("The dm3 record of {name} can't be used; its owner must publish it again.")
        }
        FindError::Profile { name, .. } => {
            format!("The dm3 profile of {name} can't be trusted; its owner must publish it again.")
        }
        FindError::OldProfile { name, .. } => format!(
            "What is published for {name} now was replaced before. Somebody may be serving an old copy, so nothing is sent to it. Ask them by another way."
        ),
        FindError::OtherKeys(name) => format!(
            "{name} has other keys than the ones known here, and it can't be found out now whether they are right. Try again later."
        ),
        FindError::Store(error) => store(error).into(),
        FindError::NoDeliveryService(name) => format!("{name} is no delivery service."),
        FindError::DeliveryService { name, .. } => {
            format!("The record of the delivery service {name} can't be used; its operator must repair it.")
        }
    }
}

fn name(error: &NameError) -> String {
    match error {
        NameError::Empty => "Please enter a name.".into(),
        NameError::EmptyLabel => "A name must not begin or end with a dot, nor have two in a row.".into(),
        NameError::TooLong => "The name is too long.".into(),
        NameError::Character(character) => format!("‘{character}’ can't stand here in an ENS name."),
        NameError::MixedScripts { label, script, character, .. } => format!(
            "‘{character}’ in “{label}” is not {script}: somebody may want to pass for another. Check the name."
        ),
        NameError::Confusable { label, script, imitated, .. } => format!(
            "“{label}” is written in {script} and can be taken for {imitated}: somebody may want to pass for another."
        ),
        NameError::Label { label, .. } => format!("“{label}” can't be an ENS name."),
        NameError::NotAscii => "Names with letters outside a–z can't be read here.".into(),
        NameError::NoTables => {
            "The rules for names with such letters could not be loaded. Check your connection and try again."
                .into()
        }
    }
}

fn home(error: &HomeError) -> String {
    match error {
        HomeError::Unreachable(error) => unreachable(error),
        HomeError::Api(error) => api(error),
        HomeError::Find(error) => find(error),
        HomeError::NoProfile => {
            "This account's dm3 profile has disappeared. Sign out and in again to publish it.".into()
        }
        HomeError::KeysReplaced => {
            "This account was signed in elsewhere with other keys. Sign out and in again to use it here."
                .into()
        }
        HomeError::Store(error) => store(error).into(),
        HomeError::Closed => "The connection was closed. It is being made again.".into(),
    }
}

fn api(error: &ApiError) -> String {
    match error {
        ApiError::Unauthorized | ApiError::NoAccount | ApiError::OtherKey => {
            "The node does not recognise this account right now. Try again; if it stays so, sign out and in again.".into()
        }
        ApiError::Challenge(_) => {
            "The node wants something signed that is no login request; it was not signed. Its operator must repair it."
                .into()
        }
        ApiError::Refused { reason, .. } if reason.is_empty() => "The node refuses this.".into(),
        ApiError::Refused { reason, .. } => format!("The node refuses this: {reason}"),
        ApiError::Busy { .. } => "The node has too much to do. Try again later.".into(),
        ApiError::Unavailable(_) => "The node is out of order. Try again later.".into(),
        ApiError::Profile(_) | ApiError::Garbled(_) => {
            "The node's answer can't be understood; its operator must repair it.".into()
        }
    }
}

fn backup(error: &BackupError) -> &'static str {
    match error {
        BackupError::Code => "A recovery code has nine groups of four letters and digits.",
        BackupError::Checksum => "The recovery code is mistyped. Check it letter by letter.",
        BackupError::File => "The text of the backup file is not complete. Paste all of it.",
        BackupError::Version => "This backup was written by a newer version. Reload the page to get it.",
        BackupError::NotOpened => "This recovery code does not belong to this backup.",
        BackupError::OtherAccount(_) => {
            "This backup belongs to another account. Choose that account in your wallet."
        }
    }
}

fn sign_in(error: &SignInError) -> String {
    match error {
        SignInError::Wallet(WalletError::Refused) => {
            "You declined the request in your wallet. You can try it again.".into()
        }
        SignInError::Wallet(WalletError::Pending) => {
            "Your wallet is waiting for an answer. Please open it.".into()
        }
        SignInError::Wallet(WalletError::Disconnected) => {
            "Your wallet is not connected to this page any more. Connect it again.".into()
        }
        SignInError::Wallet(WalletError::Garbled) => {
            "Your wallet answered with something that is no signature. Try again, or use another wallet.".into()
        }
        SignInError::Wallet(WalletError::Gone) => "This wallet has gone. Please choose another one.".into(),
        SignInError::Wallet(WalletError::Failed(said)) if said.is_empty() => {
            "Your wallet reports a fault without saying which. Try again, or use another wallet.".into()
        }
        SignInError::Wallet(WalletError::Failed(said)) => format!("Your wallet answered: {said}"),
        SignInError::Signature(_) => {
            "This wallet signs in a way that is not supported yet. Use another wallet.".into()
        }
        SignInError::OtherAccount { account, signer } => format!(
            "The wallet signed with {}, not with {}. Choose that account in the wallet and try again.",
            short_address(*signer),
            short_address(*account)
        ),
        SignInError::SmartAccount => {
            "This is a smart account, whose signatures can change; it needs keys of its own.".into()
        }
        SignInError::Backup(error) => backup(error).into(),
        SignInError::Find(error) => find(error),
        SignInError::Unreachable(error) => unreachable(error),
        SignInError::Node(error) if is_superseded(error) => {
            "The server had this very profile before. Try again: your wallet is asked to sign a new one.".into()
        }
        SignInError::Node(error) => api(error),
        SignInError::NotShown => {
            "Your profile is published, but the server does not show it to others yet. Try again in a moment; your \
             wallet is not asked again."
                .into()
        }
        SignInError::Store(error) => store(error).into(),
    }
}
