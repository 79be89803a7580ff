//! What the peer of a conversation demands of those who write; what is at stake there: what its peer asks for, and what a
//! stranger staked.

use dm3_core::delivery::{SpamRule, Verdict};
use dm3_core::deposit::{EPOCH, Terms};
use dm3_core::registry::deposits::Deposited;
use dm3_core::session::{Askable, Demand, OwnDeposit, Staked, Token};
use leptos::ev::{Event, MouseEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::part::Loader;
use crate::app::stake::{Failure, Stakes, deposit_for, passes, reaches};
use crate::app::state::{Apart, Person};
use crate::app::{Act, Active, App, Command, ScreenPart, StakeAsk, StakeSteps};
use crate::more::focus::{focus_when_drawn, screen};
use crate::texts::{
    self, StakeWord, Word, say, stake_asks, stake_at_stake, stake_burned, stake_confirm, stake_gone,
    stake_how, stake_people, stake_promised, stake_put, stake_record, stake_record_none,
    stake_record_unknown, staked as amount,
};
use crate::view::attributes::{attrs, class};
use crate::view::form::link;
use crate::view::names::display_name;
use crate::view::stake::{DEMANDS, STAKED};
use crate::view::{OnClick, OnInput, sends, time, truth, when};

thread_local! {
    pub(super) static LOADER: Loader<ScreenPart> = Loader::new(table);
}

part!(fn table in stake("stake") -> ScreenPart = ScreenPart { view });
part!(fn steps in stake("stake") -> StakeSteps<Active<Page>> = StakeSteps::new());

fn view(app: &App, what: &Apart) -> AnyView {
    let thread = app.state.thread.with(|thread| {
        let thread = thread.as_ref()?;
        Some((thread.peer.clone(), thread.demands.clone()))
    });
    let Some((peer, all)) = thread else { return ().into_any() };
    match what.place {
        DEMANDS => demands(app, &peer, &all),
        STAKED => known(app, &peer, |_| true).map(|stakes| received(app, &peer, &stakes)).into_any(),
        _ => ().into_any(),
    }
}

/// What is known of what is at stake in the conversation; until it is, it is asked for.
fn known(app: &App, peer: &Person, is_enough: impl Fn(&Stakes) -> bool) -> Option<Stakes> {
    let stakes = app.state.stake.with(|stake| stake.shown::<Stakes>().cloned());
    let stakes = stakes.filter(|stakes| stakes.peer == peer.address && is_enough(stakes));
    if stakes.is_none() {
        app.command(ask(StakeAsk::Look));
    }
    stakes
}

/// What the peer demands of those who write, as far as the account may not meet it, and how it can be met.
fn demands(app: &App, peer: &Person, all: &[Demand]) -> AnyView {
    let account = app.state.account.with(|account| account.as_ref().map(|account| account.address));
    let Some(account) = account else { return ().into_any() };
    let name = display_name(peer);
    let mut may_be_met = false;
    let unmet = all.iter().filter(|demand| demand.verdict != Verdict::Met);
    let each = unmet.map(|demand| {
        if let SpamRule::Deposit(_) = demand.rule {
            return terms(app, peer).into_any();
        }
        let token = demand.token.clone().map(Askable::Token);
        let told = texts::demand_of(&name, &demand.rule, token.as_slice());
        let lacks = texts::lacks(account, demand);
        may_be_met |= lacks.is_some();
        view! { <p>{[Some(told), lacks].into_iter().flatten().collect::<Vec<_>>().join(" ")}</p> }.into_any()
    });
    let each: Vec<_> = each.collect();
    let again = when(may_be_met, || link(say(Word::CheckAgain), sends(app, ask(StakeAsk::Demands))));
    view! { <div {attrs(&[("class", "demands"), ("role", "status")])}>{each} {again}</div> }.into_any()
}

/// What the peer wants to be at stake.
fn terms(app: &App, peer: &Person) -> Option<AnyView> {
    let stakes = known(app, peer, |stakes| stakes.terms.is_some())?;
    Some(asked(app, peer, stakes.terms.as_ref()?, &stakes))
}

fn ask(ask: StakeAsk) -> Command {
    Command::act(Act::Stake(ask))
}

/// What the peer asks for, and how far it is met.
fn asked(app: &App, peer: &Person, terms: &Terms, stakes: &Stakes) -> AnyView {
    let token = stakes.token.as_ref();
    let stake = amount(terms.stake().unwrap_or(u128::MAX), token);
    let name = display_name(peer);
    let gone = stakes.given.as_ref().filter(|given| given.burned > 0).map(|given| {
        let gone = stake_gone(&slots(given, given.burned, token));
        view! { <p {attrs(&[("class", "stake-bad"), ("role", "alert")])}>{gone}</p> }
    });
    let own: Vec<_> = stakes.deposits.iter().filter_map(|own| deposit(app, own, stakes)).collect();
    let offer = if stakes.unknown {
        unknown(app)
    } else if stakes.promised {
        view! { <p {class("stake-good")}>{stake_promised(&stake)}</p> }.into_any()
    } else {
        let deposited = amount(deposit_for(terms, stakes.people), token);
        view! {
            {record(stakes, &name)}
            {reach(app, terms, stakes)}
            <p>{stake_how(&deposited)}</p>
            {button("button", stake_put(&deposited), stakes.busy, sends(app, ask(StakeAsk::Stake)))}
        }
        .into_any()
    };
    view! {
        <div {class("stake")}>
            <p>{stake_asks(&stake, &name)}</p>
            {gone}
            {offer}
            {own}
            {failed(stakes.failed.as_ref())}
        </div>
    }
    .into_any()
}

/// What is at stake can't be found out now, which is no word about it.
fn unknown(app: &App) -> AnyView {
    let again = link(say(Word::TryAgain), sends(app, ask(StakeAsk::Look)));
    let words = say(StakeWord::Unknown);
    view! { <p {attrs(&[("class", "stake-own"), ("role", "status")])}><span>{words}</span> {again}</p> }
        .into_any()
}

/// What the peer has burned lately, before somebody stakes something towards them.
fn record(stakes: &Stakes, name: &str) -> Option<AnyView> {
    let words = match stakes.record? {
        None => stake_record_unknown(name),
        Some(record) => {
            let since = time::day(record.since, time::now());
            match record.senders {
                0 => stake_record_none(&since, name),
                senders => stake_record(senders, &since, name),
            }
        }
    };
    Some(view! { <p>{words}</p> }.into_any())
}

/// For how many people a deposit is to be enough.
fn reach(app: &App, terms: &Terms, stakes: &Stakes) -> Option<AnyView> {
    let choices: Vec<u16> = reaches(terms).collect();
    if choices.len() < 2 {
        return None;
    }
    let chosen = {
        let app = app.clone();
        let choices = choices.clone();
        let chosen: OnInput = Box::new(move |event: Event| {
            let select = event.target().and_then(|it| it.dyn_into::<HtmlSelectElement>().ok());
            let place = select.and_then(|select| usize::try_from(select.selected_index()).ok());
            if let Some(people) = place.and_then(|place| choices.get(place)) {
                app.command(ask(StakeAsk::Reach(*people)));
            }
        });
        chosen
    };
    let options = choices.iter().map(|people| {
        let selected = *people == stakes.people;
        view! { <option prop:selected=selected>{stake_people((*people).into())}</option> }.into_any()
    });
    let options: Vec<_> = options.collect();
    Some(
        view! {
            <label {class("stake-reach")}>
                <span>{say(StakeWord::Reach)}</span>
                <select on:change=chosen>{options}</select>
            </label>
        }
        .into_any(),
    )
}

/// What is left of a deposit, and which way it goes from there; nothing if there is none.
pub(super) fn standing(
    own: &OwnDeposit,
    token: Option<&Token>,
    epoch: u64,
) -> Option<(String, Option<StakeWord>)> {
    Some(match own.standing {
        Deposited::Open { amount: left } => (texts::stake_own(&amount(left, token)), Some(StakeWord::Leave)),
        Deposited::Leaving { amount: left, exit } => {
            let from = time::day(exit.saturating_mul(EPOCH), time::now());
            let words = texts::stake_leaving(&amount(left, token), &from);
            (words, (exit <= epoch).then_some(StakeWord::Withdraw))
        }
        Deposited::None | Deposited::Closed => return None,
    })
}

/// A deposit of the account, with the way back.
fn deposit(app: &App, own: &OwnDeposit, stakes: &Stakes) -> Option<AnyView> {
    let (words, label) = standing(own, stakes.token.as_ref(), stakes.epoch)?;
    let leave = label.map(|label| link(say(label), sends(app, ask(StakeAsk::Leave(own.key)))));
    Some(view! { <p {class("stake-own")}><span>{words}</span> {leave}</p> }.into_any())
}

/// What a stranger has at stake, and what can become of it.
fn received(app: &App, peer: &Person, stakes: &Stakes) -> AnyView {
    let staked = match &stakes.received {
        None => return ().into_any(),
        Some(Err(error)) if passes(error) => return unknown(app),
        Some(Err(_)) => return view! { <p {class("stake-bad")}>{say(StakeWord::Worthless)}</p> }.into_any(),
        Some(Ok(staked)) => staked,
    };
    let (name, token) = (display_name(peer), stakes.token.as_ref());
    let burned = (staked.burned > 0).then(|| {
        let burned = stake_burned(&slots(staked, staked.burned, token));
        view! { <p {attrs(&[("class", "stake-bad"), ("role", "status")])}>{burned}</p> }
    });
    let left = slots(staked, staked.burnable, token);
    let choice = match (staked.burnable, stakes.asked) {
        (0, _) => ().into_any(),
        (_, false) => view! {
            <p>{stake_at_stake(&left, &name)}</p>
            {link(say(StakeWord::Burn), asks(app, StakeAsk::Doubt, ".stake-choices button"))}
        }
        .into_any(),
        (_, true) => view! {
            <p {attrs(&[("role", "alert")])}>{stake_confirm(&left, &name)}</p>
            <div {class("stake-choices")}>
                {button("button button-quiet", say(StakeWord::Keep).to_owned(), stakes.busy, asks(app, StakeAsk::Keep, ".stake .link"))}
                {button("button button-bad", say(StakeWord::BurnNow).to_owned(), stakes.busy, sends(app, ask(StakeAsk::Burn)))}
            </div>
        }
        .into_any(),
    };
    view! { <div {class("stake")}>{burned} {choice} {failed(stakes.failed.as_ref())}</div> }.into_any()
}

/// Asks for something by a button that goes with it: what comes in its place has the focus then.
fn asks(app: &App, what: StakeAsk, then: &'static str) -> OnClick {
    let app = app.clone();
    Box::new(move |event: MouseEvent| {
        app.command(ask(what));
        if let Some(screen) = screen(event.target()) {
            focus_when_drawn(screen, then, ".stake *");
        }
    })
}

fn button(classes: &'static str, words: String, busy: bool, press: OnClick) -> AnyView {
    view! {
        <button {attrs(&[("class", classes), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=press>
            {words}
        </button>
    }
    .into_any()
}

/// Why it, or a payment, was not done.
pub(super) fn failed(why: Option<&Failure>) -> Option<AnyView> {
    let words = texts::stake_failed(why?);
    Some(view! { <p {attrs(&[("class", "stake-bad"), ("role", "alert")])}>{words}</p> }.into_any())
}

fn slots(staked: &Staked, count: u16, token: Option<&Token>) -> String {
    amount(staked.slot.saturating_mul(count.into()), token)
}
