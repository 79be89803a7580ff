use std::sync::Arc;

use dm3_node::store::{NewMessage, PartOf, StorageQuota, Store, Stored};

use crate::{Fresh, address};

contract!(
    messages_are_added_once_and_listed_newest_first,
    edits_replace_or_add,
    conversations_are_listed_by_activity_without_hidden_ones,
    a_released_message_takes_its_conversation_to_the_new_name,
    the_quota_refuses_as_a_whole_and_holds_for_each_account,
    the_same_message_at_once_is_added_once,
    what_waits_is_given_up_to_a_size,
    a_long_conversation_is_merged_as_a_whole,
    a_row_counts_beside_what_it_holds,
    a_part_of_a_list_ends_once_it_has_so_many_bytes_and_has_one_item_at_least,
);

const QUOTA: StorageQuota = StorageQuota { bytes: 1000, conversations: 3, row: 0 };
const ALL: PartOf = PartOf { skipped: 0, most: 100, bytes: 10_000 };

fn message(id: &str, created_at: u64, container: &str, halted: bool) -> NewMessage {
    NewMessage { id: id.into(), created_at, container: container.into(), halted }
}

async fn add(store: &Arc<dyn Store>, contact: &str, messages: &[NewMessage], now: u64) -> Stored {
    store.add_messages(address(1), contact, messages, now, QUOTA).await.unwrap()
}

async fn ids(store: &Arc<dyn Store>, contact: &str, part: PartOf) -> Vec<String> {
    let found = store.messages(address(1), contact, part).await.unwrap();
    found.into_iter().map(|stored| stored.message.id).collect()
}

async fn messages_are_added_once_and_listed_newest_first(fresh: Fresh) {
    let store = &fresh.store;
    let batch =
        [message("a", 1000, "A", false), message("b", 2000, "B", true), message("c", 2000, "C", false)];
    assert_eq!(add(store, "bob", &batch, 1).await, Stored::New(3));
    let more = [message("b", 9000, "other", false), message("d", 500, "D", false)];
    assert_eq!(add(store, "bob", &more, 2).await, Stored::New(1));
    assert_eq!(ids(store, "bob", ALL).await, ["b", "c", "a", "d"]);
    assert_eq!(ids(store, "bob", PartOf { skipped: 2, most: 2, ..ALL }).await, ["a", "d"]);
    assert!(ids(store, "carol", ALL).await.is_empty());
    assert!(store.messages(address(2), "bob", ALL).await.unwrap().is_empty());
    assert_eq!(store.count_messages(address(1), "bob").await.unwrap(), 4);
    assert_eq!(store.count_messages(address(2), "bob").await.unwrap(), 0);
    let store = fresh.reopened().await;
    let found = store.messages(address(1), "bob", ALL).await.unwrap();
    assert_eq!((&found[0].message, found[0].contact.as_str()), (&batch[1], "bob"));
    // The same id is another account's own.
    let other = store.add_messages(address(2), "bob", &batch[..1], 3, QUOTA).await.unwrap();
    assert_eq!(other, Stored::New(1));
}

async fn edits_replace_or_add(fresh: Fresh) {
    let store = &fresh.store;
    add(store, "bob", &[message("a", 1000, "A", true)], 1).await;
    let edits = [message("a", 5000, "A2", false), message("b", 2000, "B", false)];
    let edited = store.edit_messages(address(1), "carol", &edits, 2, QUOTA).await.unwrap();
    assert_eq!(edited, Stored::New(1));
    let bob = store.messages(address(1), "bob", ALL).await.unwrap();
    assert_eq!(bob[0].message, message("a", 1000, "A2", true));
    assert_eq!(ids(store, "carol", ALL).await, ["b"]);
    assert_eq!(store.edit_messages(address(2), "bob", &edits[..1], 3, QUOTA).await.unwrap(), Stored::New(1));
    assert_eq!(store.messages(address(1), "bob", ALL).await.unwrap()[0].message.container, "A2");
}

