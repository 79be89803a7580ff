//! The devices that the account is signed in on.

use dm3_core::session::Device;
use leptos::prelude::*;

use super::pieces::{ask, hint};
use crate::app::own::Devices;
use crate::app::settings::Offer;
use crate::app::{App, Command, DeviceAsk, OwnAsk};
use crate::more::settings::pieces::{failed, hint_of, sends_and_goes};
use crate::texts::{self, OwnWord, SettingsWord, say};
use crate::view::attributes::{attrs, class};
use crate::view::{sends, time};

/// The group.
pub(super) fn devices(app: &App, offer: &Offer<Devices>) -> AnyView {
    let devices = match offer {
        Offer::Searching => return hint_of(say(SettingsWord::LookedUp).to_owned()),
        Offer::Nowhere => return hint(OwnWord::DevicesNowhere),
        Offer::Unknown(fault) => return failed(texts::fault(fault)),
        Offer::Known(devices) => devices,
    };
    // Another day has other words.
    app.state.today.get();
    let rows: Vec<_> = devices.list.iter().map(|device| row(app, device)).collect();
    let others = devices.others();
    let all = (others.len() > 1).then(|| {
        let all = sends_and_goes(app, device_ask(DeviceAsk::Doubt(others)));
        view! {
            <button {attrs(&[("class", "setting setting-link"), ("type", "button")])} on:click=all>{say(OwnWord::SignOutOthers)}</button>
        }
        .into_any()
    });
    let way = if devices.asked.is_empty() { all } else { Some(doubt(app, devices)) };
    let told = if devices.told { say(OwnWord::SigningOut) } else { "" };
    view! {
        {rows}
        {way}
        <p {attrs(&[("class", "group-hint"), ("role", "status")])}>{told}</p>
        {devices.failed.as_ref().map(|fault| failed(texts::fault(fault)))}
        {hint(OwnWord::DevicesHelp)}
    }
    .into_any()
}

fn row(app: &App, device: &Device) -> AnyView {
    let now = time::now();
    let when = texts::device_days(&time::day(device.since, now), &time::day(device.seen, now));
    let way = if device.own {
        view! { <span {class("setting-help link-good")}>{say(OwnWord::ThisDevice)}</span> }.into_any()
    } else {
        let label = texts::of_whom(say(OwnWord::SignOut), &device.name);
        let doubt = sends(app, device_ask(DeviceAsk::Doubt(vec![device.id.clone()])));
        view! {
            <button {attrs(&[("class", "setting-act"), ("type", "button"), ("aria-label", &label)])} on:click=doubt>
                {say(OwnWord::SignOut)}
            </button>
        }
        .into_any()
    };
    view! {
        <div {class("setting")}>
            <div {class("setting-body")}>
                <b {attrs(&[("dir", "auto")])}>{device.name.clone()}</b>
                <p>{when}</p>
            </div>
            {way}
        </div>
    }
    .into_any()
}

/// What becomes of those that are signed out, before they are.
fn doubt(app: &App, devices: &Devices) -> AnyView {
    let named = devices.list.iter().filter(|device| devices.asked.contains(&device.id));
    let names = named.map(|device| device.name.as_str()).collect::<Vec<_>>().join(", ");
    let keep = sends_and_goes(app, device_ask(DeviceAsk::Doubt(Vec::new())));
    // Only who wants to stay alone is asked about several.
    let turn_out = match devices.asked.as_slice() {
        [_, _, ..] => DeviceAsk::TurnOutOthers,
        one => DeviceAsk::TurnOut(one.to_vec()),
    };
    let go_on = sends_and_goes(app, device_ask(turn_out));
    view! {
        <div {class("setting setting-doubt")}>
            <span {attrs(&[("class", "setting-body setting-help"), ("role", "alert")])}>{texts::sign_out_sure(&names)}</span>
            <button {attrs(&[("class", "setting-act"), ("type", "button")])} on:click=keep>{say(OwnWord::LeaveDevice)}</button>
            <button {attrs(&[("class", "setting-act setting-act-bad"), ("type", "button")])} on:click=go_on>{say(OwnWord::SignOutNow)}</button>
        </div>
    }
    .into_any()
}

fn device_ask(device: DeviceAsk) -> Command {
    ask(OwnAsk::Device(device))
}
