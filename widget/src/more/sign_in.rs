//! Signing in: three steps, each explained before the wallet opens, each of which can be repeated or left.

use std::cmp::Ordering;
use std::rc::Rc;

use leptos::ev::ErrorEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::keys::{other_ways, text_shown};
use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::fault::Fault;
use crate::app::part::Loader;
use crate::app::state::{Busy, SignIn, SignInStep, WalletChoice};
use crate::app::{App, Command, Driver, SignInPart, SignInSteps};
use crate::texts::{self, Word, say};
use crate::view::attributes::{attrs, class};
use crate::view::form::link;
use crate::view::names::initial_of;
use crate::view::panel::{bare_header, connection_bar, note, slot};
use crate::view::person::avatar;
use crate::view::site::{KEPT, sited};
use crate::view::{on_click, sends, truth, when};

thread_local! {
    pub(super) static LOADER: Loader<SignInPart> = Loader::new(table);
}

part!(fn table in sign_in("sign-in") -> SignInPart = SignInPart { view: sign_in });
part!(fn steps in sign_in("sign-in") -> SignInSteps<Rc<Driver<Page>>> = SignInSteps::new());

/// The number of the step a person is at, from 1; 4 when all are done.
fn number(step: &SignInStep) -> usize {
    match step {
        SignInStep::Connect { .. } => 1,
        SignInStep::CreateKeys { .. } | SignInStep::OtherKeys(_) | SignInStep::KeepCode { .. } => 2,
        SignInStep::PublishProfile { .. } | SignInStep::Stake(_) => 3,
        SignInStep::Finishing => 4,
    }
}

/// The text that the wallet will show.
fn text_to_sign(step: &SignInStep) -> Option<&str> {
    match step {
        SignInStep::CreateKeys { text, .. } | SignInStep::PublishProfile { text } => Some(text),
        SignInStep::Connect { .. }
        | SignInStep::OtherKeys(_)
        | SignInStep::KeepCode { .. }
        | SignInStep::Stake(_)
        | SignInStep::Finishing => None,
    }
}

/// What the button sends; nothing while the person first has to choose or to wait.
fn action(at: &SignIn) -> Option<Command> {
    match &at.step {
        _ if at.busy.is_some() => None,
        SignInStep::Connect { wallets } => match wallets.as_slice() {
            [] => Some(Command::UseAnotherWallet),
            [only] => Some(Command::Connect(only.id.clone())),
            _ => None,
        },
        SignInStep::CreateKeys { .. } => Some(Command::CreateKeys),
        SignInStep::PublishProfile { .. } => Some(Command::PublishProfile),
        SignInStep::OtherKeys(_) | SignInStep::KeepCode { .. } | SignInStep::Stake(_) => None,
        SignInStep::Finishing => at.error.is_some().then_some(Command::Restart),
    }
}

/// The whole screen.
fn sign_in(app: &App, at: SignIn) -> AnyView {
    let to = app.state.to.get();
    let current = number(&at.step);
    let hint = match &at.step {
        SignInStep::Connect { wallets } if wallets.is_empty() => {
            Some(note("hint", "status", format!("{} {}", say(Word::NoWallet), say(Word::NoWalletHelp))))
        }
        _ => None,
    };
    let status = match (at.busy, current) {
        (Some(Busy::Wallet), _) => say(Word::AnswerInWallet),
        (_, 4) => say(Word::Finishing),
        _ => "",
    };
    let leave = {
        let app = app.clone();
        on_click(move || {
            app.state.choosing.set(false);
            app.command(Command::UseAnotherWallet);
        })
    };
    let outdated = at.busy.is_none() && at.error.as_ref().is_some_and(Fault::needs_reload);
    let choices = match &at.step {
        SignInStep::Connect { wallets } if wallets.len() > 1 && app.state.choosing.get() && !outdated => {
            wallet_picker(app, wallets, at.busy.is_some())
        }
        _ => button(app, &at, outdated),
    };
    view! {
        {bare_header(app)}
        {connection_bar(app)}
        {when(app.state.form.with(|form| form.place > 0), || sited(app, KEPT).into_any())}
        <div {class("signin")}>
            {to.as_ref().map(|to| avatar(initial_of(to), &to.to_ascii_lowercase(), true))}
            <h2 {attrs(&[("tabindex", "-1")])}>{texts::sign_in_title(to.as_deref())}</h2>
            <p>{say(Word::SignInPromise)}</p>
            {when(current == 1, || slot("signed-out", None))}
            {hint}
            <ol {class("steps")}>{[1, 2, 3].map(|number| step(number, current, &at)).into_iter().collect::<Vec<_>>()}</ol>
            {note("sr", "status", status.to_owned())}
            <div {class("actions")}>
                {at.error.as_ref().map(|fault| note("error", "alert", texts::fault(fault)))}
                {choices}
                {when(
                    matches!(at.step, SignInStep::CreateKeys { other_app: true, .. }),
                    || other_ways(app),
                )}
                {when(
                    current > 1 || at.busy == Some(Busy::Wallet),
                    || link(say(Word::AnotherWallet), leave),
                )}
            </div>
        </div>
    }
    .into_any()
}

