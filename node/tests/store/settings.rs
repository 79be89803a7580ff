use dm3_node::store::{Registration, Service};

use crate::{Fresh, address};

contract!(
    settings_are_kept_for_each_account_and_replaced_as_a_whole,
    a_change_of_settings_is_a_change_of_the_account,
);

async fn settings_are_kept_for_each_account_and_replaced_as_a_whole(fresh: Fresh) {
    let store = &fresh.store;
    assert_eq!(store.settings(address(1)).await.unwrap(), None);
    for settings in ["{\"a\":1}", "{}"] {
        store.set_settings(address(1), settings).await.unwrap();
        assert_eq!(store.settings(address(1)).await.unwrap().as_deref(), Some(settings));
    }
    assert_eq!(store.settings(address(2)).await.unwrap(), None);
    let store = fresh.reopened().await;
    assert_eq!(store.settings(address(1)).await.unwrap().as_deref(), Some("{}"));
}

async fn a_change_of_settings_is_a_change_of_the_account(fresh: Fresh) {
    let store = &fresh.store;
    for n in [1, 2] {
        let registration = Registration {
            address: address(n),
            profile: "{}".into(),
            profile_hash: [n; 32],
            service: Service::Mailbox,
            payment: None,
            now: 0,
        };
        store.register(registration).await.unwrap();
    }
    let version = async |n| store.account(address(n)).await.unwrap().unwrap().version;
    let (before, others) = (version(1).await, version(2).await);
    store.set_settings(address(1), "{}").await.unwrap();
    let after = version(1).await;
    assert!(after > before);
    store.set_settings(address(1), "{}").await.unwrap();
    assert!(version(1).await > after);
    assert_eq!(version(2).await, others);
}
