//! Which stretch of a long conversation is shown, and what comes meanwhile.

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::device::StoredMessage;
use dm3_core::identity::Address;
use dm3_core::message::Kind;
use dm3_core::ports::Store as _;
use dm3_core::session::{Decision, Session};
use dm3_core::testing::{Fault, MemoryPorts, notes};
use dm3_widget::app::state::{Apart, BubbleContent, Lookup, Screen};
use dm3_widget::app::{Act, Command, Stretch, set_draft};

use super::world::{Device, Tab, World, now};

/// alice's tab with the conversation in which bob has written so many messages, all but some of them seen.
struct Long {
    world: World,
    alice: Rc<Device>,
    bobs: Session<MemoryPorts>,
    tab: Tab,
}

impl Long {
    fn new(seen: u64, unseen: u64) -> Self {
        let world = World::new();
        let ((alice, _), (bob, bobs)) = (world.person("alice"), world.person("bob"));
        let text = |n: u64| {
            notes::at(&notes::with(bob.address(), bob.address(), n, Kind::New, None, &n.to_string()), n)
        };
        let messages: Vec<StoredMessage> = (0..seen).map(text).collect();
        now(alice.peer.store.add_messages(alice.address(), &messages)).unwrap();
        let tab = alice.open_tab(&world);
        world.run();
        tab.ask(Command::OpenPeer(bob.address()));
        world.pass(1_000);
        let long = Self { world, alice, bobs, tab };
        if unseen > 0 {
            long.ask(Command::Back);
            for number in seen..seen + unseen {
                let conversation = ConversationId::Peer(long.alice.address());
                now(long.bobs.compose(conversation, &number.to_string())).unwrap();
            }
            now(long.bobs.flush()).unwrap();
            long.world.pass(1_000);
            long.ask(Command::OpenPeer(long.bobs.account()));
        }
        long
    }

    fn ask(&self, command: Command) {
        self.tab.ask(command);
        self.world.pass(1_000);
    }

    fn show(&self, stretch: Stretch) {
        self.ask(Command::act(Act::Show(stretch)));
    }

    fn bob_writes(&self, text: &str) {
        now(self.bobs.compose(ConversationId::Peer(self.alice.address()), text)).unwrap();
        now(self.bobs.flush()).unwrap();
        self.world.pass(1_000);
    }

    /// The first and the last that are shown, and whether there are older and newer ones.
    fn shown(&self) -> (String, String, usize, bool, bool) {
        self.tab.state.thread.with_untracked(|thread| {
            let thread = thread.as_ref().unwrap();
            let bubbles = thread.messages.as_ref().unwrap();
            let text = |at: usize| match &bubbles[at].content {
                BubbleContent::Text { text, .. } => text.clone(),
                BubbleContent::Deleted => String::new(),
            };
            (text(0), text(bubbles.len() - 1), bubbles.len(), thread.more, thread.newer)
        })
    }

    fn is_at(&self, first: u64, last: u64, older: bool, newer: bool) {
        let count = usize::try_from(last - first).unwrap() + 1;
        assert_eq!(self.shown(), (first.to_string(), last.to_string(), count, older, newer));
    }

    fn go_up(&self) {
        self.tab.state.away.set(Apart::new((), 1));
    }
}

#[test]
fn what_is_far_from_where_somebody_reads_is_left_out_and_comes_back() {
    let long = Long::new(1_000, 0);
    long.is_at(920, 999, true, false);
    long.go_up();
    for _ in 0..12 {
        long.ask(Command::LoadOlder);
    }
    long.is_at(800, 999, true, false);
    long.ask(Command::LoadOlder);
    long.is_at(790, 989, true, true);
    for _ in 0..120 {
        long.ask(Command::LoadOlder);
    }
    long.is_at(0, 199, false, true);
    long.show(Stretch::Newer);
    long.is_at(10, 209, true, true);
    long.show(Stretch::Below(500));
    long.is_at(565, 644, true, true);
    for _ in 0..40 {
        long.show(Stretch::Newer);
    }
    long.is_at(800, 999, true, false);
}

#[test]
fn the_newest_are_one_step_away() {
    let long = Long::new(1_000, 0);
    long.go_up();
    for _ in 0..48 {
        long.ask(Command::LoadOlder);
    }
    long.show(Stretch::Newest);
    long.is_at(920, 999, true, false);
}

#[test]
fn what_comes_while_somebody_reads_further_up_is_counted_and_not_shown() {
    let long = Long::new(1_000, 0);
    long.ask(Command::Decide(long.bobs.account(), Decision::Accept));
    long.go_up();
    for _ in 0..24 {
        long.ask(Command::LoadOlder);
    }
    let before = long.shown();
    for text in ["one", "two"] {
        long.bob_writes(text);
    }
    long.ask(Command::Send("mine".into()));
    assert_eq!(long.shown(), before);
    assert_eq!(long.tab.state.came.get_untracked(), 2, "what somebody writes is no news to them");
    long.show(Stretch::Newest);
    assert_eq!((long.shown().1.as_str(), long.tab.state.came.get_untracked()), ("mine", 0));
}

#[test]
fn what_comes_at_the_end_pushes_out_the_oldest_that_are_shown() {
    let long = Long::new(195, 0);
    for _ in 0..16 {
        long.ask(Command::LoadOlder);
    }
    long.is_at(0, 194, false, false);
    for number in 195..210 {
        long.bob_writes(&number.to_string());
    }
    long.is_at(10, 209, true, false);
    assert_eq!(long.tab.state.came.get_untracked(), 0);
}

