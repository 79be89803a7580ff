//! The IndexedDB store keeps the storage contract, and its keys leave the browser in no readable form.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

use std::cell::Cell;

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::Refusal;
use dm3_core::device::{
    Account, Changed, Contact, Lane, MessageRow, Place, Preview, SendState, Standing, StoredMessage,
};
use dm3_core::identity::{Address, KeySeed};
use dm3_core::message::Kind;
use dm3_core::ports::{Store, StoreError};
use dm3_core::testing::{notes, store_contract};
use dm3_widget::adapters::store::IndexedDbStore;
use idb::{DatabaseEvent as _, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::*;
use web_sys::{CryptoKey, IdbDatabase};

wasm_bindgen_test_configure!(run_in_browser);

const OWNER: Address = Address::from_bytes([0xaa; 20]);

/// A database that no other test uses.
fn new_name() -> String {
    thread_local!(static NUMBER: Cell<u32> = const { Cell::new(0) });
    let number = NUMBER.replace(NUMBER.get() + 1);
    format!("store-test-{}-{number}", js_sys::Math::random())
}

/// A store in which the owner's seed is: without it nothing of them is kept.
async fn signed_in(name: &str) -> IndexedDbStore {
    let store = IndexedDbStore::new(name);
    store.set_seed(OWNER, &KeySeed::from_bytes([7; 32])).await.unwrap();
    store
}

macro_rules! behaviour {
    ($name:ident) => {
        #[wasm_bindgen_test]
        async fn $name() {
            store_contract::$name(&IndexedDbStore::new(&new_name())).await;
        }
    };
}
dm3_core::for_each_store_behaviour!(behaviour);

/// What the database holds in its vault under a key.
async fn raw_vault(name: &str, key: &str) -> JsValue {
    let database = Factory::new().unwrap().open(name, None).unwrap().await.unwrap();
    let transaction = database.transaction(&["vault"], TransactionMode::ReadOnly).unwrap();
    let value =
        transaction.object_store("vault").unwrap().get(JsValue::from_str(key)).unwrap().await.unwrap();
    database.close();
    value.expect("a record")
}

fn contact(touched: u64) -> Contact {
    let conversation = ConversationId::Peer(Address::from_bytes([1; 20]));
    Contact::new(conversation, touched)
}

#[wasm_bindgen_test]
async fn a_reload_finds_everything_again() {
    let name = new_name();
    let store = IndexedDbStore::new(&name);
    store.set_seed(OWNER, &KeySeed::from_bytes([7; 32])).await.unwrap();
    store.put_contact(OWNER, &contact(1)).await.unwrap();
    drop(store);
    let store = IndexedDbStore::new(&name);
    assert_eq!(store.seed(OWNER).await.unwrap().unwrap().expose_secret(), &[7; 32]);
    assert_eq!(store.contacts(OWNER).await.unwrap(), [contact(1)]);
}

#[wasm_bindgen_test]
async fn the_vaults_key_cannot_be_exported() {
    let name = new_name();
    IndexedDbStore::new(&name).set_seed(OWNER, &KeySeed::from_bytes([7; 32])).await.unwrap();
    let key: CryptoKey = raw_vault(&name, "key").await.dyn_into().unwrap();
    assert!(!key.extractable());
    let subtle = web_sys::window().unwrap().crypto().unwrap().subtle();
    for format in ["raw", "jwk"] {
        let exported = JsFuture::from(subtle.export_key(format, &key).unwrap()).await;
        assert!(exported.is_err(), "{format}");
    }
}

#[wasm_bindgen_test]
async fn the_database_does_not_contain_the_seed() {
    let name = new_name();
    let seed: [u8; 32] = std::array::from_fn(|i| i as u8 + 1);
    let store = IndexedDbStore::new(&name);
    let mut records = Vec::new();
    for _ in 0..2 {
        store.set_seed(OWNER, &KeySeed::from_bytes(seed)).await.unwrap();
        let record: Array = raw_vault(&name, &OWNER.to_string()).await.dyn_into().unwrap();
        assert_eq!(record.length(), 2);
        let parts: Vec<Vec<u8>> =
            record.iter().map(|part| part.dyn_into::<Uint8Array>().unwrap().to_vec()).collect();
        assert_eq!((parts[0].len(), parts[1].len()), (12, 48));
        for part in &parts {
            assert!(!part.windows(4).any(|window| seed.windows(4).any(|secret| secret == window)));
        }
        records.push(parts);
    }
    assert_ne!(records[0][0], records[1][0], "each record has its own nonce");
    assert_ne!(records[0][1], records[1][1]);
}

#[wasm_bindgen_test]
async fn a_seed_opens_only_for_its_owner() {
    let name = new_name();
    let store = IndexedDbStore::new(&name);
    store.set_seed(OWNER, &KeySeed::from_bytes([7; 32])).await.unwrap();
    let sealed = raw_vault(&name, &OWNER.to_string()).await;
    let other = Address::from_bytes([0xbb; 20]);
    let database = Factory::new().unwrap().open(&name, None).unwrap().await.unwrap();
    let transaction = database.transaction(&["vault"], TransactionMode::ReadWrite).unwrap();
    let vault = transaction.object_store("vault").unwrap();
    vault.put(&sealed, Some(&other.to_string().into())).unwrap().await.unwrap();
    transaction.await.unwrap();
    database.close();
    assert!(matches!(store.seed(other).await, Err(StoreError::Damaged)));
    assert!(store.seed(OWNER).await.unwrap().is_some());
}

#[wasm_bindgen_test]
async fn two_tabs_that_start_at_once_agree_on_one_vault_key() {
    let name = new_name();
    let (one, two) = (IndexedDbStore::new(&name), IndexedDbStore::new(&name));
    let other = Address::from_bytes([0xbb; 20]);
    let (seed_one, seed_two) = (KeySeed::from_bytes([1; 32]), KeySeed::from_bytes([2; 32]));
    let (a, b) = futures_util::join!(one.set_seed(OWNER, &seed_one), two.set_seed(other, &seed_two));
    a.unwrap();
    b.unwrap();
    for store in [&one, &two, &IndexedDbStore::new(&name)] {
        assert_eq!(store.seed(OWNER).await.unwrap().unwrap().expose_secret(), &[1; 32]);
        assert_eq!(store.seed(other).await.unwrap().unwrap().expose_secret(), &[2; 32]);
    }
}

#[wasm_bindgen_test]
async fn a_newer_version_in_another_tab_does_not_hang_and_is_reported() {
    let name = new_name();
    let store = signed_in(&name).await;
    store.put_contact(OWNER, &contact(1)).await.unwrap();
    let mut request = Factory::new().unwrap().open(&name, Some(99)).unwrap();
    request.on_upgrade_needed(|event| {
        event.database().unwrap().create_object_store("newer", ObjectStoreParams::new()).unwrap();
    });
    let newer = request.await.unwrap();
    assert_eq!(store.contacts(OWNER).await, Err(StoreError::Outdated));
    newer.close();
}

#[wasm_bindgen_test]
async fn a_database_that_was_deleted_is_made_again() {
    let name = new_name();
    let store = signed_in(&name).await;
    store.put_contact(OWNER, &contact(1)).await.unwrap();
    Factory::new().unwrap().delete(&name).unwrap().await.unwrap();
    assert_eq!(store.contacts(OWNER).await.unwrap(), []);
    assert_eq!(store.put_contact(OWNER, &contact(2)).await, Err(StoreError::SignedOut), "the seed went, too");
    let store = signed_in(&name).await;
    store.put_contact(OWNER, &contact(2)).await.unwrap();
    assert_eq!(store.contacts(OWNER).await.unwrap(), [contact(2)]);
}

#[wasm_bindgen_test]
async fn an_error_in_the_middle_of_a_batch_stores_nothing() {
    let store = signed_in(&new_name()).await;
    let message = |written: u64| notes::note(notes::PEER, written, Kind::New, None, "hello");
    let far = notes::at(&message(2), u64::MAX);
    // No clock shows a time above 2^53, and IndexedDB has no key for it.
    let batch = [message(1), far];
    assert_eq!(store.add_messages(OWNER, &batch).await, Err(StoreError::Damaged));
    assert_eq!(store.message(OWNER, batch[0].hash()).await.unwrap(), None);
}

#[wasm_bindgen_test]
async fn a_browser_without_storage_says_so() {
    // What a sandboxed frame or a strict private mode does: opening throws.
    js_sys::eval(
        "globalThis.openBefore = IDBFactory.prototype.open;
         IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError'); };",
    )
    .unwrap();
    let result = IndexedDbStore::new(&new_name()).account().await;
    js_sys::eval("IDBFactory.prototype.open = openBefore; delete globalThis.openBefore;").unwrap();
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
}

#[wasm_bindgen_test]
async fn a_full_disk_is_told_apart() {
    let store = signed_in(&new_name()).await;
    store.put_contact(OWNER, &contact(1)).await.unwrap();
    js_sys::eval(
        "globalThis.putBefore = IDBObjectStore.prototype.put;
         IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };",
    )
    .unwrap();
    let result = store.put_contact(OWNER, &contact(2)).await;
    js_sys::eval("IDBObjectStore.prototype.put = putBefore; delete globalThis.putBefore;").unwrap();
    assert_eq!(result, Err(StoreError::Full));
    assert_eq!(store.contacts(OWNER).await.unwrap(), [contact(1)]);
}

