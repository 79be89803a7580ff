//! The device's clock.

use dm3_core::ports::Clock;
use gloo_timers::future::TimeoutFuture;
use js_sys::Date;

/// The device's clock. Browsers slow down timers of hidden pages, to once a minute at worst.
pub struct BrowserClock;

impl Clock for BrowserClock {
    fn now(&self) -> u64 {
        Date::now() as u64
    }

    async fn sleep(&self, milliseconds: u32) {
        TimeoutFuture::new(milliseconds).await;
    }
}

/// When the day began that it is (milliseconds since 1970), and for how long it is that (milliseconds).
pub fn day() -> (u64, u64) {
    let now = Date::new_0();
    // It has 23 hours or 25 where clocks are changed.
    let midnight = |days: i32| {
        let day = now.get_date() as i32 + days;
        Date::new_with_year_month_day(now.get_full_year(), now.get_month() as i32, day).get_time()
    };
    (midnight(0) as u64, (midnight(1) - now.get_time()) as u64)
}
