//! Conversations with attachments: those that came, and those that are to be sent.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::made::{States, bob, bubble, hash, open, thread};
use super::thread::market;
use crate::app::files::{Attached, Away, Files, Item, Look, Ready, Refused, Room};
use crate::app::state::{BubbleContent, Delivery, FileBytes, State};

pub(super) const STATES: States = &[
    ("thread-files", files),
    ("thread-files-away", away),
    ("thread-files-large", |state| {
        let picture = Look::Picture { url: "/icon.svg".to_owned(), width: 200, height: 120 };
        with_files(state, vec![(Delivery::Received, "", item("picture.svg", "image/png", 2_048, picture))])?;
        let first = hash(1)?;
        Files::change(state, |files| files.large = Some((first, 0)));
        Some(())
    }),
    ("thread-attached", attached),
    ("thread-attached-too-much", |state| {
        attached(state)?;
        let lacking = Room::Lacking { by: 48_000, smaller: None, node: true };
        Files::change(state, |files| files.room = lacking);
        Some(())
    }),
    ("thread-attached-smaller", |state| {
        attached(state)?;
        let lacking = Room::Lacking { by: 48_000, smaller: Some(21_000), node: false };
        Files::change(state, |files| files.room = lacking);
        Some(())
    }),
    ("thread-attached-weighing", |state| {
        attached(state)?;
        Files::change(state, |files| files.room = Room::Weighing);
        Some(())
    }),
    ("thread-attached-refused", |state| {
        attached(state)?;
        Files::change(state, |files| files.refused = Some(Refused::Large));
        Some(())
    }),
    ("thread-files-held-above", |state| {
        market(state)?;
        crate::more::PARTS.files.ask();
        Files::change(state, |files| files.hovering = true);
        Some(())
    }),
    ("thread-files-sending", |state| {
        attached(state)?;
        Files::change(state, |files| files.sending = Some(42));
        Some(())
    }),
];

fn files(state: State) -> Option<()> {
    let url = "/icon.svg".to_owned();
    let picture = Look::Picture { url: url.clone(), width: 200, height: 120 };
    let text = Look::Text { url: url.clone(), text: "A note.\nOf two lines.".into(), cut: false };
    let bill = "an-invoice-whose-name-is-long-as-they-are.pdf";
    with_files(
        state,
        vec![
            (Delivery::Received, "", item("picture.svg", "image/png", 2_048, picture)),
            (Delivery::Read, "The invoice", item(bill, "application/octet-stream", 84_000, Look::File(url))),
            (Delivery::Received, "", item("note.txt", "text/plain", 26, text)),
            (
                Delivery::Sent,
                "",
                item("elsewhere", "", 0, Look::Elsewhere("files.example/some/where".into())),
            ),
            (Delivery::Received, "", item("broken", "", 0, Look::Unusable)),
            (Delivery::Received, "", item("holiday.mp4", "", 6_000_000, Away::Waiting.into())),
            (Delivery::Received, "", item("changed.mp4", "", 6_000_000, Away::Changed.into())),
        ],
    )
}

/// What lies sealed at its sender's node.
fn away(state: State) -> Option<()> {
    let film = |name, away: Away| item(name, "", 48_000_000, away.into());
    with_files(
        state,
        vec![
            (Delivery::Received, "", film("waiting.mp4", Away::Waiting)),
            (Delivery::Received, "The whole evening", film("coming.mp4", Away::Coming(42))),
            (Delivery::Received, "", film("interrupted.mp4", Away::Failed)),
            (Delivery::Received, "", film("gone.mp4", Away::Gone)),
            (Delivery::Received, "", film("changed.mp4", Away::Changed)),
            (Delivery::Sent, "", film("a-film-of-ours-whose-name-is-long-as-they-are.mp4", Away::Waiting)),
        ],
    )
}

fn item(name: &str, media_type: &'static str, size: usize, look: Look) -> Item {
    Item { name: name.into(), media_type, size, look }
}

/// A conversation of messages with a file each.
fn with_files(state: State, each: Vec<(Delivery, &str, Item)>) -> Option<()> {
    let (mut messages, mut shown) = (Vec::new(), BTreeMap::new());
    for (number, (delivery, words, item)) in each.into_iter().enumerate() {
        let content = BubbleContent::Text {
            text: words.into(),
            edited: false,
            quote: None,
            attachments: 1,
            about: None,
        };
        let bubble = bubble(number + 1, 70 - 10 * number as u64, content, delivery)?;
        shown.insert(bubble.version.clone(), Rc::new(vec![item]));
        messages.push(bubble);
    }
    open(state, thread(bob()?, messages))?;
    Files::change(state, |files| files.shown = shown);
    Some(())
}

fn attached(state: State) -> Option<()> {
    market(state)?;
    crate::more::PARTS.files.ask();
    let ready = |url: Option<&str>, tells| {
        Some(Ready {
            bytes: FileBytes::new(vec![0; 3_000]),
            claimed: None,
            url: url.map(Into::into),
            tells,
            smaller: None,
            elsewhere: None,
        })
    };
    let attached = |number, name: &str, ready| Attached { number, name: name.into(), ready };
    let attached = vec![
        attached(1, "picture.svg", ready(Some("/icon.svg"), false)),
        attached(2, "a-film-with-a-long-name.mp4", ready(None, true)),
        attached(3, "being-read.pdf", None),
    ];
    Files::change(state, |files| files.attached = attached);
    Some(())
}
