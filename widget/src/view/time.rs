//! Times and days in words, in the browser's own time zone and the language that is spoken.

use js_sys::Date;
use wasm_bindgen::JsValue;

use crate::texts::{Word, date, say};

const DAY: f64 = 86_400_000.0;

/// Milliseconds since 1970, now.
pub fn now() -> u64 {
    Date::now() as u64
}

/// The time of day: `09:41`.
pub fn time_of_day(time: u64) -> String {
    date(&local(time), r#"{"hour":"2-digit","minute":"2-digit"}"#)
}

/// When, as short as it can be understood: `09:41`, `Mon`, `3 Nov`, `3 Nov 2025`.
pub fn short_time(time: u64, now: u64) -> String {
    let day = local(time);
    match days_between(time, now) {
        0 => time_of_day(time),
        1..7 => date(&day, r#"{"weekday":"short"}"#),
        _ if day.get_full_year() == local(now).get_full_year() => {
            date(&day, r#"{"day":"numeric","month":"short"}"#)
        }
        _ => date(&day, r#"{"day":"numeric","month":"short","year":"numeric"}"#),
    }
}

/// The day: `Today`, `Yesterday`, `Monday`, `3 November 2026`.
pub fn day(time: u64, now: u64) -> String {
    match days_between(time, now) {
        0 => say(Word::Today).to_owned(),
        1 => say(Word::Yesterday).to_owned(),
        2..7 => date(&local(time), r#"{"weekday":"long"}"#),
        _ => date(&local(time), r#"{"day":"numeric","month":"long","year":"numeric"}"#),
    }
}

/// Whether both lie in the same local day.
pub fn same_day(one: u64, other: u64) -> bool {
    days_between(one, other) == 0
}

/// Midnights from `time` to `now`; negative for the future.
fn days_between(time: u64, now: u64) -> i32 {
    // Rounded, for a day of 23 or 25 hours.
    ((midnight(now) - midnight(time)) / DAY).round() as i32
}

fn midnight(time: u64) -> f64 {
    let date = local(time);
    date.set_hours(0);
    date.set_minutes(0);
    date.set_seconds(0);
    date.set_milliseconds(0)
}

/// Times come from other people: what JavaScript cannot represent is shown as its last representable moment.
fn local(time: u64) -> Date {
    const LAST: f64 = 8.64e15;
    Date::new(&JsValue::from_f64((time as f64).min(LAST)))
}
