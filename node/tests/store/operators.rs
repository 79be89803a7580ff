use std::sync::Arc;

use dm3_core::identity::Address;
use dm3_node::store::{
    ACTS, Account, Act, BlobQuota, Blockable, Delivery, HistoryQuota, MailboxLimits, NewBlob, NewMessage,
    NewRecord, Outcome, Part, Purged, RecordKey, Registration, Service, Standing, StorageQuota, Store,
};
use serde_json::{Value, json};

use crate::{Fresh, address};

contract!(
    an_export_holds_every_row_and_a_deleted_account_none,
    an_account_goes_on_counting_where_the_deleted_one_ended,
    blocks_are_kept_for_themselves_and_end_sessions,
    a_purge_removes_what_it_says_however_much_that_is,
    every_act_is_told_once_and_in_order,
    logins_are_noted_by_the_hour,
);

const LIMITS: MailboxLimits =
    MailboxLimits { messages: u64::MAX, bytes: u64::MAX, unknown: 100, verified: 100, sender: 100 };

fn act(act: &str) -> Act {
    Act { at: 5, operator: "olga".into(), act: act.into(), subject: "0x01".into() }
}

async fn register(store: &Arc<dyn Store>, n: u8) -> Account {
    let registration = Registration {
        address: address(n),
        profile: "{}".into(),
        profile_hash: [n; 32],
        service: Service::Mailbox,
        payment: None,
        now: 1,
    };
    store.register(registration).await.unwrap();
    store.account(address(n)).await.unwrap().unwrap()
}

fn delivery(account: &Account, n: u32, sender: Option<Address>) -> Delivery {
    let mut envelope_hash = [0; 32];
    envelope_hash[..4].copy_from_slice(&n.to_be_bytes());
    Delivery {
        mailbox: account.address,
        sender: sender.map_or_else(|| "noise.eth".into(), |address| address.to_lower_hex()),
        message_hash: format!("0x{n}"),
        sender_address: sender,
        standing: if sender.is_some() { Standing::Verified } else { Standing::Unknown },
        signed: sender.map(|_| envelope_hash),
        envelope_hash,
        received_at: u64::from(n),
        envelope: format!("{{\"n\":{n}}}"),
        account_version: account.version,
        limits: LIMITS,
    }
}

/// Everything of a part, over all its pages.
async fn exported(store: &Arc<dyn Store>, n: u8, part: Part) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.export(address(n), part, &after).await.unwrap();
        let Some((last, _)) = page.last() else { return all };
        after.clone_from(last);
        all.extend(page.into_iter().map(|(_, row)| row));
    }
}

