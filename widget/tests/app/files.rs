//! Attachments: those that came, and those that are to be sent.

use std::rc::Rc;

use dm3_core::message::{Attachment, Draft};
use dm3_core::ports::StoreError;
use dm3_core::session::Decision;
use dm3_core::testing::Fault;
use dm3_widget::app::files::{Away, Content, Files, Given, Item, Look, Refused, Room};
use dm3_widget::app::platform::Redraw;
use dm3_widget::app::state::{Bubble, BubbleContent, Composing, FileBytes};
use dm3_widget::app::{Command, FilesAsk};

use super::loading::without_part;
use super::world::{Device, Tab, World, now, two_talking, two_talking_in};

/// The beginning of a JPEG of this size, with whatever a camera wrote into it.
fn jpeg(camera: &[u8], width: u16, height: u16, bytes: usize) -> Vec<u8> {
    let length = u16::try_from(camera.len() + 2).unwrap().to_be_bytes();
    let frame = [&[0xff, 0xc0, 0, 17, 8][..], &height.to_be_bytes(), &width.to_be_bytes(), &[3; 10]].concat();
    let mut picture = [&[0xff, 0xd8, 0xff, 0xe1][..], &length, camera, &frame].concat();
    picture.resize(picture.len().max(bytes), 7);
    picture
}

/// A browser that draws pictures anew: one byte for each pixel, and nothing of the camera's.
fn draw(_: &[u8], how: Redraw) -> Option<Vec<u8>> {
    let bytes = how.width as usize * how.height as usize;
    Some(jpeg(b"", u16::try_from(how.width).ok()?, u16::try_from(how.height).ok()?, bytes))
}

fn given(name: &str, claimed: &str, bytes: &[u8]) -> Given {
    let content = Content::Read(FileBytes::new(bytes.to_vec()));
    Given { name: name.into(), claimed: claimed.into(), size: bytes.len() as f64, content }
}

/// Two open conversations with each other; both are welcome.
fn two() -> (World, Rc<Device>, Rc<Device>, Tab, Tab) {
    two_talking()
}

fn ask(world: &World, tab: &Tab, ask: FilesAsk) {
    tab.ask(Command::files(ask));
    world.pass(1_000);
}

fn attach(world: &World, tab: &Tab, files: Vec<Given>) {
    ask(world, tab, FilesAsk::Attach(files));
}

fn send(world: &World, tab: &Tab, text: &str) {
    tab.ask(Command::Send(text.into()));
    world.pass(2_000);
}

fn bubbles(tab: &Tab) -> Vec<Bubble> {
    tab.state.thread.with_untracked(|thread| thread.as_ref().unwrap().messages.clone()).unwrap()
}

/// The attachments of the last message, as they are shown.
fn shown(world: &World, tab: &Tab) -> Vec<Item> {
    let of = bubbles(tab).last().unwrap().version.clone();
    ask(world, tab, FilesAsk::Show { of: of.clone(), anyway: false });
    Files::now(tab.state).shown.get(&of).map(|items| items.to_vec()).unwrap_or_default()
}

fn names(tab: &Tab) -> Vec<String> {
    Files::now(tab.state).attached.into_iter().map(|attached| attached.name).collect()
}

#[test]
fn files_go_with_a_text_or_without_one_and_are_shown_as_what_they_are() {
    let (world, _, bob, alice, bobs) = two();
    let files = vec![
        given("notes.txt", "text/plain", b"hello"),
        given("offer.pdf", "application/pdf", b"%PDF-1.7"),
        given("drawing.svg", "image/svg+xml", b"<svg onload='alert(1)'/>"),
        given("sound.wav", "", b"RIFF\x04\0\0\0WAVE"),
    ];
    attach(&world, &alice, files);
    assert_eq!(alice.state.files.get_untracked().place, 1);
    send(&world, &alice, "");
    assert_eq!((names(&alice).len(), alice.state.files.get_untracked().place), (0, 0));
    let items = shown(&world, &bobs);
    let types: Vec<_> = items.iter().map(|item| (item.name.as_str(), item.media_type)).collect();
    assert_eq!(
        types,
        [
            ("notes.txt", "text/plain"),
            ("offer.pdf", "application/pdf"),
            ("drawing.svg", "image/svg+xml"),
            ("sound.wav", "audio/wav")
        ]
    );
    assert!(matches!(&items[0].look, Look::Text { text, cut: false, .. } if text == "hello"));
    assert!(matches!(items[1].look, Look::File(_)) && matches!(items[2].look, Look::File(_)));
    assert!(matches!(items[3].look, Look::Audio(_)));
    let types: Vec<_> = bob.shown.borrow().iter().map(|(_, media_type)| media_type.clone()).collect();
    let plain = "application/octet-stream";
    assert_eq!(types, ["text/plain;charset=utf-8", plain, plain, "audio/wav"], "what could run is no page");
}

