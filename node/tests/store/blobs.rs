use std::sync::Arc;

use dm3_node::store::{Begun, BlobQuota, BlobUsage, NewBlob, Store};

use crate::{Fresh, address};

contract!(
    a_blob_takes_its_pieces_in_order_and_is_whole_after_all_of_them,
    what_is_promised_counts_until_it_is_removed,
    promises_at_once_do_not_exceed_the_quota_together,
    what_ended_or_was_dropped_is_for_nobody_and_goes_in_slices,
    a_restart_finds_what_was_begun_and_what_is_going,
);

const QUOTA: BlobQuota = BlobQuota { bytes: 100, blobs: 3, all_bytes: 150 };

fn new(n: u8, owner: u8, size: u64) -> NewBlob {
    NewBlob { id: [n; 32], owner: address(owner), size, hash: [7; 32], ends_at: 1000 }
}

async fn begin(store: &Arc<dyn Store>, n: u8, owner: u8, size: u64) -> Begun {
    store.begin_blob(new(n, owner, size), QUOTA).await.unwrap()
}

async fn usage(store: &Arc<dyn Store>, owner: u8) -> (u64, u64) {
    let BlobUsage { blobs, bytes } = store.blob_usage(Some(address(owner))).await.unwrap();
    (blobs, bytes)
}

async fn a_blob_takes_its_pieces_in_order_and_is_whole_after_all_of_them(fresh: Fresh) {
    let store = &fresh.store;
    let id = [1; 32];
    assert_eq!(begin(store, 1, 1, 5).await, Begun::Begun);
    assert!(!store.finish_blob(&id, 5000).await.unwrap(), "nothing has come");
    assert!(store.add_piece(&id, 0, 0, b"abc").await.unwrap());
    assert!(!store.add_piece(&id, 0, 0, b"abc").await.unwrap(), "it came before");
    assert!(!store.add_piece(&id, 3, 1, b"def").await.unwrap(), "more than was promised");
    assert!(!store.add_piece(&[9; 32], 0, 0, b"a").await.unwrap());
    assert!(store.add_piece(&id, 3, 1, b"\0\xff").await.unwrap());
    let blob = store.blob(&id).await.unwrap().unwrap();
    assert_eq!(
        (blob.owner, blob.size, blob.hash, blob.stored, blob.complete),
        (address(1), 5, [7; 32], 5, false)
    );
    assert!(store.finish_blob(&id, 5000).await.unwrap());
    assert!(!store.finish_blob(&id, 9000).await.unwrap());
    let blob = store.blob(&id).await.unwrap().unwrap();
    assert_eq!((blob.complete, blob.ends_at), (true, 5000));
    assert_eq!(store.piece(&id, 1).await.unwrap().as_deref(), Some(b"\0\xff".as_slice()));
    assert_eq!(store.piece(&id, 2).await.unwrap(), None);
    assert!(!store.add_piece(&id, 5, 2, b"").await.unwrap(), "it is complete");
}

async fn what_is_promised_counts_until_it_is_removed(fresh: Fresh) {
    let store = &fresh.store;
    assert_eq!(begin(store, 1, 1, 60).await, Begun::Begun);
    assert_eq!(begin(store, 2, 1, 41).await, Begun::Full);
    assert_eq!(begin(store, 2, 1, 40).await, Begun::Begun);
    assert_eq!(begin(store, 3, 2, 51).await, Begun::NoRoom);
    assert_eq!(begin(store, 3, 2, 50).await, Begun::Begun);
    assert_eq!((usage(store, 1).await, usage(store, 2).await), ((2, 100), (1, 50)));
    assert_eq!(store.blob_usage(None).await.unwrap(), BlobUsage { blobs: 3, bytes: 150 });
    assert!(!store.drop_blob(&[1; 32], address(2)).await.unwrap(), "it is another's");
    assert!(store.drop_blob(&[1; 32], address(1)).await.unwrap());
    assert_eq!(usage(store, 1).await, (2, 100), "it still lies there");
    while store.clear_blobs(0).await.unwrap() {}
    assert_eq!(usage(store, 1).await, (1, 40));
    for n in [4, 5] {
        assert_eq!(begin(store, n, 1, 1).await, Begun::Begun);
    }
    assert_eq!(begin(store, 6, 1, 1).await, Begun::Full, "as many as an account may have");
}

async fn promises_at_once_do_not_exceed_the_quota_together(fresh: Fresh) {
    let tasks = (0..12).map(|n| {
        let store = fresh.store.clone();
        tokio::spawn(async move { begin(&store, n, n % 4, 30).await })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut begun = 0;
    for task in tasks {
        begun += u64::from(task.await.unwrap() == Begun::Begun);
    }
    assert_eq!(begun, 5);
    assert_eq!(fresh.store.blob_usage(None).await.unwrap(), BlobUsage { blobs: 5, bytes: 150 });
}

async fn what_ended_or_was_dropped_is_for_nobody_and_goes_in_slices(fresh: Fresh) {
    let store = &fresh.store;
    for n in [1, 2] {
        begin(store, n, n, 40).await;
        for piece in 0..40 {
            assert!(store.add_piece(&[n; 32], piece, piece, b"x").await.unwrap());
        }
        assert!(store.finish_blob(&[n; 32], 1000 * u64::from(n)).await.unwrap());
    }
    assert!(!store.clear_blobs(999).await.unwrap());
    assert!(store.clear_blobs(1000).await.unwrap());
    assert_eq!(store.blob(&[1; 32]).await.unwrap(), None);
    assert_eq!(store.piece(&[1; 32], 39).await.unwrap(), None, "also what is not removed yet");
    let mut slices = 1;
    while store.clear_blobs(1000).await.unwrap() {
        slices += 1;
    }
    assert!(slices > 3, "{slices}");
    assert_eq!((usage(store, 1).await, usage(store, 2).await), ((0, 0), (1, 40)));
    assert_eq!(store.drop_blobs_of(address(2)).await.unwrap(), 1);
    assert_eq!(store.drop_blobs_of(address(2)).await.unwrap(), 0);
    assert_eq!(store.piece(&[2; 32], 0).await.unwrap(), None);
}

async fn a_restart_finds_what_was_begun_and_what_is_going(fresh: Fresh) {
    let store = &fresh.store;
    begin(store, 1, 1, 20).await;
    begin(store, 2, 1, 20).await;
    store.add_piece(&[1; 32], 0, 0, b"abc").await.unwrap();
    store.add_piece(&[2; 32], 0, 0, b"abc").await.unwrap();
    store.drop_blob(&[2; 32], address(1)).await.unwrap();
    let store = fresh.reopened().await;
    assert_eq!(store.blob(&[1; 32]).await.unwrap().unwrap().stored, 3);
    assert!(store.add_piece(&[1; 32], 3, 1, b"d").await.unwrap(), "it goes on");
    while store.clear_blobs(0).await.unwrap() {}
    assert_eq!(usage(&store, 1).await, (1, 20));
    while store.clear_blobs(1000).await.unwrap() {}
    assert_eq!(store.blob_usage(None).await.unwrap(), BlobUsage::default());
}
