//! Screens for somebody whose wallet alone does not lead to their keys: the ways to go on, each explained, and the
//! recovery code of keys that no wallet can make.

use std::rc::Rc;

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlInputElement, HtmlTextAreaElement};

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::entry_stake::EntryStake;
use crate::app::part::Loader;
use crate::app::stake::{Failure, deposit_for};
use crate::app::state::{Busy, OtherKeys, OwnKeys, ShownCode, SignIn, SignInStep, Way};
use crate::app::{App, Choice, Command, Driver, KeysPart, KeysSteps, Typed};
use crate::texts::{self, KeysWord, Word, say, short_address};
use crate::view::attributes::{attrs, class};
use crate::view::form::{VERBATIM, button, link};
use crate::view::panel::{bare_header, connection_bar, note};
use crate::view::{OnClick, OnKey, is_input_method, on_click, sends, truth, when};

thread_local! {
    pub(super) static LOADER: Loader<KeysPart> = Loader::new(table);
}

part!(fn table in keys("keys") -> KeysPart = KeysPart { view: keys });
part!(fn steps in keys("keys") -> KeysSteps<Rc<Driver<Page>>> = KeysSteps::new());

/// The screen of a step that is none of the three; nothing at those.
fn keys(app: &App, at: &SignIn) -> Option<AnyView> {
    match &at.step {
        SignInStep::OtherKeys(ways) => Some(other_keys(app, at, ways)),
        SignInStep::KeepCode { code, why } => Some(keep_code(app, at, code, *why)),
        SignInStep::Stake(stake) => stake.shown().map(|stake| entry_stake(app, at, stake)),
        SignInStep::Connect { .. }
        | SignInStep::CreateKeys { .. }
        | SignInStep::PublishProfile { .. }
        | SignInStep::Finishing => None,
    }
}

/// The ways to go on, or the one that was chosen.
fn other_keys(app: &App, at: &SignIn, ways: &OtherKeys) -> AnyView {
    let error = at.error.as_ref().map(texts::fault);
    let error = error.or_else(|| ways.tried.then(|| say(KeysWord::NotThese).to_owned()));
    let Some(way) = ways.way else {
        let body = view! {
            {paragraph(match (ways.usable, ways.derived) {
                (false, _) => KeysWord::UnusableHelp,
                (true, false) => KeysWord::OtherKeysOfContract,
                (true, true) => KeysWord::OtherKeysHelp,
            })}
            {problem(error)}
            <ul {class("wallets")}>{choices(app, ways)}</ul>
        };
        return frame(app, KeysWord::OtherKeys, body.into_any(), another_wallet(app));
    };
    let busy = at.busy.is_some();
    let (title, body, label) = match way {
        Way::Nonce => (KeysWord::UseNonce, nonce(app), KeysWord::Continue),
        Way::Code => (KeysWord::EnterCode, code_field(), KeysWord::Restore),
        Way::Replace => (KeysWord::NewKeys, replacement(ways), KeysWord::Replace),
    };
    let press: OnClick = {
        let app = app.clone();
        Box::new(move |event: MouseEvent| {
            if !busy {
                go(&app, way, event.target());
            }
        })
    };
    let label = match at.busy {
        Some(Busy::Wallet) => say(Word::WaitingForWallet),
        Some(Busy::Network) => say(Word::OneMoment),
        None => say(label),
    };
    let waits = if at.busy == Some(Busy::Wallet) { say(Word::AnswerInWallet) } else { "" };
    let actions = view! {
        {note("sr", "status", waits.to_owned())}
        {problem(error)}
        {button(label, busy, press)}
        {other_ways(app)}
    };
    frame(app, title, body, actions.into_any())
}

