//! The language that is spoken: English, which is here, or another one, whose file the loader fetches. Where that has
//! nothing, English is spoken.

use std::cell::RefCell;

use js_sys::Intl::{DateTimeFormat, DisplayNames, NumberFormat, PluralRules};
use js_sys::{Array, Date, Function, JSON, Number};
use wasm_bindgen::{JsCast, JsValue};

use super::message::{ANY, Numbers, fill};

/// How long what was made for a time zone is used: milliseconds.
const MINUTE: f64 = 60_000.0;

/// The words of a group.
pub trait Words: Copy {
    /// The number of the first one among all messages; the others follow.
    const FIRST: u16;
    /// All of them in English, each a line.
    const ENGLISH: &'static str;
    /// Which of them it is.
    fn place(self) -> u16;
}

struct Spoken {
    /// What days, numbers and plurals are written by; the loader has made sure that it is one.
    locale: String,
    /// Lists by the messages' numbers: what the host page says, then what the language says.
    texts: Option<Array>,
    /// Words that were said in other languages than English. They stay, so that views need not own what they say: as many as
    /// there are in the languages that were chosen.
    kept: Vec<&'static str>,
    /// How days and times are written, by the options: to make one takes a hundred times as long as to use it.
    formats: Vec<(&'static str, Function)>,
    /// Since when they are made for the time zone in which somebody is.
    zone_since: f64,
}

thread_local! {
    /// One for all elements of the page.
    static SPOKEN: RefCell<Spoken> = const {
        RefCell::new(Spoken {
            locale: String::new(),
            texts: None,
            kept: Vec::new(),
            formats: Vec::new(),
            zone_since: 0.0,
        })
    };
}

/// From now on this language is spoken; a text that comes first in `texts` is said in place of later ones, and of English.
pub fn speak(locale: String, texts: Array) {
    SPOKEN.with_borrow_mut(|spoken| {
        spoken.locale = locale;
        spoken.texts = Some(texts);
        spoken.formats.clear();
    });
}

/// A word.
pub fn say<W: Words>(word: W) -> &'static str {
    choose(word.place(), W::FIRST, W::ENGLISH)
}

#[inline(never)]
fn choose(place: u16, first: u16, english: &'static str) -> &'static str {
    let said = SPOKEN.with_borrow_mut(|spoken| spoken.word(first + place));
    said.or_else(|| english.split('\n').nth(usize::from(place))).unwrap_or_default()
}

/// A message with arguments. One that can't be filled in is passed over.
pub(super) fn tell(number: u16, english: &str, arguments: &[(&str, &str)]) -> String {
    let said = SPOKEN.with_borrow(|spoken| {
        let filled = |list| fill(&spoken.said(list, number)?, arguments, &Here);
        filled(0).or_else(|| filled(1))
    });
    said.or_else(|| fill(english, arguments, &Here)).unwrap_or_default()
}

/// A message with one argument.
#[inline(never)]
pub(super) fn tell_one(number: u16, english: &str, argument: &str) -> String {
    tell(number, english, &[(ANY, argument)])
}

/// A message with a number.
#[inline(never)]
pub(super) fn tell_count(number: u16, english: &str, count: usize) -> String {
    tell_one(number, english, &count.to_string())
}

impl Spoken {
    fn said(&self, list: u32, number: u16) -> Option<String> {
        // The loader's lists are lists.
        let list: Array = self.texts.as_ref()?.get(list).unchecked_into();
        list.get(number.into()).as_string()
    }

    fn word(&mut self, number: u16) -> Option<&'static str> {
        let said = self.said(0, number).or_else(|| self.said(1, number))?;
        if let Some(kept) = self.kept.iter().find(|kept| **kept == said) {
            return Some(kept);
        }
        let word: &'static str = said.leak();
        self.kept.push(word);
        Some(word)
    }

    fn locale(&self) -> String {
        match &*self.locale {
            // Days before months.
            "" | "en" => "en-GB".to_owned(),
            locale => locale.to_owned(),
        }
    }

    fn format(&mut self, options: &'static str) -> Function {
        let (locale, now) = (self.locale(), Date::now());
        // Another time zone, where somebody travels, is known soon.
        if now - self.zone_since > MINUTE {
            self.formats.clear();
            self.zone_since = now;
        }
        if let Some((_, format)) = self.formats.iter().find(|(known, _)| *known == options) {
            return format.clone();
        }
        // Options that are none would be a fault of ours; then the whole date is written.
        let parsed = JSON::parse(options).unwrap_or_default();
        // One locale is as good as a list of one.
        let locale = JsValue::from(locale).unchecked_into();
        let format = DateTimeFormat::new(&locale, &parsed.unchecked_into()).format();
        self.formats.push((options, format.clone()));
        format
    }
}

