//! The encrypted storage as deployed clients use it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use dm3_core::seal::sha256;
use serde_json::{Value, json};
use support::{Account, Node, Reply};

/// Somebody who is signed in.
struct User<'a> {
    node: &'a Node,
    account: Account,
    token: String,
}

impl<'a> User<'a> {
    async fn new(node: &'a Node, n: u8) -> Self {
        let account = Account::new(n).registered(node).await;
        let token = account.sign_in(node).await;
        Self { node, account, token }
    }

    fn path(&self, route: &str) -> String {
        format!("/api/storage/new/{}/{route}", self.account.name)
    }

    async fn get(&self, route: &str) -> Reply {
        self.node.get_as(&self.token, &self.path(route)).await
    }

    async fn post(&self, route: &str, body: Value) -> Reply {
        self.node.post_as(&self.token, &self.path(route), &body).await
    }

    async fn ok(&self, route: &str, body: Value) {
        let reply = self.post(route, body).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "OK"), "{route}");
        assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
    }

    async fn refused(&self, route: &str, body: Value, text: &str) {
        let reply = self.post(route, body.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (400, text), "{route} {body}");
        assert_eq!(reply.headers["content-type"], "text/html; charset=utf-8");
    }

    /// The messages of a conversation: each is JSON text in the list.
    async fn messages(&self, contact: &str, query: &str) -> Vec<Value> {
        let reply = self.get(&format!("getMessages/{contact}{query}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let text = |item: &Value| serde_json::from_str(item.as_str().unwrap()).unwrap();
        reply.json().as_array().unwrap().iter().map(text).collect()
    }

    async fn containers(&self, contact: &str, query: &str) -> Vec<String> {
        let text = |message: Value| message["encryptedEnvelopContainer"].as_str().unwrap().to_owned();
        self.messages(contact, query).await.into_iter().map(text).collect()
    }

    async fn conversations(&self, query: &str) -> Vec<Value> {
        self.get(&format!("getConversations{query}")).await.json().as_array().unwrap().clone()
    }

    fn id(&self, id: &str) -> String {
        format!("0x{}", hex::encode(sha256(format!("{}{id}", self.account.name).as_bytes())))
    }
}

fn record(id: &str, created_at: u64, container: &str, halted: bool) -> Value {
    json!({
        "messageId": id,
        "createdAt": created_at,
        "encryptedEnvelopContainer": container,
        "isHalted": halted,
    })
}

fn message(contact: &str, id: &str, created_at: u64, container: &str) -> Value {
    let mut message = record(id, created_at, container, false);
    message["encryptedContactName"] = contact.into();
    message
}

fn batch(contact: &str, records: &[Value]) -> Value {
    json!({ "encryptedContactName": contact, "messageBatch": records })
}

#[tokio::test]
async fn a_stored_message_is_given_back_under_the_deployed_id() {
    let node = Node::start().await;
    let alice = User::new(&node, 1).await;
    alice.ok("addMessage", message("bob=", "m1", 1_795_398_903_105, "c1")).await;
    let found = alice.messages("bob=", "").await;
    let conversation = found[0]["conversationId"].clone();
    assert!(conversation.is_string());
    assert_eq!(
        found,
        [json!({
            "id": alice.id("m1"),
            "createdAt": "2026-11-23T01:55:03.105Z",
            "encryptedEnvelopContainer": "c1",
            "encryptedContactName": "bob=",
            "conversationId": conversation,
            "ownerId": alice.account.name,
            "isHalted": false,
        })]
    );
    alice.refused("addMessage", message("bob=", "m1", 1, "other"), "unable to add message").await;
    assert_eq!(alice.containers("bob=", "").await, ["c1"]);
}

#[tokio::test]
async fn a_batch_with_a_message_that_is_stored_already_loses_nothing() {
    let node = Node::start().await;
    let alice = User::new(&node, 1).await;
    alice.ok("addMessage", message("bob", "a", 1000, "A")).await;
    let records = [record("a", 5000, "A again", false), record("b", 2000, "B", false)];
    alice.ok("addMessageBatch", batch("bob", &records)).await;
    assert_eq!(alice.containers("bob", "").await, ["B", "A"]);
    let twice = [record("c", 3000, "C", false), record("c", 3000, "C", false)];
    alice.ok("addMessageBatch", batch("bob", &twice)).await;
    assert_eq!(alice.containers("bob", "").await, ["C", "B", "A"]);
}

#[tokio::test]
async fn messages_are_paged_by_page_index_newest_first_and_in_order_within_a_time() {
    let node = Node::start().await;
    let alice = User::new(&node, 1).await;
    let records: Vec<Value> =
        (0..5).map(|n| record(&n.to_string(), 7000 + n / 3, &n.to_string(), false)).collect();
    alice.ok("addMessageBatch", batch("bob", &records)).await;
    assert_eq!(alice.containers("bob", "?pageSize=2").await, ["3", "4"]);
    assert_eq!(alice.containers("bob", "?pageSize=2&offset=1").await, ["0", "1"]);
    assert_eq!(alice.containers("bob", "?pageSize=2&offset=2").await, ["2"]);
    assert_eq!(alice.containers("bob", "?pageSize=2&offset=3").await, [""; 0]);
    assert_eq!(alice.containers("bob", "?pageSize=abc&offset=zz").await.len(), 5);
    for query in ["?pageSize=-1", "?offset=-1", "?pageSize=100000", "?offset=99999999999"] {
        for route in ["getMessages/bob", "getConversations"] {
            let reply = alice.get(&format!("{route}{query}")).await;
            assert_eq!(
                (reply.status.as_u16(), reply.body.as_str()),
                (400, "invalid schema"),
                "{route}{query}"
            );
        }
    }
    assert_eq!(alice.get("getNumberOfMessages/bob").await.json(), 5);
    assert_eq!(alice.get("getNumberOfMessages/bob/").await.json(), 5);
    assert_eq!(alice.get("getNumberOfMessages/carol").await.json(), 0);
    assert_eq!(alice.containers("carol", "").await, [""; 0]);
}

#[tokio::test]
async fn editing_replaces_a_container_and_adds_what_is_missing_at_its_own_time() {
    let node = Node::start().await;
    let alice = User::new(&node, 1).await;
    let records = [record("1", 1000, "one", true), record("3", 3000, "three", false)];
    alice.ok("addMessageBatch", batch("bob", &records)).await;
    let edits = [record("1", 9999, "one, edited", false), record("2", 2000, "two", false)];
    let body = json!({ "encryptedContactName": "bob", "editMessageBatchPayload": edits });
    alice.ok("editMessageBatch", body).await;
    assert_eq!(alice.containers("bob", "").await, ["three", "two", "one, edited"]);
    let found = alice.messages("bob", "").await;
    assert_eq!(found[2]["isHalted"], true);
    assert_eq!(found[2]["createdAt"], "1970-01-01T00:00:01.000Z");
}

#[tokio::test]
async fn conversations_are_listed_by_activity_with_a_preview_and_can_be_hidden() {
    let node = Node::start().await;
    let alice = User::new(&node, 1).await;
    for contact in ["bob", "carol"] {
        let body = json!({ "encryptedContactName": contact, "encryptedProfileLocation": "x", "other": 1 });
        alice.ok("addConversation", body).await;
    }
    alice
        .ok("addConversation", json!({ "encryptedContactName": "bob", "encryptedProfileLocation": "y" }))
        .await;
    // The latest message by its own time, the order by when something was stored last.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let records = [record("1", 2000, "new", false), record("2", 1000, "old", false)];
    alice.ok("addMessageBatch", batch("bob", &records)).await;
    let listed = alice.conversations("").await;
    let updated = listed[0]["updatedAt"].clone();
    assert!(updated.as_str().unwrap().ends_with('Z'));
    assert_eq!(
        listed[0],
        json!({
            "contact": "bob",
            "previewMessage": "new",
            "updatedAt": updated,
            "encryptedProfileLocation": "y",
        })
    );
    assert_eq!((&listed[1]["contact"], &listed[1]["previewMessage"]), (&json!("carol"), &Value::Null));
    assert_eq!(alice.conversations("?pageSize=1&offset=1").await[0]["contact"], "carol");
    for (hide, names) in [(true, vec!["carol"]), (false, vec!["bob", "carol"])] {
        alice.ok("toggleHideConversation", json!({ "encryptedContactName": "bob", "hide": hide })).await;
        let listed = alice.conversations("").await;
        assert_eq!(listed.iter().map(|one| one["contact"].as_str().unwrap()).collect::<Vec<_>>(), names);
        assert_eq!(alice.get("getNumberOfConversations/").await.json(), 2);
    }
    alice.ok("toggleHideConversation", json!({ "encryptedContactName": "nobody", "hide": true })).await;
}

#[tokio::test]
async fn a_halted_message_is_cleared_into_the_conversation_of_its_alias() {
    let node = Node::start().await;
    let alice = User::new(&node, 1).await;
    for (contact, id) in [("tld", "1"), ("tld", "2")] {
        alice.ok("addMessageBatch", batch(contact, &[record(id, 1000, id, true)])).await;
    }
    alice.ok("addMessage", message("alias", "3", 3000, "3")).await;
    let halted = alice.get("getHaltedMessages/").await.json();
    assert_eq!(
        halted[0],
        json!({
            "messageId": alice.id("1"),
            "encryptedEnvelopContainer": "1",
            "createdAt": "1970-01-01T00:00:01.000Z",
            "isHalted": true,
        })
    );
    assert_eq!(halted.as_array().unwrap().len(), 2);
    alice.ok("clearHaltedMessage/", json!({ "messageId": alice.id("1"), "aliasName": "alias" })).await;
    alice.ok("clearHaltedMessage/", json!({ "messageId": alice.id("2"), "aliasName": "alias" })).await;
    assert_eq!(alice.get("getHaltedMessages").await.json(), json!([]));
    // Nothing of the joined conversation is out of reach.
    assert_eq!(alice.containers("alias", "").await, ["3", "1", "2"]);
    assert_eq!(alice.get("getNumberOfConversations").await.json(), 1);
    let unknown = json!({ "messageId": "0x00", "aliasName": "alias" });
    alice.refused("clearHaltedMessage", unknown, "unable to clear halted message").await;
    alice.refused("clearHaltedMessage", json!({}), "invalid schema").await;
}

#[tokio::test]
async fn only_bodies_of_the_deployed_form_are_taken() {
    let node = Node::start().await;
    let alice = User::new(&node, 1).await;
    let good = message("bob", "1", 1, "c");
    let without = |key: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(key);
        body
    };
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    for key in ["encryptedContactName", "messageId", "createdAt", "encryptedEnvelopContainer", "isHalted"] {
        alice.refused("addMessage", without(key), "invalid schema").await;
        let mut body = without(key);
        let contact = body.as_object_mut().unwrap().remove("encryptedContactName");
        if contact.is_some() {
            alice.refused("addMessageBatch", batch("bob", &[body.clone()]), "invalid schema").await;
            let edit = json!({ "encryptedContactName": "bob", "editMessageBatchPayload": [body] });
            alice.refused("editMessageBatch", edit, "invalid schema").await;
        }
    }
    for (key, value) in [
        ("foo", json!(1)),
        ("createdAt", json!("1")),
        ("createdAt", json!(-1)),
        ("createdAt", json!(1e300)),
        ("isHalted", json!("false")),
        ("messageId", json!("x".repeat(1000))),
        ("encryptedContactName", json!("")),
        ("encryptedContactName", json!("x".repeat(10_000))),
        ("encryptedContactName", json!("a\0b")),
        ("encryptedEnvelopContainer", json!("a\0b")),
        ("encryptedEnvelopContainer", json!("x".repeat(500_000))),
    ] {
        alice.refused("addMessage", with(key, value), "invalid schema").await;
    }
    let many: Vec<Value> = (0..1001).map(|n| record(&n.to_string(), 1, "c", false)).collect();
    alice.refused("addMessageBatch", batch("bob", &many), "invalid schema").await;
    for (route, body) in [
        ("addConversation", json!({})),
        ("addConversation", json!({ "encryptedContactName": "" })),
        ("toggleHideConversation", json!({ "encryptedContactName": "bob", "hide": "yes" })),
        ("addMessageBatch", json!({ "encryptedContactName": "bob", "messageBatch": "[]" })),
        ("addMessageBatch", json!([])),
    ] {
        alice.refused(route, body, "invalid schema").await;
    }
    let broken =
        node.request_with(reqwest::Method::POST, &alice.path("addMessage"), &alice.token, &[], b"{").await;
    assert_eq!((broken.status.as_u16(), broken.body.as_str()), (400, "Bad Request"));
    assert_eq!(alice.get("getNumberOfConversations").await.json(), 0);
    alice.ok("addMessageBatch", batch("bob", &[])).await;
}

