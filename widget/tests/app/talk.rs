//! What is done with messages.

use std::rc::Rc;

use dm3_core::message::MessageHash;
use dm3_core::ports::StoreError;
use dm3_core::thread::{Quote, Quoted};
use dm3_widget::app::state::{Acting, ActingPage, Bubble, BubbleContent, Composing};
use dm3_widget::app::{Act, Command};

use super::world::{Device, Tab, World, two_talking};

/// Two open conversations with each other, and what alice has written to bob.
fn two(texts: &[&str]) -> (World, Rc<Device>, Tab, Tab) {
    let (world, alice, _bob, alices, bobs) = two_talking();
    for text in texts {
        alices.ask(Command::Send((*text).into()));
        world.pass(1_000);
    }
    (world, alice, alices, bobs)
}

fn bubbles(tab: &Tab) -> Vec<Bubble> {
    tab.state.thread.with_untracked(|thread| thread.as_ref().unwrap().messages.clone()).unwrap()
}

fn bubble(tab: &Tab, text: &str) -> Bubble {
    let says = |it: &&Bubble| matches!(&it.content, BubbleContent::Text { text: said, .. } if said == text);
    bubbles(tab).iter().find(says).unwrap_or_else(|| panic!("{text}")).clone()
}

fn text(bubble: &Bubble) -> Option<(&str, bool, Option<&Quote>)> {
    match &bubble.content {
        BubbleContent::Text { text, edited, quote, .. } => Some((text, *edited, quote.as_ref())),
        BubbleContent::Deleted => None,
    }
}

fn do_it(world: &World, tab: &Tab, act: Act) {
    tab.ask(Command::act(act));
    world.pass(1_000);
}

fn react(to: &MessageHash, emoji: &str) -> Act {
    Act::React { to: to.clone(), emoji: emoji.into() }
}

#[test]
fn an_answer_names_what_it_answers_and_the_composer_is_for_new_messages_again() {
    let (world, _, alice, bob) = two(&["a question"]);
    let question = bubble(&bob, "a question");
    bob.state.composing.set(Composing::Reply(question.quote().unwrap()));
    bob.state.text.set("an answer".into());
    bob.ask(Command::Send("an answer".into()));
    world.pass(1_000);
    assert_eq!(bob.state.composing.get_untracked(), Composing::New);
    assert_eq!(bob.state.text.get_untracked(), "");
    let answer = bubble(&alice, "an answer");
    let quote = text(&answer).unwrap().2.unwrap();
    let shown = Quoted::Text("a question".into());
    assert_eq!(quote, &Quote { hash: question.hash, own: true, shown });
}

#[test]
fn an_edit_replaces_the_text_and_brings_back_what_was_typed_before() {
    let (world, _, alice, bob) = two(&["frist"]);
    for (before, after) in [("frist", "fisrt"), ("fisrt", "first")] {
        let version = bubble(&alice, before).version;
        alice.state.composing.set(Composing::Edit { version, before: "half a thought".into() });
        alice.state.text.set(after.into());
        alice.ask(Command::Send(after.into()));
        world.pass(1_000);
        assert_eq!(alice.state.text.get_untracked(), "half a thought");
        assert!(text(&bubble(&bob, after)).unwrap().1);
        assert_eq!(bubbles(&bob).len(), 1);
    }
    let hash = bubble(&bob, "first").hash;
    let acting = Acting { hash: hash.clone(), left: 0, edge: 0, upwards: false, page: ActingPage::Choices };
    bob.state.acting.set(Some(acting));
    do_it(&world, &bob, Act::ShowVersions(hash));
    let Some(ActingPage::Versions(versions)) = bob.state.acting.get_untracked().map(|acting| acting.page)
    else {
        panic!("no versions");
    };
    let said: Vec<_> = versions.iter().map(|(_, said)| said.as_str()).collect();
    assert_eq!(said, ["frist", "fisrt", "first"]);
}

