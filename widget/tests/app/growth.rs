//! What one more message costs, however much is there.

use dm3_core::conversation::ConversationId;
use dm3_core::device::StoredMessage;
use dm3_core::identity::Address;
use dm3_core::message::Kind;
use dm3_core::ports::Store as _;
use dm3_core::testing::notes;
use dm3_widget::app::Command;

use super::world::{Tab, World, now};

/// How many records are read, in all tabs, until one more message of bob's is shown: with so many messages of his, in so
/// many conversations.
fn read_for_one_more(messages: u64, conversations: u64) -> usize {
    let world = World::new();
    let ((alice, _), (bob, bobs)) = (world.person("alice"), world.person("bob"));
    let store = alice.peer.store.clone();
    let text =
        |peer: Address, n: u64| notes::at(&notes::with(peer, peer, n, Kind::New, None, &n.to_string()), n);
    let of_bob: Vec<StoredMessage> = (0..messages).map(|n| text(bob.address(), n)).collect();
    now(store.add_messages(alice.address(), &of_bob)).unwrap();
    for n in 1..conversations {
        let mut peer = [7; 20];
        peer[..8].copy_from_slice(&n.to_be_bytes());
        now(store.add_messages(alice.address(), &[text(Address::from_bytes(peer), n)])).unwrap();
    }
    let tabs = [alice.open_tab(&world), alice.open_tab(&world)];
    world.run();
    for tab in &tabs {
        tab.ask(Command::OpenPeer(bob.address()));
    }
    world.pass(1_000);
    let count = |tab: &Tab| tab.deliveries().len();
    let (shown, before) = (tabs.each_ref().map(count), store.rows_read());
    now(bobs.compose(ConversationId::Peer(alice.address()), "one more")).unwrap();
    now(bobs.flush()).unwrap();
    world.run();
    assert_eq!(tabs.each_ref().map(count), shown.map(|shown| shown + 1));
    let rows = tabs[0].state.conversations.get_untracked().unwrap();
    assert_eq!((rows.len() as u64, rows[0].peer.address), (conversations, bob.address()));
    store.rows_read() - before
}

#[test]
fn one_more_message_costs_the_same_among_many_messages() {
    let few = read_for_one_more(200, 10);
    assert_eq!(read_for_one_more(10_000, 10), few);
    assert!(few < 150, "{few} records are read");
}

#[test]
fn one_more_message_costs_the_same_among_many_conversations() {
    assert_eq!(read_for_one_more(10, 500), read_for_one_more(10, 10));
}
