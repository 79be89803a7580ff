//! Tabs of one origin hear of each other's changes.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::identity::Address;
use dm3_widget::adapters::tabs::Tabs;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;
use web_sys::BroadcastChannel;

wasm_bindgen_test_configure!(run_in_browser);

type Heard = Rc<RefCell<Vec<Address>>>;

fn listening() -> (Tabs, Heard) {
    let heard = Heard::default();
    let for_callback = Rc::clone(&heard);
    (Tabs::join(move |owner| for_callback.borrow_mut().push(owner)), heard)
}

const OWNER: Address = Address::from_bytes([0xaa; 20]);

#[wasm_bindgen_test]
async fn the_others_hear_of_a_change_and_the_announcer_does_not() {
    let (one, heard_by_one) = listening();
    let (_two, heard_by_two) = listening();
    one.announce(OWNER);
    TimeoutFuture::new(100).await;
    assert_eq!(*heard_by_two.borrow(), [OWNER]);
    assert_eq!(*heard_by_one.borrow(), []);
}

#[wasm_bindgen_test]
async fn who_left_hears_nothing() {
    let (one, _) = listening();
    let (two, heard) = listening();
    drop(two);
    one.announce(OWNER);
    TimeoutFuture::new(100).await;
    assert_eq!(*heard.borrow(), []);
}

#[wasm_bindgen_test]
async fn anything_but_an_address_is_ignored() {
    let (_tabs, heard) = listening();
    let stranger = BroadcastChannel::new("dm3-chat").unwrap();
    let garbage = [JsValue::NULL, 7.into(), "0x".into(), "z".repeat(42).into(), js_sys::Object::new().into()];
    for value in garbage {
        stranger.post_message(&value).unwrap();
    }
    stranger.post_message(&OWNER.to_lower_hex().into()).unwrap();
    TimeoutFuture::new(100).await;
    stranger.close();
    assert_eq!(*heard.borrow(), [OWNER]);
}
