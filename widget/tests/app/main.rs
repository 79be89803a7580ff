//! What the application does, without a browser: commands in, state and events out.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

mod attention;
mod backup;
mod devices;
mod ending;
mod ens;
mod files;
mod growth;
mod kept;
mod keys;
mod loading;
mod mail;
mod names;
mod outbox;
mod own;
mod parts;
mod receipts;
mod reconnecting;
mod reference;
mod requests;
mod search;
mod search_texts;
mod seeing;
mod services;
mod settings;
mod share;
mod signing_in;
mod site;
mod stake;
mod tabs;
mod talk;
mod thread;
mod times;
mod wallet;
mod whose;
mod world;
mod writing;
