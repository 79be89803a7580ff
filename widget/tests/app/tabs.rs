//! Any number of tabs of one account: one of them is in touch with its delivery services, all are live.

use dm3_core::testing::Fault;
use dm3_widget::app::Command;
use dm3_widget::app::platform::Platform as _;
use dm3_widget::app::state::{Connection, Delivery};

use super::world::{Tab, World, two_talking};

impl Tab {
    /// How many messages the list says are not seen.
    pub fn unread(&self) -> u64 {
        let rows = self.state.conversations.get_untracked().unwrap();
        rows.iter().map(|row| row.unread).sum()
    }
}

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
    world.pass(600_000);
    let alone = asked(&world) - before;
    let _others = [alice.open_tab(&world), alice.open_tab(&world)];
    world.pass(1_000);
    let before = asked(&world);
    world.pass(600_000);
    // How long each wait is, is drawn by chance.
    let beside = asked(&world) - before;
    assert!(beside.abs_diff(alone) <= alone / 10, "{alone} alone, {beside} with two others");
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

#[test]
fn a_page_that_the_browser_keeps_lets_another_tab_lead_and_shows_what_came_meanwhile() {
    let (world, alice, _, alices, bobs) = two_talking();
    let second = alice.open_tab(&world);
    world.run();
    alices.ask(Command::Cached(true));
    world.run();
    assert!(!alices.is_live());
    let told = alices.events().len();
    bobs.ask(Command::Send("while she was elsewhere".into()));
    world.pass(2_000);
    assert!(second.is_live());
    assert_eq!(
        (second.unread(), alices.deliveries().len()),
        (1, 0),
        "the other tab has it, the one that is kept knows nothing"
    );
    assert_eq!(alices.events().len(), told);
    alices.ask(Command::Cached(false));
    world.pass(2_000);
    assert!(alices.is_live());
    assert_eq!(alices.deliveries().len(), 1);
    // Alone it leads again, and hears by itself.
    second.remove();
    world.pass(2_000);
    bobs.ask(Command::Send("and now".into()));
    world.pass(2_000);
    assert_eq!(alices.deliveries().len(), 2);
}

#[test]
fn a_page_that_was_left_alone_fetches_what_came_meanwhile_once() {
    let (world, _, _, alices, bobs) = two_talking();
    for round in 1..=3 {
        alices.ask(Command::Cached(true));
        world.run();
        bobs.ask(Command::Send(format!("number {round}")));
        world.pass(2_000);
        assert_eq!(alices.deliveries().len(), round - 1);
        alices.ask(Command::Cached(false));
        world.pass(2_000);
        assert!(alices.is_live());
        assert_eq!(alices.deliveries().len(), round);
    }
}

#[test]
fn who_was_signed_out_elsewhere_is_not_there_when_the_page_comes_back() {
    for forgotten in [false, true] {
        let world = World::new();
        let (alice, _) = world.person("alice");
        let (kept, other) = (alice.open_tab(&world), alice.open_tab(&world));
        world.run();
        kept.ask(Command::Cached(true));
        world.run();
        other.ask(if forgotten { Command::SignOut } else { Command::Disconnect });
        world.run();
        assert!(!kept.is_signed_out(), "nobody told it");
        kept.ask(Command::Cached(false));
        world.run();
        assert!(kept.is_signed_out());
        assert_eq!(alice.keeps_anything(), !forgotten);
    }
}

#[test]
fn what_came_is_in_the_next_tab_whenever_the_one_that_picked_it_up_is_closed() {
    for moment in 0.. {
        let (world, alice, _, first, bobs) = two_talking();
        let second = alice.open_tab(&world);
        world.pass(2_000);
        second.ask(Command::Open("bob.eth".into()));
        world.pass(2_000);
        alice.peer.store.set_yielding(true);
        world.slow_down();
        bobs.ask(Command::Send("just before".into()));
        if !world.go_to_moment(moment) {
            break;
        }
        first.remove();
        world.network.heal();
        world.pass(4_000);
        assert_eq!(second.deliveries().len(), 1, "moment {moment}");
    }
}

#[test]
fn a_tab_that_follows_learns_how_it_stands_though_nothing_has_changed() {
    let (world, alice, _, first, _) = two_talking();
    let second = alice.open_tab(&world);
    world.pass(2_000);
    assert!(first.is_live() && second.is_live());
    second.ask(Command::Online);
    world.pass(2_000);
    assert!(first.is_live() && second.is_live());
    // The first is taken for dead, and goes on as one that follows.
    first.driver.page().lease().set_frozen(true);
    world.pass(3_000);
    first.driver.page().lease().set_frozen(false);
    world.pass(3_000);
    assert!(first.is_live() && second.is_live());
}
