//! Entering with an account whose keys are on this device, and leaving again.

use std::rc::Rc;

use dm3_core::identity::{Address, KeySeed};
use dm3_core::ports::StoreError;
use dm3_core::session::{NameStanding, Session, remembered_seed};

use super::account::Account;
use super::command::Command;
use super::conversations;
use super::driver::{Driver, Stage};
use super::node::known_directory;
use super::platform::{HostEvent, Platform, Who};
use super::state::{Apart, Connection, Lookup, Person, Screen};
use super::wallets::show_wallets;

/// The account's keys, if they are on this device.
pub(super) async fn seed<P: Platform>(
    driver: &Driver<P>,
    account: Address,
) -> Result<Option<KeySeed>, StoreError> {
    remembered_seed(driver.platform.store(), account).await
}

/// Goes on with an account whose keys are on this device; no wallet is asked. Without the node, what is on
/// the device is shown all the same, if the node was ever known.
pub(super) async fn resume<P: Platform>(driver: &Rc<Driver<P>>, account: Address) {
    let directory = match known_directory(driver).await {
        Ok(directory) => directory,
        Err(fault) => return driver.fail(fault),
    };
    match seed(driver, account).await {
        Ok(Some(seed)) => enter(driver, Session::resume(directory, account, &seed)),
        Ok(None) => show_wallets(driver),
        Err(error) => driver.fail(error),
    }
}

/// Shows the account's conversations and goes live.
pub(super) fn enter<P: Platform>(driver: &Rc<Driver<P>>, session: Session<P::Ports>) {
    let address = session.account();
    driver.begin(Stage::Inside(Account::new(session)));
    let Some(at) = driver.active() else { return };
    let who = driver.who().filter(|who| who.account == address);
    driver.set_who(Some(who.unwrap_or(Who { account: address, wallet: None })));
    driver.platform.set_signed_out(address, false);
    let state = driver.state;
    state.account.set(Some(Person { address, name: None, standing: NameStanding::Unchecked }));
    state.connection.set(Connection::Connecting);
    state.conversations.set(None);
    state.thread.set(None);
    state.lookup.set(Lookup::Idle);
    // Before anything is drawn that is told by days.
    state.today.set(driver.platform.day().0);
    state.screen.set(Screen::List);
    driver.platform.emit(HostEvent::Connect(address));
    at.spawn(|at| async move {
        conversations::refresh_list(&at).await;
        at.step(|_, _| None);
        if let Some(ask) = at.driver.backup.take() {
            at.step(move |steps, at| (steps.carry_out)(at, Command::Backup(ask)));
        }
        conversations::refresh_quarantine(&at).await;
    });
}

/// Nothing of the account is shown, known or going on any more.
pub(super) fn leave<P: Platform>(driver: &Driver<P>) {
    driver.begin(Stage::Outside);
    driver.set_who(None);
    clear(driver);
    driver.show_unread(0);
}

/// Nothing of any account is on the screen.
pub(super) fn clear<P: Platform>(driver: &Driver<P>) {
    let state = driver.state;
    state.account.set(None);
    state.thread.set(None);
    state.conversations.set(None);
    state.connection.set(Connection::Idle);
    state.lookup.set(Lookup::Idle);
    state.quarantined.set(0);
    state.history_full.set(false);
    state.clock_error.set(None);
    state.query.set(String::new());
    state.texts.set(Apart::waiting());
    state.text.set(String::new());
    state.menu.set(false);
    state.leaving.set(false);
    state.choosing.set(false);
    state.unsent.set(None);
    state.screen.set(Screen::Starting);
}
