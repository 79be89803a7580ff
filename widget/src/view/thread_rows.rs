//! What a message's neighbours decide about it: days, groups, and where the time stands.

use dm3_core::device::Notice;

use crate::app::state::{Bubble, Delivery};

/// Messages of one author that follow each other within this time (milliseconds) are one group.
const GROUP: u64 = 5 * 60 * 1000;

/// One message and what its neighbours decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedBubble {
    /// The message.
    pub bubble: Bubble,
    /// It is the first of its day.
    pub first_of_day: bool,
    /// It is the last of its group: it has the small corner and the time.
    pub tail: bool,
}

impl PlacedBubble {
    /// The message with this hash among `bubbles` (oldest first). `same_day` tells whether two times lie in one day
    /// of the calendar.
    pub fn find(bubbles: &[Bubble], hash: &str, same_day: impl Fn(u64, u64) -> bool) -> Option<Self> {
        // From the end: what changes is mostly new.
        let i = bubbles.iter().rposition(|bubble| bubble.hash.as_str() == hash)?;
        let bubble = bubbles.get(i)?.clone();
        let before = i.checked_sub(1).and_then(|i| bubbles.get(i));
        let first_of_day = before.is_none_or(|before| !same_day(before.time, bubble.time));
        let tail = bubbles.get(i + 1).is_none_or(|next| {
            next.own != bubble.own
                || next.time.saturating_sub(bubble.time) > GROUP
                || !same_day(bubble.time, next.time)
        });
        Some(Self { bubble, first_of_day, tail })
    }

    /// Whether time and delivery stand below: at the end of a group, and wherever something is not done yet.
    pub fn shows_meta(&self) -> bool {
        self.tail
            || matches!(self.bubble.delivery, Delivery::Waiting | Delivery::Sending | Delivery::Failed(_))
    }
}

/// What the key of a notice's line begins with; its number follows. No message's hash begins so.
pub const NOTICE: &str = "notice ";

/// The keys of a conversation's lines, oldest first: messages by their hashes, notices by their numbers, each where its
/// time is. Notices from before the oldest message stand only where no older message is left to be shown.
pub fn line_keys(bubbles: &[Bubble], notices: &[(u64, Notice)], more: bool) -> Vec<String> {
    let first = bubbles.first().filter(|_| more).map_or(0, |bubble| bubble.time);
    let mut notices = notices.iter().enumerate().filter(|(_, (time, _))| *time >= first).peekable();
    let mut keys = Vec::with_capacity(bubbles.len());
    for bubble in bubbles {
        while let Some((number, _)) = notices.next_if(|(_, (time, _))| *time < bubble.time) {
            keys.push(format!("{NOTICE}{number}"));
        }
        keys.push(bubble.hash.to_string());
    }
    keys.extend(notices.map(|(number, _)| format!("{NOTICE}{number}")));
    keys
}
