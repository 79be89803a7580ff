use proptest::prelude::*;

use super::*;
use crate::device::{Decided, Trust};
use crate::identity::KeySeed;
use crate::message::Kind;
use crate::testing::SeededEntropy;
use crate::testing::notes::{ME, PEER, note};

const CONVERSATION: ConversationId = ConversationId::Peer(PEER);

fn keys() -> StorageKeys {
    StorageKeys::derive(&KeySeed::from_bytes([7; 32]), ME)
}

fn examples() -> Vec<Record> {
    let refused = note(ME, 20, Kind::New, None, "mine");
    let state = SendState::Refused(Refusal::Rejected("no room".into()));
    let refused = StoredMessage::kept(MessageRow { state, ..refused.row().clone() });
    vec![
        Record::Message(note(PEER, 10, Kind::New, None, "theirs")),
        Record::Message(refused),
        Record::Contact(ContactRecord {
            standing: Standing {
                trust: Trust::Blocked,
                hidden: true,
                muted: true,
                welcome: true,
                decided: Decided { trust: 8, hidden: 9, muted: 7 },
            },
            conversation: CONVERSATION,
            name: Some("bob.eth".parse().unwrap()),
            touched: 9,
            found_at: vec!["bob.eth".parse().unwrap(), "other.eth".parse().unwrap()],
            seen: SeenProfiles::default(),
            notices: Notices::default(),
            last: Some(note(PEER, 10, Kind::New, None, "theirs")),
        }),
        Record::ReadMarker(ReadMarker { conversation: CONVERSATION, read_until: 1_700_000_000_000 }),
        Record::Draft(DraftRecord { conversation: CONVERSATION, text: "Dear".into(), changed: 4 }),
        Record::Setting(Setting { name: "receipts".into(), value: true.into(), changed: 3 }),
    ]
}

#[test]
fn every_kind_comes_back_as_it_was() {
    for record in examples() {
        let sealed = record.seal(&keys(), &SeededEntropy::new(1)).unwrap();
        assert_eq!(sealed.open(&keys()), Ok(Opened::Known(Box::new(record))));
    }
}

#[test]
fn a_record_counts_only_where_it_was_written() {
    let sealed = examples()[0].seal(&keys(), &SeededEntropy::new(1)).unwrap();
    let other_owner = StorageKeys::derive(&KeySeed::from_bytes([7; 32]), PEER);
    let other_seed = StorageKeys::derive(&KeySeed::from_bytes([8; 32]), ME);
    for keys in [&other_owner, &other_seed] {
        assert_eq!(sealed.open(keys), Err(RecordError::NotOurs));
    }
    let elsewhere = examples()[3].seal(&keys(), &SeededEntropy::new(1)).unwrap();
    let moved = SealedRecord { id: elsewhere.id, ..sealed.clone() };
    assert_eq!(moved.open(&keys()), Err(RecordError::NotOurs));
    let moved = SealedRecord { conversation: keys().account(), ..sealed };
    assert_eq!(moved.open(&keys()), Err(RecordError::NotOurs));
}

#[test]
fn a_kind_of_a_later_version_is_told_apart_and_left_alone() {
    let text = r#"{"id":"x","kind":"poll","options":[1,2]}"#;
    let sealed = seal_text(text, keys().account(), "poll", "x", &keys(), &SeededEntropy::new(1)).unwrap();
    assert_eq!(sealed.open(&keys()), Ok(Opened::Unknown { kind: "poll".into() }));
    let mut bytes = STANDARD.decode(&sealed.content).unwrap();
    bytes[0] = 2;
    let later = SealedRecord { content: STANDARD.encode(bytes), ..sealed };
    assert_eq!(later.open(&keys()), Err(RecordError::Version(2)));
}

#[test]
fn a_record_that_disagrees_with_itself_is_refused() {
    // A message under the id of another.
    let record = examples().remove(0);
    let sealed = seal_text(
        &canonical(&record.to_json()).replace(&record.id(), &format!("0x{}", "0".repeat(64))),
        record.place(&keys()),
        "message",
        &format!("0x{}", "0".repeat(64)),
        &keys(),
        &SeededEntropy::new(1),
    )
    .unwrap();
    assert_eq!(sealed.open(&keys()), Err(RecordError::NotOurs));
    // A message of the peer that we are to deliver.
    let text = canonical(&record.to_json()).replace("received", "waiting");
    let place = record.place(&keys());
    let sealed = seal_text(&text, place, "message", &record.id(), &keys(), &SeededEntropy::new(1)).unwrap();
    assert_eq!(sealed.open(&keys()), Err(RecordError::Form("state")));
}

