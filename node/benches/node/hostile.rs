//! Clients that nobody wants, each from an address of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dm3_core::identity::Address;
use serde_json::json;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;

use crate::http::{Connection, request};
use crate::support::account::submit;
use crate::support::{Account, Node, Silent};

/// Where the proxy is that the node trusts.
pub const PROXY: u8 = 250;
/// How many accounts [`Prepared`] has; they cost nothing.
const MEMBERS: u16 = 40;
/// How many messages each of them, and each stranger, has.
const MESSAGES: usize = 20;

/// A kind of hostile client: its name, and how many at once.
pub const KINDS: [(&str, usize); 25] = [
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
    ("wandering: asks for challenges through a proxy, from many addresses of one /48", 32),
    ("stalling: messages to names whose gateway never answers", 32),
    ("claiming: messages from names whose gateway never answers", 32),
    ("passing: asks a gateway that never answers, through the node", 32),
    ("joining: many free accounts, all write to one mailbox", 40),
    ("opening: begins sessions of socket.io and leaves them", 32),
    ("storing: one account's batches of 500 messages", 8),
    ("coming: registers accounts that are new", 8),
    ("letting: acknowledges what it has not, from names whose gateway never answers", 8),
    ("crowding: sockets of one account, which stay open", 200),
    ("promising: files of which nothing comes", 8),
    ("calling: asks the chain through the node", 16),
];

/// What hostile clients have made before they begin.
pub struct Prepared {
    silent: Silent,
    /// Messages to a name whose gateway never answers.
    stalling: Vec<u8>,
    /// Messages from such names.
    claiming: Vec<Vec<u8>>,
    /// Messages of accounts, each account's together.
    joining: Vec<Vec<Vec<u8>>>,
    /// A batch for the storage.
    storing: Vec<u8>,
    /// Profiles of accounts that are new.
    coming: Vec<Vec<u8>>,
    /// Acknowledgements of messages that nobody sent.
    letting: Vec<u8>,
    /// What signs a socket in.
    handshake: Vec<u8>,
    /// A file that nobody sends.
    promising: Vec<u8>,
    /// A question to the chain.
    calling: Vec<u8>,
    next: AtomicUsize,
}

impl Prepared {
    /// Lets the chain know of slow names, and registers accounts.
    pub async fn on(node: &Node) -> Self {
        let silent = Silent::start().await;
        let url = format!("{}/{{sender}}/{{data}}", silent.url);
        node.chain.set_gateway("slow.eth", Address::from_bytes([0x33; 20]), &[&url], Address::ZERO);
        let (alice, bob) = (Account::new(1), Account::new(9));
        let handed = |envelope: &str| request("POST", "/ds/rpc", None, Some(&submit(envelope)));
        let to_nobody = alice.envelope_addressed(&bob, "x", alice.name.as_str(), "bob.slow.eth");
        let claiming = (0..200).map(|n| {
            let name = format!("a{n}.slow.eth");
            handed(&alice.envelope_addressed(&bob, "x", &name, bob.name.as_str()).to_canonical())
        });
        let mut joining = Vec::new();
        for n in 0..MEMBERS {
            let member = Account::of_many(n).registered(node).await;
            let messages = (0..MESSAGES).map(|_| handed(&member.envelope(&bob, "x").to_canonical()));
            joining.push(messages.collect());
        }
        let token = alice.sign_in(node).await;
        let batch: Vec<_> = (0..500)
            .map(|n| json!({ "messageId": format!("{n}"), "createdAt": n, "encryptedEnvelopContainer": "x".repeat(500), "isHalted": false }))
            .collect();
        let batch = json!({ "encryptedContactName": "bob", "messageBatch": batch });
        let path = format!("/api/storage/new/{}/addMessageBatch", alice.name);
        let acknowledgements: Vec<_> = (0..50)
            .map(|n| json!({ "contactAddress": format!("a{n}.slow.eth"), "messageHash": format!("0x{n:064x}") }))
            .collect();
        let letting = json!({ "acknowledgements": acknowledgements });
        let letting_path = format!("/ds/delivery/messages/{}/syncAcknowledgements/", alice.name);
        let file = json!({ "size": 20_000_000, "hash": "ab".repeat(32) });
        let call = json!({ "to": Address::ZERO, "data": "0x" });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"] });
        let coming = (1000..1400).map(|n| {
            let account = Account::of_many(n);
            let path = format!("/ds/profile/{}", account.name);
            request("POST", &path, None, Some(&account.profile().to_json()))
        });
        Self {
            stalling: handed(&to_nobody.to_canonical()),
            claiming: claiming.collect(),
            joining,
            storing: request("POST", &path, Some(&token), Some(&batch)),
            coming: coming.collect(),
            letting: request("POST", &letting_path, Some(&token), Some(&letting)),
            handshake: handshake(&alice, &token),
            promising: request("POST", &format!("/ds/blobs/{}", alice.name), Some(&token), Some(&file)),
            calling: request("POST", "/proxy/ethereum", None, Some(&call)),
            silent,
            next: AtomicUsize::new(0),
        }
    }

