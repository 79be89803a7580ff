use std::sync::Arc;

use dm3_node::store::{
    HistoryQuota, HistoryUsage, NewRecord, Record, RecordKey, RecordRange, Store, Written,
};

use crate::{Fresh, address};

contract!(
    a_write_needs_the_version_it_replaces_and_is_all_or_nothing,
    changes_come_in_order_with_deletions_and_end_at_the_bounds,
    a_conversation_comes_backwards_without_deletions,
    usage_is_counted_and_bounded_for_each_account,
    a_reader_who_follows_the_changes_of_writers_at_once_misses_none,
);

const QUOTA: HistoryQuota = HistoryQuota { bytes: 1000, records: 100 };
const ALL: RecordRange<'_> = RecordRange::Changes { after: 0 };

fn key(conversation: &str, id: &str) -> RecordKey {
    RecordKey { conversation: conversation.into(), id: id.into() }
}

fn new(conversation: &str, id: &str, replaces: u64, data: &[u8]) -> NewRecord {
    NewRecord { key: key(conversation, id), replaces, data: Some(data.to_vec()) }
}

fn deleted(conversation: &str, id: &str, replaces: u64) -> NewRecord {
    NewRecord { key: key(conversation, id), replaces, data: None }
}

async fn write(store: &Arc<dyn Store>, records: &[NewRecord]) -> Written {
    store.write_records(address(1), records, QUOTA).await.unwrap()
}

fn ids(records: &[Record]) -> Vec<(&str, u64, bool)> {
    records.iter().map(|record| (record.key.id.as_str(), record.version, record.data.is_some())).collect()
}

async fn a_write_needs_the_version_it_replaces_and_is_all_or_nothing(fresh: Fresh) {
    let store = &fresh.store;
    let written = write(store, &[new("c", "a", 0, b"\0\xff"), new("c", "b", 0, b"")]).await;
    assert_eq!(written, Written::Versions(vec![1, 2]));
    let both = [new("c", "b", 2, b"x"), new("c", "a", 7, b"x"), new("c", "z", 3, b"x")];
    assert_eq!(write(store, &both).await, Written::Conflict(vec![(key("c", "a"), 1), (key("c", "z"), 0)]));
    let found = store.record(address(1), &key("c", "b")).await.unwrap().unwrap();
    assert_eq!((found.version, found.data), (2, Some(vec![])));
    assert_eq!(write(store, &[deleted("c", "a", 1)]).await, Written::Versions(vec![3]));
    assert_eq!(store.record(address(1), &key("c", "a")).await.unwrap().unwrap().data, None);
    assert_eq!(write(store, &[new("c", "a", 3, b"x")]).await, Written::Conflict(vec![(key("c", "a"), 0)]));
    let store = fresh.reopened().await;
    assert_eq!(write(&store, &[new("c", "a", 0, b"again")]).await, Written::Versions(vec![4]));
    let found = store.record(address(1), &key("c", "a")).await.unwrap().unwrap();
    assert_eq!((found.version, found.data.as_deref()), (4, Some(b"again".as_slice())));
    assert_eq!(store.record(address(1), &key("c", "none")).await.unwrap(), None);
    assert_eq!(store.record(address(2), &key("c", "a")).await.unwrap(), None);
}

async fn changes_come_in_order_with_deletions_and_end_at_the_bounds(fresh: Fresh) {
    let store = &fresh.store;
    for (n, id) in ["a", "b", "c", "d"].into_iter().enumerate() {
        write(store, &[new(&n.to_string(), id, 0, &[7; 10])]).await;
    }
    write(store, &[deleted("1", "b", 2)]).await;
    let read = async |range, most, bytes| store.records(address(1), range, most, bytes).await.unwrap();
    let all = [("a", 1, true), ("c", 3, true), ("d", 4, true), ("b", 5, false)];
    assert_eq!(ids(&read(ALL, 100, 1000).await), all);
    assert_eq!(ids(&read(RecordRange::Changes { after: 3 }, 100, 1000).await), all[2..]);
    assert_eq!(ids(&read(ALL, 2, 1000).await), all[..2]);
    // Once there are enough bytes no more are read, but one record always.
    assert_eq!(ids(&read(ALL, 100, 20).await), all[..2]);
    assert_eq!(ids(&read(ALL, 100, 1).await), all[..1]);
    assert!(store.records(address(2), ALL, 100, 1000).await.unwrap().is_empty());
}

async fn a_conversation_comes_backwards_without_deletions(fresh: Fresh) {
    let store = &fresh.store;
    for id in ["a", "b", "c"] {
        write(store, &[new("one", id, 0, b"x"), new("two", id, 0, b"x")]).await;
    }
    write(store, &[deleted("one", "b", 3)]).await;
    let read = async |before, most| {
        let range = RecordRange::Conversation { conversation: "one", before };
        store.records(address(1), range, most, 1000).await.unwrap()
    };
    assert_eq!(ids(&read(u64::MAX, 100).await), [("c", 5, true), ("a", 1, true)]);
    assert_eq!(ids(&read(u64::MAX, 1).await), [("c", 5, true)]);
    assert_eq!(ids(&read(5, 100).await), [("a", 1, true)]);
    assert!(read(1, 100).await.is_empty());
}

async fn usage_is_counted_and_bounded_for_each_account(fresh: Fresh) {
    let store = &fresh.store;
    let usage = |n| store.history_usage(address(n));
    assert_eq!(usage(1).await.unwrap(), HistoryUsage::default());
    write(store, &[new("c", "a", 0, &[0; 900])]).await;
    assert_eq!(write(store, &[new("c", "b", 0, &[0; 101])]).await, Written::Full);
    assert_eq!(usage(1).await.unwrap(), HistoryUsage { last_change: 1, records: 1, bytes: 900 });
    write(store, &[new("c", "a", 1, &[0; 10]), new("c", "b", 0, &[0; 101])]).await;
    write(store, &[deleted("c", "b", 3)]).await;
    assert_eq!(usage(1).await.unwrap(), HistoryUsage { last_change: 4, records: 2, bytes: 10 });
    let few = HistoryQuota { records: 2, ..QUOTA };
    let more = [new("c", "z", 0, b"")];
    assert_eq!(store.write_records(address(1), &more, few).await.unwrap(), Written::Full);
    // What is deleted already takes no more room when it comes back.
    let back = [new("c", "b", 0, b"")];
    assert_eq!(store.write_records(address(1), &back, few).await.unwrap(), Written::Versions(vec![5]));
    assert_eq!(usage(2).await.unwrap(), HistoryUsage::default());
}

async fn a_reader_who_follows_the_changes_of_writers_at_once_misses_none(fresh: Fresh) {
    let writers: Vec<_> = (0..4)
        .map(|n| {
            let store = fresh.store.clone();
            tokio::spawn(async move {
                for m in 0..20 {
                    let record = new("c", &format!("{n}-{m}"), 0, b"x");
                    assert!(matches!(write(&store, &[record]).await, Written::Versions(_)));
                }
            })
        })
        .collect();
    let mut after = 0;
    let mut seen = 0;
    while seen < 80 {
        let range = RecordRange::Changes { after };
        for record in fresh.store.records(address(1), range, 10, 1000).await.unwrap() {
            assert_eq!(record.version, after + 1, "a change was missed");
            after = record.version;
            seen += 1;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
}
