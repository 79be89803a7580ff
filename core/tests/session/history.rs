//! The account's history on its node: what several devices of an account have in common.

use dm3_core::conversation::ConversationId;
use dm3_core::device::Slot;
use dm3_core::identity::Address;
use dm3_core::message::Draft;
use dm3_core::ports::Store as _;
use dm3_core::session::{HistoryError, Pulled, Pushed};
use dm3_core::testing::{Fault, Pair, Peer, TestWallet};
use serde_json::json;

use super::support::{TestSession, conversation, run, say, sync};

const WRITE: &str = "POST https://dm3.example/api/history";
pub const HISTORY: &str = "https://dm3.example/api/history";

/// Brings everything that changed to the node.
pub async fn push(session: &TestSession) -> usize {
    let mut written = 0;
    for _ in 0..100 {
        let pushed = session.push_history().await.unwrap();
        written += pushed.written;
        if !pushed.more {
            return written;
        }
    }
    panic!("it never ends");
}

/// Has two devices of an account tell each other what changed.
pub async fn exchange(first: &TestSession, second: &TestSession) {
    for session in [first, second] {
        push(session).await;
        pull(first).await;
        pull(second).await;
    }
}

/// Takes in everything, and gives how many conversations changed.
pub async fn pull(session: &TestSession) -> usize {
    let mut changed = 0;
    for _ in 0..100 {
        let pulled = session.pull_history().await.unwrap();
        changed += pulled.changed.len();
        if !pulled.more {
            return changed;
        }
    }
    panic!("it never ends");
}

/// Another device of the same person, with nothing on it.
pub fn another_device(pair: &Pair, name: &str) -> Peer {
    Peer::with_wallet(&pair.network, TestWallet::of(name))
}

/// Two people who have two devices each, for a while already.
struct Phones {
    pair: Pair,
    alice: TestSession,
    /// Alice's.
    phone: TestSession,
    bob: TestSession,
    bobs_phone: Peer,
    bob_on_phone: TestSession,
}

impl Phones {
    async fn new() -> Self {
        let (pair, alice, bob) = Pair::signed_in().await;
        let phone = another_device(&pair, "alice").sign_up().await;
        let bobs_phone = another_device(&pair, "bob");
        let bob_on_phone = bobs_phone.sign_up().await;
        pair.network.clock().advance(100_000);
        Self { pair, alice, phone, bob, bobs_phone, bob_on_phone }
    }

    /// Alice says something on the device whose clock is fast, which only bob's phone has, and then a text on her phone.
    async fn say_fast_and_then(&self, text: &str) {
        let Self { pair, alice, phone, bob, bob_on_phone, .. } = self;
        pair.alice.clock.set_error(20_000);
        say(alice, &pair.bob, "fast").await;
        sync(bob_on_phone).await;
        pair.network.clock().advance(300);
        say(phone, &pair.bob, text).await;
        pair.network.fail("cknowledg", Fault::Unreachable);
        sync(bob).await;
        pair.network.heal();
    }
}

/// A conversation with somebody nobody knows.
fn stranger(number: u16) -> ConversationId {
    let [high, low] = number.to_be_bytes();
    let mut bytes = [0x77; 20];
    bytes[18..].copy_from_slice(&[high, low]);
    ConversationId::Peer(Address::from_bytes(bytes))
}

pub async fn older(session: &TestSession, conversation: ConversationId) {
    for _ in 0..100 {
        if !session.older(conversation).await.unwrap().more {
            return;
        }
    }
    panic!("it never ends");
}

