//! Who takes the places.

use std::time::Duration;

use dm3_core::identity::Address;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Client;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Account, Node, Socket};
use crate::with_slow_names;

async fn raw(node: &Node, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(node.url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn status(stream: &mut TcpStream) -> String {
    let mut head = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_exact(&mut head)).await;
    match read.expect("an answer or an end in time") {
        Ok(_) => String::from_utf8_lossy(&head[9..]).into_owned(),
        Err(_) => "closed".into(),
    }
}

fn upgrade(client: &str) -> String {
    format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         X-Forwarded-For: {client}\r\n\r\n"
    )
}

#[tokio::test]
async fn behind_a_proxy_each_client_has_its_own_share_of_sockets() {
    let config = "trusted_proxies = '127.0.0.1'\nmax_connections_per_address = 3\n";
    let node = Node::start_with(config).await;
    let mut kept = Vec::new();
    for _ in 0..3 {
        let mut socket = raw(&node, &upgrade("192.0.2.1")).await;
        assert_eq!(status(&mut socket).await, "101");
        kept.push(socket);
    }
    assert_eq!(status(&mut raw(&node, &upgrade("192.0.2.1:4711")).await).await, "503");
    assert_eq!(status(&mut raw(&node, &upgrade("192.0.2.2")).await).await, "101", "another client");
    drop(kept);
    let again = async {
        while status(&mut raw(&node, &upgrade("192.0.2.1")).await).await != "101" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("places are given back");
}

#[tokio::test]
async fn sockets_that_only_ask_again_have_places_until_they_end() {
    let node = Node::start_with("trusted_proxies = '127.0.0.1'\n").await;
    let client = Client::builder().no_proxy().build().unwrap();
    let socket = format!("{}/socket.io/?EIO=4&transport=polling", node.url);
    let begin = |from: &str| {
        let request = client.get(&socket).header("x-forwarded-for", from);
        async move {
            let reply = request.send().await.unwrap();
            (reply.status().as_u16(), reply.text().await.unwrap())
        }
    };
    let mut first = String::new();
    for _ in 0..64 {
        let (status, told) = begin("192.0.2.1").await;
        assert_eq!(status, 200, "{told}");
        first = told;
    }
    assert_eq!(begin("192.0.2.1").await.0, 503);
    assert_eq!(begin("192.0.2.2").await.0, 200, "another client");
    let told: serde_json::Value = serde_json::from_str(first.strip_prefix('0').unwrap()).unwrap();
    let id = told["sid"].as_str().unwrap();
    // It says that it ends (Engine.IO protocol 4, packet type 1).
    let end = client.post(format!("{socket}&sid={id}")).body("1").send().await.unwrap();
    assert_eq!(end.status(), 200);
    let again = async {
        while begin("192.0.2.1").await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), again).await.expect("places are given back");
    let others = async {
        while begin("192.0.2.1").await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), others).await.expect("those of who is gone, too");
}

#[tokio::test]
async fn a_socket_that_asks_again_and_again_takes_a_place_whatever_its_headers_say() {
    let node = Node::start().await;
    let begin = |query: &str| {
        format!(
            "GET /socket.io/?EIO=4&{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n"
        )
    };
    // The first of two decides, as where the socket begins.
    let queries = ["transport=polling", "transport=polling&transport=websocket"];
    let mut statuses = Vec::new();
    for n in 0..65 {
        statuses.push(status(&mut raw(&node, &begin(queries[n % 2])).await).await);
    }
    assert!(statuses[..64].iter().all(|status| status == "200"), "{statuses:?}");
    assert_eq!(statuses[64], "503");
    assert_eq!(status(&mut raw(&node, &upgrade("192.0.2.1")).await).await, "101", "one that stays connected");
}

#[tokio::test]
async fn a_socket_that_stays_connected_by_now_has_no_place_among_those_that_ask_again() {
    let node = Node::start().await;
    let alice = Account::new(3).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let polling = format!("{}/socket.io/?EIO=4&transport=polling", node.url);
    // As socket.io's clients begin: they ask, and change over (Engine.IO protocol 4, upgrade).
    let opened = client.get(&polling).send().await.unwrap().text().await.unwrap();
    let opened: serde_json::Value = serde_json::from_str(opened.strip_prefix('0').unwrap()).unwrap();
    let id = opened["sid"].as_str().unwrap();
    let hello = json!({ "account": { "ensName": alice.name }, "token": token });
    let sent = client.post(format!("{polling}&sid={id}")).body(format!("40{hello}")).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    // It may be asked first whether it is still there.
    let asked = format!("{polling}&sid={id}");
    let mut told = String::new();
    while !told.contains("40{") {
        told = client.get(&asked).send().await.unwrap().text().await.unwrap();
        if told.contains('2') && !told.contains("40{") {
            client.post(&asked).body("3").send().await.unwrap();
        }
    }
    let url = format!("{}/socket.io/?EIO=4&transport=websocket&sid={id}", node.url.replace("http", "ws"));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    socket.send(Message::text("2probe")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("3probe"));
    socket.send(Message::text("5")).await.unwrap();
    // It is looked each second.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    for n in 0..64 {
        assert_eq!(client.get(&polling).send().await.unwrap().status(), 200, "{n}");
    }
    assert_eq!(client.get(&polling).send().await.unwrap().status(), 503);
    // And it is as open as before.
    Account::new(2).send(&node, &alice, "hi").await;
    let told = async {
        while !socket.next().await.unwrap().unwrap().to_text().unwrap().starts_with(r#"42["message""#) {}
    };
    tokio::time::timeout(Duration::from_secs(20), told).await.expect("it is told of messages");
}

