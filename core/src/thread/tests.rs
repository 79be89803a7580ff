use super::*;
use crate::device::{Lane, MessageRow};
use crate::testing::notes::{self, ME, PEER, note};

fn texts(entries: &[Entry]) -> Vec<&str> {
    entries
        .iter()
        .map(|entry| match &entry.shown {
            Shown::Text { text, .. } => text.as_str(),
            Shown::Deleted => "(deleted)",
        })
        .collect()
}

fn quote(entry: &Entry) -> Option<&Quote> {
    match &entry.shown {
        Shown::Text { quote, .. } => quote.as_ref(),
        Shown::Deleted => None,
    }
}

/// The same message with another record.
fn but(message: &StoredMessage, change: impl FnOnce(&mut MessageRow)) -> StoredMessage {
    let mut row = message.row().clone();
    change(&mut row);
    StoredMessage::kept(row)
}

fn thread(messages: &[StoredMessage]) -> Thread {
    let mut thread = Thread::new(ConversationId::Peer(PEER));
    for message in messages {
        thread.insert(message);
    }
    thread
}

/// Both orders of two messages, behind the ones that are there.
fn either_way(there: &[StoredMessage], a: &StoredMessage, b: &StoredMessage) -> [Vec<Entry>; 2] {
    [[a, b], [b, a]].map(|pair| {
        let mut thread = thread(there);
        for message in pair {
            thread.insert(message);
        }
        thread.entries(0..thread.len()).collect()
    })
}

#[test]
fn duplicates_collapse() {
    let one = note(PEER, 10, Kind::New, None, "one");
    let mut thread = thread(std::slice::from_ref(&one));
    assert_eq!(thread.insert(&one), Changes::default());
    assert_eq!(thread.len(), 1);
}

#[test]
fn only_the_author_edits_and_deletes() {
    let mine = note(ME, 10, Kind::New, None, "mine");
    let edit = note(PEER, 20, Kind::Edit, Some(&mine), "forged");
    let delete = note(PEER, 30, Kind::DeleteRequest, Some(&mine), "");
    assert_eq!(texts(&fold(&[mine.clone(), edit, delete])), ["mine"]);
    let delete = note(ME, 30, Kind::DeleteRequest, Some(&mine), "");
    assert_eq!(texts(&fold(&[mine, delete])), ["(deleted)"]);
}

#[test]
fn an_edit_of_anothers_edit_changes_nothing() {
    let mine = note(ME, 10, Kind::New, None, "mine");
    let forged = note(PEER, 20, Kind::Edit, Some(&mine), "forged");
    let through = note(ME, 30, Kind::Edit, Some(&forged), "through the forged one");
    for order in [[&mine, &forged, &through], [&through, &forged, &mine], [&forged, &through, &mine]] {
        let entries = fold(&order.map(Clone::clone));
        assert_eq!(texts(&entries), ["mine"]);
    }
}

#[test]
fn nothing_reaches_into_another_conversation() {
    let other = Address::from_bytes([3; 20]);
    let theirs = notes::with(other, other, 10, Kind::New, None, "in another conversation");
    let mine_there = notes::with(other, ME, 20, Kind::New, None, "mine, in another conversation");
    let here = note(ME, 30, Kind::New, None, "here");
    let mut thread = thread(&[here.clone(), theirs.clone(), mine_there.clone()]);
    assert_eq!(texts(&thread.entries(0..9).collect::<Vec<_>>()), ["here"]);
    // Neither can a message here change one there, nor one there change one here.
    for message in [
        note(ME, 40, Kind::DeleteRequest, Some(&mine_there), ""),
        notes::with(other, ME, 50, Kind::DeleteRequest, Some(&here), ""),
    ] {
        assert_eq!(thread.insert(&message), Changes::default());
    }
    assert_eq!(texts(&thread.entries(0..9).collect::<Vec<_>>()), ["here"]);
    let there = fold(&[theirs, mine_there]);
    assert_eq!(texts(&there), ["in another conversation", "mine, in another conversation"]);
}

