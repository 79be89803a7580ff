//! What runs all the time: nothing lost, nothing twice, whatever fails and whoever goes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

mod backend;
mod deployed_app;
mod early;
mod history;
mod lease;
mod outbox;
mod pick_up;
mod world;
