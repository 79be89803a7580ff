//! The order of a conversation: where what came in stands among what is there.
//!
//! ```text
//! place    = when a delivery service of ours took it (its postmark), by the clock that leads, at most now;
//!            without a usable postmark: when it came
//! claimed  = when its author says to have written it
//! ```
//!
//! Claims only decide among messages of one author that lie close together, if the claims lie as close: what took
//! another way, or waited a moment, is put where it was said. They never carry a message past one of ours: an answer stays
//! behind its question, whatever clock is wrong by whatever.

use crate::device::Place;

/// How close places and claims must be for the claims to count: milliseconds.
pub(in crate::session) const CLOSE: u64 = 60_000;

/// A message of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Where it stands, or would.
    pub place: Place,
    /// When the peer claims to have written it; `None` if it is ours.
    pub claimed: Option<u64>,
}

impl Told {
    /// Stands behind `other`, and was said before it.
    fn overtaken_by(&self, other: &Self) -> bool {
        let (Some(said), Some(before)) = (self.claimed, other.claimed) else { return false };
        let claimed = before.saturating_sub(said);
        claimed > 0 && claimed.saturating_add(self.place.parts_since(other.place) / Place::PARTS) <= CLOSE
    }
}

/// The places of new messages, in the order in which they were listed; `kept` stand already, oldest first, and stay
/// where they are. What is new stands behind the one at `behind` and all that follow, if it does not stand before what its
/// author said later and what stands before that one.
pub(super) fn places(new: &[Told], kept: &[Told], behind: Option<usize>) -> Vec<Place> {
    let mut by_place: Vec<usize> = Vec::with_capacity(new.len());
    for (number, told) in new.iter().enumerate() {
        let at = by_place.partition_point(|before| new[*before].place <= told.place);
        by_place.insert(at, number);
    }
    // What stands, and between it the numbers of what is new.
    let mut line: Vec<(Told, Option<usize>)> = kept.iter().map(|told| (*told, None)).collect();
    for number in by_place {
        let told = new[number];
        // Of one millisecond, what is here came first.
        let overtaken = |behind: &usize| kept[..*behind].iter().any(|before| told.overtaken_by(before));
        let foot = match behind.filter(|behind| !overtaken(behind)) {
            Some(_) => line.len(),
            None => line.partition_point(|(before, _)| before.place.time() <= told.place.time()),
        };
        let mut at = foot;
        while at > 0 && told.overtaken_by(&line[at - 1].0) {
            at -= 1;
        }
        if at == foot {
            while line.get(at).is_some_and(|(behind, _)| behind.overtaken_by(&told)) {
                at += 1;
            }
        }
        // Its place among the others; what it claims stays what it was when it is compared with the next.
        let before = at.checked_sub(1).map_or(Place::default(), |at| line[at].0.place);
        let behind = line.get(at).map_or(told.place, |(told, _)| told.place);
        line.insert(at, (Told { place: told.place.clamp(before, behind.max(before)), ..told }, Some(number)));
    }
    set_apart(&line, new.len())
}

/// How far in front of another, or behind it, a message stands at most that is put there: parts, a second.
const AT_MOST: u64 = 1_000 * Place::PARTS;
/// In how many parts such a second is cut for one message, so that there is room for those that follow it.
const CUTS: u64 = 8;

/// Gives each new message a place of its own between those that stand. Where none is free, it stands behind the next one:
/// that it came later is certain, how close they were is not.
fn set_apart(line: &[(Told, Option<usize>)], count: usize) -> Vec<Place> {
    let mut places = vec![Place::default(); count];
    let mut last = None::<Place>;
    let mut waiting: Vec<(usize, Place)> = Vec::new();
    for (told, number) in
        line.iter().map(Some).chain([None]).map(|it| it.map_or((None, None), |it| (Some(it.0), it.1)))
    {
        if let (Some(told), Some(number)) = (told, number) {
            waiting.push((number, told.place));
            continue;
        }
        // What waits stands between the last and this one, or behind the last.
        let end = told.map(|told| told.place);
        let gap = end.map_or(u64::MAX, |end| end.parts_since(last.unwrap_or_default()));
        let room = usize::try_from(gap.saturating_sub(1)).unwrap_or(usize::MAX);
        let rest = waiting.split_off(waiting.len().min(room));
        spread(&mut waiting, last, end);
        for (number, place) in waiting.drain(..) {
            places[number] = place;
        }
        waiting = rest;
        last = end;
    }
    places
}

