//! What somebody has typed and not sent. It is kept at each stroke, at once and by the browser itself, so that it outlives
//! a tab that is closed in this very moment; a moment later for the account's other devices, too; and is forgotten when the
//! message is kept.

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use dm3_core::ports::Clock as _;

use super::driver::{Active, Driver};
use super::platform::Platform;
use super::state::Composing;

/// The longest text that is kept, in bytes: more than a message may have.
const LONGEST: usize = 100_000;
/// Where texts are kept that somebody wrote to a page's only contact before they signed in: what follows is whom the page names.
pub(super) const FORM: &str = "form:";
/// What is kept of an answer, and of an edit, begins so.
const ANSWER: &str = "answer";
const EDIT: &str = "edit";
/// So long nobody must have typed before the other devices get it: milliseconds.
const PAUSE: u32 = 1_500;

/// The page offers another text to begin with, or none any more, in the conversation with `to` or in each: also in the open
/// one, if it is for that.
pub fn set_draft<P: Platform>(driver: &Rc<Driver<P>>, to: Option<String>, text: String) {
    *driver.draft_for.borrow_mut() = to;
    driver.state.draft.set(text.clone());
    if let Some(at) = driver.active()
        && let Some(open) = at.open_peer().filter(|open| is_offered(&at, *open))
    {
        put_in(&at, open, text.clone(), text);
    }
}

/// Whether the page's lasting text is for the conversation with this peer: where the page names somebody lastingly, for theirs
/// alone.
pub(super) fn is_offered<P: Platform>(at: &Active<P>, peer: Address) -> bool {
    let asked = at.asked.borrow();
    let is_asked = |to: &String| asked.as_ref().is_some_and(|(of, typed)| *of == peer && typed == to);
    at.driver.draft_for.borrow().as_ref().is_none_or(is_asked)
}

/// Puts a text into the composer of the conversation with `peer` if that is open, but never over what somebody has begun to
/// type. So much of it is `offered` by the page, and makes room for what comes later.
pub(super) fn put_in<P: Platform>(at: &Active<P>, peer: Address, text: String, offered: String) {
    let typed = at.driver.state.text;
    let is_free = typed.with_untracked(|typed| typed.trim().is_empty() || *typed == *at.offered.borrow());
    if at.open_peer() == Some(peer) && is_free {
        typed.set(text);
        at.offered.replace(offered);
    }
}

/// Keeps what is typed in the open conversation, and what it is for.
pub(super) fn keep_draft<P: Platform>(at: &Active<P>, text: &str) {
    let Some(open) = at.open_peer() else { return };
    let conversation = ConversationId::Peer(open);
    let is_edit = at.driver.state.composing.with_untracked(|composing| {
        keep_purpose(at, conversation, composing, text);
        matches!(composing, Composing::Edit { .. })
    });
    let stood = kept_draft(at, conversation).map(|(stood, _)| stood).unwrap_or_default();
    // Another text for what was sent is no draft; and what stands there was not typed again.
    if is_edit || stood == text {
        return;
    }
    let key = key(at, conversation);
    let time = later(at, conversation);
    let kept = (!text.trim().is_empty() && text.len() <= LONGEST).then(|| format!("{time} {text}"));
    at.driver.platform.keep_draft(&key, kept.as_deref());
    note_typed(at, conversation, time);
    // Otherwise somebody waits for the end of it already.
    if at.strokes.replace(at.strokes.get() + 1) == 0 {
        at.spawn(share);
    }
}

/// Keeps what the composer is for, in this browser alone: a draft travels as the text that it is.
fn keep_purpose<P: Platform>(at: &Active<P>, conversation: ConversationId, purpose: &Composing, text: &str) {
    let kept = match purpose {
        Composing::New => None,
        Composing::Reply(quote) => Some(format!("{ANSWER} {}", quote.hash)),
        Composing::Edit { version, .. } => {
            (text.len() <= LONGEST).then(|| format!("{EDIT} {version} {text}"))
        }
    };
    at.driver.platform.keep_draft(&purpose_key(at, conversation), kept.as_deref());
}

/// The composer is for new messages again.
pub(super) fn forget_purpose<P: Platform>(at: &Active<P>, conversation: ConversationId) {
    keep_purpose(at, conversation, &Composing::New, "");
}

