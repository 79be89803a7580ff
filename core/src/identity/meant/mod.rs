//! Whom somebody means by what they typed or pasted: a name or an address in whichever spelling, a link to somebody, an
//! NFT whose owner is meant.
//!
//! Nothing is guessed: a text that refers to two is refused. Whether a name is one, and whether it only looks like
//! another, is for [`EnsName`](super::EnsName) and its rules; nothing inside of a name is changed here.

mod links;
mod reference;
#[cfg(test)]
mod tests;

pub use reference::{Meant, MeantError, Nft};

use links::{of_link, of_request};
use reference::{
    Candidate, address, are_digits_of_address, behind_gateway, digits_of_address, is_below_eth, of_chain,
    whole_address,
};

/// The longest text that is read, in bytes.
pub const MAX_TYPED: usize = 2048;

/// Accounts of other networks than Ethereum: the namespaces of CAIP-2, and the schemes of payments.
const OTHER_NETWORKS: &[&str] = &[
    "algorand",
    "antelope",
    "aptos",
    "bip122",
    "bitcoin",
    "cardano",
    "cosmos",
    "dogecoin",
    "eosio",
    "fil",
    "hedera",
    "lightning",
    "litecoin",
    "monero",
    "near",
    "polkadot",
    "solana",
    "stacks",
    "starknet",
    "stellar",
    "sui",
    "tezos",
    "ton",
    "tron",
    "xrpl",
];

impl Meant {
    /// Reads what somebody typed or pasted.
    ///
    /// # Errors
    /// [`MeantError`] if it refers to nobody, or to more than one. A [name](Self::Name) may still be none.
    pub fn parse(text: &str) -> Result<Self, MeantError> {
        if text.len() > MAX_TYPED {
            return Err(MeantError::TooLong);
        }
        let separates = |c: char| c.is_whitespace() || c.is_control();
        let words: Vec<&str> = text.split(separates).map(unwrapped).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(Self::Name(String::new())),
            [word] => of_word(word),
            _ => of_words(&words),
        }
    }
}

/// Words around an address or a link say nothing about whose it is. Around a name they may be a part of what somebody
/// takes for the name.
fn of_words(words: &[&str]) -> Result<Meant, MeantError> {
    let mut found = Candidate::default();
    let (mut bare, mut others) = (false, false);
    for word in words {
        match of_word(word) {
            Ok(Meant::Name(name)) if is_bare(word) && !is_below_eth(&name) => others = true,
            Ok(meant) => {
                bare |= matches!(meant, Meant::Name(_)) && is_bare(word);
                found.add(meant)?;
            }
            Err(MeantError::Nobody) => others = true,
            Err(error) => return Err(error),
        }
    }
    match found.into_inner() {
        Some(meant) if !(bare && others) => Ok(meant),
        _ => Ok(Meant::Name(words.join(" "))),
    }
}

/// A word that is nothing but a name, or could be a part of one.
fn is_bare(word: &str) -> bool {
    !word.contains([':', '/', '?', '#'])
}

fn of_word(word: &str) -> Result<Meant, MeantError> {
    if are_digits_of_address(word) {
        return address(word).map(Meant::Address);
    }
    match digits_of_address(word) {
        Some(digits) if is_bare(word) && !word.contains('.') => return address(digits).map(Meant::Address),
        _ => {}
    }
    if let Some((scheme, rest)) = word.split_once(':') {
        return of_scheme(&scheme.to_ascii_lowercase(), rest, word);
    }
    if !is_bare(word) {
        return of_link(word);
    }
    Ok(Meant::Name(behind_gateway(word).unwrap_or(word).to_owned()))
}

fn of_scheme(scheme: &str, rest: &str, word: &str) -> Result<Meant, MeantError> {
    match scheme {
        "http" | "https" => of_link(rest),
        "ethereum" => of_request(rest),
        "eip155" => of_chain(rest),
        // It stands for what follows, and for no further scheme.
        "ens" | "mailto" => match unwrapped(rest.trim_start_matches('/')) {
            rest if rest.contains(':') => Err(MeantError::Nobody),
            rest => of_word(rest),
        },
        scheme if OTHER_NETWORKS.contains(&scheme) => Err(MeantError::OtherNetwork),
        _ => match whole_address(word) {
            Some(address) => address.map(Meant::Address),
            None if digits_of_address(rest).is_some() => Err(crate::identity::AddressError::Form.into()),
            // A host with a port.
            None if rest.contains('/') => of_link(word),
            None => Err(MeantError::Nobody),
        },
    }
}

/// A word without what is around it: quotation marks and brackets, the punctuation of a sentence, what can't be seen.
fn unwrapped(word: &str) -> &str {
    let around = |c: char| {
        matches!(
            c,
            '"' | '\''
                | '`'
                | '“'
                | '”'
                | '„'
                | '‘'
                | '’'
                | '«'
                | '»'
                | '‹'
                | '›'
                | '<'
                | '>'
                | '('
                | ')'
        ) || matches!(c, '[' | ']' | '{' | '}' | '*' | '|' | ',' | ';' | '!' | '•')
            || is_invisible(c)
    };
    let word = word.trim_start_matches(|c| around(c) || c == '@');
    word.trim_end_matches(|c| around(c) || matches!(c, '.' | ':' | '?'))
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
