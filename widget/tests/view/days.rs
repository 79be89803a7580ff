//! What is told by days is told by the day that it is.

use dm3_widget::app::state::*;
use js_sys::{Function, Reflect, global};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::*;

use super::page::*;

const DAY: u64 = 24 * 60 * MINUTE;

/// A clock that shows what it is told, until it is dropped.
struct SetClock(JsValue);

impl SetClock {
    fn at(time: u64) -> Self {
        let date = Reflect::get(&global(), &"Date".into()).unwrap();
        let right = Reflect::get(&date, &"now".into()).unwrap();
        Reflect::set(&date, &"now".into(), &Function::new_no_args(&format!("return {time}"))).unwrap();
        Self(right)
    }
}

impl Drop for SetClock {
    fn drop(&mut self) {
        let date = Reflect::get(&global(), &"Date".into()).unwrap();
        Reflect::set(&date, &"now".into(), &self.0).unwrap();
    }
}

#[wasm_bindgen_test]
async fn what_stood_under_today_stands_under_yesterday_once_the_next_day_began() {
    let page = {
        let _clock = SetClock::at(NOON + MINUTE);
        Page::open(|state| {
            state.today.set(NOON);
            state.wide.set(true);
            state.conversations.set(Some(vec![row(bob(), "hi", 0)]));
            state.thread.set(Some(thread(bob(), vec![bubble(1, "hi", Delivery::Received)])));
            state.screen.set(Screen::Thread);
        })
        .await
    };
    assert_eq!(page.texts(".day"), ["Today"]);
    let told = page.texts(".side time").remove(0);
    assert!(told.contains(':'), "{told}");
    let message = page.one(".message");
    let _clock = SetClock::at(NOON + DAY);
    page.state.today.set(NOON + DAY);
    settled().await;
    assert_eq!(page.texts(".day"), ["Yesterday"]);
    assert_ne!(page.texts(".side time"), [told]);
    // What was there is still the same.
    assert_eq!(page.one(".message"), message);
}
