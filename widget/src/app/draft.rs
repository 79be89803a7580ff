//! What somebody has typed and not sent. It is kept at each stroke, at once and by the browser itself, so that it outlives
//! a tab that is closed in this very moment; and is forgotten when the message is kept.

use dm3_core::conversation::ConversationId;

use super::driver::Active;
use super::platform::Platform;

/// The longest text that is kept, in bytes: more than a message may have.
const LONGEST: usize = 100_000;

/// Keeps what is typed in the open conversation.
pub(super) fn keep_draft<P: Platform>(at: &Active<P>, text: &str) {
    let Some(open) = at.open_peer() else { return };
    let key = key(at, ConversationId::Peer(open));
    let now = at.session().now();
    let kept = (!text.trim().is_empty() && text.len() <= LONGEST).then(|| format!("{now} {text}"));
    at.driver.platform.keep_draft(&key, kept.as_deref());
}

/// What was typed in a conversation and not sent. A text that was sent in the last moment is none.
pub(super) async fn draft<P: Platform>(at: &Active<P>, conversation: ConversationId) -> Option<String> {
    let kept = at.driver.platform.draft(&key(at, conversation))?;
    let (time, text) = kept.split_once(' ')?;
    let time: u64 = time.parse().ok()?;
    match at.session().wrote_since(conversation, text.trim(), time).await {
        Ok(true) => {
            forget_draft(at, conversation);
            None
        }
        Ok(false) | Err(_) => Some(text.to_owned()),
    }
}

/// Keeps a draft no longer.
pub(super) fn forget_draft<P: Platform>(at: &Active<P>, conversation: ConversationId) {
    at.driver.platform.keep_draft(&key(at, conversation), None);
}

fn key<P: Platform>(at: &Active<P>, conversation: ConversationId) -> String {
    format!("{}:{conversation}", at.address())
}