#[test]
fn what_could_not_be_kept_of_an_edit_stays_in_the_composer_which_stays_what_it_is() {
    let (world, device, alice, _) = two(&["before"]);
    let composing = Composing::Edit { version: bubble(&alice, "before").version, before: String::new() };
    alice.state.composing.set(composing.clone());
    alice.state.text.set("after".into());
    device.peer.store.set_write_failure(Some(StoreError::Full));
    alice.ask(Command::Send("after".into()));
    world.pass(1_000);
    assert_eq!(alice.state.text.get_untracked(), "after");
    assert_eq!(alice.state.composing.get_untracked(), composing);
    assert!(alice.state.unsent.get_untracked().is_some());
}

#[test]
fn a_reaction_is_given_once_and_taken_back_by_giving_it_again() {
    let (world, _, alice, bob) = two(&["hello"]);
    let hash = bubble(&bob, "hello").hash;
    let shown = |tab: &Tab| -> Vec<_> {
        let reactions = bubble(tab, "hello").reactions;
        reactions.iter().map(|it| (it.emoji.clone(), it.count, it.own.is_some())).collect()
    };
    do_it(&world, &bob, react(&hash, "👍"));
    assert_eq!(shown(&alice), [("👍".to_owned(), 1, false)]);
    do_it(&world, &alice, react(&hash, "👍"));
    do_it(&world, &alice, react(&hash, "❤️"));
    assert_eq!(shown(&bob), [("👍".to_owned(), 2, true), ("❤️".to_owned(), 1, false)]);
    do_it(&world, &bob, react(&hash, "👍"));
    assert_eq!(shown(&alice), [("👍".to_owned(), 1, true), ("❤️".to_owned(), 1, true)]);
    do_it(&world, &bob, react(&hash, ""));
    assert_eq!(shown(&bob).len(), 2, "nothing is no emoji");
}

#[test]
fn what_is_done_with_an_edited_message_is_done_with_what_is_seen_of_it() {
    let (world, _, alice, bob) = two(&["before"]);
    let version = bubble(&alice, "before").version;
    alice.state.composing.set(Composing::Edit { version, before: String::new() });
    alice.ask(Command::Send("after".into()));
    world.pass(1_000);
    let seen = bubble(&bob, "after");
    assert_ne!(seen.hash, seen.version);
    do_it(&world, &bob, react(&seen.hash, "👍"));
    assert_eq!(bubble(&alice, "after").reactions.len(), 1);
    do_it(&world, &alice, Act::Delete(seen.hash));
    for tab in [&alice, &bob] {
        assert_eq!(bubbles(tab).iter().filter_map(text).count(), 0);
        assert_eq!(bubbles(tab).len(), 1, "its place stays");
    }
}

#[test]
fn a_message_of_somebody_else_is_not_deleted() {
    let (world, _, alice, bob) = two(&["mine"]);
    do_it(&world, &bob, Act::Delete(bubble(&bob, "mine").hash));
    for tab in [&alice, &bob] {
        assert!(text(&bubble(tab, "mine")).is_some());
    }
}

#[test]
fn a_message_far_up_is_found_and_what_is_not_there_is_not_looked_for_without_end() {
    let texts: Vec<_> = (0..100).map(|number| format!("number {number}")).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let (world, device, alice, _) = two(&texts);
    let first = bubble(&alice, "number 0").hash;
    alice.ask(Command::Back);
    world.pass(1_000);
    alice.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    assert!(bubbles(&alice).len() < 100);
    do_it(&world, &alice, Act::Find(first.clone()));
    assert_eq!(bubbles(&alice).len(), 100);
    assert_eq!(*device.revealed.borrow(), [first]);
    do_it(&world, &alice, Act::Find(format!("0x{:064x}", 7).parse().unwrap()));
    assert_eq!(device.revealed.borrow().len(), 1);
}
