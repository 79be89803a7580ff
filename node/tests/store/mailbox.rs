use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dm3_core::identity::Address;
use dm3_node::store::{
    Arrival, Copy, Database, Delivery, MailboxLimits, Outcome, PICK_UP_BYTES, PICK_UP_MESSAGES, Registered,
    Registration, Service, Standing, Store, Totals,
};

use crate::{Fresh, address};

contract!(
    a_message_is_stored_once,
    a_page_begins_where_the_last_one_ended,
    a_page_and_a_pick_up_are_bounded_in_bytes,
    the_latest_conversation_comes_first,
    only_the_mailbox_that_holds_a_message_removes_it,
    old_messages_are_removed_in_slices,
    the_totals_count_all_mailboxes,
    deliveries_at_once_are_each_stored_once_and_numbered,
    who_sends_one_message_does_not_wait_for_all_of_who_sends_hundreds,
    a_full_mailbox_refuses_more_and_keeps_what_it_holds,
    what_an_account_that_changed_is_sent_must_be_accepted_anew,
    a_reader_by_number_misses_nothing_while_others_write,
    text_that_the_database_cannot_hold_is_found_nowhere,
    counting_keeps_up_with_everything_at_once,
    strangers_fill_their_share_alone_and_give_way_to_known_senders,
    neither_one_known_sender_nor_all_that_are_verified_fill_a_mailbox,
    shares_are_counted_down_however_messages_go,
    what_was_signed_brings_one_message_also_after_it_was_removed,
);

fn delivery(mailbox: Address, sender: &str, n: u32) -> Delivery {
    let mut envelope_hash = [0; 32];
    envelope_hash[..4].copy_from_slice(&n.to_be_bytes());
    Delivery {
        mailbox,
        sender: sender.into(),
        message_hash: format!("0x{n}"),
        sender_address: None,
        standing: Standing::Allowed,
        signed: None,
        envelope_hash,
        received_at: u64::from(n),
        envelope: format!("{{\"n\":{n}}}"),
        account_version: 1,
        limits: limits(u64::MAX, u64::MAX),
    }
}

/// So much in all; a quarter for all unknown senders, half for all that are verified alone, a quarter for each.
fn limits(messages: u64, bytes: u64) -> MailboxLimits {
    MailboxLimits { messages, bytes, unknown: 25, verified: 50, sender: 25 }
}

/// Registers the mailboxes 0, 1 and 2.
async fn register(store: &dyn Store) {
    for n in 0..3 {
        let registration = Registration {
            address: address(n),
            profile: "{}".into(),
            profile_hash: [n; 32],
            service: Service::Mailbox,
            payment: None,
            now: 1,
        };
        store.register(registration).await.unwrap();
        assert_eq!(store.account(address(n)).await.unwrap().unwrap().version, 1);
    }
}

/// Whether it is new here.
async fn deliver(store: &dyn Store, delivery: Delivery) -> bool {
    match store.deliver(delivery).await.unwrap() {
        Outcome::Stored { .. } => true,
        Outcome::Known => false,
        other => panic!("{other:?}"),
    }
}

fn envelopes(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("{{\"n\":{n}}}")).collect()
}