async fn fill(store: &Arc<dyn Store>, n: u8) {
    let account = register(store, n).await;
    for message in 0..45 {
        let sent = store.deliver(delivery(&account, message, Some(address(9)))).await.unwrap();
        assert!(matches!(sent, Outcome::Stored { .. }));
    }
    let message =
        |id: u64| NewMessage { id: format!("m{id}"), created_at: id, container: "C".into(), halted: id == 0 };
    let messages: Vec<_> = (0..30).map(message).collect();
    let quota = StorageQuota { bytes: 100_000, conversations: 10, row: 0 };
    store.add_messages(address(n), "bob", &messages, 1, quota).await.unwrap();
    let records: Vec<_> = (0..25)
        .map(|id| NewRecord {
            key: RecordKey { conversation: "c".into(), id: format!("r{id}") },
            replaces: 0,
            data: Some(vec![0, 255]),
        })
        .collect();
    store.write_records(address(n), &records, HistoryQuota { bytes: 100_000, records: 100 }).await.unwrap();
    let quota = BlobQuota { bytes: 10_000, blobs: 100, all_bytes: 100_000 };
    for blob in 0..22 {
        let id = [n * 100 + blob; 32];
        let new = NewBlob { id, owner: address(n), size: 30, hash: [blob; 32], ends_at: 9 };
        store.begin_blob(new, quota).await.unwrap();
        for piece in 0..30 {
            store.add_piece(&id, piece, piece, b"x").await.unwrap();
        }
    }
    store.set_settings(address(n), r#"{"deny":[]}"#).await.unwrap();
    store.claim_name(&format!("n{n}.user.eth").parse().unwrap(), address(n)).await.unwrap();
    store.enable_notifications(address(n), true).await.unwrap();
}

const PARTS: [(Part, usize); 5] = [
    (Part::Messages, 45),
    (Part::StorageConversations, 1),
    (Part::StorageMessages, 30),
    (Part::History, 25),
    (Part::Blobs, 22),
];

async fn an_export_holds_every_row_and_a_deleted_account_none(fresh: Fresh) {
    let store = &fresh.store;
    fill(store, 1).await;
    fill(store, 2).await;
    for (part, rows) in PARTS {
        assert_eq!(exported(store, 1, part).await.len(), rows, "{part:?}");
    }
    let stored = &exported(store, 1, Part::StorageMessages).await[0];
    assert_eq!(
        (&stored["id"], &stored["halted"], &stored["container"]),
        (&json!("m0"), &json!(true), &json!("C"))
    );
    let conversation = &exported(store, 1, Part::StorageConversations).await[0];
    assert_eq!((&conversation["contact"], &conversation["hidden"]), (&json!("bob"), &json!(false)));
    let record = &exported(store, 1, Part::History).await[24];
    assert_eq!(record, &json!({ "version": 25, "conversation": "c", "id": "r24", "data": "AP8=" }));
    assert_eq!(exported(store, 1, Part::Messages).await[44]["envelope"], json!({ "n": 44 }));
    let blob = &exported(store, 1, Part::Blobs).await[0];
    assert_eq!(blob, &json!({ "size": 30, "hash": "00".repeat(32), "complete": false, "endsAt": 9 }));

    assert!(store.end_account(address(1), act("delete account")).await.unwrap());
    assert!(!store.end_account(address(1), act("delete account")).await.unwrap());
    let account = register(store, 3).await;
    let late = Delivery { mailbox: address(1), ..delivery(&account, 99, None) };
    assert_eq!(store.deliver(late).await.unwrap(), Outcome::Changed, "nothing comes any more");
    while store.remove_remains(address(1)).await.unwrap() {}
    for (part, rows) in PARTS {
        assert!(exported(store, 1, part).await.is_empty(), "{part:?}");
        assert_eq!(exported(store, 2, part).await.len(), rows, "nobody else's: {part:?}");
    }
    assert_eq!(store.account(address(1)).await.unwrap(), None);
    assert_eq!(store.name_of(address(1)).await.unwrap(), None);
    assert_eq!(store.settings(address(1)).await.unwrap(), None);
    assert!(!store.notifications_enabled(address(1)).await.unwrap());
    assert_eq!(store.history_usage(address(1)).await.unwrap().bytes, 0);
    assert_eq!(store.blob(&[100; 32]).await.unwrap(), None);
    assert_eq!(store.blob_usage(Some(address(1))).await.unwrap().blobs, 0);
    assert_eq!(store.blob_usage(None).await.unwrap(), store.blob_usage(Some(address(2))).await.unwrap());
    let used = store.accounts_by_use(10).await.unwrap();
    assert_eq!(used.iter().map(|account| account.address).collect::<Vec<_>>(), [address(2), address(3)]);
    assert_eq!((used[0].messages, used[0].name.as_deref()), (45, Some("n2.user.eth")));
    assert!(used[0].storage_bytes > 0 && used[0].mailbox_bytes > 0);
    store.free_space().await.unwrap();
    // The same signatures bring messages again.
    fill(store, 1).await;
}

async fn an_account_goes_on_counting_where_the_deleted_one_ended(fresh: Fresh) {
    let store = &fresh.store;
    let first = register(store, 1).await;
    store.end_account(address(1), act("delete account")).await.unwrap();
    assert!(store.ended_epoch(address(1)).await.unwrap() > first.epoch);
    let second = register(store, 1).await;
    assert!(second.epoch > first.epoch, "its old sessions are over");
    assert!(second.version > first.version, "what was cached of it is old");
    let old = store.deliver(delivery(&first, 1, None)).await.unwrap();
    assert_eq!(old, Outcome::Changed);
    store.end_account(address(1), act("delete account")).await.unwrap();
    assert!(register(store, 1).await.epoch > second.epoch);
    assert_eq!(store.ended_epoch(address(2)).await.unwrap(), 0);
}

async fn blocks_are_kept_for_themselves_and_end_sessions(fresh: Fresh) {
    let store = &fresh.store;
    let alice = register(store, 1).await;
    assert!(store.block_account(address(1), true, act("block account")).await.unwrap());
    assert!(!store.block_account(address(1), true, act("block account")).await.unwrap(), "it is so already");
    let blocked = store.account(address(1)).await.unwrap().unwrap();
    assert!(blocked.blocked && blocked.epoch > alice.epoch && blocked.version > alice.version);
    assert!(store.is_sender_blocked(Some(address(1)), "alice.eth").await.unwrap());
    assert!(!store.is_sender_blocked(Some(address(2)), "alice.eth").await.unwrap());
    assert!(!store.is_sender_blocked(None, "alice.eth").await.unwrap());
    assert!(store.block(Blockable::Sender, "alice.eth", true, act("block sender")).await.unwrap());
    assert!(store.is_sender_blocked(None, "alice.eth").await.unwrap());
    assert!(!store.is_blocked(Blockable::Account, "alice.eth").await.unwrap());
    assert!(!store.is_blocked(Blockable::Name, "alice.eth").await.unwrap());
    // It holds for an address without an account, and over the account's end.
    store.block_account(address(2), true, act("block account")).await.unwrap();
    assert!(store.ended_epoch(address(2)).await.unwrap() > 0);
    store.end_account(address(1), act("delete account")).await.unwrap();
    let store = fresh.reopened().await;
    assert!(register(&store, 1).await.blocked);
    assert_eq!(store.blocks().await.unwrap().len(), 3);
    assert!(store.block_account(address(1), false, act("unblock account")).await.unwrap());
    assert!(!store.account(address(1)).await.unwrap().unwrap().blocked);
}

async fn a_purge_removes_what_it_says_however_much_that_is(fresh: Fresh) {
    let store = &fresh.store;
    let account = register(store, 1).await;
    for n in 0..700 {
        store.deliver(delivery(&account, n, None)).await.unwrap();
    }
    for n in 700..705 {
        store.deliver(delivery(&account, n, Some(address(7)))).await.unwrap();
    }
    store.deliver(delivery(&account, 800, Some(address(8)))).await.unwrap();
    let senders = store.senders_by_volume(10).await.unwrap();
    assert_eq!((senders[0].messages, senders[0].verified, senders[0].mailboxes), (700, false, 1));
    assert_eq!((senders[1].address, senders[1].messages), (Some(address(7)), 5));
    let mut removed = 0;
    loop {
        match store.purge(address(1), &Purged::Unknown).await.unwrap() {
            0 => break,
            more => removed += more,
        }
    }
    assert_eq!(removed, 700);
    assert_eq!(store.purge(address(1), &Purged::Address(address(7))).await.unwrap(), 5);
    assert_eq!(store.purge(address(1), &Purged::Name("nobody.eth".into())).await.unwrap(), 0);
    assert_eq!(exported(store, 1, Part::Messages).await.len(), 1);
    assert_eq!(store.accounts_by_use(1).await.unwrap()[0].messages, 1, "it is counted right");
}

async fn every_act_is_told_once_and_in_order(fresh: Fresh) {
    let store = &fresh.store;
    assert_eq!(store.mark(ACTS).await.unwrap(), None);
    store.stop_registration(true, act("stop registration")).await.unwrap();
    store.note_act(act("free space")).await.unwrap();
    assert_eq!(store.mark(ACTS).await.unwrap(), Some(2));
    let name = "alice.user.eth".parse().unwrap();
    assert!(!store.take_back(&name, act("take back name")).await.unwrap(), "what was not done is not told");
    let acts = fresh.reopened().await.acts(10).await.unwrap();
    let told: Vec<_> = acts.iter().map(|act| (act.operator.as_str(), act.act.as_str(), act.at)).collect();
    assert_eq!(told, [("olga", "free space", 5), ("olga", "stop registration", 5)]);
}

async fn logins_are_noted_by_the_hour(fresh: Fresh) {
    let store = &fresh.store;
    register(store, 1).await;
    let hour = 3_600_000;
    for (now, expected) in [(2 * hour, 2 * hour), (2 * hour + 1000, 2 * hour), (4 * hour, 4 * hour)] {
        store.note_login(address(1), now).await.unwrap();
        assert_eq!(store.accounts_by_use(1).await.unwrap()[0].last_login, Some(expected));
    }
}