    fn number(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// A socket's upgrade, and the packet of socket.io that signs it in, in a frame of its own.
fn handshake(account: &Account, token: &str) -> Vec<u8> {
    let mut bytes = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: bench\r\nconnection: upgrade\r\n\
        upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        .to_vec();
    let packet = format!("40{}", json!({ "account": { "ensName": account.name.as_str() }, "token": token }));
    // A text, masked by nothing (RFC 6455, section 5.2).
    let [high, low] = u16::try_from(packet.len()).unwrap_or_default().to_be_bytes();
    bytes.extend([0x81, 0x80 | 126, high, low, 0, 0, 0, 0]);
    bytes.extend(packet.into_bytes());
    bytes
}

/// Lets `count` clients of kind `kind` loose.
pub fn release(
    kind: usize,
    count: usize,
    node: SocketAddr,
    prepared: &Arc<Prepared>,
    tasks: &mut JoinSet<()>,
) {
    for number in 0..count {
        let proxied = KINDS[kind].0.starts_with("wandering");
        let from = u8::try_from(2 + (kind * 30 + number % 30) % 240).unwrap_or(2);
        let from = if proxied { PROXY } else { from };
        let prepared = prepared.clone();
        tasks.spawn(async move {
            loop {
                // Refused or thrown out: it comes again.
                if let Ok(connection) = Connection::open(node, from).await {
                    let _ = act(kind, number, connection, &prepared).await;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
}

async fn act(
    kind: usize,
    number: usize,
    mut connection: Connection,
    prepared: &Prepared,
) -> std::io::Result<()> {
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
        13 => loop {
            let network = prepared.number() % 65_536;
            let question = format!(
                "GET /ds/auth/{} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 2001:db8:7:{network:x}::1\r\n\r\n",
                Account::new(1).name
            );
            connection.exchange(question.as_bytes()).await?;
        },
        14 => loop {
            connection.exchange(&prepared.stalling).await?;
        },
        15 => loop {
            connection.exchange(&prepared.claiming[prepared.number() % prepared.claiming.len()]).await?;
        },
        16 => {
            let path = format!("/proxy/gateway?url={}/{{sender}}/{{data}}", prepared.silent.url);
            let body = json!({ "sender": Address::ZERO, "data": "0x00" });
            let question = request("POST", &path, None, Some(&body));
            loop {
                connection.exchange(&question).await?;
            }
        }
        17 => loop {
            for message in &prepared.joining[number % prepared.joining.len()] {
                connection.exchange(message).await?;
            }
        },
        18 => {
            let question = request("GET", "/socket.io/?EIO=4&transport=polling", None, None);
            loop {
                connection.exchange(&question).await?;
            }
        }
        19 => loop {
            connection.exchange(&prepared.storing).await?;
        },
        20 => loop {
            connection.exchange(&prepared.coming[prepared.number() % prepared.coming.len()]).await?;
        },
        21 => loop {
            connection.exchange(&prepared.letting).await?;
        },
        22 => {
            stream.write_all(&prepared.handshake).await?;
            // Its answers are read, and the node's pings are not answered.
            loop {
                stream.read_u8().await?;
            }
        }
        23 => loop {
            connection.exchange(&prepared.promising).await?;
        },
        24 => loop {
            connection.exchange(&prepared.calling).await?;
        },
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
