//! What every [`Store`] does, one function per behaviour. Each wants a store that is empty.
//!
//! ```ignore
//! macro_rules! behaviour {
//!     ($name:ident) => {
//!         #[wasm_bindgen_test]
//!         async fn $name() {
//!             store_contract::$name(&new_store().await).await;
//!         }
//!     };
//! }
//! dm3_core::for_each_store_behaviour!(behaviour);
//! ```

#![allow(missing_docs, reason = "the names say what is proven")]

mod summaries;

pub use summaries::*;

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

pub use super::journal_contract::*;
use super::kept::{OTHER, OWNER, PEER, STRANGER, add, all, contact, hash, incoming, sign_in, waiting};
use crate::delivery::Refusal;
use crate::device::{
    Account, Contact, Doubt, Kept, Lane, MessageRow, Notice, Place, Position, Quarantined, SendState, Slot,
    Standing, WaitsFor,
};
use crate::identity::{Address, EnsName, KeySeed, SeenProfiles};
use crate::message::MessageHash;
use crate::ports::{ContactChange, Store, StoreError};

/// Calls a macro with the name of each behaviour.
#[macro_export]
macro_rules! for_each_store_behaviour {
    ($test:ident) => {
        $test!(an_empty_store_has_nothing);
        $test!(the_account_is_remembered_and_forgotten);
        $test!(a_seed_comes_back_and_can_be_replaced);
        $test!(the_owners_are_those_whose_seeds_are_here);
        $test!(a_message_comes_back_as_it_was);
        $test!(a_message_is_found_by_its_hash);
        $test!(a_message_is_kept_once_and_only_new_ones_are_reported);
        $test!(a_batch_is_seen_whole_or_not_at_all);
        $test!(an_abandoned_batch_is_kept_whole_or_not_at_all);
        $test!(messages_come_newest_first_in_pages);
        $test!(messages_of_one_millisecond_are_ordered_by_hash);
        $test!(conversations_are_separate);
        $test!(the_outbox_holds_only_what_waits_oldest_first);
        $test!(a_state_changes_and_nothing_else_does);
        $test!(incoming_messages_are_counted_by_their_arrival);
        $test!(a_contact_is_found_by_its_conversation);
        $test!(a_contact_is_replaced_by_its_newer_version);
        $test!(a_contact_keeps_where_its_peer_was_found_and_what_happened_to_it);
        $test!(changes_of_a_contact_at_the_same_time_are_all_kept);
        $test!(quarantine_keeps_one_of_each);
        $test!(in_a_full_quarantine_the_oldest_make_room);
        $test!(what_waits_to_be_taken_in_comes_back_until_it_is_let_go);
        $test!(every_change_that_travels_is_in_the_journal_in_its_order);
        $test!(what_is_struck_out_is_gone_and_what_came_later_stays);
        $test!(everything_can_be_entered_anew);
        $test!(a_restored_message_is_added_or_brings_the_state_further);
        $test!(a_restored_message_may_have_arrived_earlier_elsewhere_and_is_read_by_that);
        $test!(a_small_text_is_kept_for_each_slot_and_owner);
        $test!(a_small_text_changes_in_one_transaction_with_reading_it);
        $test!(owners_are_separate);
        $test!(erasing_removes_all_of_one_owner_alone);
        $test!(nothing_is_written_for_an_erased_owner_until_there_is_a_seed_again);
        $test!(a_message_opens_its_conversation);
        $test!(a_summary_shows_the_newest_message_as_later_ones_changed_it);
        $test!(a_summary_follows_the_state_of_what_it_shows);
        $test!(a_summary_counts_what_arrived_after_it_was_read);
        $test!(summaries_are_what_a_recount_gives);
        $test!(changes_are_told_as_they_are_now_in_pages);
        $test!(who_is_written_to_is_welcome_and_what_comes_in_is_not_hidden);
        $test!(notes_are_found_by_what_they_are_about);
        $test!(the_last_incoming_message_is_found_by_its_arrival);
        $test!(a_contact_stays_that_of_its_conversation);
    };
}

