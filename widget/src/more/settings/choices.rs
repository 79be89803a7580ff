//! What can be set, and how the chat works for somebody.

use dm3_core::device::Trust;
use dm3_core::session::Decision;
use leptos::ev::{Event, KeyboardEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlSelectElement};

use super::demands::demands;
use super::mail::mail;
use super::pieces::{fact, group, hint, hint_of, screen, sends_and_goes, switch};
use crate::app::platform::Notifying;
use crate::app::settings::Settings;
use crate::app::state::{ConversationRow, Theme};
use crate::app::{App, BackupAsk, Command, OwnAsk, SettingsAsk};
use crate::texts::{self, SettingsWord, Word, say};
use crate::view::attention::asked;
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon};
use crate::view::names::display_name;
use crate::view::person::{person_avatar, person_name};
use crate::view::{OnInput, OnKey, on_click, sends, truth, when};

const THEMES: [(Theme, SettingsWord); 3] = [
    (Theme::Auto, SettingsWord::ThemeAuto),
    (Theme::Light, SettingsWord::ThemeLight),
    (Theme::Dark, SettingsWord::ThemeDark),
];

/// The whole screen.
pub(super) fn choices(app: &App, settings: &Settings) -> AnyView {
    let blocked = people(
        app,
        |row| row.standing.trust == Trust::Blocked,
        Decision::Unblock,
        SettingsWord::Unblock,
        SettingsWord::NobodyBlocked,
    );
    let hidden = people(
        app,
        |row| row.standing.hidden && row.standing.trust != Trust::Blocked,
        Decision::Hide(false),
        SettingsWord::ShowAgain,
        SettingsWord::NoneHidden,
    );
    let body = view! {
        {own(app)}
        {group(SettingsWord::Privacy, receipts(app, settings))}
        {group(SettingsWord::WhoMayWrite, demands(app, settings.demands.as_ref()))}
        {group(SettingsWord::Payments, asked(app, settings).into_any())}
        {group(SettingsWord::Notifications, told(app, settings))}
        {group(SettingsWord::Blocked, blocked)}
        {group(SettingsWord::HiddenOnes, hidden)}
        {group(SettingsWord::Appearance, appearance(app, settings))}
        {group(SettingsWord::Language, languages(app, settings))}
        {group(SettingsWord::Hosts, hosts(settings))}
        {group(SettingsWord::Storage, storage(app, settings))}
        {sign_out(app)}
    };
    screen(app, SettingsWord::Title, body.into_any())
}

/// The way to what is the account's own.
fn own(app: &App) -> AnyView {
    let show = sends(app, Command::settings(SettingsAsk::Own(OwnAsk::Show)));
    view! {
        <button {attrs(&[("class", "setting setting-way group-card"), ("type", "button")])} on:click=show>
            <span {class("setting-body")}>
                <b>{say(SettingsWord::Own)}</b>
                <span {class("setting-help")}>{say(SettingsWord::OwnHelp)}</span>
            </span>
            {icon(Picture::Down)}
        </button>
    }
    .into_any()
}

fn receipts(app: &App, settings: &Settings) -> AnyView {
    let turn = SettingsAsk::Receipts(!settings.receipts);
    let receipts = switch(app, settings.receipts, turn, SettingsWord::Receipts, SettingsWord::ReceiptsHelp);
    view! { {receipts} {settings.silent.then(|| hint(SettingsWord::PageReceipts))} }.into_any()
}

fn told(app: &App, settings: &Settings) -> AnyView {
    view! { {notifications(app, settings.notifying)} {mail(app, &settings.mail)} }.into_any()
}

fn notifications(app: &App, notifying: Notifying) -> AnyView {
    let is_on = match notifying {
        Notifying::Impossible => return hint(SettingsWord::NotifyImpossible),
        Notifying::Forbidden => return hint(SettingsWord::NotifyForbidden),
        Notifying::Off => false,
        Notifying::On => true,
    };
    let turn = SettingsAsk::Notifications(!is_on);
    switch(app, is_on, turn, SettingsWord::Notify, SettingsWord::NotifyHelp)
}

/// Those people, each with a button.
fn people(
    app: &App,
    is_meant: fn(&ConversationRow) -> bool,
    decision: Decision,
    label: SettingsWord,
    nobody: SettingsWord,
) -> AnyView {
    let found: Vec<_> = app.state.conversations.with(|rows| {
        let rows = rows.iter().flatten().filter(|row| is_meant(row));
        rows.map(|row| row.peer.clone()).collect()
    });
    if found.is_empty() {
        return hint(nobody);
    }
    let rows = found.iter().map(|person| {
        let decide = sends_and_goes(app, Command::settings(SettingsAsk::Decide(person.address, decision)));
        let label = say(label);
        view! {
            <li {class("setting")}>
                {person_avatar(person, false)}
                <span {class("setting-body setting-name")}>{person_name(person)}</span>
                <button {attrs(&[("class", "setting-act"), ("type", "button"), ("aria-label", &texts::of_whom(label, &display_name(person)))])} on:click=decide>
                    {label}
                </button>
            </li>
        }
        .into_any()
    });
    view! { <ul>{rows.collect::<Vec<_>>()}</ul> }.into_any()
}