#[test]
fn a_sentence_of_the_first_version_is_kept_as_what_was_said() {
    let record = examples().remove(1);
    let state = r#"{"refused":"rejected","value":"no room"}"#;
    let text = canonical(&record.to_json()).replace(state, r#"{"refused":"it is full"}"#);
    let place = record.place(&keys());
    let sealed = seal_text(&text, place, "message", &record.id(), &keys(), &SeededEntropy::new(1)).unwrap();
    let Ok(Opened::Known(opened)) = sealed.open(&keys()) else { panic!() };
    let Record::Message(message) = *opened else { panic!() };
    assert_eq!(message.row().state, SendState::Refused(Refusal::Unexplained("it is full".into())));
}

#[test]
fn weakness_9_equal_records_look_different_and_names_say_nothing() {
    let entropy = SeededEntropy::new(1);
    let contact = examples().remove(2);
    let (first, second) =
        (contact.seal(&keys(), &entropy).unwrap(), contact.seal(&keys(), &entropy).unwrap());
    assert_eq!((first.conversation, first.id), (second.conversation, second.id));
    assert_ne!(first.content, second.content);
    // Another account talks to the same peer under another name.
    let other = StorageKeys::derive(&KeySeed::from_bytes([8; 32]), ME);
    assert_ne!(first.conversation, other.conversation(ConversationId::Peer(PEER)));
}

#[test]
fn lengths_tell_little() {
    let length = |text: &str| {
        let message = Record::Message(note(PEER, 10, Kind::New, None, text));
        message.seal(&keys(), &SeededEntropy::new(1)).unwrap().content.len()
    };
    assert_eq!(length(""), length(&"x".repeat(200)));
    for length in [1, 1024, 1025, 5_000, 100_000, 20_000_000] {
        let padded = padded_length(length);
        assert!(padded >= length && padded <= (length + length / 8).max(MIN_PADDED), "{length} → {padded}");
    }
}

fn same_thing() -> impl Strategy<Value = Vec<Record>> {
    let state = prop_oneof![
        Just(SendState::Waiting),
        Just(SendState::Accepted),
        "[ab]".prop_map(|said| SendState::Refused(Refusal::Rejected(Said::new(&said)))),
    ];
    let place = (0u64..3, 0u64..2).prop_map(|(time, part)| Place::within(time, part).unwrap());
    let message = (place.clone(), place, 0u64..3, state).prop_map(|(place, taken, arrived, state)| {
        let message = note(ME, 10, Kind::New, None, "mine");
        let row = message.row().clone();
        Record::Message(StoredMessage::kept(MessageRow { place, taken, arrived, state, ..row }))
    });
    let last = prop::option::of((1u64..3, any::<bool>()));
    let contact = (prop::option::of("[ab]\\.eth"), last, 0u64..3).prop_map(|(name, last, touched)| {
        let name = name.map(|name| name.parse().unwrap());
        let last = last.map(|(time, waits)| {
            let state = if waits { SendState::Waiting } else { SendState::Accepted };
            let message = note(ME, time, Kind::New, None, "mine");
            StoredMessage::kept(MessageRow { state, ..message.row().clone() })
        });
        let contact = ContactRecord::new(&Contact::new(CONVERSATION, touched), last);
        Record::Contact(ContactRecord { name, ..contact })
    });
    let draft = ("[ab]?", 0u64..3)
        .prop_map(|(text, changed)| Record::Draft(DraftRecord { conversation: CONVERSATION, text, changed }));
    let marker = (0u64..9)
        .prop_map(|read_until| Record::ReadMarker(ReadMarker { conversation: CONVERSATION, read_until }));
    let setting = (0u8..3, 0u64..3).prop_map(|(value, changed)| {
        Record::Setting(Setting { name: "a".into(), value: value.into(), changed })
    });
    let three = 3..=3usize;
    prop_oneof![
        prop::collection::vec(message, three.clone()),
        prop::collection::vec(contact, three.clone()),
        prop::collection::vec(marker, three.clone()),
        prop::collection::vec(draft, three.clone()),
        prop::collection::vec(setting, three),
    ]
}

proptest! {
    #[test]
    fn devices_may_merge_in_any_order_and_repeatedly(records in same_thing()) {
        let merged = |a: &Record, b: &Record| merge(a, b).unwrap();
        let [a, b, c] = &records[..] else { unreachable!() };
        prop_assert_eq!(merged(a, b), merged(b, a));
        prop_assert_eq!(merged(&merged(a, b), c), merged(a, &merged(b, c)));
        prop_assert_eq!(merged(a, a), a.clone());
        // An old state that a server shows again undoes nothing.
        prop_assert_eq!(merged(&merged(a, b), a), merged(a, b));
    }

    #[test]
    fn no_content_makes_it_fail_otherwise(content in ".{0,200}") {
        let place = keys().account();
        let record = SealedRecord { conversation: place, id: place, content };
        prop_assert!(record.open(&keys()).is_err());
    }
}

#[test]
fn different_things_are_never_merged() {
    let records = examples();
    for (i, a) in records.iter().enumerate() {
        for b in &records[i + 1..] {
            assert_eq!(merge(a, b), None);
        }
    }
}
