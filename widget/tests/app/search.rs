//! Who is meant is found out while somebody types, and only then.

use dm3_core::identity::EnsName;
use dm3_core::session::{FindError, NameStanding};
use dm3_core::testing::Fault as NetworkFault;
use dm3_widget::app::Command;
use dm3_widget::app::fault::Fault;
use dm3_widget::app::part::PartMissing;
use dm3_widget::app::search::{Answer, Guess};
use dm3_widget::app::state::{Lookup, Person, Reach, Screen};

use super::loading::without_part;
use super::world::{Tab, World};

/// Types this into the field, in place of what is there.
fn types(tab: &Tab, text: &str) {
    tab.state.query.set(text.to_owned());
    tab.ask(Command::LookUp(text.to_owned()));
}

fn shown(tab: &Tab) -> Answer {
    let typed = tab.state.query.get_untracked();
    tab.state.guess.with_untracked(|guess| {
        let guess = guess.shown::<Guess>().filter(|guess| guess.typed == typed);
        guess.map_or(Answer::None, |guess| guess.answer.clone())
    })
}

fn named(tab_of: &dm3_core::identity::Address, name: &str) -> Person {
    Person { address: *tab_of, name: Some(name.to_owned()), standing: NameStanding::Checked }
}

fn unknown(name: &str) -> Answer {
    Answer::Failed(Fault::Find(FindError::Unknown(name.parse::<EnsName>().unwrap())))
}

#[test]
fn who_is_meant_is_found_once_nothing_was_typed_for_a_moment() {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.run();
    let asked = world.network.calls();
    types(&tab, "bob.eth");
    world.run();
    assert_eq!((shown(&tab), world.network.calls()), (Answer::None, asked));
    world.pass(500);
    assert_eq!(shown(&tab), Answer::Found(named(&bob.address(), "bob.eth"), Reach::Ready));
    assert!(world.network.calls() > asked);
    // It is no conversation yet.
    assert_eq!(tab.state.conversations.get_untracked().map(|rows| rows.len()), Some(0));
    assert_eq!(tab.state.screen.get_untracked(), Screen::List);
    for typed in [format!("eip155:1:{}", bob.address()), "https://bob.eth.limo".into(), " @bob.eth. ".into()]
    {
        types(&tab, &typed);
        world.pass(500);
        assert_eq!(shown(&tab), Answer::Found(named(&bob.address(), "bob.eth"), Reach::Ready), "{typed}");
    }
}

#[test]
fn half_a_name_is_asked_of_nobody() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    // What the device tells of itself is told by then.
    world.pass(10_000);
    let asked = (world.network.calls(), world.network.requests().len());
    for typed in [
        "b",
        "bob",
        "bob.",
        "bob.e",
        "bob.et",
        "0x7099",
        "https://app.ens.dom",
        "eip155:1:0x70",
        "  ",
        "bo b",
    ] {
        types(&tab, typed);
        world.pass(600);
        assert_eq!(shown(&tab), Answer::None, "{typed}");
    }
    assert_eq!((world.network.calls(), world.network.requests().len()), asked);
}

#[test]
fn an_answer_to_what_stood_there_before_is_never_shown() {
    let world = World::new();
    let ((alice, _), (_bob, _), (carol, _)) =
        (world.person("alice"), world.person("bob"), world.person("carol"));
    let tab = alice.open_tab(&world);
    world.run();
    world.network.fail("eth_call", NetworkFault::Slow(300));
    types(&tab, "bob.eth");
    world.pass(500);
    assert_eq!(shown(&tab), Answer::Searching);
    types(&tab, "carol.eth");
    for _ in 0..60 {
        world.pass(250);
        let answer = shown(&tab);
        assert!(
            !matches!(&answer, Answer::Found(person, _) if person.address != carol.address()),
            "{answer:?}"
        );
    }
    assert_eq!(shown(&tab), Answer::Found(named(&carol.address(), "carol.eth"), Reach::Ready));
}

