//! Stored records: the reference's vectors and recordings, and our own vectors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

mod recorded;

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::conversation::ConversationId;
use dm3_core::delivery::api::ApiError;
use dm3_core::device::{Notices, Standing};
use dm3_core::identity::{Address, EnsName, KeySeed, ProfileKeys, SeenProfiles};
use dm3_core::message::{DeliveryInformation, Kind, SignedMessage};
use dm3_core::seal::json::canonical;
use dm3_core::seal::{EncryptionSecret, Entropy};
use dm3_core::storage::api::{self, ReadBack, Storage};
use dm3_core::storage::{
    ContactRecord, DraftRecord, LegacyContainer, LegacyNames, LegacyState, Opened, ReadMarker, Record,
    SealedRecord, Setting, StorageKeys,
};
use dm3_core::testing::SeededEntropy;
use dm3_core::testing::notes::{ME, PEER, note};
use dm3_core::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};
use recorded::{bearer, reply};
use serde_json::{Value, json};

const STEPS: [&str; 4] = [
    "14-storage-conversations-and-messages",
    "14b-storage-hide",
    "14c-storage-halted",
    "14d-storage-duplicates-and-errors",
];
const OWN_VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors/own-storage.json");

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors/storage.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn secret(vectors: &Value) -> EncryptionSecret {
    let key = vectors["keys"]["encryptionKeyPair"]["privateKey"].as_str().unwrap();
    EncryptionSecret::from_bytes(STANDARD.decode(key).unwrap().try_into().unwrap())
}

fn account(vectors: &Value) -> EnsName {
    vectors["account"].as_str().unwrap().parse().unwrap()
}

struct Scripted(RefCell<Vec<u8>>);

impl Entropy for Scripted {
    fn fill(&self, bytes: &mut [u8]) {
        let mut left = self.0.borrow_mut();
        bytes.copy_from_slice(&left[..bytes.len()]);
        left.drain(..bytes.len());
    }
}

#[test]
fn names_are_those_of_the_deployed_client() {
    let vectors = vectors();
    let names = LegacyNames::new(&secret(&vectors), &account(&vectors));
    let cases = vectors["encryptSync"].as_array().unwrap();
    assert!(cases.len() >= 5);
    for case in cases {
        let (plain, sealed) = (case["plaintext"].as_str().unwrap(), case["encrypted"].as_str().unwrap());
        assert_eq!(names.seal(plain).unwrap(), sealed);
        assert_eq!(names.open(sealed).unwrap().as_str(), plain);
    }
    let other = LegacyNames::new(&EncryptionSecret::derive(&[1; 32]), &account(&vectors));
    assert!(other.open(cases[0]["encrypted"].as_str().unwrap()).is_err());
}

#[test]
fn weakness_9_names_share_a_keystream_so_they_are_only_written_on_request() {
    let vectors = vectors();
    let names = LegacyNames::new(&secret(&vectors), &account(&vectors));
    let ciphertext = |name: &str| {
        let json: Value =
            serde_json::from_slice(&STANDARD.decode(names.seal(name).unwrap()).unwrap()).unwrap();
        STANDARD.decode(json["ciphertext"].as_str().unwrap()).unwrap()
    };
    // Who knows one name reads another.
    let (known, secret) = (ciphertext("alice.eth"), ciphertext("carol.eth"));
    let found: Vec<u8> = (0..9).map(|i| known[i] ^ secret[i] ^ b"alice.eth"[i]).collect();
    assert_eq!(found, b"carol.eth");
}

