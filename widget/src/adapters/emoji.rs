//! Emoji with their names, in a file for each language, which is fetched when somebody wants to choose one; and which ones they
//! chose last.

use std::cell::RefCell;

use dm3_core::identity::Address;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::page::{DRAFT, Storages, storage};
use crate::app::part::PartMissing;

/// The longest file that is taken: UTF-16 units.
const MOST: u32 = 2_000_000;
/// How many are remembered: two lines.
const REMEMBERED: usize = 16;

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

/// The emoji that an account chose last in this browser, the latest first. Other scripts of the page may have written there:
/// only what is an emoji may be shown of it.
pub fn last_used(account: Address) -> Vec<String> {
    let kept = storage(Storages::Browser).and_then(|storage| storage.get_item(&key(account)).ok()?);
    let kept = kept.unwrap_or_default();
    kept.split(' ').filter(|sign| !sign.is_empty()).take(REMEMBERED).map(str::to_owned).collect()
}

/// An account has chosen this one.
pub fn note_used(account: Address, sign: &str) {
    let mut used = last_used(account);
    used.retain(|known| known != sign);
    used.insert(0, sign.to_owned());
    used.truncate(REMEMBERED);
    // Without room it is not remembered.
    let _ = storage(Storages::Browser).map(|storage| storage.set_item(&key(account), &used.join(" ")));
}

/// Among what was typed, which is forgotten with the account.
fn key(account: Address) -> String {
    format!("{DRAFT}{account}:emoji")
}
