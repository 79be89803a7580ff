//! Every word that a person reads. The application knows codes with their values; here they become words, in one file
//! for each language.
//!
//! A further language is a file beside `english` with an `impl` of [`Language`], which the compiler compares with what
//! is needed, and a place in [`language`]. As a part of its own (`more`) its table is the `&'static dyn Language`.

mod address;
mod english;
mod english_backup;
mod english_keys;
mod language;

use dm3_core::identity::Address;
use dm3_core::session::Restored;

pub use address::short_address;
pub use language::{BackupWord, KeysWord, Language, Word};

use crate::app::backup::BackupFault;
use crate::app::state::{Busy, Delivery, PreviewText, SignInStep};

/// The language of the screen.
pub fn language() -> &'static dyn Language {
    &english::English
}

/// A word in the language of the screen.
pub fn say(word: Word) -> &'static str {
    language().word(word)
}

/// A word of the screens that the part for signing in has where a wallet alone does not lead to the keys.
pub fn say_of_keys(word: KeysWord) -> &'static str {
    english_keys::word(word)
}

/// A word of the screens that make backups and take them in.
pub fn say_of_backup(word: BackupWord) -> &'static str {
    english_backup::word(word)
}

/// What came out of a backup.
pub fn backup_restored(restored: &Restored) -> String {
    english_backup::restored(restored)
}

/// Why there is no backup, or it was not taken in.
pub fn backup_failed(fault: &BackupFault) -> String {
    english_backup::fault(fault)
}

/// What the one button of the sign-in does.
pub fn sign_in_action(step: &SignInStep, busy: Option<Busy>, failed: bool) -> &'static str {
    say(match (busy, step) {
        (Some(Busy::Wallet), _) => Word::WaitingForWallet,
        (Some(Busy::Network), _) => Word::OneMoment,
        (None, SignInStep::Connect { wallets }) if wallets.is_empty() => Word::LookAgain,
        (None, SignInStep::Connect { .. }) => Word::ConnectWallet,
        (None, SignInStep::CreateKeys { .. }) => Word::CreateKeys,
        (None, SignInStep::PublishProfile { .. }) => Word::PublishProfile,
        // These have buttons of their own.
        (None, SignInStep::OtherKeys(_) | SignInStep::KeepCode { .. }) => Word::TryAgain,
        (None, SignInStep::Finishing) if failed => Word::TryAgain,
        (None, SignInStep::Finishing) => Word::SigningIn,
    })
}

/// Which account of which wallet is signing in.
pub fn connected_wallet(account: Option<Address>, wallet: Option<&str>) -> String {
    [account.map(short_address).as_deref(), wallet].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A conversation's last message.
pub fn preview(text: &PreviewText) -> &str {
    match text {
        PreviewText::Text(text) => text,
        PreviewText::Attachment => "📎",
        PreviewText::Deleted => say(Word::MessageDeleted),
    }
}

/// How far an own message has come.
pub fn delivery(delivery: &Delivery) -> Option<String> {
    Some(match delivery {
        Delivery::Received => return None,
        Delivery::Sending => say(Word::Sending).to_owned(),
        Delivery::Waiting => say(Word::Waiting).to_owned(),
        Delivery::Sent => say(Word::Sent).to_owned(),
        Delivery::Arrived => say(Word::Arrived).to_owned(),
        Delivery::Read => say(Word::Read).to_owned(),
        Delivery::Failed(why) => language().not_sent(why),
    })
}
