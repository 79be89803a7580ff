//! Names are shown as theirs only while they are checked, and what happens to them is said in the conversation.

use dm3_core::device::Notice;
use dm3_core::identity::EnsName;
use dm3_core::session::NameStanding;
use dm3_core::testing::Fault;
use dm3_widget::app::Command;
use dm3_widget::app::state::Person;

use super::world::{Tab, World, now};

fn bobs_name() -> EnsName {
    "bob.eth".parse().unwrap()
}

/// Whoever the open conversation is with, and whom the list shows first.
fn shown(tab: &Tab) -> (Person, Person) {
    let thread = tab.state.thread.get_untracked().expect("a conversation is open");
    (thread.peer, rows(tab).remove(0))
}

/// Whom the list shows.
fn rows(tab: &Tab) -> Vec<Person> {
    tab.state.conversations.get_untracked().unwrap().into_iter().map(|row| row.peer).collect()
}

fn notices(tab: &Tab) -> Vec<Notice> {
    tab.state.thread.get_untracked().unwrap().notices.into_iter().map(|(_, notice)| notice).collect()
}

#[test]
fn a_name_that_moves_while_the_conversation_is_open_is_theirs_no_more() {
    let world = World::new();
    let ((alice, _), (bob, _), (carol, _)) =
        (world.person("alice"), world.person("bob"), world.person("carol"));
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    let (peer, row) = shown(&tab);
    assert_eq!((peer.name.as_deref(), peer.standing), (Some("bob.eth"), NameStanding::Checked));
    assert_eq!(row, peer);

    world.network.edit_name(&bobs_name(), |records| records.address = Some(carol.address()));
    world.network.edit_name(&EnsName::reverse_of(bob.address()), |records| records.primary = None);
    world.pass(130_000);
    let (peer, row) = shown(&tab);
    assert_eq!((peer.address, peer.name.clone()), (bob.address(), None));
    assert_eq!(row, peer);
    assert_eq!(notices(&tab), [Notice::NameMoved { name: bobs_name(), to: carol.address() }]);
    // The name opens the conversation with its new owner.
    tab.ask(Command::Back);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    let peer = tab.state.thread.get_untracked().unwrap().peer;
    assert_eq!((peer.address, peer.standing), (carol.address(), NameStanding::Checked));
    assert!(notices(&tab).is_empty());
}

#[test]
fn after_a_reload_a_name_is_shown_as_theirs_once_it_was_checked() {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    world.network.fail("eth_call", Fault::Unreachable);
    let tab = tab.reload(&alice, &world);
    world.run();
    tab.ask(Command::OpenPeer(bob.address()));
    world.run();
    let (peer, row) = shown(&tab);
    assert_eq!((peer.name.as_deref(), peer.standing), (Some("bob.eth"), NameStanding::Uncheckable));
    assert_eq!(row.standing, NameStanding::Uncheckable);
    assert!(notices(&tab).is_empty());
    world.network.heal();
    world.pass(70_000);
    let (peer, row) = shown(&tab);
    assert_eq!((peer.standing, row.standing), (NameStanding::Checked, NameStanding::Checked));
}

#[test]
fn a_name_that_moved_meanwhile_is_never_shown_as_theirs_after_a_reload() {
    let world = World::new();
    let ((alice, _), (bob, _), (carol, _)) =
        (world.person("alice"), world.person("bob"), world.person("carol"));
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    tab.ask(Command::Back);
    world.run();
    world.network.edit_name(&bobs_name(), |records| records.address = Some(carol.address()));
    world.network.edit_name(&EnsName::reverse_of(bob.address()), |records| records.primary = None);
    let tab = tab.reload(&alice, &world);
    world.pass(1_000);
    let row = rows(&tab).remove(0);
    assert_eq!((row.address, row.name), (bob.address(), None), "the list is checked without being asked");
    tab.ask(Command::OpenPeer(bob.address()));
    world.run();
    assert_eq!(notices(&tab).len(), 1);
}

#[test]
fn ones_own_name_that_could_not_be_looked_up_is_found_when_the_chain_is_back() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    world.network.fail("eth_call", Fault::Unreachable);
    let tab = alice.open_tab(&world);
    world.pass(5_000);
    let own = || tab.state.account.get_untracked().and_then(|account| account.name);
    assert_eq!(own(), None);
    world.network.heal();
    world.pass(10_000);
    assert_eq!(own().as_deref(), Some("alice.eth"));
}

#[test]
fn the_name_of_somebody_who_wrote_is_found_when_whoever_serves_it_answers() {
    let world = World::new();
    let ((alice, _), (bob, bobs)) = (world.person("alice"), world.person("bob"));
    let reverse = EnsName::reverse_of(bob.address());
    world.network.edit_name(&reverse, |records| records.gateway = Some("https://away.example/{data}".into()));
    world.network.fail("https://away.example", Fault::Unreachable);
    let tab = alice.open_tab(&world);
    world.run();
    now(bobs.compose(alice.peer.conversation(), "hello")).unwrap();
    now(bobs.flush()).unwrap();
    world.pass(5_000);
    assert_eq!(rows(&tab).remove(0).name, None);
    world.network.heal();
    world.network.edit_name(&reverse, |records| records.gateway = None);
    world.pass(10_000);
    assert_eq!(rows(&tab).remove(0).name.as_deref(), Some("bob.eth"));
}

#[test]
fn of_many_names_that_can_not_be_checked_each_has_its_turn() {
    let world = World::new();
    let (alice, session) = world.person("alice");
    for i in 0..25 {
        world.person(&format!("p{i}"));
        let peer = now(session.find(&format!("p{i}.eth"))).unwrap();
        now(session.keep(&peer)).unwrap();
    }
    world.network.fail("eth_call", Fault::Unreachable);
    let tab = alice.open_tab(&world);
    world.pass(80_000);
    let with = |standing| rows(&tab).iter().filter(|peer| peer.standing == standing).count();
    assert_eq!((rows(&tab).len(), with(NameStanding::Uncheckable)), (25, 25));
    world.network.heal();
    world.pass(125_000);
    assert_eq!(with(NameStanding::Checked), 25);
}
