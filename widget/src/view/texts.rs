//! Every text a person reads, in one place.

use super::names::short_address;
use crate::app::state::{Busy, Delivery, SignInStep};
use dm3_core::identity::Address;

/// In the order of JavaScript's `getDay`. The first three letters are the short form.
pub const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// In the order of JavaScript's `getMonth`. The first three letters are the short form.
pub const MONTHS: [&str; 12] = [
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
];

pub const CLOSE: &str = "Close";
pub const BACK: &str = "Back";
pub const RETRY: &str = "Retry";
pub const TRY_AGAIN: &str = "Try again";
pub const LOADING: &str = "Loading";
pub const PART_UNREACHABLE: &str =
    "This part of the chat could not be loaded. Check your connection, then try again.";
pub const PART_OF_OTHER_VERSION: &str =
    "A newer version of the chat is on the server. Reload the page to go on.";
pub const RELOAD: &str = "Reload";
pub const STOPPED: &str = "The chat stopped";
pub const VERIFIED: &str = "verified name";
pub const YOU: &str = "You";
pub const DONE: &str = " (done)";

pub const SIGN_IN_PROMISE: &str = "Only the two of you can read it. No account, no fee.";
pub const NO_WALLET: &str = "No wallet was found in this browser.";
pub const NO_WALLET_HELP: &str = "Install a wallet extension such as MetaMask or Rabby, or open this page in your \
                                  wallet’s own browser. Then look again.";
pub const LOOK_AGAIN: &str = "Look again";
pub const CONNECT_WALLET: &str = "Connect wallet";
pub const CREATE_KEYS: &str = "Create keys";
pub const PUBLISH_PROFILE: &str = "Publish profile";
pub const REPLACE_PROFILE: &str = "Replace profile";
pub const ANOTHER_WALLET: &str = "Use another wallet";
pub const SHOW_TEXT: &str = "Show the text";
pub const CHOOSE_WALLET: &str = "Choose a wallet";
pub const ANSWER_IN_WALLET: &str = "Your wallet shows the request. Answer it there.";
pub const FINISHING: &str = "Signed. Your messages are being fetched.";
pub const OTHER_KEYS: &str = "This account already has a chat profile with other keys, made with another wallet or \
                              another app. Publishing replaces it: new messages arrive here, and the other app no \
                              longer receives any.";

pub const CONNECT_STEP: &str = "Connect your wallet";
pub const CONNECTED_STEP: &str = "Wallet connected";
pub const CONNECT_STEP_HELP: &str =
    "The one you already have. It tells this page your address, nothing else.";
pub const KEYS_STEP: &str = "Create your keys";
pub const KEYS_STEP_HELP: &str = "Your wallet signs a text. It is no transaction and costs nothing.";
pub const PROFILE_STEP: &str = "Publish your profile";
pub const PROFILE_STEP_HELP: &str = "Once, so that others can write to you. Also a text, also free.";

pub const MESSAGES: &str = "Messages";
pub const SEARCH: &str = "Search or enter a name";
pub const SEARCHING: &str = "Looking up the name…";
pub const EMPTY_LIST: &str = "No messages yet";
pub const EMPTY_LIST_HELP: &str = "Enter an ENS name or an address above to write to somebody.";
pub const NO_MATCH: &str = "Nobody in your list is called that. Press Enter to write to them.";
pub const NEW_CONVERSATION_HELP: &str = "Start or open the conversation";
pub const NO_MESSAGE: &str = "No message yet";
pub const ACCOUNT: &str = "Account";
pub const SIGNED_IN_AS: &str = "Signed in as";
pub const SIGN_OUT: &str = "Sign out";
pub const SIGN_OUT_HELP: &str = "Signing out deletes your keys and messages from this device. Your wallet can create \
                                 the same keys again; messages kept only here are gone.";

pub const CONVERSATION: &str = "Conversation";
pub const ENCRYPTED: &str = "end-to-end encrypted";
pub const OLDER: &str = "Show older messages";
pub const CHECK_AGAIN: &str = "Check again";
pub const DELETED: &str = "Deleted by its author";
pub const EDITED: &str = "edited";
pub const SEND: &str = "Send";
pub const TODAY: &str = "Today";
pub const YESTERDAY: &str = "Yesterday";

pub fn sign_in_title(to: Option<&str>) -> String {
    match to {
        Some(name) => format!("Write to {name} with your wallet"),
        None => "Chat from wallet to wallet".into(),
    }
}

/// What the one button of the sign-in does.
pub fn sign_in_action(step: &SignInStep, busy: Option<Busy>, failed: bool) -> &'static str {
    match (busy, step) {
        (Some(Busy::Wallet), _) => "Waiting for your wallet…",
        (Some(Busy::Network), _) => "One moment…",
        (None, SignInStep::Connect { wallets }) if wallets.is_empty() => LOOK_AGAIN,
        (None, SignInStep::Connect { .. }) => CONNECT_WALLET,
        (None, SignInStep::CreateKeys { .. }) => CREATE_KEYS,
        (None, SignInStep::PublishProfile { .. }) => PUBLISH_PROFILE,
        (None, SignInStep::OtherKeys { .. }) => REPLACE_PROFILE,
        (None, SignInStep::Finishing) if failed => TRY_AGAIN,
        (None, SignInStep::Finishing) => "Signing in…",
    }
}

pub fn connected_wallet(account: Option<Address>, wallet: Option<&str>) -> String {
    [account.map(short_address).as_deref(), wallet].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

pub fn write_to(name: &str) -> String {
    format!("Write to {name}")
}

pub fn own_preview(text: &str, waiting: bool) -> String {
    if waiting { format!("You: waiting – {text}") } else { format!("You: {text}") }
}

pub fn unread(count: u64) -> String {
    format!(" unread {}", if count == 1 { "message" } else { "messages" })
}

pub fn quarantined(count: usize) -> String {
    match count {
        1 => "1 message could not be verified and is not shown.".into(),
        _ => format!("{count} messages could not be verified and are not shown."),
    }
}

pub fn message_field(name: &str) -> String {
    format!("Message {name}")
}

pub fn no_messages_with(name: &str) -> String {
    format!("This is the start of your conversation with {name}.")
}

pub fn no_profile(name: &str) -> String {
    format!(
        "{name} has not joined dm3 yet. What you write waits on this device and is delivered when they join."
    )
}

pub fn attachments(count: usize) -> String {
    match count {
        1 => "1 attachment that this version cannot show".into(),
        _ => format!("{count} attachments that this version cannot show"),
    }
}

/// How far an own message has come. `reachable`: the node answers and the peer has a profile.
pub fn delivery(delivery: &Delivery, reachable: bool) -> Option<String> {
    Some(match delivery {
        Delivery::Received => return None,
        Delivery::Waiting if reachable => "sending".into(),
        Delivery::Waiting => "waiting".into(),
        Delivery::Sent => "sent".into(),
        Delivery::Arrived => "delivered".into(),
        Delivery::Read => "read".into(),
        Delivery::Failed(why) => format!("not sent: {why}"),
    })
}

/// Who wrote an entry, for those who do not see on which side it stands.
pub fn author(own: bool, peer: &str, time: &str) -> String {
    format!("{} at {time}:", if own { YOU } else { peer })
}