/// The conversation of the first schema's records.
const PEER: ConversationId = ConversationId::Peer(Address::from_bytes([0xab; 20]));
const JSON: &str = r#"{"message":"hello"}"#;

/// Fills a database as the first version did; gives the connection, which is open still.
async fn fill_as_first_version(name: &str) -> JsValue {
    let other = new_name();
    IndexedDbStore::new(&other).set_seed(OWNER, &KeySeed::from_bytes([7; 32])).await.unwrap();
    let (key, seed) = (raw_vault(&other, "key").await, raw_vault(&other, &OWNER.to_string()).await);
    let fill: Function = js_sys::eval(include_str!("store/first_schema.js")).unwrap().dyn_into().unwrap();
    let arguments = [name.into(), key, seed, OWNER.to_string().into(), JSON.into()];
    let filled = fill.apply(&JsValue::NULL, &arguments.iter().collect()).unwrap();
    JsFuture::from(filled.dyn_into::<Promise>().unwrap()).await.unwrap()
}

fn close(connection: &JsValue) {
    connection.unchecked_ref::<IdbDatabase>().close();
}

fn row(number: u64, author: Address, lane: Lane, state: SendState) -> MessageRow {
    let time = 1_700_000_000_000 + number;
    MessageRow {
        hash: format!("0x{number:064}").parse().unwrap(),
        conversation: PEER,
        author,
        lane,
        place: Place::at(time),
        taken: Place::at(time),
        arrived: time + 5,
        json: JSON.into(),
        state,
    }
}