#[test]
fn containers_are_those_of_the_deployed_client() {
    let vectors = vectors();
    let secret = secret(&vectors);
    let calls = vectors["connectorCalls"].as_array().unwrap();
    let mut seen = 0;
    for call in calls.iter().filter(|call| call["method"] == "addMessage") {
        let container = call["args"][4].as_str().unwrap();
        let opened = LegacyContainer::open(container, &secret).unwrap();
        assert_eq!(opened.claimed_hash(), call["args"][2].as_str());
        assert_eq!(opened.state(), LegacyState::Created);
        assert_eq!(opened.message().unwrap().claimed_sender(), "alice.eth");
        // Unknown members (`reactions`, `source`) come back byte for byte.
        let entropy = ["storageEphemeralSeed", "storageNonce"].map(|part| {
            let text = vectors[part].as_str().unwrap();
            text.strip_prefix("0x")
                .map_or_else(|| STANDARD.decode(text).unwrap(), |hex| hex::decode(hex).unwrap())
        });
        let entropy = Scripted(RefCell::new(entropy.concat()));
        assert_eq!(opened.seal(&secret.public(), &entropy).unwrap(), container);
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn a_container_of_our_own_is_read_again_and_old_hashes_are_understood() {
    let plain: Value = serde_json::from_str(vectors()["containerPlain"].as_str().unwrap()).unwrap();
    let message = SignedMessage::parse(&canonical(&plain["envelop"]["message"])).unwrap();
    let keys = ProfileKeys::derive(&KeySeed::from_bytes([5; 32]));
    let information =
        DeliveryInformation { from: "alice.eth".into(), to: "bob.eth".into(), delivery_instruction: None };
    let made = LegacyContainer::new(&message, &information, &keys, LegacyState::Send);
    let sealed = made.seal(&keys.encryption.public(), &SeededEntropy::new(1)).unwrap();
    let opened = LegacyContainer::open(&sealed, &keys.encryption).unwrap();
    assert_eq!(opened, made);
    assert_eq!((opened.state(), opened.claimed_hash()), (LegacyState::Send, Some(message.hash().as_str())));

    let mut old = plain;
    let metadata = old["envelop"]["metadata"].as_object_mut().unwrap();
    metadata.remove("messageHash");
    metadata.insert("encryptedMessageHash".into(), "0xold".into());
    let sealed = dm3_core::seal::seal(&canonical(&old), &keys.encryption.public(), &SeededEntropy::new(2));
    let container = STANDARD.encode(sealed.unwrap().to_string());
    assert_eq!(LegacyContainer::open(&container, &keys.encryption).unwrap().claimed_hash(), Some("0xold"));
}

#[test]
fn a_container_of_somebody_elses_message_has_the_members_of_the_deployed_clients() {
    let plain: Value = serde_json::from_str(vectors()["containerPlain"].as_str().unwrap()).unwrap();
    let message = SignedMessage::parse(&canonical(&plain["envelop"]["message"])).unwrap();
    let keys = ProfileKeys::derive(&KeySeed::from_bytes([5; 32]));
    let information =
        DeliveryInformation { from: "alice.eth".into(), to: "bob.eth".into(), delivery_instruction: None };
    let made = LegacyContainer::received(&message, &information, LegacyState::Read);
    let sealed = made.seal(&keys.encryption.public(), &SeededEntropy::new(1)).unwrap();
    let sealed = String::from_utf8(STANDARD.decode(sealed).unwrap()).unwrap();
    let sealed = dm3_core::seal::Sealed::parse(&sealed).unwrap();
    let made: Value =
        serde_json::from_str(&dm3_core::seal::open(&sealed, &keys.encryption).unwrap()).unwrap();
    // Where it was taken from says the app that reads it; whose envelope it was in nobody signed again.
    let mut expected = plain;
    expected.as_object_mut().unwrap().remove("source");
    expected["envelop"]["metadata"]["signature"] = json!("");
    expected["messageState"] = json!(3);
    assert_eq!(made, expected);
}

#[test]
fn message_ids_of_the_server_are_computed() {
    for case in vectors()["serverMessageIds"].as_array().unwrap() {
        let name: EnsName = case["ensName"].as_str().unwrap().parse().unwrap();
        assert_eq!(api::server_id(&name, case["messageId"].as_str().unwrap()), case["serverMessageId"]);
    }
}

fn number(url: &str, name: &str) -> Option<usize> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// What we would ask to get this recorded exchange; `None` for what only a broken client asks.
fn rebuilt(exchange: &Value) -> Option<HttpRequest> {
    let url = exchange["request"]["publicUrl"].as_str()?;
    let mut parts = url.strip_prefix("/api/storage/new/")?.split(['/', '?']);
    let (account, token) = (parts.next()?.parse().ok()?, bearer(exchange)?);
    let server: BaseUrl = "http://127.0.0.1:9080/api".parse().unwrap();
    let storage = Storage { server: &server, account: &account, token: &token };
    let body = exchange["request"]["json"].to_string();
    let page = number(url, "pageSize").zip(number(url, "offset"));
    let route = parts.next()?;
    Some(match route {
        "addConversation" => storage.add_conversation(&api::parse_body(&body).ok()?),
        "toggleHideConversation" => storage.hide_conversation(&api::parse_body(&body).ok()?),
        "addMessage" => storage.add_message(&api::parse_body(&body).ok()?),
        "addMessageBatch" => storage.add_message_batch(&api::parse_body(&body).ok()?),
        "editMessageBatch" => storage.edit_message_batch(&api::parse_body(&body).ok()?),
        "clearHaltedMessage" => storage.clear_halted(&api::parse_body(&body).ok()?),
        "getConversations" => storage.conversations(page?.0, page?.1),
        "getMessages" => storage.messages(parts.next()?, page?.0, page?.1),
        "getNumberOfConversations" => storage.number_of_conversations(),
        "getNumberOfMessages" => storage.number_of_messages(parts.next()?),
        "getHaltedMessages" => storage.halted(),
        other => panic!("no such route: {other}"),
    })
}

#[test]
fn requests_are_the_recorded_ones_and_replies_are_read() {
    let (mut same, mut refused) = (0, 0);
    let exchanges = STEPS.iter().flat_map(|step| recorded::exchanges(step));
    for exchange in exchanges.filter(|exchange| exchange["kind"] == "http") {
        let request = &exchange["request"];
        let url = request["publicUrl"].as_str().unwrap();
        if !url.starts_with("/api/storage/") {
            continue;
        }
        let reply = reply(&exchange);
        if reply.body == "invalid schema" {
            assert!(rebuilt(&exchange).is_none(), "{url} was refused as malformed");
            assert!(matches!(api::parse_done(&reply), Err(ApiError::Refused { status: 400, .. })));
            refused += 1;
            continue;
        }
        match url.split(['/', '?']).nth(5).unwrap() {
            _ if reply.status == 401 => assert_eq!(api::parse_done(&reply), Err(ApiError::Unauthorized)),
            "getConversations" => assert_eq!(api::parse_conversations(&reply).unwrap().unreadable, 0),
            "getMessages" => assert_eq!(api::parse_messages(&reply).unwrap().unreadable, 0),
            "getHaltedMessages" => assert_eq!(api::parse_halted(&reply).unwrap().unreadable, 0),
            "getNumberOfMessages" | "getNumberOfConversations" => {
                assert!(api::parse_count(&reply).unwrap() > 0)
            }
            _ => assert_eq!(api::parse_done(&reply).is_ok(), reply.status == 200),
        }
        let Some(ours) = rebuilt(&exchange) else { continue };
        assert_eq!(ours.method.as_str(), request["method"]);
        let theirs = format!("http://127.0.0.1:9080{}", url.trim_end_matches('/'));
        assert_eq!(ours.url.as_str().replace("%3D", "="), theirs);
        if let Some(body) = &ours.body {
            assert_eq!(serde_json::from_str::<Value>(body).unwrap(), request["json"]);
        }
        same += 1;
    }
    assert!(same >= 25 && refused >= 5, "{same} rebuilt, {refused} refused");
}

#[test]
fn recorded_containers_are_opened() {
    // The nonce of the recordings is another than that of the storage vectors.
    let (secret, owner) = (recorded::keys("alice").encryption, account(&vectors()));
    let names = LegacyNames::new(&secret, &owner);
    let exchanges = recorded::exchanges(STEPS[0]);
    let find = |route: &str| {
        exchanges
            .iter()
            .find(|e| e["request"]["publicUrl"].as_str().is_some_and(|url| url.contains(route)))
            .unwrap()
    };
    let conversations = api::parse_conversations(&reply(find("/getConversations"))).unwrap();
    let name = names.open(&conversations.rows[0].contact).unwrap();
    assert!(name.ends_with(".addr.dm3.eth"), "{}", name.as_str());
    assert!(names.open(conversations.rows[0].profile_location.as_ref().unwrap()).unwrap().starts_with('['));
    let messages = api::parse_messages(&reply(find("/getMessages/"))).unwrap();
    assert_eq!(messages.rows.len(), 4);
    assert!(messages.rows.is_sorted_by(|a, b| a.created_at >= b.created_at));
    for row in messages.rows {
        let container = LegacyContainer::open(&row.container, &secret).unwrap();
        assert_eq!(row.id, api::server_id(&owner, container.claimed_hash().unwrap()));
    }
}

#[test]
fn weakness_29_a_batch_is_believed_only_when_it_is_read_back() {
    let exchanges = recorded::exchanges(STEPS[3]);
    let at = |route: &str| {
        let found = exchanges
            .iter()
            .position(|e| e["request"]["publicUrl"].as_str().is_some_and(|url| url.contains(route)));
        found.unwrap()
    };
    let batch = at("/addMessageBatch");
    let body: api::AddMessageBatch =
        api::parse_body(&exchanges[batch]["request"]["json"].to_string()).unwrap();
    // One of the two ids was there, so the server stored nothing – and said that all is well.
    assert_eq!(api::parse_done(&reply(&exchanges[batch])), Ok(()));
    let account: EnsName = account(&vectors());
    let mut read_back = ReadBack::new(&account, &body.message_batch, 100);
    let token = bearer(&exchanges[batch]).unwrap();
    let server: BaseUrl = "http://127.0.0.1:9080/api".parse().unwrap();
    let storage = Storage { server: &server, account: &account, token: &token };
    assert!(read_back.request(&storage, &body.encrypted_contact_name).is_some());
    read_back.take(&reply(&exchanges[batch + 1])).unwrap();
    assert_eq!(read_back.request(&storage, &body.encrypted_contact_name), None);
    assert_eq!(read_back.stored().collect::<Vec<_>>(), ["0xdup"]);
    assert_eq!(read_back.missing().collect::<Vec<_>>(), ["0xnewinbatch"]);
}

#[test]
fn reading_back_goes_through_the_pages_and_looks_at_the_content() {
    let account: EnsName = "alice.eth".parse().unwrap();
    let row = |id: &str, container: &str| api::NewRow {
        message_id: id.into(),
        created_at: 1,
        encrypted_envelop_container: container.into(),
        is_halted: false,
    };
    let page = |rows: &[(&str, &str)]| {
        let rows: Vec<_> = (rows.iter())
            .map(|(id, container)| {
                let id = api::server_id(&account, id);
                json!({ "id": id, "createdAt": 1, "encryptedEnvelopContainer": container }).to_string()
            })
            .collect();
        HttpResponse::new(200, json!(rows).to_string())
    };
    let token = SessionToken::new("token").unwrap();
    let server: BaseUrl = "https://node.example/api".parse().unwrap();
    let storage = Storage { server: &server, account: &account, token: &token };
    let mut read_back = ReadBack::new(&account, &[row("a", "new"), row("b", "b")], 2);
    let asked = |read_back: &ReadBack| read_back.request(&storage, "c").map(|r| r.url.as_str().to_owned());
    assert!(asked(&read_back).unwrap().ends_with("/getMessages/c?pageSize=2&offset=0"));
    read_back.take(&page(&[("x", ""), ("a", "old")])).unwrap();
    // The offset counts pages.
    assert!(asked(&read_back).unwrap().ends_with("?pageSize=2&offset=1"));
    read_back.take(&page(&[("b", "b")])).unwrap();
    assert_eq!(asked(&read_back), None);
    assert_eq!(read_back.stored().collect::<Vec<_>>(), ["b"]);
    assert_eq!(read_back.missing().collect::<Vec<_>>(), ["a"]);
    assert_eq!(ReadBack::new(&account, &[], 2).request(&storage, "c"), None);
}

#[test]
fn a_page_that_can_not_be_read_is_an_error_and_a_row_is_not() {
    let page = |body: &str| api::parse_messages(&HttpResponse::new(200, body.into()));
    assert!(page("{}").is_err());
    assert!(page("OK").is_err());
    let mixed = page(r#"["no JSON", 5, {"id":"a","createdAt":7,"encryptedEnvelopContainer":"c"}]"#).unwrap();
    assert_eq!((mixed.rows.len(), mixed.unreadable, mixed.rows[0].created_at), (1, 2, 7));
}

fn own_records() -> Vec<Record> {
    vec![
        Record::Message(note(PEER, 1_700_000_000_000, Kind::New, None, "Hello, 世界")),
        Record::Contact(ContactRecord {
            standing: Standing::default(),
            conversation: ConversationId::Peer(PEER),
            name: Some("bob.eth".parse().unwrap()),
            touched: 1_700_000_000_001,
            found_at: vec!["bob.eth".parse().unwrap()],
            seen: SeenProfiles::default(),
            notices: Notices::default(),
            last: Some(note(PEER, 1_700_000_000_000, Kind::New, None, "Hello, 世界")),
        }),
        Record::ReadMarker(ReadMarker {
            conversation: ConversationId::Peer(PEER),
            read_until: 1_700_000_000_002,
        }),
        Record::Draft(DraftRecord {
            conversation: ConversationId::Peer(PEER),
            text: "Dear".into(),
            changed: 1_700_000_000_003,
        }),
        Record::Setting(Setting { name: "receipts".into(), value: json!(true), changed: 1_700_000_000_003 }),
    ]
}

fn own_vectors() -> Value {
    let keys = StorageKeys::derive(&KeySeed::from_bytes([7; 32]), ME);
    let entropy = SeededEntropy::new(42);
    let sealed = own_records().iter().map(|record| record.seal(&keys, &entropy).unwrap()).collect::<Vec<_>>();
    let records: Vec<_> = (sealed.iter())
        .map(|sealed| {
            json!({
                "conversation": sealed.conversation.to_string(),
                "id": sealed.id.to_string(),
                "content": sealed.content,
            })
        })
        .collect();
    json!({
        "README": "Our own storage records (docs/storage-format.md). Made by `cargo test -p dm3-core --test storage -- --ignored`: seed of 32 bytes 07, owner of 20 bytes 01, nonces from SeededEntropy(42).",
        "seed": STANDARD.encode([7; 32]),
        "owner": ME.to_string(),
        "peer": PEER.to_string(),
        "conversation": keys.conversation(ConversationId::Peer(PEER)).to_string(),
        "account": keys.account().to_string(),
        "records": records,
    })
}

#[test]
fn our_own_vectors_are_computed_and_opened() {
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(OWN_VECTORS).unwrap()).unwrap();
    assert_eq!(own_vectors(), stored);
    let seed = KeySeed::from_base64(stored["seed"].as_str().unwrap()).unwrap();
    let owner: Address = stored["owner"].as_str().unwrap().parse().unwrap();
    let keys = StorageKeys::derive(&seed, owner);
    for (record, expected) in stored["records"].as_array().unwrap().iter().zip(own_records()) {
        let member = |name: &str| record[name].as_str().unwrap();
        let sealed = SealedRecord {
            conversation: member("conversation").parse().unwrap(),
            id: member("id").parse().unwrap(),
            content: member("content").to_owned(),
        };
        assert_eq!(sealed.open(&keys), Ok(Opened::Known(Box::new(expected))));
    }
}

#[test]
#[ignore = "writes the vectors anew, after a deliberate change of the format"]
fn write_our_own_vectors() {
    std::fs::write(OWN_VECTORS, serde_json::to_string_pretty(&own_vectors()).unwrap() + "\n").unwrap();
}
