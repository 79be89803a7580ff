use dm3_node::store::Interval;

use crate::Fresh;

contract!(counts_add_up_by_interval_and_old_ones_go);

async fn counts_add_up_by_interval_and_old_ones_go(fresh: Fresh) {
    let store = &fresh.store;
    let interval = |start, messages| Interval { start, messages, bytes: 10 * messages, notifications: 1 };
    for (start, messages) in [(100, 1), (200, 2), (200, 3)] {
        store.count(interval(start, messages), 0).await.unwrap();
    }
    let both = [interval(100, 1), Interval { notifications: 2, ..interval(200, 5) }];
    assert_eq!(store.intervals(0, 300).await.unwrap(), both);
    assert_eq!(store.intervals(101, 300).await.unwrap(), both[1..]);
    assert_eq!(store.intervals(0, 200).await.unwrap(), both[..1]);
    let store = fresh.reopened().await;
    store.count(interval(300, 1), 200).await.unwrap();
    let starts: Vec<u64> = store.intervals(0, 999).await.unwrap().iter().map(|one| one.start).collect();
    assert_eq!(starts, [200, 300]);
}
