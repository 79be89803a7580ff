//! The bodies of the fuzz targets, which `core/tests/replay.rs` calls too.
#![allow(clippy::expect_used, clippy::panic, reason = "a target that finds something fails by panicking")]

#[path = "../../tests/parsers/mod.rs"]
pub mod parsers;
