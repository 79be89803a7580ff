use super::letters::letters;

/// A link out of the chat: to an `http:` or `https:` address without a password in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    text: String,
    address: String,
    host: String,
}

/// The longest address that is a link, in bytes.
const MAX_ADDRESS: usize = 2_048;

impl Link {
    /// An address that stands in a text by itself.
    pub(crate) fn bare(address: &str) -> Option<Self> {
        Self::named(address, address)
    }

    /// An address with a text of its own.
    pub(super) fn named(text: &str, address: &str) -> Option<Self> {
        let host = host(address).filter(|_| address.len() <= MAX_ADDRESS)?;
        Some(Self { text: text.to_owned(), address: address.to_owned(), host: host.to_owned() })
    }

    /// What stands in the text: the address itself, or words of the author's.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it leads.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// On which host that is.
    pub fn place(&self) -> &str {
        &self.host
    }

    /// On which host that is, if the text does not show it: whoever follows the link is to know.
    pub fn host(&self) -> Option<&str> {
        (self.text != self.address).then_some(&self.host)
    }
}

/// Whether a text begins like an address.
pub(super) fn is_address(text: &str) -> bool {
    behind_scheme(text).is_some()
}

fn behind_scheme(text: &str) -> Option<&str> {
    let begins =
        |scheme: &&str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    ["https://", "http://"].iter().find(|scheme| begins(scheme)).map(|scheme| &text[scheme.len()..])
}

/// The host and port of an address that may be a link.
fn host(address: &str) -> Option<&str> {
    let rest = behind_scheme(address)?;
    let end = letters(rest).find(|(_, letter)| matches!(letter, '/' | '?' | '#'));
    let host = &rest[..end.map_or(rest.len(), |(end, _)| end)];
    // What stands before an @ looks like the host to a person. A host in other letters is written as `xn--…` there, and what
    // is written otherwise may look like another one.
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b".-:[]".contains(&letter);
    let starts = host.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'[');
    let is_shown = |letter: char| !letter.is_whitespace() && !letter.is_control() && !is_invisible(letter);
    (starts && host.bytes().all(is_plain) && letters(rest).all(|(_, letter)| is_shown(letter)))
        .then_some(host)
}

/// Characters that turn the direction of what follows, or take no room.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\\' | '`' | '<' | '>' | '"')
}