/// The button that goes on; or, where the page is `outdated`, loads it anew.
fn button(app: &App, at: &SignIn, outdated: bool) -> AnyView {
    let command = action(at);
    let chooses = at.busy.is_none() && matches!(at.step, SignInStep::Connect { .. });
    let blocked = command.is_none() && !chooses;
    let app = app.clone();
    let press = on_click(move || match &command {
        _ if outdated => {}
        Some(command) => app.command(command.clone()),
        None => app.state.choosing.set(chooses),
    });
    let label = if outdated {
        say(Word::Reload)
    } else {
        texts::sign_in_action(&at.step, at.busy, at.error.is_some())
    };
    // The loader listens for clicks on [data-reload].
    let reloads = if outdated { "true" } else { "" };
    view! {
        <button {attrs(&[("class", "button"), ("type", "button"), ("data-autofocus", "true"), ("aria-disabled", truth(blocked && !outdated)), ("data-reload", reloads)])} on:click=press>
            {label}
        </button>
    }
    .into_any()
}

fn step(number: usize, current: usize, at: &SignIn) -> AnyView {
    let progress = number.cmp(&current);
    let done = progress == Ordering::Less;
    let classes = match progress {
        Ordering::Less => "step step-done",
        Ordering::Equal => "step step-now",
        Ordering::Greater => "step",
    };
    let (title, words) = match number {
        1 if done => (say(Word::ConnectedStep), texts::connected_wallet(at.account, at.wallet.as_deref())),
        1 => (say(Word::ConnectStep), say(Word::ConnectStepHelp).to_owned()),
        2 => (say(Word::KeysStep), say(Word::KeysStepHelp).to_owned()),
        _ => (say(Word::ProfileStep), say(Word::ProfileStepHelp).to_owned()),
    };
    let text = text_to_sign(&at.step).filter(|_| progress == Ordering::Equal).map(text_shown);
    let done_words = if done { say(Word::Done) } else { "" };
    view! {
        <li {attrs(&[("class", classes), ("aria-current", if progress == Ordering::Equal { "step" } else { "" })])}>
            <span {attrs(&[("class", "step-mark"), ("aria-hidden", "true")])}>
                {if done { "✓".to_owned() } else { number.to_string() }}
            </span>
            <div {class("step-body")}>
                <b>{title}<span {class("sr")}>{done_words}</span></b>
                <p {attrs(&[("class", if number == 1 && done { "mono" } else { "" })])}>{words}</p>
                {text}
            </div>
        </li>
    }
    .into_any()
}

fn wallet_picker(app: &App, wallets: &[WalletChoice], busy: bool) -> AnyView {
    let buttons = wallets.iter().map(|wallet| {
        let connect = if busy { on_click(|| ()) } else { sends(app, Command::Connect(wallet.id.clone())) };
        view! {
            <li>
                <button {attrs(&[("class", "wallet"), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=connect>
                    {wallet_icon(wallet)}
                    {wallet.name.clone()}
                </button>
            </li>
        }
        .into_any()
    });
    view! {
        <ul {attrs(&[("class", "wallets"), ("aria-label", say(Word::ChooseWallet))])}>
            {buttons.collect::<Vec<_>>()}
        </ul>
    }
    .into_any()
}

/// The wallet's own picture over its initial: a page that forbids images shows the initial.
fn wallet_icon(wallet: &WalletChoice) -> AnyView {
    let picture = wallet.icon.clone().filter(|icon| icon.starts_with("data:image/"));
    view! {
        <span {attrs(&[("class", "avatar avatar-7"), ("aria-hidden", "true")])}>
            {initial_of(&wallet.name)}
            {picture.map(|src| view! { <img {attrs(&[("src", &src), ("alt", " ")])} on:error=hide /> })}
        </span>
    }
    .into_any()
}

fn hide(event: ErrorEvent) {
    let image = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    if let Some(image) = image {
        image.set_hidden(true);
    }
}
