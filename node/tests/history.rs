//! History in records of our own, written by several devices.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Account, Node, Reply, Socket};

struct Device<'a> {
    node: &'a Node,
    account: Account,
    token: String,
}

impl<'a> Device<'a> {
    async fn new(node: &'a Node, n: u8) -> Self {
        let account = Account::new(n).registered(node).await;
        let token = account.sign_in(node).await;
        Self { node, account, token }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/history/{}{rest}", self.account.name)
    }

    async fn get(&self, rest: &str) -> Reply {
        self.node.get_as(&self.token, &self.path(rest)).await
    }

    async fn write(&self, records: Value) -> Reply {
        self.node.post_as(&self.token, &self.path(""), &json!({ "records": records })).await
    }

    async fn one(&self, method: Method, rest: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let path = self.path(&format!("/records/{rest}"));
        self.node.request_with(method, &path, &self.token, headers, body).await
    }

    /// The ids of the records, with a minus for deleted ones.
    async fn ids(&self, rest: &str) -> Vec<String> {
        let reply = self.get(rest).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let id = |record: &Value| {
            let sign = if record["data"].is_null() { "-" } else { "" };
            format!("{sign}{}", record["id"].as_str().unwrap())
        };
        reply.json()["records"].as_array().unwrap().iter().map(id).collect()
    }
}

fn record(conversation: &str, id: &str, replaces: u64, data: &[u8]) -> Value {
    json!({ "conversation": conversation, "id": id, "replaces": replaces, "data": STANDARD.encode(data) })
}

fn deletion(conversation: &str, id: &str, replaces: u64) -> Value {
    json!({ "conversation": conversation, "id": id, "replaces": replaces, "data": null })
}

#[tokio::test]
async fn a_device_sees_what_another_wrote_and_deleted() {
    let node = Node::start().await;
    let first = Device::new(&node, 1).await;
    let second = Device::new(&node, 1).await;
    let reply = first.write(json!([record("bob", "a", 0, b"\0one"), record("carol", "a", 0, b"two")])).await;
    assert_eq!((reply.status.as_u16(), reply.json()), (200, json!({ "versions": [1, 2] })));
    let seen = second.get("/changes").await.json();
    let one = STANDARD.encode(b"\0one");
    assert_eq!(seen["records"][0], json!({ "conversation": "bob", "id": "a", "version": 1, "data": one }));
    assert_eq!(seen["next"], 2);
    let changes = json!([record("bob", "a", 1, b"one, edited"), deletion("carol", "a", 2)]);
    assert_eq!(first.write(changes).await.json(), json!({ "versions": [3, 4] }));
    assert_eq!(second.ids("/changes?after=2").await, ["a", "-a"]);
    let end = second.get("/changes?after=4").await.json();
    assert_eq!(end, json!({ "records": [], "next": null }));
    // A device that comes later sees the last state of each.
    assert_eq!(second.ids("/changes").await, ["a", "-a"]);
    assert_eq!(second.ids("/conversations/carol").await, [""; 0]);
}

#[tokio::test]
async fn nothing_is_overwritten_unseen_and_a_batch_is_all_or_nothing() {
    let node = Node::start().await;
    let device = Device::new(&node, 1).await;
    device.write(json!([record("bob", "a", 0, b"1")])).await;
    let batch =
        json!([record("bob", "new", 0, b"x"), record("bob", "a", 0, b"2"), deletion("bob", "gone", 7)]);
    let reply = device.write(batch).await;
    assert_eq!(reply.status, 409);
    assert_eq!(
        reply.json()["conflicts"],
        json!([
            { "conversation": "bob", "id": "a", "version": 1 },
            { "conversation": "bob", "id": "gone", "version": 0 },
        ])
    );
    assert_eq!(device.ids("/changes").await, ["a"]);
    assert_eq!(device.write(json!([record("bob", "a", 1, b"2")])).await.json(), json!({ "versions": [2] }));
    // A deleted record is none, and what takes its place has a version of its own.
    assert_eq!(device.write(json!([deletion("bob", "a", 2)])).await.json(), json!({ "versions": [3] }));
    assert_eq!(device.write(json!([record("bob", "a", 3, b"3")])).await.status, 409);
    assert_eq!(device.write(json!([record("bob", "a", 0, b"3")])).await.json(), json!({ "versions": [4] }));
}