#[test]
fn a_deleted_message_stays_deleted() {
    let one = note(PEER, 10, Kind::New, None, "one");
    let delete = note(PEER, 20, Kind::DeleteRequest, Some(&one), "");
    let later = [
        note(PEER, 30, Kind::Edit, Some(&one), "back"),
        note(ME, 40, Kind::Reaction, Some(&one), "👍"),
        note(PEER, 50, Kind::ReadOpened, Some(&one), ""),
    ];
    for message in &later {
        for entries in either_way(std::slice::from_ref(&one), &delete, message) {
            assert_eq!(texts(&entries), ["(deleted)"]);
            assert!(entries[0].reactions.is_empty());
        }
        // The request comes before what it is about.
        for entries in either_way(std::slice::from_ref(&delete), &one, message) {
            assert_eq!(texts(&entries), ["(deleted)"]);
        }
    }
    let thread = thread(&[later[0].clone(), delete, one.clone()]);
    assert_eq!(thread.history(one.hash()).count(), 0);
}

#[test]
fn a_delete_request_may_name_an_edit_of_the_message() {
    let one = note(PEER, 10, Kind::New, None, "one");
    let edit = note(PEER, 20, Kind::Edit, Some(&one), "one, edited");
    let delete = note(PEER, 30, Kind::DeleteRequest, Some(&edit), "");
    for entries in either_way(std::slice::from_ref(&one), &edit, &delete) {
        assert_eq!(texts(&entries), ["(deleted)"]);
    }
}

#[test]
fn an_edit_may_refer_to_the_edit_before() {
    let one = note(PEER, 10, Kind::New, None, "a");
    let second = note(PEER, 20, Kind::Edit, Some(&one), "b");
    let third = note(PEER, 30, Kind::Edit, Some(&second), "c");
    assert_eq!(texts(&fold(&[third, one, second])), ["c"]);
}

#[test]
fn an_edit_waits_for_its_message() {
    let one = note(PEER, 10, Kind::New, None, "one");
    let edit = note(PEER, 20, Kind::Edit, Some(&one), "one, edited");
    let mut thread = thread(&[edit]);
    assert!(thread.is_empty());
    thread.insert(&one);
    assert_eq!(texts(&thread.entries(0..1).collect::<Vec<_>>()), ["one, edited"]);
}

#[test]
fn the_latest_edit_is_the_one_its_author_dates_last() {
    let one = note(PEER, 500, Kind::New, None, "one");
    // This clock goes wrong: the edit claims to be older than its message, and then far in the future.
    let early = note(PEER, 3, Kind::Edit, Some(&one), "early");
    let future = note(PEER, u64::MAX / 2, Kind::Edit, Some(&one), "future");
    let between = note(PEER, 900, Kind::Edit, Some(&one), "between");
    assert_eq!(texts(&fold(&[one.clone(), early.clone()])), ["early"]);
    for entries in either_way(&[one.clone(), early.clone()], &future, &between) {
        assert_eq!(texts(&entries), ["future"]);
        assert_eq!(entries[0].version, *future.hash());
        assert_eq!(entries[0].time, 500);
    }
    // Of one time, the hash decides.
    let (a, b) = (note(PEER, 900, Kind::Edit, Some(&one), "a"), note(PEER, 900, Kind::Edit, Some(&one), "b"));
    let expected = if a.hash() > b.hash() { "a" } else { "b" };
    for entries in either_way(std::slice::from_ref(&one), &a, &b) {
        assert_eq!(texts(&entries), [expected]);
    }
}

#[test]
fn receipts_belong_to_one_message_and_come_from_the_other_side() {
    let mine = note(ME, 10, Kind::New, None, "mine");
    let next = note(ME, 15, Kind::New, None, "next");
    let own = note(ME, 20, Kind::ReadOpened, Some(&mine), "");
    assert!(!fold(&[mine.clone(), own])[0].has_arrived());
    let read = note(PEER, 20, Kind::ReadOpened, Some(&mine), "");
    let arrived = note(PEER, 30, Kind::ReadReceived, Some(&mine), "");
    for entries in either_way(&[mine, next], &read, &arrived) {
        assert!(entries[0].is_read() && entries[0].has_arrived());
        assert!(!entries[1].has_arrived());
    }
}

#[test]
fn a_reply_quotes_what_it_answers_even_if_that_comes_later() {
    let one = note(PEER, 10, Kind::New, None, "one");
    let reply = note(ME, 20, Kind::Reply, Some(&one), "two");
    let lost = note(ME, 30, Kind::Reply, Some(&note(PEER, 5, Kind::New, None, "gone")), "three");
    for entries in either_way(&[lost], &one, &reply) {
        let expected = Quote { hash: one.hash().clone(), own: false, shown: Quoted::Text("one".into()) };
        assert_eq!(quote(&entries[1]), Some(&expected));
        assert_eq!(quote(&entries[2]), None);
    }
}

