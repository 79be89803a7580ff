//! What every [`Store`] does with what other devices of the account are to have: the part of the
//! [contract](super::store_contract) about the journal, restored messages and small texts.

#![allow(missing_docs, reason = "the names say what is proven")]

use futures_util::future::join_all;

use super::kept::{OTHER, OWNER, PEER, STRANGER, add, all, contact, hash, incoming, sign_in, waiting};
use crate::device::{Changed, Contact, Lane, MessageRow, SendState, Slot, StoredMessage};
use crate::identity::Address;
use crate::message::MessageHash;
use crate::ports::Store;

async fn restore(store: &impl Store, rows: &[MessageRow]) -> Vec<MessageHash> {
    let messages: Vec<_> = rows.iter().cloned().map(StoredMessage::kept).collect();
    store.restore_messages(OWNER, &messages).await.unwrap()
}

async fn journal(store: &impl Store, owner: Address) -> Vec<Changed> {
    let entries = store.journal(owner, 1000).await.unwrap();
    assert!(entries.windows(2).all(|pair| pair[0].number < pair[1].number));
    entries.into_iter().map(|entry| entry.changed).collect()
}

pub async fn every_change_that_travels_is_in_the_journal_in_its_order(store: &impl Store) {
    sign_in(store).await;
    add(store, OWNER, &[incoming(1, 10), waiting(2, 20)]).await.unwrap();
    store.put_contact(OWNER, &contact(PEER, None)).await.unwrap();
    store
        .update_contact(OWNER, PEER, Box::new(|known| Some(Contact { touched: 9, ..known? })))
        .await
        .unwrap();
    // Nothing changes by these.
    store.update_contact(OWNER, PEER, Box::new(|known| known)).await.unwrap();
    store.update_contact(OWNER, STRANGER, Box::new(|_| None)).await.unwrap();
    add(store, OWNER, &[incoming(1, 10)]).await.unwrap();
    store.set_state(OWNER, &hash(9), &SendState::Accepted).await.unwrap();
    store.set_value(OWNER, &Slot::History, Some("{}")).await.unwrap();
    store.set_value(OWNER, &Slot::HistoryOf(PEER), Some("{}")).await.unwrap();

    store.set_state(OWNER, &hash(2), &SendState::Accepted).await.unwrap();
    store.set_value(OWNER, &Slot::Draft(PEER), Some("hello")).await.unwrap();
    store.set_value(OWNER, &Slot::Setting("a b".into()), Some("1")).await.unwrap();
    store.set_value(OWNER, &Slot::Draft(PEER), None).await.unwrap();
    let expected = [
        Changed::Message(hash(1)),
        Changed::Message(hash(2)),
        Changed::Contact(PEER),
        Changed::Contact(PEER),
        Changed::Message(hash(2)),
        Changed::Draft(PEER),
        Changed::Setting("a b".into()),
        Changed::Draft(PEER),
    ];
    assert_eq!(journal(store, OWNER).await, expected);
    assert_eq!(journal(store, OTHER).await, []);
    assert_eq!(store.journal(OWNER, 2).await.unwrap().len(), 2);
    assert_eq!(store.journal(OWNER, 0).await.unwrap(), []);
}

pub async fn what_is_struck_out_is_gone_and_what_came_later_stays(store: &impl Store) {
    sign_in(store).await;
    add(store, OTHER, &[incoming(7, 10)]).await.unwrap();
    add(store, OWNER, &[waiting(1, 10), waiting(2, 20), waiting(3, 30)]).await.unwrap();
    let read = store.journal(OWNER, 2).await.unwrap();
    store.set_state(OWNER, &hash(1), &SendState::Accepted).await.unwrap();
    let numbers: Vec<_> = read.iter().map(|entry| entry.number).collect();
    store.strike_out(OWNER, &numbers).await.unwrap();
    assert_eq!(journal(store, OWNER).await, [Changed::Message(hash(3)), Changed::Message(hash(1))]);
    // Once more changes nothing, and numbers are never given again.
    store.strike_out(OWNER, &numbers).await.unwrap();
    store.strike_out(OWNER, &[]).await.unwrap();
    let left: Vec<_> = store.journal(OWNER, 9).await.unwrap().iter().map(|entry| entry.number).collect();
    store.strike_out(OWNER, &left).await.unwrap();
    add(store, OWNER, &[waiting(4, 40)]).await.unwrap();
    let entry = store.journal(OWNER, 9).await.unwrap().remove(0);
    assert!(entry.number > left[1]);
    assert_eq!(journal(store, OTHER).await, [Changed::Message(hash(7))]);
}

pub async fn everything_can_be_entered_anew(store: &impl Store) {
    sign_in(store).await;
    add(store, OTHER, &[incoming(7, 10)]).await.unwrap();
    add(store, OWNER, &[incoming(1, 10), waiting(2, 20)]).await.unwrap();
    store.put_contact(OWNER, &contact(STRANGER, None)).await.unwrap();
    store.set_value(OWNER, &Slot::Setting("a".into()), Some("1")).await.unwrap();
    store.set_value(OWNER, &Slot::History, Some("{}")).await.unwrap();
    for _ in 0..2 {
        store.journal_all(OWNER).await.unwrap();
        let mut texts: Vec<_> = journal(store, OWNER).await.iter().map(ToString::to_string).collect();
        texts.sort();
        let messages = [1, 2].map(|number| format!("message {}", hash(number)));
        let contacts = [format!("contact {PEER}"), format!("contact {STRANGER}")];
        let expected = [contacts.concat(), messages.concat(), "setting a".into()];
        assert_eq!(texts.len(), 5);
        assert_eq!([&texts[..2].concat(), &texts[2..4].concat(), &texts[4]], expected.each_ref());
    }
    assert_eq!(journal(store, OTHER).await, [Changed::Message(hash(7))]);
}

