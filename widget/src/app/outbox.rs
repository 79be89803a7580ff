//! Sending: into the outbox, and from there to the peers' delivery services.

use dm3_core::conversation::ConversationId;
use dm3_core::message::MessageHash;

use super::driver::Active;
use super::platform::{HostEvent, Platform};
use super::thread::records_written;

/// Writes a text in the open conversation.
pub(super) async fn send<P: Platform>(at: Active<P>, text: String) {
    let Some(open) = at.open_peer() else { return };
    if text.trim().is_empty() {
        return;
    }
    if let Err(error) = at.session().compose(ConversationId::Peer(open), &text).await {
        return at.storage_failed(error);
    }
    records_written(&at).await;
    flush(&at).await;
}

/// Tries a refused message again.
pub(super) async fn resend<P: Platform>(at: Active<P>, hash: MessageHash) {
    if let Err(error) = at.session().retry(&hash).await {
        return at.storage_failed(error);
    }
    records_written(&at).await;
    flush(&at).await;
}

/// Delivers the outbox. Asked for while it runs, it runs once more afterwards.
pub(super) async fn flush<P: Platform>(at: &Active<P>) {
    let outbox = &at.outbox;
    if outbox.flushing.replace(true) {
        outbox.again.set(true);
        return;
    }
    loop {
        outbox.again.set(false);
        match at.session().flush().await {
            Ok(flushed) => {
                for hash in &flushed.accepted {
                    at.driver.platform.emit(HostEvent::MessageSent(hash.clone()));
                }
                if !flushed.accepted.is_empty() || !flushed.refused.is_empty() {
                    records_written(at).await;
                }
            }
            Err(error) => at.storage_failed(error),
        }
        if !outbox.again.get() {
            break;
        }
    }
    outbox.flushing.set(false);
}
