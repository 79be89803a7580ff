//! What a store keeps for lists, and how news are found.

use std::collections::BTreeSet;

use super::{OTHER, OWNER, hashes, sign_in};
use crate::conversation::ConversationId;
use crate::device::{
    Contact, Decided, Last, MessageRow, Place, Preview, SendState, Standing, StoredMessage, Summary, Trust,
};
use crate::identity::Address;
use crate::message::{Kind, MessageHash};
use crate::ports::Store;
use crate::testing::notes;
use crate::thread::{Shown, fold};

const PEER: ConversationId = ConversationId::Peer(notes::PEER);

/// A message of the conversation with `peer`, proven, that arrived then.
fn message(peer: Address, own: bool, time: u64, kind: Kind, about: Option<&StoredMessage>) -> StoredMessage {
    let author = if own { notes::ME } else { peer };
    let text = format!("text of {time}");
    let stored = notes::with(peer, author, time, kind, about, &text).at(Place::at(time));
    StoredMessage::kept(MessageRow { arrived: time, ..stored.row().clone() })
}

fn from_peer(time: u64) -> StoredMessage {
    message(notes::PEER, false, time, Kind::New, None)
}

fn note(time: u64, kind: Kind, about: &StoredMessage) -> StoredMessage {
    message(notes::PEER, false, time, kind, Some(about))
}

fn in_state(message: &StoredMessage, state: SendState) -> StoredMessage {
    StoredMessage::kept(MessageRow { state, ..message.row().clone() })
}

async fn summary(store: &impl Store) -> Summary {
    store.summary(OWNER, PEER).await.unwrap().expect("a conversation")
}

async fn last(store: &impl Store) -> Last {
    summary(store).await.last.expect("a message")
}

async fn read_until(store: &impl Store, conversation: ConversationId, time: u64) -> Summary {
    let change = move |known: Option<Contact>| {
        Some(Contact { read_until: time, ..known.unwrap_or_else(|| Contact::new(conversation, 0)) })
    };
    store.update_contact(OWNER, conversation, Box::new(change)).await.unwrap();
    store.summary(OWNER, conversation).await.unwrap().expect("it is open")
}

/// Deterministic, and as good as a test needs it (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

pub async fn a_message_opens_its_conversation(store: &impl Store) {
    sign_in(store).await;
    assert_eq!(store.summary(OWNER, PEER).await.unwrap(), None);
    let first = from_peer(70);
    store.add_messages(OWNER, &[first.clone(), from_peer(80)]).await.unwrap();
    let opened = Contact::new(PEER, 70);
    assert_eq!(store.contacts(OWNER).await.unwrap(), std::slice::from_ref(&opened));
    assert_eq!(store.contact(OWNER, PEER).await.unwrap(), Some(opened));
    assert_eq!(store.summaries(OTHER).await.unwrap(), []);
    // What comes again opens nothing, and what is open stays as it is.
    let known = Contact { touched: 3, name: Some("bob.eth".parse().unwrap()), ..Contact::new(PEER, 0) };
    store.put_contact(OWNER, &known).await.unwrap();
    store.add_messages(OWNER, &[first, from_peer(90)]).await.unwrap();
    assert_eq!(store.contacts(OWNER).await.unwrap(), [known]);
    assert_eq!(store.summaries(OWNER).await.unwrap(), [summary(store).await]);
}

