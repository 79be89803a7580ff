//! What a text is read into.

use super::link::Link;

/// A piece of a text that begins on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Lines, with [`Span::Break`] between them.
    Paragraph(Vec<Span>),
    /// A line that stands out.
    Heading(Vec<Span>),
    /// Somebody else's words.
    Quote(Vec<Span>),
    /// Points, one below the other.
    List {
        /// The number of the first; `None` if they have none.
        first: Option<u32>,
        /// What each says.
        points: Vec<Vec<Span>>,
    },
    /// Code, as it is.
    Code(String),
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// As it is.
    Text(String),
    /// The next line begins.
    Break,
    /// Strong.
    Strong(Vec<Span>),
    /// Emphasis.
    Emphasis(Vec<Span>),
    /// Struck through.
    Struck(Vec<Span>),
    /// Code.
    Code(String),
    /// Leads out of the chat.
    Link(Link),
}
