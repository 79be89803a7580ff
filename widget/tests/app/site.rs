//! What a site asks for beside a chat: a message that is written before signing in, who owns what it is about, and who is
//! the site's official contact.

use std::rc::Rc;

use dm3_core::device::Trust;
use dm3_core::identity::Address;
use dm3_core::session::{Decision, Holding};
use dm3_core::testing::Fault;
use dm3_widget::app::site::{Known, Owning, Owns};
use dm3_widget::app::state::{BubbleContent, Lookup, Screen};
use dm3_widget::app::{Act, BackupAsk, Command, FormAsk, SettingsAsk};

use super::world::{Device, Tab, WALLET, World, two_talking};

const DAY: u64 = 24 * 60 * 60 * 1_000;
const SITE: &str = "https://shop.example";

/// A newcomer at a page that has bob as its only contact, who is in the network.
fn at_form() -> (World, Rc<Device>, Rc<Device>, Tab) {
    let world = World::new();
    let (bob, _) = world.person("bob");
    let alice = world.newcomer("alice");
    let tab = contact_page(&world, &alice, "bob.eth");
    (world, alice, bob, tab)
}

fn contact_page(world: &World, device: &Rc<Device>, to: &str) -> Tab {
    let tab = device.open_tab(world);
    has_contact(world, &tab, to);
    tab
}

fn has_contact(world: &World, tab: &Tab, to: &str) {
    tab.state.locked.set(true);
    tab.state.to.set(Some(to.into()));
    world.run();
    form(world, tab, FormAsk::Show);
}

fn form(world: &World, tab: &Tab, ask: FormAsk) {
    tab.ask(Command::Form(ask));
    world.run();
}

fn sign_up(world: &World, tab: &Tab) {
    for command in [Command::Connect(WALLET.into()), Command::CreateKeys, Command::PublishProfile] {
        tab.ask(command);
        world.run();
    }
    world.pass(3_000);
}

fn reload(world: &World, device: &Rc<Device>, tab: Tab, to: &str) -> Tab {
    let tab = tab.reload(device, world);
    has_contact(world, &tab, to);
    tab
}

fn said(tab: &Tab) -> Vec<String> {
    let messages = tab.state.thread.with_untracked(|thread| thread.as_ref()?.messages.clone());
    let text = |content| match content {
        BubbleContent::Text { text, .. } => text,
        BubbleContent::Deleted => String::new(),
    };
    messages.into_iter().flatten().map(|bubble| text(bubble.content)).collect()
}

fn typed(tab: &Tab) -> String {
    tab.state.text.get_untracked()
}

/// What comes to bob.
fn comes_to(world: &World, bob: &Rc<Device>) -> Vec<String> {
    let tab = bob.open_tab(world);
    world.pass(3_000);
    tab.ask(Command::Open("alice.eth".into()));
    world.pass(1_000);
    said(&tab)
}

#[test]
fn a_message_that_is_written_before_signing_in_leaves_once_after_it() {
    let (world, alice, bob, tab) = at_form();
    form(&world, &tab, FormAsk::Send("hello".into()));
    sign_up(&world, &tab);
    assert_eq!(said(&tab), ["hello"]);
    assert_eq!(typed(&tab), "");
    let tab = reload(&world, &alice, tab, "bob.eth");
    world.pass(3_000);
    assert_eq!(said(&tab), ["hello"]);
    assert_eq!(comes_to(&world, &bob), ["hello"]);
}

#[test]
fn it_outlives_reloads_before_and_between_the_steps() {
    let (world, alice, bob, tab) = at_form();
    form(&world, &tab, FormAsk::Typed("hel".into()));
    let tab = reload(&world, &alice, tab, "bob.eth");
    assert_eq!(typed(&tab), "hel");
    form(&world, &tab, FormAsk::Send("hello".into()));
    tab.ask(Command::Connect(WALLET.into()));
    world.run();
    let tab = reload(&world, &alice, tab, "bob.eth");
    assert_eq!(tab.state.form.get_untracked().place, 1, "it was to be sent");
    sign_up(&world, &tab);
    assert_eq!(comes_to(&world, &bob), ["hello"]);
}

