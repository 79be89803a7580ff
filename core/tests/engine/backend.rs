//! Two devices of an account at a server of the deployed kind: one of ours, and the deployed app.

use dm3_core::device::SendState;
use dm3_core::message::{Draft, Header};
use dm3_core::ports::Store as _;
use dm3_core::registry::{PROFILE_KEY, profile_record};
use dm3_core::testing::Fault;

use super::deployed_app::DeployedApp;
use super::world::{Device, World, now};

const ADD: &str = "/addMessage";
const SUBMIT: &str = "POST https://dm3.example/ds/rpc";
const STORAGE: &str = "/api/storage/";
const MINUTE: u64 = 60_000;
const LATER: u64 = 2 * MINUTE;

/// A node that keeps no history of our kind.
fn deployed() -> World {
    let world = World::new();
    world.network.keep_no_history();
    world
}

fn unread(device: &Device, of: &Device) -> u64 {
    now(device.peer.unread(&of.peer))
}

#[test]
fn what_this_program_took_in_and_sent_the_deployed_app_shows_once_and_in_order() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let (tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    bobs.send(&alice, "question");
    world.pass(5_000);
    tab.send(&bob, "answer");
    world.pass(5_000);
    bobs.send(&alice, "thanks");
    world.pass(5_000);
    assert_eq!(app.shows(&bob), ["question", "answer", "thanks"]);
    assert_eq!(app.unread(&bob), ["question", "thanks"]);
    let [(name, location)] = app.list().try_into().unwrap();
    assert_eq!(name, bob.peer.alias().to_string());
    let names: Vec<String> = serde_json::from_str(&location).unwrap();
    assert!(names.contains(&name) || names.contains(&"bob.eth".to_owned()), "{names:?}");

    // Nothing is written again, by whoever runs next either.
    let writes = world.network.count(ADD);
    world.pass(LATER);
    assert_eq!(world.network.count(ADD), writes);
    tab.kill();
    let _tab = world.open(&alice);
    world.pass(LATER);
    assert_eq!(world.network.count(ADD), writes);
    assert_eq!(app.shows(&bob), ["question", "answer", "thanks"]);
    assert_eq!(alice.texts(&bob), ["question", "answer", "thanks"]);
}

#[test]
fn mail_is_acknowledged_once_the_backend_has_it_and_when_it_fails_for_long() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let (_tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    world.network.fail(ADD, Fault::Status(503));
    bobs.send(&alice, "hello");
    world.pass(10 * MINUTE);
    let waiting = || world.network.first_service().waiting(alice.peer.address());
    // It is on this device, and at the delivery service for the deployed app.
    assert_eq!((alice.texts(&bob), waiting()), (vec!["hello".to_owned()], 1));
    world.network.heal();
    world.pass(LATER);
    assert_eq!((app.shows(&bob), waiting()), (vec!["hello".to_owned()], 0));

    world.network.fail(ADD, Fault::Status(503));
    bobs.send(&alice, "again");
    world.pass(70 * MINUTE);
    assert_eq!(waiting(), 0);
    world.network.heal();
    world.pass(LATER);
    assert_eq!(app.shows(&bob), ["hello", "again"]);
}

#[test]
fn a_reply_that_is_lost_leads_to_no_second_row() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let (_tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    world.network.fail_nth(1, ADD, Fault::ReplyLost);
    bobs.send(&alice, "hello");
    world.pass(LATER);
    assert_eq!(app.shows(&bob), ["hello"]);
    bobs.send(&alice, "and more");
    world.pass(LATER);
    assert_eq!(app.shows(&bob), ["hello", "and more"]);
}

#[test]
fn both_take_in_the_same_mail_and_it_is_there_once() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let bobs = world.open(&bob);
    world.run();
    bobs.send(&alice, "hello");
    world.run();
    // The deployed app stores it, and is gone before it acknowledges.
    world.network.fail_nth(1, "syncAcknowledgements", Fault::Status(503));
    app.picks_up();
    let tab = world.open(&alice);
    world.pass(LATER);
    assert_eq!((alice.texts(&bob), app.shows(&bob)), (vec!["hello".to_owned()], vec!["hello".to_owned()]));
    assert_eq!(world.network.first_service().waiting(alice.peer.address()), 0);
    drop(tab);
}

