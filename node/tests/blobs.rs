//! Sealed files: who may put them, who may fetch them, and where that ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, SqliteConnection};
use support::{Account, Host, Node, PostgresServer, Reply};

const PIECE: usize = 512 * 1024;

fn bytes(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|n| (n / 251) as u8 ^ (n % 251) as u8 ^ seed).collect()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// An account that is signed in.
struct Keeper<'a> {
    node: &'a Node,
    account: Account,
    token: String,
}

impl<'a> Keeper<'a> {
    async fn new(node: &'a Node, n: u8) -> Self {
        let account = Account::new(n).registered(node).await;
        let token = account.sign_in(node).await;
        Self { node, account, token }
    }

    fn own(&self) -> String {
        format!("/ds/blobs/{}", self.account.name)
    }

    async fn promise(&self, size: usize, hash: &str) -> Reply {
        self.node.post_as(&self.token, &self.own(), &json!({ "size": size, "hash": hash })).await
    }

    async fn begin(&self, data: &[u8]) -> String {
        let reply = self.promise(data.len(), &hash(data)).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    async fn piece(&self, id: &str, at: usize, data: &[u8]) -> Reply {
        let path = format!("{}/{id}?at={at}", self.own());
        self.node.request_with(Method::PUT, &path, &self.token, &[], data).await
    }

    async fn pieces(&self, id: &str, data: &[u8]) -> Reply {
        let mut last = None;
        for (n, piece) in data.chunks(PIECE).enumerate() {
            last = Some(self.piece(id, n * PIECE, piece).await);
        }
        last.unwrap()
    }

    async fn put(&self, data: &[u8]) -> String {
        let id = self.begin(data).await;
        let reply = self.pieces(&id, data).await;
        assert_eq!(
            (reply.status, reply.json()),
            (StatusCode::OK, json!({ "stored": data.len(), "complete": true }))
        );
        id
    }

    async fn remove(&self, id: &str) -> StatusCode {
        let path = format!("{}/{id}", self.own());
        self.node.request(Method::DELETE, &path, Some(&self.token), None).await.status
    }

    async fn usage(&self) -> (u64, u64) {
        let usage = self.node.get_as(&self.token, &self.own()).await.json();
        (usage["blobs"].as_u64().unwrap(), usage["bytes"].as_u64().unwrap())
    }
}

/// Status, headers and bytes of what anybody fetches.
async fn fetch(node: &Node, id: &str, range: Option<&str>) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let request = reqwest::Client::new().get(format!("{}/ds/blob/{id}", node.url));
    let request = range.iter().fold(request, |request, range| request.header("range", *range));
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn a_file_comes_in_pieces_and_whoever_has_its_address_fetches_it_whole_or_in_parts() {
    let url = PostgresServer::shared().database().await;
    for database in [None, Some(url.as_str())] {
        let node = Node::start_on(database, "warn", "").await;
        let alice = Keeper::new(&node, 1).await;
        let data = bytes(3 * PIECE + 12_345, 0);
        let id = alice.begin(&data).await;
        assert_eq!(fetch(&node, &id, None).await.0, 404, "nothing is there before all is");
        assert_eq!(alice.pieces(&id, &data).await.status, 200);

        let (status, headers, found) = fetch(&node, &id, None).await;
        assert_eq!((status, found == data), (200, true));
        for (name, value) in [
            ("content-type", "application/octet-stream"),
            ("x-content-type-options", "nosniff"),
            ("content-disposition", "attachment; filename=sealed"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("access-control-allow-origin", "*"),
            ("accept-ranges", "bytes"),
            ("content-length", &data.len().to_string()),
        ] {
            assert_eq!(headers.get(name).map(|value| value.to_str().unwrap()), Some(value), "{name}");
        }
        let (from, to) = (PIECE - 7, 2 * PIECE + 3);
        let (status, headers, part) = fetch(&node, &id, Some(&format!("bytes={from}-{to}"))).await;
        assert_eq!((status, part == data[from..=to]), (206, true));
        assert_eq!(headers["content-range"], format!("bytes {from}-{to}/{}", data.len()));
        let (status, headers, _) = fetch(&node, &id, Some(&format!("bytes={}-", data.len()))).await;
        assert_eq!(
            (status, &headers["content-range"]),
            (416, &format!("bytes */{}", data.len()).parse().unwrap())
        );
        let head = node.request(Method::HEAD, &format!("/ds/blob/{id}"), None, None).await;
        assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
        assert_eq!(head.headers["content-length"], data.len().to_string());
    }
}

#[tokio::test]
async fn a_connection_that_broke_costs_one_piece_and_a_restart_none() {
    let mut node = Node::start().await;
    let data = bytes(2 * PIECE + 1, 1);
    let id = {
        let alice = Keeper::new(&node, 1).await;
        let id = alice.begin(&data).await;
        assert_eq!(
            alice.piece(&id, 0, &data[..PIECE]).await.json(),
            json!({ "stored": PIECE, "complete": false })
        );
        // The answer was lost, so it is sent again.
        let again = alice.piece(&id, 0, &data[..PIECE]).await;
        assert_eq!((again.status.as_u16(), &again.json()["stored"]), (409, &json!(PIECE)));
        for (at, piece) in [(PIECE, &data[..10]), (2 * PIECE, &data[..1]), (PIECE + 1, &data[..PIECE])] {
            assert_eq!(alice.piece(&id, at, piece).await.status, 409, "{at}");
        }
        id
    };
    node.kill_and_restart().await;
    let alice = Keeper { token: Account::new(1).sign_in(&node).await, account: Account::new(1), node: &node };
    assert_eq!(alice.piece(&id, PIECE, &data[PIECE..2 * PIECE]).await.status, 200);
    assert_eq!(alice.piece(&id, 2 * PIECE, &data[2 * PIECE..]).await.json()["complete"], true);
    assert_eq!(alice.piece(&id, data.len(), b"").await.json()["complete"], true, "asked once more");
    assert_eq!(fetch(&node, &id, None).await.2, data);
}

#[tokio::test]
async fn what_is_not_what_was_promised_is_never_there() {
    let node = Node::start().await;
    let alice = Keeper::new(&node, 1).await;
    let (data, other) = (bytes(PIECE + 5, 1), bytes(PIECE + 5, 2));
    let id = alice.begin(&data).await;
    alice.piece(&id, 0, &data[..PIECE]).await;
    let reply = alice.piece(&id, PIECE, &other[PIECE..]).await;
    assert_eq!(reply.status, 400, "{reply:?}");
    assert!(reply.json()["error"].as_str().unwrap().contains("hash"));
    assert_eq!(fetch(&node, &id, None).await.0, 404);
    assert_eq!(alice.usage().await, (0, 0));
    for (size, promised) in [(0, hash(b"")), (5, "ab".to_owned()), (5, "xy".repeat(32))] {
        assert_eq!(alice.promise(size, &promised).await.status, 400, "{size} {promised}");
    }
}

#[tokio::test]
async fn too_much_for_a_file_an_account_or_the_node_is_refused_and_room_comes_back() {
    let limits = "blob_limit = 1000\nblob_account_limit = 1500\nblob_total_limit = 2000\n";
    let node = Node::start_with(limits).await;
    let (alice, bob) = (Keeper::new(&node, 1).await, Keeper::new(&node, 2).await);
    assert_eq!(alice.promise(1001, &hash(b"x")).await.status, 413);
    let id = alice.put(&bytes(1000, 1)).await;
    assert_eq!(alice.promise(501, &hash(b"x")).await.status, 507);
    assert_eq!(alice.promise(500, &hash(b"x")).await.status, 201, "what is promised counts");
    assert_eq!(bob.promise(501, &hash(b"x")).await.status, 507);
    assert_eq!(alice.usage().await, (2, 1500));
    assert_eq!(alice.remove(&id).await, 204);
    assert_eq!(bob.promise(1000, &hash(b"x")).await.status, 201);
    let more = bob.piece(&bob.begin(&bytes(10, 1)).await, 0, &bytes(11, 1)).await;
    assert_eq!(more.status, 409, "{more:?}");

    let node = Node::start_with("blob_limit = 0\n").await;
    let carol = Keeper::new(&node, 3).await;
    assert_eq!(carol.promise(1, &hash(b"x")).await.status, 400);
    assert_eq!(node.get("/.well-known/dm3").await.json().get("files"), None);
}

#[tokio::test]
async fn nobody_else_puts_or_removes_and_an_address_can_not_be_guessed() {
    let node = Node::start().await;
    let (alice, bob) = (Keeper::new(&node, 1).await, Keeper::new(&node, 2).await);
    let data = bytes(100, 1);
    let (id, other) = (alice.put(&data).await, alice.begin(&data).await);
    assert_ne!(id, other, "the same bytes lie at another address");
    assert_eq!(bob.remove(&id).await, 404);
    assert_eq!(bob.piece(&other, 0, &data).await.status, 404);
    let path = format!("{}/{id}", alice.own());
    assert_eq!(node.request(Method::DELETE, &path, Some(&bob.token), None).await.status, 401);
    assert_eq!(node.request(Method::DELETE, &path, None, None).await.status, 401);
    assert_eq!(node.post(&alice.own(), &json!({ "size": 1, "hash": hash(b"x") })).await.status, 401);
    for wrong in ["", "0", &id[..62], &format!("{id}00"), &"0".repeat(64), &hash(&hex::decode(&id).unwrap())]
    {
        assert_eq!(fetch(&node, wrong, None).await.0, 404, "{wrong}");
    }
    assert_eq!(fetch(&node, &id, None).await.2, data);
    // Neither database nor log has what the address ends with.
    let database = std::fs::read(node.sqlite_file().unwrap()).unwrap();
    let secret = hex::decode(&id).unwrap();
    assert!(!database.windows(32).any(|window| window == secret));
    assert!(!node.log().contains(&id));
    assert_eq!(alice.remove(&id).await, 204);
    assert_eq!(fetch(&node, &id, None).await.0, 404);
    assert_eq!(alice.remove(&id).await, 404);
}

#[tokio::test]
async fn what_has_ended_is_removed_also_what_never_came_to_its_end() {
    let mut node = Node::start_with("blob_ttl_seconds = 1\n").await;
    let (whole, half) = {
        let alice = Keeper::new(&node, 1).await;
        let whole = alice.put(&bytes(PIECE + 1, 1)).await;
        let half = alice.begin(&bytes(2 * PIECE, 2)).await;
        alice.piece(&half, 0, &bytes(2 * PIECE, 2)[..PIECE]).await;
        assert_eq!(alice.usage().await.0, 2);
        (whole, half)
    };
    // An hour later, as far as the unfinished one is concerned; the node looks when it starts.
    let file = node.sqlite_file().unwrap();
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let changed = sqlx::raw_sql("UPDATE blobs SET ends_at = ends_at - 3600000 WHERE state = 0");
    assert_eq!(changed.execute(&mut database).await.unwrap().rows_affected(), 1);
    database.close().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    node.kill_and_restart().await;
    let alice = Keeper { token: Account::new(1).sign_in(&node).await, account: Account::new(1), node: &node };
    let gone = async {
        while alice.usage().await != (0, 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("both are removed");
    assert_eq!(fetch(&node, &whole, None).await.0, 404);
    assert_eq!(alice.piece(&half, PIECE, &bytes(2 * PIECE, 2)[PIECE..]).await.status, 404);
}

#[tokio::test]
async fn how_many_an_account_sends_and_how_much_an_address_moves_is_bounded() {
    let limits = "blobs_per_hour_per_account = 2\nblob_megabytes_per_hour_per_address = 1\n\
                  metrics_listen = '127.0.0.1:0'\n";
    let node = Node::start_with(limits).await;
    let (alice, bob) = (Keeper::new(&node, 1).await, Keeper::new(&node, 2).await);
    let id = alice.put(&bytes(400_000, 1)).await;
    alice.begin(b"x").await;
    let third = alice.promise(1, &hash(b"x")).await;
    assert_eq!(third.status, 429);
    assert!(third.headers.contains_key("retry-after"));
    bob.begin(b"another account").await;
    assert_eq!(fetch(&node, &id, None).await.0, 200);
    assert_eq!(fetch(&node, &id, None).await.0, 429);
    assert_eq!(fetch(&node, &id, Some("bytes=0-99999")).await.0, 206, "what is left of the megabyte");
    let metrics = node.metrics().await;
    for cause in ["blobs", "blob_bytes"] {
        assert!(metrics.contains(&format!("dm3_refused_total{{cause=\"{cause}\"}} 1")), "{metrics}");
    }
}

#[tokio::test]
async fn a_node_publishes_what_it_keeps_and_passes_on_parts_of_files_elsewhere_alone() {
    let (node, elsewhere) = (Node::start_with("allow_private_networks = true\n").await, Node::start().await);
    let told = node.get("/.well-known/dm3").await.json();
    assert_eq!(
        told["files"],
        json!({
            "url": "http://127.0.0.1:4040/ds/blobs",
            "maxBytes": 25_000_000,
            "pieceBytes": PIECE,
            "accountBytes": 250_000_000,
            "ttlSeconds": 2_592_000,
        })
    );
    assert_eq!(told["proxies"]["blob"], "http://127.0.0.1:4040/proxy/blob");
    let alice = Keeper::new(&elsewhere, 1).await;
    let data = bytes(PIECE + 100, 1);
    let id = alice.put(&data).await;
    let ask = async |url: &str, range: &str| {
        let client = reqwest::Client::new().get(format!("{}/proxy/blob?url={url}", node.url));
        let response = client.header("range", range).send().await.unwrap();
        let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        (response.status().as_u16(), kind, response.bytes().await.unwrap().to_vec())
    };
    let url = format!("{}/ds/blob/{id}", elsewhere.url);
    let (status, kind, part) = ask(&url, &format!("bytes={PIECE}-{}", PIECE + 99)).await;
    assert_eq!(
        (status, kind.as_deref(), part == data[PIECE..]),
        (206, Some("application/octet-stream"), true)
    );
    assert_eq!(ask(&url, &format!("bytes=0-{PIECE}")).await.0, 400, "more than a piece");
    assert_eq!(ask(&url, "bytes=0-").await.0, 400);
    assert_eq!(ask(&format!("{url}?x"), "bytes=0-9").await.0, 400);
    assert_eq!(ask(&format!("{}/ds/blob/{}", elsewhere.url, "0".repeat(64)), "bytes=0-9").await.0, 404);
    // What is no file of a node does not come through, whatever its address looks like.
    let host = Host::start().await;
    let (status, _, passed) = ask(&format!("{}/blob/{id}", host.url), "bytes=0-9").await;
    assert!(status >= 400 && serde_json::from_slice::<Value>(&passed).is_ok(), "{status} {passed:?}");
    // Nor does a node reach into its own network for strangers.
    let careful = elsewhere.get(&format!("/proxy/blob?url={}/blob/{id}", host.url)).await;
    assert_eq!(careful.status, 400, "without a range");
    let path = format!("/proxy/blob?url={url}");
    let careful = elsewhere.request_with(Method::GET, &path, "", &[("range", "bytes=0-9")], b"").await;
    assert_eq!(careful.status, 400, "{careful:?}");
}
