//! Reads the recordings in `tests/data/wire`.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// All exchanges of one recording, such as `06-resolve-after-registration`.
pub fn exchanges(step: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/wire/{step}.json"));
    let recording: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    recording["exchanges"].as_array().unwrap().clone()
}

/// The exchanges of every recording.
pub fn all_exchanges() -> Vec<Value> {
    let wire = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/wire");
    let mut steps: Vec<_> = fs::read_dir(wire)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    steps.sort();
    steps.iter().flat_map(|step| exchanges(step)).collect()
}

/// The HTTP exchange with this sequence number.
pub fn exchange(step: &str, seq: u64) -> Value {
    exchanges(step).into_iter().find(|exchange| exchange["seq"] == seq).unwrap()
}
