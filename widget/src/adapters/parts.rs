//! Parts of the application that are loaded when they are used: the loader fetches and compiles their files.

use std::cell::RefCell;

use js_sys::{Error, Function, Promise};
use leptos::wasm_split::SplitLoaderError;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::app::part::PartMissing;

/// What the loader's errors are called that a reload of the page mends (`widget/js/modules.js`).
const OTHER_VERSION: &str = "OtherVersion";

thread_local! {
    /// What the loader gave: a function that fetches a part.
    static FETCH: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// What the split function reports; the loader's own words are in the console.
impl From<SplitLoaderError> for PartMissing {
    fn from(_: SplitLoaderError) -> Self {
        Self::Unreachable
    }
}

/// Takes the function that fetches a part: `(name) => Promise<unknown>`. One for all elements.
pub fn provide(fetch: Function) {
    FETCH.with(|slot| slot.replace(Some(fetch)));
}

/// Has the part's file ready. Where nobody provided a loader, everything is in one file.
pub async fn fetch(name: &str) -> Result<(), PartMissing> {
    let Some(fetch) = FETCH.with(|slot| slot.borrow().clone()) else { return Ok(()) };
    let ask = async {
        let promise = fetch.call1(&JsValue::UNDEFINED, &name.into())?.dyn_into::<Promise>()?;
        JsFuture::from(promise).await
    };
    match ask.await {
        Ok(_) => Ok(()),
        Err(error) if error.dyn_ref::<Error>().is_some_and(|error| error.name() == OTHER_VERSION) => {
            Err(PartMissing::OtherVersion)
        }
        Err(_) => Err(PartMissing::Unreachable),
    }
}

/// A function that loads a part and gives what is made inside of it:
/// `part!(fn name in split("its name for the loader") -> Table = …)`.
macro_rules! part {
    (fn $name:ident in $split:ident($file:literal) -> $table:ty = $make:expr) => {
        pub(super) fn $name()
        -> ::futures_util::future::LocalBoxFuture<'static, Result<$table, $crate::app::part::PartMissing>> {
            #[cfg(feature = "parts")]
            #[allow(
                unsafe_code,
                reason = "the macro declares what the build links by its name; nothing else is unsafe"
            )]
            #[leptos::wasm_split::wasm_split($split, wasm_split_path = ::leptos::wasm_split, fallible)]
            fn $name() -> Result<$table, $crate::app::part::PartMissing> {
                Ok($make)
            }

            #[cfg(not(feature = "parts"))]
            async fn $name() -> Result<$table, $crate::app::part::PartMissing> {
                Ok($make)
            }

            Box::pin(async {
                $crate::adapters::parts::fetch($file).await?;
                $name().await
            })
        }
    };
}

pub(crate) use part;