#[test]
fn typing_on_asks_for_the_last_alone() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1000);
    types(&tab, "zoe.eth");
    world.pass(500);
    assert_eq!(shown(&tab), unknown("zoe.eth"));
    let asked = world.network.calls();
    types(&tab, "zoe.et");
    world.pass(250);
    // As before, and still only for a moment.
    types(&tab, "zoe.eth");
    world.pass(250);
    types(&tab, "zoe.e");
    world.pass(1000);
    assert_eq!(world.network.calls(), asked);
}

#[test]
fn what_can_be_said_of_somebody_is_said() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let dave = world.newcomer("dave");
    let tab = alice.open_tab(&world);
    world.run();
    let own = named(&alice.address(), "alice.eth");
    let expected = [
        ("dave.eth", Answer::Found(named(&dave.address(), "dave.eth"), Reach::NoProfile)),
        ("alice.eth", Answer::Own(own.clone())),
        ("nobody.eth", unknown("nobody.eth")),
    ];
    for (typed, answer) in expected {
        types(&tab, typed);
        world.pass(500);
        assert_eq!(shown(&tab), answer, "{typed}");
    }
    types(&tab, &alice.address().to_string());
    world.pass(500);
    assert_eq!(shown(&tab), Answer::Own(own));
    for refused in [
        "alice.eth bob.eth",
        "solana:mainnet:7S3P4HxJ",
        "eip155:1/erc1155:0x0000000000000000000000000000000000000001/1",
    ] {
        types(&tab, refused);
        world.pass(500);
        assert!(matches!(shown(&tab), Answer::Failed(Fault::Find(FindError::Meant(_)))), "{refused}");
    }
}

#[test]
fn what_may_pass_is_tried_again_at_once_when_somebody_asks_for_it() {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.run();
    world.network.fail("eth_call", NetworkFault::Unreachable);
    types(&tab, "bob.eth");
    world.pass(500);
    assert!(matches!(shown(&tab), Answer::Failed(Fault::Find(error)) if error.is_temporary()));
    world.network.heal();
    tab.ask(Command::LookUp("bob.eth".into()));
    world.run();
    assert_eq!(shown(&tab), Answer::Found(named(&bob.address(), "bob.eth"), Reach::Ready));
}

#[test]
fn why_enter_led_to_nobody_is_said_once() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.run();
    for wait in [0, 500] {
        types(&tab, "nobody.eth");
        world.pass(wait);
        tab.ask(Command::Open("nobody.eth".into()));
        world.pass(1000);
        assert_eq!(shown(&tab), Answer::None);
        assert!(matches!(
            tab.state.lookup.get_untracked(),
            Lookup::Failed(Fault::Find(FindError::Unknown(_)))
        ));
    }
    // What is typed next has nothing to do with it.
    types(&tab, "n");
    world.run();
    assert_eq!(tab.state.lookup.get_untracked(), Lookup::Idle);
}

#[test]
fn whatever_is_typed_opens_the_conversation_and_plain_names_do_without_the_part() {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.run();
    let peer = || tab.state.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.peer.address));
    {
        let _without = without_part("search");
        for typed in ["bob.eth".to_owned(), bob.address().to_string()] {
            types(&tab, &typed);
            tab.ask(Command::Open(typed));
            world.run();
            assert_eq!(peer(), Some(bob.address()));
            tab.ask(Command::Back);
            world.run();
        }
        tab.ask(Command::Open("@bob.eth".into()));
        world.run();
        let missing = Lookup::Failed(Fault::Part(PartMissing::Unreachable));
        assert_eq!((peer(), tab.state.lookup.get_untracked()), (None, missing));
    }
    for typed in ["@bob.eth".to_owned(), format!("https://etherscan.io/address/{}", bob.address())] {
        tab.ask(Command::Open(typed));
        world.run();
        assert_eq!(peer(), Some(bob.address()));
        tab.ask(Command::Back);
        world.run();
    }
}
