//! What the application does, without a browser: commands in, state and events out.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

mod backup;
mod devices;
mod ending;
mod growth;
mod keys;
mod names;
mod outbox;
mod parts;
mod reconnecting;
mod reference;
mod seeing;
mod signing_in;
mod tabs;
mod wallet;
mod whose;
mod world;
mod writing;
