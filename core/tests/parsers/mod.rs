//! What must hold for every parser of outside bytes, whatever the bytes: one function each, called by the fuzz
//! target of its name (`core/fuzz`) and, with the corpus of that target, by an ordinary test (`tests/replay.rs`).
//!
//! Nothing may panic; what was read, written and read again is the same; what is written is bounded by what was read.

mod chain;
mod delivery;
mod identity;
mod message;

/// Checks one input.
pub type Target = fn(&[u8]);

/// All of them, by the names of their fuzz targets and corpora.
pub const TARGETS: &[(&str, Target)] = &[
    ("abi", chain::abi),
    ("api_replies", delivery::api_replies),
    ("canonical_json", message::canonical_json),
    ("challenge", delivery::challenge),
    ("data_uri", chain::data_uri),
    ("delivery_service", chain::delivery_service),
    ("discovery", delivery::discovery),
    ("envelope", message::envelope),
    ("extension", delivery::extension),
    ("gateway_query", chain::gateway_query),
    ("ipfs", chain::ipfs),
    ("json_rpc", chain::json_rpc),
    ("lookup", chain::lookup),
    ("message", message::message),
    ("name", identity::name),
    ("postmark", message::postmark),
    ("profile", identity::profile),
    ("record", chain::record),
    ("sealed", message::sealed),
    ("socket_frame", delivery::socket_frame),
    ("url", delivery::url),
    ("wallet_signature", identity::wallet_signature),
];

/// Runs the target of this name.
pub fn run(target: &str, data: &[u8]) {
    let (_, check) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target of this name");
    check(data);
}

/// The input as text, if it is one.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// Canonical JSON is longer than its source only where a number like 1e20 is written out in digits.
fn bounded(written: &str, read: &str) {
    assert!(written.len() <= 8 * read.len() + 256, "{} bytes became {}", read.len(), written.len());
}
