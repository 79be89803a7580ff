use dm3_node::store::{Evidence, Promise, Promised};

use crate::{Fresh, address};

contract!(
    a_slot_is_promised_to_one_receiver,
    a_slot_that_is_promised_twice_is_told_to_both_receivers,
    of_messages_at_once_one_is_the_first_for_a_slot,
    what_a_sender_promised_to_a_receiver_is_told,
    promises_of_weeks_that_are_over_are_forgotten_and_evidence_is_not,
);

fn promise(receiver: u8, slots: std::ops::Range<u16>) -> Promise {
    Promise {
        contract: address(9),
        sender: address(1),
        key: address(8),
        epoch: 2900,
        voucher: format!("{receiver} {slots:?}"),
        slots,
        receiver: address(receiver),
    }
}

async fn a_slot_is_promised_to_one_receiver(fresh: Fresh) {
    let store = &fresh.store;
    for (given, promised) in [
        (promise(2, 4..7), Promised::New),
        (promise(2, 4..7), Promised::Known),
        (promise(2, 5..6), Promised::Overlaps),
        (promise(2, 6..9), Promised::Overlaps),
        (promise(3, 7..9), Promised::New),
        (promise(3, 3..4), Promised::New),
        // Another deposit, or another week.
        (Promise { contract: address(7), ..promise(3, 4..7) }, Promised::New),
        (Promise { sender: address(7), ..promise(3, 4..7) }, Promised::New),
        (Promise { key: address(7), ..promise(3, 4..7) }, Promised::New),
        (Promise { epoch: 2901, ..promise(3, 4..7) }, Promised::New),
    ] {
        assert_eq!(store.promise(&given).await.unwrap(), promised, "{given:?}");
    }
    assert_eq!(store.double_uses(address(2), 10).await.unwrap(), []);
    let store = fresh.reopened().await;
    assert_eq!(store.promise(&promise(2, 4..7)).await.unwrap(), Promised::Known);
}

async fn a_slot_that_is_promised_twice_is_told_to_both_receivers(fresh: Fresh) {
    let store = &fresh.store;
    store.promise(&promise(2, 4..7)).await.unwrap();
    for receiver in [3, 4] {
        let twice = store.promise(&promise(receiver, 6..8)).await.unwrap();
        assert_eq!(twice, Promised::Twice);
    }
    let told = |receiver: u8| Evidence { one: "2 4..7".into(), other: format!("{receiver} 6..8") };
    // One proof is enough for all of the deposit.
    assert_eq!(store.double_uses(address(2), 10).await.unwrap(), [told(3)]);
    assert_eq!(store.double_uses(address(3), 10).await.unwrap(), [told(3)]);
    assert_eq!(store.double_uses(address(4), 10).await.unwrap(), [told(4)]);
    assert_eq!(store.double_uses(address(5), 10).await.unwrap(), []);
    // What was refused promises nothing: the slot that was free is free.
    assert_eq!(store.promise(&promise(5, 7..8)).await.unwrap(), Promised::New);
}

async fn of_messages_at_once_one_is_the_first_for_a_slot(fresh: Fresh) {
    let both = (promise(2, 0..1), promise(3, 0..1));
    let (one, other) = tokio::join!(fresh.store.promise(&both.0), fresh.store.promise(&both.1));
    let outcomes = [one.unwrap(), other.unwrap()];
    assert!(outcomes.contains(&Promised::New) && outcomes.contains(&Promised::Twice), "{outcomes:?}");
}

async fn what_a_sender_promised_to_a_receiver_is_told(fresh: Fresh) {
    let store = &fresh.store;
    store.promise(&promise(2, 0..1)).await.unwrap();
    store.promise(&promise(3, 1..2)).await.unwrap();
    let next = Promise { epoch: 2901, voucher: "next week".into(), ..promise(2, 0..1) };
    store.promise(&next).await.unwrap();
    store.promise(&Promise { sender: address(7), ..promise(2, 4..7) }).await.unwrap();
    store.promise(&Promise { contract: address(7), ..promise(2, 4..7) }).await.unwrap();
    let told = store.promises(address(9), address(1), address(2), 10).await.unwrap();
    assert_eq!(told, ["next week", "2 0..1"]);
    assert_eq!(store.promises(address(9), address(1), address(2), 1).await.unwrap(), ["next week"]);
    assert_eq!(store.promises(address(9), address(1), address(4), 10).await.unwrap(), [""; 0]);
}

async fn promises_of_weeks_that_are_over_are_forgotten_and_evidence_is_not(fresh: Fresh) {
    let store = &fresh.store;
    store.promise(&promise(2, 0..1)).await.unwrap();
    store.promise(&promise(3, 0..1)).await.unwrap();
    store.promise(&Promise { epoch: 2901, ..promise(2, 0..1) }).await.unwrap();
    assert_eq!(store.forget_promises(2900, 10).await.unwrap(), 0);
    assert_eq!(store.forget_promises(2901, 10).await.unwrap(), 2);
    assert_eq!(store.forget_promises(2901, 10).await.unwrap(), 0);
    assert_eq!(store.promise(&promise(4, 0..1)).await.unwrap(), Promised::New);
    let later = Promise { epoch: 2901, ..promise(2, 0..1) };
    assert_eq!(store.promise(&later).await.unwrap(), Promised::Known);
    assert_eq!(store.double_uses(address(3), 10).await.unwrap().len(), 1);
}
