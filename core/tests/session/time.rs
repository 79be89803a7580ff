//! Clocks that are wrong: signing in works, and both sides see what was said in the order in which it was said.

use dm3_core::ports::Clock as _;
use dm3_core::testing::{Fault, Network, Pair, Peer};
use proptest::prelude::*;

use crate::support::*;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const YEAR: i64 = 365 * DAY;

/// The errors of the cases that people reported, and some in between.
const ERRORS: [i64; 9] = [0, -10 * MINUTE, 10 * MINUTE, -DAY, DAY, -YEAR, YEAR, 700, -1_300];

#[test]
fn signing_in_and_writing_work_with_any_clock() {
    for error in ERRORS {
        for whole_seconds in [false, true] {
            run(async {
                let pair = Pair::new();
                pair.network.first_service().tell_whole_seconds(whole_seconds);
                pair.bob.clock.set_error(error);
                let (alice, bob) = (pair.alice.sign_up().await, pair.bob.sign_up().await);
                say(&alice, &pair.bob, "question").await;
                assert_eq!(sync(&bob).await, 1, "{error}");
                say(&bob, &pair.alice, "answer").await;
                assert_eq!(sync(&alice).await, 1, "{error}");
                let known = bob.clock_error();
                assert_eq!(known.is_some(), error.abs() > 3 * MINUTE, "{error}");
                assert!(known.is_none_or(|known| known.abs_diff(error) < 1_000), "{known:?} for {error}");
                let true_now = pair.network.clock().now();
                let claimed = conversation(&pair.alice, &pair.bob).await[1].place.time();
                assert!(claimed.abs_diff(true_now) <= 1_000 && bob.now().abs_diff(true_now) <= 1_000);
            });
        }
    }
}

#[test]
fn a_clock_that_is_set_right_in_the_middle_is_noticed_with_the_next_login() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        pair.bob.clock.set_error(DAY);
        sync(&bob).await;
        assert_eq!(bob.clock_error(), Some(DAY));
        say(&alice, &pair.bob, "one").await;
        sync(&bob).await;
        bob.mark_read(pair.alice.conversation()).await.unwrap();
        pair.bob.clock.set_error(0);
        pair.network.first_service().forget_tokens();
        pair.network.clock().advance(1_000);
        say(&alice, &pair.bob, "two").await;
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(bob.clock_error(), None);
        assert_eq!(pair.bob.unread(&pair.alice).await, 1);
    });
}

#[test]
fn what_was_read_by_a_fast_clock_does_not_hide_what_comes_by_the_right_one() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "one").await;
        sync(&bob).await;
        // A start without network: nothing is known of the clock.
        let offline = pair.bob.resume().await;
        pair.bob.clock.set_error(DAY);
        offline.mark_read(pair.alice.conversation()).await.unwrap();
        let online = pair.bob.resume().await;
        say(&alice, &pair.bob, "two").await;
        sync(&online).await;
        assert_eq!(pair.bob.unread(&pair.alice).await, 1);
        online.mark_read(pair.alice.conversation()).await.unwrap();
        assert_eq!(pair.bob.unread(&pair.alice).await, 0);
        say(&alice, &pair.bob, "three").await;
        sync(&online).await;
        assert_eq!(pair.bob.unread(&pair.alice).await, 1);
    });
}

/// Bob takes in letters that alice's client dates as it likes, taken by the service at these times.
async fn dated(letters: &[(&str, u64, i64)], at_once: bool) -> Vec<String> {
    let (pair, _, bob) = Pair::signed_in().await;
    let start = pair.network.clock().now();
    for (text, taken, claimed) in letters {
        pair.network.clock().set(start + taken);
        let mut letter = Letter::new(&pair, text).await;
        letter.timestamp = start.saturating_add_signed(*claimed);
        letter.submit(&pair).await;
        if !at_once {
            sync(&bob).await;
        }
    }
    sync(&bob).await;
    let shown = pair.bob.texts(&pair.alice).await;
    let _ = pair.bob.resume().await;
    assert_eq!(pair.bob.texts(&pair.alice).await, shown);
    shown
}

