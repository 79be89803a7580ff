//! How people are called on the screen.

use crate::app::state::Person;
use crate::texts::short_address;

/// Names up to this many characters fit everywhere.
const NAME_ROOM: usize = 20;
/// Characters before the last label that stay with it.
const TAIL: usize = 3;
/// How many avatar colours styles/base.css has.
const AVATAR_COLOURS: u32 = 8;

/// The name, or else the short address.
pub fn display_name(person: &Person) -> String {
    person.name.clone().unwrap_or_else(|| short_address(person.address))
}

/// The name in at most 20 characters, shortened in its middle but never in its last label: the end of a name says
/// who gave it out. A last label that is longer by itself stands whole.
pub fn shorten_name(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_ROOM {
        return name.to_owned();
    }
    let (head, last) = name.rfind('.').map_or((name, ""), |dot| name.split_at(dot));
    let room = NAME_ROOM.saturating_sub(last.chars().count() + 1).max(4);
    let head_length = head.chars().count();
    if head_length <= room {
        return name.to_owned();
    }
    let back = room / 3;
    let front: String = head.chars().take(room - back).collect();
    let rest: String = head.chars().skip(head_length - back).collect();
    format!("{front}…{rest}{last}")
}

/// A long name in two parts, of which the first may be clipped where room is short: the second has the last label
/// and a little before it. The second is empty when nothing needs clipping.
pub fn split_name(name: &str) -> (&str, &str) {
    if name.chars().count() <= NAME_ROOM {
        return (name, "");
    }
    let dot = name.rfind('.').unwrap_or(name.len());
    let at = name[..dot].char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    name.split_at(at)
}

/// What stands in a round picture: the first letter of a name, or `0x`.
pub fn initial(person: &Person) -> String {
    match &person.name {
        Some(name) => initial_of(name),
        None => "0x".into(),
    }
}

/// The first letter, in upper case.
pub fn initial_of(name: &str) -> String {
    name.chars().next().map(|first| first.to_ascii_uppercase().to_string()).unwrap_or_default()
}

/// A colour that stays the same for the same text (FNV-1a).
pub fn avatar_colour(text: &str) -> u32 {
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash % AVATAR_COLOURS
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test(unsupported = test)]
    fn short_names_stay_whole() {
        assert_eq!(shorten_name("bob.eth"), "bob.eth");
        assert_eq!(shorten_name("abcdefghijklmnop.eth"), "abcdefghijklmnop.eth");
        assert_eq!(split_name("abcdefghijklmnop.eth"), ("abcdefghijklmnop.eth", ""));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn long_names_lose_their_middle_and_keep_their_last_label() {
        let short = shorten_name("verylongname-of-a-collector.base.eth");
        assert_eq!(short, "verylongna….base.eth");
        assert_eq!(short.chars().count(), 20);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_last_label_is_never_cut() {
        let last = "x".repeat(40);
        assert!(shorten_name(&format!("a-rather-long-first-label.{last}")).ends_with(&format!(".{last}")));
        assert_eq!(shorten_name(&format!("a.{last}")), format!("a.{last}"));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn a_long_name_is_clipped_before_its_last_label_only() {
        assert_eq!(
            split_name("verylongname-of-a-collector.base.eth"),
            ("verylongname-of-a-collector.b", "ase.eth")
        );
        assert_eq!(split_name("without-any-dot-in-its-name"), ("without-any-dot-in-its-n", "ame"));
        let last = format!("a.{}", "x".repeat(40));
        assert_eq!(split_name(&last), ("", last.as_str()));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn names_of_any_script_are_shortened_between_characters() {
        let name = format!("{}.eth", "ß漢🙂".repeat(20));
        assert!(shorten_name(&name).ends_with(".eth"));
        assert_eq!(split_name(&name).1, "ß漢🙂.eth");
    }
}