#[tokio::test]
async fn who_waits_for_a_name_keeps_nobody_of_its_network_from_reading() {
    let (node, _silent) = with_slow_names("").await;
    let alice = Account::new(3).registered(&node).await;
    let slow = ["a", "b", "c", "d"].map(|name| format!("/ds/auth/{name}.slow.eth"));
    let waiting = futures_util::future::join_all(slow.iter().map(|path| node.get(path)));
    let reading = async {
        // Those who wait have begun by then.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(node.get(&format!("/ds/auth/{}", alice.name)).await.status, 200);
    };
    tokio::select! {
        biased;
        () = reading => {}
        answers = waiting => panic!("all that is slow was answered before: {answers:?}"),
    }
}

#[tokio::test]
async fn an_account_has_few_sockets_and_the_newest_stay() {
    let node = Node::start_with("max_sockets_per_account = 2\n").await;
    let alice = Account::new(3).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let mut first = Socket::authorized(&node, &alice, &token).await;
    let mut second = Socket::authorized(&node, &alice, &token).await;
    let mut third = Socket::authorized(&node, &alice, &token).await;
    assert_eq!(first.frame().await.as_deref(), Some("41"), "it is disconnected");
    assert!(second.is_silent().await && third.is_silent().await);
}

#[tokio::test]
async fn the_last_places_are_for_those_who_are_signed_in_or_watch() {
    let config = "max_connections = 16\nmax_connections_kept_free = 4\n";
    let node = Node::start_with(config).await;
    let alice = Account::new(3).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let mut kept = Vec::new();
    let served = async {
        loop {
            let mut stream = raw(&node, "GET /ds/hello HTTP/1.1\r\nHost: x\r\n\r\n").await;
            if status(&mut stream).await == "503" {
                break;
            }
            kept.push(stream);
        }
    };
    tokio::time::timeout(Duration::from_secs(20), served).await.expect("strangers are refused");
    assert!(kept.len() >= 10, "{}", kept.len());
    assert_eq!(node.get("/health").await.status, 200);
    let mailbox = format!("/ds/mailbox/{}", alice.name);
    assert_eq!(node.get_as(&token, &mailbox).await.status, 200);
    assert_eq!(node.get_as("x.y.z", &mailbox).await.status, 503);
    drop(kept);
}

#[tokio::test]
async fn whoever_watches_is_answered_whatever_the_rate() {
    let node = Node::start_with("requests_per_minute_per_address = 3\n").await;
    let mut refused = false;
    for _ in 0..10 {
        refused |= node.get("/ds/hello").await.status == 429;
        assert_eq!(node.get("/health").await.status, 200);
    }
    assert!(refused);
    assert_eq!(node.get("/ready").await.status, 200);
    assert_eq!(node.preflight("/ds/rpc").await.status, 429, "what browsers ask before counts, too");
}

#[tokio::test]
async fn what_one_client_has_fetched_keeps_neither_others_nor_this_server_waiting() {
    let more =
        "trusted_proxies = '127.0.0.1'\noutgoing_at_once_per_address = 2\noutgoing_at_once_per_site = 3\n";
    let (node, silent) = with_slow_names(more).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let url: String = silent.url.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let ask = |from: &'static str| {
        let question = json!({ "sender": Address::ZERO, "data": "0x12" }).to_string();
        let request = client.post(format!("{}/proxy/gateway?url={url}", node.url));
        let request = request.header("x-forwarded-for", from).body(question);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let later = async {
        silent.was_asked(2).await;
        assert_eq!(ask("192.0.2.1").await, 503);
        assert_eq!(silent.count(), 2, "the client has its share");
        let site = async {
            silent.was_asked(3).await;
            assert_eq!(ask("192.0.2.3").await, 503);
            assert_eq!(silent.count(), 3, "the site has its share");
            let name = async { assert_eq!(node.get("/ds/auth/bob.slow.eth").await.status, 503) };
            tokio::join!(name, silent.was_asked(4)); // Names have places of their own.
        };
        let (third, ()) = tokio::join!(ask("192.0.2.2"), site);
        assert_eq!(third, 503, "it was asked, in vain");
    };
    let (one, two, ()) = tokio::join!(ask("192.0.2.1"), ask("192.0.2.1"), later);
    assert_eq!((one, two), (503, 503));
}
