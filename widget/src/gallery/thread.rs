//! Conversations, and what is asked about strangers.

use std::rc::Rc;

use dm3_core::attention::{Minimum, Payment};
use dm3_core::delivery::{Refusal, SpamRule, Verdict};
use dm3_core::deposit::Terms;
use dm3_core::device::{Notice, Trust};
use dm3_core::identity::Address;
use dm3_core::message::Context;
use dm3_core::registry::deposits::Deposited;
use dm3_core::session::{BurnRecord, Demand, Fate, FindError, OwnDeposit, StakeError, Token, Usage};
use dm3_core::thread::{Quote, Quoted, Reaction};

use super::made::{
    BOB, CAROL, ERIN, LONG, States, ago, bob, bubble, hash, later, open, person, silence, talk, text, thread,
};
use crate::app::attention::{Known, Payments};
use crate::app::fault::Fault;
use crate::app::share::{Report, Sharing};
use crate::app::stake::Stakes;
use crate::app::state::{
    Acting, ActingPage, Apart, BubbleContent, Composing, Connection, Delivery, Picking, Reach, State,
};
use crate::app::stranger::Stranger;

pub(super) const STATES: States = &[
    ("thread", market),
    ("thread-loading", |state| {
        market(state)?;
        change(state, |it| it.messages = None)
    }),
    ("thread-demands", |state| {
        market(state)?;
        let token = SpamRule::MinTokenBalance { token: dai().address, amount: (10 * HALF).into() };
        let demands = vec![
            demand(SpamRule::MinNonce(5), Some(2)),
            demand(SpamRule::MinBalance("10000000000000000".parse().ok()?), None),
            Demand { token: Some(dai()), ..demand(token, Some(HALF)) },
            demand(SpamRule::ContactsOnly, None),
        ];
        change(state, |it| it.demands = demands)
    }),
    ("thread-stake", |state| stakes(state, false)),
    ("thread-staked", |state| stakes(state, true)),
    ("thread-payment-asked", |state| payments(state, None, None)),
    ("thread-payment-pending", |state| payments(state, Some((Fate::Held(HALF), true)), None)),
    ("thread-payment-late", |state| payments(state, Some((Fate::Late(HALF), false)), None)),
    ("thread-payment-taken", |state| payments(state, Some((Fate::Claimed, false)), None)),
    ("thread-payment-offered", |state| payments(state, None, Some(Fate::Held(HALF)))),
    ("thread-about", |state| {
        open(state, thread(bob()?, Vec::new()))?;
        let token = "eip155:1/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/771769";
        change(state, |it| it.about = Context::new(token))
    }),
    ("thread-about-said", |state| {
        market(state)?;
        let said = Context::new("https://market.example/item/123");
        change(state, |it| {
            if let Some(BubbleContent::Text { about, .. }) =
                it.messages.iter_mut().flatten().next().map(|bubble| &mut bubble.content)
            {
                *about = said;
            }
        })
    }),
    ("thread-forward", |state| {
        market(state)?;
        state.sharing.set(Apart::new(Sharing::Forward { of: hash(1)?, fault: None }, 1));
        Some(())
    }),
    ("thread-report", |state| {
        market(state)?;
        let report = Report { text: "{}".into(), messages: 3, url: Some("#".to_owned()), file: Rc::new(()) };
        state.sharing.set(Apart::new(Sharing::Report(report), 1));
        Some(())
    }),
    ("thread-empty", |state| open(state, thread(bob()?, Vec::new()))),
    ("thread-ticks", ticks),
    ("thread-kinds", kinds),
    ("thread-unseen", |state| {
        market(state)?;
        let first = hash(5)?;
        change(state, |it| (it.unseen, it.more) = (Some(first), true))
    }),
    ("thread-notices", notices),
    ("thread-long", long),
    ("thread-marks", |state| {
        let words = "# A heading\nSome **bold** and *slanted* words, `code`, and https://market.example/item/123\n- one\n- two\n> quoted\n```\nfn main() {}\n```";
        open(state, thread(bob()?, talk(&[(false, words), (true, words)])?))
    }),
    ("thread-typed", |state| {
        market(state)?;
        type_later(state, "Deal.\nSending the link now.");
        Some(())
    }),
    ("thread-answer", |state| {
        market(state)?;
        let quote =
            Quote { hash: hash(1)?, own: false, shown: Quoted::Text("Hi! Is #123 still for sale?".into()) };
        state.composing.set(Composing::Reply(quote));
        Some(())
    }),
    ("thread-edit", |state| {
        market(state)?;
        state.composing.set(Composing::Edit { version: hash(3)?, before: String::new() });
        type_later(state, "I can hold it until tomorrow if you like.");
        Some(())
    }),
    ("thread-newest", |state| {
        open(state, thread(bob()?, talk(&[(false, "A line of many."); 30])?))?;
        later(move || {
            state.away.set(Apart::new((), 1));
            state.came.set(3);
        });
        Some(())
    }),
    ("thread-cut", |state| {
        let words = "All that there is to say of it, word by word. ".repeat(500);
        open(state, thread(bob()?, talk(&[(false, &words)])?))
    }),
    ("thread-emoji", |state| {
        market(state)?;
        crate::more::PARTS.emoji.ask();
        later(move || state.picking.set(Some(Picking::Text)));
        Some(())
    }),
    ("thread-menu", |state| acting(state, ActingPage::Choices)),
    ("thread-delete", |state| acting(state, ActingPage::Delete)),
    ("thread-versions", |state| {
        let versions =
            vec![(ago(20), "I can hold it.".into()), (ago(12), "I can hold it until tonight.".into())];
        acting(state, ActingPage::Versions(versions))
    }),
    ("thread-no-profile", |state| {
        market(state)?;
        change(state, |it| it.reach = Reach::NoProfile)
    }),
    ("thread-unreachable", |state| {
        market(state)?;
        state.connection.set(Connection::Lost(silence()));
        change(state, |it| it.reach = Reach::Unknown(silence()))
    }),
    ("thread-old-profile", |state| {
        market(state)?;
        let fault = FindError::OldProfile { name: "bob.eth".parse().ok()?, replaced: ago(4_000) };
        change(state, |it| it.reach = Reach::Unknown(Fault::Find(fault)))
    }),
    ("thread-unsent", |state| {
        market(state)?;
        state.unsent.set(Some(silence()));
        type_later(state, "Deal.");
        Some(())
    }),
    ("request", |state| request(state, Trust::Requested)),
    ("request-loading", |state| {
        request(state, Trust::Requested)?;
        state.stranger.set(Apart::waiting());
        Some(())
    }),
    ("request-look-alike", |state| {
        request(state, Trust::Requested)?;
        state.to.set(Some("shop-support.eth".into()));
        let mut peer = None;
        change(state, |it| {
            it.peer.name = Some("shop-supp0rt.eth".into());
            peer = Some(it.peer.clone());
        })?;
        know(state, Stranger { of: peer?, usage: Some(Some(Usage::Sent(0))), mentioned: Some(Vec::new()) })
    }),
    ("request-payment", |state| {
        request(state, Trust::Requested)?;
        offer(state, Ok(Fate::Held(HALF)))
    }),
    ("request-payment-none", |state| {
        request(state, Trust::Requested)?;
        offer(state, Err(StakeError::Worthless))
    }),
    ("request-blocked", |state| request(state, Trust::Blocked)),
];