pub async fn a_summary_shows_the_newest_message_as_later_ones_changed_it(store: &impl Store) {
    sign_in(store).await;
    let (early, newest) = (from_peer(10), from_peer(20));
    store.add_messages(OWNER, &[newest.clone(), early.clone()]).await.unwrap();
    let shown = last(store).await;
    assert_eq!(
        (&shown.hash, shown.place, shown.own, shown.waiting),
        (newest.hash(), Place::at(20), false, false)
    );
    assert_eq!(shown.shown, Preview::Text("text of 20".into()));
    // An edit of another message changes nothing, an edit of an edit does, wherever it comes from.
    let edit = note(30, Kind::Edit, &newest);
    let again = note(40, Kind::Edit, &edit);
    store.add_messages(OWNER, &[again.clone(), note(50, Kind::Edit, &early)]).await.unwrap();
    assert_eq!(last(store).await, shown);
    store.add_messages(OWNER, &[edit]).await.unwrap();
    let edited = last(store).await;
    assert_eq!((&edited.hash, &edited.version, edited.place), (newest.hash(), again.hash(), Place::at(20)));
    assert_eq!(edited.shown, Preview::Text("text of 40".into()));
    // Not by anybody else.
    let foreign = message(notes::PEER, true, 60, Kind::DeleteRequest, Some(&newest));
    store.add_messages(OWNER, &[foreign]).await.unwrap();
    assert_eq!(last(store).await, edited);
    store.add_messages(OWNER, &[note(70, Kind::DeleteRequest, &newest)]).await.unwrap();
    assert_eq!(last(store).await.shown, Preview::Deleted);
    // What is deleted before it comes is never shown; what is older comes too late to be the last.
    let gone = from_peer(90);
    store.add_messages(OWNER, &[note(95, Kind::DeleteRequest, &gone)]).await.unwrap();
    store.add_messages(OWNER, &[gone.clone(), from_peer(15)]).await.unwrap();
    assert_eq!((last(store).await.hash, last(store).await.shown), (gone.hash().clone(), Preview::Deleted));
    let long = notes::note(notes::PEER, 99, Kind::New, None, &"ü".repeat(5_000)).at(Place::at(99));
    store.add_messages(OWNER, &[long]).await.unwrap();
    assert_eq!(last(store).await.shown, Preview::Text("ü".repeat(200)));
}

pub async fn a_summary_follows_the_state_of_what_it_shows(store: &impl Store) {
    sign_in(store).await;
    let own = in_state(&message(notes::PEER, true, 10, Kind::New, None), SendState::Waiting);
    let edit = in_state(&message(notes::PEER, true, 20, Kind::Edit, Some(&own)), SendState::Waiting);
    store.add_messages(OWNER, std::slice::from_ref(&own)).await.unwrap();
    assert!(last(store).await.own && last(store).await.waiting);
    store.set_state(OWNER, own.hash(), &SendState::Accepted).await.unwrap();
    assert!(!last(store).await.waiting);
    store.add_messages(OWNER, std::slice::from_ref(&edit)).await.unwrap();
    assert!(last(store).await.waiting, "the text that is shown waits");
    store.set_state(OWNER, edit.hash(), &SendState::Accepted).await.unwrap();
    assert!(!last(store).await.waiting);
}

pub async fn a_summary_counts_what_arrived_after_it_was_read(store: &impl Store) {
    sign_in(store).await;
    let late = StoredMessage::kept(MessageRow { arrived: 300, ..from_peer(1).row().clone() });
    let own = message(notes::PEER, true, 400, Kind::New, None);
    store.add_messages(OWNER, &[from_peer(100), from_peer(200), own, late.clone()]).await.unwrap();
    assert_eq!(summary(store).await.unread, 3);
    assert_eq!(read_until(store, PEER, 200).await.unread, 1);
    store.add_messages(OWNER, &[late, note(500, Kind::Reaction, &from_peer(100))]).await.unwrap();
    assert_eq!(summary(store).await.unread, 1, "no duplicate and no note is counted");
    store.add_messages(OWNER, &[from_peer(150), from_peer(201)]).await.unwrap();
    assert_eq!(summary(store).await.unread, 2, "what arrived before it was read is not counted");
    assert_eq!(read_until(store, PEER, 0).await.unread, 5, "a marker may go back");
    assert_eq!(read_until(store, PEER, 300).await.unread, 0);
    assert_eq!(store.summaries(OWNER).await.unwrap(), [summary(store).await]);
}

/// Compares with what the messages themselves say.
async fn recount(store: &impl Store, conversation: ConversationId) {
    let Some(summary) = store.summary(OWNER, conversation).await.unwrap() else {
        assert_eq!(store.messages(OWNER, conversation, None, 1).await.unwrap(), []);
        return;
    };
    let until = summary.contact.read_until;
    assert_eq!(summary.unread, store.count_incoming_after(OWNER, conversation, until).await.unwrap());
    let rows = store.messages(OWNER, conversation, None, 10_000).await.unwrap();
    let messages: Vec<_> = rows.into_iter().map(StoredMessage::kept).collect();
    let newest = fold(&messages).pop().map(|entry| Last {
        waiting: entry.is_waiting(),
        hash: entry.hash,
        version: entry.version,
        place: Place::at(entry.time),
        own: entry.own,
        shown: match entry.shown {
            Shown::Text { text, .. } => Preview::Text(text),
            Shown::Deleted => Preview::Deleted,
        },
    });
    assert_eq!(summary.last, newest);
}