/// Spreads messages between two that stand. Those who would stand beyond one of these are put close to it, but not beside
/// it: what is said just before or after them may come later.
fn spread(messages: &mut [(usize, Place)], last: Option<Place>, end: Option<Place>) {
    let first = last.unwrap_or_default();
    let gap = end.map_or(u64::MAX, |end| end.parts_since(first));
    let count = messages.len() as u64;
    let apart = if count.saturating_add(1).saturating_mul(Place::STEP) <= gap { Place::STEP } else { 1 };
    let early = messages.iter().take_while(|(_, place)| last.is_some_and(|last| *place <= last)).count();
    let late = messages.iter().rev().take_while(|(_, place)| end.is_some_and(|end| *place >= end)).count();
    let (early, late) = (early, late.min(messages.len() - early));
    // Behind the last.
    let cut = end.map_or(Place::STEP, |_| gap.min(AT_MOST) / (early as u64 + CUTS));
    for (number, (_, place)) in (1..).zip(messages.iter_mut().take(early)) {
        *place = first.behind(cut * number);
    }
    // Before the next.
    if let Some(end) = end {
        let base = messages[..messages.len() - late].last().map_or(first, |(_, place)| (*place).max(first));
        let window = end.parts_since(base).min(AT_MOST);
        let cut = window / (late as u64 + CUTS);
        let begin = messages.len() - late;
        for (number, (_, place)) in (1..).zip(messages.iter_mut().skip(begin)) {
            *place = end.before(window).behind(cut * number);
        }
    }
    let mut next = last.map_or(Place::default(), |last| last.behind(apart));
    for (_, place) in messages.iter_mut() {
        *place = next.max(*place);
        next = place.behind(apart);
    }
    let mut limit = end;
    for (_, place) in messages.iter_mut().rev() {
        *place = limit.map_or(*place, |limit| (*place).min(limit.before(apart)));
        limit = limit.map(|_| *place);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn theirs(place: u64, claimed: u64) -> Told {
        Told { place: Place::at(place), claimed: Some(claimed) }
    }

    fn ours(place: u64) -> Told {
        Told { place: Place::at(place), claimed: None }
    }

    /// The claims in the order in which messages stand, once these came together beside what is there.
    fn claims(new: &[Told], kept: &[Told]) -> Vec<Option<u64>> {
        let placed = super::places(new, kept, None);
        let new = new.iter().zip(placed).map(|(told, place)| Told { place, ..*told });
        let mut line: Vec<_> = kept.iter().copied().chain(new).collect();
        line.sort_by_key(|told| told.place);
        assert!(line.windows(2).all(|pair| pair[0].place < pair[1].place), "{line:?}");
        line.iter().map(|told| told.claimed).collect()
    }

    #[test]
    fn what_came_in_the_same_moment_keeps_the_order_of_its_author() {
        let new = [theirs(1_000, 3), theirs(1_000, 1), theirs(1_000, 2), theirs(1_000, 3)];
        assert_eq!(claims(&new, &[]), [Some(1), Some(2), Some(3), Some(3)]);
        assert!(
            super::places(&new, &[], None).iter().all(|place| place.time() == 1_000),
            "no time has passed"
        );
    }

    #[test]
    fn what_comes_newest_first_in_pieces_ends_oldest_first() {
        let kept = [theirs(1_000, 7), theirs(1_001, 8)];
        assert_eq!(
            claims(&[theirs(1_000, 6), theirs(1_000, 5)], &kept),
            [Some(5), Some(6), Some(7), Some(8)]
        );
    }

    #[test]
    fn what_came_within_the_millisecond_of_another_stands_behind_it() {
        let first = Told { place: Place::at(1_000).behind(700), claimed: None };
        assert_eq!(claims(&[theirs(1_000, 5), theirs(1_001, 6)], &[first]), [None, Some(5), Some(6)]);
    }

    #[test]
    fn late_copies_of_a_burst_stand_before_what_overtook_them_however_little_room_there_is() {
        for gap in 1..4 {
            let mut line = vec![ours(1_000), theirs(1_000 + gap, 200)];
            // They come as they were said, but for the last few.
            for (count, claimed) in [(1, 20), (2, 30), (1, 40), (8, 50), (1, 60), (1, 70), (4, 10)] {
                let new: Vec<_> = (0..count).map(|number| theirs(1_010, claimed + number)).collect();
                assert!(claims(&new, &line).is_sorted(), "{line:?}");
                let placed = super::places(&new, &line, None);
                line.extend(new.iter().zip(placed).map(|(told, place)| Told { place, ..*told }));
                line.sort_by_key(|told| told.place);
            }
        }
    }

    #[test]
    fn where_not_even_a_part_of_a_millisecond_is_free_it_stands_behind_both() {
        let kept = [ours(1_000), Told { place: Place::at(1_000).behind(2), claimed: Some(7) }];
        let placed = super::places(&[theirs(1_000, 5), theirs(1_000, 6)], &kept, None);
        assert_eq!(placed, [Place::at(1_000).behind(1), Place::at(1_000).behind(2).next()]);
    }

    #[test]
    fn a_claim_counts_as_far_as_places_and_claims_are_close() {
        let kept = [theirs(100_000, 50_000)];
        let place = |told, kept: &[Told]| super::places(&[told], kept, None)[0];
        let before = place(theirs(130_000, 49_000), &kept);
        assert!(before < kept[0].place && before.time() >= 99_000, "{before:?}");
        assert_eq!(place(theirs(130_000, 19_000), &kept), Place::at(130_000), "a clock that leapt");
        assert_eq!(place(theirs(161_000, 49_999), &kept), Place::at(161_000));
        assert_eq!(place(theirs(70_000, 51_000), &kept), Place::at(100_000).next());
        let answered = [theirs(100_000, 50_000), ours(101_000)];
        assert_eq!(place(theirs(130_000, 49_000), &answered), Place::at(130_000));
    }

    #[test]
    fn behind_what_was_written_by_a_fast_clock_stands_all_that_comes_but_what_was_said_before_what_stands_before_it()
     {
        let kept = [theirs(1_000, 50), ours(900_000), theirs(900_001, 90)];
        let new = [theirs(1_200, 120), theirs(1_100, 20), theirs(1_150, 110)];
        let placed = super::places(&new, &kept, Some(1));
        assert!(placed[1] < kept[0].place, "{placed:?}");
        assert!(kept[2].place < placed[2] && placed[2] < placed[0], "{placed:?}");
    }

    fn told() -> impl Strategy<Value = Told> {
        let claimed = prop_oneof![4 => (0..200_000_u64).prop_map(Some), 1 => Just(None)];
        (0..200_000_u64, claimed).prop_map(|(place, claimed)| Told { place: Place::at(place), claimed })
    }

    proptest! {
        #[test]
        fn nothing_moves_further_than_claims_may_move_it_and_no_two_share_a_place(
            new in prop::collection::vec(told().prop_map(|told| Told { claimed: told.claimed.or(Some(0)), ..told }), 0..40),
            kept in prop::collection::vec(told(), 0..40),
        ) {
            let mut kept = kept;
            kept.sort_by_key(|told| told.place);
            kept.dedup_by_key(|told| told.place);
            let placed = super::places(&new, &kept, None);
            for (told, place) in new.iter().zip(&placed) {
                // Each of the others may take a millisecond.
                prop_assert!(told.place.time().abs_diff(place.time()) <= CLOSE + 80);
            }
            let mut all: Vec<_> = placed.iter().copied().chain(kept.iter().map(|told| told.place)).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), count);
            for own in kept.iter().filter(|told| told.claimed.is_none()) {
                for (told, place) in new.iter().zip(&placed) {
                    if told.place >= own.place {
                        prop_assert!(*place > own.place, "an answer stays behind its question");
                    }
                }
            }
        }
    }
}
