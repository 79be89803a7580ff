//! Names of people, found meanwhile.

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
    let Ok(nameless) = at.session().nameless().await else { return };
    let mut changed = false;
    for conversation in nameless {
        let Ok(Some(name)) = at.session().learn_name(conversation).await else { continue };
        changed = true;
        let shown = person(conversation, Some(&name));
        update_thread(&at, shown.address, |thread| thread.peer = shown.clone());
    }
    if changed {
        refresh_list(&at).await;
    }
}
