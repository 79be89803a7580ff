//! What must hold for every parser of outside bytes, whatever the bytes: one function each, called by the fuzz
//! target of its name (`core/fuzz`) and, with the corpus of that target, by an ordinary test (`tests/replay.rs`).
//!
//! Nothing may panic; what was read, written and read again is the same; what is written is bounded by what was read.

mod attached;
mod chain;
mod delivery;
mod identity;
mod message;
mod storage;

use std::fmt::Debug;

use dm3_core::seal::Entropy;

/// Checks one input.
pub type Target = fn(&[u8]);

/// All of them, by the names of their fuzz targets and corpora.
pub const TARGETS: &[(&str, Target)] = &[
    ("abi", chain::abi),
    ("account_signature", chain::account_signature),
    ("api_replies", delivery::api_replies),
    ("attachment", attached::attachment),
    ("backup", identity::backup),
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
    ("legacy_record", storage::legacy_record),
    ("lookup", chain::lookup),
    ("markup", message::markup),
    ("meant", identity::meant),
    ("message", message::message),
    ("message_link", attached::message_link),
    ("name", identity::name),
    ("own_record", storage::own_record),
    ("postmark", message::postmark),
    ("profile", identity::profile),
    ("profile_link", identity::profile_link),
    ("proxy_envelope", attached::proxy_envelope),
    ("record", chain::record),
    ("sealed", message::sealed),
    ("seen_profiles", identity::seen_profiles),
    ("socket_frame", delivery::socket_frame),
    ("storage_replies", storage::storage_replies),
    ("url", delivery::url),
    ("wallet_signature", identity::wallet_signature),
];

/// Runs the target of this name.
pub fn run(target: &str, data: &[u8]) {
    let (_, check) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target of this name");
    check(data);
}

/// Randomness that is always the same, so that an input does the same each time.
struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(9);
    }
}

/// The input as text, if it is one.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// What was written is read again, and written again alike. The values themselves may differ once: a number that an
/// unknown member had, such as 1.0 or one above 2^53, becomes that which the reference reads and writes.
fn stable<T, E: Debug>(written: &str, parse: impl Fn(&str) -> Result<T, E>, write: impl Fn(&T) -> String) {
    assert_eq!(parse(written).map(|again| write(&again)).expect("what was written is read"), written);
}

/// Canonical JSON is longer than its source only where a number like 1e20 is written out in digits.
fn bounded(written: &str, read: &str) {
    assert!(written.len() <= 8 * read.len() + 256, "{} bytes became {}", read.len(), written.len());
}