#[test]
fn a_conversation_opens_where_it_goes_on_with_what_was_not_seen() {
    let unseen = |long: &Long| {
        long.tab.state.thread.with_untracked(|thread| {
            let thread = thread.as_ref().unwrap();
            let hash = thread.unseen.as_ref()?;
            thread.messages.as_ref().unwrap().iter().position(|bubble| bubble.hash == *hash)
        })
    };
    let few = Long::new(1_000, 30);
    few.is_at(950, 1_029, true, false);
    assert_eq!(unseen(&few), Some(50));
    let many = Long::new(1_000, 300);
    many.is_at(960, 1_039, true, true);
    assert_eq!(unseen(&many), Some(40));
    let more = Long::new(1_000, 410);
    more.is_at(1_330, 1_409, true, false);
    assert_eq!(unseen(&more), None, "nobody reads on so far up");
}

#[test]
fn a_message_far_up_is_shown_with_those_around_it() {
    let long = Long::new(1_000, 0);
    let hash = {
        for _ in 0..96 {
            long.ask(Command::LoadOlder);
        }
        long.is_at(0, 199, false, true);
        long.tab
            .state
            .thread
            .with_untracked(|it| it.as_ref().unwrap().messages.as_ref().unwrap()[7].hash.clone())
    };
    long.ask(Command::Back);
    long.ask(Command::OpenPeer(long.bobs.account()));
    long.is_at(920, 999, true, false);
    long.ask(Command::act(Act::Find(hash.clone())));
    long.is_at(0, 79, false, true);
    assert_eq!(*long.alice.revealed.borrow(), [hash]);
}

/// alice's tab with nothing open, where everything that is looked up takes two seconds; and the accounts of bob and carol.
fn slow_look_ups() -> (World, Tab, Address, Address) {
    let world = World::new();
    let (alice, bob, carol) = (world.person("alice").0, world.person("bob").0, world.person("carol").0);
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    world.network.fail("", Fault::Slow(2_000));
    (world, tab, bob.address(), carol.address())
}

fn open(tab: &Tab) -> Option<Address> {
    tab.state.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.peer.address))
}

#[test]
fn whom_it_takes_long_to_find_does_not_come_over_the_conversation_that_was_opened_since() {
    let (world, tab, bob, carol) = slow_look_ups();
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(500);
    tab.ask(Command::OpenPeer(carol));
    world.pass(500);
    assert_eq!((open(&tab), tab.state.lookup.get_untracked()), (Some(carol), Lookup::Idle));
    world.pass(60_000);
    assert_eq!(open(&tab), Some(carol));
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(500);
    tab.ask(Command::Back);
    world.pass(60_000);
    assert_eq!((open(&tab), tab.screen()), (None, Screen::List), "nor over the list");
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(60_000);
    assert_eq!(open(&tab), Some(bob));
}

#[test]
fn whom_it_takes_long_not_to_find_does_not_close_the_conversation_that_was_opened_since() {
    let (world, tab, bob, _) = slow_look_ups();
    tab.state.locked.set(true);
    tab.ask(Command::Open("nobody.eth".into()));
    world.pass(500);
    tab.ask(Command::OpenPeer(bob));
    world.pass(60_000);
    assert_eq!((open(&tab), tab.screen()), (Some(bob), Screen::Thread));
    assert_eq!(tab.state.lookup.get_untracked(), Lookup::Idle);
}

/// The page calls for bob, says what it is about and gives a text; somebody opens a conversation of the list meanwhile.
fn open_while_bob_is_looked_up(peer: Address, world: &World, tab: &Tab) {
    tab.state.to.set(Some("bob.eth".into()));
    tab.state.context.set(Some("Lamp".into()));
    tab.state.given.set(Some("Is it there?".into()));
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(500);
    tab.ask(Command::OpenPeer(peer));
    world.pass(500);
    assert_eq!((open(tab), tab.state.contact.get_untracked()), (Some(peer), None));
    world.pass(60_000);
    assert_eq!((open(tab), tab.screen()), (Some(peer), Screen::Thread));
}

fn about(tab: &Tab) -> Option<String> {
    tab.state.thread.with_untracked(|thread| Some(thread.as_ref()?.about.as_ref()?.line()))
}

#[test]
fn what_a_page_gives_comes_into_its_conversation_also_if_that_was_opened_from_the_list_meanwhile() {
    let (world, tab, bob, _) = slow_look_ups();
    open_while_bob_is_looked_up(bob, &world, &tab);
    assert_eq!(tab.state.contact.get_untracked(), Some((bob, "bob.eth".to_owned())));
    assert_eq!(about(&tab).as_deref(), Some("Lamp"));
    assert_eq!(tab.state.text.get_untracked(), "Is it there?");
}

#[test]
fn whom_the_page_names_is_its_contact_whatever_was_opened_while_they_were_looked_up() {
    let (world, tab, bob, carol) = slow_look_ups();
    set_draft(&tab.driver, Some("bob.eth".into()), "Hello".into());
    open_while_bob_is_looked_up(carol, &world, &tab);
    assert_eq!(tab.state.contact.get_untracked(), Some((bob, "bob.eth".to_owned())));
    assert_eq!((about(&tab), tab.state.text.get_untracked()), (None, String::new()));
    let rows = tab.state.conversations.get_untracked().unwrap();
    assert!(rows.iter().any(|row| row.peer.address == bob), "they are listed");
    tab.ask(Command::OpenPeer(bob));
    world.pass(60_000);
    assert_eq!(about(&tab).as_deref(), Some("Lamp"));
    assert_eq!(tab.state.text.get_untracked(), "Hello");
}
