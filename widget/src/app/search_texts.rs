//! Messages of this device that say what stands in the list's field: looked for while somebody types, conversation by
//! conversation, the latest first. What is found stays where it is shown while more is found.

use dm3_core::device::Trust;
use dm3_core::message::MessageHash;
use dm3_core::ports::{Clock as _, StoreError};
use dm3_core::session::Overview;
use dm3_core::thread::{Entry, Shown};

use super::conversations::person;
use super::driver::Active;
use super::platform::{Platform, Task};
use super::state::{Apart, Person, State};
use super::steps::Fold;

/// For how long nothing may be typed before texts are looked for: milliseconds.
const PAUSE: u32 = 150;
/// What is shorter is said by nearly everything: characters.
const SHORTEST: usize = 2;
/// How many messages are shown at most.
const MOST: usize = 50;
/// How much of a text is looked at for where in it something is said, and how much is shown before and after that: characters.
const LOOKED_AT: usize = 4_000;
const BEFORE: usize = 24;
const AFTER: usize = 120;

/// The place of what stays while something that was found is open.
pub const KEPT: u8 = 1;

/// What was found, for [`State::texts`](super::state::State::texts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTexts {
    /// The messages.
    pub hits: Vec<Hit>,
    /// How far it is.
    pub progress: Progress,
    /// What was typed that they say.
    pub typed: String,
}

/// How far the search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It goes on.
    Searching,
    /// All messages were looked at.
    All,
    /// All messages of the device were looked at; older ones may be on the account's node.
    Device,
    /// There are more than are shown.
    Most,
    /// The device's storage failed.
    Failed,
}

/// A message that says what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// With whom its conversation is.
    pub peer: Person,
    /// Which one.
    pub hash: MessageHash,
    /// Written by the account itself.
    pub own: bool,
    /// Milliseconds since 1970.
    pub time: u64,
    /// What it says before that, cut to what a row shows.
    pub before: String,
    /// What was typed, as it stands there.
    pub said: String,
    /// What it says after that.
    pub after: String,
}

pub(super) fn find_texts<P: Platform>(at: Active<P>, typed: String, fold: Fold) -> Task {
    Box::pin(async move {
        let (state, wanted) = (at.driver.state, fold(typed.trim()));
        if wanted.chars().count() < SHORTEST {
            return state.texts.set(Apart::waiting());
        }
        at.driver.platform.clock().sleep(PAUSE).await;
        // What was found for what stood there before stays until there is more.
        let stood = state.texts.with_untracked(|texts| texts.shown::<FoundTexts>().cloned());
        let (hits, before) = stood.map_or((Vec::new(), String::new()), |it| (it.hits, it.typed));
        if is_wanted(&at, &typed) {
            let found = FoundTexts { hits, progress: Progress::Searching, typed: before };
            // It is another search, of which nothing was opened.
            state.texts.set(Apart::new(found, 0));
        }
        let mut hits = Vec::new();
        let progress = match look_through(&at, &typed, &wanted, fold, &mut hits).await {
            Ok(progress) => progress,
            Err(_) => Progress::Failed,
        };
        show(&at, &typed, hits, progress);
    })
}

/// Nothing else was typed since.
fn is_wanted<P: Platform>(at: &Active<P>, typed: &str) -> bool {
    at.driver.state.query.with_untracked(|query| query == typed)
}

fn show<P: Platform>(at: &Active<P>, typed: &str, hits: Vec<Hit>, progress: Progress) {
    if is_wanted(at, typed) {
        let found = FoundTexts { hits, progress, typed: typed.to_owned() };
        at.driver.state.texts.update(|texts| *texts = Apart::new(found, texts.place));
    }
}

impl FoundTexts {
    /// The first of them, if they say what is typed now.
    pub fn first(&self, typed: &str) -> Option<&Hit> {
        self.hits.first().filter(|_| self.typed.trim() == typed.trim())
    }
}

/// Something that was found is opened: the search stands for whoever comes back to it.
pub fn keep_search(state: State) {
    state.texts.update(|texts| texts.place = KEPT);
}

