//! Mail of the node while nobody is there.

use dm3_core::delivery::ChannelRefusal;
use dm3_core::session::MailError;
use dm3_core::testing::Fault as NetworkFault;
use dm3_widget::app::settings::{Mail, Offer, Settings};
use dm3_widget::app::state::Screen;
use dm3_widget::app::{Command, MailAsk, SettingsAsk};

use super::world::{Tab, World};

fn settings(tab: &Tab) -> Settings {
    match tab.screen() {
        Screen::Settings(apart) => apart.shown::<Settings>().expect("the settings are shown").clone(),
        other => panic!("{other:?}"),
    }
}

fn mail(tab: &Tab) -> Mail {
    match settings(tab).mail {
        Offer::Known(mail) => mail,
        other => panic!("{other:?}"),
    }
}

fn shown() -> (World, std::rc::Rc<super::world::Device>, Tab) {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    tab.ask(Command::settings(SettingsAsk::Show));
    world.pass(1_000);
    (world, alice, tab)
}

#[test]
fn mail_is_on_once_its_code_was_answered() {
    let (world, alice, tab) = shown();
    let tell = |what| {
        tab.ask(Command::settings(SettingsAsk::Mail(what)));
        world.pass(1_000);
    };
    assert_eq!(mail(&tab).channel, None);
    tell(MailAsk::Set("alice@example.org".into()));
    let channel = mail(&tab).channel.expect("an address");
    assert!(!channel.proven);
    tell(MailAsk::Prove("00000".into()));
    assert_eq!(mail(&tab).failed, Some(MailError::Refused(ChannelRefusal::WrongCode)));
    assert!(mail(&tab).channel.is_some(), "the address stays");
    tell(MailAsk::Prove(world.network.offers().code_of(alice.address()).expect("a code")));
    assert!(mail(&tab).channel.is_some_and(|channel| channel.proven && channel.enabled));
    assert_eq!(mail(&tab).failed, None);
    tell(MailAsk::Enable(false));
    assert!(mail(&tab).channel.is_some_and(|channel| !channel.enabled));
    tell(MailAsk::Remove);
    assert_eq!(mail(&tab).channel, None);
}

#[test]
fn how_it_stands_with_mail_is_not_known_of_a_node_that_does_not_answer() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    world.network.fail("/notifications/", NetworkFault::Status(503));
    tab.ask(Command::settings(SettingsAsk::Show));
    world.pass(1_000);
    assert!(matches!(settings(&tab).mail, Offer::Unknown(_)));
}