#[tokio::test]
async fn nobody_reaches_anothers_storage() {
    let node = Node::start().await;
    let alice = User::new(&node, 1).await;
    let bob = User::new(&node, 2).await;
    alice.ok("addMessage", message("contact", "1", 1, "alice's")).await;
    bob.ok("addMessage", message("contact", "1", 1, "bob's")).await;
    // The same contact and the same id are two accounts' own.
    assert_eq!(alice.containers("contact", "").await, ["alice's"]);
    assert_eq!(bob.get("getNumberOfMessages/contact").await.json(), 1);
    bob.refused(
        "clearHaltedMessage",
        json!({ "messageId": alice.id("1") }),
        "unable to clear halted message",
    )
    .await;
    let gets = [
        "getConversations",
        "getNumberOfConversations",
        "getMessages/contact",
        "getNumberOfMessages/contact",
        "getHaltedMessages",
    ];
    let posts = [
        ("addConversation", json!({ "encryptedContactName": "x" })),
        ("toggleHideConversation", json!({ "encryptedContactName": "contact", "hide": true })),
        ("addMessage", message("contact", "2", 1, "x")),
        ("addMessageBatch", batch("contact", &[])),
        ("editMessageBatch", json!({ "encryptedContactName": "contact", "editMessageBatchPayload": [] })),
        ("clearHaltedMessage", json!({ "messageId": alice.id("1") })),
    ];
    for token in [Some(bob.token.as_str()), Some("x"), None] {
        for route in gets {
            let reply = node.request(reqwest::Method::GET, &alice.path(route), token, None).await;
            assert_eq!((reply.status.as_u16(), reply.body.as_str()), (401, "Unauthorized"), "{route}");
        }
        for (route, body) in &posts {
            let body = body.to_string();
            let reply = node.request(reqwest::Method::POST, &alice.path(route), token, Some(&body)).await;
            assert_eq!((reply.status.as_u16(), reply.body.as_str()), (401, "Unauthorized"), "{route}");
        }
    }
    // Another spelling of one's own name is one's own.
    let own = format!("/api/storage/new/{}/getNumberOfConversations", alice.account.address);
    assert_eq!(node.get_as(&alice.token, &own).await.json(), 1);
}

