//! Whether a text speaks of somebody.

/// Whether a name or an address stands in a text, in upper or lower case, and not as a piece of another one: `erin.eth` is
/// neither in `sub.erin.eth` nor in `erin.eth.limo`. Where that can't be told, it is not.
pub fn is_named_in(whom: &str, text: &str) -> bool {
    let stands_at = |at: usize| {
        let Some((before, rest)) = text.split_at_checked(at) else { return false };
        let Some((found, after)) = rest.split_at_checked(whom.len()) else { return false };
        if !found.eq_ignore_ascii_case(whom) {
            return false;
        }
        let last = before.chars().next_back();
        // The end of a sentence is none of a name.
        let next = after.strip_prefix('.').unwrap_or(after).chars().next();
        !last.is_some_and(|it| it == '.' || is_of_name(it) || is_letter(it)) && !next.is_some_and(is_of_name)
    };
    !whom.is_empty() && text.char_indices().any(|(at, _)| stands_at(at))
}

/// Whether a character of ASCII can be one of a name.
fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '$')
}

/// Whether one outside ASCII may be a letter: it is no punctuation that texts have around names. Names can begin with any
/// letter, but none ends in one outside ASCII where the other ends in `.eth`.
fn is_letter(character: char) -> bool {
    !character.is_ascii()
        && !matches!(character, '\u{a0}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_or_an_address_is_found_as_a_whole_alone() {
        for text in [
            "erin.eth",
            "Ask Erin.ETH, please.",
            "It was erin.eth.",
            "(erin.eth)",
            "@erin.eth: hello",
            "“erin.eth”",
            "问 erin.eth吧",
            "erin.eth.erin.ethers and erin.eth",
        ] {
            assert!(is_named_in("erin.eth", text), "{text}");
        }
        for text in [
            "",
            "erin",
            "sub.erin.eth",
            "kerin.eth",
            "éerin.eth",
            "$erin.eth",
            "erin.eth.limo",
            "erin.eths",
            "erin.eth-shop",
        ] {
            assert!(!is_named_in("erin.eth", text), "{text}");
        }
        let address = "0x976ea74026e726554db657fa54763abd0c3a0aa9";
        assert!(is_named_in(address, "eip155:1:0x976EA74026E726554dB657fA54763abd0C3a0aa9/"));
        assert!(!is_named_in(address, &format!("{address}0")));
        assert!(!is_named_in("", "anything"));
    }
}