#[test]
fn a_second_device_has_everything_after_signing_in() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        for n in 0..6 {
            say(&alice, &pair.bob, &format!("question {n}")).await;
            sync(&bob).await;
            say(&bob, &pair.alice, &format!("answer {n}")).await;
            sync(&alice).await;
        }
        alice.mark_read(pair.bob.conversation()).await.unwrap();
        alice.set_draft(pair.bob.conversation(), "and one mo", alice.now()).await.unwrap();
        alice.set_setting("receipts", json!(true)).await.unwrap();
        push(&alice).await;
        // What the node has already is not written again.
        assert_eq!(push(&alice).await, 0);

        let second = another_device(&pair, "alice");
        let session = second.sign_up().await;
        pull(&session).await;
        let list = session.conversations().await.unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].unread, 0);
        let last = list[0].last.as_ref().unwrap();
        assert_eq!((last.own, last.place.time()), (false, alice.conversations().await.unwrap()[0].time));
        assert_eq!(session.draft(pair.bob.conversation()).await.unwrap(), "and one mo");
        assert_eq!(session.setting("receipts").await.unwrap(), Some(json!(true)));

        let page = session.page(pair.bob.conversation(), None, 80).await.unwrap();
        assert_eq!((page.messages.len(), page.more, page.on_node), (1, false, true));
        older(&session, pair.bob.conversation()).await;
        assert_eq!(conversation(&second, &pair.bob).await, conversation(&pair.alice, &pair.bob).await);
        assert!(!session.page(pair.bob.conversation(), None, 80).await.unwrap().on_node);
        // What came from the node is not brought back to it.
        assert_eq!(push(&session).await, 0);
        assert_eq!(second.store.outbox(second.address()).await.unwrap(), []);
    });
}

#[test]
fn a_conversation_has_its_name_on_a_further_device() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        alice.keep(&alice.directory().find("bob.eth").await.unwrap()).await.unwrap();
        say(&alice, &pair.bob, "hello").await;
        push(&alice).await;
        let second = another_device(&pair, "alice");
        let session = second.sign_up().await;
        pull(&session).await;
        let list = session.conversations().await.unwrap();
        assert_eq!(list[0].name, Some("bob.eth".parse().unwrap()));
        assert!(list[0].last.is_some());
    });
}

#[test]
fn what_one_device_does_the_other_sees_in_both_directions() {
    run(async {
        let (pair, first, bob) = Pair::signed_in().await;
        let second_device = another_device(&pair, "alice");
        let second = second_device.sign_up().await;
        pull(&first).await;
        pull(&second).await;
        let with_bob = pair.bob.conversation();

        say(&first, &pair.bob, "from the first").await;
        push(&first).await;
        assert_eq!(
            second.pull_history().await.unwrap(),
            Pulled { changed: vec![with_bob], ..Pulled::default() }
        );
        say(&second, &pair.bob, "from the second").await;
        push(&second).await;
        assert_eq!(pull(&first).await, 1);
        assert_eq!(pair.alice.texts(&pair.bob).await, ["from the first", "from the second"]);
        assert_eq!(second_device.texts(&pair.bob).await, ["from the first", "from the second"]);

        sync(&bob).await;
        say(&bob, &pair.alice, "hello").await;
        sync(&first).await;
        push(&first).await;
        pull(&second).await;
        assert_eq!((pair.alice.unread(&pair.bob).await, second_device.unread(&pair.bob).await), (1, 1));
        second.mark_read(with_bob).await.unwrap();
        second.set_draft(with_bob, "hi", second.now()).await.unwrap();
        push(&second).await;
        pull(&first).await;
        assert_eq!(pair.alice.unread(&pair.bob).await, 0);
        assert_eq!(first.draft(with_bob).await.unwrap(), "hi");
        // Everything is where it should be, and both stay quiet.
        for _ in 0..2 {
            assert_eq!((push(&first).await, pull(&second).await), (0, 0));
            assert_eq!((push(&second).await, pull(&first).await), (0, 0));
        }
    });
}

#[test]
fn what_another_device_moved_comes_behind_what_stands_here_and_was_said_before_it() {
    run(async {
        let phones = Phones::new().await;
        phones.say_fast_and_then("one").await;
        let Phones { pair, phone, bob, bobs_phone, bob_on_phone, .. } = phones;
        pair.network.clock().advance(300);
        say(&phone, &pair.bob, "two").await;
        sync(&bob_on_phone).await;
        assert_eq!(bobs_phone.texts(&pair.alice).await, ["one", "two", "fast"], "they claim to be earlier");
        push(&bob_on_phone).await;
        pull(&bob).await;
        older(&bob, pair.alice.conversation()).await;
        let texts = pair.bob.texts(&pair.alice).await;
        let at = |text: &str| texts.iter().position(|other| other == text);
        assert!(texts.len() == 3 && at("one") < at("two"), "{texts:?}");
    });
}

