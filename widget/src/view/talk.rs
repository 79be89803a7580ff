//! The part for messages, which is loaded with the first conversation.

use crate::app::part::Loading;
use crate::app::{App, TalkPart};

/// Uses the part for messages, if it is there.
pub fn with_talk<T>(app: &App, by: impl FnOnce(TalkPart) -> T) -> Option<T> {
    match app.parts.talk.state() {
        Loading::There(talk) => Some(by(talk)),
        Loading::Waiting | Loading::Missing(_) => None,
    }
}
