//! What a machine lacks, so that a test can't run on it.

use std::fs::File;
use std::io::Write as _;

/// Where `npm test` says to write it down (tests/setup/told.mjs).
const TOLD: &str = "DM3_TESTS_TOLD";

/// Says why the test that calls this does not run here: in its output, which nobody sees of a test that passes, and where
/// `npm test` reads it at its end.
pub fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
    let Some(file) = std::env::var_os(TOLD) else { return };
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("did not run: {test}, as {why}\n");
    // In one piece: other tests write beside this one.
    let opened = File::options().append(true).create(true).open(file);
    let written = opened.and_then(|mut file| file.write_all(line.as_bytes()));
    assert!(written.is_ok(), "{written:?}");
}