pub(super) fn market(state: State) -> Option<()> {
    let lines = [
        (false, "Hi! Is #123 still for sale?"),
        (true, "Yes, still available."),
        (true, "I can hold it until tonight if you like."),
        (false, "That would be great. Would you take 1.1 ETH?"),
        (false, "I could pay at once."),
    ];
    open(state, thread(bob()?, talk(&lines)?))
}

fn change(state: State, change: impl FnOnce(&mut crate::app::state::ThreadState)) -> Option<()> {
    state.thread.update(|thread| thread.as_mut().map(change).unwrap_or_default());
    Some(())
}

fn type_later(state: State, text: &'static str) {
    later(move || state.text.set(text.into()));
}

fn ticks(state: State) -> Option<()> {
    let each = [
        (Delivery::Read, "They have seen this."),
        (Delivery::Arrived, "Their client has this."),
        (Delivery::Sent, "This is with their delivery service."),
        (Delivery::Sending, "This is on its way."),
        (Delivery::Waiting, "This waits."),
        (Delivery::Failed(Refusal::TooLarge), "This was refused."),
        (Delivery::Failed(Refusal::Stopped), "This was stopped."),
    ];
    let messages = each.into_iter().enumerate();
    let messages =
        messages.map(|(n, (delivery, words))| bubble(n + 1, 90 - 10 * n as u64, text(words), delivery));
    open(state, thread(bob()?, messages.collect::<Option<_>>()?))
}