#[test]
fn a_quote_follows_the_edits_of_what_it_quotes() {
    let one = note(PEER, 10, Kind::New, None, "one");
    let edit = note(PEER, 20, Kind::Edit, Some(&one), "one, edited");
    let reply = note(ME, 30, Kind::Reply, Some(&edit), "two");
    let mut thread = thread(&[one.clone(), reply.clone()]);
    assert_eq!(quote(&thread.find(reply.hash()).unwrap()), None);
    let changes = thread.insert(&edit);
    assert_eq!(changes, Changes { added: None, changed: vec![one.hash().clone(), reply.hash().clone()] });
    assert_eq!(quote(&thread.find(reply.hash()).unwrap()).unwrap().shown, Quoted::Text("one, edited".into()));
    thread.insert(&note(PEER, 40, Kind::DeleteRequest, Some(&one), ""));
    assert_eq!(quote(&thread.find(reply.hash()).unwrap()).unwrap().shown, Quoted::Deleted);
}

#[test]
fn a_quote_of_what_has_no_text_says_how_much_is_attached() {
    let attached = |text: &str| {
        but(&note(PEER, 10, Kind::New, None, text), |row| {
            let mut json: serde_json::Value = serde_json::from_str(&row.json).unwrap();
            json["attachments"] = serde_json::json!(["data:image/png,1", "data:image/png,2"]);
            row.json = json.to_string();
            row.hash = SignedMessage::parse(&row.json).unwrap().hash().clone();
        })
    };
    for (text, expected) in [("", Quoted::Attachments(2)), ("look", Quoted::Text("look".into()))] {
        let one = attached(text);
        let reply = note(ME, 20, Kind::Reply, Some(&one), "nice");
        let thread = thread(&[one, reply.clone()]);
        assert_eq!(quote(&thread.find(reply.hash()).unwrap()).unwrap().shown, expected);
    }
}

#[test]
fn an_unknown_type_is_shown_as_text() {
    let poll = note(PEER, 10, Kind::Other("POLL".into()), None, "tea or coffee?");
    assert_eq!(poll.row().lane, Lane::In);
    assert_eq!(texts(&fold(&[poll])), ["tea or coffee?"]);
}

#[test]
fn a_reaction_counts_once_for_each_author() {
    let one = note(PEER, 10, Kind::New, None, "one");
    let mine = note(ME, 20, Kind::Reaction, Some(&one), "👍");
    let again = note(ME, 21, Kind::Reaction, Some(&one), "👍");
    let theirs = note(PEER, 22, Kind::Reaction, Some(&one), "👍");
    let other = note(PEER, 15, Kind::Reaction, Some(&one), "🎉");
    let entries = fold(&[again.clone(), one, theirs, mine, other]);
    let expected = [
        Reaction { emoji: "🎉".into(), count: 1, own: None },
        Reaction { emoji: "👍".into(), count: 2, own: Some(again.hash().clone()) },
    ];
    assert_eq!(entries[0].reactions, expected);
}

#[test]
fn a_reaction_is_taken_back_by_its_author_only() {
    let one = note(PEER, 10, Kind::New, None, "one");
    let mine = note(ME, 20, Kind::Reaction, Some(&one), "👍");
    let forged = note(PEER, 30, Kind::DeleteRequest, Some(&mine), "");
    let taken_back = note(ME, 40, Kind::DeleteRequest, Some(&mine), "");
    assert_eq!(fold(&[one.clone(), mine.clone(), forged])[0].reactions.len(), 1);
    for there in [vec![one.clone()], vec![]] {
        for mut entries in either_way(&there, &mine, &taken_back) {
            if there.is_empty() {
                assert!(entries.is_empty());
                entries = fold(&[taken_back.clone(), mine.clone(), one.clone()]);
            }
            assert!(entries[0].reactions.is_empty());
        }
    }
    // And given again.
    let again = note(ME, 50, Kind::Reaction, Some(&one), "👍");
    assert_eq!(fold(&[again, taken_back, mine, one])[0].reactions[0].count, 1);
}