#[tokio::test]
async fn an_account_that_is_full_is_told_and_keeps_what_it_has() {
    let node = Node::start_with("storage_limit = 2000").await;
    let alice = User::new(&node, 1).await;
    alice.ok("addMessage", message("bob", "1", 1, &"x".repeat(900))).await;
    let records = [record("2", 2, "fits", false), record("3", 3, &"x".repeat(200), false)];
    let reply = alice.post("addMessageBatch", batch("bob", &records)).await;
    assert_eq!(reply.status, 507);
    assert!(reply.json()["error"].as_str().unwrap().contains("full"));
    assert_eq!(alice.get("getNumberOfMessages/bob").await.json(), 1);
    // What makes it smaller is possible, and then there is room.
    let edit =
        json!({ "encryptedContactName": "bob", "editMessageBatchPayload": [record("1", 1, "small", false)] });
    alice.ok("editMessageBatch", edit).await;
    alice.ok("addMessageBatch", batch("bob", &records)).await;
    assert_eq!(alice.get("getNumberOfMessages/bob").await.json(), 3);
}

#[tokio::test]
async fn a_long_page_comes_in_parts_and_is_one_list_all_the_same() {
    let node = Node::start().await;
    let alice = User::new(&node, 1).await;
    let records: Vec<_> = (0..150).map(|n| record(&n.to_string(), n, "x", false)).collect();
    alice.ok("addMessageBatch", batch("bob", &records)).await;
    for n in 0..45 {
        alice.ok("addConversation", json!({ "encryptedContactName": format!("c{n}") })).await;
    }
    for (query, count) in [
        ("?pageSize=120", 120),
        ("?pageSize=100&offset=1", 50),
        ("?pageSize=7&offset=3", 7),
        ("?pageSize=150", 150),
        ("?pageSize=200", 150),
        ("?pageSize=200&offset=1", 0),
    ] {
        let listed = alice.get(&format!("getMessages/bob{query}")).await.json();
        let times: Vec<String> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|text| {
                serde_json::from_str::<Value>(text.as_str().unwrap()).unwrap()["createdAt"].to_string()
            })
            .collect();
        assert_eq!(times.len(), count, "{query}");
        assert!(times.is_sorted_by(|one, other| one > other), "newest first, and none twice: {query}");
    }
    let listed = alice.get("getConversations?pageSize=46").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 46);
    assert_eq!(listed[45]["contact"], "bob");
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_kill() {
    let mut node = Node::start().await;
    let account = Account::new(1).registered(&node).await;
    let token = account.sign_in(&node).await;
    let path = |route: &str| format!("/api/storage/new/{}/{route}", account.name);
    assert_eq!(node.post_as(&token, &path("addMessage"), &message("bob", "1", 1, "c")).await.status, 200);
    node.kill_and_restart().await;
    assert_eq!(node.get_as(&token, &path("getNumberOfMessages/bob")).await.json(), 1);
}
