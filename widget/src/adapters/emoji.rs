//! Emoji with their names, in a file for each language, which is fetched when somebody wants to choose one.

use std::cell::RefCell;

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::app::part::PartMissing;

/// The longest file that is taken: UTF-16 units.
const MOST: u32 = 2_000_000;

thread_local! {
    /// What the glue gave: a function that fetches a file.
    static FETCH: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Takes the function that fetches a file: `(language) => Promise<string>`. One for all elements.
pub fn provide(fetch: Function) {
    FETCH.with(|slot| slot.replace(Some(fetch)));
}

/// The text of the file for this language, or of the English one.
pub async fn fetch(language: &str) -> Result<String, PartMissing> {
    let Some(fetch) = FETCH.with(|slot| slot.borrow().clone()) else { return Err(PartMissing::Unreachable) };
    let ask = async {
        let promise = fetch.call1(&JsValue::UNDEFINED, &language.into())?.dyn_into::<Promise>()?;
        JsFuture::from(promise).await
    };
    let text = ask.await.ok().and_then(|text| text.dyn_into::<js_sys::JsString>().ok());
    text.filter(|text| text.length() <= MOST).map(String::from).ok_or(PartMissing::Unreachable)
}
