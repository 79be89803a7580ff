//! What goes from the open conversation elsewhere: a message that is forwarded, a report about its peer; and that what it is
//! about does not go along.
//!
//! A report is a file that the person saves or copies and gives to whom they choose. Nothing of it is sent from here.

use std::any::Any;
use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::device::{Lane, StoredMessage};
use dm3_core::identity::Address;
use dm3_core::message::{Draft, MessageHash, SignedMessage};
use dm3_core::seal::json::{canonical, object};
use serde_json::Value;

use super::command::ShareAsk;
use super::driver::{Active, Driver};
use super::fault::Fault;
use super::outbox::{Make, about_is_said, write};
use super::platform::Platform;
use super::state::Apart;
use super::steps::ShareSteps;
use super::stranger;
use super::talk::seen;
use super::thread::{open_peer, return_to_open};

/// How many messages of the conversation are looked at for a report, and how many of the peer's are in it.
const MAX_READ: usize = 400;
const MAX_REPORTED: usize = 50;
/// The longest message that is in a report as it was signed, in bytes; of a longer one its hash is there.
const MAX_SIGNED: usize = 200_000;
/// The form of the report.
const FORMAT: &str = "dm3-report/1";

/// What stands over the open conversation, for [`State::sharing`](super::state::State::sharing).
#[derive(Clone)]
pub enum Sharing {
    /// It is chosen to whom a message is forwarded.
    Forward {
        /// Which one.
        of: MessageHash,
        /// Why it could not be.
        fault: Option<Fault>,
    },
    /// A report about the peer, which is with nobody yet.
    Report(Report),
}

/// What somebody can give to whoever is responsible.
#[derive(Clone)]
pub struct Report {
    /// The whole of it.
    pub text: Rc<str>,
    /// How many messages are in it.
    pub messages: usize,
    /// Where it can be saved.
    pub url: Option<String>,
    /// Sees to it that it is there for as long as this is shown.
    pub file: Rc<dyn Any>,
}

/// A file that the page can save.
struct File<P: Platform> {
    driver: Rc<Driver<P>>,
    url: String,
}

impl<P: Platform> Drop for File<P> {
    fn drop(&mut self) {
        self.driver.platform.withdraw_file(&self.url);
    }
}

impl<P: Platform> ShareSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { carry_out: |at, ask| Box::pin(carry_out(at, ask)) }
    }
}

impl<P: Platform> Default for ShareSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

async fn carry_out<P: Platform>(at: Active<P>, ask: ShareAsk) {
    match ask {
        ShareAsk::LeaveOut => {
            if let Some(open) = at.open_peer() {
                about_is_said(&at, ConversationId::Peer(open));
            }
        }
        ShareAsk::Forward(of) => {
            at.driver.state.seeking.set(String::new());
            show(&at, Sharing::Forward { of, fault: None });
        }
        ShareAsk::To { peer, text } => forward(at, peer, &text).await,
        ShareAsk::Report => {
            return_to_open(at.clone()).await;
            at.driver.state.copied.set(false);
            if let Some(report) = report(&at).await {
                show(&at, Sharing::Report(report));
            }
        }
        ShareAsk::LookAtStranger => stranger::look(at).await,
        ShareAsk::Leave => at.driver.state.sharing.set(Apart::waiting()),
    }
}

fn show<P: Platform>(at: &Active<P>, sharing: Sharing) {
    at.driver.state.sharing.set(Apart::new(sharing, 1));
}

/// Writes to somebody what the chosen message says and carries, and opens the conversation with them.
async fn forward<P: Platform>(at: Active<P>, peer: Address, text: &str) {
    let state = at.driver.state;
    let chosen = state.sharing.with_untracked(|sharing| match sharing.shown::<Sharing>() {
        Some(Sharing::Forward { of, .. }) => Some(of.clone()),
        Some(Sharing::Report(_)) | None => None,
    });
    let Some((of, bubble)) = chosen.and_then(|of| Some((of.clone(), seen(&at, &of)?))) else { return };
    let row = match at.session().message(&bubble.version).await {
        Ok(row) => row,
        Err(error) => return at.storage_failed(error),
    };
    let Some(message) = row.and_then(|row| SignedMessage::parse(&row.json).ok()) else { return };
    // Asked for twice, it is forwarded once.
    if at.writing.replace(true) {
        return;
    }
    let make: Make<'_> = Box::new(|header| Draft::text(header, text).carrying_those_of(&message));
    let is_kept = write(&at, ConversationId::Peer(peer), make).await;
    at.writing.set(false);
    if is_kept {
        state.sharing.set(Apart::waiting());
        return open_peer(at, peer).await;
    }
    let fault = state.unsent.get_untracked();
    state.unsent.set(None);
    show(&at, Sharing::Forward { of, fault });
}

/// What the peer wrote, as it was signed, with what it takes to check that.
async fn report<P: Platform>(at: &Active<P>) -> Option<Report> {
    let open = at.open_peer()?;
    let page = match at.session().page(ConversationId::Peer(open), None, MAX_READ).await {
        Ok(page) => page,
        Err(error) => {
            at.storage_failed(error);
            return None;
        }
    };
    let theirs = page.messages.iter().filter(|it| it.row().author == open && it.row().lane != Lane::Note);
    let messages: Vec<Value> = theirs.take(MAX_REPORTED).map(reported).collect();
    let count = messages.len();
    // Without it the rest can still be given to somebody who looks the profile up.
    let peer = at.session().peer(open).await.ok();
    let profile = peer.as_ref().and_then(|peer| peer.profile.as_ref());
    let name = peer.as_ref().and_then(|peer| peer.name.as_ref());
    let report = object(vec![
        ("format", FORMAT.into()),
        ("made", at.session().now().into()),
        ("reporter", at.address().to_string().into()),
        ("reported", open.to_string().into()),
        ("name", name.map_or(Value::Null, |name| name.as_str().into())),
        ("profile", profile.map_or(Value::Null, |(_, profile)| profile.as_signed().to_json())),
        ("messages", Value::Array(messages)),
    ]);
    let text: Rc<str> = canonical(&report).into();
    let url = at.driver.platform.show_file(text.as_bytes(), "application/json");
    let file = Rc::new(url.clone().map(|url| File { driver: Rc::clone(&at.driver), url }));
    (at.open_peer() == Some(open)).then_some(Report { text, messages: count, url, file })
}

/// The text that was signed stands there as a text: written anew, its signature might not cover it.
fn reported(message: &StoredMessage) -> Value {
    let row = message.row();
    let signed = if row.json.len() <= MAX_SIGNED { row.json.as_str().into() } else { Value::Null };
    object(vec![("id", row.hash.as_str().into()), ("arrived", row.arrived.into()), ("signed", signed)])
}
