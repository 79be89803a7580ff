//! Any number of tabs of one account: one of them is in touch with its delivery services, all are live.

use dm3_core::testing::Fault;
use dm3_widget::app::Command;
use dm3_widget::app::state::{Connection, Delivery};

use super::world::World;

#[test]
fn what_is_written_in_any_tab_leaves_and_is_shown_in_all() {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let (first, second) = (alice.open_tab(&world), alice.open_tab(&world));
    world.run();
    for tab in [&first, &second] {
        tab.ask(Command::Open("bob.eth".into()));
    }
    world.run();
    second.ask(Command::Send("from the second".into()));
    world.run();
    first.ask(Command::Send("from the first".into()));
    world.run();
    for tab in [&first, &second] {
        assert_eq!(tab.deliveries(), [Delivery::Sent, Delivery::Sent]);
        assert!(tab.is_live());
    }
    assert_eq!(world.network.first_service().waiting(bob.address()), 2);
}

#[test]
fn only_one_tab_asks_the_network() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let _first = alice.open_tab(&world);
    world.pass(30_000);
    let asked = |world: &World| world.network.count("/ds/delivery");
    let before = asked(&world);
    world.pass(60_000);
    let alone = asked(&world) - before;
    let _others = [alice.open_tab(&world), alice.open_tab(&world)];
    world.pass(1_000);
    let before = asked(&world);
    world.pass(60_000);
    assert_eq!(asked(&world) - before, alone);
}

#[test]
fn a_tab_that_follows_says_how_it_stands_and_takes_over() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let first = alice.open_tab(&world);
    world.run();
    world.network.fail("", Fault::Unreachable);
    let second = alice.open_tab(&world);
    world.pass(60_000);
    assert!(matches!(first.state.connection.get_untracked(), Connection::Lost(_)));
    assert!(matches!(second.state.connection.get_untracked(), Connection::Lost(_)));
    world.network.heal();
    second.ask(Command::Reconnect);
    world.run();
    assert!(first.is_live() && second.is_live());
    drop(first.remove());
    world.pass(2_000);
    assert!(second.is_live());
    second.ask(Command::Open("alice.eth".into()));
    world.run();
}
