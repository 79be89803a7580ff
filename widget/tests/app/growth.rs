//! What one more message costs, however much is there; and many at once.

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::device::StoredMessage;
use dm3_core::identity::Address;
use dm3_core::message::Kind;
use dm3_core::ports::Store as _;
use dm3_core::session::{Decision, Session};
use dm3_core::testing::{MemoryPorts, notes};
use dm3_widget::app::Command;

use super::world::{Device, Tab, World, now};

/// Alice's device, on which so many messages of bob's are kept, and conversations with so many people.
struct Kept {
    world: World,
    alice: Rc<Device>,
    bob: Address,
    bobs: Session<MemoryPorts>,
}

/// What was read of the store, in all tabs.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    calls: usize,
    rows: usize,
}

impl Kept {
    fn new(messages: u64, conversations: u64) -> Self {
        let world = World::new();
        let ((alice, _), (bob, bobs)) = (world.person("alice"), world.person("bob"));
        let text = |peer: Address, n: u64| {
            notes::at(&notes::with(peer, peer, n, Kind::New, None, &n.to_string()), n)
        };
        let of_bob: Vec<StoredMessage> = (0..messages).map(|n| text(bob.address(), n)).collect();
        now(alice.peer.store.add_messages(alice.address(), &of_bob)).unwrap();
        for n in 1..conversations {
            let mut peer = [7; 20];
            peer[..8].copy_from_slice(&n.to_be_bytes());
            let one = [text(Address::from_bytes(peer), n)];
            now(alice.peer.store.add_messages(alice.address(), &one)).unwrap();
        }
        Self { world, alice, bob: bob.address(), bobs }
    }

    /// Two tabs that show the conversation with bob.
    fn tabs(&self) -> [Tab; 2] {
        let tabs = [self.alice.open_tab(&self.world), self.alice.open_tab(&self.world)];
        self.world.run();
        for tab in &tabs {
            tab.ask(Command::OpenPeer(self.bob));
        }
        self.world.pass(1_000);
        tabs
    }

    fn bob_writes(&self, text: &str) {
        now(self.bobs.compose(ConversationId::Peer(self.alice.address()), text)).unwrap();
        now(self.bobs.flush()).unwrap();
    }

    fn read_by(&self, act: impl FnOnce()) -> Cost {
        let store = &self.alice.peer.store;
        let (calls, rows) = (store.calls(), store.rows_read());
        act();
        self.world.run();
        Cost { calls: store.calls() - calls, rows: store.rows_read() - rows }
    }

    /// What is read until one more message of bob's, and one to him, are shown in both tabs.
    fn one_more(messages: u64, conversations: u64) -> [Cost; 2] {
        let kept = Self::new(messages, conversations);
        let tabs = kept.tabs();
        let count = |tab: &Tab| tab.deliveries().len();
        let shown = tabs.each_ref().map(count);
        let received = kept.read_by(|| kept.bob_writes("one more"));
        assert_eq!(tabs.each_ref().map(count), shown.map(|shown| shown + 1));
        // Nothing is sent to who only asks.
        tabs[0].ask(Command::Decide(kept.bob, Decision::Accept));
        kept.world.pass(1_000);
        let written = kept.read_by(|| tabs[1].ask(Command::Send("and another".into())));
        assert_eq!(tabs.each_ref().map(count), shown.map(|shown| shown + 2));
        for tab in &tabs {
            let rows = tab.state.conversations.get_untracked().unwrap();
            assert_eq!((rows.len() as u64, rows[0].peer.address), (conversations, kept.bob));
        }
        [received, written]
    }
}

#[test]
fn one_more_message_costs_the_same_among_many_messages() {
    let few = Kept::one_more(1_000, 10);
    assert_eq!(Kept::one_more(3_000, 10), few);
    for Cost { rows, .. } in &few {
        assert!(*rows < 150, "{rows} records are read, of {few:?}");
    }
}

#[test]
fn one_more_message_costs_the_same_among_many_conversations() {
    assert_eq!(Kept::one_more(10, 500), Kept::one_more(10, 10));
}

#[test]
fn opening_a_conversation_costs_the_same_among_many_messages() {
    let opened = |messages, conversations| {
        let kept = Kept::new(messages, conversations);
        let tab = kept.alice.open_tab(&kept.world);
        kept.world.run();
        let cost = kept.read_by(|| tab.ask(Command::OpenPeer(kept.bob)));
        assert_eq!(tab.deliveries().len(), 80);
        cost
    };
    let few = opened(1_000, 10);
    assert_eq!(opened(3_000, 10), few);
    assert_eq!(opened(1_000, 500), few);
}

#[test]
fn older_messages_are_read_once_and_as_many_are_shown_as_a_screen_needs() {
    let kept = Kept::new(1_000, 1);
    let [tab, _] = kept.tabs();
    // Each reading is enough for eight steps.
    let first = kept.read_by(|| tab.ask(Command::LoadOlder));
    assert_eq!(tab.deliveries().len(), 90);
    for _ in 0..7 {
        assert_eq!(kept.read_by(|| tab.ask(Command::LoadOlder)), Cost { calls: 0, rows: 0 });
    }
    for _ in 0..8 {
        kept.read_by(|| tab.ask(Command::LoadOlder));
    }
    assert_eq!(kept.read_by(|| tab.ask(Command::LoadOlder)), first);
    assert_eq!(tab.deliveries().len(), 200);
}

#[test]
fn what_comes_at_once_is_shown_and_told_in_a_few_goes() {
    let kept = Kept::new(10, 1);
    for n in 0..300 {
        kept.bob_writes(&n.to_string());
    }
    kept.alice.peer.store.set_yielding(true);
    let tabs = [kept.alice.open_tab(&kept.world), kept.alice.open_tab(&kept.world)];
    kept.world.pass(1_000);
    for tab in &tabs {
        assert_eq!(tab.unread(), 310);
    }
    let told = kept.alice.told.get();
    assert!((1..=5).contains(&told), "told {told} times");
}