#[test]
fn reactions_are_bounded() {
    let one = note(PEER, 10, Kind::New, None, "one");
    let long = note(PEER, 11, Kind::Reaction, Some(&one), &"x".repeat(MAX_REACTION + 1));
    let empty = note(PEER, 12, Kind::Reaction, Some(&one), "");
    let mut thread = thread(&[one.clone(), long, empty]);
    assert!(thread.find(one.hash()).unwrap().reactions.is_empty());
    for i in 0..MAX_REACTIONS as u64 + 5 {
        thread.insert(&note(PEER, 20 + i, Kind::Reaction, Some(&one), &format!("{i}")));
    }
    assert_eq!(thread.find(one.hash()).unwrap().reactions.len(), MAX_REACTIONS);
}

#[test]
fn a_message_changes_its_state_in_place() {
    let waiting = |row: &mut MessageRow| row.state = SendState::Waiting;
    let mine = but(&note(ME, 10, Kind::New, None, "mine"), waiting);
    let edit = but(&note(ME, 20, Kind::Edit, Some(&mine), "mine, edited"), waiting);
    let mut thread = thread(&[mine.clone(), edit.clone()]);
    // The edit is what is shown, so its way counts.
    assert_eq!(thread.set_state(mine.hash(), &SendState::Accepted), Changes::default());
    assert!(thread.find(mine.hash()).unwrap().is_waiting());
    let edit = but(&edit, |row| row.state = SendState::Accepted);
    assert_eq!(thread.insert(&edit), Changes { added: None, changed: vec![mine.hash().clone()] });
    assert_eq!(thread.find(mine.hash()).unwrap().state, SendState::Accepted);
}

#[test]
fn an_entry_knows_its_place() {
    let messages: Vec<_> =
        (0..50).map(|i| note(PEER, 7 * i % 50, Kind::New, None, &format!("{i}"))).collect();
    let thread = thread(&messages);
    let all: Vec<_> = thread.entries(0..thread.len()).collect();
    assert!(all.is_sorted_by_key(|entry| entry.time));
    for (place, entry) in all.iter().enumerate() {
        assert_eq!(thread.place(&entry.hash), Some(place));
    }
    assert_eq!(thread.entries(20..23).collect::<Vec<_>>(), all[20..23]);
    assert_eq!(thread.entries(45..70).count(), 5);
}

#[test]
fn weakness_15_a_record_under_the_hash_of_another_message_displaces_nothing() {
    let genuine = note(PEER, 10, Kind::New, None, "genuine");
    let impostor = note(PEER, 20, Kind::New, None, "impostor");
    let impostor = but(&impostor, |row| row.hash = genuine.hash().clone());
    // Whichever comes first: the hash is computed from the text, so the impostor is no message at all.
    for order in [[&genuine, &impostor], [&impostor, &genuine]] {
        assert_eq!(texts(&fold(&order.map(Clone::clone))), ["genuine"]);
    }
}

#[test]
fn weakness_16_nobody_changes_anothers_message_and_its_history_stays_visible() {
    let mine = note(ME, 10, Kind::New, None, "I owe you 1");
    let forged = [
        note(PEER, 20, Kind::Edit, Some(&mine), "I owe you 1000"),
        note(PEER, 21, Kind::DeleteRequest, Some(&mine), ""),
        note(ME, 22, Kind::ReadOpened, Some(&mine), ""),
    ];
    let mut thread = thread(std::slice::from_ref(&mine));
    for message in &forged {
        assert_eq!(thread.insert(message), Changes::default());
    }
    thread.insert(&note(ME, 40, Kind::Edit, Some(&mine), "I owe you nothing"));
    thread.insert(&note(ME, 30, Kind::Edit, Some(&mine), "I owe you 2"));
    let history: Vec<_> =
        thread.history(mine.hash()).map(|version| (version.written, version.text)).collect();
    assert_eq!(history, [(10, "I owe you 1"), (30, "I owe you 2"), (40, "I owe you nothing")]);
    assert!(matches!(
        thread.find(mine.hash()).unwrap().shown,
        Shown::Text { edits: 2, text, .. } if text == "I owe you nothing"
    ));
}

