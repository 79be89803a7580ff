//! What is shown of what somebody can set, and of a contact.

use dm3_core::attention::Minimum;
use dm3_core::delivery::{MailChannel, SpamRule};
use dm3_core::identity::{Address, ComparisonCode};
use dm3_core::session::{Askable, MailError, Token};

use super::command::Numbered;
use super::driver::Active;
use super::fault::Fault;
use super::platform::{Notifying, Platform, StorageUse};
use super::state::{Apart, Screen, Theme};

/// Where nothing of it stands yet.
pub(super) const WAITING: u8 = 0;
/// Where the settings stand. What comes after them is of the part `own`.
pub const SETTINGS: u8 = 1;
/// Where a contact's card stands there.
pub(super) const CARD: u8 = 2;

/// What somebody can set, and what there is to know of how the chat works for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// People who are welcome learn that their messages arrived and were read.
    pub receipts: bool,
    /// The page wants none to be sent.
    pub silent: bool,
    /// Whether the browser tells when others write and nobody looks.
    pub notifying: Notifying,
    /// What the element looks like.
    pub theme: Theme,
    /// The page has said what it looks like, and that counts.
    pub page_theme: bool,
    /// Which language it speaks, by its code; empty: what page and browser want.
    pub language: String,
    /// The page has said which, and that counts.
    pub page_language: bool,
    /// What is demanded of those who write. `None` while it is looked up.
    pub demands: Option<Result<Demands, Fault>>,
    /// What is asked of payments for answers. `None` while it is looked up.
    pub payments: Option<Result<Asked, Fault>>,
    /// Mail from the node while no device is connected.
    pub mail: Offer<Mail>,
    /// Which hosts are asked for what.
    pub hosts: Vec<Contacted>,
    /// What the wallet is called, if one is there.
    pub wallet: Option<String>,
    /// How much is kept on this device, if the browser tells.
    pub storage: Option<StorageUse>,
}

/// What is demanded of those who write.
#[derive(Clone, Debug, PartialEq)]
pub struct Demands {
    /// The rules; `None` if the node checks nothing.
    pub rules: Option<Vec<SpamRule>>,
    /// Why what was wanted last is not demanded.
    pub failed: Option<Fault>,
    /// What is at the addresses that rules name, as far as that is known.
    pub known: Vec<Askable>,
    /// What could be demanded, too.
    pub asking: Asking,
    /// What was typed last that is no number, and for which rule.
    pub misread: Option<(Numbered, String)>,
}

/// What is known of a contract that strangers could be asked for something of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// Nobody asked about one.
    #[default]
    None,
    /// What was typed is no address.
    NoAddress,
    /// It is looked up.
    Searching(Address),
    /// There it is; and what was typed as the amount and is none.
    Found(Askable, Option<String>),
    /// It is neither a token nor a contract that holds deposits.
    Neither,
    /// The chain does not answer.
    Unknown,
}

/// What is asked of payments for answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// The node tells nobody what it is.
    pub nowhere: bool,
    /// What they have to be, and of which token, if that is known.
    pub minimum: Option<(Minimum, Option<Token>)>,
    /// What is asked next to say what they have to be from now on.
    pub next: Next,
    /// What was typed last is not that.
    pub wrong: Option<Wrong>,
    /// It is looked up, or told to the node.
    pub busy: bool,
    /// Why it is not asked.
    pub failed: Option<Fault>,
}

/// What is asked next of payments for answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Next {
    /// The contract that holds them.
    #[default]
    Contract,
    /// Their token, in this contract.
    Token(Address),
    /// How much of it.
    Amount(Address, Token),
}

/// Why what was typed is not what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is no address.
    Address,
    /// There is no such contract.
    Contract,
    /// There is no token.
    Token,
    /// It is no number.
    Number,
    /// The chain does not answer.
    Unknown,
}

/// Something that not every node offers.
#[derive(Clone, Debug, PartialEq)]
pub enum Offer<T> {
    /// It is looked up.
    Searching,
    /// This node does not.
    Nowhere,
    /// How it stands with it.
    Known(T),
    /// That can't be found out now.
    Unknown(Fault),
}

/// Mail from the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Where it goes.
    pub channel: Option<MailChannel>,
    /// Something is being done about it.
    pub busy: bool,
    /// Why the last was not done.
    pub failed: Option<MailError>,
}

/// A host that the chat talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contacted {
    /// Which one.
    pub host: String,
    /// What for.
    pub purposes: Vec<Errand>,
}

/// What a host is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// It describes the network, keeps the account's history and publishes its profile.
    Node,
    /// It reads the chain.
    Chain,
    /// It takes messages for the account.
    Service,
}

/// What there is to know of a contact, beside what is shown of them everywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Since when they are known here: milliseconds since 1970.
    pub since: Option<u64>,
    /// Further names at which their profile was found.
    pub names: Vec<String>,
    /// Their keys.
    pub keys: Keys,
}

/// Somebody's keys, as far as they are known now.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// They are looked up.
    Searching,
    /// Signed by the contact's wallet; what is compared to know that they are the same at both sides.
    Signed(ComparisonCode),
    /// None are published.
    None,
    /// They can't be found out now.
    Unknown(Fault),
}

/// Whether that place stands there. Whoever has left what was on its way is not led back to it.
pub(super) fn stands<P: Platform>(at: &Active<P>, place: u8) -> bool {
    let screen = at.driver.state.screen;
    screen.with_untracked(|screen| matches!(screen, Screen::Settings(apart) if apart.place == place))
}

/// Shows it.
pub(super) fn put<P: Platform, T: 'static>(at: &Active<P>, place: u8, shown: T) {
    at.driver.state.screen.set(Screen::Settings(Apart::new(shown, place)));
}

/// Changes the settings, if they are shown.
pub(super) fn change_settings<P: Platform>(at: &Active<P>, of: impl FnOnce(&mut Settings)) {
    change(at, SETTINGS, of);
}

/// Changes what is shown, if it is this. Tells whether it is.
pub(super) fn change<P: Platform, T: Clone + PartialEq + 'static>(
    at: &Active<P>,
    place: u8,
    change: impl FnOnce(&mut T),
) -> bool {
    let shown = at.driver.state.screen.with_untracked(|screen| match screen {
        Screen::Settings(apart) => apart.shown::<T>().cloned(),
        _ => None,
    });
    let Some(before) = shown else { return false };
    let mut shown = before.clone();
    change(&mut shown);
    if shown != before {
        put(at, place, shown);
    }
    true
}