/// Two profiles, as [`SeenProfiles::to_json`] writes them.
const SEEN: &str = concat!(
    r#"[{"keys":"0x1111111111111111111111111111111111111111111111111111111111111111","#,
    r#""profile":"0x2222222222222222222222222222222222222222222222222222222222222222","since":3}]"#
);
fn quarantined(id: &str, arrived: u64) -> Quarantined {
    Quarantined {
        id: id.into(),
        arrived,
        doubt: Doubt::NotSigned("a.eth".into()),
        envelope: Some("{}".into()),
    }
}

fn kept(id: &str) -> Kept {
    Kept {
        id: id.into(),
        service: "ds.eth".parse().expect("a name"),
        sender: "a.eth".into(),
        arrived: 1_800_000_000_123,
        taken: (id == "b").then_some(1_799_999_999_123),
        size: 3,
        waits_for: WaitsFor::Record(Doubt::NoSender("a.eth".into())),
        tries: 0,
        due: 0,
    }
}

async fn sorted_kept(store: &impl Store, owner: Address) -> Vec<Kept> {
    let mut all = store.kept(owner).await.unwrap();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

fn hashes(messages: &[MessageRow]) -> Vec<MessageHash> {
    messages.iter().map(|message| message.hash.clone()).collect()
}

async fn sorted_ids(store: &impl Store, owner: Address) -> Vec<String> {
    let mut ids = store.quarantined_ids(owner).await.unwrap();
    ids.sort();
    ids
}

pub async fn an_empty_store_has_nothing(store: &impl Store) {
    assert_eq!(store.account().await.unwrap(), None);
    assert!(store.seed(OWNER).await.unwrap().is_none());
    assert_eq!(store.messages(OWNER, PEER, None, 10).await.unwrap(), []);
    assert_eq!(store.outbox(OWNER).await.unwrap(), []);
    assert_eq!(store.contact(OWNER, PEER).await.unwrap(), None);
    assert_eq!(store.contacts(OWNER).await.unwrap(), []);
    assert_eq!(store.count_incoming_after(OWNER, PEER, 0).await.unwrap(), 0);
    assert_eq!(store.quarantined_ids(OWNER).await.unwrap(), [""; 0]);
    assert_eq!(store.kept(OWNER).await.unwrap(), []);
    assert_eq!(store.kept_envelope(OWNER, "a").await.unwrap(), None);
    assert_eq!(store.journal(OWNER, 10).await.unwrap(), []);
    assert_eq!(store.value(OWNER, &Slot::History).await.unwrap(), None);
}

pub async fn the_account_is_remembered_and_forgotten(store: &impl Store) {
    for name in [None, Some("alice.eth".parse().unwrap())] {
        let account = Account { address: OWNER, name };
        store.set_account(Some(&account)).await.unwrap();
        assert_eq!(store.account().await.unwrap(), Some(account));
    }
    store.set_account(None).await.unwrap();
    assert_eq!(store.account().await.unwrap(), None);
}

pub async fn a_seed_comes_back_and_can_be_replaced(store: &impl Store) {
    let random = KeySeed::new_random(&super::SeededEntropy::new(3));
    for seed in [KeySeed::from_bytes([1; 32]), random, KeySeed::from_bytes([2; 32])] {
        store.set_seed(OWNER, &seed).await.unwrap();
        assert!(store.seed(OWNER).await.unwrap().unwrap().matches(&seed));
    }
}

pub async fn the_owners_are_those_whose_seeds_are_here(store: &impl Store) {
    let owners = || async {
        let mut owners = store.owners().await.unwrap();
        owners.sort();
        owners
    };
    let mut both = [OWNER, OTHER];
    both.sort();
    assert_eq!(owners().await, []);
    for owner in both {
        store.set_seed(owner, &KeySeed::from_bytes([4; 32])).await.unwrap();
    }
    assert_eq!(owners().await, both);
    store.erase(OWNER).await.unwrap();
    assert_eq!(owners().await, [OTHER]);
}

pub async fn a_message_comes_back_as_it_was(store: &impl Store) {
    sign_in(store).await;
    let late = 1_800_000_000_123;
    let messages = [
        incoming(1, late),
        waiting(2, late + 1),
        MessageRow {
            state: SendState::Refused(Refusal::Rejected("no \"room\"".into())),
            ..waiting(3, late + 2)
        },
        MessageRow { lane: Lane::Note, arrived: late + 9, ..incoming(4, late + 3) },
        MessageRow { state: SendState::Accepted, ..waiting(5, late + 4) },
        MessageRow { place: Place::at(late + 4).behind(1), ..incoming(6, late) },
        MessageRow {
            place: Place::at(late + 5).before(1),
            taken: Place::at(9).behind(3),
            ..incoming(7, late)
        },
    ];
    add(store, OWNER, &messages).await.unwrap();
    let mut back = all(store, OWNER).await;
    back.reverse();
    assert_eq!(back, messages);
}

pub async fn a_message_is_found_by_its_hash(store: &impl Store) {
    sign_in(store).await;
    let elsewhere = MessageRow { conversation: STRANGER, ..incoming(2, 20) };
    add(store, OWNER, &[waiting(1, 10), elsewhere.clone()]).await.unwrap();
    assert_eq!(store.message(OWNER, &hash(1)).await.unwrap(), Some(waiting(1, 10)));
    assert_eq!(store.message(OWNER, &hash(2)).await.unwrap(), Some(elsewhere));
    assert_eq!(store.message(OWNER, &hash(3)).await.unwrap(), None);
    assert_eq!(store.message(OTHER, &hash(1)).await.unwrap(), None);
}

pub async fn a_message_is_kept_once_and_only_new_ones_are_reported(store: &impl Store) {
    sign_in(store).await;
    let new = add(store, OWNER, &[incoming(1, 10), incoming(2, 20)]).await.unwrap();
    assert_eq!(new, [hash(1), hash(2)]);
    let again = MessageRow { arrived: 99, json: "{}".into(), ..incoming(2, 90) };
    let new = add(store, OWNER, &[incoming(3, 30), again, incoming(3, 31)]).await.unwrap();
    assert_eq!(new, [hash(3)]);
    assert_eq!(all(store, OWNER).await, [incoming(3, 30), incoming(2, 20), incoming(1, 10)]);
}

pub async fn a_batch_is_seen_whole_or_not_at_all(store: &impl Store) {
    sign_in(store).await;
    let batch: Vec<_> = (0..50).map(|number| incoming(number, number)).collect();
    let mut adding = pin!(add(store, OWNER, &batch));
    let mut added = false;
    while !added {
        // The writer gets a step, then a reader looks.
        added = poll_fn(|context| Poll::Ready(adding.as_mut().poll(context).is_ready())).await;
        let seen = all(store, OWNER).await.len();
        assert!(seen == 0 || seen == batch.len(), "{seen} of {}", batch.len());
    }
    assert_eq!(all(store, OWNER).await.len(), batch.len());
}

pub async fn an_abandoned_batch_is_kept_whole_or_not_at_all(store: &impl Store) {
    sign_in(store).await;
    const SIZE: u64 = 20;
    for steps in 1..10 {
        let numbers = steps * SIZE..(steps + 1) * SIZE;
        let batch: Vec<_> = numbers.map(|number| incoming(number, number)).collect();
        let mut adding = Box::pin(add(store, OWNER, &batch));
        let mut left = steps;
        poll_fn(|context| {
            left -= 1;
            if adding.as_mut().poll(context).is_ready() || left == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        drop(adding);
        let seen = all(store, OWNER).await.len();
        assert_eq!(seen % SIZE as usize, 0, "abandoned after {steps} steps");
    }
}

pub async fn messages_come_newest_first_in_pages(store: &impl Store) {
    sign_in(store).await;
    let shuffled: Vec<_> = [3, 1, 5, 2, 4].map(|number| incoming(number, number * 1_000)).into();
    add(store, OWNER, &shuffled).await.unwrap();
    let first = store.messages(OWNER, PEER, None, 2).await.unwrap();
    assert_eq!(hashes(&first), [hash(5), hash(4)]);
    let second = store.messages(OWNER, PEER, Some(&first[1].position()), 2).await.unwrap();
    assert_eq!(hashes(&second), [hash(3), hash(2)]);
    let third = store.messages(OWNER, PEER, Some(&second[1].position()), 2).await.unwrap();
    assert_eq!(hashes(&third), [hash(1)]);
    assert_eq!(store.messages(OWNER, PEER, Some(&third[0].position()), 2).await.unwrap(), []);
    assert_eq!(store.messages(OWNER, PEER, None, 0).await.unwrap(), []);
}

pub async fn messages_of_one_millisecond_are_ordered_by_hash(store: &impl Store) {
    sign_in(store).await;
    add(store, OWNER, &[incoming(2, 7), incoming(3, 7), incoming(1, 7), incoming(9, 6)]).await.unwrap();
    assert_eq!(hashes(&all(store, OWNER).await), [hash(3), hash(2), hash(1), hash(9)]);
    let before = Position { place: Place::at(7), hash: hash(2) };
    let older = store.messages(OWNER, PEER, Some(&before), 10).await.unwrap();
    assert_eq!(hashes(&older), [hash(1), hash(9)]);
}

pub async fn conversations_are_separate(store: &impl Store) {
    sign_in(store).await;
    let elsewhere = MessageRow { conversation: STRANGER, ..incoming(2, 20) };
    add(store, OWNER, &[incoming(1, 10), elsewhere.clone()]).await.unwrap();
    assert_eq!(all(store, OWNER).await, [incoming(1, 10)]);
    assert_eq!(store.messages(OWNER, STRANGER, None, 10).await.unwrap(), [elsewhere]);
}

pub async fn the_outbox_holds_only_what_waits_oldest_first(store: &impl Store) {
    sign_in(store).await;
    let to_another = MessageRow { conversation: STRANGER, ..waiting(4, 20) };
    let accepted = MessageRow { state: SendState::Accepted, ..waiting(5, 5) };
    let refused = MessageRow { state: SendState::Refused(Refusal::Spam), ..waiting(6, 6) };
    let batch = [waiting(1, 30), to_another, incoming(2, 1), accepted, refused, waiting(3, 10)];
    add(store, OWNER, &batch).await.unwrap();
    assert_eq!(hashes(&store.outbox(OWNER).await.unwrap()), [hash(3), hash(4), hash(1)]);
    store.set_state(OWNER, &hash(4), &SendState::Accepted).await.unwrap();
    store.set_state(OWNER, &hash(6), &SendState::Waiting).await.unwrap();
    assert_eq!(hashes(&store.outbox(OWNER).await.unwrap()), [hash(6), hash(3), hash(1)]);
}

pub async fn a_state_changes_and_nothing_else_does(store: &impl Store) {
    sign_in(store).await;
    add(store, OWNER, &[waiting(1, 10), waiting(2, 20)]).await.unwrap();
    for state in [
        SendState::Refused(Refusal::Service("ds.eth".parse().unwrap())),
        SendState::Waiting,
        SendState::Accepted,
    ] {
        store.set_state(OWNER, &hash(1), &state).await.unwrap();
        let changed = MessageRow { state, ..waiting(1, 10) };
        assert_eq!(all(store, OWNER).await, [waiting(2, 20), changed]);
    }
    store.set_state(OWNER, &hash(3), &SendState::Accepted).await.unwrap();
    assert_eq!(all(store, OWNER).await.len(), 2);
}

pub async fn incoming_messages_are_counted_by_their_arrival(store: &impl Store) {
    sign_in(store).await;
    let written_early = MessageRow { arrived: 300, ..incoming(1, 1) };
    let note = MessageRow { lane: Lane::Note, ..incoming(2, 300) };
    let elsewhere = MessageRow { conversation: STRANGER, ..incoming(3, 300) };
    let batch = [written_early, note, elsewhere, waiting(4, 300), incoming(5, 100), incoming(6, 200)];
    add(store, OWNER, &batch).await.unwrap();
    for (time, count) in [(0, 3), (99, 3), (100, 2), (199, 2), (299, 1), (300, 0), (u64::MAX, 0)] {
        assert_eq!(store.count_incoming_after(OWNER, PEER, time).await.unwrap(), count, "after {time}");
    }
}

pub async fn a_contact_is_found_by_its_conversation(store: &impl Store) {
    sign_in(store).await;
    store.put_contact(OWNER, &contact(PEER, Some("bob.eth"))).await.unwrap();
    assert_eq!(store.contact(OWNER, PEER).await.unwrap(), Some(contact(PEER, Some("bob.eth"))));
    assert_eq!(store.contact(OWNER, STRANGER).await.unwrap(), None);
    assert_eq!(store.contact(OTHER, PEER).await.unwrap(), None);
}

pub async fn a_contact_is_replaced_by_its_newer_version(store: &impl Store) {
    sign_in(store).await;
    store.put_contact(OWNER, &contact(PEER, None)).await.unwrap();
    store.put_contact(OWNER, &contact(STRANGER, None)).await.unwrap();
    let newer = Contact { read_until: 1_800_000_000_000, touched: 9, ..contact(PEER, Some("bob.eth")) };
    store.put_contact(OWNER, &newer).await.unwrap();
    let mut contacts = store.contacts(OWNER).await.unwrap();
    contacts.sort_by_key(|contact| contact.conversation);
    assert_eq!(contacts, [newer, contact(STRANGER, None)]);
}

pub async fn a_contact_keeps_where_its_peer_was_found_and_what_happened_to_it(store: &impl Store) {
    sign_in(store).await;
    let mut known = contact(PEER, Some("ünï.eth"));
    for name in ["bob.eth", "ünï.eth"] {
        known.was_found_at(&EnsName::from_normalised(name).expect("a name"));
    }
    known.seen = SeenProfiles::parse(SEEN).expect("what it writes");
    known.notice(Notice::KeysChanged { since: 7 }, 1_800_000_000_000);
    store.put_contact(OWNER, &known).await.unwrap();
    assert_eq!(store.contact(OWNER, PEER).await.unwrap(), Some(known));
}

pub async fn changes_of_a_contact_at_the_same_time_are_all_kept(store: &impl Store) {
    sign_in(store).await;
    let unchanged = store.update_contact(OWNER, PEER, Box::new(|kept| kept));
    unchanged.await.unwrap();
    assert_eq!(store.contact(OWNER, PEER).await.unwrap(), None);
    let read = |time| -> ContactChange {
        Box::new(move |kept| {
            let mut contact = kept.unwrap_or(Contact::new(PEER, 1));
            contact.read_until += time;
            Some(contact)
        })
    };
    let (mut one, mut other) =
        (pin!(store.update_contact(OWNER, PEER, read(1))), pin!(store.update_contact(OWNER, PEER, read(2))));
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        for (result, change) in [(&mut first, one.as_mut()), (&mut second, other.as_mut())] {
            if result.is_none()
                && let Poll::Ready(ended) = change.poll(context)
            {
                *result = Some(ended);
            }
        }
        if first.is_some() && second.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    assert_eq!((first, second), (Some(Ok(())), Some(Ok(()))));
    let kept = store.contact(OWNER, PEER).await.unwrap().unwrap();
    assert_eq!((kept.read_until, kept.touched), (3, 1));
    store.update_contact(OWNER, PEER, Box::new(|_| None)).await.unwrap();
    assert_eq!(store.contact(OWNER, PEER).await.unwrap(), Some(kept));
    assert_eq!(store.contact(OTHER, PEER).await.unwrap(), None);
}

pub async fn quarantine_keeps_one_of_each(store: &impl Store) {
    sign_in(store).await;
    store.add_quarantined(OWNER, &[quarantined("a", 1), quarantined("b", 2)], 10).await.unwrap();
    store.add_quarantined(OWNER, &[quarantined("c", 3), quarantined("a", 4)], 10).await.unwrap();
    assert_eq!(sorted_ids(store, OWNER).await, ["a", "b", "c"]);
    // "a" kept its arrival: it is the oldest.
    store.add_quarantined(OWNER, &[quarantined("d", 5)], 3).await.unwrap();
    assert_eq!(sorted_ids(store, OWNER).await, ["b", "c", "d"]);
}

pub async fn in_a_full_quarantine_the_oldest_make_room(store: &impl Store) {
    sign_in(store).await;
    let items = [quarantined("a", 30), quarantined("b", 10), quarantined("c", 20)];
    store.add_quarantined(OTHER, &[quarantined("z", 1)], 3).await.unwrap();
    store.add_quarantined(OWNER, &items, 3).await.unwrap();
    store.add_quarantined(OWNER, &[quarantined("d", 40)], 3).await.unwrap();
    assert_eq!(sorted_ids(store, OWNER).await, ["a", "c", "d"]);
    let many: Vec<_> = (0..9).map(|n| quarantined(&format!("m{n}"), 100 + n)).collect();
    store.add_quarantined(OWNER, &many, 3).await.unwrap();
    assert_eq!(sorted_ids(store, OWNER).await, ["m6", "m7", "m8"]);
    assert_eq!(sorted_ids(store, OTHER).await, ["z"]);
}

pub async fn what_waits_to_be_taken_in_comes_back_until_it_is_let_go(store: &impl Store) {
    sign_in(store).await;
    let (mut first, second) = (kept("a"), Kept { waits_for: WaitsFor::Keys("a key".into()), ..kept("b") });
    let put = [(first.clone(), Some("{1}".to_owned())), (second.clone(), Some("{2} \u{1f980}".to_owned()))];
    store.change_kept(OWNER, &put, &[]).await.unwrap();
    store.change_kept(OTHER, &[(kept("a"), Some("{3}".into()))], &[]).await.unwrap();
    assert_eq!(sorted_kept(store, OWNER).await, [first.clone(), second.clone()]);
    assert_eq!(store.kept_envelope(OWNER, "a").await.unwrap().as_deref(), Some("{1}"));
    assert_eq!(store.kept_envelope(OWNER, "c").await.unwrap(), None);

    (first.tries, first.due, first.waits_for) = (7, 1_800_000_000_000, WaitsFor::Network);
    let let_go = ["b".to_owned(), "unknown".to_owned()];
    store.change_kept(OWNER, &[(first.clone(), None)], &let_go).await.unwrap();
    assert_eq!(sorted_kept(store, OWNER).await, [first]);
    assert_eq!(store.kept_envelope(OWNER, "a").await.unwrap().as_deref(), Some("{1}"), "the text stays");
    assert_eq!(store.kept_envelope(OWNER, "b").await.unwrap(), None);
    assert_eq!(store.kept_envelope(OTHER, "a").await.unwrap().as_deref(), Some("{3}"));
}

pub async fn owners_are_separate(store: &impl Store) {
    store.set_seed(OTHER, &KeySeed::from_bytes([4; 32])).await.unwrap();
    store.put_contact(OTHER, &contact(PEER, None)).await.unwrap();
    store.add_quarantined(OTHER, &[quarantined("a", 1)], 10).await.unwrap();
    // Two accounts on one device may have written to each other, or share a message by its hash.
    assert_eq!(add(store, OTHER, &[waiting(1, 10)]).await.unwrap(), [hash(1)]);
    an_empty_store_has_nothing(store).await;
    sign_in(store).await;
    assert_eq!(add(store, OWNER, &[incoming(1, 10)]).await.unwrap(), [hash(1)]);
    store.set_state(OWNER, &hash(1), &SendState::Accepted).await.unwrap();
    assert_eq!(all(store, OTHER).await, [waiting(1, 10)]);
    assert_eq!(store.outbox(OTHER).await.unwrap(), [waiting(1, 10)]);
    assert_eq!(store.outbox(OWNER).await.unwrap(), []);
    assert_eq!(store.count_incoming_after(OTHER, PEER, 0).await.unwrap(), 0);
}

pub async fn erasing_removes_all_of_one_owner_alone(store: &impl Store) {
    for owner in [OWNER, OTHER] {
        store.set_seed(owner, &KeySeed::from_bytes([4; 32])).await.unwrap();
        store.put_contact(owner, &contact(PEER, None)).await.unwrap();
        add(store, owner, &[waiting(1, 10), incoming(2, 20)]).await.unwrap();
        store.add_quarantined(owner, &[quarantined("a", 1)], 10).await.unwrap();
        store.change_kept(owner, &[(kept("a"), Some("{}".into()))], &[]).await.unwrap();
        store.set_value(owner, &Slot::History, Some("{}")).await.unwrap();
    }
    store.erase(OWNER).await.unwrap();
    an_empty_store_has_nothing(store).await;
    assert!(store.seed(OTHER).await.unwrap().is_some());
    let written_to = Contact { standing: Standing::accepted(), ..contact(PEER, None) };
    assert_eq!(store.contacts(OTHER).await.unwrap(), [written_to]);
    assert_eq!(all(store, OTHER).await.len(), 2);
    assert_eq!(store.outbox(OTHER).await.unwrap(), [waiting(1, 10)]);
    assert_eq!(sorted_ids(store, OTHER).await, ["a"]);
    assert_eq!(sorted_kept(store, OTHER).await, [kept("a")]);
    assert_eq!(store.kept_envelope(OTHER, "a").await.unwrap().as_deref(), Some("{}"));
    assert_eq!(store.journal(OTHER, 10).await.unwrap().len(), 3);
    assert_eq!(store.value(OTHER, &Slot::History).await.unwrap().as_deref(), Some("{}"));
    // The account can start again.
    store.set_seed(OWNER, &KeySeed::from_bytes([4; 32])).await.unwrap();
    assert_eq!(add(store, OWNER, &[incoming(2, 20)]).await.unwrap(), [hash(2)]);
}

pub async fn nothing_is_written_for_an_erased_owner_until_there_is_a_seed_again(store: &impl Store) {
    let seed = KeySeed::from_bytes([7; 32]);
    let contact = Contact::new(PEER, 1);
    let refused = Err(StoreError::SignedOut);
    store.set_seed(OTHER, &seed).await.unwrap();
    store.set_seed(OWNER, &seed).await.unwrap();
    store.put_contact(OWNER, &contact).await.unwrap();
    store.erase(OWNER).await.unwrap();
    assert_eq!(add(store, OWNER, &[incoming(1, 1)]).await.map(|_| ()), refused);
    assert_eq!(store.put_contact(OWNER, &contact).await, refused);
    let change = Box::new(|_| Some(Contact::new(PEER, 2)));
    assert_eq!(store.update_contact(OWNER, PEER, change).await, refused);
    assert_eq!(store.set_value(OWNER, &Slot::History, Some("1")).await, refused);
    let change = Box::new(|_| Some("1".to_owned()));
    assert_eq!(store.update_value(OWNER, &Slot::History, change).await, refused);
    assert_eq!(store.add_quarantined(OWNER, &[quarantined("a", 1)], 5).await, refused);
    assert_eq!(store.change_kept(OWNER, &[(kept("a"), Some("{}".into()))], &[]).await, refused);
    assert_eq!(store.journal_all(OWNER).await, refused);
    assert_eq!(store.contacts(OWNER).await.unwrap(), []);
    assert_eq!(store.quarantined_ids(OWNER).await.unwrap(), [""; 0]);
    assert_eq!(store.kept(OWNER).await.unwrap(), []);
    assert_eq!(store.value(OWNER, &Slot::History).await.unwrap(), None);
    store.put_contact(OTHER, &contact).await.unwrap();
    store.erase(OWNER).await.unwrap();
    store.set_seed(OWNER, &seed).await.unwrap();
    store.put_contact(OWNER, &contact).await.unwrap();
    assert_eq!(store.contacts(OWNER).await.unwrap(), [contact]);
}
