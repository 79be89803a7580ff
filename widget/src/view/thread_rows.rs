//! What a message's neighbours decide about it: days, groups, and where the time stands.

use dm3_core::device::Notice;

use crate::app::state::{Bubble, Delivery, ThreadState};

/// Messages of one author that follow each other within this time (milliseconds) are one group.
const GROUP: u64 = 5 * 60 * 1000;

/// A line of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A message.
    Message(PlacedBubble),
    /// What happened to the peer's name or keys, and when.
    Notice(u64, Notice),
    /// What follows had not been seen.
    Unseen,
}

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
    /// Whether time and delivery stand below: at the end of a group, and wherever something is not done yet.
    pub fn shows_meta(&self) -> bool {
        self.tail
            || matches!(self.bubble.delivery, Delivery::Waiting | Delivery::Sending | Delivery::Failed(_))
    }
}

/// A conversation's lines, oldest first, with their keys: messages by their hashes, notices by their numbers, each where
/// its time is. Notices from before the oldest message, or after the newest, stand only where no further message is left to be
/// shown. `same_day` tells whether two times lie in one day of the calendar.
pub fn lines(thread: &ThreadState, same_day: impl Fn(u64, u64) -> bool) -> Option<Vec<(String, Line)>> {
    let bubbles = thread.messages.as_ref()?;
    let first = bubbles.first().filter(|_| thread.more).map_or(0, |bubble| bubble.time);
    let mut notices = thread.notices.iter().enumerate().filter(|(_, (time, _))| *time >= first).peekable();
    let notice = |(number, (time, notice)): (usize, &(u64, Notice))| {
        (format!("notice {number}"), Line::Notice(*time, notice.clone()))
    };
    let mut lines = Vec::with_capacity(bubbles.len());
    let (mut bubbles, mut first_of_day) = (bubbles.iter().peekable(), true);
    while let Some(bubble) = bubbles.next() {
        while let Some(earlier) = notices.next_if(|(_, (time, _))| *time < bubble.time) {
            lines.push(notice(earlier));
        }
        if thread.unseen.as_ref() == Some(&bubble.hash) {
            lines.push(("unseen".to_owned(), Line::Unseen));
        }
        let next_day = bubbles.peek().is_none_or(|next| !same_day(bubble.time, next.time));
        let tail = next_day
            || bubbles
                .peek()
                .is_some_and(|next| next.own != bubble.own || next.time.saturating_sub(bubble.time) > GROUP);
        let placed = PlacedBubble { bubble: bubble.clone(), first_of_day, tail };
        lines.push((bubble.hash.to_string(), Line::Message(placed)));
        first_of_day = next_day;
    }
    if !thread.newer {
        lines.extend(notices.map(notice));
    }
    Some(lines)
}
