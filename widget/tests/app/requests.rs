//! Strangers who write, and what is decided about people.

use std::rc::Rc;

use dm3_core::device::Trust;
use dm3_core::ports::Store as _;
use dm3_core::session::{Decision, NameStanding, Usage};
use dm3_core::testing::{Fault as NetworkFault, Holdings};
use dm3_core::thread::{Quote, Quoted};
use dm3_widget::app::fault::Fault;
use dm3_widget::app::part::PartMissing;
use dm3_widget::app::platform::HostEvent;
use dm3_widget::app::state::{Bubble, Composing, Connection, ConversationRow, Filter, Person, Screen};
use dm3_widget::app::stranger::{Stranger, look_alike};
use dm3_widget::app::{Act, Command, ShareAsk};

use super::loading::without_part;
use super::world::{Device, Tab, World, now};

/// alice's tab, and bob, who has written to her.
fn a_stranger_wrote() -> (World, Rc<Device>, Tab, Rc<Device>) {
    let world = World::new();
    let ((alice, _), (bob, bobs)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    now(bobs.compose(alice.peer.conversation(), "hello")).unwrap();
    now(bobs.flush()).unwrap();
    world.pass(1_000);
    (world, alice, tab, bob)
}

fn rows(tab: &Tab, filter: Filter) -> Vec<ConversationRow> {
    let rows = tab.state.conversations.get_untracked().unwrap();
    rows.into_iter().filter(|row| filter.shows(row)).collect()
}

fn trust(tab: &Tab) -> Trust {
    tab.state.thread.with_untracked(|thread| thread.as_ref().unwrap().standing.trust)
}

fn write(world: &World, from: &Rc<Device>, to: &Rc<Device>, text: &str) {
    let session = now(from.peer.resume());
    now(session.compose(to.peer.conversation(), text)).unwrap();
    now(session.flush()).unwrap();
    world.pass(1_000);
}

#[test]
fn a_stranger_is_a_request_that_does_not_count_and_of_which_the_page_is_told_so() {
    let (_, _, tab, bob) = a_stranger_wrote();
    assert_eq!(rows(&tab, Filter::All), []);
    assert_eq!(rows(&tab, Filter::Requests).len(), 1);
    let events = tab.events();
    assert!(events.contains(&HostEvent::Request(bob.address())));
    let received =
        |event: &HostEvent| matches!(event, HostEvent::MessageReceived { .. } | HostEvent::UnreadChange(1..));
    assert!(!events.iter().any(received), "{events:?}");
}

#[test]
fn who_is_accepted_is_in_the_list_and_can_be_written_to() {
    let (world, alice, tab, bob) = a_stranger_wrote();
    tab.state.filter.set(Filter::Requests);
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    assert_eq!(trust(&tab), Trust::Requested);
    tab.ask(Command::Decide(bob.address(), Decision::Accept));
    world.pass(1_000);
    assert_eq!(trust(&tab), Trust::Accepted);
    assert_eq!(tab.screen(), Screen::Thread);
    assert_eq!((rows(&tab, Filter::All).len(), rows(&tab, Filter::Requests).len()), (1, 0));
    assert_eq!(tab.state.filter.get_untracked(), Filter::All);
    tab.ask(Command::Back);
    write(&world, &bob, &alice, "again");
    assert!(matches!(
        tab.events().iter().rev().find(|event| matches!(event, HostEvent::MessageReceived { .. })),
        Some(HostEvent::MessageReceived { peer, .. }) if *peer == bob.address()
    ));
}

#[test]
fn who_is_blocked_is_gone_and_stays_so_whatever_they_write() {
    let (world, alice, tab, bob) = a_stranger_wrote();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    tab.ask(Command::Decide(bob.address(), Decision::Block));
    world.pass(1_000);
    assert_eq!(tab.screen(), Screen::List);
    let told = tab.events().len();
    write(&world, &bob, &alice, "please");
    assert_eq!(tab.events().len(), told);
    for filter in [Filter::All, Filter::Unread, Filter::Requests] {
        assert_eq!(rows(&tab, filter), []);
    }
    assert_eq!(now(alice.peer.texts(&bob.peer)), ["hello"]);
    // By their name they are found, and can be welcome again.
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    assert_eq!(trust(&tab), Trust::Blocked);
    tab.ask(Command::Decide(bob.address(), Decision::Accept));
    world.pass(1_000);
    write(&world, &bob, &alice, "thanks");
    assert_eq!(now(alice.peer.texts(&bob.peer)), ["hello", "thanks"]);
}

#[test]
fn who_is_not_blocked_any_more_asks_again_unless_they_were_welcome_before() {
    let (world, alice, tab, bob) = a_stranger_wrote();
    for (before, filter) in [(Trust::Requested, Filter::Requests), (Trust::Accepted, Filter::All)] {
        if before == Trust::Accepted {
            tab.ask(Command::Decide(bob.address(), Decision::Accept));
        }
        tab.ask(Command::Decide(bob.address(), Decision::Block));
        world.pass(1_000);
        tab.ask(Command::Open("bob.eth".into()));
        world.pass(1_000);
        tab.ask(Command::Decide(bob.address(), Decision::Unblock));
        world.pass(1_000);
        assert_eq!(trust(&tab), before);
        write(&world, &bob, &alice, "thanks");
        assert_eq!(rows(&tab, filter).len(), 1);
    }
    assert_eq!(now(alice.peer.texts(&bob.peer)), ["hello", "thanks", "thanks"]);
}

#[test]
fn nothing_is_sent_to_a_stranger_whatever_is_asked_for_in_their_conversation() {
    let (world, alice, tab, bob) = a_stranger_wrote();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    let messages = tab.state.thread.with_untracked(|thread| thread.as_ref().unwrap().messages.clone());
    let Bubble { hash, version, .. } = messages.unwrap().remove(0);
    let quote = Quote { hash: version, own: false, shown: Quoted::Text("hello".into()) };
    for decision in [None, Some(Decision::Block)] {
        if let Some(decision) = decision {
            tab.ask(Command::Decide(bob.address(), decision));
            tab.ask(Command::OpenPeer(bob.address()));
            world.pass(1_000);
        }
        let before = trust(&tab);
        tab.ask(Command::act(Act::React { to: hash.clone(), emoji: "👍".into() }));
        world.pass(1_000);
        for composing in [Composing::New, Composing::Reply(quote.clone())] {
            tab.state.composing.set(composing);
            tab.ask(Command::Send("no".into()));
            world.pass(1_000);
        }
        assert_eq!(trust(&tab), before);
        assert_eq!(tab.deliveries().len(), 1);
        assert_eq!(now(alice.peer.store.outbox(alice.address())).unwrap(), []);
        assert_eq!(world.network.first_service().waiting(bob.address()), 0);
    }
}

#[test]
fn what_is_decided_in_one_tab_is_shown_in_all() {
    let (world, alice, tab, bob) = a_stranger_wrote();
    let other = alice.open_tab(&world);
    world.pass(1_000);
    other.ask(Command::OpenPeer(bob.address()));
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    tab.ask(Command::Decide(bob.address(), Decision::Accept));
    world.pass(1_000);
    assert_eq!(trust(&other), Trust::Accepted);
    assert_eq!(rows(&other, Filter::All).len(), 1);
}

#[test]
fn who_is_muted_is_in_the_list_without_being_announced() {
    let (world, alice, tab, bob) = a_stranger_wrote();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    tab.ask(Command::Decide(bob.address(), Decision::Accept));
    tab.ask(Command::Decide(bob.address(), Decision::Mute(true)));
    tab.ask(Command::Back);
    world.pass(1_000);
    let told = tab.events().len();
    write(&world, &bob, &alice, "psst");
    assert_eq!(tab.events().len(), told);
    assert_eq!(rows(&tab, Filter::Unread).len(), 1);
}

#[test]
fn what_is_decided_concerns_whom_it_was_pressed_for_whoever_is_open_since() {
    let (world, _, tab, bob) = a_stranger_wrote();
    let (carol, _) = world.person("carol");
    tab.ask(Command::OpenPeer(carol.address()));
    world.pass(1_000);
    tab.ask(Command::Decide(bob.address(), Decision::Block));
    world.pass(1_000);
    let open = tab.state.thread.with_untracked(|thread| thread.as_ref().map(|it| it.peer.address));
    assert_eq!((tab.screen(), open), (Screen::Thread, Some(carol.address())));
    assert_ne!(trust(&tab), Trust::Blocked);
    assert_eq!(rows(&tab, Filter::Requests), []);
}

#[test]
fn that_nothing_can_be_decided_now_is_said() {
    let (world, _, tab, bob) = a_stranger_wrote();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    let missing = without_part("people");
    tab.ask(Command::Decide(bob.address(), Decision::Block));
    world.pass(1_000);
    let gone = Connection::Lost(Fault::Part(PartMissing::Unreachable));
    assert_eq!((trust(&tab), tab.state.connection.get_untracked()), (Trust::Requested, gone));
    drop(missing);
}

/// What the card of a stranger asks for when it is shown.
fn look_at_stranger(world: &World, tab: &Tab) -> Option<Stranger> {
    tab.ask(Command::act(Act::Share(ShareAsk::LookAtStranger)));
    world.pass(1_000);
    tab.state.stranger.with_untracked(|stranger| stranger.shown::<Stranger>().cloned())
}

#[test]
fn how_much_a_strangers_account_was_used_is_looked_up_when_the_card_asks_and_they_learn_nothing_of_it() {
    let (world, _, tab, bob) = a_stranger_wrote();
    world.network.set_holdings(bob.address(), Holdings { transactions: 12, ..Holdings::default() });
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    assert!(tab.state.stranger.with_untracked(|stranger| stranger.shown::<Stranger>().is_none()));
    let sent = world.network.count("/ds/rpc");
    let known = look_at_stranger(&world, &tab).unwrap();
    assert_eq!((known.of.address, known.usage), (bob.address(), Some(Some(Usage::Sent(12)))));
    assert_eq!(known.mentioned, Some(Vec::new()));
    assert_eq!(world.network.count("/ds/rpc"), sent, "nothing is sent");
    // Once they are welcome, nothing is looked up any more.
    tab.ask(Command::Decide(bob.address(), Decision::Accept));
    world.pass(1_000);
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    assert_eq!(look_at_stranger(&world, &tab), None);
}

#[test]
fn what_can_not_be_found_out_of_a_stranger_is_told_as_that_and_asked_anew_the_next_time() {
    let (world, _, tab, bob) = a_stranger_wrote();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    world.network.fail("eth_getTransactionCount", NetworkFault::Unreachable);
    assert_eq!(look_at_stranger(&world, &tab).unwrap().usage, Some(None));
    world.network.heal();
    assert_eq!(look_at_stranger(&world, &tab).unwrap().usage, Some(None), "it is not asked again and again");
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    assert_eq!(look_at_stranger(&world, &tab).unwrap().usage, Some(Some(Usage::Sent(0))));
}

#[test]
fn who_of_those_who_are_welcome_has_mentioned_a_stranger_is_told() {
    let (world, alice, tab, bob) = a_stranger_wrote();
    let ((carol, _), (dave, _)) = (world.person("carol"), world.person("dave"));
    write(&world, &carol, &alice, "bob.eth may write to you.");
    write(&world, &dave, &alice, "I know bob.eth, too.");
    tab.ask(Command::OpenPeer(carol.address()));
    world.pass(1_000);
    tab.ask(Command::Decide(carol.address(), Decision::Accept));
    world.pass(1_000);
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    let mentioned = look_at_stranger(&world, &tab).unwrap().mentioned.unwrap();
    let names: Vec<_> = mentioned.into_iter().map(|person| person.name.unwrap()).collect();
    assert_eq!(names, ["carol.eth"], "another stranger's word says nothing");
}

#[test]
fn a_name_that_is_like_the_readers_the_pages_contacts_or_one_of_the_list_is_told() {
    let (world, _, tab, bob) = a_stranger_wrote();
    let like = |name: &str| {
        let peer =
            Person { address: bob.address(), name: Some(name.into()), standing: NameStanding::Checked };
        look_alike(tab.state, &peer)
    };
    world.person("market");
    tab.ask(Command::Open("market.eth".into()));
    world.pass(1_000);
    tab.state.to.set(Some(" Shop-Support.eth".into()));
    assert_eq!(like("a1ice.eth").as_deref(), Some("alice.eth"));
    assert_eq!(like("shopsupp0rt.eth").as_deref(), Some("shop-support.eth"));
    assert_eq!(like("rnarket.eth").as_deref(), Some("market.eth"));
    for name in ["shop-support.eth", "alice.eth", "bob.eth"] {
        assert_eq!(like(name), None, "{name}");
    }
    tab.state.to.set(Some(bob.address().to_string()));
    assert_eq!(like("shopsupp0rt.eth"), None);
}