/// What was begun in a conversation: the message that is answered, or the own one that is edited and the text that it gets.
pub(super) fn purpose<P: Platform>(
    at: &Active<P>,
    conversation: ConversationId,
) -> Option<(MessageHash, Option<String>)> {
    let kept = at.driver.platform.draft(&purpose_key(at, conversation))?;
    let (kind, message) = kept.split_once(' ')?;
    match kind {
        ANSWER => Some((message.parse().ok()?, None)),
        _ => {
            let (message, text) = message.split_once(' ')?;
            Some((message.parse().ok()?, Some(text.to_owned())))
        }
    }
}

/// Notes that the other devices are to learn of this draft: once, with the latest time.
fn note_typed<P: Platform>(at: &Active<P>, conversation: ConversationId, time: u64) {
    let mut typed = at.typed.borrow_mut();
    typed.retain(|(of, _)| *of != conversation);
    typed.push((conversation, time));
}

/// Hands what was typed on to the account's other devices, once nobody types any more.
async fn share<P: Platform>(at: Active<P>) {
    loop {
        let strokes = at.strokes.get();
        at.driver.platform.clock().sleep(PAUSE).await;
        if at.strokes.get() == strokes {
            break;
        }
    }
    at.strokes.set(0);
    at.kept(|steps, at| (steps.share_drafts)(at)).await;
}

/// What was typed here in a conversation and not sent. A text that was sent in the last moment is none.
pub(super) async fn draft<P: Platform>(at: &Active<P>, conversation: ConversationId) -> Option<String> {
    let (text, time) = kept_draft(at, conversation)?;
    match at.session().wrote_since(conversation, text.trim(), time).await {
        Ok(true) => {
            forget_draft(at, conversation);
            None
        }
        Ok(false) | Err(_) => Some(text),
    }
}

/// What this browser keeps of it, and when it was typed: milliseconds since 1970.
pub(super) fn kept_draft<P: Platform>(at: &Active<P>, conversation: ConversationId) -> Option<(String, u64)> {
    let kept = at.driver.platform.draft(&key(at, conversation))?;
    let (time, text) = kept.split_once(' ')?;
    Some((text.to_owned(), time.parse().ok()?))
}

/// Keeps a draft no longer, here and on the other devices.
pub(super) fn forget_draft<P: Platform>(at: &Active<P>, conversation: ConversationId) {
    let time = later(at, conversation);
    forget_purpose(at, conversation);
    drop_draft(at, conversation, time);
    note_typed(at, conversation, time);
    at.spawn(|at| at.kept(|steps, at| (steps.share_drafts)(at)));
}

/// This browser keeps it no longer, as of this time: milliseconds since 1970.
pub(super) fn drop_draft<P: Platform>(at: &Active<P>, conversation: ConversationId, time: u64) {
    at.driver.platform.keep_draft(&key(at, conversation), None);
    if dropped(at).is_none_or(|known| known < time) {
        at.driver.platform.keep_draft(&dropped_key(at), Some(&time.to_string()));
    }
}

/// Now, but after everything that was typed or dropped here before: the clock is corrected while somebody types, and what
/// comes later must never look earlier.
fn later<P: Platform>(at: &Active<P>, conversation: ConversationId) -> u64 {
    let kept = kept_draft(at, conversation).map(|(_, time)| time);
    let last = kept.into_iter().chain(dropped(at)).max();
    at.session().now().max(last.map_or(0, |last| last.saturating_add(1)))
}

/// When this browser last dropped a draft of the account.
fn dropped<P: Platform>(at: &Active<P>) -> Option<u64> {
    at.driver.platform.draft(&dropped_key(at))?.parse().ok()
}

fn dropped_key<P: Platform>(at: &Active<P>) -> String {
    format!("{}:dropped", at.address())
}

/// Where such a text for a contact is kept.
pub(super) fn form_key(to: &str) -> String {
    format!("{FORM}{to}")
}

fn key<P: Platform>(at: &Active<P>, conversation: ConversationId) -> String {
    format!("{}:{conversation}", at.address())
}

fn purpose_key<P: Platform>(at: &Active<P>, conversation: ConversationId) -> String {
    key(at, conversation) + ":for"
}
