//! What a device keeps, and that nothing of it stays when its page wants that.

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::Said;
use dm3_core::conversation::ConversationId;
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::session::Decision;
use dm3_widget::app::fault::Fault;
use dm3_widget::app::platform::{HostEvent, Notifying};
use dm3_widget::app::state::{Connection, Screen, ThreadState};
use dm3_widget::app::{Command, reset};

use super::world::{Device, Tab, WALLET, World, now, two_talking};

impl Device {
    /// How many unsent texts are kept.
    pub fn drafts(&self) -> usize {
        self.kept.borrow().keys().filter(|key| key.starts_with("draft ")).count()
    }

    /// Whether anything of the account is stored.
    pub fn keeps_anything(&self) -> bool {
        let (store, account) = (&self.peer.store, self.address());
        now(store.seed(account)).unwrap().is_some()
            || !now(store.contacts(account)).unwrap().is_empty()
            || !now(store.outbox(account)).unwrap().is_empty()
            || !now(store.quarantined_ids(account)).unwrap().is_empty()
    }

    /// Whether nothing is kept of anybody.
    fn is_as_new(&self) -> bool {
        now(self.peer.store.owners()).unwrap().is_empty()
            && now(self.peer.store.account()).unwrap().is_none()
            && !self.keeps_anything()
            && self.kept.borrow().is_empty()
            && self.signed_out.borrow().is_empty()
            && self.notifying.get() == Notifying::Off
    }
}

/// What the page was told of its wish.
type Told = Rc<RefCell<Option<Result<(), Fault>>>>;

/// The page wants nothing to stay.
fn ask_for_reset(tab: &Tab) -> Told {
    let told = Told::default();
    let answer = Rc::clone(&told);
    reset(&tab.driver, Box::new(move |erased| drop(answer.replace(Some(erased)))));
    told
}

