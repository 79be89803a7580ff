//! Names that pretend to be others: what the libraries that know ENSIP-15 say about a label, as a typed answer.

use super::name_error::NameError;
use crate::said::Said;

/// The longest text of others that is passed on, in characters.
const MAX_SHOWN: usize = 120;

/// Letters, each followed by the letter from a to z that it looks like, out of Unicode's `confusables.txt`
/// (Unicode 17). ENSIP-15 says which labels are refused; this only says what they look like.
const LOOK_ALIKES: &str =
    "аaеeоoрpсcуyхxѕsіiјjԁdһhӏlԛqԝwгrѵvкkмmтtьbԍgոnսuօoհhցgզqյjοoαaνvρpιiυuκkτtγyϲcηnχxωwσoıiɡgɑa";

impl NameError {
    /// What a library says about a label that breaks a rule of ENSIP-15. The reference library of ENSIP-15 and its
    /// ports use the same words, which end in the code point in question: `illegal mixture: Latin + Cyrillic "о" {43E}`.
    pub fn of_label(label: &str, reason: &str) -> Self {
        let shown = shown(label);
        let character = code_point(reason);
        let rule = reason.split_once(": ");
        match (rule, character) {
            (Some(("illegal mixture", scripts)), Some(character)) => Self::MixedScripts {
                label: shown,
                script: self::shown(scripts.split(' ').next().unwrap_or_default()),
                character,
                looks_like: look_alike(character),
            },
            (Some(("whole-script confusable", scripts)), _) => {
                let (script, imitated) = scripts.split_once('/').unwrap_or((scripts, ""));
                let looks_like = label.chars().map(look_alike).collect();
                let (script, imitated) = (self::shown(script), self::shown(imitated));
                Self::Confusable { label: shown, script, imitated, looks_like }
            }
            (Some(("disallowed character", _)), Some(character)) => Self::Character(character),
            _ if reason == "empty label" => Self::EmptyLabel,
            _ => Self::Label { label: shown, reason: Said::new(&self::shown(reason)) },
        }
    }
}

/// Whether somebody may take one name for another: written with digits for letters, with or without hyphens, or with two
/// letters that look like one. The same name is none.
pub fn is_look_alike(name: &str, other: &str) -> bool {
    name != other && seen_at_a_glance(name) == seen_at_a_glance(other)
}

/// What is left of a name for whoever looks at it for a moment.
fn seen_at_a_glance(name: &str) -> String {
    let mut seen = String::with_capacity(name.len());
    for character in name.chars() {
        let letter = match character {
            '0' => 'o',
            '1' | 'i' | 'j' | '|' => 'l',
            '3' => 'e',
            '5' => 's',
            'q' | '9' => 'g',
            'z' => '2',
            'v' => 'u',
            '-' | '_' | '\u{30fb}' => continue,
            character => look_alike(character).unwrap_or(character),
        };
        match (seen.chars().next_back(), letter) {
            (Some('r'), 'n') => {
                seen.pop();
                seen.push('m');
            }
            (Some('u'), 'u') => {
                seen.pop();
                seen.push('w');
            }
            _ => seen.push(letter),
        }
    }
    seen
}

/// The letter from a to z that a character is or looks like.
fn look_alike(character: char) -> Option<char> {
    if character.is_ascii() {
        return Some(character.to_ascii_lowercase());
    }
    let (_, after) = LOOK_ALIKES.split_once(character)?;
    after.chars().next()
}

/// The `{43E}` at the end.
fn code_point(reason: &str) -> Option<char> {
    let (_, digits) = reason.strip_suffix('}')?.rsplit_once('{')?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
}

/// A text without what can't be seen or turns the direction of others.
fn shown(text: &str) -> String {
    let invisible = |c: &char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(|c| !invisible(c)).take(MAX_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_taken_for_another_at_a_glance_are_told_and_others_are_not() {
        let bob = "shop-support.eth";
        for like in [
            "shopsupport.eth",
            "sh0p-support.eth",
            "shop-supp0rt.eth",
            "5hop_support.eth",
            "shop-suppoгt.eth",
        ] {
            assert!(is_look_alike(like, bob) && is_look_alike(bob, like), "{like}");
        }
        assert!(is_look_alike("rnarket.eth", "market.eth") && is_look_alike("vvallet.eth", "wallet.eth"));
        assert!(is_look_alike("bill.eth", "bi1l.eth"));
        for other in [bob, "shop.eth", "shop-report.eth", "shop-support.xyz", ""] {
            assert!(!is_look_alike(other, bob), "{other}");
        }
    }

    #[test]
    fn weakness_21_a_letter_of_another_script_is_named_with_what_it_looks_like() {
        let error = NameError::of_label("bоb", "illegal mixture: Latin + Cyrillic \"о\"\u{200e} {43E}");
        let expected = NameError::MixedScripts {
            label: "bоb".into(),
            script: "Latin".into(),
            character: 'о',
            looks_like: Some('o'),
        };
        assert_eq!(error, expected);
        assert_eq!(
            error.to_string(),
            "‘о’ in “bоb” is not Latin and looks like “o”; somebody may want to pass for another"
        );
    }

    #[test]
    fn weakness_21_a_label_that_imitates_another_script_is_named_with_what_it_looks_like() {
        let error = NameError::of_label("аррӏе", "whole-script confusable: Cyrillic/Latin");
        let expected = NameError::Confusable {
            label: "аррӏе".into(),
            script: "Cyrillic".into(),
            imitated: "Latin".into(),
            looks_like: Some("apple".into()),
        };
        assert_eq!(error, expected);
        let other = NameError::of_label("аж", "whole-script confusable: Cyrillic/Latin");
        assert!(matches!(other, NameError::Confusable { looks_like: None, .. }));
    }

    #[test]
    fn other_rules_are_told_in_the_librarys_words_without_invisible_characters() {
        assert_eq!(
            NameError::of_label("a\u{202e}b", "disallowed character: {202E}"),
            NameError::Character('\u{202e}')
        );
        assert_eq!(NameError::of_label("", "empty label"), NameError::EmptyLabel);
        let error = NameError::of_label("’\u{200b}x", "illegal placement: leading apostrophe");
        let reason = Said::new("illegal placement: leading apostrophe");
        assert_eq!(error, NameError::Label { label: "’x".into(), reason });
        let NameError::Label { reason, .. } = NameError::of_label("x", &"x".repeat(9999)) else { panic!() };
        assert_eq!(reason.as_str().len(), MAX_SHOWN);
    }
}
