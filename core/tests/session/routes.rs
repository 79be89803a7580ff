//! Which delivery services get a message, and when they are asked again.

use dm3_core::delivery::{DeliveryPlan, Refusal, ServiceState};
use dm3_core::device::SendState;
use dm3_core::ports::Clock as _;
use dm3_core::session::Progress;
use dm3_core::testing::{Fault, Pair, Peer};

use crate::support::*;

const FIRST: &str = "POST https://dm3.example/ds/rpc";
const SECOND: &str = "POST https://ds2.example/ds/rpc";

async fn at_both(pair: &Pair, bob: &TestSession) {
    let keys = pair.bob.keys().await.public();
    pair.bob.publish(keys, vec![name("ds.dm3.eth"), name("ds2.eth")]).await;
    sync(bob).await;
}

fn asked(pair: &Pair) -> (usize, usize) {
    (pair.network.count(FIRST), pair.network.count(SECOND))
}

#[test]
fn a_delivery_service_is_left_alone_for_as_long_as_it_wants() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        at_both(&pair, &bob).await;
        pair.network.fail_nth(1, FIRST, Fault::Busy(90));
        assert_eq!(say(&alice, &pair.bob, "one").await.accepted.len(), 1);
        assert_eq!(asked(&pair), (1, 1));
        pair.network.clock().advance(89_999);
        assert_eq!(say(&alice, &pair.bob, "two").await.accepted.len(), 1);
        assert_eq!(asked(&pair), (1, 2), "the second takes its place meanwhile");
        pair.network.clock().advance(1);
        assert_eq!(say(&alice, &pair.bob, "three").await.accepted.len(), 1);
        assert_eq!(asked(&pair), (2, 2));
        assert_eq!(sync(&bob).await, 3);
    });
}

#[test]
fn a_message_waits_while_its_only_delivery_service_wants_to_be_left_alone() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        pair.network.fail_nth(1, FIRST, Fault::Busy(u32::MAX));
        for _ in 0..3 {
            assert_eq!(say(&alice, &pair.bob, "hello").await.accepted.len(), 0);
        }
        assert_eq!(asked(&pair).0, 1);
        // Nobody is silenced for longer than an hour.
        pair.network.clock().advance(3_600_000);
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 3);
        assert_eq!(sync(&bob).await, 3);
    });
}

#[test]
fn weakness_27_a_message_for_all_delivery_services_reaches_each_once_whatever_fails() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        at_both(&pair, &bob).await;
        let to = pair.bob.conversation();
        let sent = alice.compose(to, "to all").await.unwrap().hash().clone();
        let mut plan = DeliveryPlan::default();
        pair.network.fail(SECOND, Fault::Status(500));
        let now = pair.network.clock().now();
        let progress = alice.deliver_to_all(to, &sent, &mut plan).await.unwrap();
        assert_eq!((progress, asked(&pair)), (Progress::NotBefore(now + 30_000), (1, 1)));
        let row = &conversation(&pair.alice, &pair.bob).await[0];
        assert_eq!(row.state, SendState::Accepted, "one has it");
        assert_eq!(alice.flush().await.unwrap(), Default::default());

        // The program starts anew; only the text of the plan is kept.
        drop(alice);
        let alice = pair.alice.resume().await;
        let mut plan = DeliveryPlan::from_text(&plan.to_text()).unwrap();
        let progress = alice.deliver_to_all(to, &sent, &mut plan).await.unwrap();
        assert_eq!((progress, asked(&pair)), (Progress::NotBefore(now + 30_000), (1, 1)), "it is too early");
        pair.network.clock().advance(30_000);
        pair.network.heal();
        pair.network.fail_nth(1, SECOND, Fault::Busy(100));
        let progress = alice.deliver_to_all(to, &sent, &mut plan).await.unwrap();
        assert_eq!(progress, Progress::NotBefore(now + 130_000), "as it wants");
        pair.network.clock().advance(100_000);
        for asked_before in [(1, 3), (1, 3)] {
            let progress = alice.deliver_to_all(to, &sent, &mut plan).await.unwrap();
            assert_eq!((progress, asked(&pair)), (Progress::Done, asked_before));
        }
        assert_eq!(plan.accepted(), 2);
        let waiting =
            [pair.network.first_service(), pair.network.second_service()].map(|s| s.waiting(to.peer()));
        assert_eq!(waiting, [1, 1]);
        assert_eq!(sync(&bob).await, 1, "both copies are one message");
    });
}

#[test]
fn a_message_that_every_delivery_service_refuses_says_why() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        at_both(&pair, &bob).await;
        let to = pair.bob.conversation();
        let sent = alice.compose(to, "to all").await.unwrap().hash().clone();
        let mut plan = DeliveryPlan::default();
        pair.network.fail_nth(1, FIRST, Fault::Status(413));
        pair.network.fail_nth(1, SECOND, Fault::Unreachable);
        let progress = alice.deliver_to_all(to, &sent, &mut plan).await.unwrap();
        assert!(matches!(progress, Progress::NotBefore(_)));
        let state = || async { conversation(&pair.alice, &pair.bob).await[0].state.clone() };
        assert_eq!(state().await, SendState::Waiting);
        pair.network.clock().advance(30_000);
        pair.network.fail_nth(1, SECOND, Fault::Status(413));
        assert_eq!(alice.deliver_to_all(to, &sent, &mut plan).await.unwrap(), Progress::Done);
        let refused = state().await;
        assert!(matches!(&refused, SendState::Refused(Refusal::TooLarge)), "{refused:?}");
        assert!(matches!(plan.state(&name("ds.dm3.eth")), Some(ServiceState::Refused(_))));
    });
}

#[test]
fn nobody_can_be_reached_who_has_not_joined() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        let sent = alice.compose(carol.conversation(), "later").await.unwrap().hash().clone();
        let mut plan = DeliveryPlan::default();
        let deliver = alice.deliver_to_all(carol.conversation(), &sent, &mut plan);
        assert_eq!(deliver.await.unwrap(), Progress::Later);
        let elsewhere = alice.deliver_to_all(pair.bob.conversation(), &sent, &mut plan).await.unwrap();
        assert_eq!(elsewhere, Progress::NotOurs, "it was written to carol");
        carol.sign_up().await;
        let delivered = alice.deliver_to_all(carol.conversation(), &sent, &mut plan).await.unwrap();
        assert_eq!((delivered, plan.accepted()), (Progress::Done, 1));
    });
}
