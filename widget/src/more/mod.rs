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

mod attention;
mod backend;
mod backup;
mod chat;
mod clipboard;
mod deliver;
mod emoji;
mod files;
mod focus;
mod history;
mod keys;
mod own;
mod people;
mod pick_up;
mod search;
mod search_texts;
mod settings;
mod share;
mod sign_in;
mod site;
mod stake;
mod talk;
mod thread;

use crate::adapters::page::Page;
use crate::app::part::Part;
use crate::app::{Later, Parts};

/// What views show.
pub const PARTS: Parts = Parts {
    sign_in: Part::new(&sign_in::LOADER),
    keys: Part::new(&keys::LOADER),
    backup: Part::new(&backup::LOADER),
    settings: Part::new(&settings::LOADER),
    own: Part::new(&own::LOADER),
    talk: Part::new(&talk::LOADER),
    search: Part::new(&search::LOADER),
    files: Part::new(&files::LOADER),
    emoji: Part::new(&emoji::LOADER),
    share: Part::new(&share::LOADER),
    stake: Part::new(&stake::LOADER),
    attention: Part::new(&attention::LOADER),
    site: Part::new(&site::LOADER),
};

/// What they set going.
pub const LATER: Later<Page> = Later {
    sign_in: sign_in::steps,
    keys: keys::steps,
    chat: chat::steps,
    search: search::steps,
    thread: thread::steps,
    deliver: deliver::steps,
    pick_up: pick_up::steps,
    history: history::steps,
    backend: backend::steps,
    kept: history::kept_steps,
    people: people::steps,
    backup: backup::steps,
    settings: settings::steps,
    own: own::steps,
    services: own::services_steps,
    talk: talk::steps,
    files: files::steps,
    share: share::steps,
    stake: stake::steps,
    attention: attention::steps,
    site: site::steps,
};
