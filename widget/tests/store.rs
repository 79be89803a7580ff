//! The IndexedDB store keeps the storage contract, and its keys leave the browser in no readable form.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

use std::cell::Cell;

use dm3_core::device::{Contact, SendState};
use dm3_core::identity::{Address, KeySeed};
use dm3_core::ports::{Store, StoreError};
use dm3_core::testing::store_contract;
use dm3_widget::adapters::store::IndexedDbStore;
use idb::{DatabaseEvent as _, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::*;
use web_sys::CryptoKey;

wasm_bindgen_test_configure!(run_in_browser);

const OWNER: Address = Address::from_bytes([0xaa; 20]);

/// A database that no other test uses.
fn new_name() -> String {
    thread_local!(static NUMBER: Cell<u32> = const { Cell::new(0) });
    let number = NUMBER.replace(NUMBER.get() + 1);
    format!("store-test-{}-{number}", js_sys::Math::random())
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
    Contact { peer: Address::from_bytes([1; 20]), name: None, read_until: 0, touched }
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
    assert!(matches!(store.seed(other).await, Err(StoreError::Damaged(_))));
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
    let store = IndexedDbStore::new(&name);
    store.put_contact(OWNER, &contact(1)).await.unwrap();
    let mut request = Factory::new().unwrap().open(&name, Some(99)).unwrap();
    request.on_upgrade_needed(|event| {
        event.database().unwrap().create_object_store("newer", ObjectStoreParams::new()).unwrap();
    });
    let newer = request.await.unwrap();
    let Err(StoreError::Unavailable(reason)) = store.contacts(OWNER).await else {
        panic!("an old version wrote")
    };
    assert!(reason.contains("reload"), "{reason}");
    newer.close();
}

#[wasm_bindgen_test]
async fn a_database_that_was_deleted_is_made_again() {
    let name = new_name();
    let store = IndexedDbStore::new(&name);
    store.put_contact(OWNER, &contact(1)).await.unwrap();
    Factory::new().unwrap().delete(&name).unwrap().await.unwrap();
    assert_eq!(store.contacts(OWNER).await.unwrap(), []);
    store.put_contact(OWNER, &contact(2)).await.unwrap();
    assert_eq!(store.contacts(OWNER).await.unwrap(), [contact(2)]);
}

#[wasm_bindgen_test]
async fn an_error_in_the_middle_of_a_batch_stores_nothing() {
    let store = IndexedDbStore::new(&new_name());
    let message = |number: u64, time: u64| dm3_core::device::StoredMessage {
        hash: format!("0x{number:064x}").parse().unwrap(),
        peer: Address::from_bytes([1; 20]),
        author: OWNER,
        lane: dm3_core::device::Lane::Out,
        time,
        arrived: time,
        json: "{}".into(),
        state: SendState::Waiting,
    };
    // No clock shows a time above 2^53, and IndexedDB has no key for it.
    let batch = [message(1, 1), message(2, u64::MAX)];
    assert!(matches!(store.add_messages(OWNER, &batch).await, Err(StoreError::Damaged(_))));
    assert_eq!(store.outbox(OWNER).await.unwrap(), []);
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
    let store = IndexedDbStore::new(&new_name());
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
