use dm3_node::store::{Registered, Registration, Service};

use crate::{Fresh, address};

contract!(
    an_account_exists_from_its_first_registration_on,
    each_service_is_registered_for_itself,
    a_profile_that_was_replaced_is_never_taken_again,
    a_profile_waits_until_it_is_promoted,
    of_registrations_at_once_one_profile_is_kept_and_the_others_wait,
);

fn registration(n: u8, version: u8, service: Service) -> Registration {
    Registration {
        address: address(n),
        profile: format!("{{\"version\":{version}}}"),
        profile_hash: [version; 32],
        service,
        payment: None,
        now: 1_795_398_894_000,
    }
}

async fn an_account_exists_from_its_first_registration_on(fresh: Fresh) {
    let store = &fresh.store;
    assert_eq!(store.account(address(1)).await.unwrap(), None);
    let kept = store.register(registration(1, 1, Service::Mailbox)).await.unwrap();
    assert_eq!(kept, Registered::Kept);
    let store = fresh.reopened().await;
    let account = store.account(address(1)).await.unwrap().unwrap();
    assert_eq!((account.address, account.profile.as_str()), (address(1), r#"{"version":1}"#));
    assert_eq!(store.account(address(2)).await.unwrap(), None);
}

async fn each_service_is_registered_for_itself(fresh: Fresh) {
    let store = &fresh.store;
    for (service, expected) in [
        (Service::Mailbox, (true, false, false)),
        (Service::Storage, (true, true, false)),
        (Service::Gateway, (true, true, true)),
    ] {
        store.register(registration(1, 1, service)).await.unwrap();
        let account = store.account(address(1)).await.unwrap().unwrap();
        assert_eq!((account.mailbox, account.storage, account.gateway), expected);
    }
}

async fn a_profile_that_was_replaced_is_never_taken_again(fresh: Fresh) {
    let store = &fresh.store;
    for (version, expected, held) in [
        (1, Registered::Kept, 1),
        (1, Registered::Kept, 1),
        (2, Registered::Pending, 2),
        (1, Registered::Superseded, 2),
        (3, Registered::Pending, 3),
        (2, Registered::Superseded, 3),
        (3, Registered::Kept, 3),
    ] {
        let posted = registration(1, version, Service::Mailbox);
        assert_eq!(store.register(posted.clone()).await.unwrap(), expected, "{version}");
        let promoted = store.promote(address(1), &posted.profile, true).await.unwrap();
        assert_eq!(promoted, expected == Registered::Pending, "{version}");
        let account = store.account(address(1)).await.unwrap().unwrap();
        assert_eq!(account.profile, format!("{{\"version\":{held}}}"));
    }
    // Another account may hold it: only the one that replaced it may not.
    assert_eq!(store.register(registration(2, 1, Service::Mailbox)).await.unwrap(), Registered::Kept);
    // Anybody can post again what is published: it changes nothing.
    let before = store.account(address(2)).await.unwrap().unwrap();
    assert_eq!(store.register(registration(2, 1, Service::Mailbox)).await.unwrap(), Registered::Kept);
    assert_eq!(store.account(address(2)).await.unwrap().unwrap(), before);
    let refused = store.register(registration(1, 1, Service::Storage)).await.unwrap();
    assert_eq!(refused, Registered::Superseded);
    assert!(!store.account(address(1)).await.unwrap().unwrap().storage);
}

async fn a_profile_waits_until_it_is_promoted(fresh: Fresh) {
    let store = &fresh.store;
    store.register(registration(1, 1, Service::Mailbox)).await.unwrap();
    for version in 2..40 {
        let posted = Registration { now: version.into(), ..registration(1, version, Service::Gateway) };
        assert_eq!(store.register(posted).await.unwrap(), Registered::Pending);
    }
    let account = store.account(address(1)).await.unwrap().unwrap();
    assert_eq!((account.profile.as_str(), account.gateway), (r#"{"version":1}"#, true));
    let waiting = store.pending_profiles(address(1)).await.unwrap();
    let expected: Vec<_> = (32..40).rev().map(|version| format!("{{\"version\":{version}}}")).collect();
    assert_eq!(waiting, expected);
    assert!(!store.promote(address(1), r#"{"version":2}"#, true).await.unwrap(), "it made room");
    assert!(!store.promote(address(2), &expected[0], true).await.unwrap(), "another account's");
    assert!(store.promote(address(1), &expected[3], true).await.unwrap());
    assert_eq!(store.account(address(1)).await.unwrap().unwrap().profile, expected[3]);
    assert_eq!(store.pending_profiles(address(1)).await.unwrap(), [""; 0]);
}

async fn of_registrations_at_once_one_profile_is_kept_and_the_others_wait(fresh: Fresh) {
    let tasks: Vec<_> = (1..=8)
        .map(|version| {
            let store = fresh.store.clone();
            tokio::spawn(async move { store.register(registration(1, version, Service::Mailbox)).await })
        })
        .collect();
    let mut kept = 0;
    for task in tasks {
        kept += u32::from(task.await.unwrap().unwrap() == Registered::Kept);
    }
    assert_eq!(kept, 1);
    assert_eq!(fresh.store.pending_profiles(address(1)).await.unwrap().len(), 7);
}