/// Everything that [`fill_as_first_version`] put there and that can be read is there.
async fn everything_is_there(store: &IndexedDbStore) {
    let account = Account { address: OWNER, name: Some("alice.eth".parse().unwrap()) };
    assert_eq!(store.account().await.unwrap(), Some(account));
    assert_eq!(store.seed(OWNER).await.unwrap().unwrap().expose_secret(), &[7; 32]);
    let peer = PEER.peer();
    let said = "the message is larger than the receiver’s service accepts";
    let refused = SendState::Refused(Refusal::Unexplained(said.into()));
    let rows = [
        row(5, peer, Lane::Note, SendState::Received),
        row(4, OWNER, Lane::Out, refused),
        row(3, OWNER, Lane::Out, SendState::Waiting),
        row(2, OWNER, Lane::Out, SendState::Accepted),
        row(1, peer, Lane::In, SendState::Received),
    ];
    assert_eq!(store.messages(OWNER, PEER, None, 10).await.unwrap(), rows);
    assert_eq!(store.messages(OWNER, PEER, Some(&rows[2].position()), 1).await.unwrap(), rows[3..4]);
    assert_eq!(store.outbox(OWNER).await.unwrap(), rows[2..3]);
    assert_eq!(store.count_incoming_after(OWNER, PEER, 1_700_000_000_005).await.unwrap(), 1);
    assert_eq!(store.count_incoming_after(OWNER, PEER, 1_700_000_000_006).await.unwrap(), 0);
    let name = Some("bob.eth".parse().unwrap());
    let (read_until, touched) = (1_700_000_000_001, 1_700_000_000_009);
    // There were no requests then: everybody was in the list.
    let standing = Standing::accepted();
    let contact = Contact { name, read_until, standing, ..Contact::new(PEER, touched) };
    assert_eq!(store.contacts(OWNER).await.unwrap(), [contact]);
    assert_eq!(store.quarantined_ids(OWNER).await.unwrap(), ["a"]);
}

