//! What a conversation is about, as the page says from which somebody begins it: an offer, an order, an NFT.
//!
//! ```text
//! page ──Context──line──▶ metadata.context of the first message ──signed──▶ receiver ──Context──line──▶ a card above it
//! ```
//!
//! The metadata may have members that a client does not know (whitepaper, use case "marketplace"); they are signed as
//! the others are, and deployed clients pass over them. Both sides read it by the same rules, because neither the page
//! nor the sender is trusted: one line of bounded text, nothing in which turns its direction or can't be seen.

use crate::identity::Address;
use crate::markup::Link;

/// The member of a message's metadata.
pub(super) const CONTEXT: &str = "context";
/// The longest context, in characters.
pub const MAX_CONTEXT: usize = 300;
/// How many characters are looked at, of which many may be left out.
const MAX_READ: usize = 4 * MAX_CONTEXT;
/// The digits of the largest token, 2²⁵⁶ − 1.
const MAX_DIGITS: usize = 78;

/// What a conversation is about, as somebody says. Only [`Self::line`] of it is fit to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context(Box<str>);

/// What a context refers to. Nobody is asked whether it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A page on the web.
    Page(Link),
    /// A token (CAIP-19: `eip155:1/erc721:0x…/123`).
    Token {
        /// The contract it is of.
        contract: Address,
        /// Its number there, in decimal digits.
        number: String,
    },
    /// Whatever the words say.
    Words,
}

impl Context {
    /// What a page or a sender says, cut to what is looked at. `None` if that is nothing.
    pub fn new(text: &str) -> Option<Self> {
        let end = text.char_indices().nth(MAX_READ).map_or(text.len(), |(end, _)| end);
        (end > 0).then(|| Self(text[..end].into()))
    }

    /// The line to be shown and to be sent. Empty if there is nothing that can be seen.
    pub fn line(&self) -> String {
        let (mut line, mut length) = (String::new(), 0);
        for letter in self.0.chars() {
            let is_space = letter.is_whitespace() || letter.is_control();
            if is_invisible(letter) || (is_space && (line.is_empty() || line.ends_with(' '))) {
                continue;
            }
            if length == MAX_CONTEXT {
                line.push('…');
                break;
            }
            line.push(if is_space { ' ' } else { letter });
            length += 1;
        }
        line.truncate(line.trim_end().len());
        line
    }

    /// What it refers to.
    pub fn subject(&self) -> Subject {
        let line = self.line();
        let page = || Link::bare(&line).map(Subject::Page);
        token(&line).or_else(page).unwrap_or(Subject::Words)
    }
}

fn token(text: &str) -> Option<Subject> {
    let (chain, asset) = text.strip_prefix("eip155:")?.split_once('/')?;
    let asset = asset.strip_prefix("erc721:").or_else(|| asset.strip_prefix("erc1155:"))?;
    let (contract, number) = asset.split_once('/')?;
    let is_number = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit())
    };
    if !is_number(chain, 32) || !is_number(number, MAX_DIGITS) {
        return None;
    }
    Some(Subject::Token { contract: contract.parse().ok()?, number: number.to_owned() })
}

/// What turns the direction of what follows, or takes no room. The two that join letters (U+200C, U+200D) stay: emoji and
/// several scripts need them.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        Context::new(text).map(|context| context.line()).unwrap_or_default()
    }

    fn subject(text: &str) -> Subject {
        Context::new(text).unwrap().subject()
    }

    #[test]
    fn a_context_is_one_line() {
        assert_eq!(read("  Order 55\n\tof  today "), "Order 55 of today");
        assert_eq!(read("<b>bold</b> & **stars**"), "<b>bold</b> & **stars**");
        assert_eq!(read(" \n\u{202e}\u{200b}"), "");
        assert_eq!(Context::new(""), None);
    }

    #[test]
    fn nothing_turns_its_direction_or_hides_in_it() {
        assert_eq!(read("pay \u{202e}eth.bob\u{2069} now\u{feff}"), "pay eth.bob now");
        assert_eq!(read("👩\u{200d}🚀"), "👩\u{200d}🚀");
    }

    #[test]
    fn what_is_huge_is_cut() {
        assert_eq!(read(&"ü".repeat(1_000_000)), "ü".repeat(MAX_CONTEXT) + "…");
        assert_eq!(read(&"ü".repeat(MAX_CONTEXT)), "ü".repeat(MAX_CONTEXT));
    }

    #[test]
    fn a_token_is_understood() {
        let id = "eip155:1/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/771769";
        let contract = "0x06012c8cf97BEaD5deAe237070F9587f8E7A266d".parse().unwrap();
        assert_eq!(subject(id), Subject::Token { contract, number: "771769".to_owned() });
        for other in [
            "eip155:1/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d",
            "eip155:1/erc721:0x06/771769",
            "eip155:x/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/1",
            "eip155:1/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/1 and more",
            &format!("eip155:1/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/{}", "1".repeat(79)),
        ] {
            assert_eq!(subject(other), Subject::Words, "{other}");
        }
    }

    #[test]
    fn a_page_is_understood_if_its_host_is_what_it_looks_like() {
        assert!(matches!(subject("https://shop.example/55?a=b#c"), Subject::Page(_)));
        for other in [
            "javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "https://bank.example@evil.example/",
            "https://bänk.example/",
            "see https://shop.example/55",
        ] {
            assert_eq!(subject(other), Subject::Words, "{other}");
        }
    }

    proptest! {
        #[test]
        fn reading_it_again_changes_nothing(text in ".{0,400}") {
            let once = read(&text);
            prop_assert!(once.chars().count() <= MAX_CONTEXT + 1);
            // The sign that says it was cut counts as well.
            if once.chars().count() <= MAX_CONTEXT {
                prop_assert_eq!(read(&once), once);
            }
        }
    }
}
