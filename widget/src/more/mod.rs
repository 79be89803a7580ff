//! What is loaded when it is used: each part is WASM of its own, with the styles that only it needs, and is reached
//! through one table of functions (`app::part`).
//!
//! ```text
//! view ──state()──▶ Part ──▶ adapters::parts ──▶ the loader fetches the file
//!   ▲                │
//!   └────── table ───┴─────▶ split function: the file becomes part of the running application
//! ```
//!
//! A further part is a file here, a table in `app::handle`, and an entry in `widget/build/parts.mjs` and in `FILES` of
//! `widget/js/modules.js`. Its file gets what nothing outside calls. Without the feature `parts` – in tests and checks
//! – everything is one file and the same code runs.

mod other_keys;
mod sign_in;

use crate::app::Parts;
use crate::app::part::Part;
pub use sign_in::sign_in_steps;

/// All of them.
pub const PARTS: Parts = Parts { sign_in: Part::new(&sign_in::LOADER) };