fn appearance(app: &App, settings: &Settings) -> AnyView {
    let choices = THEMES.map(|(theme, label)| {
        let is_chosen = theme == settings.theme;
        let choose = sends(app, Command::settings(SettingsAsk::Theme(theme)));
        view! {
            <button {attrs(&[("class", "segment"), ("type", "button"), ("role", "radio"), ("aria-checked", truth(is_chosen)), ("tabindex", if is_chosen { "0" } else { "-1" })])} on:click=choose>
                {say(label)}
            </button>
        }
    });
    let moved: OnKey = Box::new(move_choice);
    view! {
        <div {attrs(&[("class", "segments"), ("role", "radiogroup"), ("aria-label", say(SettingsWord::Appearance))])} on:keydown=moved>
            {Vec::from(choices)}
        </div>
        {settings.page_theme.then(|| hint(SettingsWord::PageTheme))}
    }
    .into_any()
}

/// Each is called as those call it who speak it; the codes are the names of files in widget/texts.
const LANGUAGES: [(&str, &str); 6] = [
    ("ar", "العربية"),
    ("de", "Deutsch"),
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("zh", "简体中文"),
];

fn languages(app: &App, settings: &Settings) -> AnyView {
    let choice = |code: &str, name: &'static str| {
        let chosen = if code == settings.language { "true" } else { "" };
        view! { <option {attrs(&[("lang", code), ("selected", chosen)])}>{name}</option> }.into_any()
    };
    let automatic = choice("", say(SettingsWord::LanguageAuto));
    let others = LANGUAGES.map(|(code, name)| choice(code, name));
    let choose: OnInput = {
        let app = app.clone();
        Box::new(move |event: Event| {
            let list = event.target().and_then(|list| list.dyn_into::<HtmlSelectElement>().ok());
            // The first one is none of them.
            let at = list.and_then(|list| usize::try_from(list.selected_index() - 1).ok());
            let code = at.and_then(|at| LANGUAGES.get(at)).map_or("", |(code, _)| code);
            app.command(Command::settings(SettingsAsk::Language(code.to_owned())));
        })
    };
    view! {
        <select {attrs(&[("class", "setting setting-choice"), ("aria-label", say(SettingsWord::Language))])} on:change=choose>
            {automatic}
            {Vec::from(others)}
        </select>
        {settings.page_language.then(|| hint(SettingsWord::PageLanguage))}
    }
    .into_any()
}

/// Arrows choose, as among radio buttons.
fn move_choice(event: KeyboardEvent) {
    let step = match event.key().as_str() {
        "ArrowRight" | "ArrowDown" => 1,
        "ArrowLeft" | "ArrowUp" => THEMES.len() - 1,
        _ => return,
    };
    let Some(from) = event.target().and_then(|from| from.dyn_into::<Element>().ok()) else { return };
    let Some(all) = from.parent_element().map(|group| group.children()) else { return };
    let count = all.length();
    let at = (0..count).find(|at| all.item(*at).is_some_and(|it| it.is_same_node(Some(&from))));
    let next = at.and_then(|at| all.item((at + step as u32) % count));
    if let Some(next) = next.and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        // What can't take the focus leaves it where it is.
        let _ = next.focus();
        next.click();
    }
}

fn hosts(settings: &Settings) -> AnyView {
    let said = |word| say(word).to_owned();
    let known = settings.hosts.iter().map(|it| fact(it.host.clone(), texts::errands(&it.purposes), ""));
    let wallet = settings.wallet.clone().unwrap_or_else(|| said(SettingsWord::Wallet));
    view! {
        {known.collect::<Vec<_>>()}
        {fact(wallet, said(SettingsWord::WalletHelp), "")}
        {fact(said(SettingsWord::OtherHosts), said(SettingsWord::OtherHostsHelp), "")}
        {hint(SettingsWord::HostsHelp)}
    }
    .into_any()
}

fn storage(app: &App, settings: &Settings) -> AnyView {
    let words = match settings.storage {
        Some(storage) => texts::storage(storage),
        None => say(SettingsWord::StorageUnknown).to_owned(),
    };
    let lasting = settings.storage.is_some_and(|storage| storage.lasting);
    view! {
        <p {class("group-hint")}>{words}</p>
        {hint(if lasting { SettingsWord::Lasting } else { SettingsWord::NotLasting })}
        <button {attrs(&[("class", "setting setting-link"), ("type", "button")])} on:click=sends(app, Command::backup(BackupAsk::Show))>
            {say(SettingsWord::Backup)}
        </button>
    }
    .into_any()
}

/// The way out, with the question that the account's menu asks.
fn sign_out(app: &App) -> AnyView {
    let (leaving, sign_in) = (app.state.leaving, app.parts.sign_in);
    let ask = on_click(move || {
        leaving.update(|asked| *asked = !*asked);
        // Whoever signs out needs it next.
        sign_in.ask();
    });
    let choice = |word, command| {
        view! {
            <button {attrs(&[("class", "setting setting-link"), ("type", "button")])} on:click=sends(app, command)>
                {say(word)}
            </button>
        }
        .into_any()
    };
    let question = when(leaving.get(), || {
        view! {
            {hint_of(say(Word::SignOutHelp).to_owned())}
            {choice(Word::KeepRecords, Command::Disconnect)}
            {choice(Word::DeleteRecords, Command::SignOut)}
        }
        .into_any()
    });
    view! {
        <div {class("group-card")}>
            <button {attrs(&[("class", "setting setting-bad"), ("type", "button"), ("aria-expanded", truth(leaving.get()))])} on:click=ask>
                <b>{say(Word::SignOut)}</b>
            </button>
            {question}
        </div>
    }
    .into_any()
}
