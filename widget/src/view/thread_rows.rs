//! What a message's neighbours decide about it: days, groups, and where the time stands.

use dm3_core::device::Notice;

use crate::app::state::{Bubble, Delivery, ThreadState};

/// Messages of one author that follow each other within this time (milliseconds) are one group.
const GROUP: u64 = 5 * 60 * 1000;

/// How much of a text is shown until somebody wants all of it: characters. What others send may be a thousand times longer, and a
/// browser lays out all that stands there.
const MOST: usize = 20_000;
/// How far back a blank is looked for to end at: bytes.
const NEAR: usize = 400;

/// The beginning of a text that is too long to be shown in whole; `None` of any other. Between letters that are joined it does not
/// end where there is a blank near, nor in front of what only changes the character before.
pub fn beginning(text: &str) -> Option<&str> {
    // Most are shorter in bytes.
    let end = if text.len() > MOST { text.char_indices().nth(MOST)?.0 } else { return None };
    let (shown, rest) = text.split_at(end);
    let blank = shown.rfind(char::is_whitespace).filter(|blank| blank + NEAR > end);
    let is_joined = |next: char, last: char| {
        let changes = |it: char| matches!(it, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
        changes(next) || last == '\u{200d}'
    };
    let whole = || {
        let mut next = rest.chars().next()?;
        // A character with more than that is no character.
        shown.char_indices().rev().take(NEAR).find_map(|(at, last)| {
            let end = at + last.len_utf8();
            let is_end = !is_joined(next, last);
            next = last;
            is_end.then_some(end)
        })
    };
    shown.get(..blank.or_else(whole).unwrap_or(end))
}

/// A line of a conversation.
#[allow(clippy::large_enum_variant, reason = "almost all lines are messages")]
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

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn shown(before: usize, text: &str) -> Option<String> {
        let text = "x".repeat(MOST - before) + text + &"y".repeat(MOST);
        beginning(&text).map(|it| it.trim_start_matches('x').to_owned())
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_text_is_shown_in_whole_unless_it_is_too_long() {
        for whole in ["", "Hello", &"x".repeat(MOST), &"é".repeat(MOST)] {
            assert_eq!(beginning(whole), None);
        }
        assert_eq!(beginning(&"é".repeat(MOST + 1)), Some("é".repeat(MOST).as_str()));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_beginning_ends_at_a_blank_or_where_no_character_is_torn() {
        assert_eq!(shown(5, "1 23456").as_deref(), Some("1"));
        // A letter and its accent, a family, a waving hand of some colour.
        for torn in ["e\u{301}", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", "\u{1f44b}\u{1f3fd}"] {
            for before in 1..torn.chars().count() {
                assert_eq!(shown(before, torn).as_deref(), Some(""), "{torn} {before}");
            }
            let whole = shown(torn.chars().count(), torn);
            assert_eq!(whole.as_deref(), Some(torn));
        }
        // One that never ends is torn somewhere.
        let endless = "e".to_owned() + &"\u{301}".repeat(2 * MOST);
        assert!(beginning(&endless).is_some_and(|it| it.chars().count() == MOST));
    }
}