#[test]
fn what_the_deployed_app_took_in_sent_and_read_is_here() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let bobs = world.open(&bob);
    world.run();
    bobs.send(&alice, "question");
    world.pass(5_000);
    app.picks_up();
    world.pass(5_000);
    app.sends(&bob, "answer");
    world.pass(5_000);
    let _tab = world.open(&alice);
    world.pass(5_000);
    assert_eq!(alice.texts(&bob), ["question", "answer"]);
    assert_eq!(unread(&alice, &bob), 1);
    // It has left, and does not leave again.
    assert_eq!((alice.waiting(), bob.texts(&alice)), (0, vec!["question".to_owned(), "answer".to_owned()]));
    app.opens(&bob);
    world.pass(LATER);
    assert_eq!(unread(&alice, &bob), 0);
    app.sends(&bob, "one more");
    world.pass(LATER);
    assert_eq!(alice.texts(&bob), ["question", "answer", "one more"]);
    assert_eq!(app.shows(&bob), ["question", "answer", "one more"]);
}

#[test]
fn what_was_read_here_is_read_there_and_what_the_deployed_app_keeps_with_it_stays() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let bobs = world.open(&bob);
    world.run();
    bobs.send(&alice, "taken in there");
    world.run();
    app.picks_up();
    let tab = world.open(&alice);
    world.pass(5_000);
    bobs.send(&alice, "taken in here");
    world.pass(LATER);
    assert_eq!(app.unread(&bob), ["taken in there", "taken in here"]);
    now(tab.engine.session().mark_read(bob.peer.conversation())).unwrap();
    tab.engine.keep();
    world.pass(LATER);
    assert_eq!(app.unread(&bob), Vec::<String>::new());
    assert_eq!(app.shows(&bob), ["taken in there", "taken in here"]);
}

#[test]
fn an_emptied_device_has_the_newest_of_each_conversation_and_the_rest_when_it_is_asked_for() {
    let world = deployed();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let app = DeployedApp::sign_in(&world, &alice);
    let (tab, bobs, carols) = (world.open(&alice), world.open(&bob), world.open(&carol));
    world.run();
    for n in 0..75 {
        bobs.send(&alice, &format!("{n}"));
        world.pass(1_000);
    }
    carols.send(&alice, "hi");
    world.pass(LATER);
    let texts = alice.texts(&bob);
    assert_eq!((texts.len(), app.shows(&bob)), (75, texts.clone()));
    tab.kill();
    now(alice.peer.resume_after_eviction());
    let tab = world.open(&alice);
    world.pass(5_000);
    assert_eq!(alice.texts(&carol), ["hi"]);
    assert_eq!(alice.texts(&bob), texts[texts.len() - 30..]);
    let conversation = bob.peer.conversation();
    let page = now(tab.engine.session().page(conversation, None, 80)).unwrap();
    assert!(page.on_node);
    while now(tab.engine.older(conversation)).unwrap().more {}
    assert_eq!(alice.texts(&bob), texts);
    assert!(!now(tab.engine.session().page(conversation, None, 80)).unwrap().on_node);
    // What came from there is not brought back.
    let writes = world.network.count(ADD);
    world.pass(LATER);
    assert_eq!(world.network.count(ADD), writes);
    assert_eq!(app.shows(&bob), texts);
}

#[test]
fn what_stands_before_a_message_that_the_mailbox_still_has_is_there_when_it_is_asked_for() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let (tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    for n in 0..75 {
        bobs.send(&alice, &format!("{n}"));
        world.pass(1_000);
    }
    world.pass(LATER);
    tab.kill();
    now(alice.peer.resume_after_eviction());
    bobs.send(&alice, "75");
    world.pass(1_000);
    app.is_pushed_what_waits();
    let texts = app.shows(&bob);
    assert_eq!(texts.len(), 76);
    let tab = world.open(&alice);
    world.pass(5_000);
    let conversation = bob.peer.conversation();
    assert_eq!(alice.texts(&bob), texts[texts.len() - 30..]);
    while now(tab.engine.older(conversation)).unwrap().more {}
    assert_eq!(alice.texts(&bob), texts);
}

