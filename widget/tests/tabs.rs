//! Tabs of one origin hear of each other's changes and sign-outs.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::identity::Address;
use dm3_widget::adapters::tabs::Tabs;
use dm3_widget::app::platform::TabMessage;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;
use web_sys::BroadcastChannel;

wasm_bindgen_test_configure!(run_in_browser);

type Heard = Rc<RefCell<Vec<TabMessage>>>;

fn listening() -> (Tabs, Heard) {
    let heard = Heard::default();
    let for_callback = Rc::clone(&heard);
    (Tabs::join(move |message| for_callback.borrow_mut().push(message)), heard)
}

const OWNER: Address = Address::from_bytes([0xaa; 20]);
const CHANGED: TabMessage = TabMessage::RecordsChanged(OWNER, None);
const CHANGED_WITH_PEER: TabMessage =
    TabMessage::RecordsChanged(OWNER, Some(ConversationId::Peer(Address::from_bytes([0x0b; 20]))));
const GREW: TabMessage =
    TabMessage::OutboxGrew(OWNER, Some(ConversationId::Peer(Address::from_bytes([0x0b; 20]))));
const SIGNED_OUT: TabMessage = TabMessage::SignedOut(OWNER);

#[wasm_bindgen_test]
async fn the_others_hear_what_one_tells_and_that_one_does_not() {
    let (one, heard_by_one) = listening();
    let (_two, heard_by_two) = listening();
    one.tell(CHANGED);
    one.tell(CHANGED_WITH_PEER);
    one.tell(GREW);
    one.tell(SIGNED_OUT);
    TimeoutFuture::new(100).await;
    assert_eq!(*heard_by_two.borrow(), [CHANGED, CHANGED_WITH_PEER, GREW, SIGNED_OUT]);
    assert_eq!(*heard_by_one.borrow(), []);
}

#[wasm_bindgen_test]
async fn who_left_hears_nothing() {
    let (one, _) = listening();
    let (two, heard) = listening();
    drop(two);
    one.tell(CHANGED);
    TimeoutFuture::new(100).await;
    assert_eq!(*heard.borrow(), []);
}

#[wasm_bindgen_test]
async fn anything_else_is_ignored() {
    let (_tabs, heard) = listening();
    let stranger = BroadcastChannel::new("dm3-chat").unwrap();
    let garbage =
        ["0x", &"z".repeat(42), "signed-out:", &format!("signed-out:{}", "z".repeat(42)), &"z".repeat(99)];
    for text in garbage {
        stranger.post_message(&text.into()).unwrap();
    }
    for value in [JsValue::NULL, 7.into(), js_sys::Object::new().into()] {
        stranger.post_message(&value).unwrap();
    }
    for text in [OWNER.to_lower_hex(), format!("of-a-later-version:{OWNER}"), format!("changed:{OWNER}")] {
        stranger.post_message(&text.into()).unwrap();
    }
    TimeoutFuture::new(100).await;
    stranger.close();
    assert_eq!(*heard.borrow(), [CHANGED]);
}
