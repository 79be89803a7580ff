//! A message counts as seen when somebody can have seen it.

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_widget::app::platform::HostEvent;
use dm3_widget::app::state::Apart;
use dm3_widget::app::{Act, Command};

use super::world::{Device, Tab, World, now};

/// alice's tab with the conversation with bob open, before `before` is done and bob writes.
fn bob_writes(before: impl FnOnce(&Tab)) -> (World, Rc<Device>, Tab) {
    let world = World::new();
    let ((alice, _), (_, bobs)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    before(&tab);
    world.pass(1_000);
    now(bobs.compose(ConversationId::Peer(alice.address()), "hello")).unwrap();
    now(bobs.flush()).unwrap();
    world.run();
    (world, alice, tab)
}

/// How many unread messages the page was told of last.
fn unread_told(tab: &Tab) -> Option<u64> {
    tab.events().into_iter().rev().find_map(|event| match event {
        HostEvent::UnreadChange(count) => Some(count),
        _ => None,
    })
}

#[test]
fn a_message_in_the_open_conversation_is_seen_at_once() {
    let (_, _, tab) = bob_writes(|_| ());
    assert_eq!(tab.deliveries().len(), 1);
    assert_eq!(tab.unread(), 0);
}

#[test]
fn a_message_that_comes_while_the_tab_is_hidden_is_seen_when_the_tab_is_chosen() {
    let (world, _, tab) = bob_writes(|tab| tab.set_visible(false));
    assert_eq!(tab.deliveries().len(), 1);
    assert_eq!(tab.unread(), 1);
    assert_eq!(unread_told(&tab), Some(1));
    world.pass(60_000);
    assert_eq!(tab.unread(), 1, "time alone lets nobody see anything");
    tab.set_visible(true);
    world.run();
    assert_eq!(tab.unread(), 0);
    assert_eq!(unread_told(&tab), Some(0));
}

#[test]
fn a_message_that_comes_while_the_panel_is_closed_is_seen_when_it_opens() {
    let (world, _, tab) = bob_writes(|tab| tab.ask(Command::Shown(false)));
    assert_eq!(tab.unread(), 1);
    tab.ask(Command::Shown(true));
    world.run();
    assert_eq!(tab.unread(), 0);
}

#[test]
fn a_panel_that_opens_in_a_hidden_tab_shows_nobody_anything() {
    let (world, _, tab) = bob_writes(|tab| {
        tab.ask(Command::Shown(false));
        tab.set_visible(false);
    });
    tab.ask(Command::Shown(true));
    world.run();
    assert_eq!(tab.unread(), 1);
}

#[test]
fn a_message_that_comes_below_where_somebody_reads_is_seen_when_they_come_to_the_end() {
    let (world, _, tab) = bob_writes(|tab| tab.state.away.set(Apart::new((), 1)));
    assert_eq!(tab.deliveries().len(), 1);
    assert_eq!(tab.unread(), 1);
    assert_eq!(unread_told(&tab), Some(1));
    tab.set_visible(false);
    tab.set_visible(true);
    world.pass(60_000);
    assert_eq!(tab.unread(), 1, "whoever comes back reads where they left");
    tab.state.away.set(Apart::waiting());
    tab.ask(Command::act(Act::AtEnd));
    world.run();
    assert_eq!(tab.unread(), 0);
    assert_eq!(unread_told(&tab), Some(0));
}

#[test]
fn a_conversation_that_is_not_on_the_screen_is_not_seen() {
    let (world, _, tab) = bob_writes(|tab| tab.ask(Command::Back));
    assert_eq!(tab.unread(), 1);
    tab.set_visible(true);
    world.run();
    assert_eq!(tab.unread(), 1);
}

#[test]
fn what_is_seen_in_one_tab_is_seen_in_all() {
    let (world, alice, tab) = bob_writes(|tab| tab.set_visible(false));
    let other = alice.open_tab(&world);
    world.run();
    assert_eq!((tab.unread(), other.unread()), (1, 1));
    tab.set_visible(true);
    world.run();
    assert_eq!((tab.unread(), other.unread()), (0, 0));
}

#[test]
fn two_tabs_that_show_the_same_conversation_come_to_rest() {
    let (world, alice, tab) = bob_writes(|tab| tab.set_visible(false));
    let other = alice.open_tab(&world);
    other.ask(Command::Open("bob.eth".into()));
    world.run();
    tab.set_visible(true);
    world.run();
    assert_eq!((tab.unread(), other.unread()), (0, 0));
}

#[test]
fn a_conversation_says_where_what_was_not_seen_begins_for_as_long_as_it_is_open() {
    let (world, alice, tab) = bob_writes(|tab| tab.ask(Command::Back));
    let unseen = |tab: &Tab| tab.state.thread.with_untracked(|it| it.as_ref().unwrap().unseen.clone());
    let bob = tab.state.conversations.get_untracked().unwrap()[0].peer.address;
    tab.ask(Command::OpenPeer(bob));
    world.pass(1_000);
    let first =
        tab.state.thread.with_untracked(|it| it.as_ref().unwrap().messages.as_ref().unwrap()[0].hash.clone());
    assert_eq!(unseen(&tab), Some(first.clone()));
    tab.ask(Command::Send("an answer".into()));
    world.pass(1_000);
    assert_eq!(unseen(&tab), Some(first), "also while it is answered");
    tab.ask(Command::Back);
    tab.ask(Command::OpenPeer(bob));
    world.pass(1_000);
    assert_eq!(unseen(&tab), None);
    drop(alice);
}
