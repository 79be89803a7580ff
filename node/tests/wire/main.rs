//! Every recorded exchange with the reference's servers, sent again in its order: the same requests, byte for
//! byte but for tokens and challenges, get the same status and the same answer. Where the node answers otherwise,
//! `deviations.rs` says so and why; a deviation that is none fails as well.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod deviations;
mod ethereum;
mod polling;
mod recording;
mod replay;
mod same;

use recording::recordings;
use replay::Replay;

#[tokio::test]
async fn every_recorded_request_gets_the_recorded_answer_or_one_that_is_listed() {
    let recordings = recordings();
    let mut replay = Replay::start().await;
    for recording in &recordings {
        replay.play(recording).await;
    }
    replay.finish().await;
}