#[test]
fn what_nobody_wanted_to_be_sent_stands_in_the_composer() {
    let (world, _, bob, tab) = at_form();
    form(&world, &tab, FormAsk::Send("hello".into()));
    form(&world, &tab, FormAsk::Write);
    assert_eq!(tab.state.form.get_untracked().place, 0);
    form(&world, &tab, FormAsk::Show);
    assert_eq!(typed(&tab), "hello");
    form(&world, &tab, FormAsk::SignIn);
    assert_eq!(tab.state.form.get_untracked().place, 2, "nothing is sent");
    sign_up(&world, &tab);
    assert_eq!((said(&tab), typed(&tab).as_str()), (Vec::new(), "hello"));
    assert!(comes_to(&world, &bob).is_empty());
}

#[test]
fn it_goes_to_nobody_but_whom_it_was_written_to() {
    let (world, _, bob, tab) = at_form();
    let (carol, _) = world.person("carol");
    form(&world, &tab, FormAsk::Send("hello".into()));
    tab.state.to.set(Some("carol.eth".into()));
    sign_up(&world, &tab);
    assert_eq!(said(&tab), Vec::<String>::new());
    assert!(comes_to(&world, &carol).is_empty());
    tab.state.to.set(Some("bob.eth".into()));
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    assert_eq!(said(&tab), ["hello"]);
    assert_eq!(comes_to(&world, &bob), ["hello"]);
}

#[test]
fn the_form_of_another_contact_begins_anew() {
    let (world, _, _, tab) = at_form();
    tab.state.text.set("for bob".into());
    form(&world, &tab, FormAsk::Typed("for bob".into()));
    has_contact(&world, &tab, "carol.eth");
    assert_eq!(typed(&tab), "");
    tab.state.draft.set("Hello".into());
    has_contact(&world, &tab, "dave.eth");
    assert_eq!(typed(&tab), "Hello", "the page offers that");
    tab.state.given.set(Some("Is it there?".into()));
    has_contact(&world, &tab, "erin.eth");
    assert_eq!(typed(&tab), "Is it there?");
    has_contact(&world, &tab, "bob.eth");
    assert_eq!(typed(&tab), "for bob", "and what somebody wrote comes back");
}

#[test]
fn what_was_to_be_sent_long_ago_is_not_sent_by_itself() {
    let (world, alice, _, tab) = at_form();
    form(&world, &tab, FormAsk::Send("hello".into()));
    world.network.clock().advance(DAY);
    let tab = reload(&world, &alice, tab, "bob.eth");
    sign_up(&world, &tab);
    assert_eq!((said(&tab), typed(&tab).as_str()), (Vec::new(), "hello"));
}

#[test]
fn two_elements_that_hold_it_send_it_once() {
    let (world, alice, bob, tab) = at_form();
    let other = contact_page(&world, &alice, "bob.eth");
    form(&world, &tab, FormAsk::Send("hello".into()));
    sign_up(&world, &tab);
    sign_up(&world, &other);
    assert_eq!(said(&other), ["hello"]);
    assert_eq!(comes_to(&world, &bob), ["hello"]);
}

#[test]
fn whose_contact_can_not_be_found_loses_nothing() {
    let (world, _, bob, tab) = at_form();
    form(&world, &tab, FormAsk::Send("hello".into()));
    world.network.give_name(&"bob.eth".parse().unwrap(), Address::ZERO);
    sign_up(&world, &tab);
    assert_eq!(tab.state.thread.get_untracked(), None);
    world.network.give_name(&"bob.eth".parse().unwrap(), bob.address());
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    assert_eq!(comes_to(&world, &bob), ["hello"]);
}

#[test]
fn nothing_is_sent_to_somebody_who_is_blocked() {
    let (world, alice, bob, tab) = at_form();
    sign_up(&world, &tab);
    tab.ask(Command::Decide(bob.address(), Decision::Block));
    world.run();
    tab.ask(Command::Disconnect);
    world.pass(1_000);
    form(&world, &tab, FormAsk::Send("hello".into()));
    sign_up(&world, &tab);
    let trust = tab.state.thread.with_untracked(|thread| thread.as_ref().unwrap().standing.trust);
    assert_eq!((trust, said(&tab)), (Trust::Blocked, Vec::new()));
    assert!(comes_to(&world, &bob).is_empty());
    drop(alice);
}