#[test]
fn what_was_answered_on_another_device_stands_behind_what_it_answers_also_where_that_stands_late() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let bobs_phone = another_device(&pair, "bob");
        let bob_on_phone = bobs_phone.sign_up().await;
        pair.network.clock().advance(100_000);
        // What comes next stands behind it here.
        pair.bob.clock.set_error(60_000);
        say(&bob, &pair.alice, "while fast").await;
        pair.bob.clock.set_error(0);
        say(&alice, &pair.bob, "a question").await;
        pair.network.fail("cknowledg", Fault::Unreachable);
        sync(&bob).await;
        pair.network.heal();
        pair.network.clock().advance(1_000);
        sync(&bob_on_phone).await;
        let mut said = vec!["while fast".to_owned(), "a question".to_owned()];
        // All in one millisecond.
        for number in 0..20 {
            let text = format!("answer {number}");
            say(&bob_on_phone, &pair.alice, &text).await;
            said.push(text);
            push(&bob_on_phone).await;
        }
        pull(&bob).await;
        older(&bob, pair.alice.conversation()).await;
        assert_eq!(pair.bob.texts(&pair.alice).await, said);
    });
}

#[test]
fn an_answer_by_a_slow_clock_stands_behind_what_it_answers_also_where_that_stands_later() {
    run(async {
        let phones = Phones::new().await;
        phones.say_fast_and_then("a question").await;
        let Phones { pair, bob, bobs_phone, bob_on_phone, .. } = phones;
        sync(&bob_on_phone).await;
        assert_eq!(bobs_phone.texts(&pair.alice).await, ["a question", "fast"], "it claims to be earlier");
        bobs_phone.clock.set_error(-1_800);
        let bob_on_phone = bobs_phone.resume().await;
        say(&bob_on_phone, &pair.alice, "an answer").await;
        push(&bob_on_phone).await;
        pull(&bob).await;
        older(&bob, pair.alice.conversation()).await;
        assert_eq!(pair.bob.texts(&pair.alice).await, ["fast", "a question", "an answer"]);
    });
}

#[test]
fn what_was_said_on_another_device_stands_before_its_answers_also_where_these_came_first_and_moved() {
    run(async {
        let Phones { pair, alice, phone, bob, bob_on_phone, .. } = Phones::new().await;
        say(&bob_on_phone, &pair.alice, "a question").await;
        push(&bob_on_phone).await;
        // Two answers; the first comes from a device whose clock is fast.
        pair.network.clock().advance(200);
        pair.alice.clock.set_error(20_000);
        say(&alice, &pair.bob, "claims to be later").await;
        pair.network.clock().advance(500);
        say(&phone, &pair.bob, "claims to be earlier").await;
        sync(&bob).await;
        pull(&bob).await;
        older(&bob, pair.alice.conversation()).await;
        let texts = pair.bob.texts(&pair.alice).await;
        assert_eq!(texts, ["a question", "claims to be earlier", "claims to be later"]);
    });
}

#[test]
fn whatever_is_interrupted_nothing_is_lost_or_written_twice() {
    run(async {
        for fault in [Fault::ReplyLost, Fault::Unreachable, Fault::Status(503), Fault::Duplicated] {
            let (pair, alice, _) = Pair::signed_in().await;
            say(&alice, &pair.bob, "one").await;
            push(&alice).await;
            say(&alice, &pair.bob, "two").await;
            alice.set_draft(pair.bob.conversation(), "three", alice.now()).await.unwrap();
            pair.network.fail_nth(1, WRITE, fault);
            let _ = alice.push_history().await;
            // The tab is closed and opened again.
            let alice = pair.alice.resume().await;
            push(&alice).await;
            assert_eq!(alice.push_history().await.unwrap(), Pushed::default(), "{fault:?}");

            let second = another_device(&pair, "alice");
            let session = second.sign_up().await;
            pull(&session).await;
            older(&session, pair.bob.conversation()).await;
            assert_eq!(second.texts(&pair.bob).await, ["one", "two"], "{fault:?}");
            assert_eq!(session.draft(pair.bob.conversation()).await.unwrap(), "three");
            // Messages, contact and draft, each once.
            assert_eq!(pair.network.first_service().history().records(second.address()), 4);
        }
    });
}