#[test]
fn weakness_17_chains_of_edits_are_bounded_and_never_circles() {
    // As demonstrated against the deployed client: an edit whose claimed hash is what it refers to. The record
    // is refused, as the hash is computed.
    let one = note(PEER, 10, Kind::New, None, "one");
    let circle = note(PEER, 20, Kind::Edit, Some(&one), "circle");
    let circle = but(&circle, |row| row.hash = one.hash().clone());
    assert_eq!(texts(&fold(&[circle, one.clone()])), ["one"]);

    // A chain that is too long stops growing, wherever it starts to arrive.
    let mut chain = vec![one];
    for i in 0..MAX_EDIT_CHAIN as u64 + 10 {
        chain.push(note(PEER, 20 + i, Kind::Edit, chain.last(), &format!("{i}")));
    }
    let last = format!("{}", MAX_EDIT_CHAIN - 1);
    assert_eq!(texts(&fold(&chain)), [last.as_str()]);
    chain.reverse();
    assert_eq!(texts(&fold(&chain)), [last.as_str()]);
}

/// The claim of a circle is refused by its hash. Should two records ever name one another nevertheless, they wait
/// for ever instead of going round.
#[test]
fn edits_that_name_one_another_just_wait() {
    let mut thread = thread(&[note(PEER, 10, Kind::New, None, "one")]);
    let (a, b) = ([1; 32], [2; 32]);
    for (id, reference) in [(a, b), (b, a), ([3; 32], [3; 32])] {
        let number = thread.notes.len();
        let mut note = thread.notes[0].clone();
        note.id = id;
        note.role = Role::Edit;
        note.reference = Some(reference);
        thread.known.insert(by_hash(&id), number);
        thread.notes.push(note);
        assert_eq!(thread.file(number).len(), 0);
    }
    assert_eq!(texts(&thread.entries(0..9).collect::<Vec<_>>()), ["one"]);
}

#[test]
fn what_a_message_is_about_stays_with_it_when_it_is_edited_and_goes_when_it_is_deleted() {
    let mut json: serde_json::Value =
        serde_json::from_str(&note(ME, 10, Kind::New, None, "still there?").row().json).unwrap();
    json["metadata"]["context"] = "NFT #7".into();
    let message = SignedMessage::parse(&json.to_string()).unwrap();
    let row = MessageRow::new(&message, ME, ConversationId::Peer(PEER), (1 << 53) - 1, SendState::Accepted);
    let first = StoredMessage::kept(row);
    let edit = note(ME, 20, Kind::Edit, Some(&first), "still for sale?");
    let delete = note(ME, 30, Kind::DeleteRequest, Some(&first), "");
    let about = |messages: &[&StoredMessage]| {
        let mut thread = Thread::new(ConversationId::Peer(PEER));
        messages.iter().for_each(|message| drop(thread.insert(message)));
        match thread.find(first.hash()).unwrap().shown {
            Shown::Text { about, .. } => about.map(|about| about.line()),
            Shown::Deleted => None,
        }
    };
    assert_eq!(about(&[&first]).as_deref(), Some("NFT #7"));
    assert_eq!(about(&[&first, &edit]).as_deref(), Some("NFT #7"));
    assert_eq!(about(&[&first, &edit, &delete]), None);
}

#[test]
fn what_a_receipt_names_has_left_and_nothing_else() {
    let waits = |message: &StoredMessage| but(message, |row| row.state = SendState::Waiting);
    let mine = waits(&note(ME, 10, Kind::New, None, "mine"));
    let edit = waits(&note(ME, 20, Kind::Edit, Some(&mine), "edited"));
    for entries in either_way(&[], &mine, &note(PEER, 30, Kind::ReadOpened, Some(&mine), "")) {
        assert_eq!((&entries[0].state, entries[0].is_read()), (&SendState::Accepted, true));
    }
    let mut thread = thread(&[mine.clone(), note(PEER, 30, Kind::ReadOpened, Some(&mine), ""), edit.clone()]);
    assert_eq!(thread.find(mine.hash()).unwrap().state, SendState::Waiting, "the edit has not left");
    thread.insert(&note(PEER, 40, Kind::ReadReceived, Some(&edit), ""));
    assert_eq!(thread.find(mine.hash()).unwrap().state, SendState::Accepted);
    let own = note(ME, 50, Kind::ReadOpened, Some(&mine), "");
    assert_eq!(fold(&[mine, own])[0].state, SendState::Waiting, "nobody else has said so");
}
