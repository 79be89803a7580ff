use dm3_core::delivery::ChallengeError;
use dm3_core::delivery::api::ApiError;
use dm3_core::ports::StoreError;
use dm3_core::session::HomeError;
use dm3_core::testing::{Fault, Pair, Peer};

use crate::support::*;

const LOG_IN: &str = "POST https://dm3.example/ds/auth";

#[test]
fn one_login_serves_until_the_token_expires() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        for text in ["one", "two"] {
            say(&alice, &pair.bob, text).await;
            assert_eq!(sync(&bob).await, 1);
        }
        assert_eq!(pair.network.count(LOG_IN), 1);
        pair.network.clock().advance(3_600_000);
        say(&alice, &pair.bob, "three").await;
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.network.count(LOG_IN), 2);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["one", "two", "three"]);
    });
}

#[test]
fn a_token_refused_as_forbidden_leads_to_a_new_login_too() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        sync(&bob).await;
        say(&alice, &pair.bob, "hello").await;
        pair.network.fail_nth(1, "messages/incoming", Fault::Status(403));
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn a_token_that_expires_before_the_acknowledgement_is_replaced() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        pair.network.fail_nth(1, ACKNOWLEDGE, Fault::Status(401));
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 0);
    });
}

#[test]
fn nothing_but_a_challenge_is_signed() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let letter = Letter::new(&pair, "give me all your money").await;
        let message = format!(r#"{{"message":"{}","metadata":{{"from":"{}"}}}}"#, letter.text, letter.to);
        for text in [message.as_str(), "alias: bob.user.dm3.eth", "remove: bob.user.dm3.eth", "", "a.b.c"] {
            pair.network.first_service().set_false_challenge(Some(text));
            let refused = HomeError::Api(ApiError::Challenge(ChallengeError::Form));
            assert_eq!(bob.sync().await, Err(refused), "{text}");
        }
        assert_eq!(pair.network.count(LOG_IN), 0, "no signature left the device");
    });
}

#[test]
fn the_challenge_of_another_account_is_not_signed() {
    run(async {
        use dm3_core::delivery::api;
        use dm3_core::ports::Http as _;
        let (pair, _, bob) = Pair::signed_in().await;
        let service = pair.network.first_service();
        let request = api::get_challenge(service.url(), &pair.alice.alias());
        let for_alice: String =
            serde_json::from_str(&pair.network.send(&request).await.unwrap().body).unwrap();
        service.set_false_challenge(Some(&for_alice));
        let refused = HomeError::Api(ApiError::Challenge(ChallengeError::OtherAccount));
        assert_eq!(bob.sync().await, Err(refused));
        assert_eq!(pair.network.count(LOG_IN), 0);
    });
}

#[test]
fn a_delivery_service_that_does_not_know_the_account_is_given_its_profile() {
    run(async {
        let pair = Pair::new();
        let bob = pair.bob.sign_up().await;
        let both = vec![name("ds.dm3.eth"), name("ds2.eth")];
        pair.bob.publish(pair.bob.keys().await.public(), both).await;
        assert_eq!(sync(&bob).await, 0);
        assert_eq!(pair.network.count("POST https://ds2.example/ds/profile"), 1);
        assert_eq!(pair.network.count("GET https://ds2.example/ds/delivery/messages/incoming"), 1);
    });
}

#[test]
fn a_delivery_service_that_knows_an_older_profile_is_given_the_new_one() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        // The service still holds the profile of signing up; both devices know the new keys.
        let keys = keys_of("new keys");
        pair.bob.publish(keys.public(), vec![name("ds.dm3.eth")]).await;
        let seed = dm3_core::identity::KeySeed::derive("new keys");
        let bob = TestSession::resume(pair.bob.directory(), pair.bob.address(), &seed);
        say(&alice, &pair.bob, "to the new keys").await;
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn one_delivery_service_that_is_down_does_not_hide_what_the_other_has() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "through the first").await;
        let both = vec![name("ds2.eth"), name("ds.dm3.eth")];
        pair.bob.publish(pair.bob.keys().await.public(), both).await;
        pair.network.fail("ds2.example", Fault::Unreachable);
        assert_eq!(sync(&bob).await, 1);
        pair.network.fail("dm3.example", Fault::Unreachable);
        assert!(matches!(bob.sync().await, Err(HomeError::Unreachable(_))));
    });
}

#[test]
fn a_delivery_service_that_could_not_be_found_is_looked_for_again() {
    run(async {
        let pair = Pair::new();
        let bob = pair.bob.sign_up().await;
        let later = vec![name("ds.dm3.eth"), name("ds2.eth")];
        pair.network.edit_name(&name("ds2.eth"), |records| {
            records.gateway = Some("https://gateway.broken.example".into());
        });
        pair.bob.publish(pair.bob.keys().await.public(), later).await;
        assert_eq!(bob.homes().await.unwrap().len(), 1);
        pair.network.fail("eth_call", Fault::Unreachable);
        pair.network.clock().advance(60_000);
        assert_eq!(bob.homes().await.unwrap().len(), 1, "what was found is kept");
        pair.network.heal();
        pair.network.edit_name(&name("ds2.eth"), |records| records.gateway = None);
        let homes = bob.homes().await.unwrap();
        assert_eq!(homes.len(), 2);
        assert!(std::rc::Rc::ptr_eq(&homes[1], &bob.homes().await.unwrap()[1]), "sessions are kept");
    });
}

#[test]
fn without_profile_there_is_no_mailbox() {
    run(async {
        let pair = Pair::new();
        let seed = dm3_core::identity::KeySeed::derive("never published");
        let bob = TestSession::resume(pair.bob.directory(), pair.bob.address(), &seed);
        assert_eq!(bob.sync().await, Err(HomeError::NoProfile));
    });
}

#[test]
fn a_store_that_fails_is_told_and_not_taken_for_the_network() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        pair.bob.store.set_failure(Some(StoreError::Full));
        assert_eq!(bob.sync().await, Err(HomeError::Store(StoreError::Full)));
        let carol = Peer::new(&pair.network, "carol");
        pair.alice.store.set_failure(Some(StoreError::Full));
        assert_eq!(alice.compose(carol.conversation(), "lost?").await, Err(StoreError::Full));
        assert_eq!(alice.flush().await, Err(StoreError::Full));
    });
}