#[test]
fn what_two_devices_write_at_once_becomes_one() {
    run(async {
        let (pair, first, _) = Pair::signed_in().await;
        let second_device = another_device(&pair, "alice");
        let second = second_device.sign_up().await;
        pull(&first).await;
        pull(&second).await;
        let with_bob = pair.bob.conversation();
        // Neither knows of the other.
        first.compose(with_bob, "from the first").await.unwrap();
        first.flush().await.unwrap();
        first.set_draft(with_bob, "earlier", first.now()).await.unwrap();
        pair.network.clock().advance(5);
        second.compose(with_bob, "from the second").await.unwrap();
        second.flush().await.unwrap();
        second.mark_read(with_bob).await.unwrap();
        second.set_draft(with_bob, "later", second.now()).await.unwrap();
        push(&second).await;
        push(&first).await;
        pull(&first).await;
        pull(&second).await;
        // What each made of both is the same after one more round.
        exchange(&first, &second).await;
        for (session, device) in [(&first, &pair.alice), (&second, &second_device)] {
            assert_eq!(device.texts(&pair.bob).await, ["from the first", "from the second"]);
            assert_eq!(session.draft(with_bob).await.unwrap(), "later");
        }
        let contact = |session: &TestSession| run(session.contact(with_bob)).unwrap().unwrap();
        assert_eq!(contact(&first).read_until, contact(&second).read_until);
        assert_eq!((pull(&first).await, pull(&second).await), (0, 0));
    });
}

#[test]
fn a_node_can_hold_back_and_nothing_more() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&bob, &pair.alice, "hello").await;
        sync(&alice).await;
        say(&alice, &pair.bob, "hi").await;
        push(&alice).await;
        let here = conversation(&pair.alice, &pair.bob).await;
        let node = pair.network.first_service().history();
        let (own, mut seen) = (pair.alice.address(), Vec::new());
        node.tamper(own, |_, data| {
            seen.push(data.to_owned());
            Some(data.to_owned())
        });
        // Garbage, a good record in another's place, nothing at all.
        for change in 0..3 {
            let count = seen.len();
            let forged = seen.clone();
            node.tamper(own, |number, _| match change {
                0 => Some("AAAA".into()),
                1 => Some(forged[(number + 1) % count].clone()),
                _ => None,
            });
            let second = another_device(&pair, "alice");
            let session = second.sign_up().await;
            assert_eq!(pull(&session).await, 0);
            older(&session, pair.bob.conversation()).await;
            assert_eq!(conversation(&second, &pair.bob).await, []);
            pull(&pair.alice.resume().await).await;
            assert_eq!(conversation(&pair.alice, &pair.bob).await, here);
            let restored = seen.clone();
            node.tamper(own, |number, _| Some(restored[number].clone()));
        }
        // Another account with records of its own sees nothing of them.
        pull(&bob).await;
        assert_eq!(bob.conversations().await.unwrap().len(), 1);
    });
}

#[test]
fn a_node_that_lost_something_is_given_it_again_once_a_day() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let node = pair.network.first_service().history();
        say(&alice, &pair.bob, "one").await;
        push(&alice).await;
        let before = node.snapshot(pair.alice.address());
        say(&alice, &pair.bob, "two").await;
        push(&alice).await;
        let complete = node.records(pair.alice.address());

        pair.network.clock().advance(25 * 3600 * 1000);
        for (repaired, expected) in [(true, complete), (false, complete - 1), (true, complete)] {
            node.restore(pair.alice.address(), &before);
            let alice = pair.alice.resume().await;
            pull(&alice).await;
            push(&alice).await;
            assert_eq!(node.records(pair.alice.address()), expected, "{repaired}");
            if !repaired {
                // What it lost then is not forgotten.
                pair.network.clock().advance(25 * 3600 * 1000);
                let alice = pair.alice.resume().await;
                pull(&alice).await;
                push(&alice).await;
                assert_eq!(node.records(pair.alice.address()), complete);
                pair.network.clock().advance(25 * 3600 * 1000);
            }
        }
        assert_eq!(pair.alice.texts(&pair.bob).await, ["one", "two"]);
    });
}