async fn conversations_are_listed_by_activity_without_hidden_ones(fresh: Fresh) {
    let store = &fresh.store;
    for (contact, location, now) in [("bob", "x", 1), ("carol", "", 2), ("bob", "y", 3)] {
        assert_eq!(
            store.add_conversation(address(1), contact, location, now, QUOTA).await.unwrap(),
            Stored::New(0)
        );
    }
    let listed = async |page| {
        let found = store.conversations(address(1), page).await.unwrap();
        found.into_iter().map(|one| (one.contact, one.preview, one.updated_at)).collect::<Vec<_>>()
    };
    let (bob, carol) = (("bob".to_owned(), None, 1), ("carol".to_owned(), None, 2));
    assert_eq!(listed(ALL).await, [carol.clone(), bob]);
    add(store, "bob", &[message("1", 9, "new", false), message("2", 8, "old", false)], 4).await;
    let bob = ("bob".to_owned(), Some("new".to_owned()), 4);
    assert_eq!(listed(ALL).await, [bob.clone(), carol.clone()]);
    assert_eq!(listed(PartOf { skipped: 1, most: 1, ..ALL }).await, std::slice::from_ref(&carol));
    assert_eq!(store.conversations(address(1), ALL).await.unwrap()[0].profile_location, "y");
    store.hide_conversation(address(2), "bob", true).await.unwrap();
    assert_eq!(listed(ALL).await.len(), 2);
    store.hide_conversation(address(1), "bob", true).await.unwrap();
    assert_eq!(listed(ALL).await, std::slice::from_ref(&carol));
    assert_eq!(store.count_conversations(address(1)).await.unwrap(), 2);
    store.hide_conversation(address(1), "bob", false).await.unwrap();
    assert_eq!(listed(ALL).await, [bob, carol]);
}

async fn a_released_message_takes_its_conversation_to_the_new_name(fresh: Fresh) {
    let store = &fresh.store;
    add(store, "tld", &[message("1", 1, "x", true), message("2", 2, "x", true)], 1).await;
    let halted = async |n| {
        let found = store.halted_messages(address(1), n, u64::MAX).await.unwrap();
        found.into_iter().map(|stored| stored.message.id).collect::<Vec<_>>()
    };
    assert_eq!(halted(100).await, ["1", "2"]);
    assert_eq!(halted(1).await, ["1"]);
    assert!(!store.release_message(address(2), "1", None).await.unwrap());
    assert!(store.release_message(address(1), "1", Some("alias")).await.unwrap());
    assert_eq!(halted(100).await, ["2"]);
    assert_eq!(ids(store, "alias", ALL).await, ["2", "1"]);
    assert!(ids(store, "tld", ALL).await.is_empty());
    // A name that has a conversation already: the two become one.
    add(store, "tld", &[message("3", 3, "x", true)], 2).await;
    assert!(store.release_message(address(1), "3", Some("alias")).await.unwrap());
    assert!(store.release_message(address(1), "3", Some("alias")).await.unwrap());
    assert_eq!(ids(store, "alias", ALL).await, ["3", "2", "1"]);
    assert_eq!(store.count_conversations(address(1)).await.unwrap(), 1);
    assert_eq!(store.conversations(address(1), ALL).await.unwrap()[0].updated_at, 2);
    assert!(store.release_message(address(1), "2", None).await.unwrap());
    assert!(halted(100).await.is_empty());
    // The place of the joined conversation is free again.
    for contact in ["a", "b"] {
        assert_eq!(add(store, contact, &[], 3).await, Stored::New(0));
    }
}

async fn the_quota_refuses_as_a_whole_and_holds_for_each_account(fresh: Fresh) {
    let store = &fresh.store;
    let large = "x".repeat(900);
    add(store, "bob", &[message("1", 1, &large, false)], 1).await;
    let batch = [message("2", 2, "fits", false), message("3", 3, &large, false)];
    assert_eq!(add(store, "bob", &batch, 2).await, Stored::Full);
    assert_eq!(ids(store, "bob", ALL).await, ["1"]);
    let smaller = [message("1", 1, "small", false)];
    assert_eq!(store.edit_messages(address(1), "bob", &smaller, 3, QUOTA).await.unwrap(), Stored::New(0));
    assert_eq!(add(store, "bob", &batch, 4).await, Stored::New(2));
    for (contact, stored) in
        [("c", Stored::New(0)), ("d", Stored::New(0)), ("e", Stored::Full), ("c", Stored::New(0))]
    {
        assert_eq!(add(store, contact, &[], 5).await, stored, "{contact}");
    }
    let location = "x".repeat(500);
    let over = store.add_conversation(address(1), "c", &location, 6, QUOTA).await.unwrap();
    assert_eq!(over, Stored::Full);
    assert_eq!(store.add_conversation(address(2), "c", &location, 6, QUOTA).await.unwrap(), Stored::New(0));
}