#[test]
fn a_note_that_begins_like_a_picture_or_a_sound_is_read_as_a_note() {
    let (world, _, _, alice, bobs) = two();
    let note = "BMW meeting moved to Tuesday";
    attach(&world, &alice, vec![given("notes.txt", "text/plain", note.as_bytes())]);
    attach(&world, &alice, vec![given("tags.txt", "text/plain", b"ID3 tags, and how to read them")]);
    send(&world, &alice, "");
    let items = shown(&world, &bobs);
    assert!(matches!(&items[0].look, Look::Text { text, .. } if text == note));
    assert!(matches!(items[1].look, Look::Text { .. }));
}

#[test]
fn a_picture_tells_only_what_is_seen() {
    let (world, alices, _, alice, bobs) = two();
    alices.draws.set(Some(draw));
    attach(
        &world,
        &alice,
        vec![given("beach.jpeg", "image/jpeg", &jpeg(b"Exif\0\0 at 52.5 north", 40, 30, 2_000))],
    );
    assert!(!Files::now(alice.state).attached[0].ready.as_ref().unwrap().tells);
    send(&world, &alice, "look");
    let items = shown(&world, &bobs);
    assert!(matches!(items[0].look, Look::Picture { width: 40, height: 30, .. }));
    assert_eq!((items[0].name.as_str(), items[0].size), ("beach.jpeg", 1_200));
}

#[test]
fn what_can_not_be_drawn_anew_is_said_to_tell_more() {
    let (world, _, _, alice, _) = two();
    attach(&world, &alice, vec![given("beach.jpg", "image/jpeg", &jpeg(b"Exif\0\0", 40, 30, 2_000))]);
    attach(&world, &alice, vec![given("film.mov", "video/quicktime", b"....ftypqt  ")]);
    attach(&world, &alice, vec![given("notes.txt", "text/plain", b"x")]);
    attach(&world, &alice, vec![given("cat.gif", "image/gif", b"GIF89a\x01\0\x01\0\0\0\0;")]);
    let header = b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0";
    attach(&world, &alice, vec![given("plan.bmp", "image/bmp", header)]);
    let tells: Vec<_> =
        Files::now(alice.state).attached.iter().map(|it| it.ready.as_ref().unwrap().tells).collect();
    assert_eq!(tells, [true, true, false, true, true]);
}

#[test]
fn a_picture_that_would_hang_the_page_is_neither_drawn_nor_shown() {
    let (world, alices, _, alice, bobs) = two();
    alices.draws.set(Some(|_, _| panic!("it was drawn")));
    let bomb = jpeg(b"", 30_000, 30_000, 0);
    attach(&world, &alice, vec![given("bomb.jpg", "image/jpeg", &bomb)]);
    assert_eq!(names(&alice).len(), 0);
    assert_eq!(Files::now(alice.state).refused, Some(Refused::Pixels));
    let session = now(alices.peer.resume());
    let to =
        dm3_core::conversation::ConversationId::Peer(bobs.state.account.get_untracked().unwrap().address);
    let attachment = Attachment::embed("bomb.jpg", None, &bomb).unwrap();
    now(session.write(to, &[], |header| Draft::text(header, "").carrying(vec![attachment]))).unwrap();
    now(session.flush()).unwrap();
    world.pass(1_000);
    assert!(matches!(shown(&world, &bobs)[0].look, Look::File(_)));
}