#[tokio::test]
async fn of_writers_at_the_same_time_exactly_one_wins() {
    let node = Node::start().await;
    let device = Device::new(&node, 1).await;
    let writes = (0..8u8).map(|n| device.write(json!([record("bob", "a", 0, &[n])])));
    let replies = futures_util::future::join_all(writes).await;
    let won = replies.iter().filter(|reply| reply.status == 200).count();
    let lost = replies.iter().filter(|reply| reply.status == 409).count();
    assert_eq!((won, lost), (1, 7));
    assert_eq!(device.get("").await.json()["lastChange"], 1);
}

#[tokio::test]
async fn one_record_is_read_and_written_by_its_etag() {
    let node = Node::start().await;
    let device = Device::new(&node, 1).await;
    let put = |headers, body| device.one(Method::PUT, "bob/a", headers, body);
    assert_eq!(put(&[], b"x").await.status, 428);
    assert_eq!(put(&[("if-match", "*")], b"x").await.status, 428);
    assert_eq!(put(&[("if-match", "\"0\"")], b"x").await.status, 428);
    let created = put(&[("if-none-match", "*")], b"first").await;
    assert_eq!((created.status.as_u16(), created.json()), (201, json!({ "version": 1 })));
    assert_eq!(created.headers["etag"], "\"1\"");
    assert!(created.headers["access-control-expose-headers"].to_str().unwrap().contains("etag"));
    let again = put(&[("if-none-match", "*")], b"second").await;
    assert_eq!((again.status.as_u16(), again.json()["version"].clone()), (412, json!(1)));
    assert_eq!(again.headers["etag"], "\"1\"");
    assert_eq!(put(&[("if-match", "\"9\"")], b"second").await.status, 412);
    let replaced = put(&[("if-match", "\"1\"")], b"second").await;
    assert_eq!((replaced.status.as_u16(), replaced.headers["etag"].to_str().unwrap()), (200, "\"2\""));
    let read = device.get("/records/bob/a").await;
    assert_eq!((read.status.as_u16(), read.body.as_str()), (200, "second"));
    assert_eq!(read.headers["etag"], "\"2\"");
    assert_eq!(read.headers["content-type"], "application/octet-stream");
    let delete = |headers| device.one(Method::DELETE, "bob/a", headers, b"");
    assert_eq!(delete(&[]).await.status, 428);
    assert_eq!(delete(&[("if-none-match", "*")]).await.status, 404);
    assert_eq!(delete(&[("if-match", "\"1\"")]).await.status, 412);
    assert_eq!(delete(&[("if-match", "\"2\"")]).await.status, 200);
    assert_eq!(device.get("/records/bob/a").await.status, 404);
    let gone = delete(&[("if-match", "\"3\"")]).await;
    assert_eq!((gone.status.as_u16(), gone.headers.get("etag")), (412, None));
}

#[tokio::test]
async fn a_conversation_is_read_backwards_page_by_page() {
    let node = Node::start().await;
    let device = Device::new(&node, 1).await;
    for n in 0..5 {
        device
            .write(json!([record("bob", &n.to_string(), 0, b"x"), record("carol", &n.to_string(), 0, b"x")]))
            .await;
    }
    assert_eq!(device.ids("/conversations/bob?limit=2").await, ["4", "3"]);
    let next = device.get("/conversations/bob?limit=2").await.json()["next"].clone();
    assert_eq!(device.ids(&format!("/conversations/bob?limit=2&before={next}")).await, ["2", "1"]);
    assert_eq!(device.ids("/conversations/nobody").await, [""; 0]);
    assert_eq!(device.ids("/changes?limit=3").await, ["0", "0", "1"]);
    // No answer grows without bound, but one record is always given.
    let large = vec![7; 500_000];
    for n in 0..20 {
        device.one(Method::PUT, &format!("large/{n}"), &[("if-none-match", "*")], &large).await;
    }
    assert_eq!(device.ids("/conversations/large").await.len(), 16);
}

