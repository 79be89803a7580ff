//! Clients that nobody wants, each from an address of its own.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;

use crate::http::{Connection, request};
use crate::support::Account;
use crate::support::account::submit;

/// A kind of hostile client: its name, how many at once, and what one does until it is ended.
pub const KINDS: [(&str, usize); 13] = [
    ("silent: connects and says nothing", 100),
    ("slow: a byte of its head every 100 ms", 100),
    ("huge: bodies of 50 MB", 4),
    ("nested: a million brackets of JSON", 4),
    ("malformed: bytes that are no HTTP", 8),
    ("deaf: asks and never reads", 16),
    ("greedy: asks as fast as it can", 8),
    ("long: heads of 1 MB", 8),
    ("broken: envelopes of 90 KB that are none", 8),
    ("hasty: connects and leaves", 50),
    ("wide: a hundred thousand objects in a body", 4),
    ("curious: browsers' questions beforehand, as fast as it can", 8),
    ("forging: registers profiles that nobody signed", 8),
];

/// Lets `count` clients of kind `kind` loose.
pub fn release(kind: usize, count: usize, node: SocketAddr, tasks: &mut JoinSet<()>) {
    for number in 0..count {
        let from = u8::try_from(2 + (kind * 30 + number % 30) % 250).unwrap_or(2);
        tasks.spawn(async move {
            loop {
                // Refused or thrown out: it comes again.
                if let Ok(connection) = Connection::open(node, from).await {
                    let _ = act(kind, connection).await;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
}

async fn act(kind: usize, mut connection: Connection) -> std::io::Result<()> {
    let stream = &mut connection.stream;
    match kind {
        0 => {
            stream.read_u8().await?;
        }
        1 => loop {
            stream.write_all(b"x").await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        },
        2 => {
            stream.write_all(b"POST /ds/rpc HTTP/1.1\r\nhost: x\r\ncontent-length: 50000000\r\n\r\n").await?;
            let piece = vec![b'x'; 65_536];
            loop {
                stream.write_all(&piece).await?;
            }
        }
        3 => {
            let body = "[".repeat(900_000);
            let head = format!("POST /ds/rpc HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            stream.read_u8().await?;
        }
        4 => {
            stream.write_all(&[0x16, 0x03, 0x01, 0xff, 0xfe, b'\r', b'\n', b'\r', b'\n']).await?;
            stream.read_u8().await?;
        }
        7 => {
            let head = format!("GET /.well-known/dm3 HTTP/1.1\r\nx-a: {}\r\n\r\n", "a".repeat(1_000_000));
            stream.write_all(head.as_bytes()).await?;
            stream.read_u8().await?;
        }
        8 => {
            let envelope = format!(r#"{{"message":"{}","metadata":{{}}}}"#, "a".repeat(90_000));
            let submission = request("POST", "/ds/rpc", None, Some(&submit(&envelope)));
            loop {
                connection.exchange(&submission).await?;
            }
        }
        9 => {}
        10 => {
            let body = format!("[{}]", [r#"{"":0}"#; 100_000].join(","));
            let submission = request("POST", "/ds/rpc", None, Some(&serde_json::from_str(&body)?));
            loop {
                connection.exchange(&submission).await?;
            }
        }
        11 => {
            let question = b"OPTIONS /ds/rpc HTTP/1.1\r\nhost: x\r\norigin: https://x.example\r\n\
                access-control-request-method: POST\r\n\r\n";
            loop {
                connection.exchange(question).await?;
            }
        }
        12 => {
            // Somebody else's profile: the signature may be a contract's, for which the chain is asked.
            let profile = Account::new(1).profile().to_json();
            for wallet in 0_u64.. {
                let path = format!("/ds/profile/0x{wallet:040x}.addr.dm3.eth");
                connection.exchange(&request("POST", &path, None, Some(&profile))).await?;
            }
        }
        5 => {
            let question = request("GET", "/.well-known/dm3", None, None);
            loop {
                stream.write_all(&question).await?;
            }
        }
        _ => {
            let question = request("GET", "/.well-known/dm3", None, None);
            loop {
                connection.exchange(&question).await?;
            }
        }
    }
    Ok(())
}
