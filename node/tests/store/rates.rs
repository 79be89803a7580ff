use dm3_node::store::Rate;

use crate::Fresh;

contract!(
    so_many_may_come_at_once_and_then_one_each_time_its_share_has_passed,
    of_several_all_are_counted_or_none,
    uses_at_the_same_time_are_counted_each,
    a_clock_that_was_wrong_refuses_nobody_for_longer,
    what_is_over_is_forgotten,
);

const NOW: u64 = 1_795_398_894_000;

fn rate(key: u8, most: u32) -> Rate {
    Rate { key: [key; 32], pause: 1000, most }
}

async fn so_many_may_come_at_once_and_then_one_each_time_its_share_has_passed(fresh: Fresh) {
    let store = fresh.store;
    for _ in 0..3 {
        assert_eq!(store.count_uses(&[rate(1, 3)], NOW).await.unwrap(), None);
    }
    assert_eq!(store.count_uses(&[rate(1, 3)], NOW + 400).await.unwrap(), Some(600));
    assert_eq!(store.count_uses(&[rate(2, 3)], NOW).await.unwrap(), None, "another is not concerned");
    assert_eq!(store.count_uses(&[rate(1, 3)], NOW + 1000).await.unwrap(), None);
    assert_eq!(store.count_uses(&[rate(1, 3)], NOW + 1000).await.unwrap(), Some(1000));
    for _ in 0..3 {
        assert_eq!(
            store.count_uses(&[rate(1, 3)], NOW + 9000).await.unwrap(),
            None,
            "after a while as at first"
        );
    }
}

async fn of_several_all_are_counted_or_none(fresh: Fresh) {
    let store = fresh.store;
    assert_eq!(store.count_uses(&[rate(2, 1)], NOW).await.unwrap(), None);
    assert_eq!(store.count_uses(&[rate(1, 1), rate(2, 1)], NOW).await.unwrap(), Some(1000));
    assert_eq!(store.count_uses(&[rate(3, 1), rate(1, 1)], NOW).await.unwrap(), None, "it was not counted");
}

async fn uses_at_the_same_time_are_counted_each(fresh: Fresh) {
    let uses = (0..20).map(|n| {
        let store = fresh.store.clone();
        // Each in another order.
        let mut rates = [rate(1, 7), rate(2, 100)];
        rates.rotate_left(n % 2);
        tokio::spawn(async move { store.count_uses(&rates, NOW).await.unwrap().is_none() })
    });
    let mut counted = 0;
    for one in uses.collect::<Vec<_>>() {
        counted += usize::from(one.await.unwrap());
    }
    assert_eq!(counted, 7);
}

async fn a_clock_that_was_wrong_refuses_nobody_for_longer(fresh: Fresh) {
    let store = fresh.store;
    let month = 30 * 24 * 60 * 60 * 1000;
    for _ in 0..2 {
        assert_eq!(store.count_uses(&[rate(1, 2)], NOW + month).await.unwrap(), None);
    }
    for _ in 0..2 {
        assert_eq!(store.count_uses(&[rate(1, 2)], NOW).await.unwrap(), None);
    }
    assert_eq!(
        store.count_uses(&[rate(1, 2)], NOW).await.unwrap(),
        Some(1000),
        "and from then on it is counted"
    );
}

async fn what_is_over_is_forgotten(fresh: Fresh) {
    let store = fresh.store;
    for key in 1..=3 {
        assert_eq!(store.count_uses(&[rate(key, 1)], NOW).await.unwrap(), None);
    }
    assert_eq!(store.forget_rates(NOW + 1000, 10).await.unwrap(), 0);
    assert_eq!(store.forget_rates(NOW + 1001, 2).await.unwrap(), 2);
    assert_eq!(store.forget_rates(NOW + 1001, 2).await.unwrap(), 1);
}