#[test]
fn who_signs_out_and_deletes_everything_leaves_no_text_either() {
    let (world, alice, _, tab) = at_form();
    sign_up(&world, &tab);
    let other = contact_page(&world, &world.newcomer("dave"), "bob.eth");
    drop(other);
    let beside = contact_page(&world, &alice, "carol.eth");
    form(&world, &beside, FormAsk::Typed("to carol".into()));
    assert_eq!(alice.drafts(), 1);
    tab.ask(Command::SignOut);
    world.pass(1_000);
    assert_eq!(alice.drafts(), 0);
}

/// The token with this number.
fn number(number: u8) -> [u8; 32] {
    let mut token = [0; 32];
    token[31] = number;
    token
}

const DEEDS: Address = Address::from_bytes([0xaa; 20]);

/// bob owns number 7, and alice's page opens the conversation with its owner.
fn market() -> (World, Rc<Device>, Rc<Device>, Tab, Tab) {
    let (world, alice, bob, alices, bobs) = two_talking();
    world.network.give_nfts(DEEDS, [(number(7), bob.address())]);
    let chain = world.network.discovery().chain_id;
    page_opens(&world, &alices, &format!("eip155:{chain}/erc721:{DEEDS}/7"), None);
    (world, alice, bob, alices, bobs)
}

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

fn known(tab: &Tab) -> Known {
    tab.state.site.with_untracked(|site| site.shown::<Known>().cloned()).unwrap()
}

fn owning(tab: &Tab) -> (bool, Owns) {
    let Owning { before, now, .. } = known(tab).owning.unwrap();
    (before, now)
}

#[test]
fn the_owner_of_an_nft_is_asked_for_anew_before_what_they_write_is_believed() {
    let (world, alice, bob, alices, bobs) = market();
    assert_eq!(owning(&alices), (true, Owns::Told(Holding::Held)));
    send(&world, &alices, "is it for sale?");
    world.network.give_nfts(DEEDS, [(number(7), alice.address())]);
    assert_eq!(owning(&alices), (true, Owns::Told(Holding::Held)), "nobody has written");
    send(&world, &bobs, "it is");
    assert_eq!(owning(&alices), (true, Owns::Told(Holding::OfOther(alice.address()))));
    drop(bob);
}

#[test]
fn it_is_asked_anew_when_the_conversation_is_opened_from_the_list() {
    let (world, alice, bob, alices, _) = market();
    send(&world, &alices, "is it for sale?");
    world.network.give_nfts(DEEDS, [(number(7), alice.address())]);
    let tab = alices.reload(&alice, &world);
    world.pass(1_000);
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    assert_eq!(owning(&tab), (false, Owns::Told(Holding::OfOther(alice.address()))));
}

#[test]
fn the_conversation_with_an_owner_is_about_the_nft_unless_the_page_says_else() {
    let (world, _, _, alices, _) = market();
    let about = |tab: &Tab| {
        tab.state.thread.with_untracked(|it| it.as_ref().unwrap().about.as_ref().map(|about| about.line()))
    };
    let id = alices.state.to.get_untracked();
    assert_eq!(about(&alices), id);
    page_opens(&world, &alices, &id.unwrap(), Some("Chromatic"));
    assert_eq!(about(&alices).as_deref(), Some("Chromatic"));
    assert_eq!(owning(&alices), (true, Owns::Told(Holding::Held)));
}

#[test]
fn whether_an_account_has_one_of_many_is_asked_of_the_contract() {
    let (world, _, bob, alices, _) = two_talking();
    world.network.give_nfts(DEEDS, [(number(5), bob.address())]);
    let chain = world.network.discovery().chain_id;
    for (token, holding) in [(5, Holding::Held), (6, Holding::NotHeld)] {
        page_opens(&world, &alices, "bob.eth", Some(&format!("eip155:{chain}/erc1155:{DEEDS}/{token}")));
        assert_eq!(owning(&alices).1, Owns::Told(holding), "{token}");
    }
}

#[test]
fn while_nobody_can_be_asked_nothing_is_claimed() {
    let (world, _, _, alices, bobs) = market();
    world.network.fail("eth_call", Fault::Unreachable);
    send(&world, &bobs, "it is mine");
    assert!(matches!(owning(&alices), (true, Owns::Unknown(error)) if error.is_temporary()));
    world.network.heal();
    alices.ask(Command::act(Act::LookAgain));
    world.pass(1_000);
    assert_eq!(owning(&alices), (true, Owns::Told(Holding::Held)));
}