#[test]
fn what_is_too_large_is_told_before_it_is_sent_and_pictures_can_be_made_smaller() {
    let (world, alices, _, alice, bobs) = two();
    alices.draws.set(Some(draw));
    world.network.first_service().set_size_limit(Some(60_000));
    alice.ask(Command::Back);
    world.pass(500);
    alice.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    let photo = jpeg(b"", 400, 300, 120_000);
    attach(
        &world,
        &alice,
        vec![given("photo.jpg", "image/jpeg", &photo), given("a.txt", "text/plain", &[b'a'; 5_000])],
    );
    let Room::Lacking { by, smaller: Some(smaller), .. } = Files::now(alice.state).room else {
        panic!("{:?}", Files::now(alice.state).room)
    };
    assert!((80_000..120_000).contains(&by), "{by}");
    assert_eq!(alice.state.files.get_untracked().place, 2);
    send(&world, &alice, "here");
    assert_eq!((bubbles(&alice).len(), names(&alice).len()), (0, 2), "nothing is sent");
    ask(&world, &alice, FilesAsk::Shrink);
    assert_eq!(Files::now(alice.state).room, Room::Enough);
    send(&world, &alice, "here");
    let items = shown(&world, &bobs);
    assert_eq!((items.len(), items[0].size), (2, smaller));
}

#[test]
fn what_is_no_picture_is_too_large_without_a_way_out_until_it_is_taken_off() {
    let (world, _, _, alice, _) = two();
    world.network.first_service().set_size_limit(Some(60_000));
    alice.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    attach(&world, &alice, vec![given("a.bin", "", &[1; 90_000])]);
    let files = Files::now(alice.state);
    assert!(matches!(files.room, Room::Lacking { smaller: None, .. }), "{:?}", files.room);
    ask(&world, &alice, FilesAsk::Remove(files.attached[0].number));
    assert_eq!((Files::now(alice.state).room, alice.state.files.get_untracked().place), (Room::Enough, 0));
}

#[test]
fn where_nobody_says_what_is_taken_as_much_counts_as_deployed_services_take() {
    let (world, _, _, alice, _) = two();
    world.network.fail("POST https://dm3.example/ds/rpc", Fault::Unreachable);
    alice.ask(Command::Back);
    world.pass(500);
    alice.ask(Command::Open("bob.eth".into()));
    world.pass(30_000);
    attach(&world, &alice, vec![given("a.bin", "", &[1; 20_000])]);
    assert_eq!(Files::now(alice.state).room, Room::Enough);
    attach(&world, &alice, vec![given("b.bin", "", &[1; 90_000])]);
    let room = Files::now(alice.state).room;
    assert!(matches!(room, Room::Lacking { .. }), "{room:?}");
}

#[test]
fn what_could_not_be_kept_stays_in_the_composer_with_its_files() {
    let (world, alices, _, alice, _) = two();
    attach(&world, &alice, vec![given("a.txt", "text/plain", b"a")]);
    alice.state.text.set("here".into());
    alices.peer.store.set_write_failure(Some(StoreError::Full));
    send(&world, &alice, "here");
    assert_eq!(
        (names(&alice), alice.state.text.get_untracked()),
        (vec!["a.txt".to_owned()], "here".to_owned())
    );
    assert!(alice.state.unsent.get_untracked().is_some());
    alices.peer.store.set_write_failure(None);
    send(&world, &alice, "here");
    assert_eq!((names(&alice).len(), alice.state.text.get_untracked()), (0, String::new()));
}