#[test]
fn messages_that_overtook_each_other_stand_as_they_were_said() {
    for at_once in [true, false] {
        let shown = run(dated(&[("two", 0, -500), ("three", 10, -100), ("one", 20, -900)], at_once));
        assert_eq!(shown, ["one", "two", "three"], "{at_once}");
    }
}

#[test]
fn what_waited_on_another_device_of_its_author_turns_nothing_round() {
    // What that device said comes first, as listings show the newest first and are taken in in pieces.
    let waited =
        (10..26).map(|number| (format!("b{number}"), 1_000 + number * 100, -135_000 + number as i64 * 1_000));
    let quick = (0..4).map(|number| (format!("a{number}"), number * 100, -100_000 + number as i64 * 5_000));
    let last = [("a4".to_owned(), 400, -60_000), ("c".to_owned(), 10_000, 0)];
    let letters: Vec<_> = waited.chain(quick).chain(last).collect();
    let letters: Vec<_> =
        letters.iter().map(|(text, taken, claimed)| (text.as_str(), *taken, *claimed)).collect();
    let shown = run(dated(&letters, true));
    for device in ["a", "b"] {
        let said = shown.iter().filter(|text| text.starts_with(device));
        assert!(said.is_sorted(), "{shown:?}");
    }
}

#[test]
fn claims_that_leap_move_nothing() {
    for at_once in [true, false] {
        // The clock of alice's client is set back by an hour in the middle, and forward by a day.
        let letters =
            [("one", 0, 3_600_000), ("two", 1_000, 1_000), ("three", 2_000, DAY), ("four", 3_000, 0)];
        assert_eq!(run(dated(&letters, at_once)), ["one", "two", "three", "four"], "{at_once}");
    }
}

#[test]
fn a_claim_carries_no_message_past_one_of_ours() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let mut letter = Letter::new(&pair, "question").await;
        letter.submit(&pair).await;
        sync(&bob).await;
        pair.network.clock().advance(1_000);
        say(&bob, &pair.alice, "answer").await;
        pair.network.clock().advance(1_000);
        letter.text = "but".into();
        letter.timestamp -= 5_000;
        letter.submit(&pair).await;
        sync(&bob).await;
        assert_eq!(pair.bob.texts(&pair.alice).await, ["question", "answer", "but"]);
    });
}

#[test]
fn mail_that_waited_for_days_stands_where_its_service_took_it() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        sync(&bob).await;
        let taken = pair.network.clock().now();
        say(&alice, &pair.bob, "on monday").await;
        pair.network.clock().advance(3 * DAY as u64);
        assert_eq!(sync(&bob).await, 1);
        let rows = conversation(&pair.bob, &pair.alice).await;
        assert_eq!((rows[0].place.time(), rows[0].arrived), (taken, taken + 3 * DAY as u64));
    });
}

#[test]
fn a_service_whose_clock_is_wrong_moves_no_message_into_the_future_or_the_past() {
    for error in [-YEAR, -DAY, DAY, YEAR] {
        run(async {
            let pair = Pair::new();
            let (alice, bob) = (pair.alice.sign_up().await, pair.bob.sign_up().await);
            let both = vec![name("ds.dm3.eth"), name("ds2.eth")];
            pair.bob.publish(pair.bob.keys().await.public(), both).await;
            pair.network.second_service().clock().set_error(error);
            sync(&bob).await;
            say(&bob, &pair.alice, "question").await;
            pair.network.clock().advance(5_000);
            pair.network.fail(SUBMIT, Fault::Status(503));
            say(&alice, &pair.bob, "answer").await;
            pair.network.clock().advance(5_000);
            assert_eq!(sync(&bob).await, 1);
            say(&bob, &pair.alice, "question two").await;
            assert_eq!(pair.bob.texts(&pair.alice).await, ["question", "answer", "question two"], "{error}");
            let rows = conversation(&pair.bob, &pair.alice).await;
            assert_eq!(rows[1].place.time() - rows[0].place.time(), 5_000, "{error}");
        });
    }
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody writes, after looking at what has come or not.
    Say { bob: bool, looks: bool },
    /// Somebody's program is started anew.
    Restart { bob: bool },
    /// Time passes: milliseconds.
    Wait(u64),
    /// The first delivery service takes nothing from now on, or takes messages again.
    First { takes: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<bool>(), prop::bool::weighted(0.7)).prop_map(|(bob, looks)| Step::Say { bob, looks }),
        1 => any::<bool>().prop_map(|bob| Step::Restart { bob }),
        2 => prop_oneof![Just(1), 1..2_000_u64, Just(3 * DAY as u64)].prop_map(Step::Wait),
        1 => any::<bool>().prop_map(|takes| Step::First { takes }),
    ]
}

