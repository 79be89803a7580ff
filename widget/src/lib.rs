//! `<dm3-chat>`: wallet-to-wallet, end-to-end encrypted chat for any page.
//!
//! ```text
//! element     the custom element: attributes, properties, methods, events
//! view/       Leptos components, one file per screen part; no I/O
//! more/       what is loaded when it is used
//! texts/      codes become words of the language that is spoken
//! app/        what one element shows, and the use cases that change it
//! adapters/   the page, wallets, JSON-RPC, HTTP, WebSocket, IndexedDB, clock and entropy of the browser
//! ```
//!
//! Direction: `element → view → app → dm3-core's session`; `adapters → dm3-core's ports`.

pub mod adapters;
pub mod app;
pub mod element;
#[cfg(feature = "gallery")]
mod gallery;
pub mod more;
mod texts;
pub mod view;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
