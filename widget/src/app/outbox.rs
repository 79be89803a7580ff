//! Writing. What was written is delivered by the engine.

use dm3_core::conversation::ConversationId;
use dm3_core::session::WriteError;

use super::draft::forget_draft;
use super::driver::Active;
use super::fault::Fault;
use super::platform::Platform;

/// Writes a text in the open conversation. It stays in the composer until it is kept.
pub(super) async fn send<P: Platform>(at: Active<P>, text: String) {
    let Some(open) = at.open_peer() else { return };
    let conversation = ConversationId::Peer(open);
    if text.trim().is_empty() || at.writing.replace(true) {
        return;
    }
    let state = at.driver.state;
    let conditions = at.conditions.borrow().clone();
    let conditions = conditions.filter(|(of, _)| *of == conversation).map_or(Vec::new(), |(_, told)| told);
    let written = at.engine.send(conversation, &conditions, &text).await;
    at.writing.set(false);
    match written {
        Ok(_) => {
            state.unsent.set(None);
            // Somebody may have gone on writing.
            state.text.update(|typed| {
                if let Some(rest) = typed.trim_start().strip_prefix(text.as_str()) {
                    *typed = rest.trim_start().to_owned();
                }
            });
            forget_draft(&at, conversation);
        }
        Err(WriteError::Store(error)) => not_kept(&at, error.into()),
        Err(error) => not_kept(&at, Fault::Write(error)),
    }
}

fn not_kept<P: Platform>(at: &Active<P>, fault: Fault) {
    at.driver.tell_fault(&fault);
    at.driver.state.unsent.set(Some(fault));
}

/// Another tab has put something into the outbox.
pub(super) async fn grew<P: Platform>(at: Active<P>) {
    at.engine.deliver_outbox(None);
}
