//! What a site asks for beside a chat.

use dm3_core::identity::Nft;
use dm3_core::session::{FindError, Holding};

use super::made::{BOB, CAROL, LONG, States, bob, later, open, silence, talk, thread};
use crate::app::fault::Fault;
use crate::app::site::{Known, Owning, Owns};
use crate::app::state::{Apart, Screen, SignIn, SignInStep, State, WalletChoice};

/// Whose owner is asked for.
const DEED: &str = "eip155:1/erc721:0xb47e3cd837dDF8e4c57F05d70Ab865de6e193BBB/5";

pub(super) const STATES: States = &[
    ("form", |state| form(state, "shop.eth")),
    ("form-long", |state| {
        state.context.set(Some("Order 55, of the first edition that was ever sold at this place".into()));
        form(state, LONG)
    }),
    ("form-nft", |state| form(state, DEED)),
    ("form-written", |state| {
        let known = Known { peer: None, official: Some("shop.example".into()), owning: None };
        state.site.set(Apart::new(known, 1));
        later(move || state.text.set("Do you ship to Malta?\nI would take two.".into()));
        form(state, "shop.eth")
    }),
    ("form-kept", |state| {
        state.form.set(Apart::at(1));
        form(state, "shop.eth")
    }),
    ("form-sign-in", |state| {
        state.form.set(Apart::at(2));
        form(state, "shop.eth")
    }),
    ("thread-official", |state| {
        known(state, Known { peer: BOB.parse().ok(), official: Some("shop.example".into()), owning: None })
    }),
    ("thread-owner-asking", |state| owner(state, false, Owns::Asking)),
    ("thread-owner", |state| owner(state, true, Owns::Told(Holding::Held))),
    ("thread-owner-no-more", |state| owner(state, true, Owns::Told(Holding::OfOther(CAROL.parse().ok()?)))),
    ("thread-owner-not", |state| owner(state, false, Owns::Told(Holding::NotHeld))),
    ("thread-owner-unknown", |state| {
        let Fault::NodeUnreachable(error) = silence() else { return None };
        owner(state, true, Owns::Unknown(FindError::Unreachable(error)))
    }),
];

/// Somebody who is not signed in is at a page with one contact.
fn form(state: State, to: &str) -> Option<()> {
    state.locked.set(true);
    state.to.set(Some(to.into()));
    let wallets = vec![WalletChoice { id: "one".into(), name: "MetaMask".into(), icon: None }];
    state.screen.set(Screen::SignIn(SignIn {
        step: SignInStep::Connect { wallets },
        busy: None,
        error: None,
        wallet: None,
        account: None,
    }));
    Some(())
}

fn owner(state: State, before: bool, now: Owns) -> Option<()> {
    let owning = Owning { nft: Nft::of_id(DEED)?, before, now };
    known(state, Known { peer: BOB.parse().ok(), official: None, owning: Some(owning) })
}

fn known(state: State, known: Known) -> Option<()> {
    let lines = [(true, "Is #5 still for sale?"), (false, "It is. Would you take it today?")];
    open(state, thread(bob()?, talk(&lines)?))?;
    state.site.set(Apart::new(known, 1));
    Some(())
}