pub async fn summaries_are_what_a_recount_gives(store: &impl Store) {
    sign_in(store).await;
    let peers = [notes::PEER, Address::from_bytes([7; 20])];
    let mut dice = Dice(11);
    let mut all: Vec<StoredMessage> = Vec::new();
    for step in 0..150 {
        let peer = peers[dice.below(2) as usize];
        let conversation = ConversationId::Peer(peer);
        match dice.below(8) {
            0 => {
                read_until(store, conversation, dice.below(50)).await;
            }
            1 if !all.is_empty() => {
                let hash = all[dice.below(all.len() as u64) as usize].hash();
                let states = [SendState::Waiting, SendState::Accepted];
                store.set_state(OWNER, hash, &states[dice.below(2) as usize]).await.unwrap();
            }
            _ => {
                let mut batch = Vec::new();
                for _ in 0..=dice.below(3) {
                    let kinds =
                        [Kind::New, Kind::New, Kind::Reply, Kind::Edit, Kind::DeleteRequest, Kind::Reaction];
                    let kind = kinds[dice.below(6) as usize].clone();
                    let known: Vec<_> =
                        all.iter().filter(|known| known.row().conversation == conversation).collect();
                    let about = match known.len() as u64 {
                        0 => None,
                        count => Some(known[dice.below(count) as usize]),
                    };
                    let made = message(peer, dice.below(2) == 0, dice.below(50), kind, about);
                    let arrived = made.row().place.time() + dice.below(9);
                    batch.push(StoredMessage::kept(MessageRow { arrived, ..made.row().clone() }));
                    if let Some(again) = about.filter(|_| dice.below(5) == 0) {
                        batch.push(again.clone());
                    }
                }
                store.add_messages(OWNER, &batch).await.unwrap();
                all.extend(batch);
            }
        }
        if step % 3 == 0 {
            for peer in peers {
                recount(store, ConversationId::Peer(peer)).await;
            }
        }
    }
}

pub async fn who_is_written_to_is_welcome_and_what_comes_in_is_not_hidden(store: &impl Store) {
    sign_in(store).await;
    let decide = |standing: Standing| async move {
        let change = move |known: Option<Contact>| Some(Contact { standing, ..known? });
        store.update_contact(OWNER, PEER, Box::new(change)).await.unwrap();
    };
    store.add_messages(OWNER, &[from_peer(10)]).await.unwrap();
    assert_eq!(summary(store).await.contact.standing, Standing::default());
    let decided = Standing {
        hidden: true,
        muted: true,
        decided: Decided { trust: 0, hidden: 10, muted: 7 },
        ..Standing::default()
    };
    decide(decided).await;
    assert_eq!(summary(store).await.contact.standing, decided);
    store.add_messages(OWNER, &[from_peer(9)]).await.unwrap();
    assert_eq!(summary(store).await.contact.standing, decided, "it was there before");
    store.add_messages(OWNER, &[from_peer(11)]).await.unwrap();
    let decided = Standing { hidden: false, decided: Decided { hidden: 11, ..decided.decided }, ..decided };
    assert_eq!(summary(store).await.contact.standing, decided);
    store.add_messages(OWNER, &[message(notes::PEER, true, 12, Kind::New, None)]).await.unwrap();
    let welcome = Standing { trust: Trust::Accepted, welcome: true, ..decided };
    assert_eq!(summary(store).await.contact.standing, welcome);
    decide(Standing { trust: Trust::Blocked, ..welcome }).await;
    store.add_messages(OWNER, &[message(notes::PEER, true, 13, Kind::New, None)]).await.unwrap();
    assert_eq!(summary(store).await.contact.standing.trust, Trust::Blocked);
}

