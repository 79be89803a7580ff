//! Payments for answers, as people see them.

use std::sync::Arc;

use dm3_core::attention::{Minimum, Payment};
use dm3_core::device::Trust;
use dm3_core::identity::Address;
use dm3_core::session::{Fate, StakeError, Token};
use dm3_widget::app::attention::{Known, Payments};
use dm3_widget::app::state::*;
use dm3_widget::app::{Act, AttentionAsk, Command};
use wasm_bindgen_test::*;

use super::page::*;

const HALF: u128 = 500_000_000_000_000_000;

fn token() -> Token {
    Token { address: Address::from_bytes([8; 20]), symbol: Some("DAI".into()), decimals: 18 }
}

fn known(fate: Fate) -> Known {
    let address = |byte| Address::from_bytes([byte; 20]);
    let payment = Payment {
        chain: 1,
        contract: address(7),
        payer: address(1),
        receiver: address(2),
        token: address(8),
        amount: HALF,
        until: NOON / 1000,
        topic: [0; 32],
    };
    Known { payment, fate, token: Some(token()) }
}

/// A conversation with bob, of whose payments this is known.
async fn with(change: impl FnOnce(&mut Payments)) -> Page {
    let page = Page::thread(bob(), vec![bubble(1, "Hi", Delivery::Received)]).await;
    let mut payments = Payments {
        peer: bob().address,
        wanted: None,
        given: None,
        pending: false,
        received: None,
        answer: None,
        busy: false,
        failed: None,
    };
    change(&mut payments);
    page.state.attention.set(Apart::new(payments, 1));
    for _ in 0..5 {
        settled().await;
    }
    page
}

fn asks(page: &mut Page) -> Vec<AttentionAsk> {
    let asked = page.asked().into_iter().filter_map(|command| match command {
        Command::Act(act) => match Arc::unwrap_or_clone(act) {
            Act::Attention(ask) => Some(ask),
            _ => None,
        },
        _ => None,
    });
    asked.collect()
}

#[wasm_bindgen_test]
async fn what_somebody_looks_at_first_is_offered_with_one_press() {
    let contract = Address::from_bytes([7; 20]);
    let minimum = Minimum { chain: 1, contract, token: token().address, amount: HALF };
    let mut page = with(|shown| shown.wanted = Some((minimum, token()))).await;
    assert!(page.texts(".payments p")[0].contains("bob.eth looks first at requests that offer 0.5 DAI."));
    page.click("Offer 0.5 DAI").await;
    assert_eq!(asks(&mut page), [AttentionAsk::Offer]);
}

#[wasm_bindgen_test]
async fn an_answer_is_sent_and_paid_with_one_press_once_it_is_written() {
    let mut page = with(|shown| shown.received = Some(Ok(known(Fate::Held(HALF))))).await;
    let answer = page.button("Answer and take 0.5 DAI");
    assert_eq!(answer.get_attribute("aria-disabled").as_deref(), Some("true"));
    page.type_text("textarea", " Yes. ").await;
    let answer = page.button("Answer and take 0.5 DAI");
    assert_eq!(answer.get_attribute("aria-disabled").as_deref(), Some("false"));
    page.click("Answer and take 0.5 DAI").await;
    assert_eq!(asks(&mut page), [AttentionAsk::Answer("Yes.".into())]);
}

#[wasm_bindgen_test]
async fn what_was_answered_is_taken_and_what_nobody_took_is_had_back() {
    let mut page = with(|shown| {
        shown.received = Some(Ok(known(Fate::Held(HALF))));
        shown.answer = Some(hash(2));
    })
    .await;
    page.click("Take 0.5 DAI").await;
    assert_eq!(asks(&mut page), [AttentionAsk::Take]);
    let mut page = with(|shown| shown.given = Some(known(Fate::Late(HALF)))).await;
    page.click("Take it back").await;
    assert_eq!(asks(&mut page), [AttentionAsk::GiveBack]);
}

#[wasm_bindgen_test]
async fn a_request_says_what_the_chain_holds_and_not_what_was_claimed() {
    let page = with(|shown| shown.received = Some(Err(StakeError::Worthless))).await;
    page.state.thread.update(|thread| {
        thread.as_mut().unwrap().standing.trust = Trust::Requested;
    });
    for _ in 0..5 {
        settled().await;
    }
    assert!(page.text().contains("the chain has none that counts"), "{}", page.text());
    assert!(!page.text().contains("DAI"));
}

#[wasm_bindgen_test]
async fn requests_with_payments_stand_first_with_what_is_offered() {
    let request = |peer: Person| {
        let mut row = row(peer, "Hi", 1);
        row.standing.trust = Trust::Requested;
        row
    };
    let mut page = Page::list(vec![request(bob()), request(carol())]).await;
    page.click("Requests").await;
    assert_eq!(asks(&mut page), [AttentionAsk::Rank]);
    assert!(page.texts(".row")[0].contains("bob.eth"));
    page.state.ranked.set(vec![Ranked { peer: carol().address, amount: HALF, token: Some(token()) }]);
    for _ in 0..5 {
        settled().await;
    }
    let rows = page.texts(".row");
    assert!(rows[0].contains("0.5 DAI") && rows[1].contains("bob.eth"), "{rows:?}");
    assert!(!rows[1].contains("DAI"));
    // The others of the list are not touched.
    page.click("All").await;
    assert_eq!(page.texts(".row"), Vec::<String>::new());
}
