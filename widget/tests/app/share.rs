//! What goes from one place to another: what the page says a conversation is about, forwarded messages, reports.

use std::rc::Rc;

use dm3_core::identity::SignedProfile;
use dm3_core::message::{Context, SignedMessage};
use dm3_core::ports::StoreError;
use dm3_widget::app::share::Sharing;
use dm3_widget::app::state::{Bubble, BubbleContent, Screen};
use dm3_widget::app::{Act, Command, SettingsAsk, ShareAsk};
use serde_json::Value;

use super::world::{Device, Tab, World, two_talking};

fn bubbles(tab: &Tab) -> Vec<Bubble> {
    tab.state.thread.with_untracked(|thread| thread.as_ref().unwrap().messages.clone()).unwrap()
}

/// What the messages say, and what they say the conversation is about.
fn said(tab: &Tab) -> Vec<(String, Option<String>)> {
    let says = |bubble: Bubble| match bubble.content {
        BubbleContent::Text { text, about, .. } => (text, about.map(|about| about.line())),
        BubbleContent::Deleted => (String::new(), None),
    };
    bubbles(tab).into_iter().map(says).collect()
}

fn about(tab: &Tab) -> Option<String> {
    tab.state.thread.with_untracked(|thread| thread.as_ref().unwrap().about.as_ref().map(Context::line))
}

/// The page opens a conversation, and says what it is about.
fn page_opens(world: &World, tab: &Tab, to: &str, about: Option<&str>) {
    tab.state.to.set(Some(to.into()));
    tab.state.context.set(about.map(Into::into));
    tab.ask(Command::Open(to.into()));
    world.pass(1_000);
}

fn send(world: &World, tab: &Tab, text: &str) {
    tab.ask(Command::Send(text.into()));
    world.pass(1_000);
}

fn plain(text: &str) -> (String, Option<String>) {
    (text.into(), None)
}

fn with(text: &str, about: &str) -> (String, Option<String>) {
    (text.into(), Some(about.into()))
}

#[test]
fn what_a_conversation_is_about_goes_along_with_the_first_message_alone() {
    let (world, _, _, alice, bob) = two_talking();
    page_opens(&world, &alice, "bob.eth", Some("NFT\u{202e} #7"));
    assert_eq!(about(&alice).as_deref(), Some("NFT #7"));
    send(&world, &alice, "still there?");
    assert_eq!(about(&alice), None);
    send(&world, &alice, "hello?");
    let expected = [with("still there?", "NFT #7"), plain("hello?")];
    assert_eq!(said(&alice), expected);
    assert_eq!(said(&bob), expected);
}

#[test]
fn it_belongs_to_the_conversation_that_the_page_opened_and_waits_there() {
    let (world, _, _, alice, bob) = two_talking();
    let (carol, _) = world.person("carol");
    page_opens(&world, &alice, "bob.eth", Some("NFT #7"));
    alice.ask(Command::Back);
    world.pass(1_000);
    alice.ask(Command::Open("carol.eth".into()));
    world.pass(1_000);
    assert_eq!(about(&alice), None);
    send(&world, &alice, "to carol");
    assert_eq!(said(&alice), [plain("to carol")]);
    alice.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    send(&world, &alice, "to bob");
    assert_eq!(said(&bob), [with("to bob", "NFT #7")]);
    drop(carol);
}

#[test]
fn what_is_about_something_else_says_so_and_the_same_is_not_said_twice() {
    let (world, _, _, alice, _) = two_talking();
    page_opens(&world, &alice, "bob.eth", Some("NFT #7"));
    send(&world, &alice, "seven");
    page_opens(&world, &alice, "bob.eth", Some("NFT #7"));
    assert_eq!(about(&alice), None, "it stands there");
    page_opens(&world, &alice, "bob.eth", Some("NFT #8"));
    assert_eq!(about(&alice).as_deref(), Some("NFT #8"));
    page_opens(&world, &alice, "bob.eth", None);
    assert_eq!(about(&alice), None);
    send(&world, &alice, "whatever");
    assert_eq!(said(&alice), [with("seven", "NFT #7"), plain("whatever")]);
}

#[test]
fn what_the_page_says_anew_counts_for_the_open_conversation_it_asked_for_and_for_no_other() {
    let (world, _, _, alice, _) = two_talking();
    let (carol, _) = world.person("carol");
    let says = |line: Option<&str>| {
        alice.state.context.set(line.map(Into::into));
        alice.ask(Command::ContextChanged);
        world.run();
        about(&alice)
    };
    page_opens(&world, &alice, "bob.eth", Some("NFT #7"));
    assert_eq!(says(Some("NFT #8")).as_deref(), Some("NFT #8"));
    assert_eq!(says(None), None);
    assert_eq!(says(Some("NFT #9")).as_deref(), Some("NFT #9"));
    // It asks for somebody else, who is not found yet.
    alice.state.to.set(Some("dora.eth".into()));
    assert_eq!(says(Some("for dora")).as_deref(), Some("NFT #9"));
    alice.ask(Command::Open("carol.eth".into()));
    world.pass(1_000);
    assert_eq!(says(Some("NFT #10")), None, "the page did not ask for carol");
    drop(carol);
}

#[test]
fn who_does_not_want_it_to_go_along_leaves_it_out() {
    let (world, _, _, alice, bob) = two_talking();
    page_opens(&world, &alice, "bob.eth", Some("NFT #7"));
    alice.ask(Command::act(Act::Share(ShareAsk::LeaveOut)));
    world.run();
    assert_eq!(about(&alice), None);
    send(&world, &alice, "hello");
    assert_eq!(said(&bob), [plain("hello")]);
}