#[test]
fn what_waits_for_a_profile_is_halted_for_both_and_leaves_once() {
    let world = deployed();
    let alice = world.person("alice");
    let bob = world.newcomer("bob");
    let app = DeployedApp::sign_in(&world, &alice);
    let tab = world.open(&alice);
    world.run();
    tab.send(&bob, "from here");
    world.pass(LATER);
    app.halts(&bob, "from there");
    world.pass(LATER);
    assert_eq!(app.halted(&bob), ["from here", "from there"]);
    assert_eq!(alice.waiting(), 2);

    now(bob.peer.sign_up());
    tab.engine.wake();
    let bobs = world.open(&bob);
    world.pass(10 * MINUTE);
    assert_eq!((alice.waiting(), bob.texts(&alice)), (0, vec!["from here".into(), "from there".into()]));
    assert_eq!(app.halted(&bob), Vec::<String>::new());
    drop(bobs);

    // What the deployed app delivered does not leave again.
    let carol = world.newcomer("carol");
    app.halts(&carol, "for carol");
    world.pass(LATER);
    assert_eq!(alice.waiting(), 1);
    app.has_delivered_halted(&carol);
    // An edit tells by the conversation's entry; so does the next message.
    app.sends_nothing_but(&carol, "second");
    world.pass(LATER);
    assert_eq!(alice.waiting(), 0);
}

#[test]
fn rows_that_prove_nothing_become_no_message() {
    let world = deployed();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let app = DeployedApp::sign_in(&world, &alice);
    let message = |from: &Device, to: &Device, signed_by: &Device, text: &str| {
        let header = Header { from: from.peer.alias(), to: to.peer.alias(), timestamp: 5 };
        Draft::text(header, text).sign(&now(signed_by.peer.keys()).signing)
    };
    app.is_given(&bob, &message(&bob, &alice, &carol, "forged"));
    app.is_given(&bob, &message(&alice, &bob, &carol, "forged as ours"));
    app.is_given(&bob, &message(&bob, &carol, &bob, "written to carol"));
    app.is_given(&bob, &message(&carol, &alice, &carol, "filed with the wrong peer"));
    app.is_given(&bob, &message(&alice, &carol, &alice, "ours, filed with the wrong peer"));
    app.is_given(&bob, &message(&bob, &alice, &bob, "genuine"));
    let _tab = world.open(&alice);
    world.pass(LATER);
    assert_eq!(alice.texts(&bob), ["genuine"]);
    assert_eq!(alice.texts(&carol), Vec::<String>::new());
    assert_eq!(alice.waiting(), 0);
}

#[test]
fn who_never_used_the_backend_gets_no_account_there_and_mail_is_taken_in_all_the_same() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (_tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    bobs.send(&alice, "hello");
    world.pass(LATER);
    assert_eq!(alice.texts(&bob), ["hello"]);
    assert_eq!(world.network.first_service().waiting(alice.peer.address()), 0);
    assert_eq!((world.network.count(STORAGE), world.network.count("/api/profile/")), (0, 0));

    // Who begins to use it later has everything there.
    let app = DeployedApp::sign_in(&world, &alice);
    world.pass(11 * MINUTE);
    assert_eq!(app.shows(&bob), ["hello"]);
}

#[test]
fn a_conversation_that_was_hidden_stays_so() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let (_tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    bobs.send(&alice, "hello");
    world.pass(LATER);
    app.hides(&bob);
    bobs.send(&alice, "anybody there?");
    world.pass(LATER);
    assert_eq!((app.list(), app.shows(&bob)), (vec![], vec!["hello".into(), "anybody there?".into()]));
}

