//! Reads the recordings in `tests/data/wire`.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::path::PathBuf;

use dm3_core::identity::{KeySeed, ProfileKeys};
use dm3_core::web::{HttpResponse, SessionToken};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/wire")
}

/// The names of all recordings, in order.
pub fn steps() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut steps: Vec<_> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    steps.sort();
    steps
}

/// All exchanges of one recording, such as `06-resolve-after-registration`.
pub fn exchanges(step: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder().join(format!("{step}.json"))).unwrap();
    let recording: Value = serde_json::from_str(&text).unwrap();
    recording["exchanges"].as_array().unwrap().clone()
}

/// The exchanges of every recording.
pub fn all_exchanges() -> Vec<Value> {
    steps().iter().flat_map(|step| exchanges(step)).collect()
}

/// The HTTP exchange with this sequence number.
pub fn exchange(step: &str, seq: u64) -> Value {
    exchanges(step).into_iter().find(|exchange| exchange["seq"] == seq).unwrap()
}

/// What the server answered.
pub fn reply(exchange: &Value) -> HttpResponse {
    let response = &exchange["response"];
    let status = response["status"].as_u64().unwrap() as u16;
    HttpResponse::new(status, response["raw"].as_str().unwrap().to_owned())
}

/// The session token of the request.
pub fn bearer(exchange: &Value) -> Option<SessionToken> {
    let headers = exchange["request"]["headers"].as_array().unwrap();
    let header = headers.iter().find(|header| header[0] == "Authorization")?;
    SessionToken::new(header[1].as_str()?.strip_prefix("Bearer ")?)
}

/// The keys of a recorded account: `alice`, `bob` or `carol`. The vectors derive them, too.
pub fn keys(wallet: &str) -> ProfileKeys {
    let vectors: Value = serde_json::from_str(include_str!("../data/vectors/keys.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["wallet"] == wallet && case["nonceName"] == "local").unwrap();
    ProfileKeys::derive(&KeySeed::from_base64(case["storageKey"].as_str().unwrap()).unwrap())
}
