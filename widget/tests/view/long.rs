//! Long texts, and what stands for messages that have none.

use dm3_core::thread::{Quote, Quoted};
use dm3_widget::app::state::*;
use leptos::prelude::document;
use wasm_bindgen_test::*;

use super::page::*;

fn said(text: &str, quote: Option<Quote>) -> Bubble {
    let mut said = bubble(1, text, Delivery::Received);
    if let BubbleContent::Text { quote: of, .. } = &mut said.content {
        *of = quote;
    }
    said
}

#[wasm_bindgen_test]
async fn of_a_very_long_text_the_beginning_is_shown_until_somebody_wants_all_of_it() {
    let text = "word ".repeat(10_000);
    let page = Page::thread(bob(), vec![said(&text, None), bubble(2, "short", Delivery::Received)]).await;
    let shown = |page: &Page| page.texts(".message-text").remove(0).len();
    assert!((19_000..=20_000).contains(&shown(&page)), "{}", shown(&page));
    page.click("Show all").await;
    assert_eq!(shown(&page), text.len());
    assert!(page.all("[data-act=all]").is_empty());
    // The button is gone, and somebody goes on at the message.
    let focused = document().active_element().unwrap();
    assert!(focused.class_list().contains("entry"));
}

#[wasm_bindgen_test]
async fn a_quote_says_what_is_quoted_where_that_has_no_text() {
    let quote = |shown| Some(Quote { hash: hash(9), own: false, shown });
    let messages = vec![
        said("nice", quote(Quoted::Attachments(2))),
        Bubble { hash: hash(2), ..said("why?", quote(Quoted::Deleted)) },
    ];
    let page = Page::thread(bob(), messages).await;
    assert_eq!(page.texts(".quote"), ["📎 2 attachments", "Deleted by its author"]);
    page.state.composing.set(Composing::Reply(quote(Quoted::Attachments(1)).unwrap()));
    settled().await;
    let above = page.one(".composing").text_content().unwrap();
    assert!(above.contains("📎 1 attachment"), "{above}");
}

#[wasm_bindgen_test]
async fn what_has_no_text_is_not_offered_to_be_copied() {
    let mut picture = said("", None);
    if let BubbleContent::Text { attachments, .. } = &mut picture.content {
        *attachments = 1;
    }
    let menu = || Some(Acting { hash: hash(1), left: 0, edge: 0, upwards: false, page: ActingPage::Choices });
    for (shown, is_offered) in [(picture, false), (said("words", None), true)] {
        let page = Page::thread(bob(), vec![shown]).await;
        page.state.acting.set(menu());
        settled().await;
        let items = page.texts(".acts-item");
        assert_eq!(items.iter().any(|item| item == "Copy text"), is_offered, "{items:?}");
        assert!(items.iter().any(|item| item == "Reply"));
    }
}