#[wasm_bindgen_test]
async fn a_database_of_the_first_version_is_brought_up_to_date_and_keeps_everything() {
    let name = new_name();
    close(&fill_as_first_version(&name).await);
    let store = IndexedDbStore::new(&name);
    everything_is_there(&store).await;
    // Other devices of the account are to have it.
    let journal = store.journal(OWNER, 100).await.unwrap();
    let entered = |changed: Changed| journal.iter().any(|entry| entry.changed == changed);
    assert!(entered(Changed::Contact(PEER)));
    assert!(
        (1..=5).all(|number| {
            entered(Changed::Message(row(number, OWNER, Lane::Out, SendState::Waiting).hash))
        })
    );
    // From now on it is like any other.
    store
        .set_state(OWNER, &row(3, OWNER, Lane::Out, SendState::Waiting).hash, &SendState::Accepted)
        .await
        .unwrap();
    assert_eq!(store.outbox(OWNER).await.unwrap(), []);
    let opened = store.contact(OWNER, PEER).await.unwrap().unwrap();
    store.put_contact(OWNER, &Contact { touched: 1_700_000_000_010, ..opened }).await.unwrap();
    assert_eq!(store.contacts(OWNER).await.unwrap().len(), 1);
}

#[wasm_bindgen_test]
async fn an_upgrade_that_is_interrupted_changes_nothing_and_is_done_again() {
    let name = new_name();
    close(&fill_as_first_version(&name).await);
    // As if the page went away in the middle: the browser undoes what is not finished.
    js_sys::eval(
        "globalThis.updateBefore = IDBCursor.prototype.update;
         globalThis.updatesLeft = 3;
         IDBCursor.prototype.update = function (value) {
             if (updatesLeft-- === 0) this.request.transaction.abort();
             return updateBefore.call(this, value);
         };",
    )
    .unwrap();
    let result = IndexedDbStore::new(&name).contacts(OWNER).await;
    js_sys::eval("IDBCursor.prototype.update = updateBefore; delete globalThis.updateBefore;").unwrap();
    assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    let raw = Factory::new().unwrap().open(&name, None).unwrap().await.unwrap();
    assert_eq!(raw.version().unwrap(), 1);
    raw.close();
    everything_is_there(&IndexedDbStore::new(&name)).await;
}

#[wasm_bindgen_test]
async fn an_older_version_that_does_not_let_go_is_reported_and_waited_for() {
    let name = new_name();
    let older = fill_as_first_version(&name).await;
    let store = IndexedDbStore::new(&name);
    assert_eq!(store.contacts(OWNER).await, Err(StoreError::Blocked));
    close(&older);
    everything_is_there(&store).await;
}

#[wasm_bindgen_test]
async fn a_damaged_row_hides_no_other() {
    let name = new_name();
    let store = signed_in(&name).await;
    store.put_contact(OWNER, &contact(1)).await.unwrap();
    let good = notes::note(notes::ME, 5, Kind::New, None, "hello");
    store.add_messages(OWNER, std::slice::from_ref(&good)).await.unwrap();
    let database = Factory::new().unwrap().open(&name, None).unwrap().await.unwrap();
    let transaction = database.transaction(&["messages", "contacts"], TransactionMode::ReadWrite).unwrap();
    let owner = OWNER;
    let conversation = good.row().conversation;
    let records = [
        // Newer than the good one, and older; one waits, and nothing but its place is right.
        (
            "messages",
            format!(
                "{{owner: '{owner}', waiting: 1, message: {{hash: 'x', conversation: '{conversation}', time: 9e15}}}}"
            ),
        ),
        (
            "messages",
            format!("{{owner: '{owner}', message: {{hash: 'y', conversation: '{conversation}', time: 0}}}}"),
        ),
        ("contacts", format!("{{owner: '{owner}', contact: {{conversation: 'group:1'}}}}")),
        ("contacts", format!("{{owner: '{owner}', contact: {{conversation: 'a', touched: 'never'}}}}")),
    ];
    for (table, record) in records {
        let record = js_sys::eval(&format!("({record})")).unwrap();
        transaction.object_store(table).unwrap().put(&record, None).unwrap().await.unwrap();
    }
    transaction.await.unwrap();
    database.close();
    assert_eq!(store.messages(OWNER, conversation, None, 1).await.unwrap(), [good.row().clone()]);
    assert_eq!(store.messages(OWNER, conversation, None, 9).await.unwrap(), [good.row().clone()]);
    assert_eq!(store.outbox(OWNER).await.unwrap(), []);
    let standing = Standing::accepted();
    let opened = Contact { standing, ..Contact::new(conversation, good.row().arrived) };
    assert_eq!(store.contacts(OWNER).await.unwrap(), [contact(1), opened]);
}

