use dm3_core::identity::EnsName;

use crate::{Fresh, address};

contract!(a_name_has_one_owner_and_an_address_one_name, of_claims_at_once_one_wins);

fn name(text: &str) -> EnsName {
    text.parse().unwrap()
}

async fn a_name_has_one_owner_and_an_address_one_name(fresh: Fresh) {
    let store = &fresh.store;
    let (alice, bob) = (name("alice.user.eth"), name("bob.user.eth"));
    assert!(store.claim_name(&alice, address(1)).await.unwrap());
    assert!(!store.claim_name(&alice, address(1)).await.unwrap());
    assert!(!store.claim_name(&alice, address(2)).await.unwrap());
    assert!(!store.claim_name(&bob, address(1)).await.unwrap());
    assert_eq!(store.address_of(&alice).await.unwrap(), Some(address(1)));
    assert_eq!(store.name_of(address(1)).await.unwrap(), Some(alice.clone()));
    assert_eq!(store.address_of(&bob).await.unwrap(), None);
    assert_eq!(store.name_of(address(2)).await.unwrap(), None);
    assert!(!store.release_name(&alice, address(2)).await.unwrap());
    let store = fresh.reopened().await;
    assert!(store.release_name(&alice, address(1)).await.unwrap());
    assert!(!store.release_name(&alice, address(1)).await.unwrap());
    assert_eq!(store.address_of(&alice).await.unwrap(), None);
    assert!(store.claim_name(&alice, address(2)).await.unwrap());
}

async fn of_claims_at_once_one_wins(fresh: Fresh) {
    let tasks: Vec<_> = (1..=8)
        .map(|n| {
            let store = fresh.store.clone();
            tokio::spawn(async move { store.claim_name(&name("alice.user.eth"), address(n)).await.unwrap() })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += u32::from(task.await.unwrap());
    }
    assert_eq!(won, 1);
}
