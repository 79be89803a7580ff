//! Everything as one file, and back.

use std::rc::Rc;

use dm3_core::identity::BackupError;
use dm3_core::session::ImportError;
use dm3_core::storage::ArchiveError;
use dm3_core::testing::Fault;
use dm3_widget::app::backup::{Backup, BackupFault, BackupStep};
use dm3_widget::app::platform::NoFile;
use dm3_widget::app::state::{FileBytes, Screen};
use dm3_widget::app::{BackupAsk, Command, Typed};

use super::loading::without_part;
use super::world::{Device, NODE, Tab, WALLET, World, now};

/// A world whose node keeps nothing but mail, and two people; alice has her own tab and a conversation.
fn talk() -> (World, Rc<Device>, Tab, Rc<Device>) {
    let world = World::new();
    world.network.keep_no_history();
    let description = serde_json::to_string(&world.network.discovery()).unwrap();
    world.network.set_document(&format!("{NODE}/.well-known/dm3"), 200, &description);
    let ((alice, _), (bob, bobs)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    for n in 0..3 {
        now(bobs.compose(alice.peer.conversation(), &format!("number {n}"))).unwrap();
        now(bobs.flush()).unwrap();
        world.pass(1_000);
    }
    (world, alice, tab, bob)
}

fn ask(world: &World, tab: &Tab, ask: BackupAsk) -> Backup {
    tab.ask(Command::backup(ask));
    world.pass(1_000);
    let Screen::Backup(shown) = tab.screen() else { panic!("{:?}", tab.screen()) };
    let backup = shown.shown::<Backup>().expect("a backup").clone();
    assert!(!backup.busy);
    backup
}

fn take(file: Option<&[u8]>, code: &str) -> BackupAsk {
    BackupAsk::Take { file: file.map(|it| FileBytes::new(it.to_vec())), code: Typed::new(code.to_owned()) }
}

/// Makes a backup; gives the file and its code.
fn made(world: &World, device: &Device, tab: &Tab) -> (Vec<u8>, String) {
    assert_eq!(ask(world, tab, BackupAsk::Show).step, BackupStep::Choose);
    let backup = ask(world, tab, BackupAsk::Make);
    let BackupStep::Made { code, url } = &backup.step else { panic!("{backup:?}") };
    assert_eq!(url, &format!("blob:{}", device.files.borrow().len()));
    let file = device.files.borrow().last().unwrap().clone();
    (file, code.reveal().to_owned())
}

#[test]
fn what_a_browser_has_lost_comes_back_out_of_a_file_with_its_code() {
    let (world, alice, tab, bob) = talk();
    let (file, code) = made(&world, &alice, &tab);
    tab.remove();
    now(alice.peer.resume_after_eviction());
    assert_eq!(now(alice.peer.texts(&bob.peer)), Vec::<String>::new());

    let tab = alice.open_tab(&world);
    world.pass(1_000);
    let second = alice.open_tab(&world);
    world.pass(1_000);
    assert_eq!(tab.state.conversations.get_untracked(), Some(vec![]));
    // As the page gives it, and as somebody types what they have written down.
    let backup = ask(&world, &tab, BackupAsk::Offer(FileBytes::new(file)));
    assert!(matches!(backup.step, BackupStep::Restore { given: Some(_) }));
    let backup = ask(&world, &tab, take(None, &format!(" {}\n", code.to_lowercase())));
    let BackupStep::Restored(restored) = backup.step else { panic!("{backup:?}") };
    assert_eq!((restored.messages, restored.conversations, restored.skipped), (3, 1, 0));
    assert_eq!(now(alice.peer.texts(&bob.peer)), ["number 0", "number 1", "number 2"]);
    tab.ask(Command::backup(BackupAsk::Leave));
    world.pass(1_000);
    assert_eq!(tab.screen(), Screen::List);
    for tab in [tab, second] {
        assert_eq!(tab.state.conversations.get_untracked().unwrap().len(), 1, "every tab shows it");
    }
}

#[test]
fn the_code_is_nowhere_once_its_screen_is_left_and_the_file_is_let_go_of() {
    let (world, alice, tab, _) = talk();
    let (file, code) = made(&world, &alice, &tab);
    let digits = code.replace('-', "");
    assert!(!file.windows(digits.len()).any(|window| window == digits.as_bytes()));
    assert_eq!(*alice.withdrawn.borrow(), Vec::<String>::new());
    tab.ask(Command::backup(BackupAsk::Leave));
    world.pass(1_000);
    assert_eq!((tab.screen(), alice.withdrawn.borrow().clone()), (Screen::List, vec!["blob:1".to_owned()]));
    let (_, other) = made(&world, &alice, &tab);
    assert_ne!(other, code);
}

#[test]
fn what_is_no_backup_of_this_account_says_why_and_can_be_tried_again() {
    let (world, alice, tab, bob) = talk();
    let (file, code) = made(&world, &alice, &tab);
    ask(&world, &tab, BackupAsk::Restore);
    let fault = |asked| {
        let backup = ask(&world, &tab, asked);
        assert!(matches!(backup.step, BackupStep::Restore { .. }));
        backup.error.expect("an error")
    };
    let archive = |error| BackupFault::Import(ImportError::Archive(error));
    assert_eq!(fault(take(None, &code)), BackupFault::NoFile);
    assert_eq!(fault(take(Some(&file), "abc")), BackupFault::Code(BackupError::Code));
    let mut mistyped = code.clone().into_bytes();
    mistyped.swap(0, 1);
    if mistyped != code.as_bytes() {
        let mistyped = String::from_utf8(mistyped).unwrap();
        assert_eq!(fault(take(Some(&file), &mistyped)), BackupFault::Code(BackupError::Checksum));
    }
    assert_eq!(fault(take(Some(b"a picture"), &code)), archive(ArchiveError::File));
    assert_eq!(fault(take(Some(&file[..file.len() - 9]), &code)), archive(ArchiveError::Incomplete));

    let bobs = bob.open_tab(&world);
    world.pass(1_000);
    ask(&world, &bobs, BackupAsk::Restore);
    let refused = ask(&world, &bobs, take(Some(&file), &code)).error;
    assert_eq!(refused, Some(BackupFault::Import(ImportError::OtherAccount(alice.address()))));

    let backup = ask(&world, &tab, take(Some(&file), &code));
    assert!(matches!(backup.step, BackupStep::Restored(restored) if restored.messages == 0));
}

#[test]
fn what_a_page_asks_for_before_the_start_is_over_is_done_once_somebody_is_there() {
    let (world, alice, tab, _) = talk();
    tab.remove();
    let tab = alice.open_tab(&world);
    tab.ask(Command::backup(BackupAsk::Make));
    world.pass(1_000);
    let Screen::Backup(shown) = tab.screen() else { panic!("{:?}", tab.screen()) };
    assert!(matches!(shown.shown::<Backup>().unwrap().step, BackupStep::Made { .. }));
    assert_eq!(alice.files.borrow().len(), 1);
}

#[test]
fn a_file_that_a_page_gives_waits_for_somebody_to_sign_in_and_a_backup_of_nobody_is_not_made_later() {
    let world = World::new();
    let alice = world.newcomer("alice");
    let tab = alice.open_tab(&world);
    let sign_up = || {
        for command in [Command::Connect(WALLET.into()), Command::CreateKeys, Command::PublishProfile] {
            tab.ask(command);
            world.run();
        }
        world.pass(1_000);
    };
    tab.ask(Command::backup(BackupAsk::Make));
    world.pass(1_000);
    sign_up();
    assert_eq!((tab.screen(), alice.files.borrow().len()), (Screen::List, 0));
    tab.ask(Command::Disconnect);
    world.pass(1_000);
    tab.ask(Command::backup(BackupAsk::Offer(FileBytes::new(vec![1]))));
    world.pass(1_000);
    tab.ask(Command::Connect(WALLET.into()));
    world.pass(1_000);
    let Screen::Backup(shown) = tab.screen() else { panic!("{:?}", tab.screen()) };
    assert!(matches!(shown.shown::<Backup>().unwrap().step, BackupStep::Restore { given: Some(_) }));
}

/// Opens alice's page, which names `to`, and asks for something at once; everything that is looked up takes two seconds.
fn ask_at_start(world: &World, alice: &Rc<Device>, to: &str, locked: bool, ask: BackupAsk) -> Tab {
    let tab = alice.open_tab(world);
    tab.state.to.set(Some(to.into()));
    tab.state.locked.set(locked);
    world.network.fail("", Fault::Slow(2_000));
    tab.ask(Command::backup(ask));
    world.pass(60_000);
    tab
}

fn step(tab: &Tab) -> BackupStep {
    let Screen::Backup(shown) = tab.screen() else { panic!("{:?}", tab.screen()) };
    shown.shown::<Backup>().expect("a backup").step.clone()
}

#[test]
fn whom_the_page_names_does_not_come_over_a_backup_that_was_asked_for_before() {
    let (world, alice, tab, bob) = talk();
    tab.remove();
    for (makes, locked) in [(true, false), (true, true), (false, false), (false, true)] {
        let ask = if makes { BackupAsk::Make } else { BackupAsk::Offer(FileBytes::new(vec![1])) };
        let tab = ask_at_start(&world, &alice, "bob.eth", locked, ask);
        let stands = match step(&tab) {
            BackupStep::Made { .. } => makes,
            step => !makes && matches!(step, BackupStep::Restore { given: Some(_) }),
        };
        assert!(stands);
        tab.ask(Command::backup(BackupAsk::Leave));
        world.pass(1_000);
        assert_eq!(tab.screen(), Screen::Thread, "it leads there");
        assert_eq!(tab.state.thread.get_untracked().unwrap().peer.address, bob.address());
        tab.remove();
    }
}

#[test]
fn whom_the_page_names_and_nobody_finds_takes_no_backup_from_the_screen() {
    let (world, alice, tab, _) = talk();
    tab.remove();
    let tab = ask_at_start(&world, &alice, "nobody.eth", true, BackupAsk::Make);
    assert!(matches!(step(&tab), BackupStep::Made { .. }));
}

fn no_files(device: &Device) -> Vec<NoFile> {
    device.no_files.take()
}

#[test]
fn who_waits_for_a_backup_is_told_that_what_makes_it_can_not_be_loaded() {
    let (world, alice, tab, _) = talk();
    let missing = without_part("backup");
    tab.ask(Command::backup(BackupAsk::Make));
    world.pass(1_000);
    assert_eq!(no_files(&alice), [NoFile::Missing]);
    drop(missing);
    tab.remove();
    world.run();
    no_files(&alice);
    let _missing = without_part("chat");
    let tab = alice.open_tab(&world);
    tab.ask(Command::backup(BackupAsk::Make));
    world.pass(1_000);
    assert_eq!(tab.screen(), Screen::List);
    let told = no_files(&alice);
    assert!(!told.is_empty() && told.iter().all(|why| *why == NoFile::Missing), "{told:?}");
}

#[test]
fn who_waits_for_a_backup_of_an_account_that_is_left_is_told_that_there_is_none() {
    let (world, alice, tab, _) = talk();
    tab.ask(Command::backup(BackupAsk::Make));
    tab.ask(Command::Disconnect);
    world.pass(1_000);
    assert_eq!((no_files(&alice), alice.files.borrow().len()), (vec![NoFile::SignedOut], 0));
    let tab = alice.open_tab(&world);
    tab.ask(Command::backup(BackupAsk::Make));
    tab.remove();
    assert_eq!(no_files(&alice), [NoFile::SignedOut], "or whose element is removed");
}

#[test]
fn a_backup_that_is_asked_for_twice_before_the_start_is_over_is_made_once_and_for_both() {
    let (world, alice, tab, _) = talk();
    tab.remove();
    world.run();
    no_files(&alice);
    let tab = alice.open_tab(&world);
    for _ in 0..2 {
        tab.ask(Command::backup(BackupAsk::Make));
    }
    world.pass(1_000);
    assert!(matches!(step(&tab), BackupStep::Made { .. }));
    assert_eq!((no_files(&alice), alice.files.borrow().len()), (Vec::new(), 1));
}