pub async fn a_restored_message_is_added_or_brings_the_state_further(store: &impl Store) {
    sign_in(store).await;
    add(store, OWNER, &[waiting(1, 10), waiting(2, 20)]).await.unwrap();
    store.set_state(OWNER, &hash(2), &SendState::Accepted).await.unwrap();
    let entered = journal(store, OWNER).await;
    let accepted = |number, time| MessageRow { state: SendState::Accepted, ..waiting(number, time) };
    let note = MessageRow { lane: Lane::Note, ..incoming(4, 40) };
    let rows = [accepted(1, 99), waiting(2, 20), incoming(3, 30), note.clone(), incoming(3, 30)];
    assert_eq!(restore(store, &rows).await, [hash(1), hash(3), hash(4)]);
    assert_eq!(all(store, OWNER).await, [note, incoming(3, 30), accepted(2, 20), accepted(1, 10)]);
    assert_eq!(store.outbox(OWNER).await.unwrap(), []);
    assert_eq!(store.count_incoming_after(OWNER, PEER, 0).await.unwrap(), 1);
    assert_eq!(journal(store, OWNER).await, entered);
    assert_eq!(restore(store, &[]).await, []);
}

pub async fn a_restored_message_may_have_arrived_earlier_elsewhere_and_is_read_by_that(store: &impl Store) {
    sign_in(store).await;
    add(store, OWNER, &[incoming(1, 30), incoming(2, 50)]).await.unwrap();
    let read = |known: Option<Contact>| Some(Contact { read_until: 25, ..known? });
    store.update_contact(OWNER, PEER, Box::new(read)).await.unwrap();
    let arrived = |number, time, arrived| MessageRow { arrived, ..incoming(number, time) };
    let unread = async || store.summary(OWNER, PEER).await.unwrap().unwrap().unread;
    assert_eq!(unread().await, 2);
    assert_eq!(restore(store, &[arrived(1, 30, 31), arrived(2, 50, 40)]).await, [hash(2)]);
    assert_eq!(unread().await, 2);
    assert_eq!(restore(store, &[arrived(1, 30, 20), arrived(2, 50, 60)]).await, [hash(1)]);
    assert_eq!(unread().await, 1);
    assert_eq!(store.count_incoming_after(OWNER, PEER, 25).await.unwrap(), 1);
    assert_eq!(all(store, OWNER).await, [arrived(2, 50, 40), arrived(1, 30, 20)]);
}

pub async fn a_small_text_is_kept_for_each_slot_and_owner(store: &impl Store) {
    sign_in(store).await;
    let setting = Slot::Setting("draft".into());
    let slots = [Slot::Draft(PEER), Slot::Draft(STRANGER), Slot::HistoryOf(PEER), Slot::History, setting];
    for (number, slot) in slots.iter().enumerate() {
        store.set_value(OWNER, slot, Some(&format!("{number} – \"ü\" 🦀"))).await.unwrap();
    }
    store.set_value(OTHER, &slots[0], Some("other")).await.unwrap();
    store.set_value(OWNER, &slots[3], Some("")).await.unwrap();
    store.set_value(OWNER, &slots[1], None).await.unwrap();
    let mut found = Vec::new();
    for slot in &slots {
        found.push(store.value(OWNER, slot).await.unwrap());
    }
    let expected = [Some("0 – \"ü\" 🦀"), None, Some("2 – \"ü\" 🦀"), Some(""), Some("4 – \"ü\" 🦀")];
    assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
    assert_eq!(store.value(OTHER, &slots[0]).await.unwrap().as_deref(), Some("other"));
    assert_eq!(store.settings(OWNER).await.unwrap(), ["draft"]);
    assert_eq!(store.settings(OTHER).await.unwrap(), Vec::<String>::new());
}

pub async fn a_small_text_changes_in_one_transaction_with_reading_it(store: &impl Store) {
    sign_in(store).await;
    let slot = Slot::Setting("count".into());
    let add = |by: usize| {
        let change = Box::new(move |known: Option<String>| Some(known.unwrap_or_default() + &"x".repeat(by)));
        store.update_value(OWNER, &slot, change)
    };
    for done in join_all([add(1), add(2), add(4)]).await {
        done.unwrap();
    }
    assert_eq!(store.value(OWNER, &slot).await.unwrap().as_deref(), Some("xxxxxxx"));
    assert_eq!(journal(store, OWNER).await.len(), 3);
    // Nothing changes by this, and this removes it.
    store.update_value(OWNER, &slot, Box::new(|known| known)).await.unwrap();
    assert_eq!(journal(store, OWNER).await.len(), 3);
    store.update_value(OWNER, &slot, Box::new(|_| None)).await.unwrap();
    assert_eq!(store.value(OWNER, &slot).await.unwrap(), None);
    assert_eq!(store.value(OTHER, &slot).await.unwrap(), None);
}
