//! Marks within lines.
//!
//! One pass, with the marks that are open on a stack. Of each kind one is open at most, so the stack is never higher
//! than there are kinds, and whatever is left open in the end is text.

use super::letters::letters;
use super::link::{Link, is_address};
use super::pieces::Span;

/// What is between two marks of a kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Strong,
    Emphasis,
    Struck,
}

/// The marks, longer ones before those that they begin with.
const MARKS: [(&str, Kind); 5] = [
    ("**", Kind::Strong),
    ("__", Kind::Strong),
    ("~~", Kind::Struck),
    ("*", Kind::Emphasis),
    ("_", Kind::Emphasis),
];

/// A mark that is open, and what has come since.
struct Open {
    mark: &'static str,
    kind: Kind,
    /// What stood before it.
    before: Vec<Span>,
}

/// Reads lines, as long as `marks` are left.
pub(super) fn spans(text: &str, marks: &mut usize) -> Vec<Span> {
    let mut reader = Reader { text, at: 0, start: 0, spans: Vec::new(), open: Vec::new(), no_tick: false };
    while reader.at < text.len() {
        if *marks == 0 {
            reader.at = text.len();
            break;
        }
        match reader.step() {
            true => *marks -= 1,
            false => reader.at += reader.rest().chars().next().map_or(1, char::len_utf8),
        }
    }
    reader.end()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Where the text begins that is no span yet.
    start: usize,
    spans: Vec<Span>,
    open: Vec<Open>,
    /// No further tick follows.
    no_tick: bool,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn before(&self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    /// Takes what begins here, if it is more than a character.
    fn step(&mut self) -> bool {
        match self.rest().as_bytes().first() {
            Some(b'\n') => {
                let is_last = self.at + 1 == self.text.len();
                self.take(1, (!is_last).then_some(Span::Break))
            }
            Some(b'`') => self.code(),
            Some(b'[' | b'!') => self.named_link(),
            Some(b'h' | b'H') => self.bare_link(),
            Some(b'*' | b'_' | b'~') => self.mark(),
            _ => false,
        }
    }

    /// Makes a span of the text so far, and adds another one for the next `length` bytes.
    fn take(&mut self, length: usize, span: Option<Span>) -> bool {
        self.flush();
        self.spans.extend(span);
        self.at += length;
        self.start = self.at;
        true
    }

    fn flush(&mut self) {
        if self.start < self.at {
            self.spans.push(Span::Text(self.text[self.start..self.at].to_owned()));
        }
        self.start = self.at;
    }

    fn code(&mut self) -> bool {
        if self.no_tick {
            return false;
        }
        let inside = &self.rest()[1..];
        let Some((end, _)) = letters(inside).find(|(_, letter)| *letter == '`') else {
            self.no_tick = true;
            return false;
        };
        let code = &inside[..end];
        if code.trim().is_empty() || code.contains('\n') {
            return false;
        }
        self.take(end + 2, Some(Span::Code(code.to_owned())))
    }

    /// `[text](https://…)`; with `!` before it, too: a picture is not loaded.
    fn named_link(&mut self) -> bool {
        /// Longer texts are none, so that brackets without end cost nothing.
        const MAX_NAME: usize = 300;
        let rest = self.rest();
        let skipped = usize::from(rest.starts_with('!'));
        let Some(inside) = rest[skipped..].strip_prefix('[') else { return false };
        let ends = |(_, letter): &(usize, char)| matches!(letter, ']' | '[' | '\n');
        let Some((end, _)) = letters(inside).take(MAX_NAME).find(ends) else { return false };
        let Some(target) = inside[end..].strip_prefix("](").filter(|target| is_address(target)) else {
            return false;
        };
        let Some((close, ')')) = letters(target).find(|(_, letter)| *letter == ')' || ends_address(*letter))
        else {
            return false;
        };
        let (name, address) = (inside[..end].trim(), &target[..close]);
        let Some(link) = Link::named(if name.is_empty() { address } else { name }, address) else {
            return false;
        };
        self.take(skipped + 1 + end + 2 + close + 1, Some(Span::Link(link)))
    }

    fn bare_link(&mut self) -> bool {
        let rest = self.rest();
        if self.before().is_some_and(char::is_alphanumeric) || !is_address(rest) {
            return false;
        }
        let end = letters(rest).find(|(_, letter)| ends_address(*letter)).map_or(rest.len(), |(end, _)| end);
        let address = without_end(&rest[..end]);
        if let Some(link) = Link::bare(address) {
            return self.take(address.len(), Some(Span::Link(link)));
        }
        // Nobody follows it, and what begins inside of it is not looked at either: each of many would be as long.
        self.at += address.char_indices().next_back().map_or(0, |(last, _)| last);
        false
    }

    fn mark(&mut self) -> bool {
        let rest = self.rest();
        let Some((mark, kind)) = MARKS.into_iter().find(|(mark, _)| rest.starts_with(mark)) else {
            return false;
        };
        let next = rest[mark.len()..].chars().next();
        let before = self.before();
        let in_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let is_blank = |letter: Option<char>| letter.is_none_or(char::is_whitespace);
        if let Some(place) = self.open.iter().position(|open| open.mark == mark) {
            if is_blank(before) || in_word(next) {
                return false;
            }
            self.flush();
            // What was opened inside and not closed is text.
            while self.open.len() > place + 1 {
                self.give_up();
            }
            let Some(open) = self.open.pop() else { return false };
            let inside = std::mem::replace(&mut self.spans, open.before);
            if inside.is_empty() {
                self.spans.push(Span::Text([open.mark, mark].concat()));
                return self.take(mark.len(), None);
            }
            let span = match kind {
                Kind::Strong => Span::Strong(inside),
                Kind::Emphasis => Span::Emphasis(inside),
                Kind::Struck => Span::Struck(inside),
            };
            return self.take(mark.len(), Some(span));
        }
        let is_open = self.open.iter().any(|open| open.kind == kind);
        if is_open || is_blank(next) || in_word(before) {
            return false;
        }
        self.take(mark.len(), None);
        let before = std::mem::take(&mut self.spans);
        self.open.push(Open { mark, kind, before });
        true
    }

    /// What was opened last is text.
    fn give_up(&mut self) {
        if let Some(Open { mark, before, .. }) = self.open.pop() {
            let inside = std::mem::replace(&mut self.spans, before);
            self.spans.push(Span::Text(mark.to_owned()));
            self.spans.extend(inside);
        }
    }

    fn end(mut self) -> Vec<Span> {
        self.flush();
        while !self.open.is_empty() {
            self.give_up();
        }
        join(self.spans)
    }
}

/// Neighbouring texts as one.
fn join(spans: Vec<Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        let span = match span {
            Span::Strong(inside) => Span::Strong(join(inside)),
            Span::Emphasis(inside) => Span::Emphasis(join(inside)),
            Span::Struck(inside) => Span::Struck(join(inside)),
            span => span,
        };
        match (joined.last_mut(), span) {
            (Some(Span::Text(text)), Span::Text(more)) => text.push_str(&more),
            (_, span) => joined.push(span),
        }
    }
    joined
}

/// What may stand in no address.
fn ends_address(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || matches!(letter, '<' | '>' | '"' | '`')
}

/// An address without what ends the sentence around it.
fn without_end(address: &str) -> &str {
    const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];
    // How many more of each close than open.
    let mut more = [0_i32; 3];
    for (_, letter) in letters(address) {
        for ((open, close), more) in BRACKETS.iter().zip(&mut more) {
            *more += i32::from(letter == *close) - i32::from(letter == *open);
        }
    }
    address.trim_end_matches(|last| {
        let closed = BRACKETS.iter().zip(&mut more).find(|((_, close), more)| *close == last && **more > 0);
        if let Some((_, more)) = closed {
            *more -= 1;
            return true;
        }
        ".,;:!?'’”»*_~…。，、！？".contains(last)
    })
}