async fn the_same_message_at_once_is_added_once(fresh: Fresh) {
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = fresh.store.clone();
            tokio::spawn(async move { add(&store, "bob", &[message("1", 1, "x", false)], 1).await })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += usize::from(task.await.unwrap() == Stored::New(1));
    }
    assert_eq!(new, 1);
    assert_eq!(fresh.store.count_conversations(address(1)).await.unwrap(), 1);
    assert_eq!(ids(&fresh.store, "bob", ALL).await, ["1"]);
}

async fn what_waits_is_given_up_to_a_size(fresh: Fresh) {
    let store = &fresh.store;
    let waiting = ["1", "2", "3"].map(|id| message(id, 1, &"x".repeat(100), true));
    add(store, "bob", &waiting, 1).await;
    for (bytes, given) in [(0, 1), (99, 1), (100, 2), (250, 3)] {
        assert_eq!(store.halted_messages(address(1), 10, bytes).await.unwrap().len(), given, "{bytes}");
    }
}

async fn a_long_conversation_is_merged_as_a_whole(fresh: Fresh) {
    let store = &fresh.store;
    let large = StorageQuota { bytes: u64::MAX, ..QUOTA };
    let many: Vec<_> = (0..1203).map(|n| message(&n.to_string(), 1, "x", n == 700)).collect();
    store.add_messages(address(1), "bob", &many, 1, large).await.unwrap();
    store.add_messages(address(1), "bobby", &[message("a", 1, "x", false)], 1, large).await.unwrap();
    assert!(store.release_message(address(1), "700", Some("bobby")).await.unwrap());
    assert_eq!(store.count_messages(address(1), "bobby").await.unwrap(), 1204);
    assert_eq!(store.count_conversations(address(1)).await.unwrap(), 1);
}

async fn a_row_counts_beside_what_it_holds(fresh: Fresh) {
    let quota = StorageQuota { bytes: 1000, conversations: 9, row: 300 };
    let empty = ["1", "2", "3"].map(|id| message(id, 1, "", false));
    let stored = fresh.store.add_messages(address(1), "bob", &empty, 1, quota).await.unwrap();
    assert_eq!(stored, Stored::Full);
    let stored = fresh.store.add_messages(address(1), "bob", &empty[..2], 1, quota).await.unwrap();
    assert_eq!(stored, Stored::New(2));
}

async fn a_part_of_a_list_ends_once_it_has_so_many_bytes_and_has_one_item_at_least(fresh: Fresh) {
    let store = &fresh.store;
    let batch = ["a", "b", "c", "d"].map(|id| message(id, 1, &id.repeat(10), false));
    add(store, "bob", &batch, 1).await;
    let part = |skipped, bytes| PartOf { skipped, most: 3, bytes };
    assert_eq!(ids(store, "bob", part(0, 1)).await, ["a"]);
    assert_eq!(ids(store, "bob", part(1, 11)).await, ["b", "c"]);
    assert_eq!(ids(store, "bob", part(0, 100)).await, ["a", "b", "c"]);
    assert_eq!(ids(store, "bob", part(3, 100)).await, ["d"]);
    assert!(ids(store, "bob", part(4, 100)).await.is_empty());
    add(store, "carol", &[message("e", 1, "eeeee", false)], 2).await;
    store.add_conversation(address(1), "dave", "", 3, QUOTA).await.unwrap();
    let listed = async |part| {
        let found = store.conversations(address(1), part).await.unwrap();
        found.into_iter().map(|one| one.contact).collect::<Vec<_>>()
    };
    assert_eq!(listed(part(0, 1)).await, ["dave", "carol"], "without a message there is nothing to hold");
    assert_eq!(listed(part(1, 5)).await, ["carol"]);
    assert_eq!(listed(part(0, 6)).await, ["dave", "carol", "bob"]);
}