/// A record of a message as the second version wrote it.
fn second_record(message: &StoredMessage) -> serde_json::Value {
    let row = message.row();
    let lane = match row.lane {
        Lane::In => "in",
        Lane::Out => "out",
        Lane::Note => "note",
    };
    let message = serde_json::json!({
        "hash": row.hash, "conversation": row.conversation.to_string(), "author": row.author.to_string(),
        "lane": lane, "time": row.place.time(), "arrived": row.arrived, "json": row.json, "state": "received",
    });
    serde_json::json!(["messages", { "owner": OWNER.to_string(), "message": message }])
}

#[wasm_bindgen_test]
async fn a_database_of_the_second_version_is_brought_up_to_date() {
    let (name, other) = (new_name(), Address::from_bytes([9; 20]));
    let text = notes::note(notes::PEER, 5, Kind::New, None, "hello");
    let edit = notes::note(notes::PEER, 6, Kind::Edit, Some(&text), "hello!");
    let unopened = notes::with(other, other, 7, Kind::New, None, "nobody opened this");
    let conversation = text.row().conversation;
    let contact =
        serde_json::json!({ "conversation": conversation.to_string(), "read_until": 1, "touched": 2 });
    let mut records: Vec<_> = [&text, &edit, &unopened].map(second_record).into();
    records.push(serde_json::json!(["contacts", { "owner": OWNER.to_string(), "contact": contact }]));
    // Damaged: it has no place, and is carried along.
    records.push(serde_json::json!(["messages", { "owner": OWNER.to_string(), "message": { "hash": "x" } }]));
    let fill: Function = js_sys::eval(include_str!("store/second_schema.js")).unwrap().dyn_into().unwrap();
    let records = serde_json::Value::from(records).to_string();
    let filled = fill.call2(&JsValue::NULL, &name.as_str().into(), &records.into()).unwrap();
    JsFuture::from(filled.dyn_into::<Promise>().unwrap()).await.unwrap();

    let store = IndexedDbStore::new(&name);
    let mut summaries = store.summaries(OWNER).await.unwrap();
    summaries.sort_by_key(|summary| summary.contact.conversation);
    assert_eq!(store.summaries(OWNER).await.unwrap().len(), 2, "they are made once");
    let [first, second] = &summaries[..] else { panic!("{summaries:?}") };
    assert_eq!((first.contact.conversation, first.contact.touched, first.unread), (conversation, 2, 1));
    assert_eq!(first.last.as_ref().unwrap().shown, Preview::Text("hello!".into()));
    assert_eq!(second.contact, Contact::new(ConversationId::Peer(other), unopened.row().arrived));
    assert_eq!(second.last.as_ref().unwrap().hash, *unopened.hash());
    let changed = store.changed_messages(OWNER, conversation, 0, 9).await.unwrap();
    assert_eq!((changed.messages.len(), changed.until), (2, first.changes));
    assert_eq!(store.notes_about(OWNER, text.hash(), 9).await.unwrap(), [edit.row().clone()]);
    store.set_seed(OWNER, &KeySeed::from_bytes([7; 32])).await.unwrap();
    // From now on it is like any other.
    let next = notes::note(notes::PEER, 8, Kind::New, None, "again");
    store.add_messages(OWNER, std::slice::from_ref(&next)).await.unwrap();
    let changed = store.changed_messages(OWNER, conversation, first.changes, 9).await.unwrap();
    assert_eq!(changed.messages, [next.row().clone()]);
    assert_eq!(store.summary(OWNER, conversation).await.unwrap().unwrap().unread, 2);
}