fn kinds(state: State) -> Option<()> {
    let quoted = |own, shown| Some(Quote { hash: hash(1)?, own, shown });
    let quote = |own, text: &str| quoted(own, Quoted::Text(text.into()));
    let answer = |words: &str, quote| BubbleContent::Text {
        text: words.into(),
        edited: false,
        quote,
        attachments: 0,
        about: None,
    };
    let edited = BubbleContent::Text {
        text: "Sold, for 1.2 ETH.".into(),
        edited: true,
        quote: None,
        attachments: 0,
        about: None,
    };
    let mut liked = bubble(4, 30, edited, Delivery::Read)?;
    liked.reactions = vec![
        Reaction { emoji: "+1".into(), count: 2, own: hash(9) },
        Reaction { emoji: ":)".into(), count: 1, own: None },
    ];
    let messages = vec![
        bubble(1, 60, text("Is it still for sale?"), Delivery::Received)?,
        bubble(2, 50, answer("It is.", quote(false, "Is it still for sale?")), Delivery::Arrived)?,
        bubble(3, 40, answer("Then I take it.", quote(true, "It is.")), Delivery::Received)?,
        liked,
        bubble(5, 20, BubbleContent::Deleted, Delivery::Received)?,
        bubble(6, 10, BubbleContent::Deleted, Delivery::Sent)?,
        bubble(7, 8, answer("Which ones?", quoted(true, Quoted::Attachments(2))), Delivery::Received)?,
        bubble(8, 6, answer("Why not?", quoted(false, Quoted::Deleted)), Delivery::Sent)?,
    ];
    open(state, thread(bob()?, messages))
}

fn notices(state: State) -> Option<()> {
    market(state)?;
    let moved = Notice::NameMoved { name: "bob.eth".parse().ok()?, to: BOB.parse().ok()? };
    let gone = Notice::NameGone { name: "bob.eth".parse().ok()? };
    let notices = vec![
        (ago(30), Notice::KeysChanged { since: ago(90_000) }),
        (ago(20), moved),
        (ago(10), gone),
        (ago(2), Notice::OldProfile { replaced: ago(90_000) }),
    ];
    change(state, |it| it.notices = notices)
}

fn long(state: State) -> Option<()> {
    let word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(2);
    let lines = [(false, word.as_str()), (true, word.as_str()), (false, "A\nmessage\nof\nmany\nlines")];
    open(state, thread(person(Some(LONG), ERIN)?, talk(&lines)?))
}

fn acting(state: State, page: ActingPage) -> Option<()> {
    market(state)?;
    let acting = Acting { hash: hash(3)?, left: 90, edge: 120, upwards: false, page };
    later(move || state.acting.set(Some(acting)));
    Some(())
}

fn request(state: State, trust: Trust) -> Option<()> {
    let words = "Your order is blocked. Please confirm your recovery phrase at https://evil.example/now";
    let mut shown = thread(person(Some("shop-support.eth"), ERIN)?, talk(&[(false, words)])?);
    shown.standing.trust = trust;
    let mentioned = Some(vec![bob()?, person(None, CAROL)?]);
    know(state, Stranger { of: shown.peer.clone(), usage: Some(Some(Usage::Sent(12))), mentioned })?;
    open(state, shown)
}

