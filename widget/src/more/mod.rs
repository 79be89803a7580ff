//! What is loaded when it is used: each part is WASM of its own, with the styles that only it needs, and is reached
//! through tables of functions (`app::part` for views, `app::steps` for what they set going).
//!
//! ```text
//! view ──state()──▶ Part ──▶ adapters::parts ──▶ the loader fetches the files
//!   ▲                │
//!   └────── table ───┴─────▶ split function: the files become part of the running application
//! ```
//!
//! A further part is a file here, a table in `app::handle` or `app::steps`, and an entry in `widget/build/parts.mjs` and in
//! `FILES` of `widget/js/modules.js`. Its file gets what nothing outside calls. Without the feature `parts` – in tests and
//! checks – everything is one file and the same code runs.

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

mod chat;
mod keys;
mod sign_in;
mod sync;

use crate::adapters::page::Page;
use crate::app::part::Part;
use crate::app::{Later, Parts};

/// What views show.
pub const PARTS: Parts = Parts { sign_in: Part::new(&sign_in::LOADER), keys: Part::new(&keys::LOADER) };

/// What they set going.
pub const LATER: Later<Page> =
    Later { sign_in: sign_in::steps, keys: keys::steps, chat: chat::steps, sync: sync::steps };