#[test]
fn what_a_peer_says_it_is_about_asks_nobody_anything() {
    let (world, _, _, alices, bobs) = two_talking();
    let chain = world.network.discovery().chain_id;
    page_opens(&world, &bobs, "alice.eth", Some(&format!("eip155:{chain}/erc721:{DEEDS}/7")));
    let calls = |tab: &Tab| tab.state.site.get_untracked().place;
    send(&world, &bobs, "about this");
    assert_eq!(said(&alices), ["about this"]);
    assert_eq!((calls(&alices), calls(&bobs)), (0, 1));
}

/// alice's page is the site, which wants its contacts to be looked at; bob says he is one.
fn shop() -> (World, Rc<Device>, Tab) {
    let (world, alice, _, tab, _) = two_talking();
    world.network.edit_name(&"bob.eth".parse().unwrap(), |name| {
        name.texts.insert("url".into(), format!("{SITE}/about"));
    });
    alice.site_file.replace(Some(r#"{"contacts":["bob.eth"]}"#.into()));
    tab.state.official.set(true);
    (world, alice, tab)
}

fn official(world: &World, tab: &Tab) -> Option<String> {
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    known(tab).official
}

#[test]
fn an_official_contact_is_one_if_their_name_and_the_site_say_so() {
    let (world, _, tab) = shop();
    assert_eq!(official(&world, &tab).as_deref(), Some("shop.example"));
}

#[test]
fn who_is_named_by_one_side_alone_is_no_official_contact() {
    let (world, alice, tab) = shop();
    alice.site_file.replace(Some(r#"{"contacts":["carol.eth"]}"#.into()));
    assert_eq!(official(&world, &tab), None);
    alice.site_file.replace(None);
    assert_eq!(official(&world, &tab), None, "there is no file, or it can't be had");
    let (world, _, tab) = shop();
    world.network.edit_name(&"bob.eth".parse().unwrap(), |name| {
        name.texts.insert("url".into(), "https://other.example".into());
    });
    assert_eq!(official(&world, &tab), None);
}

#[test]
fn a_page_that_does_not_ask_for_it_is_told_of_no_official_contact() {
    let (world, _, tab) = shop();
    tab.state.official.set(false);
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    assert_eq!(tab.state.site.get_untracked().place, 0);
}

#[test]
fn who_is_not_signed_in_sees_an_official_contact_before_they_write() {
    let (world, alice, bob, tab) = at_form();
    world.network.edit_name(&"bob.eth".parse().unwrap(), |name| {
        name.texts.insert("url".into(), SITE.into());
    });
    alice.site_file.replace(Some(r#"{"contacts":["bob.eth"]}"#.into()));
    tab.state.official.set(true);
    form(&world, &tab, FormAsk::Show);
    world.pass(1_000);
    assert_eq!(known(&tab).official.as_deref(), Some("shop.example"));
    drop(bob);
}

#[test]
fn where_the_pages_only_contact_can_not_be_found_the_one_before_can_not_be_written_to() {
    let (world, _, _, alice, _) = two_talking();
    alice.state.locked.set(true);
    alice.state.to.set(Some("nobody.eth".into()));
    alice.ask(Command::Open("nobody.eth".into()));
    world.pass(1_000);
    assert!(alice.state.thread.get_untracked().is_none());
    assert_eq!(alice.screen(), Screen::List);
    assert!(matches!(alice.state.lookup.get_untracked(), Lookup::Failed(_)));
}

#[test]
fn that_the_only_contact_was_not_found_is_said_also_after_something_else_stood_there() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = contact_page(&world, &alice, "nobody.eth");
    tab.ask(Command::Open("nobody.eth".into()));
    world.pass(1_000);
    let fault = tab.state.lookup.get_untracked();
    assert!(matches!(fault, Lookup::Failed(_)));
    for (ask, leave) in [
        (Command::settings(SettingsAsk::Show), Command::settings(SettingsAsk::Leave)),
        (Command::backup(BackupAsk::Show), Command::backup(BackupAsk::Leave)),
    ] {
        tab.ask(ask);
        world.pass(1_000);
        assert_ne!(tab.screen(), Screen::List);
        tab.ask(leave);
        world.pass(1_000);
        assert_eq!((tab.screen(), tab.state.lookup.get_untracked()), (Screen::List, fault.clone()));
    }
}
