//! Names outside ASCII: the rules of ENSIP-15 in a file of their own, which is fetched when the first such name is met.

use std::cell::RefCell;

use dm3_core::identity::{EnsName, NameError};
use dm3_core::ports::Normaliser;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

thread_local! {
    /// What the loader gave: a function that imports the file.
    static IMPORT: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Takes the function that imports the file: `() => Promise<{ normalise(name) }>`. One for all elements.
pub fn provide(import: Function) {
    IMPORT.with(|slot| slot.replace(Some(import)));
}

/// The normaliser of `dm3-chat-names.js`.
pub struct LazyNormaliser;

impl Normaliser for LazyNormaliser {
    async fn normalise(&self, name: &str) -> Result<EnsName, NameError> {
        let answer = ask(name).await.map_err(|_: JsValue| NameError::NoTables)?;
        let text = |member: &str| {
            Reflect::get(&answer, &member.into()).ok().and_then(|value| value.as_string()).unwrap_or_default()
        };
        match text("reason") {
            reason if reason.is_empty() => EnsName::from_normalised(&text("name")),
            reason => Err(NameError::of_label(&text("label"), &reason)),
        }
    }
}

/// `{ name }`, or `{ label, reason }` of the first label that breaks a rule.
async fn ask(name: &str) -> Result<JsValue, JsValue> {
    let import = IMPORT.with(|slot| slot.borrow().clone()).ok_or(JsValue::UNDEFINED)?;
    let module = JsFuture::from(import.call0(&JsValue::UNDEFINED)?.dyn_into::<Promise>()?).await?;
    let normalise: Function = Reflect::get(&module, &"normalise".into())?.dyn_into()?;
    normalise.call1(&JsValue::UNDEFINED, &name.into())
}