/// Changes a record of the database behind the store's back.
async fn change_records(name: &str, table: &str, change: &str) {
    let script = format!(
        "(name) => new Promise((resolve, reject) => {{
            const request = indexedDB.open(name);
            request.onsuccess = () => {{
                const t = request.result.transaction('{table}', 'readwrite');
                t.oncomplete = () => {{ request.result.close(); resolve(); }};
                t.onabort = () => reject(t.error);
                t.objectStore('{table}').openCursor().onsuccess = (event) => {{
                    const cursor = event.target.result;
                    if (!cursor) return;
                    const record = cursor.value;
                    {change};
                    cursor.update(record);
                    cursor.continue();
                }};
            }};
        }})"
    );
    let run: Function = js_sys::eval(&script).unwrap().dyn_into().unwrap();
    let changed = run.call1(&JsValue::NULL, &name.into()).unwrap();
    JsFuture::from(changed.dyn_into::<Promise>().unwrap()).await.unwrap();
}

#[wasm_bindgen_test]
async fn what_is_damaged_of_a_conversation_hides_neither_it_nor_its_messages() {
    for damage in [
        "delete record.summary",
        "record.summary.unread = 'many'",
        "record.summary.last.hash = 7",
        "record.contact.name = 'no name'",
        "record.contact.touched = 'never'",
        "record.contact = { conversation: record.contact.conversation }",
    ] {
        let name = new_name();
        let store = signed_in(&name).await;
        let messages = [
            notes::note(notes::PEER, 5, Kind::New, None, "hello"),
            notes::note(notes::ME, 6, Kind::New, None, "hi"),
        ];
        store.add_messages(OWNER, &messages).await.unwrap();
        let conversation = messages[0].row().conversation;
        let before = store.summary(OWNER, conversation).await.unwrap().unwrap();
        change_records(&name, "contacts", damage).await;
        let one = store.summary(OWNER, conversation).await.unwrap().expect(damage);
        let [of_list] = store.summaries(OWNER).await.unwrap().try_into().unwrap();
        for now in [one, of_list] {
            assert_eq!((&now.last, now.unread, now.changes), (&before.last, 1, 2), "{damage}");
        }
        assert_eq!(store.contacts(OWNER).await.unwrap().len(), 1);
        store.set_state(OWNER, messages[1].hash(), &SendState::Waiting).await.unwrap();
        assert!(store.summary(OWNER, conversation).await.unwrap().unwrap().last.unwrap().waiting, "{damage}");
    }
}

#[wasm_bindgen_test]
async fn damaged_messages_fail_nothing_else() {
    let name = new_name();
    let store = signed_in(&name).await;
    let messages: Vec<_> = (0..30)
        .map(|n| notes::at(&notes::note(notes::PEER, n, Kind::New, None, &n.to_string()), n))
        .collect();
    store.add_messages(OWNER, &messages).await.unwrap();
    let conversation = messages[0].row().conversation;
    change_records(&name, "messages", "if (record.message.time % 3) record.message.lane = 'sideways'").await;
    let readable: Vec<_> =
        messages.iter().rev().filter(|m| m.row().place.time() % 3 == 0).map(|m| m.row().clone()).collect();
    assert_eq!(store.messages(OWNER, conversation, None, 4).await.unwrap(), readable[..4]);
    assert_eq!(store.messages(OWNER, conversation, None, 99).await.unwrap(), readable);
    let changed = store.changed_messages(OWNER, conversation, 0, 10).await.unwrap();
    assert_eq!((changed.messages.len(), changed.until), (4, 10));
    let damaged = messages[29].hash();
    assert_eq!(store.message(OWNER, damaged).await.unwrap(), None);
    store.set_state(OWNER, damaged, &SendState::Waiting).await.unwrap();
    assert_eq!(store.outbox(OWNER).await.unwrap(), []);
    change_records(&name, "contacts", "delete record.summary").await;
    let anew = store.summary(OWNER, conversation).await.unwrap().unwrap();
    assert_eq!((anew.last.unwrap().hash, anew.changes), (readable[0].hash.clone(), 30));
}

#[wasm_bindgen_test]
async fn a_damaged_account_is_nobody() {
    let name = new_name();
    let store = IndexedDbStore::new(&name);
    store.set_account(Some(&Account { address: OWNER, name: None })).await.unwrap();
    let database = Factory::new().unwrap().open(&name, None).unwrap().await.unwrap();
    let transaction = database.transaction(&["account"], TransactionMode::ReadWrite).unwrap();
    let account = transaction.object_store("account").unwrap();
    account.put(&7.into(), Some(&"current".into())).unwrap().await.unwrap();
    transaction.await.unwrap();
    database.close();
    assert_eq!(store.account().await.unwrap(), None);
}