/// alice, who has a message of bob's, is signed in in a tab, and has typed half a sentence to him.
fn alice_writes(world: &World) -> (Rc<Device>, Tab) {
    let ((alice, _), (_, bobs)) = (world.person("alice"), world.person("bob"));
    now(bobs.compose(ConversationId::Peer(alice.address()), "one")).unwrap();
    now(bobs.flush()).unwrap();
    let tab = alice.open_tab(world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    tab.ask(Command::Typed("half a sen".into()));
    world.run();
    assert_eq!(alice.drafts(), 1);
    (alice, tab)
}

#[test]
fn a_reset_leaves_nothing_and_tells_so_only_then() {
    let world = World::new();
    let (alice, tab) = alice_writes(&world);
    alice.notifying.set(Notifying::On);
    let told = ask_for_reset(&tab);
    assert!(tab.state.account.get_untracked().is_none(), "it ends at once");
    while told.borrow().is_none() {
        assert!(!alice.is_as_new());
        if !world.tasks.step() {
            world.network.clock().advance(1);
        }
    }
    assert!(alice.is_as_new());
    assert_eq!(*told.borrow(), Some(Ok(())));
    world.run();
    assert!(tab.is_signed_out());
    assert_eq!(tab.events().last(), Some(&HostEvent::Disconnect));
    let requests = world.network.requests().len();
    world.pass(60_000);
    assert_eq!(world.network.requests().len(), requests, "something goes on");
    assert!(alice.is_as_new());
}

#[test]
fn what_another_tab_keeps_of_a_text_until_it_hears_of_the_sign_out_goes_too() {
    let world = World::new();
    let (alice, tab) = alice_writes(&world);
    tab.ask(Command::SignOut);
    world.run();
    assert_eq!(alice.drafts(), 0);
    alice.kept.borrow_mut().insert(format!("draft {} late", alice.address()), "half a sentence".into());
    world.pass(1_000);
    assert_eq!(alice.drafts(), 0);
    assert!(tab.is_signed_out() && !alice.keeps_anything());
}

#[test]
fn a_reset_deletes_what_was_kept_when_somebody_signed_out() {
    let world = World::new();
    let (alice, tab) = alice_writes(&world);
    tab.ask(Command::Disconnect);
    world.run();
    assert!(alice.keeps_anything());
    let told = ask_for_reset(&tab);
    world.finish();
    assert_eq!(*told.borrow(), Some(Ok(())));
    assert!(alice.is_as_new() && tab.is_signed_out());
    // Nobody was signed in any more: the page was told so once.
    let ends = tab.events().into_iter().filter(|event| *event == HostEvent::Disconnect);
    assert_eq!(ends.count(), 1);
}

#[test]
fn a_reset_deletes_every_account_of_the_browser_in_all_its_tabs() {
    let world = World::new();
    let (alice, tab) = alice_writes(&world);
    let (carol, carols) = world.person("carol");
    let seed = now(carol.peer.store.seed(carols.account())).unwrap().unwrap();
    now(alice.peer.store.set_seed(carols.account(), &seed)).unwrap();
    carol.wallet.share(vec![carols.account()]);
    let carols_tab = alice.open_tab_with_wallet_of(&world, &carol);
    world.run();
    assert_eq!(carols_tab.screen(), Screen::List);
    let told = ask_for_reset(&tab);
    world.finish();
    assert_eq!(*told.borrow(), Some(Ok(())));
    assert!(alice.is_as_new());
    assert!(tab.is_signed_out() && carols_tab.is_signed_out());
    assert_eq!(carols_tab.events().last(), Some(&HostEvent::Disconnect));
}

#[test]
fn after_a_reset_no_tab_has_kept_anything_whatever_it_was_doing() {
    for moment in 0.. {
        let world = World::new();
        let (alice, first) = alice_writes(&world);
        world.slow_down();
        let second = alice.open_tab(&world);
        if !world.go_to_moment(moment) {
            break;
        }
        second.ask(Command::Open("bob.eth".into()));
        second.ask(Command::Typed("another sen".into()));
        let told = ask_for_reset(&first);
        second.ask(Command::Typed("another sentence".into()));
        world.finish();
        assert_eq!(*told.borrow(), Some(Ok(())), "moment {moment}");
        assert!(first.is_signed_out() && second.is_signed_out(), "moment {moment}");
        // Who begins anew asks the node who it is.
        alice.kept.borrow_mut().retain(|name, _| name.starts_with("draft "));
        assert!(alice.is_as_new(), "moment {moment}: {:?}", alice.kept.borrow());
    }
}

#[test]
fn a_reset_is_finished_though_the_element_goes_at_once() {
    let world = World::new();
    let (alice, tab) = alice_writes(&world);
    let told = ask_for_reset(&tab);
    world.tasks.step();
    let (driver, _) = tab.remove();
    world.finish();
    assert_eq!(*told.borrow(), Some(Ok(())));
    assert!(alice.is_as_new());
    assert!(driver.upgrade().is_none());
}

#[test]
fn a_reset_that_the_browser_hinders_tells_why() {
    let world = World::new();
    let (alice, tab) = alice_writes(&world);
    alice.peer.store.set_write_failure(Some(StoreError::Full));
    let told = ask_for_reset(&tab);
    world.finish();
    assert_eq!(*told.borrow(), Some(Err(Fault::Store(StoreError::Full))));
    assert_eq!(tab.screen(), Screen::Failed(Fault::Store(StoreError::Full)));
    assert_eq!(alice.drafts(), 0, "what can be deleted is");
}

#[test]
fn who_signs_in_after_a_reset_begins_anew() {
    let world = World::new();
    let (alice, tab) = alice_writes(&world);
    ask_for_reset(&tab);
    world.finish();
    for command in [Command::Connect(WALLET.into()), Command::CreateKeys] {
        tab.ask(command);
        world.run();
    }
    assert_eq!(tab.screen(), Screen::List);
    assert!(alice.keeps_anything());
}

#[test]
fn storage_that_fails_in_between_leaves_what_is_there_on_the_screen_and_is_told() {
    let (world, alice, _, alices, bobs) = two_talking();
    let unavailable = || StoreError::Unavailable(Said::new("the disk is gone"));
    let lost = Connection::Lost(Fault::Store(unavailable()));
    alice.peer.store.set_failure(Some(unavailable()));
    bobs.ask(Command::Send("meanwhile".into()));
    world.pass(5_000);
    assert_eq!((alices.screen(), alices.state.connection.get_untracked()), (Screen::Thread, lost));
    assert!(alices.events().contains(&HostEvent::Error(Fault::Store(unavailable()))));
    // What can't be read now is read as soon as it can be.
    alice.peer.store.set_failure(None);
    world.pass(60_000);
    assert!(alices.is_live());
    assert_eq!(alices.deliveries().len(), 1);
}

#[test]
fn storage_that_gives_nothing_at_the_start_is_told_on_the_whole_screen() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let unavailable = StoreError::Unavailable(Said::new("the disk is gone"));
    alice.peer.store.set_failure(Some(unavailable.clone()));
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    assert_eq!(tab.screen(), Screen::Failed(Fault::Store(unavailable)));
}