#[test]
fn nothing_of_a_stranger_is_shown_until_they_are_welcome() {
    let world = World::new();
    let ((alice, _), (bob, bobs)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    let attachment = Attachment::embed("a.txt", Some("text/plain"), b"a").unwrap();
    let to = alice.peer.conversation();
    now(bobs.write(to, &[], |header| Draft::text(header, "").carrying(vec![attachment]))).unwrap();
    now(bobs.flush()).unwrap();
    world.pass(1_000);
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    assert_eq!(shown(&world, &tab), []);
    assert_eq!(alice.shown.borrow().len(), 0);
    tab.ask(Command::Decide(bob.address(), Decision::Accept));
    world.pass(1_000);
    assert_eq!(shown(&world, &tab).len(), 1);
}

#[test]
fn what_is_shown_is_gone_with_its_conversation_and_with_the_account() {
    let (world, alices, _, alice, _) = two();
    for leave in [Command::Back, Command::Disconnect] {
        alice.ask(Command::Open("bob.eth".into()));
        world.pass(1_000);
        attach(&world, &alice, vec![given("a.txt", "text/plain", b"a")]);
        send(&world, &alice, "");
        let url = shown(&world, &alice)[0].look.url().unwrap().to_owned();
        assert!(!alices.withdrawn.borrow().contains(&url));
        alice.ask(leave);
        world.pass(1_000);
        assert!(alices.withdrawn.borrow().contains(&url));
        assert_eq!(Files::now(alice.state).shown.len(), 0);
    }
}

#[test]
fn what_was_not_sent_waits_for_its_conversation_and_goes_with_the_account() {
    let (world, alices, _, alice, _) = two();
    alices.draws.set(Some(draw));
    let (carol, _) = world.person("carol");
    attach(&world, &alice, vec![given("a.jpg", "image/jpeg", &jpeg(b"", 40, 30, 2_000))]);
    let url = Files::now(alice.state).attached[0].ready.as_ref().and_then(|ready| ready.url.clone()).unwrap();
    let open = |name: &str| {
        alice.ask(Command::Open(name.into()));
        world.pass(1_000);
        names(&alice)
    };
    assert_eq!(open("carol.eth"), Vec::<String>::new(), "it is nothing of theirs");
    alice.ask(Command::Back);
    world.pass(1_000);
    assert_eq!(open("bob.eth"), ["a.jpg"]);
    assert_eq!(open("bob.eth"), ["a.jpg"], "also if that is open already");
    assert!(!alices.withdrawn.borrow().contains(&url), "it can still be seen");
    assert_eq!(open("carol.eth").len(), 0);
    alice.ask(Command::Disconnect);
    world.pass(1_000);
    assert!(alices.withdrawn.borrow().contains(&url));
    drop(carol);
}

#[test]
fn what_is_weighed_when_another_conversation_is_opened_is_written_to_nobody_else() {
    let (world, alices, bob, alice, _) = two();
    alices.draws.set(Some(draw));
    let (carol, _) = world.person("carol");
    world.network.first_service().set_size_limit(Some(60_000));
    alice.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    attach(&world, &alice, vec![given("photo.jpg", "image/jpeg", &jpeg(b"", 400, 300, 120_000))]);
    alice.state.text.set("for bob".into());
    alice.ask(Command::Typed("for bob".into()));
    alices.drawing_takes.set(2_000);
    alice.ask(Command::Send("for bob".into()));
    world.pass(500);
    alice.ask(Command::OpenPeer(carol.address()));
    world.pass(500);
    alice.state.text.set("for carol".into());
    world.pass(30_000);
    assert_eq!((bubbles(&alice).len(), alice.state.text.get_untracked().as_str()), (0, "for carol"));
    alice.state.text.set(String::new());
    alice.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    assert_eq!((bubbles(&alice).len(), alice.state.text.get_untracked().as_str()), (0, "for bob"));
    assert_eq!(Files::now(alice.state).attached.len(), 1);
    alice.ask(Command::Send("for bob".into()));
    world.pass(30_000);
    // Still too large: it is told so, and stays.
    assert!(matches!(Files::now(alice.state).room, Room::Lacking { .. }));
}

#[test]
fn an_edit_of_a_text_keeps_what_is_attached_to_it() {
    let (world, _, _, alice, bobs) = two();
    attach(&world, &alice, vec![given("a.txt", "text/plain", b"a")]);
    send(&world, &alice, "hree");
    let version = bubbles(&alice)[0].version.clone();
    alice.state.composing.set(Composing::Edit { version, before: String::new() });
    send(&world, &alice, "here");
    assert!(
        matches!(&bubbles(&bobs)[0].content, BubbleContent::Text { text, attachments: 1, .. } if text == "here")
    );
    assert_eq!(shown(&world, &bobs)[0].name, "a.txt");
}

#[test]
fn what_lies_elsewhere_is_named_and_nobody_is_asked_for_it() {
    let (world, alices, _, _, bobs) = two();
    let session = now(alices.peer.resume());
    let to =
        dm3_core::conversation::ConversationId::Peer(bobs.state.account.get_untracked().unwrap().address);
    let there = Attachment::refer("a.png", "https://tracker.example/a.png").unwrap();
    now(session.write(to, &[], |header| Draft::text(header, "").carrying(vec![there]))).unwrap();
    now(session.flush()).unwrap();
    world.pass(1_000);
    let before = world.network.requests().len();
    assert_eq!(shown(&world, &bobs)[0].look, Look::Elsewhere("https://tracker.example/a.png".into()));
    let asked = world.network.requests();
    assert!(!asked[before..].iter().any(|request| format!("{request:?}").contains("tracker")));
}

#[test]
fn what_the_page_can_not_show_can_be_saved() {
    let (world, alices, _, alice, _) = two();
    alices.draws.set(Some(draw));
    attach(&world, &alice, vec![given("a.jpg", "image/jpeg", &jpeg(b"", 40, 30, 0))]);
    send(&world, &alice, "");
    let url = shown(&world, &alice)[0].look.url().unwrap().to_owned();
    ask(&world, &alice, FilesAsk::Unshowable(url.clone()));
    assert_eq!(shown(&world, &alice)[0].look, Look::File(url));
}

#[test]
fn there_are_only_so_many_and_of_what_is_too_large_nothing_is_read() {
    let (world, _, _, alice, _) = two();
    let many = (0..25).map(|number| given(&format!("{number}.txt"), "text/plain", b"a")).collect();
    attach(&world, &alice, many);
    assert_eq!((names(&alice).len(), Files::now(alice.state).refused), (20, Some(Refused::Many)));
    let first = Files::now(alice.state).attached[0].number;
    ask(&world, &alice, FilesAsk::Remove(first));
    attach(&world, &alice, vec![Given { size: 1e9, ..given("b.bin", "", b"") }]);
    assert_eq!((names(&alice).len(), Files::now(alice.state).refused), (19, Some(Refused::Large)));
}

#[test]
fn without_the_part_everything_else_goes_on() {
    let (world, _, _, alice, bobs) = two();
    let missing = without_part("files");
    attach(&world, &alice, vec![given("a.txt", "text/plain", b"a")]);
    send(&world, &alice, "without it");
    assert_eq!((bubbles(&bobs).len(), names(&alice).len()), (1, 0));
    drop(missing);
}

/// Two whose node keeps files, and takes messages of 60,000 bytes.
fn two_with_a_node() -> (World, Tab, Tab) {
    let (world, _, _, alice, bobs) = two_talking_in(World::with_files());
    world.network.first_service().set_size_limit(Some(60_000));
    alice.ask(Command::Back);
    world.pass(500);
    alice.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    (world, alice, bobs)
}

const LARGE: usize = 200_000;

fn load(world: &World, tab: &Tab) -> Item {
    let of = bubbles(tab).last().unwrap().version.clone();
    ask(world, tab, FilesAsk::Load { of: of.clone(), place: 0 });
    world.pass(20_000);
    Files::now(tab.state).shown[&of][0].clone()
}

#[test]
fn what_is_too_large_for_a_message_goes_through_the_node_and_is_loaded_when_it_is_asked_for() {
    let (world, alice, bobs) = two_with_a_node();
    let film = [&b"\x1a\x45\xdf\xa3"[..], &vec![7; LARGE]].concat();
    attach(&world, &alice, vec![given("film.webm", "video/webm", &film)]);
    assert!(matches!(Files::now(alice.state).room, Room::Lacking { node: true, .. }));
    ask(&world, &alice, FilesAsk::ThroughNode("{name}: {address}".into()));
    assert_eq!(Files::now(alice.state).room, Room::Enough);
    alice.state.text.set("look".into());
    send(&world, &alice, "look");
    assert_eq!((names(&alice).len(), alice.state.text.get_untracked().as_str()), (0, ""));
    let last = bubbles(&bobs).pop().unwrap();
    assert!(
        matches!(&last.content, BubbleContent::Text { text, attachments: 1, .. } if text == "look"),
        "{last:?}"
    );
    let parts = "GET https://dm3.example/ds/blob/";
    assert_eq!(shown(&world, &bobs)[0].look, Look::Away(Away::Waiting));
    assert_eq!(world.network.count(parts), 0, "nobody has asked for it");
    let item = load(&world, &bobs);
    assert!(matches!(item.look, Look::Video(_)), "{item:?}");
    assert_eq!((item.name.as_str(), item.media_type, item.size), ("film.webm", "video/webm", film.len()));
}

#[test]
fn a_message_leaves_only_when_its_file_is_at_the_node_and_all_stays_where_it_can_not_be_brought_there() {
    let (world, alice, bobs) = two_with_a_node();
    attach(&world, &alice, vec![given("a.bin", "", &[1; LARGE])]);
    ask(&world, &alice, FilesAsk::ThroughNode("{name}: {address}".into()));
    world.network.fail("PUT https://dm3.example/ds/blobs/", Fault::Unreachable);
    alice.ask(Command::Send("here".into()));
    world.pass(500);
    assert_eq!(Files::now(alice.state).sending, Some(0));
    // Somebody stops it.
    ask(&world, &alice, FilesAsk::Stop);
    world.pass(60_000);
    assert_eq!((Files::now(alice.state).sending, Files::now(alice.state).refused), (None, None));
    send(&world, &alice, "here");
    world.pass(60_000);
    assert_eq!(Files::now(alice.state).refused, Some(Refused::NotBrought));
    assert_eq!((names(&alice), bubbles(&bobs).len()), (vec!["a.bin".to_owned()], 0));
    assert_eq!(world.network.files().counts(), (0, 0), "nothing of it stays there");
    world.network.heal();
    send(&world, &alice, "here");
    assert_eq!((names(&alice).len(), bubbles(&bobs).len()), (0, 1));
}

#[test]
fn many_files_with_long_names_go_through_the_node_with_one_message() {
    let (world, alice, bobs) = two_with_a_node();
    let name = |n: usize| format!("{}{n}.bin", "\u{1f4ce}".repeat(40));
    let files = (0..20).map(|n| given(&name(n), "", &[1; LARGE])).collect();
    attach(&world, &alice, files);
    ask(&world, &alice, FilesAsk::ThroughNode("A file that is kept elsewhere. {name}: {address}".into()));
    alice.ask(Command::Send("here".into()));
    world.pass(60_000);
    assert_eq!((Files::now(alice.state).refused, names(&alice).len()), (None, 0));
    let last = bubbles(&bobs).pop().unwrap();
    let whole = |content: &BubbleContent| matches!(content, BubbleContent::Text { text, attachments: 20, .. } if text == "here");
    assert!(whole(&last.content), "{last:?}");
}

#[test]
fn of_a_file_that_is_not_what_was_sent_nothing_is_shown() {
    let (world, alice, bobs) = two_with_a_node();
    attach(&world, &alice, vec![given("a.bin", "", &[1; LARGE])]);
    ask(&world, &alice, FilesAsk::ThroughNode("{name}: {address}".into()));
    send(&world, &alice, "");
    shown(&world, &bobs);
    world.network.fail("GET https://dm3.example/ds/blob/", Fault::Unreachable);
    assert_eq!(load(&world, &bobs).look, Look::Away(Away::Failed));
    world.network.heal();
    world.network.files().tamper(|bytes| bytes[LARGE / 2] ^= 1);
    assert_eq!(load(&world, &bobs).look, Look::Away(Away::Changed));
    world.network.files().lose_all();
    assert_eq!(load(&world, &bobs).look, Look::Away(Away::Gone));
}