/// The language as BCP 47 calls it, without a region.
pub fn code() -> String {
    let mut locale = locale();
    locale.truncate(locale.find('-').unwrap_or(locale.len()));
    locale
}

fn locale() -> String {
    SPOKEN.with_borrow(Spoken::locale)
}

/// A number as the language writes it.
pub fn number(number: f64) -> String {
    Number::from(number).to_locale_string(&locale()).into()
}

/// A number in decimal digits, however many, as the language writes it: to read it as a floating-point number would change it.
pub fn decimal(digits: &str) -> String {
    let options = JSON::parse(r#"{"maximumFractionDigits":20}"#).unwrap_or_default();
    // One locale is as good as a list of one.
    let locale = JsValue::from(locale()).unchecked_into();
    let format = NumberFormat::new(&locale, &options.unchecked_into()).format();
    let written = format.call1(&JsValue::UNDEFINED, &digits.into()).ok();
    written.and_then(|written| written.as_string()).unwrap_or_else(|| digits.to_owned())
}

/// A day or a time as the language writes it; `options` are those of `Intl.DateTimeFormat`, in JSON.
pub fn date(date: &Date, options: &'static str) -> String {
    let format = SPOKEN.with_borrow_mut(|spoken| spoken.format(options));
    // It throws for no date that can be.
    let written = format.call1(&JsValue::UNDEFINED, date).ok();
    written.and_then(|written| written.as_string()).unwrap_or_default()
}

/// A script as the language calls it, by its code in ISO 15924. What is none is taken for a name already.
pub(super) fn script(code: &str) -> String {
    if code.len() != 4 || !code.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return code.to_owned();
    }
    let options = JSON::parse(r#"{"type":"script"}"#).unwrap_or_default();
    // One locale is as good as a list of one.
    let locale = JsValue::from(locale()).unchecked_into();
    let name = DisplayNames::new(&locale, &options.unchecked_into()).of(code);
    name.map_or_else(|| code.to_owned(), String::from)
}

/// The numbers of the language that is spoken.
struct Here;

impl Numbers for Here {
    fn category(&self, number: &str) -> String {
        // One locale is as good as a list of one.
        let locale = JsValue::from(locale()).unchecked_into();
        PluralRules::new(&locale, &JsValue::UNDEFINED.unchecked_into()).select(read(number)).into()
    }

    fn written(&self, written: &str) -> String {
        number(read(written))
    }
}

/// Only whole numbers are counted.
fn read(number: &str) -> f64 {
    f64::from(number.parse::<u32>().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_script_is_called_as_the_language_calls_it() {
        assert_eq!(script("Latn"), "Latin");
        speak("de".to_owned(), Array::of2(&Array::new(), &Array::new()));
        assert_eq!([script("Latn"), script("Cyrl")], ["Lateinisch", "Kyrillisch"]);
        speak(String::new(), Array::of2(&Array::new(), &Array::new()));
    }

    #[wasm_bindgen_test]
    fn a_decimal_number_is_written_as_the_language_does_and_loses_no_digit() {
        let written = |language: &str, digits| {
            speak(language.to_owned(), Array::of2(&Array::new(), &Array::new()));
            decimal(digits)
        };
        for (language, whole, part, least) in [
            ("", "5,000", "4.999", "0.000000000000000001"),
            ("de", "5.000", "4,999", "0,000000000000000001"),
            ("ar-EG", "٥٬٠٠٠", "٤٫٩٩٩", "٠٫٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠١"),
        ] {
            let all = ["5000", "4.999", "0.000000000000000001"].map(|digits| written(language, digits));
            assert_eq!(all, [whole, part, least]);
        }
        assert_eq!(written("", "12345678901234567890.5"), "12,345,678,901,234,567,890.5");
        speak(String::new(), Array::of2(&Array::new(), &Array::new()));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn what_is_no_code_of_a_script_stays_as_it_is() {
        for name in ["Latin", "Cyrillic", "Han", "", "a/b?"] {
            assert_eq!(script(name), name);
        }
    }
}
