//! What others said, in a form that can be kept.

use std::fmt;

/// The longest text that is kept, in characters.
const MAX: usize = 200;

/// What a program of somebody else said – a server, a wallet, a contract, a browser: one line of at most 200
/// characters, possibly none. It is their wording and in their language: to be shown as a quotation, if at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said(String);

impl Said {
    /// Takes the beginning of a text, without control characters.
    pub fn new(text: &str) -> Self {
        let text: String = text.trim().chars().filter(|c| !c.is_control()).take(MAX).collect();
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "no reason given" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_short_line_without_control_characters() {
        let said = Said::new(&format!(" a\nb\u{1b}[31m{} ", "ü".repeat(999)));
        assert!(said.as_str().starts_with("ab[31mü"));
        assert_eq!(said.as_str().chars().count(), MAX);
        assert!(Said::new(" \r\n").is_empty());
    }
}
