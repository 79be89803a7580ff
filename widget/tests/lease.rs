//! One of the tabs and elements of an origin acts for an account. The next takes over when it goes, and when it is silent.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

use std::pin::pin;

use dm3_core::identity::Address;
use dm3_core::ports::{HeldLease as _, Lease as _};
use dm3_widget::adapters::lease::BrowserLease;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Function};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

wasm_bindgen_test_configure!(run_in_browser);

/// How soon somebody else acts for the account of a tab that is frozen: milliseconds.
const SOON: u32 = 2_000;
/// Longer than the next waits for an answer.
const LONG: u32 = 3_000;

/// Each test has an account of its own.
fn account(number: u8) -> Address {
    Address::from_bytes([number; 20])
}

/// What comes of something within so many milliseconds.
async fn within<T>(milliseconds: u32, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(TimeoutFuture::new(milliseconds))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

fn js(body: &str) -> JsValue {
    Function::new_no_args(body).call0(&JsValue::NULL).unwrap()
}

/// Channels that are opened meanwhile hear and say nothing, as in a page that is frozen.
struct Silence;

impl Silence {
    fn begin() -> Self {
        js("globalThis.heard = globalThis.BroadcastChannel;
            globalThis.BroadcastChannel = class { postMessage() {} close() {} };");
        Self
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        js("globalThis.BroadcastChannel = globalThis.heard;");
    }
}

#[wasm_bindgen_test]
async fn who_answers_keeps_it_and_the_next_has_it_as_soon_as_it_is_given_back() {
    let first = within(SOON, BrowserLease.acquire(account(1))).await.expect("nobody has it");
    let mut next = pin!(BrowserLease.acquire(account(1)));
    assert!(within(LONG, &mut next).await.is_none(), "taken from somebody who is there");
    assert!(within(0, first.lost()).await.is_none());
    drop(first);
    assert!(within(300, next).await.is_some());
}

#[wasm_bindgen_test]
async fn it_is_taken_from_who_is_silent_and_they_learn_of_it() {
    let silent = {
        let _silence = Silence::begin();
        within(SOON, BrowserLease.acquire(account(2))).await.expect("nobody has it")
    };
    let began = Date::now();
    let next = within(LONG, BrowserLease.acquire(account(2))).await.expect("it is taken");
    let took = Date::now() - began;
    assert!(took < f64::from(SOON), "after {took} ms");
    assert!(within(300, silent.lost()).await.is_some());
    // Who lost it takes nothing along when it goes.
    drop(silent);
    assert!(within(300, next.lost()).await.is_none());
}

#[wasm_bindgen_test]
async fn of_two_who_wait_for_a_silent_one_the_second_leaves_it_to_the_first() {
    let silent = {
        let _silence = Silence::begin();
        within(SOON, BrowserLease.acquire(account(3))).await.expect("nobody has it")
    };
    let mut one = Box::pin(BrowserLease.acquire(account(3)));
    assert!(within(300, &mut one).await.is_none());
    let mut other = Box::pin(BrowserLease.acquire(account(3)));
    let Either::Left((held, _)) = select(one, &mut other).await else { panic!("who came later was first") };
    drop(silent);
    assert!(within(LONG, &mut other).await.is_none(), "taken from somebody who is there");
    assert!(within(0, held.lost()).await.is_none());
    drop(held);
    assert!(within(SOON, other).await.is_some());
}

#[wasm_bindgen_test]
async fn who_stops_waiting_takes_nothing_and_accounts_do_not_wait_for_each_other() {
    let first = within(SOON, BrowserLease.acquire(account(4))).await.expect("nobody has it");
    assert!(within(100, BrowserLease.acquire(account(4))).await.is_none());
    assert!(within(SOON, BrowserLease.acquire(account(5))).await.is_some());
    drop(first);
    assert!(within(SOON, BrowserLease.acquire(account(4))).await.is_some());
}
