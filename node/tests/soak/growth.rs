//! A node that is used for a while holds no more at the end than after it was warm: memory, open files, messages.

use std::time::{Duration, Instant};

use crate::seconds;
use crate::support::{Account, Node, Socket};

/// What the process holds: KiB of memory and open files.
fn held(node: &Node) -> (u64, usize) {
    let process = format!("/proc/{}", node.process_id());
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let memory = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (memory, std::fs::read_dir(format!("{process}/fd")).unwrap().count())
}

/// Everybody signs in, writes to everybody, and takes in and clears what came; some by socket. How many messages.
async fn round(node: &Node, accounts: &[Account]) -> usize {
    let mut messages = 0;
    for (n, reader) in accounts.iter().enumerate() {
        let token = reader.sign_in(node).await;
        let mut socket = if n % 2 == 0 { Some(Socket::authorized(node, reader, &token).await) } else { None };
        let mut sent = Vec::new();
        for (m, writer) in accounts.iter().enumerate().filter(|(m, _)| *m != n) {
            sent.push((writer, writer.send(node, reader, &format!("{m} to {n}")).await));
        }
        if let Some(socket) = &mut socket {
            for _ in &sent {
                socket.message().await;
            }
            socket.close().await;
        }
        for (writer, hash) in &sent {
            reader.acknowledge(node, &token, writer.name.as_str(), hash).await;
        }
        assert!(reader.incoming(node, &token).await.is_empty());
        messages += sent.len();
    }
    messages
}

#[tokio::test]
#[ignore = "takes as long as DM3_SOAK_SECONDS says"]
async fn a_node_that_is_used_for_long_does_not_grow() {
    let node = Node::start_with("metrics_listen = '127.0.0.1:0'\n").await;
    let mut accounts = Vec::new();
    for n in 1..=6 {
        accounts.push(Account::new(n).registered(&node).await);
    }
    let (began, whole) = (Instant::now(), seconds(60));
    let mut messages = 0;
    while began.elapsed() < whole / 3 {
        messages += round(&node, &accounts).await;
    }
    let warm = held(&node);
    while began.elapsed() < whole {
        messages += round(&node, &accounts).await;
    }
    // What was closed is let go of.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let end = held(&node);
    println!(
        "{messages} messages; {} KiB and {} files, then {} KiB and {} files",
        warm.0, warm.1, end.0, end.1
    );
    assert!(end.0 < warm.0 + warm.0 / 4 + 8 * 1024, "memory grows");
    assert!(end.1 <= warm.1 + 8, "files stay open");
    let log = node.log();
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
}
