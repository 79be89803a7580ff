//! Payments for answers: what somebody looks at first, what was offered them, and what strangers offer.

use dm3_core::attention::Minimum;
use dm3_core::delivery::Amount;
use dm3_core::device::Trust;
use dm3_core::session::{Fate, StakeError, Token};
use leptos::prelude::*;

mod asked;

use self::asked::asked as asked_for;
use super::stake::failed;
use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::attention::{DAYS, Known, Payments};
use crate::app::fault::Fault;
use crate::app::part::Loader;
use crate::app::settings::Asked;
use crate::app::state::{Apart, Ranked};
use crate::app::{Act, Active, App, AttentionAsk, AttentionSteps, Command, ScreenPart};
use crate::texts::{
    self, AttentionWord, attention_answer, attention_asks, attention_claimed, attention_done,
    attention_given, attention_how, attention_late, attention_offers, attention_over, attention_pending,
    attention_put, attention_returned, attention_take, attention_taken, say,
};
use crate::view::attention::{ABOVE, ASKED, LISTED, REQUESTED};
use crate::view::attributes::{attrs, class};
use crate::view::names::display_name;
use crate::view::{OnClick, on_click, sends, time, truth};

thread_local! {
    pub(super) static LOADER: Loader<ScreenPart> = Loader::new(table);
}

part!(fn table in attention("attention") -> ScreenPart = ScreenPart { view });
part!(fn steps in attention("attention") -> AttentionSteps<Active<Page>> = AttentionSteps::new());

fn view(app: &App, what: &Apart) -> AnyView {
    if what.place == LISTED {
        return what.shown::<Ranked>().map(listed).into_any();
    }
    if what.place == ASKED {
        let asked = what.shown::<Option<Result<Asked, Fault>>>();
        return asked.map(|asked| asked_for(app, asked.as_ref())).into_any();
    }
    let peer = app.state.thread.with(|thread| thread.as_ref().map(|thread| thread.peer.clone()));
    let payments = app.state.attention.with(|it| it.shown::<Payments>().cloned());
    let Some((peer, payments)) = peer.zip(payments).filter(|(peer, it)| it.peer == peer.address) else {
        return ().into_any();
    };
    let name = display_name(&peer);
    match what.place {
        ABOVE => above(app, &name, &payments).into_any(),
        REQUESTED => requested(&name, &payments).into_any(),
        _ => ().into_any(),
    }
}

/// What is offered with a request, in its row.
fn listed(with: &Ranked) -> AnyView {
    let amount = texts::tokens(&Amount::from(with.amount), with.token.as_ref());
    view! {
        <span {class("offered")}>
            <span {class("sr")}>{say(AttentionWord::Listed)}</span>
            {amount}
        </span>
    }
    .into_any()
}