async fn a_message_is_stored_once(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    assert!(deliver(&**store, delivery(address(1), "a.eth", 1)).await);
    assert!(!deliver(&**store, delivery(address(1), "a.eth", 1)).await);
    assert!(deliver(&**store, delivery(address(2), "a.eth", 1)).await);
    let store = &fresh.reopened().await;
    assert!(!deliver(&**store, delivery(address(1), "a.eth", 1)).await);
    assert_eq!(store.pick_up(address(1)).await.unwrap(), envelopes([1]));
    assert_eq!(store.page(address(2), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([1]));
    assert_eq!(store.page(address(3), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([]));
}

async fn a_page_begins_where_the_last_one_ended(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    let count = 2 * PICK_UP_MESSAGES + 1;
    for n in 0..count {
        deliver(&**store, delivery(address(1), "a.eth", n)).await;
        if n % 100 == 0 {
            deliver(&**store, delivery(address(2), "a.eth", n)).await;
        }
    }
    let mut found = Vec::new();
    let mut after = 0;
    loop {
        let page = store.page(address(1), after, PICK_UP_MESSAGES).await.unwrap();
        assert!(page.envelopes.len() <= PICK_UP_MESSAGES as usize);
        found.extend(page.envelopes);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(found, envelopes(0..count));
    let few = store.page(address(1), 0, 3).await.unwrap();
    assert_eq!(few.envelopes, envelopes(0..3));
    assert_eq!(store.page(address(1), few.next.unwrap(), 1).await.unwrap().envelopes, envelopes([3]));
}

async fn a_page_and_a_pick_up_are_bounded_in_bytes(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    let third = "x".repeat(usize::try_from(PICK_UP_BYTES / 3).unwrap());
    for n in 0..4 {
        let envelope = format!("{n}{third}");
        deliver(&**store, Delivery { envelope, ..delivery(address(1), "a.eth", n) }).await;
    }
    let first = |envelopes: &[String]| envelopes.iter().map(|text| text[..1].to_owned()).collect::<Vec<_>>();
    assert_eq!(first(&store.pick_up(address(1)).await.unwrap()), ["3", "2"]);
    let page = store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap();
    assert_eq!(first(&page.envelopes), ["0", "1"]);
    let page = store.page(address(1), page.next.unwrap(), PICK_UP_MESSAGES).await.unwrap();
    assert_eq!(first(&page.envelopes), ["2", "3"]);
    assert_eq!(page.next, None);
}

async fn the_latest_conversation_comes_first(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    for (n, sender) in ["a.eth", "b.eth", "a.eth", "c.eth", "b.eth"].into_iter().enumerate() {
        deliver(&**store, delivery(address(1), sender, u32::try_from(n).unwrap())).await;
    }
    assert_eq!(store.pick_up(address(1)).await.unwrap(), envelopes([4, 1, 3, 2, 0]));
}

async fn only_the_mailbox_that_holds_a_message_removes_it(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    for n in 0..3 {
        deliver(&**store, delivery(address(1), "a.eth", n)).await;
    }
    deliver(&**store, delivery(address(2), "b.eth", 1)).await;
    let copies = store.copies(address(1), "0x1", "a.eth").await.unwrap();
    let [Copy { sender, seq, address: None }] = copies.as_slice() else { panic!("{copies:?}") };
    assert_eq!(sender, "a.eth");
    assert_eq!(store.copies(address(1), "0x9", "a.eth").await.unwrap(), []);
    store.remove(address(2), &[*seq]).await.unwrap();
    assert_eq!(store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([0, 1, 2]));
    store.remove(address(1), &[*seq, 1 << 40, -1]).await.unwrap();
    store.remove(address(1), &[]).await.unwrap();
    assert_eq!(store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([0, 2]));
    assert_eq!(store.page(address(2), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([1]));
    // What was acknowledged may be sent again.
    assert!(deliver(&**store, delivery(address(1), "a.eth", 1)).await);
    assert_eq!(store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([0, 2, 1]));
}

async fn old_messages_are_removed_in_slices(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    for n in 0..10 {
        deliver(&**store, delivery(address(u8::try_from(n % 2).unwrap()), "a.eth", n)).await;
    }
    assert_eq!(store.expire(7, 3).await.unwrap(), 3);
    assert_eq!(store.expire(7, 3).await.unwrap(), 3);
    assert_eq!(store.expire(7, 3).await.unwrap(), 1);
    assert_eq!(store.expire(7, 3).await.unwrap(), 0);
    assert_eq!(store.page(address(0), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([8]));
    assert_eq!(store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([7, 9]));
}

async fn the_totals_count_all_mailboxes(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    assert_eq!(store.totals().await.unwrap(), Totals { messages: 0, bytes: 0 });
    for n in 0..10 {
        deliver(&**store, delivery(address(u8::try_from(n % 2).unwrap()), "a.eth", n)).await;
    }
    deliver(&**store, delivery(address(1), "a.eth", 1)).await;
    assert_eq!(store.totals().await.unwrap(), Totals { messages: 10, bytes: 70 });
    store.expire(4, 10).await.unwrap();
    assert_eq!(store.totals().await.unwrap(), Totals { messages: 6, bytes: 42 });
}

async fn deliveries_at_once_are_each_stored_once_and_numbered(fresh: Fresh) {
    register(&*fresh.store).await;
    let tasks: Vec<_> = (0..300)
        .map(|n| {
            let store = fresh.store.clone();
            // Each envelope three times.
            let delivery = delivery(address(u8::try_from(n / 3 % 3).unwrap()), "a.eth", n / 3);
            tokio::spawn(async move { store.deliver(delivery).await.unwrap() })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Outcome::Stored { seq } => numbers.push(seq),
            Outcome::Known => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(numbers.len(), 100);
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 100);
    assert_eq!(fresh.store.totals().await.unwrap().messages, 100);
    let found = fresh.store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes;
    let mut sorted = found.clone();
    sorted.sort_unstable_by_key(|text| (text.len(), text.clone()));
    assert_eq!(sorted, envelopes((0..100).filter(|n| n % 3 == 1)));
}

async fn who_sends_one_message_does_not_wait_for_all_of_who_sends_hundreds(fresh: Fresh) {
    let store = fresh.store;
    register(store.as_ref()).await;
    let from = |sender: u8, n: u32| Delivery {
        sender_address: Some(address(sender)),
        standing: Standing::Verified,
        ..delivery(address(0), "x", n)
    };
    let answered = Arc::new(AtomicUsize::new(0));
    let many: Vec<_> = (0..250)
        .map(|n| {
            let (store, answered, delivery) = (store.clone(), answered.clone(), from(1, n));
            tokio::spawn(async move {
                store.deliver(delivery).await.unwrap();
                answered.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    // They are in line once the first of them is answered.
    while answered.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(store.deliver(from(2, 1000)).await, Ok(Outcome::Stored { .. })));
    let before = answered.load(Ordering::SeqCst);
    assert!(before < 200, "{before} of 250 were stored first");
    for one in many {
        one.await.unwrap();
    }
}

async fn a_full_mailbox_refuses_more_and_keeps_what_it_holds(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    let limited =
        |n, messages, bytes| Delivery { limits: limits(messages, bytes), ..delivery(address(1), "a.eth", n) };
    for n in 0..3 {
        assert!(deliver(&**store, limited(n, 3, u64::MAX)).await);
    }
    assert_eq!(store.deliver(limited(3, 3, u64::MAX)).await.unwrap(), Outcome::Full);
    // Seven bytes each.
    assert_eq!(store.deliver(limited(3, u64::MAX, 27)).await.unwrap(), Outcome::Full);
    assert_eq!(store.deliver(limited(1, 3, u64::MAX)).await.unwrap(), Outcome::Known);
    assert!(deliver(&**store, delivery(address(2), "a.eth", 3)).await);
    assert_eq!(store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([0, 1, 2]));
    let first = store.copies(address(1), "0x0", "a.eth").await.unwrap()[0].seq;
    store.remove(address(1), &[first]).await.unwrap();
    assert!(deliver(&**store, limited(3, 3, 21)).await);
    assert_eq!(store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([1, 2, 3]));
    // Also within one group: of many at once only as many as fit.
    let tasks: Vec<_> = (10..40)
        .map(|n| {
            let (store, delivery) = (store.clone(), limited(n, 13, u64::MAX));
            tokio::spawn(async move { store.deliver(delivery).await.unwrap() })
        })
        .collect();
    let mut stored = 0;
    for task in tasks {
        stored += u32::from(matches!(task.await.unwrap(), Outcome::Stored { .. }));
    }
    assert_eq!(stored, 10);
}

async fn what_an_account_that_changed_is_sent_must_be_accepted_anew(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    let unknown = delivery(address(9), "a.eth", 1);
    assert_eq!(store.deliver(unknown).await.unwrap(), Outcome::Changed);
    let registration = Registration {
        address: address(1),
        profile: "{\"new\":true}".into(),
        profile_hash: [9; 32],
        service: Service::Mailbox,
        payment: None,
        now: 2,
    };
    // What waits concerns nothing yet, and anybody could post it.
    assert_eq!(store.register(registration).await.unwrap(), Registered::Pending);
    assert!(store.promote(address(1), "{\"new\":true}", false).await.unwrap());
    assert_eq!(store.deliver(delivery(address(1), "a.eth", 1)).await.unwrap(), Outcome::Changed);
    assert_eq!(store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes, envelopes([]));
    let account_version = store.account(address(1)).await.unwrap().unwrap().version;
    let anew = Delivery { account_version, ..delivery(address(1), "a.eth", 1) };
    assert!(deliver(&**store, anew).await);
}

/// Two stores on one database where the engine allows it, and a third that only reads.
async fn a_reader_by_number_misses_nothing_while_others_write(fresh: Fresh) {
    register(&*fresh.store).await;
    let other = match &fresh.database {
        Database::Postgres(_) => fresh.database.open().await.unwrap(),
        Database::Sqlite(_) => fresh.store.clone(),
    };
    let writers: Vec<_> = (0..8u32)
        .map(|writer| {
            let store = if writer % 2 == 0 { fresh.store.clone() } else { other.clone() };
            tokio::spawn(async move {
                for n in 0..50 {
                    assert!(deliver(&*store, delivery(address(1), "a.eth", writer * 50 + n)).await);
                }
            })
        })
        .collect();
    let mut found = Vec::new();
    let mut after = 0;
    loop {
        let written = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let arrival = Arrival { mailbox: address(1), first: after + 1, last: i64::MAX };
        let new = fresh.store.arrived(arrival).await.unwrap();
        // A cursor goes on from the last message seen.
        if let Some(last) = new.last() {
            let n: u32 = last[5..last.len() - 1].parse().unwrap();
            after = fresh.store.copies(address(1), &format!("0x{n}"), "a.eth").await.unwrap()[0].seq;
        }
        let nothing = new.is_empty();
        found.extend(new);
        if written && nothing {
            break;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    found.sort_unstable_by_key(|text| (text.len(), text.clone()));
    assert_eq!(found, envelopes(0..400));
}

async fn text_that_the_database_cannot_hold_is_found_nowhere(fresh: Fresh) {
    let store = &fresh.store;
    register(&**store).await;
    assert_eq!(store.copies(address(1), "0x\0", "a.eth").await.unwrap(), []);
}

async fn counting_keeps_up_with_everything_at_once(fresh: Fresh) {
    register(&*fresh.store).await;
    let writers = (0..6u32).map(|writer| {
        let store = fresh.store.clone();
        tokio::spawn(async move {
            for n in 0..40 {
                let mailbox = address(u8::try_from(n % 3).unwrap());
                deliver(&*store, delivery(mailbox, "a.eth", writer * 40 + n)).await;
                let copies =
                    store.copies(mailbox, &format!("0x{}", writer * 40 + n / 2), "a.eth").await.unwrap();
                let numbers: Vec<i64> = copies.iter().map(|copy| copy.seq).collect();
                store.remove(mailbox, &numbers).await.unwrap();
                store.expire(u64::from(writer), 5).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut left = Totals { messages: 0, bytes: 0 };
    for n in 0..3 {
        let envelopes = fresh.store.page(address(n), 0, PICK_UP_MESSAGES).await.unwrap().envelopes;
        left.messages += envelopes.len() as u64;
        left.bytes += envelopes.iter().map(|text| text.len() as u64).sum::<u64>();
    }
    assert!(left.messages > 0);
    assert_eq!(fresh.store.totals().await.unwrap(), left);
}

fn from(n: u32, standing: Standing, sender: Option<u8>) -> Delivery {
    Delivery {
        standing,
        sender_address: sender.map(address),
        limits: limits(8, u64::MAX),
        ..delivery(address(1), "a.eth", 100 + n)
    }
}

async fn numbers(store: &dyn Store) -> Vec<u32> {
    let envelopes = store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap().envelopes;
    envelopes.iter().map(|text| text[5..text.len() - 1].parse::<u32>().unwrap() - 100).collect()
}

async fn strangers_fill_their_share_alone_and_give_way_to_known_senders(fresh: Fresh) {
    let store = &*fresh.store;
    register(store).await;
    let full = Outcome::Full;
    for n in 0..2 {
        assert!(deliver(store, from(n, Standing::Unknown, Some(9))).await);
    }
    assert_eq!(store.deliver(from(2, Standing::Unknown, Some(8))).await.unwrap(), full, "two of eight");
    // A quarter for each of the known.
    for n in 0..6 {
        let sender = u8::try_from(20 + n / 2).unwrap();
        assert!(deliver(store, from(10 + n, Standing::Allowed, Some(sender))).await);
    }
    assert_eq!(numbers(store).await, [0, 1, 10, 11, 12, 13, 14, 15], "as much as there may be");
    assert!(deliver(store, from(20, Standing::Verified, Some(30))).await);
    assert_eq!(numbers(store).await, [1, 10, 11, 12, 13, 14, 15, 20], "the oldest of the unknown has gone");
    assert!(deliver(store, from(21, Standing::Allowed, Some(31))).await);
    assert_eq!(numbers(store).await, [10, 11, 12, 13, 14, 15, 20, 21]);
    assert_eq!(
        store.deliver(from(22, Standing::Allowed, Some(32))).await.unwrap(),
        full,
        "nobody gives way now"
    );
    assert_eq!(store.totals().await.unwrap().messages, 8);
    // By bytes as well, and in one group: ten bytes each.
    let bytes = |n: u32, standing| Delivery {
        mailbox: address(2),
        envelope: format!("{{\"n\":{n:>4}}}"),
        limits: MailboxLimits { messages: u64::MAX, bytes: 45, unknown: 100, verified: 100, sender: 100 },
        ..from(n, standing, Some(7))
    };
    for n in 0..4 {
        assert!(deliver(store, bytes(n, Standing::Unknown)).await);
    }
    let together =
        futures_util::future::join_all((4..8).map(|n| store.deliver(bytes(n, Standing::Verified))));
    for outcome in together.await {
        assert!(matches!(outcome.unwrap(), Outcome::Stored { .. }));
    }
    let kept = store.page(address(2), 0, PICK_UP_MESSAGES).await.unwrap().envelopes;
    assert_eq!(kept.len(), 4);
    assert!(
        kept.iter().all(|text| ["4}", "5}", "6}", "7}"].iter().any(|end| text.ends_with(end))),
        "{kept:?}"
    );
}

async fn neither_one_known_sender_nor_all_that_are_verified_fill_a_mailbox(fresh: Fresh) {
    let store = &*fresh.store;
    register(store).await;
    for n in 0..2 {
        assert!(deliver(store, from(n, Standing::Verified, Some(9))).await);
    }
    assert_eq!(
        store.deliver(from(2, Standing::Verified, Some(9))).await.unwrap(),
        Outcome::Full,
        "its share"
    );
    for n in 3..5 {
        assert!(deliver(store, from(n, Standing::Verified, Some(10))).await);
    }
    let another = store.deliver(from(5, Standing::Verified, Some(11))).await.unwrap();
    assert_eq!(another, Outcome::Full, "all verified senders have half");
    for n in 6..8 {
        assert!(deliver(store, from(n, Standing::Allowed, Some(12))).await, "a friend has place");
    }
    assert_eq!(
        store.deliver(from(8, Standing::Allowed, Some(12))).await.unwrap(),
        Outcome::Full,
        "its share"
    );
    assert!(deliver(store, from(9, Standing::Allowed, Some(13))).await);
}

async fn shares_are_counted_down_however_messages_go(fresh: Fresh) {
    let store = &*fresh.store;
    register(store).await;
    for round in 0..3 {
        let n = round * 10;
        for n in [n, n + 1] {
            assert!(deliver(store, from(n, Standing::Unknown, None)).await, "{n}");
        }
        for n in [n + 2, n + 3] {
            assert!(deliver(store, from(n, Standing::Verified, Some(9))).await, "{n}");
        }
        assert_eq!(store.deliver(from(n + 4, Standing::Unknown, None)).await.unwrap(), Outcome::Full);
        assert_eq!(store.deliver(from(n + 4, Standing::Verified, Some(9))).await.unwrap(), Outcome::Full);
        if round == 0 {
            let page = store.page(address(1), 0, PICK_UP_MESSAGES).await.unwrap();
            store.remove(address(1), &page.numbers).await.unwrap();
        } else {
            store.expire(u64::MAX, 100).await.unwrap();
        }
    }
}

async fn what_was_signed_brings_one_message_also_after_it_was_removed(fresh: Fresh) {
    let store = &*fresh.store;
    register(store).await;
    let signed = |n, signed: u8, mailbox| Delivery {
        signed: Some([signed; 32]),
        mailbox: address(mailbox),
        ..from(n, Standing::Verified, Some(9))
    };
    assert!(deliver(store, signed(1, 1, 1)).await);
    assert_eq!(store.deliver(signed(2, 1, 1)).await.unwrap(), Outcome::Reused, "another body");
    assert_eq!(store.deliver(signed(1, 1, 1)).await.unwrap(), Outcome::Known);
    assert!(deliver(store, signed(1, 1, 2)).await, "another mailbox");
    store.expire(u64::MAX, 100).await.unwrap();
    assert_eq!(store.deliver(signed(1, 1, 1)).await.unwrap(), Outcome::Known);
    assert_eq!(store.deliver(signed(2, 1, 1)).await.unwrap(), Outcome::Reused);
    // Twice in one group.
    let together = [3, 4].map(|n| store.deliver(signed(n, 2, 1)));
    let mut outcomes = Vec::new();
    for outcome in futures_util::future::join_all(together).await {
        outcomes.push(matches!(outcome.unwrap(), Outcome::Reused));
    }
    outcomes.sort_unstable();
    assert_eq!(outcomes, [false, true]);
    assert_eq!(store.forget_signatures(u64::MAX, 2).await.unwrap(), 2);
    assert_eq!(store.forget_signatures(u64::MAX, 2).await.unwrap(), 1);
    assert!(deliver(store, signed(2, 1, 1)).await);
}