/// The recovery code, before the keys that follow from it are published.
fn keep_code(app: &App, at: &SignIn, code: &ShownCode, why: OwnKeys) -> AnyView {
    let file = at.account.map(short_address).unwrap_or_default().replace('…', "-");
    // Nothing in it has to be escaped in such an address.
    let content = format!("data:text/plain,{}", code.reveal());
    let body = view! {
        {paragraph(match why {
            OwnKeys::Contract => KeysWord::KeepCodeOfContract,
            OwnKeys::Unsteady => KeysWord::KeepCodeOfUnsteady,
        })}
        <output {attrs(&[("class", "code"), ("dir", "ltr"), ("translate", "no"), ("aria-label", say(KeysWord::CodeField))])}>
            {code.reveal().to_owned()}
        </output>
        <a {attrs(&[("class", "link link-inline"), ("download", &format!("dm3-recovery-code-{file}.txt")), ("href", &content)])}>
            {say(KeysWord::SaveCode)}
        </a>
        {note("hint", "note", say(KeysWord::KeepCodeWarning).to_owned())}
    };
    let actions = view! {
        {problem(at.error.as_ref().map(texts::fault))}
        {button(say(KeysWord::CodeKept), false, sends(app, Command::GoOn(Choice::CodeKept)))}
        {another_wallet(app)}
    };
    frame(app, KeysWord::KeepCode, body.into_any(), actions.into_any())
}

