//! What a page reaches through its node, and what nobody reaches.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use dm3_core::message::{DeliveryInformation, ProxyEnvelope};
use dm3_core::registry::DeliveryServiceProfile;
use reqwest::Method;
use serde_json::{Value, json};
use support::account::OsEntropy;
use support::host::{DOCUMENT, DOCUMENT_HASH, DOCUMENT_HASH_OF_BYTES, PNG, cid};
use support::{Account, Host, Node, node_keys};

const DEVELOPMENT: &str = "allow_private_networks = true\n";
const SENDER: &str = "0x00000000000c2e074ec69a0dfb2997ba6c7d2e1e";

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn image(url: &str) -> String {
    format!("/proxy/image?url={}", encoded(url))
}

fn gateway(template: &str) -> String {
    format!("/proxy/gateway?url={}", encoded(template))
}

#[tokio::test]
async fn reading_calls_reach_the_chain_and_others_do_not() {
    let node = Node::start().await;
    let reply =
        node.post("/proxy/ethereum", &json!({ "id": 7, "method": "eth_chainId", "params": [] })).await;
    assert_eq!(reply.json(), json!({ "jsonrpc": "2.0", "id": 7, "result": "0x1" }));
    let calls = node.chain.calls();
    let unknown = format!("0xffffffff{}", "00".repeat(32));
    let list = json!([
        { "id": "a", "method": "eth_getBalance", "params": [SENDER, "latest"] },
        { "id": "b", "method": "eth_sendRawTransaction", "params": ["0x00"] },
        { "id": "c", "method": "eth_call", "params": [{ "to": SENDER, "data": unknown }, "latest"] },
    ]);
    let answers = node.post("/proxy/ethereum", &list).await.json();
    assert_eq!(answers[0], json!({ "jsonrpc": "2.0", "id": "a", "result": "0x0" }));
    assert_eq!((&answers[1]["id"], &answers[1]["error"]["code"]), (&json!("b"), &json!(-32601)));
    assert_eq!((&answers[2]["error"]["code"], &answers[2]["error"]["data"]), (&json!(3), &json!("0x")));
    assert_eq!(node.chain.calls(), calls + 2, "the refused call was not made");
    for wrong in ["[]", "7", "{", &format!("[{}]", vec!["{}"; 21].join(","))] {
        assert_eq!(node.post_text("/proxy/ethereum", wrong).await.status, 400, "{wrong:.20}");
    }
}

#[tokio::test]
async fn the_ethereum_nodes_address_is_never_shown() {
    let node = Node::start_with("rpc_url = 'http://127.0.0.1:9/secret-access-key'\n").await;
    let reply = node.post("/proxy/ethereum", &json!({ "id": 1, "method": "eth_chainId" })).await;
    assert_eq!(reply.json()["error"]["code"], -32002);
    assert!(!reply.body.contains("secret") && !reply.body.contains("127.0.0.1"), "{reply:?}");
}

