use dm3_node::store::{Channel, ChannelKind, CodeIssue, CodeLimits};

use crate::{Fresh, address};

contract!(
    a_channel_is_replaced_switched_and_removed,
    an_account_is_told_only_once_it_wants_to_be,
    of_nodes_that_want_to_tell_an_account_at_once_one_does,
    codes_are_limited_in_number_tries_and_use,
    of_tries_at_once_no_more_are_given_than_allowed,
);

const EMAIL: ChannelKind = ChannelKind::Email;

fn mail(recipient: &str) -> Channel {
    Channel { kind: EMAIL, recipient: recipient.into(), enabled: true, verified: false }
}

fn at(now: u64) -> CodeLimits {
    CodeLimits { now, pause: 60, most: 3, within: 1000 }
}

async fn a_channel_is_replaced_switched_and_removed(fresh: Fresh) {
    let store = &fresh.store;
    store.set_channel(address(1), mail("a@example.org")).await.unwrap();
    store.set_channel(address(1), mail("b@example.org")).await.unwrap();
    let push = Channel { kind: ChannelKind::Push, recipient: "{}".into(), enabled: true, verified: true };
    store.set_channel(address(1), push.clone()).await.unwrap();
    assert_eq!(store.channels(address(1)).await.unwrap(), [mail("b@example.org"), push]);
    assert!(store.channels(address(2)).await.unwrap().is_empty());
    assert!(store.enable_channel(address(1), EMAIL, false).await.unwrap());
    assert!(!store.enable_channel(address(2), EMAIL, false).await.unwrap());
    assert!(!store.channels(address(1)).await.unwrap()[0].enabled);
    assert!(!store.remove_channel(address(1), EMAIL, Some("a@example.org")).await.unwrap());
    assert!(store.remove_channel(address(1), EMAIL, Some("b@example.org")).await.unwrap());
    assert!(!store.remove_channel(address(1), EMAIL, None).await.unwrap());
    let store = fresh.reopened().await;
    assert!(store.remove_channel(address(1), ChannelKind::Push, None).await.unwrap());
    assert!(store.channels(address(1)).await.unwrap().is_empty());
}

async fn an_account_is_told_only_once_it_wants_to_be(fresh: Fresh) {
    let store = &fresh.store;
    assert!(!store.notifications_enabled(address(1)).await.unwrap());
    for _ in 0..2 {
        store.enable_notifications(address(1), true).await.unwrap();
    }
    assert!(store.notifications_enabled(address(1)).await.unwrap());
    assert!(!store.notifications_enabled(address(2)).await.unwrap());
    store.enable_notifications(address(1), false).await.unwrap();
    assert!(!store.notifications_enabled(address(1)).await.unwrap());
}

async fn of_nodes_that_want_to_tell_an_account_at_once_one_does(fresh: Fresh) {
    let claim = |now| fresh.store.claim_notification(address(1), now, 60);
    assert!(!claim(10_000).await.unwrap(), "it does not want to be told");
    fresh.store.enable_notifications(address(1), true).await.unwrap();
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let store = fresh.store.clone();
            tokio::spawn(async move { store.claim_notification(address(1), 10_000, 60).await.unwrap() })
        })
        .collect();
    let mut granted = 0;
    for task in tasks {
        granted += u32::from(task.await.unwrap());
    }
    assert_eq!(granted, 1);
    assert!(!claim(10_059).await.unwrap());
    assert!(claim(10_060).await.unwrap());
    assert!(!fresh.store.claim_notification(address(2), 10_060, 60).await.unwrap());
}

async fn codes_are_limited_in_number_tries_and_use(fresh: Fresh) {
    let store = &fresh.store;
    let new = |digest: u8, now| store.new_code(address(1), EMAIL, [digest; 32], at(now));
    let tried = || store.try_code(address(1), EMAIL, 2);
    assert_eq!(tried().await.unwrap(), None);
    assert_eq!(new(1, 10_000).await.unwrap(), CodeIssue::Issued);
    assert_eq!(new(2, 10_059).await.unwrap(), CodeIssue::TooSoon);
    let code = tried().await.unwrap().unwrap();
    assert_eq!((code.digest, code.made_at), (vec![1; 32], 10_000));
    assert!(tried().await.unwrap().is_some());
    assert_eq!(tried().await.unwrap(), None);
    assert_eq!(new(2, 10_060).await.unwrap(), CodeIssue::Issued);
    // Only the recipient that the channel has now is proven, and a code only once.
    store.set_channel(address(1), mail("b@example.org")).await.unwrap();
    assert!(!store.verify_channel(address(1), EMAIL, "a@example.org").await.unwrap());
    assert!(tried().await.unwrap().is_some());
    assert!(store.verify_channel(address(1), EMAIL, "b@example.org").await.unwrap());
    assert!(store.channels(address(1)).await.unwrap()[0].verified);
    assert_eq!(tried().await.unwrap(), None);
    assert!(!store.verify_channel(address(1), EMAIL, "b@example.org").await.unwrap());
    // The count holds over the channel's removal, for its time.
    store.remove_channel(address(1), EMAIL, None).await.unwrap();
    assert_eq!(new(3, 10_120).await.unwrap(), CodeIssue::Issued);
    assert_eq!(new(4, 10_500).await.unwrap(), CodeIssue::TooMany);
    assert_eq!(new(4, 11_000).await.unwrap(), CodeIssue::Issued);
    assert_eq!(store.new_code(address(2), EMAIL, [0; 32], at(10_000)).await.unwrap(), CodeIssue::Issued);
}

async fn of_tries_at_once_no_more_are_given_than_allowed(fresh: Fresh) {
    fresh.store.new_code(address(1), EMAIL, [1; 32], at(10_000)).await.unwrap();
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let store = fresh.store.clone();
            tokio::spawn(async move { store.try_code(address(1), EMAIL, 5).await.unwrap().is_some() })
        })
        .collect();
    let mut given = 0;
    for task in tasks {
        given += u32::from(task.await.unwrap());
    }
    assert_eq!(given, 5);
}
