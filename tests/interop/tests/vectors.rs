//! The vectors of the core, in WASM.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a vector that can't be read must fail"
)]

#[path = "../../../core/tests/vectors.rs"]
mod vectors;