/// How it stands, and what can be done.
fn above(app: &App, name: &str, payments: &Payments) -> Option<AnyView> {
    // What is offered with a request stands in its card.
    let is_welcome = app
        .state
        .thread
        .with(|thread| thread.as_ref().is_some_and(|thread| thread.standing.trust == Trust::Accepted));
    let received = payments.received.as_ref().and_then(|received| received.as_ref().ok());
    let received = received.filter(|_| is_welcome);
    let lines: Vec<_> = [
        received.and_then(|known| taken(app, name, payments, known)),
        payments.given.as_ref().and_then(|known| given(app, name, payments, known)),
        payments.wanted.as_ref().and_then(|(wanted, token)| asked(app, name, payments, wanted, token)),
        payments.busy.then(|| note(say(AttentionWord::Busy).to_owned())),
        failed(payments.failed.as_ref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!lines.is_empty()).then(|| view! { <div {class("stake payments")}>{lines}</div> }.into_any())
}

/// What the peer looks at first, unless something is on offer.
fn asked(app: &App, name: &str, payments: &Payments, wanted: &Minimum, token: &Token) -> Option<AnyView> {
    let is_open = |known: &Known| matches!(known.fate, Fate::Held(_) | Fate::Late(_));
    if payments.given.as_ref().is_some_and(is_open) {
        return None;
    }
    let amount = texts::tokens(&Amount::from(wanted.amount), Some(token));
    let days = usize::try_from(DAYS).unwrap_or_default();
    Some(
        view! {
            <p>{attention_asks(&amount, name)}</p>
            <p {class("stake-own")}>{attention_how(days, name)}</p>
            {button(attention_put(&amount), payments.busy, sends(app, ask(AttentionAsk::Offer)))}
        }
        .into_any(),
    )
}

/// What the account offered.
fn given(app: &App, name: &str, payments: &Payments, known: &Known) -> Option<AnyView> {
    let amount = amount(known);
    Some(match known.fate {
        Fate::None => return None,
        Fate::Held(_) if payments.pending => good(attention_pending(&amount)),
        Fate::Held(_) => good(attention_given(&amount, &day(known), name)),
        Fate::Late(_) => view! {
            <p>{attention_late(&amount, name)}</p>
            {button(say(AttentionWord::GiveBack).to_owned(), payments.busy, sends(app, ask(AttentionAsk::GiveBack)))}
        }
        .into_any(),
        Fate::Claimed => good(attention_claimed(&amount, name)),
        Fate::Back => note(attention_returned(&amount)),
        Fate::Done => note(attention_done(&amount, name)),
    })
}

/// What the peer offered, for somebody who may write to them.
fn taken(app: &App, name: &str, payments: &Payments, known: &Known) -> Option<AnyView> {
    let amount = amount(known);
    Some(match known.fate {
        Fate::None | Fate::Back => return None,
        Fate::Held(_) => {
            let take = match payments.answer {
                Some(_) => {
                    button(attention_take(&amount), payments.busy, sends(app, ask(AttentionAsk::Take)))
                }
                None => {
                    let nothing = app.state.text.with(|text| text.trim().is_empty())
                        && app.state.files.with(|files| files.place != 1);
                    let answers = app.clone();
                    let answer = on_click(move || {
                        let text = answers.state.text.with_untracked(|text| text.trim().to_owned());
                        answers.command(ask(AttentionAsk::Answer(text)));
                    });
                    button(attention_answer(&amount), payments.busy || nothing, answer)
                }
            };
            view! { <p>{attention_offers(&amount, &day(known), name)}</p> {take} }.into_any()
        }
        Fate::Claimed => good(attention_taken(&amount)),
        Fate::Late(_) | Fate::Done => note(attention_over(&amount, name)),
    })
}

/// What a stranger offers, as the chain says.
fn requested(name: &str, payments: &Payments) -> Option<AnyView> {
    let line = match payments.received.as_ref()? {
        Err(StakeError::Unreachable(_)) => note(say(AttentionWord::Unknown).to_owned()),
        Err(_) | Ok(Known { fate: Fate::None, .. }) => {
            view! { <p {class("stake-bad")}>{say(AttentionWord::Worthless)}</p> }.into_any()
        }
        Ok(known) => match known.fate {
            Fate::Held(_) => good(attention_offers(&amount(known), &day(known), name)),
            Fate::Claimed => good(attention_taken(&amount(known))),
            _ => note(attention_over(&amount(known), name)),
        },
    };
    Some(view! { <div {class("stake")}>{line}</div> }.into_any())
}

fn ask(ask: AttentionAsk) -> Command {
    Command::act(Act::Attention(ask))
}

/// How much is held, or was offered.
fn amount(known: &Known) -> String {
    let amount = match known.fate {
        Fate::Held(amount) | Fate::Late(amount) => amount,
        _ => known.payment.amount,
    };
    texts::tokens(&Amount::from(amount), known.token.as_ref())
}

/// Until when it can be taken.
fn day(known: &Known) -> String {
    time::day(known.payment.until.saturating_mul(1000), time::now())
}

fn good(words: String) -> AnyView {
    view! { <p {attrs(&[("class", "stake-good"), ("role", "status")])}>{words}</p> }.into_any()
}

fn note(words: String) -> AnyView {
    view! { <p {attrs(&[("class", "stake-own"), ("role", "status")])}>{words}</p> }.into_any()
}

fn button(words: String, disabled: bool, pressed: OnClick) -> AnyView {
    view! {
        <button {attrs(&[("class", "button"), ("type", "button"), ("aria-disabled", truth(disabled))])} on:click=pressed>
            {words}
        </button>
    }
    .into_any()
}
