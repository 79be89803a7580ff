use super::*;
use crate::identity::{EnsName, KeySeed, ProfileKeys};
use crate::message::{Draft, Header};

const ME: Address = Address::from_bytes([1; 20]);
const PEER: Address = Address::from_bytes([2; 20]);

fn message(
    author: Address,
    time: u64,
    kind: Kind,
    reference: Option<&StoredMessage>,
    text: &str,
) -> StoredMessage {
    let name = |address: Address| EnsName::of_address(address, &"addr.dm3.eth".parse().unwrap());
    let other = if author == ME { PEER } else { ME };
    let header = Header { from: name(author), to: name(other), timestamp: time };
    let draft = Draft::of_kind(header, kind, reference.map(|r| &r.hash), text).unwrap();
    let keys = ProfileKeys::derive(&KeySeed::from_bytes([author.as_bytes()[0]; 32]));
    let state = if author == ME { SendState::Accepted } else { SendState::Received };
    StoredMessage::new(&draft.sign(&keys.signing), author, PEER, 1_000, state)
}

fn texts(entries: &[Entry]) -> Vec<&str> {
    entries
        .iter()
        .map(|entry| match &entry.content {
            Content::Text { text, .. } => text.as_str(),
            Content::Deleted => "(deleted)",
        })
        .collect()
}

fn permutations(items: &[StoredMessage]) -> Vec<Vec<StoredMessage>> {
    if items.is_empty() {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for i in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(i);
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let first = message(PEER, 10, Kind::New, None, "one");
    let answer = message(ME, 20, Kind::Reply, Some(&first), "two");
    let edit = message(PEER, 30, Kind::Edit, Some(&first), "one, edited");
    let reaction = message(ME, 40, Kind::Reaction, Some(&first), "👍");
    let expected = fold(&[first.clone(), answer.clone(), edit.clone(), reaction.clone()]);
    assert_eq!(texts(&expected), ["one, edited", "two"]);
    assert_eq!(expected[0].reactions, [("👍".to_owned(), 1)]);
    for order in permutations(&[first, answer, edit, reaction]) {
        assert_eq!(fold(&order), expected);
    }
}

#[test]
fn duplicates_collapse() {
    let one = message(PEER, 10, Kind::New, None, "one");
    assert_eq!(fold(&[one.clone(), one]).len(), 1);
}

#[test]
fn only_the_author_edits_and_deletes() {
    let mine = message(ME, 10, Kind::New, None, "mine");
    let edit = message(PEER, 20, Kind::Edit, Some(&mine), "forged");
    let delete = message(PEER, 30, Kind::DeleteRequest, Some(&mine), "");
    assert_eq!(texts(&fold(&[mine.clone(), edit, delete])), ["mine"]);
    let delete = message(ME, 30, Kind::DeleteRequest, Some(&mine), "");
    assert_eq!(texts(&fold(&[mine, delete])), ["(deleted)"]);
}

#[test]
fn a_deleted_message_stays_deleted() {
    let one = message(PEER, 10, Kind::New, None, "one");
    let delete = message(PEER, 20, Kind::DeleteRequest, Some(&one), "");
    let edit = message(PEER, 30, Kind::Edit, Some(&one), "back");
    let reaction = message(ME, 40, Kind::Reaction, Some(&one), "👍");
    let entries = fold(&[one, delete, edit, reaction]);
    assert_eq!(texts(&entries), ["(deleted)"]);
    assert!(entries[0].reactions.is_empty());
}

#[test]
fn an_edit_may_refer_to_the_edit_before() {
    let one = message(PEER, 10, Kind::New, None, "a");
    let second = message(PEER, 20, Kind::Edit, Some(&one), "b");
    let third = message(PEER, 30, Kind::Edit, Some(&second), "c");
    assert_eq!(texts(&fold(&[third, one, second])), ["c"]);
}

#[test]
fn receipts_count_from_the_other_side_only() {
    let mine = message(ME, 10, Kind::New, None, "mine");
    let own = message(ME, 20, Kind::ReadOpened, Some(&mine), "");
    assert!(!fold(&[mine.clone(), own])[0].has_arrived());
    let read = message(PEER, 20, Kind::ReadOpened, Some(&mine), "");
    let arrived = message(PEER, 30, Kind::ReadReceived, Some(&mine), "");
    let entries = fold(&[mine, read, arrived]);
    assert!(entries[0].is_read() && entries[0].has_arrived());
}

#[test]
fn a_reply_quotes_what_it_answers() {
    let one = message(PEER, 10, Kind::New, None, "one");
    let reply = message(ME, 20, Kind::Reply, Some(&one), "two");
    let lost = message(ME, 30, Kind::Reply, Some(&message(PEER, 5, Kind::New, None, "gone")), "three");
    let entries = fold(&[one, reply, lost]);
    let quote = |entry: &Entry| match &entry.content {
        Content::Text { quote, .. } => quote.clone(),
        Content::Deleted => None,
    };
    assert_eq!(quote(&entries[1]), Some(Quote { own: false, text: "one".into() }));
    assert_eq!(quote(&entries[2]), None);
}
