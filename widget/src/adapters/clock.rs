//! The device's clock.

use dm3_core::ports::Clock;
use gloo_timers::future::TimeoutFuture;

/// The device's clock. Browsers slow down timers of hidden pages, to once a minute at worst.
pub struct BrowserClock;

impl Clock for BrowserClock {
    fn now(&self) -> u64 {
        js_sys::Date::now() as u64
    }

    async fn sleep(&self, milliseconds: u32) {
        TimeoutFuture::new(milliseconds).await;
    }
}
