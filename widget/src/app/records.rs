//! What has changed on the device is shown: that alone is read, whatever else is there.
//!
//! ```text
//! engine, other tabs ─▶ conversations that changed ─▶ news of the open one ─▶ its bubbles
//!                                                  └▶ summary of each ─▶ its row of the list, at its place
//! ```

use dm3_core::conversation::ConversationId;

use super::conversations::{refresh_list, refresh_quarantine, refresh_row};
use super::driver::Active;
use super::platform::{Platform, TabMessage};

/// If more conversations changed at once, the list is read as a whole, which is one reading.
const MANY: usize = 20;

/// What is to be shown anew. Lists in which each stands once: a set's type would bring kilobytes of code of its own.
#[derive(Default)]
pub(super) struct News {
    /// What this tab wrote; the others are told.
    pub(super) here: Vec<ConversationId>,
    /// What another tab wrote.
    pub(super) elsewhere: Vec<ConversationId>,
    /// Another tab wrote much.
    pub(super) all: bool,
    /// How much can't be proven.
    pub(super) unproven: bool,
}

impl News {
    pub(super) fn is_empty(&self) -> bool {
        self.here.is_empty() && self.elsewhere.is_empty() && !self.all && !self.unproven
    }

    fn is_about(&self, conversation: ConversationId) -> bool {
        self.all || self.here.contains(&conversation) || self.elsewhere.contains(&conversation)
    }
}

/// Adds what is not in the list yet, and tells whether that is so.
pub(super) fn add(list: &mut Vec<ConversationId>, new: ConversationId) -> bool {
    let is_new = !list.contains(&new);
    if is_new {
        list.push(new);
    }
    is_new
}

/// Tells the other tabs what this one wrote, and shows what was written to the device. That is told first: this tab may be closed in
/// the next moment.
pub(super) async fn show<P: Platform>(at: &Active<P>, news: &News) {
    let tell = |conversation| {
        at.driver.platform.tell_tabs(TabMessage::RecordsChanged(at.address(), conversation));
    };
    let tells_all = news.unproven || news.here.len() > MANY;
    if tells_all {
        tell(None);
    } else {
        news.here.iter().for_each(|conversation| tell(Some(*conversation)));
    }
    let open = at.open_peer().map(ConversationId::Peer).filter(|open| news.is_about(*open));
    if let Some(open) = open
        && let Ok(steps) = (at.driver.later.thread)().await
        && (steps.follow)(at.clone()).await
    {
        // It is read now.
        tell(Some(open));
    }
    if news.all || news.here.len() + news.elsewhere.len() > MANY {
        refresh_list(at).await;
    } else {
        for conversation in &news.here {
            refresh_row(at, *conversation).await;
        }
        for conversation in news.elsewhere.iter().filter(|it| !news.here.contains(it)) {
            refresh_row(at, *conversation).await;
        }
    }
    if news.all || news.unproven {
        refresh_quarantine(at).await;
    }
}