fn know(state: State, stranger: Stranger) -> Option<()> {
    state.stranger.set(Apart::new(stranger, 1));
    Some(())
}

/// A demand that is not met by somebody who has so much, or by whom that can't be found out.
fn demand(rule: SpamRule, held: Option<u128>) -> Demand {
    let verdict = if held.is_some() { Verdict::Broken } else { Verdict::Unknown };
    Demand { rule, verdict, held: held.map(Into::into), token: None }
}

/// A conversation with somebody who wants a stake of strangers; with a deposit, it is promised.
fn stakes(state: State, promised: bool) -> Option<()> {
    market(state)?;
    let address = |byte| Address::from_bytes([byte; 20]);
    let (contract, token) = (address(7), address(8));
    let terms = Terms { chain: 1, contract, token, slot: 500_000_000_000_000_000, slots: 2 };
    change(state, |it| it.demands = vec![demand(SpamRule::Deposit(terms.clone()), None)])?;
    let open = Deposited::Open { amount: 2_000_000_000_000_000_000 };
    let deposit =
        OwnDeposit { contract, key: address(9), standing: open, promises_here: true, promises: Vec::new() };
    let shown = Stakes {
        peer: state.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.peer.address))?,
        terms: Some(terms),
        token: Some(Token { address: token, symbol: Some("DAI".to_owned()), decimals: 18 }),
        promised,
        unknown: false,
        record: Some(Some(BurnRecord { senders: 2, since: ago(9_000) })),
        people: 3,
        deposits: promised.then_some(deposit).into_iter().collect(),
        given: None,
        received: None,
        epoch: 0,
        asked: false,
        busy: false,
        failed: None,
    };
    state.stake.set(Apart::new(shown, 1));
    Some(())
}

/// Half of a token.
const HALF: u128 = 500_000_000_000_000_000;

/// A conversation with somebody who looks first at who pays; who was paid, or pays.
fn payments(state: State, given: Option<(Fate, bool)>, received: Option<Fate>) -> Option<()> {
    market(state)?;
    let (payment, token) = (payment(), dai());
    let wanted = (given.is_none() && received.is_none()).then(|| {
        let (contract, token) = (payment.contract, payment.token);
        (Minimum { chain: 1, contract, token, amount: HALF }, dai())
    });
    let known = |fate| Known { payment: payment.clone(), fate, token: Some(token.clone()) };
    put_payments(state, |shown| {
        shown.wanted = wanted;
        shown.pending = given.is_some_and(|(_, pending)| pending);
        shown.given = given.map(|(fate, _)| known(fate));
        shown.received = received.map(|fate| Ok(known(fate)));
    })
}

/// The open conversation's peer offers something, or says so.
fn offer(state: State, fate: Result<Fate, StakeError>) -> Option<()> {
    let received = fate.map(|fate| Known { payment: payment(), fate, token: Some(dai()) });
    put_payments(state, |shown| shown.received = Some(received))
}

fn put_payments(state: State, change: impl FnOnce(&mut Payments)) -> Option<()> {
    let peer = state.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.peer.address))?;
    let mut shown = Payments {
        peer,
        wanted: None,
        given: None,
        pending: false,
        received: None,
        answer: None,
        busy: false,
        failed: None,
    };
    change(&mut shown);
    state.attention.set(Apart::new(shown, 1));
    Some(())
}

fn dai() -> Token {
    Token { address: Address::from_bytes([8; 20]), symbol: Some("DAI".to_owned()), decimals: 18 }
}

fn payment() -> Payment {
    let address = |byte| Address::from_bytes([byte; 20]);
    Payment {
        chain: 1,
        contract: address(7),
        payer: address(1),
        receiver: address(2),
        token: address(8),
        amount: HALF,
        until: ago(0) / 1000 + 7 * 24 * 60 * 60,
        topic: [0; 32],
    }
}
