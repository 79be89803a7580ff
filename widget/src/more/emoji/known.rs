//! All emoji of a language: their names, and what they are found by.

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) sign: String,
    pub(super) name: String,
    /// In small letters.
    words: String,
}

/// All of them, in groups.
#[derive(Debug, Default)]
pub(super) struct Emojis(Vec<(String, Vec<Known>)>);

/// As many are found at most.
const MOST_FOUND: usize = 96;

impl Emojis {
    /// Reads the text that `widget/build/emoji.mjs` writes: `#group`, then a line for each emoji of it.
    pub(super) fn read(text: &str) -> Self {
        let mut groups: Vec<(String, Vec<Known>)> = Vec::new();
        for line in text.lines() {
            if let Some(group) = line.strip_prefix('#').filter(|group| !group.contains('\t')) {
                groups.push((group.to_owned(), Vec::new()));
                continue;
            }
            let mut fields = line.split('\t');
            let (Some(sign), Some(name), Some((_, group))) =
                (fields.next(), fields.next(), groups.last_mut())
            else {
                continue;
            };
            let words = fields.next().unwrap_or_default().to_owned();
            group.push(Known { sign: sign.to_owned(), name: name.to_owned(), words });
        }
        Self(groups)
    }

    /// The groups, each called as Unicode calls it.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(group, _)| group.as_str())
    }

    /// What a group has.
    pub(super) fn of(&self, group: usize) -> &[Known] {
        self.0.get(group).map_or(&[], |(_, known)| known)
    }

    /// Those of these signs that are known, in their order.
    pub(super) fn these(&self, signs: &[String]) -> Vec<Known> {
        let known =
            |sign: &String| self.0.iter().flat_map(|(_, known)| known).find(|known| known.sign == *sign);
        signs.iter().filter_map(known).cloned().collect()
    }

    /// What is meant by some words in small letters: first what is called so, then those whose name begins so, then those
    /// that have a word that does, then the others.
    pub(super) fn find(&self, query: &str) -> Vec<Known> {
        let (query, mut found) = (query.trim(), [const { Vec::new() }; 4]);
        let all = self.0.iter().flat_map(|(_, known)| known);
        for known in all {
            let rank = if known.name == query || known.sign == query {
                0
            } else if known.name.starts_with(query) {
                1
            } else if known.words.split(';').chain(known.name.split(' ')).any(|word| word.starts_with(query))
            {
                2
            } else if known.words.contains(query) || known.name.contains(query) {
                3
            } else {
                continue;
            };
            if let Some(ranked) = found.get_mut(rank) {
                ranked.push(known.clone());
            }
        }
        found.into_iter().flatten().take(MOST_FOUND).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "#smileys\n😀\tgrinning face\thappy;smile\n😹\tcat with tears of joy\tanimal;smile\n#animals\n🐈\tcat\tpet\n🐱\tcat face\tpet\n";

    fn signs(known: &[Known]) -> Vec<&str> {
        known.iter().map(|known| known.sign.as_str()).collect()
    }

    #[test]
    fn groups_keep_their_order() {
        let emojis = Emojis::read(TEXT);
        assert_eq!(emojis.groups().collect::<Vec<_>>(), ["smileys", "animals"]);
        assert_eq!(signs(emojis.of(1)), ["🐈", "🐱"]);
        assert!(emojis.of(2).is_empty());
    }

    #[test]
    fn a_name_that_begins_so_comes_first() {
        let emojis = Emojis::read(TEXT);
        assert_eq!(signs(&emojis.find("cat")), ["🐈", "😹", "🐱"]);
        assert_eq!(signs(&emojis.find(" smi")), ["😀", "😹"]);
        assert_eq!(signs(&emojis.find("🐈")), ["🐈"]);
        assert!(emojis.find("nothing like it").is_empty());
    }

    #[test]
    fn of_what_was_kept_only_emoji_are_found() {
        let kept = ["🐱", "<b>", "", "😀"].map(str::to_owned);
        assert_eq!(signs(&Emojis::read(TEXT).these(&kept)), ["🐱", "😀"]);
    }

    #[test]
    fn a_file_of_another_kind_has_none() {
        for text in ["", "<!doctype html>", "a\tb\tc\n", "#\t\n"] {
            assert_eq!(Emojis::read(text).groups().count(), 0, "{text}");
        }
    }
}
