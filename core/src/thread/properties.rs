//! The fold commutes, and says truly what changed.

use proptest::prelude::*;

use super::*;
use crate::delivery::Refusal;
use crate::device::MessageRow;
use crate::testing::notes::{ME, PEER, note};

/// One message of a random conversation: who, when, what, and about which earlier one.
#[derive(Clone, Debug)]
struct Line {
    own: bool,
    written: u64,
    kind: u8,
    about: prop::sample::Index,
    emoji: u8,
}

fn line() -> impl Strategy<Value = Line> {
    // Few times, so that they collide and run backwards.
    (any::<bool>(), 0u64..20, 0u8..14, any::<prop::sample::Index>(), 0u8..3)
        .prop_map(|(own, written, kind, about, emoji)| Line { own, written, kind, about, emoji })
}

fn conversation(lines: &[Line]) -> Vec<StoredMessage> {
    let mut messages = Vec::<StoredMessage>::new();
    for (number, line) in lines.iter().enumerate() {
        let kind = match line.kind {
            0..3 => Kind::New,
            3..5 => Kind::Reply,
            5..8 => Kind::Edit,
            8 => Kind::DeleteRequest,
            9..11 => Kind::Reaction,
            11 => Kind::ReadReceived,
            12 => Kind::ReadOpened,
            _ => Kind::Other("POLL".into()),
        };
        let text = if kind == Kind::Reaction { format!("{}", line.emoji) } else { format!("text {number}") };
        let about = (!messages.is_empty()).then(|| line.about.get(&messages).clone());
        let author = if line.own { ME } else { PEER };
        let message = note(author, line.written, kind, about.as_ref(), &text);
        messages.push(if line.own && line.emoji > 0 { at(&message, state(line.emoji)) } else { message });
    }
    messages
}

fn state(number: u8) -> SendState {
    if number == 1 { SendState::Waiting } else { SendState::Refused(Refusal::Stopped) }
}

fn at(message: &StoredMessage, state: SendState) -> StoredMessage {
    StoredMessage::kept(MessageRow { state, ..message.row().clone() })
}

fn shown(thread: &Thread) -> Vec<Entry> {
    thread.entries(0..thread.len()).collect()
}

proptest! {
    #[test]
    fn any_order_with_any_duplicates_gives_the_same(
        (sent, arriving) in prop::collection::vec(line(), 1..40).prop_flat_map(|lines| {
            let sent = conversation(&lines);
            let twice = [sent.clone(), sent.clone()].concat();
            (Just(sent), Just(twice).prop_shuffle())
        }),
    ) {
        let expected = fold(&sent);
        prop_assert_eq!(&fold(&arriving), &expected);
        let thread = arriving.iter().fold(Thread::new(ConversationId::Peer(PEER)), |mut thread, message| {
            thread.insert(message);
            thread
        });
        let in_order = sent.iter().fold(Thread::new(ConversationId::Peer(PEER)), |mut thread, message| {
            thread.insert(message);
            thread
        });
        for message in &sent {
            prop_assert_eq!(
                thread.history(message.hash()).collect::<Vec<_>>(),
                in_order.history(message.hash()).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn any_split_into_pages_gives_the_same(
        (pages, sent) in prop::collection::vec(line(), 1..40).prop_flat_map(|lines| {
            let sent = conversation(&lines);
            (prop::collection::vec(0..6usize, sent.len()), Just(sent))
        }),
    ) {
        let mut thread = Thread::new(ConversationId::Peer(PEER));
        // Newest page first, as they are read.
        for page in (0..6).rev() {
            for (message, _) in sent.iter().zip(&pages).filter(|(_, of)| **of == page) {
                thread.insert(message);
            }
            // What is shown meanwhile leaves no traces.
            prop_assert_eq!(shown(&thread).len(), thread.len());
        }
        prop_assert_eq!(shown(&thread), fold(&sent));
    }

    #[test]
    fn changes_name_exactly_what_looks_different(
        arriving in prop::collection::vec(line(), 1..40).prop_flat_map(|lines| {
            Just(conversation(&lines)).prop_shuffle()
        }),
    ) {
        let mut thread = Thread::new(ConversationId::Peer(PEER));
        for message in &arriving {
            let before = shown(&thread);
            let changes = thread.insert(message);
            let after = shown(&thread);
            let added: Vec<_> =
                after.iter().filter(|entry| !before.iter().any(|b| b.hash == entry.hash)).collect();
            prop_assert_eq!(added.iter().map(|entry| &entry.hash).collect::<Vec<_>>(), changes.added.iter().collect::<Vec<_>>());
            prop_assert_eq!(before.len() + added.len(), after.len());
            let changed: Vec<_> = after
                .iter()
                .filter(|entry| before.iter().any(|b| b.hash == entry.hash && b != *entry))
                .map(|entry| entry.hash.clone())
                .collect();
            prop_assert_eq!(changed, changes.changed);
        }
        let ours = arriving.iter().map(StoredMessage::row).filter(|row| row.author == ME);
        for (hash, state) in ours.flat_map(|row| [SendState::Waiting, SendState::Accepted].map(|it| (&row.hash, it))) {
            let before = shown(&thread);
            let changes = thread.set_state(hash, &state);
            let after = shown(&thread);
            let looks = before.iter().zip(&after).filter(|(before, after)| before != after);
            let changed: Vec<_> = looks.map(|(entry, _)| entry.hash.clone()).collect();
            prop_assert_eq!((changed, None), (changes.changed, changes.added));
        }
    }
}
