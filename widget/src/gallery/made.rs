//! People, messages and rows to be shown.

use dm3_core::device::{Standing, Trust};
use dm3_core::message::MessageHash;
use dm3_core::ports::Unreachable;
use dm3_core::session::NameStanding;
use dm3_core::web::Outage;

use crate::app::fault::Fault;
use crate::app::state::{
    Bubble, BubbleContent, Connection, ConversationRow, Delivery, Person, Preview, PreviewText, Reach,
    Screen, State, ThreadState,
};
use crate::view::time;

/// Puts what is to be seen into a state. `None`: an example in it is none, which a test finds.
pub(super) type Fill = fn(State) -> Option<()>;

/// What there is to be seen, by its name.
pub(super) type States = &'static [(&'static str, Fill)];

pub(super) const ALICE: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
pub(super) const BOB: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
pub(super) const CAROL: &str = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65";
pub(super) const DAVE: &str = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc";
pub(super) const ERIN: &str = "0x976EA74026E726554dB657fA54763abd0C3a0aa9";
pub(super) const MINUTE: u64 = 60_000;
pub(super) const LONG: &str = "a-very-long-name-of-a-collector-of-rare-and-beautiful-things.eth";

/// So many minutes ago.
pub(super) fn ago(minutes: u64) -> u64 {
    time::now().saturating_sub(minutes * MINUTE)
}

pub(super) fn person(name: Option<&str>, address: &str) -> Option<Person> {
    Some(Person {
        address: address.parse().ok()?,
        name: name.map(Into::into),
        standing: NameStanding::Checked,
    })
}

pub(super) fn bob() -> Option<Person> {
    person(Some("bob.eth"), BOB)
}

pub(super) fn hash(number: usize) -> Option<MessageHash> {
    format!("0x{number:064x}").parse().ok()
}

pub(super) fn text(text: &str) -> BubbleContent {
    BubbleContent::Text { text: text.into(), edited: false, quote: None, attachments: 0, about: None }
}

/// A message; `number` tells it from others.
pub(super) fn bubble(
    number: usize,
    minutes_ago: u64,
    content: BubbleContent,
    delivery: Delivery,
) -> Option<Bubble> {
    let hash = hash(number)?;
    let own = delivery != Delivery::Received;
    let (version, sending) = (hash.clone(), hash.clone());
    let (time, emoji, reactions) = (ago(minutes_ago), String::new(), Vec::new());
    Some(Bubble { hash, version, own, time, content, delivery, sending, emoji, reactions })
}

/// A conversation of texts: whether they are own, and what they say.
pub(super) fn talk(lines: &[(bool, &str)]) -> Option<Vec<Bubble>> {
    let each = lines.iter().enumerate().map(|(number, (own, words))| {
        let delivery = if *own { Delivery::Read } else { Delivery::Received };
        bubble(number + 1, 7 * (lines.len() - number) as u64, text(words), delivery)
    });
    each.collect()
}

pub(super) fn row(peer: Person, own: bool, words: &str, minutes: u64, unread: u64) -> ConversationRow {
    let preview = Some(Preview { own, text: PreviewText::Text(words.into()), waiting: false });
    ConversationRow { peer, preview, time: ago(minutes), unread, standing: Standing::accepted() }
}

/// A list as somebody has it.
pub(super) fn rows() -> Option<Vec<ConversationRow>> {
    let day = 24 * 60;
    let mut muted =
        row(person(Some("dave.eth"), DAVE)?, false, "Have a look at this, all of you", 3 * day, 2);
    muted.standing.muted = true;
    let mut request =
        row(person(Some(LONG), ERIN)?, false, "I collect things. Would you sell me one of yours?", 12, 1);
    request.standing.trust = Trust::Requested;
    let mut gone = row(person(Some("a.very.deep.name.of.somebody.eth"), ERIN)?, false, "", 20 * day, 0);
    gone.preview = Some(Preview { own: false, text: PreviewText::Deleted, waiting: false });
    gone.peer.address = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955".parse().ok()?;
    Some(vec![
        row(bob()?, false, "That would be great. Would you take 1.1 ETH?", 4, 3),
        request,
        row(person(None, CAROL)?, true, "I can hold it until tonight if you like.", 49, 0),
        muted,
        gone,
    ])
}

pub(super) fn thread(peer: Person, messages: Vec<Bubble>) -> ThreadState {
    ThreadState {
        peer,
        reach: Reach::Ready,
        standing: Standing::accepted(),
        unseen: None,
        messages: Some(messages),
        more: false,
        newer: false,
        notices: Vec::new(),
        demands: Vec::new(),
        about: None,
    }
}

/// Somebody is signed in, and this screen stands.
pub(super) fn inside(state: State, screen: Screen) -> Option<()> {
    state.account.set(person(Some("alice.eth"), ALICE));
    state.connection.set(Connection::Live);
    state.conversations.set(rows());
    state.screen.set(screen);
    Some(())
}

/// This conversation is open.
pub(super) fn open(state: State, thread: ThreadState) -> Option<()> {
    state.thread.set(Some(thread));
    inside(state, Screen::Thread)
}

/// A node that does not answer.
pub(super) fn silence() -> Fault {
    Fault::NodeUnreachable(Unreachable { host: "node.example".into(), outage: Outage::TimedOut })
}

/// Once the screen stands: one that takes another's place forgets what was typed, and closes menus.
pub(super) fn later(act: impl FnOnce() + 'static) {
    leptos::prelude::request_animation_frame(act);
}