#[tokio::test]
async fn an_accounts_devices_are_told_and_nobody_else() {
    let node = Node::start().await;
    let first = Device::new(&node, 1).await;
    let other = Device::new(&node, 2).await;
    let mut socket = Socket::authorized(&node, &first.account, &first.token).await;
    let mut others = Socket::authorized(&node, &other.account, &other.token).await;
    first.write(json!([record("bob", "a", 0, b"1"), record("bob", "b", 0, b"1")])).await;
    assert_eq!(socket.frame().await.as_deref(), Some(r#"42["history",{"change":2}]"#));
    first.write(json!([record("bob", "a", 0, b"1")])).await;
    first.one(Method::DELETE, "bob/a", &[("if-match", "\"1\"")], b"").await;
    assert_eq!(socket.frame().await.as_deref(), Some(r#"42["history",{"change":3}]"#));
    assert!(others.is_silent().await);
}

#[tokio::test]
async fn sizes_counts_and_ids_are_bounded() {
    let node = Node::start_with("storage_limit = 1000").await;
    let device = Device::new(&node, 1).await;
    let limits = device.get("").await.json();
    assert_eq!(limits["limits"]["bytes"], 1000);
    assert_eq!(
        (&limits["lastChange"], &limits["records"], &limits["bytes"]),
        (&json!(0), &json!(0), &json!(0))
    );
    for (records, status) in [
        (json!([]), 400),
        (json!([record("bob", "a", 0, b"1"), record("bob", "a", 0, b"2")]), 400),
        (json!([record("b/b", "a", 0, b"1")]), 400),
        (json!([record("bob", "", 0, b"1")]), 400),
        (json!([{ "conversation": "bob", "id": "a", "replaces": 0, "data": "not base64!" }]), 400),
        (json!([{ "conversation": "bob", "id": "a", "data": "" }]), 400),
        (json!([{ "conversation": "bob", "id": "a", "replaces": -1, "data": "" }]), 400),
        (json!([deletion("bob", "a", 0)]), 404),
        (Value::Array((0..501).map(|n| record("bob", &n.to_string(), 0, b"")).collect()), 400),
        (json!([record("bob", "a", 0, &[0; 1001])]), 507),
    ] {
        assert_eq!(device.write(records.clone()).await.status, status, "{:.80}", records.to_string());
    }
    let put = |body: Vec<u8>| async move {
        device.one(Method::PUT, "bob/a", &[("if-none-match", "*")], &body).await.status.as_u16()
    };
    assert_eq!(put(vec![0; 600 * 1024]).await, 413);
    for rest in ["/conversations/b%2Fb", "/records/bob/%00", "/changes?after=-1", "/changes?limit=x"] {
        assert_eq!(node_status(&node, 1, rest).await, 400, "{rest}");
    }
}

async fn node_status(node: &Node, n: u8, rest: &str) -> u16 {
    Device::new(node, n).await.get(rest).await.status.as_u16()
}

#[tokio::test]
async fn a_full_history_can_be_made_smaller() {
    let node = Node::start_with("storage_limit = 1000").await;
    let device = Device::new(&node, 1).await;
    assert_eq!(device.write(json!([record("bob", "a", 0, &[0; 900])])).await.status, 200);
    assert_eq!(device.write(json!([record("bob", "b", 0, &[0; 200])])).await.status, 507);
    assert_eq!(device.write(json!([record("bob", "a", 1, &[0; 100])])).await.status, 200);
    assert_eq!(device.write(json!([record("bob", "b", 0, &[0; 200])])).await.status, 200);
    assert_eq!(device.write(json!([deletion("bob", "a", 2)])).await.status, 200);
    let usage = device.get("").await.json();
    assert_eq!((&usage["bytes"], &usage["records"]), (&json!(200), &json!(2)));
}

#[tokio::test]
async fn nobody_reaches_anothers_history() {
    let node = Node::start().await;
    let alice = Device::new(&node, 1).await;
    let bob = Device::new(&node, 2).await;
    alice.write(json!([record("c", "a", 0, b"alice's")])).await;
    assert_eq!(bob.ids("/changes").await, [""; 0]);
    assert_eq!(bob.get("/records/c/a").await.status, 404);
    let body = json!({ "records": [record("c", "a", 1, b"bob's")] }).to_string();
    for (method, rest) in [
        (Method::GET, ""),
        (Method::POST, ""),
        (Method::GET, "/changes"),
        (Method::GET, "/conversations/c"),
        (Method::GET, "/records/c/a"),
        (Method::PUT, "/records/c/a"),
        (Method::DELETE, "/records/c/a"),
    ] {
        for token in [Some(bob.token.as_str()), Some("x"), None] {
            let reply = node.request(method.clone(), &alice.path(rest), token, Some(&body)).await;
            assert_eq!(reply.status, 401, "{method} {rest}");
        }
    }
    assert_eq!(alice.get("/records/c/a").await.body, "alice's");
}
