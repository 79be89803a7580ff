//! The first message of somebody who is not signed in yet, where a page has one contact alone: it is written first, kept, and
//! sent once they have signed in.
//!
//! ```text
//! form ──Typed──▶ kept as a text ──Send──▶ kept as pressed ── signed in, the contact found ──▶ draft of the conversation ──▶ outbox
//!   ▲                                            │
//!   └──────────────── Write ─────────────────────┘
//! ```
//!
//! It leaves once, and only if somebody pressed the button: before it goes to the outbox it becomes an ordinary draft, which
//! nothing sends by itself. Whatever ends in between, it stands in the composer then, neither lost nor sent twice.

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::identity::MAX_TYPED;
use dm3_core::ports::Clock as _;

use super::command::FormAsk;
use super::draft::{form_key, keep_draft};
use super::driver::{Active, Driver};
use super::outbox::send;
use super::platform::Platform;
use super::state::{Apart, State};

/// The longest text that is kept, in characters.
pub const LONGEST: usize = 10_000;
/// For how long a message that somebody wanted to send is sent by itself: milliseconds. Later it stands in the composer.
const PATIENCE: u64 = 24 * 60 * 60 * 1_000;

/// A text for a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    /// When somebody wanted it to be sent: milliseconds since 1970; zero if they have not.
    pressed: u64,
    text: String,
}

impl Written {
    fn parse(kept: &str) -> Option<Self> {
        let (pressed, text) = kept.split_once(' ')?;
        let text: String = text.chars().take(LONGEST).collect();
        Some(Self { pressed: pressed.parse().ok()?, text })
    }
}

/// Carries out what somebody asks for who is not signed in.
pub(super) fn carry_out<P: Platform>(driver: &Rc<Driver<P>>, ask: FormAsk) {
    let state = driver.state;
    let Some(to) = contact(state) else { return };
    match ask {
        FormAsk::Show => {
            let before = driver.writes_to.replace(Some(to.clone()));
            let given = state.given.get_untracked();
            let stands = state.text.get_untracked();
            let is_free = stands.trim().is_empty() || state.draft.with_untracked(|draft| *draft == stands);
            match written(driver, &to) {
                Some(written) if written.pressed > 0 => state.form.set(Apart::at(1)),
                Some(written) => state.text.set(written.text),
                // What stands there was written to somebody else, or the page gives a text in place of what it offered.
                None if before.as_ref() != Some(&to) || given.is_some() && is_free => {
                    state.text.set(given.unwrap_or_else(|| state.draft.get_untracked()));
                }
                None => {}
            }
        }
        FormAsk::Typed(text) => {
            state.given.set(None);
            keep(driver, &to, Written { pressed: 0, text });
        }
        FormAsk::Send(text) => {
            state.given.set(None);
            let pressed = driver.platform.clock().now();
            let written = Written { pressed, text };
            // Where nothing can be kept, this element holds it for as long as it is there.
            let is_kept = keep(driver, &to, written.clone());
            state.form.set(if is_kept { Apart::at(1) } else { Apart::new((to, written), 1) });
        }
        FormAsk::Write => {
            if let Some(written) = written(driver, &to) {
                keep(driver, &to, Written { pressed: 0, ..written });
            }
            state.form.set(Apart::waiting());
        }
        FormAsk::SignIn => state.form.set(Apart::at(2)),
    }
}

/// The only one who can be written to here.
fn contact(state: State) -> Option<String> {
    state.to.get_untracked().filter(|to| to.len() <= MAX_TYPED)
}

/// Keeps it, and tells whether that is so.
fn keep<P: Platform>(driver: &Driver<P>, to: &str, written: Written) -> bool {
    let key = form_key(to);
    let text: String = written.text.chars().take(LONGEST).collect();
    let kept = (!text.trim().is_empty()).then(|| format!("{} {text}", written.pressed));
    driver.platform.keep_draft(&key, kept.as_deref());
    driver.platform.draft(&key) == kept
}

fn written<P: Platform>(driver: &Driver<P>, to: &str) -> Option<Written> {
    let held = driver.state.form.with_untracked(|form| form.shown::<(String, Written)>().cloned());
    let held = held.filter(|(of, _)| of == to).map(|(_, written)| written);
    held.or_else(|| Written::parse(&driver.platform.draft(&form_key(to))?))
}

/// Sends what was written to the open conversation's peer before somebody signed in, if they wanted that; else it stands in
/// the composer.
pub(super) async fn hand_over<P: Platform>(at: &Active<P>) {
    let Some((peer, to)) = at.asked.borrow().clone() else { return };
    let Some(found) = written(&at.driver, &to) else { return };
    let now = at.session().now();
    let recent = found.pressed > 0 && now.saturating_sub(found.pressed) < PATIENCE;
    let text = found.text.trim().to_owned();
    let wrote = at.session().wrote_since(ConversationId::Peer(peer), &text, found.pressed).await;
    // Meanwhile another element may have taken it, or the page have opened another conversation.
    if at.open_peer() != Some(peer) || written(&at.driver, &to).as_ref() != Some(&found) {
        return;
    }
    let state = at.driver.state;
    let is_sent = found.pressed > 0 && wrote == Ok(true);
    if !is_sent {
        state.text.set(text.clone());
        keep_draft(at, &text);
    }
    at.driver.platform.keep_draft(&form_key(&to), None);
    state.form.set(Apart::waiting());
    // What can't be found out may have been sent.
    if recent && at.is_welcome() && wrote == Ok(false) {
        send(at, peer, text, Vec::new()).await;
    }
}
