//! Servers of the deployed kind, which do not describe themselves.

use dm3_core::delivery::DiscoveryError;
use dm3_widget::app::Command;
use dm3_widget::app::fault::Fault;
use dm3_widget::app::state::Screen;

use super::world::{NODE, Tab, World};

impl Tab {
    /// The page says what the node does not say of itself.
    pub fn describe_node(&self, network: &str, rpc_url: &str) {
        self.driver.name_network(Some(network.to_owned()));
        dm3_widget::app::set_rpc_url(&self.driver, Some(rpc_url.to_owned()));
    }
}

/// A world whose node has no description; it greets, or does not.
fn undescribed(greets: bool) -> World {
    let world = World::new();
    world.network.set_document(&format!("{NODE}/.well-known/dm3"), 200, "<!doctype html>");
    if greets {
        world.network.set_document(&format!("{NODE}/ds/hello"), 200, "Hello DM3");
    }
    world
}

fn fault(screen: Screen) -> Fault {
    let Screen::Failed(fault) = screen else { panic!("{screen:?}") };
    fault
}

#[test]
fn a_server_that_does_not_describe_itself_is_told_from_one_that_is_none() {
    for (greets, error) in [(true, DiscoveryError::Undescribed), (false, DiscoveryError::NotANode)] {
        let world = undescribed(greets);
        let (alice, _) = world.person("alice");
        let tab = alice.open_tab(&world);
        world.run();
        let told = fault(tab.screen());
        match greets {
            true => assert_eq!(told, Fault::NodeUnusable(error)),
            // Nothing answers there at all.
            false => assert!(matches!(told, Fault::NodeUnusable(_) | Fault::NodeUnreachable(_)), "{told:?}"),
        }
    }
}

#[test]
fn a_server_that_the_page_describes_is_used_as_any_other() {
    let world = undescribed(true);
    let ((alice, _), (bob, bobs)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.run();
    tab.describe_node("ds.dm3.eth addr.dm3.eth one", "https://rpc.example");
    world.run();
    assert_eq!(fault(tab.screen()), Fault::NodeUnusable(DiscoveryError::Network));
    let registry = world.network.discovery().ens_registry;
    tab.describe_node(&format!("ds.dm3.eth addr.dm3.eth 31337 {registry}"), "https://rpc.example");
    world.run();
    assert_eq!(tab.screen(), Screen::List);
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    tab.ask(Command::Send("hello".into()));
    world.run();
    let received = super::world::now(bobs.sync()).unwrap();
    assert_eq!(received.new.len(), 1);
    assert_eq!(received.new[0].conversation.peer(), alice.address());
    assert_ne!(bob.address(), alice.address());
}
