use std::cell::RefCell;

use dm3_core::delivery::api::ApiError;
use dm3_core::delivery::socket_io::Packet;
use dm3_core::ports::Clock as _;
use dm3_core::session::{HomeError, Live};
use dm3_core::testing::{Fault, Pair};
use futures_util::future::{join, select};
use serde_json::Value;

use crate::support::*;

/// What bob's live connection tells while something else happens, and how it ends.
async fn live_while(bob: &TestSession, other: impl Future<Output = ()>) -> (Vec<Live>, HomeError) {
    let home = bob.homes().await.unwrap()[0].clone();
    let told = RefCell::new(Vec::new());
    let (error, ()) = join(bob.live(&home, |live| told.borrow_mut().push(live)), other).await;
    (told.into_inner(), error)
}

fn pushed(told: &[Live]) -> Vec<Value> {
    let envelope = |live: &Live| match live {
        Live::Pushed(envelope) => Some(envelope.clone()),
        Live::Connected | Live::Missed | Live::History => None,
    };
    told.iter().filter_map(envelope).collect()
}

#[test]
fn what_is_pushed_is_accepted_and_acknowledged() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let (told, _) = live_while(&bob, async {
            say(&alice, &pair.bob, "one").await;
            say(&alice, &pair.bob, "two").await;
        })
        .await;
        assert_eq!(told[0], Live::Connected);
        let envelopes = pushed(&told);
        assert_eq!(envelopes.len(), 2);
        let home = bob.homes().await.unwrap()[0].clone();
        for envelope in envelopes {
            assert_eq!(accept(&bob, &home, vec![envelope]).await.new.len(), 1);
        }
        assert_eq!(pair.bob.texts(&pair.alice).await, ["one", "two"]);
        assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 0);
        assert_eq!(sync(&bob).await, 0, "nothing is left to fetch");
    });
}

#[test]
fn what_is_pushed_and_fetched_is_one_message() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let (told, _) = live_while(&bob, async {
            say(&alice, &pair.bob, "hello").await;
        })
        .await;
        assert_eq!(sync(&bob).await, 1);
        let home = bob.homes().await.unwrap()[0].clone();
        assert_eq!(accept(&bob, &home, pushed(&told)).await, Default::default());
        assert_eq!(pair.bob.texts(&pair.alice).await, ["hello"]);
    });
}

#[test]
fn silence_ends_the_connection() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let before = pair.network.clock().now();
        let (told, error) = live_while(&bob, async {}).await;
        assert_eq!((told, error), (vec![Live::Connected], HomeError::Closed));
        assert_eq!(pair.network.clock().now() - before, 45_000);
    });
}

#[test]
fn pings_keep_the_connection_alive() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let clock = pair.network.clock().clone();
        let (told, error) = live_while(&bob, async {
            for _ in 0..4 {
                clock.sleep(25_000).await;
                pair.network.first_service().send_frame(&Packet::Ping.to_frame());
            }
            say(&alice, &pair.bob, "after a while").await;
        })
        .await;
        assert_eq!((pushed(&told).len(), error), (1, HomeError::Closed));
    });
}

#[test]
fn whatever_is_pushed_the_connection_goes_on() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let service = pair.network.first_service();
        let (told, _) = live_while(&bob, async {
            service.send_frame("garbage");
            service.send_frame("42[\"message\",{\"message\":\"garbage\"}]");
            service.send_frame("42[\"message\",7]");
            say(&alice, &pair.bob, "hello").await;
        })
        .await;
        assert_eq!(told[1], Live::Missed);
        let home = bob.homes().await.unwrap()[0].clone();
        let received = accept(&bob, &home, pushed(&told)).await;
        assert_eq!((received.new.len(), received.quarantined), (1, 2));
    });
}

#[test]
fn an_ended_connection_says_so_and_a_new_one_works() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let service = pair.network.first_service();
        let (_, error) = live_while(&bob, async { service.send_frame(&Packet::Close.to_frame()) }).await;
        assert_eq!(error, HomeError::Closed);

        pair.network.fail("wss://", Fault::Unreachable);
        let (told, error) = live_while(&bob, async {}).await;
        assert!(told.is_empty() && matches!(error, HomeError::Unreachable(_)));
        pair.network.heal();
        pair.network.fail_nth(1, "ds/auth", Fault::Status(503));
        let (_, error) = live_while(&bob, async {}).await;
        assert_eq!(error, HomeError::Api(ApiError::Unavailable(503)));

        let (told, _) = live_while(&bob, async {
            say(&alice, &pair.bob, "back again").await;
        })
        .await;
        assert_eq!(pushed(&told).len(), 1);
    });
}

#[test]
fn every_device_gets_every_push() {
    run(async {
        let (pair, alice, first) = Pair::signed_in().await;
        let second = pair.bob.resume().await;
        let (first_told, second_told) = (RefCell::new(vec![]), RefCell::new(vec![]));
        let home = first.homes().await.unwrap()[0].clone();
        let other_home = second.homes().await.unwrap()[0].clone();
        let both = join(
            first.live(&home, |live| first_told.borrow_mut().push(live)),
            second.live(&other_home, |live| second_told.borrow_mut().push(live)),
        );
        join(both, say(&alice, &pair.bob, "hello")).await;
        assert_eq!(pushed(&first_told.borrow()).len(), 1);
        assert_eq!(pushed(&second_told.borrow()).len(), 1);
    });
}

#[test]
fn a_connection_that_is_dropped_gets_nothing_more() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let home = bob.homes().await.unwrap()[0].clone();
        let told = RefCell::new(Vec::new());
        {
            let live = std::pin::pin!(bob.live(&home, |live| told.borrow_mut().push(live)));
            select(live, std::future::ready(())).await;
        }
        say(&alice, &pair.bob, "hello").await;
        assert_eq!(told.into_inner(), [Live::Connected]);
        assert_eq!(sync(&bob).await, 1, "it waits in the mailbox");
    });
}