async fn look_through<P: Platform>(
    at: &Active<P>,
    typed: &str,
    wanted: &str,
    fold: Fold,
    hits: &mut Vec<Hit>,
) -> Result<Progress, StoreError> {
    let matches = |text: &str| fold(text).contains(wanted);
    let mut on_node = false;
    for overview in at.session().conversations().await? {
        if overview.standing.trust == Trust::Blocked {
            continue;
        }
        let (conversation, mut before) = (overview.conversation, None);
        loop {
            if !is_wanted(at, typed) {
                return Ok(Progress::Searching);
            }
            let stretch = at.session().search_texts(conversation, before.as_ref(), &matches).await?;
            let known = hits.len();
            for entry in stretch.found {
                // One that was edited is found by the edit, too.
                if !hits.iter().any(|hit| hit.hash == entry.hash) {
                    hits.extend(hit(at, &overview, entry, wanted, fold));
                }
            }
            if hits.len() > MOST {
                hits.truncate(MOST);
                return Ok(Progress::Most);
            }
            if hits.len() > known {
                show(at, typed, hits.clone(), Progress::Searching);
            }
            on_node |= stretch.on_node;
            before = stretch.next;
            if before.is_none() {
                break;
            }
        }
    }
    Ok(if on_node { Progress::Device } else { Progress::All })
}

fn hit<P: Platform>(
    at: &Active<P>,
    overview: &Overview,
    entry: Entry,
    wanted: &str,
    fold: Fold,
) -> Option<Hit> {
    let Shown::Text { text, .. } = entry.shown else { return None };
    let (before, said, after) = cut(&text, wanted, fold);
    let peer = person(at, overview.conversation, overview.name.as_ref());
    Some(Hit { peer, hash: entry.hash, own: entry.own, time: entry.time, before, said, after })
}

/// A text around where it says what is wanted. Where that can't be told, it is shown from its beginning.
fn cut(text: &str, wanted: &str, fold: Fold) -> (String, String, String) {
    let chars: Vec<char> = text.chars().take(LOOKED_AT).collect();
    // The folded text, and how long it is before each character: some become several, some none.
    let (mut folded, mut ends) = (String::new(), Vec::new());
    for char in &chars {
        ends.push(folded.len());
        folded.push_str(&fold(char.encode_utf8(&mut [0; 4])));
    }
    ends.push(folded.len());
    let place = folded.find(wanted).map(|start| {
        let from = ends.partition_point(|end| *end <= start).saturating_sub(1);
        let mut to = ends.partition_point(|end| *end < start + wanted.len());
        // Marks that belong to the last letter.
        while to < chars.len() && ends.get(to) == ends.get(to + 1) {
            to += 1;
        }
        (from, to)
    });
    let (from, to) = place.unwrap_or((0, 0));
    let part =
        |range: std::ops::Range<usize>| chars.get(range).unwrap_or_default().iter().collect::<String>();
    let begin = from.saturating_sub(BEFORE);
    let dots = if begin > 0 { "…" } else { "" };
    let before = [dots, &part(begin..from)].concat();
    (before, part(from..to), part(to..chars.len().min(to + AFTER)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As browsers fold, for what is tested here.
    fn fold(text: &str) -> String {
        text.to_lowercase().replace('é', "e").replace('\u{301}', "").replace('ﬁ', "fi")
    }

    fn shown(text: &str, wanted: &str) -> [String; 3] {
        cut(text, wanted, fold).into()
    }

    #[test]
    fn a_text_is_cut_to_what_stands_around_what_was_typed() {
        assert_eq!(shown("The Lamp is blue", "lamp"), ["The ", "Lamp", " is blue"]);
        assert_eq!(shown("Lamp", "lamp"), ["", "Lamp", ""]);
        let long = format!("{}lamp{}", "a".repeat(100), "b".repeat(500));
        assert_eq!(
            shown(&long, "lamp"),
            [format!("…{}", "a".repeat(BEFORE)), "lamp".to_owned(), "b".repeat(AFTER)]
        );
    }

    #[test]
    fn what_was_typed_is_marked_as_it_stands_there() {
        assert_eq!(shown("un café noir", "cafe"), ["un ", "café", " noir"]);
        assert_eq!(shown("un cafe\u{301} noir", "cafe"), ["un ", "cafe\u{301}", " noir"]);
        assert_eq!(shown("two ﬁles", "fil"), ["two ", "ﬁl", "es"]);
    }

    #[test]
    fn what_stands_too_far_behind_shows_the_beginning() {
        let long = format!("{}lamp", "a".repeat(LOOKED_AT));
        assert_eq!(shown(&long, "lamp"), [String::new(), String::new(), "a".repeat(AFTER)]);
    }
}
