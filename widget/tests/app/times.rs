//! What is shown stays true while time passes.

use dm3_core::ports::Clock as _;
use dm3_core::session::NameStanding;
use dm3_core::testing::Fault;
use dm3_widget::app::Command;

use super::loading::without_part;
use super::world::{Tab, World};

const HOUR: u64 = 3_600_000;

/// When the day began where it is always as late as in Greenwich, and for how long it is that.
pub fn day(now: u64) -> (u64, u64) {
    (now - now % (24 * HOUR), 24 * HOUR - now % (24 * HOUR))
}

fn standing(tab: &Tab) -> NameStanding {
    tab.state.conversations.get_untracked().unwrap().remove(0).peer.standing
}

#[test]
fn a_name_of_the_list_is_shown_as_checked_for_no_longer_than_that_counts() {
    let world = World::new();
    let ((alice, _), _) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    // Not when names are looked at once a minute.
    world.pass(30_000);
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    tab.ask(Command::Back);
    world.run();
    world.network.fail("eth_call", Fault::Unreachable);
    world.pass(599_000);
    assert_eq!(standing(&tab), NameStanding::Checked);
    world.pass(2_000);
    assert_ne!(standing(&tab), NameStanding::Checked);
    // And it is checked at once, not within a minute.
    world.network.heal();
    world.pass(61_000);
    assert_eq!(standing(&tab), NameStanding::Checked);
}

#[test]
fn a_check_that_takes_long_keeps_no_other_name_from_being_told_as_unchecked() {
    let world = World::new();
    let ((alice, session), _, _) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let carol = super::world::now(session.find("carol.eth")).unwrap();
    super::world::now(session.keep(&carol)).unwrap();
    let tab = alice.open_tab(&world);
    world.pass(30_000);
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    tab.ask(Command::Back);
    world.run();
    world.network.fail("eth_call", Fault::Slow(2_000_000));
    world.pass(640_000);
    let rows = tab.state.conversations.get_untracked().unwrap();
    assert!(rows.iter().all(|row| row.peer.standing != NameStanding::Checked), "{rows:?}");
}

#[test]
fn the_day_is_known_when_the_list_stands_though_nothing_else_is_loaded() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let _missing = without_part("people");
    let tab = alice.open_tab(&world);
    world.run();
    assert_eq!(tab.state.today.get_untracked(), day(world.network.clock().now()).0);
}

#[test]
fn the_next_day_is_known_when_it_begins() {
    let world = World::new();
    let ((alice, _), _) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.run();
    let clock = world.network.clock().clone();
    let (before, lasts) = day(clock.now());
    assert_eq!(tab.state.today.get_untracked(), before);
    clock.advance(lasts - 1_000);
    world.run();
    assert_eq!(tab.state.today.get_untracked(), before);
    world.pass(2_000);
    assert_eq!(tab.state.today.get_untracked(), before + 24 * HOUR);
}
