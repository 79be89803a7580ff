//! Rows that come, go and change places.

use dm3_core::identity::Address;
use dm3_core::session::NameStanding;
use dm3_widget::app::state::{ConversationRow, Delivery, Person};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::*;
use web_sys::{Element, HtmlElement};

use super::page::*;

fn rows(of: &[u8]) -> Vec<ConversationRow> {
    let peer = |n: &u8| Person {
        address: Address::from_bytes([*n; 20]),
        name: Some(format!("{n}.eth")),
        standing: NameStanding::Checked,
    };
    of.iter().map(|n| row(peer(n), "hello", 0)).collect()
}

async fn show(page: &Page, of: &[u8]) {
    page.state.conversations.set(Some(rows(of)));
    settled().await;
    let wanted: Vec<_> = of.iter().map(|n| format!("{n}.eth")).collect();
    assert_eq!(page.texts("li .name"), wanted);
}

fn focused(page: &Page, at: usize) -> Element {
    let row = page.all(".row").remove(at);
    row.unchecked_ref::<HtmlElement>().focus().unwrap();
    row
}

#[wasm_bindgen_test]
async fn who_is_at_a_row_stays_there_when_another_comes_to_the_top() {
    let page = Page::list(rows(&[1, 2, 3, 4])).await;
    let row = focused(&page, 1);
    for of in [&[4, 1, 2, 3][..], &[3, 4, 1, 2], &[5, 6, 3, 4, 1, 2], &[3, 2], &[2]] {
        show(&page, of).await;
        assert!(row.matches(":focus").unwrap(), "{of:?}");
    }
}

#[wasm_bindgen_test]
async fn who_is_at_a_message_stays_there_when_older_ones_come() {
    let messages = |from: u8| (from..9).map(|n| bubble(n, &n.to_string(), Delivery::Received)).collect();
    let page = Page::thread(bob(), messages(5)).await;
    let entry = page.all(".entry").remove(1);
    entry.unchecked_ref::<HtmlElement>().focus().unwrap();
    for from in [4, 1] {
        page.state.thread.update(|thread| thread.as_mut().unwrap().messages = Some(messages(from)));
        settled().await;
        assert_eq!(page.all(".entry").len(), usize::from(9 - from));
        assert!(entry.matches(":focus").unwrap(), "from {from}");
    }
}

#[wasm_bindgen_test]
async fn whatever_comes_goes_and_moves_each_row_stays_one_element_in_its_place() {
    let page = Page::list(Vec::new()).await;
    let (mut seed, mut before): (u32, Vec<(u8, Element)>) = (7, Vec::new());
    let mut next = |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % below
    };
    for _ in 0..100 {
        let mut of = Vec::new();
        for n in (0..9).filter(|_| next(3) > 0).collect::<Vec<u8>>() {
            of.insert(next(of.len() as u32 + 1) as usize, n);
        }
        // Of none nothing is a row.
        if of.is_empty() {
            continue;
        }
        show(&page, &of).await;
        let now: Vec<_> = of.into_iter().zip(page.all(".row")).collect();
        for (n, row) in &now {
            let known = before.iter().find(|(known, _)| known == n);
            assert!(known.is_none_or(|(_, known)| known.is_same_node(Some(row))), "{n}");
        }
        before = now;
    }
}