#[tokio::test]
async fn gateways_are_asked_as_eip_3668_says() {
    let (node, host) = (Node::start_with(DEVELOPMENT).await, Host::start().await);
    let question = json!({ "sender": SENDER, "data": "0x12" });
    let ask = async |path: &str| node.post(&gateway(&format!("{}{path}", host.url)), &question).await;
    assert_eq!(ask("/g/{sender}/{data}.json").await.json(), json!({ "data": "0xab" }));
    assert_eq!(ask("/g/{sender}").await.json(), json!({ "data": "0xab" }));
    assert_eq!(
        host.asked(),
        [
            format!("GET /g/{SENDER}/0x12.json"),
            format!(r#"POST /g/{SENDER} {{"data":"0x12","sender":"{SENDER}"}}"#),
        ]
    );
    // 4xx ends a lookup, 5xx lets the client ask the next gateway.
    assert_eq!(ask("/missing").await.status, 400);
    assert_eq!(ask("/failing").await.status, 502);
    let html = ask("/html").await;
    assert_eq!((html.status.as_u16(), html.body.contains("script")), (502, false));
    let wrong = node.post(&gateway("https://g.example/{data}"), &json!({ "sender": "x", "data": "y" })).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn images_are_what_they_are_and_nothing_else_is_passed_on() {
    let (node, host) = (Node::start_with(DEVELOPMENT).await, Host::start().await);
    for path in ["/avatar", "/moved"] {
        let reply = node.get(&image(&format!("{}{path}", host.url))).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        for (header, value) in [
            ("content-type", "image/png"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("cross-origin-resource-policy", "cross-origin"),
        ] {
            assert_eq!(reply.headers[header], value, "{path}");
        }
        assert!(reply.headers["cache-control"].to_str().unwrap().contains("max-age="));
        assert_eq!(reply.headers["content-length"], PNG.len().to_string().as_str());
    }
    for path in ["/svg", "/html", "/giant", "/loop", "/missing", "/failing"] {
        let reply = node.get(&image(&format!("{}{path}", host.url))).await;
        assert_eq!(reply.status, 502, "{path}: {reply:?}");
        assert_eq!(reply.headers["content-type"], "application/json", "{path}");
    }
    assert_eq!(node.get("/proxy/image").await.status, 400);
}

#[tokio::test]
async fn nothing_private_is_reached() {
    let (node, host) = (Node::start().await, Host::start().await);
    let port = host.url.rsplit_once(':').unwrap().1.to_owned();
    let question = json!({ "sender": SENDER, "data": "0x12" });
    for url in [
        host.url.clone(),
        format!("https://127.0.0.1:{port}/avatar"),
        format!("https://localhost:{port}/avatar"),
        "https://localhost/avatar".to_owned(),
        "https://2130706433/".to_owned(),
        "https://[::ffff:169.254.169.254]/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let reply = node.get(&image(&url)).await;
        assert!(matches!(reply.status.as_u16(), 400 | 502), "{url}: {reply:?}");
        let reply = node.post(&gateway(&url), &question).await;
        assert_eq!(reply.status, 502, "{url}: {reply:?}");
        assert!(!reply.body.contains(&url), "the error names no address: {reply:?}");
    }
    assert_eq!(host.asked(), [""; 0]);
}

/// From now on `ds2.eth` leads to the delivery service of `other`.
fn name_service(node: &Node, other: &Node) {
    let keys = node_keys().public();
    let profile = DeliveryServiceProfile {
        signing_key: keys.signing,
        encryption_key: keys.encryption,
        url: format!("{}/ds", other.url).parse().unwrap(),
    };
    node.chain.set_profile("ds2.eth", format!("data:application/json,{}", profile.to_json()));
}

#[tokio::test]
async fn an_envelope_is_handed_to_the_delivery_service_of_that_name() {
    let node = Node::start_with(DEVELOPMENT).await;
    let other = Node::start().await;
    node.chain.set_address("ds2.eth", SENDER.parse().unwrap());
    name_service(&node, &other);
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&other).await;
    let token = alice.sign_in(&node).await;
    let envelope: Value = serde_json::from_str(&alice.envelope(&bob, "hi").to_canonical()).unwrap();
    let posting = |service: &str| json!({ "deliveryService": service, "envelope": envelope });
    let reply = node.post("/proxy/message", &posting("ds2.eth")).await;
    assert_eq!(reply.status, 401, "{reply:?}");
    let reply = node.post_as(&token, "/proxy/message", &posting("ds2.eth")).await;
    assert_eq!(reply.json(), json!({ "deliveryService": "ds2.eth", "failed": [] }));
    let bobs = bob.sign_in(&other).await;
    assert_eq!(bob.texts(&other, &bobs).await, ["hi"]);

    let reply = node.post_as(&token, "/proxy/message", &posting("nobody.eth")).await;
    assert_eq!(reply.status, 502);
    assert_eq!(reply.json()["failed"][0]["error"]["code"], -32004);
    let url = format!("{}/ds", other.url);
    for wrong in [posting(&url), json!({ "deliveryService": "ds2.eth", "envelope": {} }), json!({})] {
        assert_eq!(node.post_as(&token, "/proxy/message", &wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn what_a_delivery_service_takes_is_asked_by_its_name_and_nothing_else_is() {
    let node = Node::start_with(DEVELOPMENT).await;
    let other = Node::start().await;
    name_service(&node, &other);
    let bob = Account::new(2).registered(&other).await;
    let put = |method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    for question in [
        put("dm3_getDeliveryServiceProperties", json!([])),
        put("dm3_getProfileExtension", json!([bob.name.to_string()])),
    ] {
        let asked = json!({ "deliveryService": "ds2.eth", "question": question });
        let through = node.post("/proxy/service", &asked).await;
        assert_eq!(through.status, 200, "{through:?}");
        let directly = other.post("/ds/rpc", &question).await.json();
        let result = &directly["result"];
        let result =
            result.as_str().map_or_else(|| result.clone(), |text| serde_json::from_str(text).unwrap());
        assert!(result.is_object(), "{directly}");
        assert_eq!(through.json()["result"], result);
    }
    let nobody = put("dm3_getProfileExtension", json!(["nobody.eth"]));
    let reply =
        node.post("/proxy/service", &json!({ "deliveryService": "ds2.eth", "question": nobody })).await;
    assert!(reply.json().get("result").is_none(), "{reply:?}");
    for wrong in [
        json!({ "deliveryService": "ds2.eth", "question": put("dm3_submitMessage", json!(["{}"])) }),
        json!({ "deliveryService": "ds2.eth", "question": put("dm3_getProfileExtension", json!([])) }),
        json!({ "deliveryService": format!("{}/ds", other.url), "question": put("dm3_getDeliveryServiceProperties", json!([])) }),
        json!({ "deliveryService": "nobody.eth", "question": put("dm3_getDeliveryServiceProperties", json!([])) }),
        json!({}),
    ] {
        assert_eq!(node.post("/proxy/service", &wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn of_what_records_link_to_only_that_which_their_hash_vouches_for_is_passed_on() {
    let (node, host) = (Node::start_with(DEVELOPMENT).await, Host::start().await);
    let ask = async |link: String| node.get(&format!("/proxy/document?url={}", encoded(&link))).await;
    let reply = ask(format!("{}/document?dm3Hash={DOCUMENT_HASH}", host.url)).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, DOCUMENT));
    for (header, value) in [("content-type", "application/json"), ("x-content-type-options", "nosniff")] {
        assert_eq!(reply.headers[header], value);
    }
    let other = DOCUMENT_HASH.replace('0', "1");
    for path in ["/document", "/html", "/giant", "/missing"] {
        let reply = ask(format!("{}{path}?dm3Hash={other}", host.url)).await;
        assert_eq!(reply.status, 502, "{path}: {reply:?}");
        assert!(!reply.body.contains("\"a\""), "{reply:?}");
    }
    let asked = host.asked().len();
    for wrong in ["/document", "/document?dm3Hash=0x12"] {
        assert_eq!(ask(format!("{}{wrong}", host.url)).await.status, 400, "{wrong}");
    }
    assert_eq!(ask("data:application/json,{}".to_owned()).await.status, 400);
    assert_eq!(host.asked().len(), asked);
    let public = Node::start().await;
    let link = encoded(&format!("https://127.0.0.1/document?dm3Hash={DOCUMENT_HASH}"));
    let reply = public.get(&format!("/proxy/document?url={link}")).await;
    assert!(matches!(reply.status.as_u16(), 400 | 502), "{reply:?}");
}

#[tokio::test]
async fn blocks_of_ipfs_are_what_their_hash_says_and_come_from_the_gateways_of_the_operator_alone() {
    let (host, other) = (Host::start().await, Host::start().await);
    // The first gateway has nothing.
    let gateways = format!("{DEVELOPMENT}ipfs_gateways = '{}/nothing, {}'\n", other.url, host.url);
    let node = Node::start_with(&gateways).await;
    let told = node.get("/.well-known/dm3").await.json();
    assert_eq!(told["proxies"]["ipfs"], "http://127.0.0.1:4040/proxy");
    let reply = node.get(&format!("/proxy/ipfs/{}?format=raw", cid(DOCUMENT_HASH_OF_BYTES))).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, DOCUMENT), "{reply:?}");
    assert_eq!(reply.headers["content-type"], "application/vnd.ipld.raw");
    assert_eq!(reply.headers["content-security-policy"], "default-src 'none'; sandbox");
    let reply = node.get(&format!("/proxy/ipfs/{}", cid(DOCUMENT_HASH))).await;
    assert_eq!((reply.status.as_u16(), reply.body.contains("\"a\"")), (502, false), "{reply:?}");
    assert_eq!(node.get("/proxy/ipfs/bafy").await.status, 400);

    let silent = Node::start_with(&format!("{DEVELOPMENT}ipfs_gateways = ''\n")).await;
    assert_eq!(silent.get(&format!("/proxy/ipfs/{}", cid(DOCUMENT_HASH_OF_BYTES))).await.status, 404);
    assert!(silent.get("/.well-known/dm3").await.json()["proxies"].get("ipfs").is_none());
}

#[tokio::test]
async fn a_record_that_leads_to_ipfs_is_followed() {
    let host = Host::start().await;
    let node = Node::start_with(&format!("{DEVELOPMENT}ipfs_gateways = '{}'\n", host.url)).await;
    let alice = Account::new(1).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let envelope: Value = serde_json::from_str(&alice.envelope(&alice, "hi").to_canonical()).unwrap();
    for (hash, code) in [
        // What is there is no delivery service's profile, which only its owner can repair.
        (DOCUMENT_HASH_OF_BYTES, -32004),
        // What the record means is nowhere now, and may be later.
        (DOCUMENT_HASH, -32002),
    ] {
        node.chain.set_profile("ds2.eth", format!("ipfs://{}", cid(hash)));
        let posted = json!({ "deliveryService": "ds2.eth", "envelope": envelope });
        let reply = node.post_as(&token, "/proxy/message", &posted).await;
        assert_eq!(reply.json()["failed"][0]["error"]["code"], code, "{reply:?}");
    }
}

#[tokio::test]
async fn the_references_form_is_tried_at_each_delivery_service_in_turn() {
    let node = Node::start_with(DEVELOPMENT).await;
    let alice = Account::new(1).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let mut envelope: Value = serde_json::from_str(&alice.envelope(&alice, "hi").to_canonical()).unwrap();
    let message = envelope.as_object_mut().unwrap().remove("message").unwrap();
    let part = |service: &str| json!({ "encryptionEnvelop": envelope, "deliveryServiceEnsName": service });
    let posting = |services: &[&str]| {
        let parts: Vec<_> = services.iter().map(|service| part(service)).collect();
        json!({ "to": alice.name, "encryptedMessage": message, "encryptionEnvelops": parts })
    };
    // The last is this server itself.
    let reply = node.post_as(&token, "/proxy/message", &posting(&["nobody.eth", "ds1.eth"])).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["deliveryService"], "ds1.eth");
    assert_eq!(reply.json()["failed"][0]["deliveryService"], "nobody.eth");
    assert_eq!(alice.texts(&node, &token).await, ["hi"]);
    for wrong in [posting(&[]), posting(&["a.eth"; 17]), posting(&["not a name"])] {
        assert_eq!(node.post_as(&token, "/proxy/message", &wrong).await.status, 400);
    }
}

#[tokio::test]
async fn what_the_protocol_crate_seals_for_a_proxy_is_carried() {
    let node = Node::start_with(DEVELOPMENT).await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let [alices, bobs] = [alice.sign_in(&node).await, bob.sign_in(&node).await];
    let information = DeliveryInformation {
        from: alice.name.to_string(),
        to: bob.name.to_string(),
        delivery_instruction: None,
    };
    let service = node_keys().public().encryption;
    let services = ["nobody.eth", "ds1.eth"].map(|name| (name.parse().unwrap(), service));
    let sealed = ProxyEnvelope::seal(
        &alice.message(&bob, "sealed once"),
        &information,
        &bob.keys.public().encryption,
        &services,
        &alice.keys,
        &OsEntropy,
    );
    let posted = sealed.unwrap().to_canonical();
    let reply = node.request(Method::POST, "/proxy/message", Some(&alices), Some(&posted)).await;
    assert_eq!(reply.json()["deliveryService"], "ds1.eth", "{reply:?}");
    assert_eq!(bob.texts(&node, &bobs).await, ["sealed once"]);
}

#[tokio::test]
async fn clients_find_the_proxies_and_ask_them_from_any_page() {
    let node = Node::start_with("public_rpc_url = ''\n").await;
    let document = node.get("/.well-known/dm3").await.json();
    assert_eq!(document["rpcUrl"], "http://127.0.0.1:4040/proxy/ethereum");
    for proxy in ["ethereum", "gateway", "image", "message"] {
        assert_eq!(document["proxies"][proxy], format!("http://127.0.0.1:4040/proxy/{proxy}"));
    }
    assert_eq!(node.preflight("/proxy/ethereum").await.status, 200);
}

#[tokio::test]
async fn what_is_passed_on_is_counted_call_by_call() {
    let node = Node::start_with("proxied_per_minute_per_address = 20\n").await;
    let call = json!({ "id": 1, "method": "eth_chainId" });
    let list = Value::Array(vec![call.clone(); 20]);
    assert_eq!(node.post("/proxy/ethereum", &list).await.status, 200);
    let reply = node.post("/proxy/ethereum", &list).await;
    assert_eq!(reply.status, 429);
    assert!(reply.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(node.request(Method::GET, "/ds/hello", None, None).await.status, 200);
}