pub async fn changes_are_told_as_they_are_now_in_pages(store: &impl Store) {
    sign_in(store).await;
    let changed = async |after: u64, limit: usize| {
        let changed = store.changed_messages(OWNER, PEER, after, limit).await.unwrap();
        (hashes(&changed.messages), changed.until)
    };
    assert_eq!(changed(0, 9).await, (vec![], 0));
    let [a, b, c] = [30, 10, 20].map(from_peer);
    let elsewhere = message(Address::from_bytes([7; 20]), false, 5, Kind::New, None);
    store.add_messages(OWNER, &[a.clone(), elsewhere, b.clone()]).await.unwrap();
    assert_eq!(changed(0, 9).await, (vec![a.hash().clone(), b.hash().clone()], 2));
    store.add_messages(OWNER, &[b.clone(), c.clone()]).await.unwrap();
    assert_eq!(summary(store).await.changes, 3);
    assert_eq!(changed(2, 9).await, (vec![c.hash().clone()], 3));
    store.set_state(OWNER, a.hash(), &SendState::Waiting).await.unwrap();
    store.set_state(OWNER, a.hash(), &SendState::Accepted).await.unwrap();
    // The same state again is no change.
    store.set_state(OWNER, a.hash(), &SendState::Accepted).await.unwrap();
    assert_eq!(summary(store).await.changes, 5);
    let told = store.changed_messages(OWNER, PEER, 3, 9).await.unwrap();
    assert_eq!(told.messages, [in_state(&a, SendState::Accepted).row().clone()]);
    assert_eq!(told.until, 5);
    assert_eq!(changed(0, 2).await, (vec![b.hash().clone(), c.hash().clone()], 3));
    assert_eq!(changed(3, 1).await, (vec![a.hash().clone()], 5));
    assert_eq!(changed(5, 9).await, (vec![], 5));
    assert_eq!(store.changed_messages(OTHER, PEER, 0, 9).await.unwrap().messages, []);
}

pub async fn notes_are_found_by_what_they_are_about(store: &impl Store) {
    sign_in(store).await;
    let text = from_peer(10);
    let about: Vec<_> =
        [Kind::Edit, Kind::Reaction, Kind::ReadOpened].map(|kind| note(20, kind, &text)).into();
    let answer = message(notes::PEER, true, 30, Kind::Reply, Some(&text));
    let other = note(40, Kind::Reaction, &answer);
    store.add_messages(OWNER, &[answer, other]).await.unwrap();
    store.add_messages(OWNER, &about).await.unwrap();
    let found = store.notes_about(OWNER, text.hash(), 9).await.unwrap();
    let expected: BTreeSet<&MessageHash> = about.iter().map(StoredMessage::hash).collect();
    assert_eq!(found.iter().map(|row| &row.hash).collect::<BTreeSet<_>>(), expected);
    assert_eq!(found.len(), 3);
    assert_eq!(store.notes_about(OWNER, text.hash(), 2).await.unwrap().len(), 2);
    assert_eq!(store.notes_about(OTHER, text.hash(), 9).await.unwrap(), []);
    assert_eq!(store.notes_about(OWNER, about[0].hash(), 9).await.unwrap(), []);
}

pub async fn the_last_incoming_message_is_found_by_its_arrival(store: &impl Store) {
    sign_in(store).await;
    let late = StoredMessage::kept(MessageRow { arrived: 300, ..from_peer(1).row().clone() });
    let own = message(notes::PEER, true, 400, Kind::New, None);
    let reaction = note(500, Kind::Reaction, &own);
    let elsewhere = message(Address::from_bytes([7; 20]), false, 350, Kind::New, None);
    store.add_messages(OWNER, &[from_peer(200), late.clone(), own, reaction, elsewhere]).await.unwrap();
    let newest = |until| store.last_incoming(OWNER, PEER, until);
    assert_eq!(newest(u64::MAX).await.unwrap().as_ref(), Some(late.row()));
    assert_eq!(newest(300).await.unwrap().as_ref(), Some(late.row()));
    assert_eq!(newest(299).await.unwrap().as_ref(), Some(from_peer(200).row()));
    assert_eq!(newest(199).await.unwrap(), None);
    assert_eq!(store.last_incoming(OTHER, PEER, 300).await.unwrap(), None);
}

pub async fn a_contact_stays_that_of_its_conversation(store: &impl Store) {
    sign_in(store).await;
    let other = Contact::new(ConversationId::Peer(Address::from_bytes([7; 20])), 3);
    store.update_contact(OWNER, PEER, Box::new(move |_| Some(other))).await.unwrap();
    assert_eq!(store.contacts(OWNER).await.unwrap(), [Contact::new(PEER, 3)]);
}