#[test]
fn what_nobody_can_see_is_no_context() {
    let (world, _, _, alice, bob) = two_talking();
    page_opens(&world, &alice, "bob.eth", Some("\u{200b} \u{202e}"));
    assert_eq!(about(&alice), None);
    send(&world, &alice, "hello");
    assert_eq!(said(&bob), [plain("hello")]);
}

/// alice forwards the last message of the open conversation to carol, with what the view makes of it.
fn forward(world: &World, alice: &Tab, carol: &Rc<Device>, text: &str) {
    let of = bubbles(alice).last().unwrap().hash.clone();
    alice.ask(Command::act(Act::Share(ShareAsk::Forward(of))));
    world.run();
    assert_eq!(alice.state.sharing.get_untracked().place, 1);
    alice.ask(Command::act(Act::Share(ShareAsk::To { peer: carol.address(), text: text.into() })));
    world.pass(1_000);
}

#[test]
fn a_message_is_forwarded_to_another_conversation_which_opens() {
    let (world, _, _, alice, bob) = two_talking();
    let (carol, _) = world.person("carol");
    let carols = carol.open_tab(&world);
    world.pass(1_000);
    send(&world, &bob, "meet at ten");
    forward(&world, &alice, &carol, "Forwarded message:\n> meet at ten");
    let peer = |tab: &Tab| tab.state.thread.with_untracked(|it| it.as_ref().map(|it| it.peer.address));
    assert_eq!(peer(&alice), Some(carol.address()));
    assert_eq!(alice.state.sharing.get_untracked().place, 0);
    carols.ask(Command::Open("alice.eth".into()));
    world.pass(1_000);
    for tab in [&alice, &carols] {
        assert_eq!(said(tab), [plain("Forwarded message:\n> meet at ten")]);
    }
    assert_eq!(said(&bob), [plain("meet at ten")], "bob learns nothing of it");
}

#[test]
fn what_could_not_be_kept_of_a_forwarded_message_can_be_tried_again() {
    let (world, device, _, alice, bob) = two_talking();
    let (carol, _) = world.person("carol");
    send(&world, &bob, "meet at ten");
    device.peer.store.set_write_failure(Some(StoreError::Full));
    forward(&world, &alice, &carol, "text");
    let sharing = alice.state.sharing.get_untracked();
    let Some(Sharing::Forward { fault: Some(_), .. }) = sharing.shown::<Sharing>() else {
        panic!("it is not told that it failed");
    };
    assert_eq!(alice.state.unsent.get_untracked(), None, "what stands in the composer is something else");
    device.peer.store.set_write_failure(None);
    forward(&world, &alice, &carol, "text");
    assert_eq!(said(&alice), [plain("text")]);
}

fn report(tab: &Tab) -> (Value, usize) {
    let sharing = tab.state.sharing.get_untracked();
    let Some(Sharing::Report(report)) = sharing.shown::<Sharing>() else { panic!("no report") };
    (serde_json::from_str(&report.text).unwrap(), report.messages)
}

#[test]
fn a_report_has_what_proves_that_the_peer_wrote_it() {
    let (world, alices, bobs, alice, bob) = two_talking();
    send(&world, &alice, "mine");
    send(&world, &bob, "an insult");
    send(&world, &bob, "a threat");
    alice.ask(Command::act(Act::Share(ShareAsk::Report)));
    world.pass(1_000);
    let (report, count) = report(&alice);
    assert_eq!(count, 2, "what the reporter wrote is not in it");
    assert_eq!(report["reported"], bobs.address().to_string());
    assert_eq!(report["reporter"], alices.address().to_string());
    let profile = SignedProfile::from_json(report["profile"].clone()).unwrap();
    let profile = profile.verify(bobs.address()).unwrap();
    let texts = report["messages"].as_array().unwrap().iter().map(|message| {
        let signed = SignedMessage::parse(message["signed"].as_str().unwrap()).unwrap();
        signed.check_signature(&profile.keys().signing).unwrap();
        assert_eq!(message["id"], signed.hash().as_str());
        signed.text().to_owned()
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["a threat", "an insult"]);
}

#[test]
fn a_report_is_asked_for_in_the_card_of_a_contact_and_stands_over_the_conversation() {
    let (world, _, _, alice, bob) = two_talking();
    send(&world, &bob, "an insult");
    alice.ask(Command::settings(SettingsAsk::Card));
    world.run();
    alice.ask(Command::act(Act::Share(ShareAsk::Report)));
    world.pass(1_000);
    assert_eq!(alice.screen(), Screen::Thread);
    assert_eq!(report(&alice).1, 1);
    alice.ask(Command::act(Act::Share(ShareAsk::Leave)));
    world.run();
    assert_eq!(alice.state.sharing.get_untracked().place, 0);
}

#[test]
fn the_file_of_a_report_is_gone_when_it_is_left_and_with_the_account() {
    let (world, device, _, alice, bob) = two_talking();
    send(&world, &bob, "an insult");
    let url = || {
        alice.ask(Command::act(Act::Share(ShareAsk::Report)));
        world.pass(1_000);
        let sharing = alice.state.sharing.get_untracked();
        let Some(Sharing::Report(report)) = sharing.shown::<Sharing>() else { panic!("no report") };
        report.url.clone().unwrap()
    };
    for leave in [Command::act(Act::Share(ShareAsk::Leave)), Command::Disconnect] {
        let url = url();
        assert!(!device.withdrawn.borrow().contains(&url));
        alice.ask(leave);
        world.pass(1_000);
        assert!(device.withdrawn.borrow().contains(&url));
        assert_eq!(alice.state.sharing.get_untracked().place, 0);
    }
}