/// Somebody with what they had before them when they wrote each of their messages.
struct Person<'a> {
    peer: &'a Peer,
    session: TestSession,
}

async fn converse(clocks: [i64; 4], whole_seconds: bool, two_services: bool, steps: Vec<Step>) {
    let network = Network::new();
    let (alice, bob) = (Peer::new(&network, "alice"), Peer::new(&network, "bob"));
    alice.clock.set_error(clocks[0]);
    bob.clock.set_error(clocks[1]);
    network.first_service().clock().set_error(clocks[2]);
    network.second_service().clock().set_error(clocks[3]);
    network.first_service().tell_whole_seconds(whole_seconds);
    let mut people = Vec::new();
    for peer in [&alice, &bob] {
        let session = peer.sign_up().await;
        if two_services {
            peer.publish(peer.keys().await.public(), vec![name("ds.dm3.eth"), name("ds2.eth")]).await;
        }
        session.sync().await.unwrap();
        people.push(Person { peer, session });
    }
    // What was said, each with all that its author had read or said before.
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for step in steps {
        match step {
            Step::Say { bob, looks } => {
                let (me, other) = (&people[usize::from(bob)], &people[usize::from(!bob)]);
                if looks {
                    me.session.sync().await.unwrap();
                }
                let before = me.peer.texts(other.peer).await;
                let text = said.len().to_string();
                say(&me.session, other.peer, &text).await;
                said.push((text, before));
            }
            Step::Restart { bob } => {
                let person = &mut people[usize::from(bob)];
                person.session = person.peer.resume().await;
                person.session.sync().await.unwrap();
            }
            Step::Wait(milliseconds) => network.clock().advance(milliseconds),
            Step::First { takes } => {
                network.heal();
                if two_services && !takes {
                    network.fail(SUBMIT, Fault::Status(503));
                }
            }
        }
    }
    network.heal();
    for person in &people {
        person.session.flush().await.unwrap();
    }
    for (at, person) in people.iter().enumerate() {
        person.session.sync().await.unwrap();
        let shown = person.peer.texts(people[1 - at].peer).await;
        assert_eq!(shown.len(), said.len(), "{shown:?}");
        let place = |text: &String| shown.iter().position(|shown| shown == text).unwrap();
        for (text, before) in &said {
            for earlier in before {
                assert!(place(earlier) < place(text), "{earlier} stands after {text}: {shown:?}");
            }
        }
    }
}

fn clock_error() -> impl Strategy<Value = i64> {
    prop_oneof![prop::sample::select(ERRORS.to_vec()), -DAY..DAY]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn both_see_every_answer_after_its_question(
        clocks in [clock_error(), clock_error(), clock_error(), clock_error()],
        whole_seconds: bool,
        steps in prop::collection::vec(step(), 1..24),
    ) {
        run(converse(clocks, whole_seconds, false, steps));
    }

    #[test]
    fn so_they_do_with_two_services_whose_clocks_differ(
        clocks in [clock_error(), clock_error(), clock_error(), clock_error()],
        steps in prop::collection::vec(step(), 1..24),
    ) {
        run(converse(clocks, false, true, steps));
    }
}