#[test]
fn what_a_node_does_not_take_is_told_and_stays_here() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let node = pair.network.first_service().history();
        node.set_room(Some(2));
        say(&alice, &pair.bob, "one").await;
        push(&alice).await;
        say(&alice, &pair.bob, "two").await;
        let pushed = alice.push_history().await.unwrap();
        assert!(
            pushed.full && !pushed.more && pushed.written == 1,
            "what is known of bob takes no room: {pushed:?}"
        );
        // There is room again.
        node.set_room(None);
        assert_eq!(alice.push_history().await.unwrap().written, 1);

        let long = "x".repeat(600_000);
        let with_bob = pair.bob.conversation();
        alice.write(with_bob, &[], |header| Draft::text(header, &long)).await.unwrap();
        pair.network.clock().advance(60_000);
        let pushed = alice.push_history().await.unwrap();
        assert_eq!((pushed.too_large, pushed.full), (1, false));
        assert_eq!(alice.push_history().await.unwrap(), Pushed::default());
    });
}

#[test]
fn a_list_of_many_conversations_takes_a_few_requests_and_their_messages_come_when_asked_for() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        for number in 0..300 {
            alice.compose(stranger(number), "hello").await.unwrap();
            alice.compose(stranger(number), "there").await.unwrap();
        }
        for n in 0..250 {
            alice.compose(stranger(7), &format!("{n}")).await.unwrap();
        }
        pair.network.clock().advance(60_000);
        push(&alice).await;
        let second = another_device(&pair, "alice");
        let session = second.sign_up().await;
        let before = pair.network.count(HISTORY);
        pull(&session).await;
        assert_eq!(session.conversations().await.unwrap().len(), 300);
        assert!(pair.network.count(HISTORY) - before <= 5, "{}", pair.network.count(HISTORY) - before);
        // A page at a time, the newest first.
        let mut counts = Vec::new();
        for _ in 0..3 {
            session.older(stranger(7)).await.unwrap();
            counts.push(second.store.messages(second.address(), stranger(7), None, 999).await.unwrap().len());
        }
        assert_eq!(counts, [100, 200, 252]);
        let page = session.page(stranger(8), None, 80).await.unwrap();
        assert!(page.messages.is_empty() && page.on_node);
    });
}

#[test]
fn another_node_is_given_everything() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        say(&alice, &pair.bob, "one").await;
        push(&alice).await;
        // As if the device had followed another node.
        let text = pair.alice.store.value(pair.alice.address(), &Slot::History).await.unwrap().unwrap();
        let other = text.replace("ds.dm3.eth", "other.eth");
        pair.alice.store.set_value(pair.alice.address(), &Slot::History, Some(&other)).await.unwrap();
        pair.network.first_service().history().tamper(pair.alice.address(), |_, _| Some("AAAA".into()));
        let alice = pair.alice.resume().await;
        push(&alice).await;
        let second = another_device(&pair, "alice");
        let session = second.sign_up().await;
        pull(&session).await;
        older(&session, pair.bob.conversation()).await;
        assert_eq!(second.texts(&pair.bob).await, ["one"]);
    });
}

#[test]
fn what_is_typed_is_kept_until_it_is_sent_or_cleared() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let with_bob = pair.bob.conversation();
        assert_eq!(alice.draft(with_bob).await.unwrap(), "");
        alice.set_draft(with_bob, "Dear Bob", alice.now()).await.unwrap();
        let alice = pair.alice.resume().await;
        assert_eq!(alice.draft(with_bob).await.unwrap(), "Dear Bob");
        alice.set_draft(with_bob, &"ü".repeat(60_000), alice.now()).await.unwrap();
        assert_eq!(alice.draft(with_bob).await.unwrap(), "ü".repeat(50_000));
        alice.set_draft(with_bob, "", alice.now()).await.unwrap();
        assert_eq!(alice.draft(with_bob).await.unwrap(), "");
        // What is known to be later stays: writing it down may take until somebody has typed on.
        let earlier = alice.now() - 1;
        alice.set_draft(with_bob, "typed before", earlier).await.unwrap();
        assert_eq!(alice.draft(with_bob).await.unwrap(), "");
        assert!(alice.set_setting(&"x".repeat(129), json!(1)).await.is_err());
    });
}

#[test]
fn an_account_of_another_node_has_no_history_here() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let keys = pair.alice.keys().await.public();
        pair.alice.publish(keys, vec!["ds2.eth".parse().unwrap()]).await;
        say(&alice, &pair.bob, "one").await;
        pair.network.clock().advance(61_000);
        let alice = pair.alice.resume().await;
        assert!(matches!(alice.push_history().await, Err(HistoryError::NotOffered)));
        assert_eq!(pair.network.count(HISTORY), 0);
    });
}
