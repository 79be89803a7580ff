//! What a message's text looks like: a small, safe part of Markdown, as people write it in chats.
//!
//! ```text
//! text ──parse──▶ [Block] ──view──▶ elements; never markup of the author's
//! ```
//!
//! | written                         | means                                       |
//! |---------------------------------|---------------------------------------------|
//! | `**strong**` `__strong__`       | strong                                      |
//! | `*emphasis*` `_emphasis_`       | emphasis                                    |
//! | `~~struck~~`                    | struck through                              |
//! | `` `code` ``                    | code in a line                              |
//! | ```` ``` ```` around lines      | a block of code                             |
//! | `> ` before lines               | a quotation                                 |
//! | `- ` `* ` `+ ` `1. ` before lines | a list                                    |
//! | `# ` before a line              | a heading                                   |
//! | `https://…` `[text](https://…)` | a link; `![text](https://…)` is one as well |
//!
//! Unlike in CommonMark a new line is one, marks within words are none (`2*3*4`, `snake_case`), HTML is text, and
//! nothing is loaded. A link never looks like another one: where its text is not its address, the view says where it
//! leads ([`Link`]).
//!
//! Reading takes time in proportion to the text. What is long or has a great many marks is text, so that nobody can
//! make a page build more elements than it can show.

mod inline;
mod letters;
mod link;
mod pieces;

pub use link::Link;
pub use pieces::{Block, Span};

/// Longer texts are shown as they are: bytes.
const MAX_TEXT: usize = 64 * 1024;
/// What stands behind so many marks is shown as it is.
const MAX_MARKS: usize = 2_000;

/// Whether a text may say more than its characters do. Most don't.
pub fn has_marks(text: &str) -> bool {
    const MARKS: [char; 6] = ['*', '_', '~', '`', '>', '#'];
    text.len() <= MAX_TEXT
        && (text.contains(MARKS)
            || text.as_bytes().windows(3).any(|bytes| bytes == b"://")
            || text.lines().any(|line| point(line.trim_start()).is_some()))
}

/// Reads a text.
pub fn parse(text: &str) -> Vec<Block> {
    if text.len() > MAX_TEXT {
        return vec![Block::Paragraph(vec![Span::Text(text.to_owned())])];
    }
    let mut marks = MAX_MARKS;
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(code) = line.strip_prefix("```") {
            // What stands behind the fence is the language, unless the line is closed at once.
            if !code.contains('`') {
                let mut inside = Vec::new();
                for line in lines.by_ref().take_while(|line| line.trim_end() != "```") {
                    inside.push(line);
                }
                blocks.push(Block::Code(inside.join("\n")));
                continue;
            }
        }
        if let Some(title) = heading(line) {
            blocks.push(Block::Heading(inline::spans(title, &mut marks)));
        } else if let Some(words) = quoted(line) {
            let rest = std::iter::from_fn(|| lines.next_if(|line| quoted(line).is_some()));
            let words: Vec<_> = std::iter::once(words).chain(rest.filter_map(quoted)).collect();
            blocks.push(Block::Quote(inline::spans(&words.join("\n"), &mut marks)));
        } else if let Some((first, words)) = point(line) {
            let mut points = vec![inline::spans(words, &mut marks)];
            while let Some((_, words)) = lines
                .peek()
                .and_then(|line| point(line))
                .filter(|(number, _)| number.is_some() == first.is_some())
            {
                points.push(inline::spans(words, &mut marks));
                lines.next();
            }
            blocks.push(Block::List { first, points });
        } else {
            let rest = std::iter::from_fn(|| lines.next_if(|line| is_plain(line)));
            let words: Vec<_> = std::iter::once(line).chain(rest).collect();
            let spans = inline::spans(words.join("\n").trim_end(), &mut marks);
            if !spans.is_empty() {
                blocks.push(Block::Paragraph(spans));
            }
        }
    }
    blocks
}

/// A line of a paragraph.
fn is_plain(line: &str) -> bool {
    !line.starts_with("```") && heading(line).is_none() && quoted(line).is_none() && point(line).is_none()
}

fn heading(line: &str) -> Option<&str> {
    let words = line.trim_start_matches('#');
    let level = line.len() - words.len();
    words.strip_prefix(' ').map(str::trim).filter(|words| (1..=6).contains(&level) && !words.is_empty())
}

fn quoted(line: &str) -> Option<&str> {
    let words = line.strip_prefix('>')?;
    // `>.<` and `>100` are none.
    if words.is_empty() { Some(words) } else { words.strip_prefix(' ') }
}

/// The number before a point, if it has one, and the point's words.
fn point(line: &str) -> Option<(Option<u32>, &str)> {
    let line = line.trim_start_matches(' ');
    if let Some(words) = line.strip_prefix(['-', '*', '+']).and_then(|rest| rest.strip_prefix(' ')) {
        return Some((None, words.trim())).filter(|(_, words)| !words.is_empty());
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    // A year that ends a sentence begins no list.
    let number = line[..digits].parse().ok().filter(|_| digits <= 3)?;
    let words = line[digits..].strip_prefix(['.', ')'])?.strip_prefix(' ')?.trim();
    Some((Some(number), words)).filter(|(_, words)| !words.is_empty())
}

#[cfg(test)]
mod tests;