#[test]
fn a_tab_that_follows_is_in_touch_again_once_it_can_write() {
    let (world, alice, _, first, _) = two_talking();
    let second = alice.open_tab(&world);
    world.pass(2_000);
    second.ask(Command::Open("bob.eth".into()));
    world.pass(2_000);
    let bob = second.state.thread.with_untracked(|it| it.as_ref().unwrap().peer.address);
    alice.peer.store.set_write_failure(Some(StoreError::Full));
    second.ask(Command::Decide(bob, Decision::Mute(true)));
    world.run();
    let full = Connection::Lost(Fault::Store(StoreError::Full));
    assert_eq!(second.state.connection.get_untracked(), full);
    alice.peer.store.set_write_failure(None);
    second.ask(Command::Send("there is room again".into()));
    world.pass(2_000);
    assert!(second.is_live() && first.is_live());
}

#[test]
fn a_tab_that_follows_is_in_touch_again_once_it_reads_what_another_has_written() {
    let (world, alice, bob, first, _) = two_talking();
    let second = alice.open_tab(&world);
    world.pass(2_000);
    let unavailable = StoreError::Unavailable(Said::new("the disk is gone"));
    alice.peer.store.set_failure(Some(unavailable.clone()));
    second.ask(Command::OpenPeer(bob.address()));
    world.run();
    assert_eq!(second.state.connection.get_untracked(), Connection::Lost(Fault::Store(unavailable)));
    alice.peer.store.set_failure(None);
    first.ask(Command::Send("it can be read again".into()));
    world.pass(2_000);
    assert!(second.is_live() && first.is_live());
}

#[test]
fn a_tab_that_follows_reads_what_it_could_not_read_when_somebody_tries_it_again() {
    let (world, alice, bob, _first, _) = two_talking();
    let second = alice.open_tab(&world);
    world.pass(2_000);
    alice.peer.store.set_yielding(true);
    for moment in 0..12 {
        second.ask(Command::OpenPeer(bob.address()));
        for _ in 0..moment {
            world.tasks.step();
        }
        alice.peer.store.set_failure(Some(StoreError::Unavailable(Said::new("the disk is gone"))));
        world.run();
        alice.peer.store.set_failure(None);
        second.ask(Command::Reconnect);
        world.pass(2_000);
        assert!(second.is_live(), "moment {moment}");
        let is_read = |it: &ThreadState| it.messages.is_some();
        let reads = second.state.thread.with_untracked(|thread| thread.as_ref().is_none_or(is_read));
        assert!(reads, "moment {moment}");
        second.ask(Command::Back);
        world.pass(2_000);
    }
}
