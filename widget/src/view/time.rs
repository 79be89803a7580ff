//! Times and days in words, in the browser's own time zone.

use js_sys::Date;
use wasm_bindgen::JsValue;

use crate::texts::{Word, language, say};

const DAY: f64 = 86_400_000.0;

/// Milliseconds since 1970, now.
pub fn now() -> u64 {
    Date::now() as u64
}

/// The time of day: `09:41`.
pub fn time_of_day(time: u64) -> String {
    let date = local(time);
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// When, as short as it can be understood: `09:41`, `Mon`, `3 Nov`, `3 Nov 2025`.
pub fn short_time(time: u64, now: u64) -> String {
    let date = local(time);
    let month = short(&language().months(), date.get_month());
    match days_between(time, now) {
        0 => time_of_day(time),
        1..7 => short(&language().weekdays(), date.get_day()),
        _ if date.get_full_year() == local(now).get_full_year() => format!("{} {month}", date.get_date()),
        _ => format!("{} {month} {}", date.get_date(), date.get_full_year()),
    }
}

/// The day: `Today`, `Yesterday`, `Monday`, `3 November 2026`.
pub fn day(time: u64, now: u64) -> String {
    let date = local(time);
    match days_between(time, now) {
        0 => say(Word::Today).into(),
        1 => say(Word::Yesterday).into(),
        2..7 => named(&language().weekdays(), date.get_day()).to_owned(),
        _ => {
            let month = named(&language().months(), date.get_month());
            format!("{} {month} {}", date.get_date(), date.get_full_year())
        }
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

fn short(names: &[&'static str], index: u32) -> String {
    named(names, index).chars().take(3).collect()
}

fn named(names: &[&'static str], index: u32) -> &'static str {
    names.get(index as usize).copied().unwrap_or("???")
}