#[test]
fn a_message_that_nobody_takes_is_there_as_such_until_it_leaves() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let tab = world.open(&alice);
    world.run();
    world.network.first_service().set_size_limit(Some(10));
    tab.send(&bob, "too large");
    world.pass(LATER);
    assert_eq!(app.failed(&bob), ["too large"]);
    world.network.first_service().set_size_limit(None);
    let row = now(alice.peer.store.messages(alice.peer.address(), bob.peer.conversation(), None, 1)).unwrap();
    assert!(matches!(row[0].state, SendState::Refused(_)));
    now(tab.engine.retry(bob.peer.conversation(), &row[0].hash)).unwrap();
    world.pass(LATER);
    assert_eq!((app.failed(&bob), app.shows(&bob)), (vec![], vec!["too large".to_owned()]));
}

#[test]
fn a_message_that_is_tried_again_waits_until_somebody_has_it() {
    for is_stopped in [false, true] {
        let world = deployed();
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let app = DeployedApp::sign_in(&world, &alice);
        let tab = world.open(&alice);
        world.run();
        let conversation = bob.peer.conversation();
        let newest = || now(alice.peer.store.messages(alice.peer.address(), conversation, None, 1)).unwrap();
        if is_stopped {
            // It was there as one that waits.
            world.network.fail(SUBMIT, Fault::Unreachable);
            tab.send(&bob, "hello");
            world.pass(LATER);
            assert_eq!(app.halted(&bob), ["hello"]);
            now(tab.engine.stop(conversation, &newest()[0].hash)).unwrap();
        } else {
            world.network.first_service().set_size_limit(Some(3));
            tab.send(&bob, "hello");
        }
        world.pass(LATER);
        assert_eq!((app.failed(&bob), app.halted(&bob)), (vec!["hello".to_owned()], vec![]));
        world.network.first_service().set_size_limit(None);
        world.network.fail(SUBMIT, Fault::Unreachable);
        now(tab.engine.retry(conversation, &newest()[0].hash)).unwrap();
        world.pass(2 * LATER);
        assert_eq!((alice.waiting(), newest()[0].state.clone()), (1, SendState::Waiting));
        world.network.heal();
        tab.engine.wake();
        let _bobs = world.open(&bob);
        world.pass(LATER);
        assert_eq!((alice.waiting(), bob.texts(&alice)), (0, vec!["hello".to_owned()]));
        assert_eq!((app.failed(&bob), app.shows(&bob)), (vec![], vec!["hello".to_owned()]));
    }
}

#[test]
fn a_message_that_is_stopped_while_the_backend_fails_is_not_taken_for_one_that_has_left() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let tab = world.open(&alice);
    world.run();
    let conversation = bob.peer.conversation();
    world.network.fail(SUBMIT, Fault::Unreachable);
    tab.send(&bob, "hello");
    world.pass(LATER);
    assert_eq!(app.halted(&bob), ["hello"]);
    let row = now(alice.peer.store.messages(alice.peer.address(), conversation, None, 1)).unwrap();
    world.network.fail("/editMessageBatch", Fault::Status(503));
    now(tab.engine.stop(conversation, &row[0].hash)).unwrap();
    world.pass(LATER);
    now(tab.engine.retry(conversation, &row[0].hash)).unwrap();
    world.pass(LATER);
    // So does what is written meanwhile, by which the conversation looks otherwise.
    tab.send(&bob, "and more");
    world.pass(2 * LATER);
    assert_eq!(alice.waiting(), 2);
}

#[test]
fn a_row_that_the_backend_refuses_for_good_holds_up_nobody() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let app = DeployedApp::sign_in(&world, &alice);
    let (_tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    bobs.send(&alice, "before");
    world.pass(LATER);
    world.network.fail(ADD, Fault::Status(400));
    bobs.send(&alice, "refused");
    world.pass(LATER);
    let waiting = || world.network.first_service().waiting(alice.peer.address());
    assert_eq!((alice.texts(&bob).len(), waiting()), (2, 0));
    let writes = world.network.count(ADD);
    world.pass(LATER);
    assert_eq!(world.network.count(ADD), writes);
    world.network.heal();
    bobs.send(&alice, "after");
    world.pass(LATER);
    assert_eq!(app.shows(&bob), ["before", "after"]);
}

