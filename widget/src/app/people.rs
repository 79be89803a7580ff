//! Names of people, found meanwhile.

use dm3_core::device::Contact;
use dm3_core::ports::Store as _;

use super::conversations::{person, refresh_list};
use super::driver::Active;
use super::platform::Platform;
use super::state::Person;
use super::thread::update_thread;

/// Finds the own name. Without one the address is shown; the connection's own state tells about the network.
pub(super) async fn learn_own_name<P: Platform>(at: Active<P>) {
    let address = at.address();
    if let Ok(Some(name)) = at.session().directory().primary_name(address).await {
        at.driver.state.account.set(Some(Person { address, name: Some(name.to_string()) }));
    }
}

/// Finds the names of peers who wrote first.
pub(super) async fn name_peers<P: Platform>(at: Active<P>) {
    let (store, account) = (at.store(), at.address());
    let Ok(contacts) = store.contacts(account).await else { return };
    let mut changed = false;
    for contact in contacts.into_iter().filter(|contact| contact.name.is_none()) {
        // A name is a comfort: without it the address stands there, and the next start tries again.
        let Ok(Some(name)) = at.session().directory().primary_name(contact.peer).await else { continue };
        let Ok(fresh) = store.contacts(account).await else { return };
        let Some(current) = fresh.into_iter().find(|c| c.peer == contact.peer) else { continue };
        let named = Contact { name: Some(name), ..current };
        changed |= store.put_contact(account, &named).await.is_ok();
        let shown = person(&named);
        update_thread(&at, named.peer, |thread| thread.peer = shown);
    }
    if changed {
        refresh_list(&at).await;
    }
}