/// What the node wants to be at stake before it takes the account.
fn entry_stake(app: &App, at: &SignIn, stake: &EntryStake) -> AnyView {
    let EntryStake { wanted, token, unseen, failed } = stake;
    let amount = texts::staked(wanted.terms.stake().unwrap_or(u128::MAX), token.as_ref());
    let deposited = texts::staked(deposit_for(&wanted.terms, 1), token.as_ref());
    let error = at.error.as_ref().map(texts::fault);
    let error = error.or_else(|| {
        let failed = failed.as_ref().map(|error| texts::stake_failed(&Failure::Stake(error.clone())));
        failed.or_else(|| unseen.then(|| say(KeysWord::StakeUnseen).to_owned()))
    });
    let busy = at.busy.is_some();
    let press = if busy { on_click(|| ()) } else { sends(app, Command::GoOn(Choice::Stake)) };
    let label = match at.busy {
        Some(Busy::Wallet) => say(Word::WaitingForWallet).to_owned(),
        Some(Busy::Network) => say(Word::OneMoment).to_owned(),
        None => texts::stake_put(&deposited),
    };
    let waits = if at.busy == Some(Busy::Wallet) { say(Word::AnswerInWallet) } else { "" };
    let operator = short_address(wanted.receiver);
    let body = view! {
        <p>{texts::keys_stake_explained(&amount, &operator)}</p>
        <p>{texts::stake_how(&deposited)}</p>
    };
    let actions = view! {
        {note("sr", "status", waits.to_owned())}
        {problem(error)}
        <button {attrs(&[("class", "button"), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=press>
            {label}
        </button>
        {another_wallet(app)}
    };
    frame(app, KeysWord::Stake, body.into_any(), actions.into_any())
}

fn frame(app: &App, title: KeysWord, body: AnyView, actions: AnyView) -> AnyView {
    view! {
        {bare_header(app)}
        {connection_bar(app)}
        <div {class("signin")}>
            <h2 {attrs(&[("tabindex", "-1")])}>{say(title)}</h2>
            {body}
            <div {class("actions")}>{actions}</div>
        </div>
    }
    .into_any()
}

fn choices(app: &App, ways: &OtherKeys) -> Vec<AnyView> {
    let choice = |way, title, help| {
        view! {
            <li>
                <button {attrs(&[("class", "wallet choice"), ("type", "button")])} on:click=sends(app, Command::GoOn(Choice::Explain(Some(way))))>
                    <b>{say(title)}</b>
                    <span>{say(help)}</span>
                </button>
            </li>
        }
        .into_any()
    };
    let nonce =
        (ways.usable && ways.derived).then(|| choice(Way::Nonce, KeysWord::UseNonce, KeysWord::UseNonceHelp));
    let code = choice(Way::Code, KeysWord::EnterCode, KeysWord::EnterCodeHelp);
    let replace = choice(Way::Replace, KeysWord::NewKeys, KeysWord::NewKeysHelp);
    nonce.into_iter().chain([code, replace]).collect()
}

fn nonce(app: &App) -> AnyView {
    let entered: OnKey = {
        let app = app.clone();
        Box::new(move |event: KeyboardEvent| {
            if event.key() == "Enter" && !is_input_method(&event) {
                event.prevent_default();
                go(&app, Way::Nonce, event.target());
            }
        })
    };
    view! {
        {paragraph(KeysWord::NonceExplained)}
        <label {class("field")}>
            <b>{say(KeysWord::NonceField)}</b>
            <input {attrs(&VERBATIM)} {attrs(&[("type", "text"), ("data-autofocus", "true"), ("maxlength", "256")])} on:keydown=entered />
        </label>
    }
    .into_any()
}

/// What is typed stays in the field alone.
fn code_field() -> AnyView {
    view! {
        {paragraph(KeysWord::CodeExplained)}
        <label {class("field")}>
            <b>{say(KeysWord::CodeField)}</b>
            <textarea {attrs(&VERBATIM)} {attrs(&[("data-autofocus", "true"), ("rows", "3"), ("maxlength", "600")])}></textarea>
        </label>
    }
    .into_any()
}

fn replacement(ways: &OtherKeys) -> AnyView {
    view! {
        {paragraph(KeysWord::ReplaceExplained)}
        {when(ways.derived, || paragraph(KeysWord::ReplaceChecks))}
        {ways.text.as_ref().map(|text| text_shown(text))}
    }
    .into_any()
}

/// Goes the way that stands there, with what is typed in its field.
fn go(app: &App, way: Way, from: Option<EventTarget>) {
    let choice = match way {
        Way::Nonce => Choice::Nonce(typed(from)),
        Way::Code => Choice::Recover(Typed::new(typed(from))),
        Way::Replace => Choice::Replace,
    };
    app.command(Command::GoOn(choice));
}

fn typed(from: Option<EventTarget>) -> String {
    let screen = from
        .and_then(|target| target.dyn_into::<Element>().ok())
        .and_then(|element| element.closest(".signin").ok().flatten());
    let field = screen.and_then(|screen| screen.query_selector(".field :last-child").ok().flatten());
    let Some(field) = field else { return String::new() };
    match field.dyn_into::<HtmlInputElement>() {
        Ok(input) => input.value(),
        Err(other) => other.dyn_into::<HtmlTextAreaElement>().map(|area| area.value()).unwrap_or_default(),
    }
}

fn paragraph(word: KeysWord) -> AnyView {
    view! { <p>{say(word)}</p> }.into_any()
}

fn problem(words: Option<String>) -> Option<AnyView> {
    words.map(|words| note("error", "alert", words))
}

/// Back to the ways there are.
pub(super) fn other_ways(app: &App) -> AnyView {
    link(say(Word::OtherWays), sends(app, Command::GoOn(Choice::Explain(None))))
}

/// The exact text that a wallet will show, one tap away.
pub(super) fn text_shown(text: &str) -> AnyView {
    view! {
        <details {class("disclosure")}>
            <summary>{say(Word::ShowText)}</summary>
            <pre {attrs(&[("dir", "auto"), ("tabindex", "0")])}>
                {text.to_owned()}
            </pre>
        </details>
    }
    .into_any()
}

/// The way back from a screen of somebody who is signing in.
fn another_wallet(app: &App) -> AnyView {
    let leave = {
        let app = app.clone();
        on_click(move || {
            app.state.choosing.set(false);
            app.command(Command::UseAnotherWallet);
        })
    };
    link(say(Word::AnotherWallet), leave)
}