#[test]
fn under_new_keys_the_deployed_app_shows_what_was_there_under_former_ones_and_what_came_since() {
    let world = deployed();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let former = DeployedApp::sign_in(&world, &alice);
    let (tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    bobs.send(&alice, "question");
    world.pass(5_000);
    tab.send(&bob, "answer");
    world.pass(LATER);
    assert_eq!(former.shows(&bob), ["question", "answer"]);
    tab.kill();
    now(alice.peer.with_new_keys());
    let app = DeployedApp::sign_in(&world, &alice);
    // What is brought is found although its reply is lost.
    world.network.fail_nth(2, ADD, Fault::ReplyLost);
    let tab = world.open(&alice);
    world.pass(LATER);
    tab.send(&bob, "one more");
    world.pass(LATER);
    assert_eq!(app.shows(&bob), ["question", "answer", "one more"]);
    assert_eq!(app.unread(&bob), ["question"]);
    now(tab.engine.session().mark_read(bob.peer.conversation())).unwrap();
    tab.engine.keep();
    world.pass(LATER);
    assert_eq!(app.unread(&bob), Vec::<String>::new());

    // It is there once, whoever runs next.
    tab.kill();
    let _tab = world.open(&alice);
    world.pass(LATER);
    assert_eq!(app.shows(&bob), ["question", "answer", "one more"]);
    assert_eq!(alice.texts(&bob), ["question", "answer", "one more"]);
}

/// Somebody who publishes their profile under a name of theirs alone, which nothing else leads to.
fn at_another_name(world: &World, name: &str) -> Device {
    let carol = world.person("carol");
    let (_, profile) = now(carol.peer.directory().profile_of(carol.peer.address())).unwrap().unwrap();
    world.network.remove_profile(carol.peer.address());
    world.network.edit_name(&name.parse().unwrap(), |records| {
        records.address = Some(carol.peer.address());
        records.texts.insert(PROFILE_KEY.into(), profile_record(profile.as_signed()));
    });
    carol
}

#[test]
fn where_the_deployed_app_found_a_profile_it_is_looked_for_here() {
    let world = deployed();
    let alice = world.person("alice");
    let carol = at_another_name(&world, "work.carol.eth");
    let app = DeployedApp::sign_in(&world, &alice);
    app.sends_nothing_but(&carol, "first");
    app.lists(&carol, &["old.carol.eth", "un..read", "work.carol.eth"]);
    let tab = world.open(&alice);
    world.pass(LATER);
    assert_eq!(alice.texts(&carol), ["first"]);
    tab.send(&carol, "second");
    world.pass(LATER);
    assert_eq!(alice.waiting(), 0, "she was found");
    assert_eq!(world.network.first_service().waiting(carol.peer.address()), 1);
    let known = now(alice.peer.store.contact(alice.peer.address(), carol.peer.conversation()));
    let found_at = known.unwrap().unwrap().found_at;
    assert_eq!(found_at.first().map(|name| name.as_str()), Some("work.carol.eth"));
    assert!(found_at.iter().any(|name| name.as_str() == "old.carol.eth"), "{found_at:?}");
}

#[test]
fn the_deployed_app_is_told_last_at_which_name_somebody_was_found() {
    let world = deployed();
    let alice = world.person("alice");
    let carol = at_another_name(&world, "work.carol.eth");
    let app = DeployedApp::sign_in(&world, &alice);
    let tab = world.open(&alice);
    world.run();
    let session = tab.engine.session();
    let peer = now(session.find("carol.eth")).unwrap();
    now(session.keep(&peer)).unwrap();
    let peer = now(session.find("work.carol.eth")).unwrap();
    now(session.keep(&peer)).unwrap();
    tab.send(&carol, "hello");
    world.pass(LATER);
    let [(_, location)] = app.list().try_into().unwrap();
    let names: Vec<String> = serde_json::from_str(&location).unwrap();
    assert_eq!(names.last().map(String::as_str), Some("work.carol.eth"), "{names:?}");
    assert!(names.contains(&"carol.eth".to_owned()), "{names:?}");
}
