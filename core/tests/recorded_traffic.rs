//! Replays what the reference servers and libraries were recorded to say (`tests/data/wire`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod recorded;

#[path = "recorded_traffic/delivery.rs"]
mod delivery;
#[path = "recorded_traffic/every.rs"]
mod every;
#[path = "recorded_traffic/registry.rs"]
mod registry;
