//! A disk that somebody else fills.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]
#![cfg(target_os = "linux")]

mod support;

use std::time::{Duration, Instant};

use support::account::submit;
use support::{Account, Around, Node, SmallDisk};

/// A node on a disk of so many megabytes, if the machine lets somebody mount one.
async fn on_a_small_disk(megabytes: u32, more: &str) -> Option<Node> {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("disk");
    std::fs::create_dir(&place).unwrap();
    let disk = Some(SmallDisk::mount(&place, megabytes)?);
    Some(Node::start_in(folder, Around { disk, ..Around::default() }, None, "info", more).await)
}

async fn until(what: &str, is: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !is().await {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_disk_that_others_fill_to_the_last_byte_lets_mailboxes_be_emptied_and_the_log_go_on() {
    let more =
        "disk_bytes_kept_free = 8000000\ndisk_reserve_bytes = 4000000\nmetrics_listen = '127.0.0.1:0'\n";
    let Some(mut node) = on_a_small_disk(40, more).await else { return };
    let bob = Account::new(2).registered(&node).await;
    let alice = Account::new(3).registered(&node).await;
    let mut hashes = Vec::new();
    for n in 0..60 {
        hashes.push(alice.send(&node, &bob, &format!("{n} {}", "x".repeat(20_000))).await);
    }
    let disk = node.around.disk.as_ref().unwrap();
    let reserve = disk.file("node.sqlite-reserve");
    assert_eq!(std::fs::metadata(&reserve).unwrap().len(), 4_000_000);

    disk.fill();
    until("the reserve is given up", async || !reserve.exists()).await;
    let late = alice.envelope(&bob, "late").to_canonical();
    until("what is new is refused", async || node.post("/ds/rpc", &submit(&late)).await.status == 507).await;
    assert_eq!(node.get("/ready").await.status, 503);
    let token = bob.sign_in(&node).await;
    for hash in &hashes {
        bob.acknowledge(&node, &token, alice.name.as_str(), hash).await;
    }
    assert_eq!(bob.texts(&node, &token).await, [""; 0]);
    assert!(node.log().contains("reserve of the disk is given up"), "{}", node.log());

    // Whoever filled it takes this, too: everything that is refused is refused for now.
    disk.fill();
    for n in 0..20 {
        let reply = node.get(&format!("/ds/auth/{}", bob.name)).await;
        assert!(matches!(reply.status.as_u16(), 200 | 503 | 507), "{n}: {reply:?}");
        let reply = node.post("/ds/rpc", &submit(&late)).await;
        assert!(matches!(reply.status.as_u16(), 503 | 507), "{n}: {reply:?}");
    }
    assert!(node.is_running(), "it lives without a byte, and without a line to write");

    let disk = node.around.disk.as_ref().unwrap();
    disk.clear();
    until("there is a reserve again", async || reserve.exists()).await;
    until("what is new is taken", async || node.post("/ds/rpc", &submit(&late)).await.status == 200).await;
    assert_eq!(bob.texts(&node, &token).await, ["late"]);
}
