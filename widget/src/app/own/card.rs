//! What is looked up of a contact.

use dm3_core::conversation::ConversationId;

use crate::app::driver::Active;
use crate::app::fault::Fault;
use crate::app::platform::Platform;
use crate::app::settings::{CARD, Card, Keys, change, put, stands};

/// Shows what there is to know of the open conversation's peer: at once what is kept, then what has to be looked up.
pub(super) async fn show<P: Platform>(at: Active<P>) {
    let Some(open) = at.open_peer() else { return };
    let contact = match at.session().contact(ConversationId::Peer(open)).await {
        Ok(contact) => contact,
        Err(error) => return at.storage_failed(error),
    };
    if at.open_peer() != Some(open) || !stands(&at, CARD) {
        return;
    }
    let (mut since, mut names) = (None, Vec::new());
    if let Some(contact) = contact {
        since = Some(contact.seen.since().map_or(contact.touched, |seen| seen.min(contact.touched)));
        let called = contact.name;
        // A name that is the address in other words is none that somebody chose.
        let others = contact.found_at.iter().filter(|name| {
            name.carried_address().is_none() && called.as_ref().is_none_or(|called| called != *name)
        });
        names = others.map(ToString::to_string).collect();
    }
    put(&at, CARD, Card { since, names, keys: Keys::Searching });
    let found = at.session().peer(open).await;
    // Somebody else's may be shown by now.
    if at.open_peer() != Some(open) {
        return;
    }
    let keys = match found.map(|peer| peer.profile) {
        Ok(Some((_, profile))) => Keys::Signed(at.session().comparison_code(&profile)),
        Ok(None) => Keys::None,
        Err(error) => Keys::Unknown(Fault::Find(error)),
    };
    change(&at, CARD, |shown: &mut Card| shown.keys = keys);
}
