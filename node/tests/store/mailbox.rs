use dm3_core::identity::Address;
use dm3_node::store::{Copy, Delivery, PICK_UP_BYTES, PICK_UP_MESSAGES, Totals};

use crate::{Fresh, address};

contract!(
    a_message_is_stored_once,
    a_page_begins_where_the_last_one_ended,
    a_page_and_a_pick_up_are_bounded_in_bytes,
    the_latest_conversation_comes_first,
    only_the_mailbox_that_holds_a_message_removes_it,
    old_messages_are_removed_in_slices,
    the_totals_count_all_mailboxes,
);

fn delivery(mailbox: Address, sender: &str, n: u32) -> Delivery {
    let mut envelope_hash = [0; 32];
    envelope_hash[..4].copy_from_slice(&n.to_be_bytes());
    Delivery {
        mailbox,
        sender: sender.into(),
        message_hash: format!("0x{n}"),
        envelope_hash,
        received_at: u64::from(n),
        envelope: format!("{{\"n\":{n}}}"),
    }
}

fn envelopes(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("{{\"n\":{n}}}")).collect()
}

async fn a_message_is_stored_once(fresh: Fresh) {
    let store = &fresh.store;
    assert!(store.deliver(delivery(address(1), "a.eth", 1)).await.unwrap());
    assert!(!store.deliver(delivery(address(1), "a.eth", 1)).await.unwrap());
    assert!(store.deliver(delivery(address(2), "a.eth", 1)).await.unwrap());
    let store = fresh.reopened().await;
    assert!(!store.deliver(delivery(address(1), "a.eth", 1)).await.unwrap());
    assert_eq!(store.pick_up(address(1)).await.unwrap(), envelopes([1]));
    assert_eq!(store.page(address(2), 0).await.unwrap().envelopes, envelopes([1]));
    assert_eq!(store.page(address(3), 0).await.unwrap().envelopes, envelopes([]));
}

async fn a_page_begins_where_the_last_one_ended(fresh: Fresh) {
    let store = &fresh.store;
    let count = 2 * PICK_UP_MESSAGES + 1;
    for n in 0..count {
        store.deliver(delivery(address(1), "a.eth", n)).await.unwrap();
        if n % 100 == 0 {
            store.deliver(delivery(address(2), "a.eth", n)).await.unwrap();
        }
    }
    let mut found = Vec::new();
    let mut after = 0;
    loop {
        let page = store.page(address(1), after).await.unwrap();
        assert!(page.envelopes.len() <= PICK_UP_MESSAGES as usize);
        found.extend(page.envelopes);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(found, envelopes(0..count));
}

async fn a_page_and_a_pick_up_are_bounded_in_bytes(fresh: Fresh) {
    let store = &fresh.store;
    let third = "x".repeat(usize::try_from(PICK_UP_BYTES / 3).unwrap());
    for n in 0..4 {
        let envelope = format!("{n}{third}");
        store.deliver(Delivery { envelope, ..delivery(address(1), "a.eth", n) }).await.unwrap();
    }
    let first = |envelopes: &[String]| envelopes.iter().map(|text| text[..1].to_owned()).collect::<Vec<_>>();
    assert_eq!(first(&store.pick_up(address(1)).await.unwrap()), ["3", "2"]);
    let page = store.page(address(1), 0).await.unwrap();
    assert_eq!(first(&page.envelopes), ["0", "1"]);
    let page = store.page(address(1), page.next.unwrap()).await.unwrap();
    assert_eq!(first(&page.envelopes), ["2", "3"]);
    assert_eq!(page.next, None);
}

async fn the_latest_conversation_comes_first(fresh: Fresh) {
    let store = &fresh.store;
    for (n, sender) in ["a.eth", "b.eth", "a.eth", "c.eth", "b.eth"].into_iter().enumerate() {
        store.deliver(delivery(address(1), sender, u32::try_from(n).unwrap())).await.unwrap();
    }
    assert_eq!(store.pick_up(address(1)).await.unwrap(), envelopes([4, 1, 3, 2, 0]));
}

async fn only_the_mailbox_that_holds_a_message_removes_it(fresh: Fresh) {
    let store = &fresh.store;
    for n in 0..3 {
        store.deliver(delivery(address(1), "a.eth", n)).await.unwrap();
    }
    store.deliver(delivery(address(2), "b.eth", 1)).await.unwrap();
    let copies = store.copies(address(1), "0x1").await.unwrap();
    let [Copy { sender, seq }] = copies.as_slice() else { panic!("{copies:?}") };
    assert_eq!(sender, "a.eth");
    assert_eq!(store.copies(address(1), "0x9").await.unwrap(), []);
    store.remove(address(2), &[*seq]).await.unwrap();
    assert_eq!(store.page(address(1), 0).await.unwrap().envelopes, envelopes([0, 1, 2]));
    store.remove(address(1), &[*seq, 1 << 40, -1]).await.unwrap();
    store.remove(address(1), &[]).await.unwrap();
    assert_eq!(store.page(address(1), 0).await.unwrap().envelopes, envelopes([0, 2]));
    assert_eq!(store.page(address(2), 0).await.unwrap().envelopes, envelopes([1]));
    // What was acknowledged may be sent again.
    assert!(store.deliver(delivery(address(1), "a.eth", 1)).await.unwrap());
    assert_eq!(store.page(address(1), 0).await.unwrap().envelopes, envelopes([0, 2, 1]));
}

async fn old_messages_are_removed_in_slices(fresh: Fresh) {
    let store = &fresh.store;
    for n in 0..10 {
        store.deliver(delivery(address(u8::try_from(n % 2).unwrap()), "a.eth", n)).await.unwrap();
    }
    assert_eq!(store.expire(7, 3).await.unwrap(), 3);
    assert_eq!(store.expire(7, 3).await.unwrap(), 3);
    assert_eq!(store.expire(7, 3).await.unwrap(), 1);
    assert_eq!(store.expire(7, 3).await.unwrap(), 0);
    assert_eq!(store.page(address(0), 0).await.unwrap().envelopes, envelopes([8]));
    assert_eq!(store.page(address(1), 0).await.unwrap().envelopes, envelopes([7, 9]));
}

async fn the_totals_count_all_mailboxes(fresh: Fresh) {
    let store = &fresh.store;
    assert_eq!(store.totals().await.unwrap(), Totals { messages: 0, bytes: 0 });
    for n in 0..10 {
        store.deliver(delivery(address(u8::try_from(n % 2).unwrap()), "a.eth", n)).await.unwrap();
    }
    store.deliver(delivery(address(1), "a.eth", 1)).await.unwrap();
    assert_eq!(store.totals().await.unwrap(), Totals { messages: 10, bytes: 70 });
    store.expire(4, 10).await.unwrap();
    assert_eq!(store.totals().await.unwrap(), Totals { messages: 6, bytes: 42 });
}
