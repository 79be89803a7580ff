//! How much of the account its node keeps, and what gives it more.

use dm3_core::delivery::room::{Limits, MoreRoom, Used};
use dm3_core::deposit::{EPOCH, epoch_of};
use leptos::prelude::*;

use super::pieces::{ask, hint};
use crate::app::fault::Fault;
use crate::app::own::Room;
use crate::app::stake::deposit_for;
use crate::app::{App, OwnAsk};
use crate::more::settings::pieces::{fact, failed, hint_of};
use crate::texts::{
    self, OwnWord, SettingsWord, file_size, own_room_deposit, own_room_for, own_room_given, own_room_kept,
    own_room_offer, own_room_unbounded, say, stake_put,
};
use crate::view::attributes::{attrs, class};
use crate::view::{sends, time, truth};

/// The group.
pub(super) fn room(app: &App, room: Option<&Result<Room, Fault>>) -> AnyView {
    match room {
        None => hint_of(say(SettingsWord::LookedUp).to_owned()),
        Some(Err(fault)) => failed(texts::fault(fault)),
        Some(Ok(room)) => {
            let kept = [(OwnWord::RoomHistory, room.told.history), (OwnWord::RoomFiles, room.told.files)];
            let kept: Vec<_> = kept.into_iter().filter_map(|(of, used)| Some(row(of, used?))).collect();
            let none = kept.is_empty().then(|| hint(OwnWord::RoomNone));
            let more = room.told.more.as_ref().map(|more| more_room(app, room, more));
            view! { {kept} {none} {more} }.into_any()
        }
    }
}

/// How much there is, of how much.
fn row(of: OwnWord, used: Used) -> AnyView {
    let (words, classes) = match used.of {
        None => (own_room_unbounded(&size(used.bytes)), ""),
        Some(all) => {
            let free = all.saturating_sub(used.bytes);
            // What is nearly full stops with the next message.
            let classes = if free < all / 20 { "link-bad" } else { "" };
            (own_room_kept(&size(all), &size(free), &size(used.bytes)), classes)
        }
    };
    fact(say(of).to_owned(), words, classes)
}

/// What comes from a stake, or would.
fn more_room(app: &App, room: &Room, more: &MoreRoom) -> AnyView {
    let Limits { history, files } = more.then;
    let terms = &more.stake.terms;
    let amount = texts::staked(terms.stake().unwrap_or(u128::MAX), room.token.as_ref());
    let ends = time::day((epoch_of(time::now()) + 1).saturating_mul(EPOCH), time::now());
    if more.is_given() {
        return hint_of(own_room_given(&amount, &ends));
    }
    let deposited = texts::staked(deposit_for(terms, 1), room.token.as_ref());
    let then = own_room_for(&size(files), &size(history));
    let unstaked = room.failed.as_ref().map(|failure| failed(texts::stake_failed(failure)));
    view! {
        <div {class("setting setting-doubt")}>
            <span {class("setting-body setting-help")}>
                {own_room_offer(&amount, &ends, &then)}
                " "
                {own_room_deposit(&deposited)}
            </span>
            <button {attrs(&[("class", "setting-act"), ("type", "button"), ("aria-disabled", truth(room.busy))])} on:click=sends(app, ask(OwnAsk::StakeForRoom))>
                {stake_put(&deposited)}
            </button>
        </div>
        {unstaked}
    }
    .into_any()
}

fn size(bytes: u64) -> String {
    file_size(usize::try_from(bytes).unwrap_or(usize::MAX))
}
