//! The order of a conversation: where what came in stands among what is there.
//!
//! ```text
//! taken    = when a delivery service of ours took it (its postmark), by the clock that leads, at most now;
//!            without a usable postmark: when it came
//! claimed  = when its author says to have written it
//!
//! of one author:   taken and claimed agree     ─▶ in this order, wherever others stand already
//!                  they do not, but are close  ─▶ as claimed, past what is between them if that is so, too
//!                  else                        ─▶ as taken
//! of a fast clock: who claims to be from after they were taken is from before that, beside what other clocks claim
//! beside ours:     as taken. Claims never carry a message past one of ours: an answer stays behind its question,
//!                  whatever clock is wrong by whatever
//! ```
//!
//! An author may have several devices, whose clocks differ, and whose messages may wait for different times: claims of one
//! can't tell where those of another belong. But no device says something later and claims and delivers it earlier, unless
//! its clock was set: so what agrees holds for each of them, and is never given up for what only claims say. What stands
//! keeps beside its place when it was taken, for this comparison.

use crate::device::Place;

/// How close places and claims must be for the claims to count alone: milliseconds.
pub(in crate::session) const CLOSE: u64 = 60_000;

/// How much a clock that is right may differ from the one that leads: milliseconds.
const AGREES: u64 = 1_000;

/// A message of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Where it stands, or would.
    pub place: Place,
    /// When it was taken, or written if it is ours.
    pub taken: Place,
    /// When the peer claims to have written it; `None` if it is ours.
    pub claimed: Option<u64>,
}

/// A message that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct New {
    /// When it was taken.
    pub taken: Place,
    /// When the peer claims to have written it.
    pub claimed: u64,
    /// It can only have been written after this one of those that stand.
    pub after: Option<usize>,
}

impl New {
    const fn told(&self) -> Told {
        Told { place: self.taken, taken: self.taken, claimed: Some(self.claimed) }
    }

    /// Some of those that stand were said after it.
    pub(super) fn is_before_any(&self, kept: &[Told]) -> bool {
        kept.iter().any(|other| self.told().is_before(other) || self.told().overtaken_by(other))
    }
}

impl Told {
    /// Was taken after `other`, and was said before it.
    fn overtaken_by(&self, other: &Self) -> bool {
        let (Some(said), Some(before)) = (self.claimed, other.claimed) else { return false };
        let claimed = before.saturating_sub(said);
        // Its own clock may be right, and then it was written after the other was taken, whose clock is fast.
        let is_later = said <= self.taken.time() && said > other.taken.time().saturating_add(AGREES);
        claimed > 0
            && !is_later
            && claimed.saturating_add(self.taken.parts_since(other.taken) / Place::PARTS) <= CLOSE
    }

    /// Stands on the wrong side of `other`, which was taken and said before it, or after it; or at the very place of it.
    pub(super) fn is_turned_round(&self, other: &Self) -> bool {
        (self.is_before(other) && self.place >= other.place)
            || (other.is_before(self) && other.place >= self.place)
    }

    /// Of one author, and was taken and said before `other`.
    fn is_before(&self, other: &Self) -> bool {
        let (Some(said), Some(later)) = (self.claimed, other.claimed) else { return false };
        self.taken <= other.taken && said <= later && (self.taken, said) != (other.taken, later)
    }
}

/// One of a line of messages.
#[derive(Clone, Copy)]
struct Item {
    told: Told,
    /// Its number among those that stand; those that are new follow them.
    number: usize,
    after: Option<usize>,
}

/// The places of new messages; `kept` stand already, oldest first, and stay where they are.
pub(super) fn places(new: &[New], kept: &[Told]) -> Vec<Place> {
    let kept_item = |(number, told): (usize, &Told)| Item { told: *told, number, after: None };
    let new_item = |(number, new): (usize, &New)| Item {
        told: new.told(),
        number: kept.len() + number,
        after: new.after,
    };
    // Ours cut the line in sections: each but the first begins with one of ours.
    let mut sections: Vec<Vec<Item>> = vec![Vec::new()];
    for item in kept.iter().enumerate().map(kept_item) {
        if item.told.claimed.is_none() {
            sections.push(Vec::new());
        }
        sections.last_mut().into_iter().for_each(|section| section.push(item));
    }
    let mut coming: Vec<Item> = new.iter().enumerate().map(new_item).collect();
    coming.sort_by_key(|item| (item.told.taken, item.told.claimed));
    let mut added: Vec<Vec<Item>> = vec![Vec::new(); sections.len()];
    for item in coming {
        let section = section_of(&item, &sections, &added);
        added[section].push(item);
    }
    let mut line = Vec::with_capacity(kept.len() + new.len());
    for (section, added) in sections.into_iter().zip(added) {
        line.extend(lined_up(section, added));
    }
    settle(&mut line, kept.len());
    let line: Vec<_> = line.iter().map(|item| (item.told, item.number.checked_sub(kept.len()))).collect();
    set_apart(&line, new.len())
}

/// Behind which of ours a new message stands.
fn section_of(item: &Item, sections: &[Vec<Item>], added: &[Vec<Item>]) -> usize {
    // Of one millisecond, what is here came first.
    let time = item.told.taken.time();
    let stands = |section: &&Vec<Item>| section.first().is_some_and(|own| own.told.place.time() <= time);
    let (mut first, mut last) = (0, sections[1..].iter().take_while(stands).count());
    for (number, (section, added)) in sections.iter().zip(added).enumerate() {
        for other in section.iter().chain(added) {
            if other.told.is_before(&item.told) || item.after == Some(other.number) {
                first = number;
            }
            if item.told.is_before(&other.told) {
                last = last.min(number);
            }
        }
    }
    last.max(first)
}

/// A section, with what is new in it.
fn lined_up(section: Vec<Item>, added: Vec<Item>) -> Vec<Item> {
    if added.is_empty() {
        return section;
    }
    let start = usize::from(section.first().is_some_and(|item| item.told.claimed.is_none()));
    let wanted = as_said(section[start..].iter().chain(&added).copied().collect());
    let rank = |item: &Item| wanted.iter().position(|other| other.number == item.number);
    let mut line: Vec<(Item, Option<usize>)> = section.iter().map(|item| (*item, rank(item))).collect();
    for item in added {
        let earlier =
            |other: &(Item, _)| other.0.told.is_before(&item.told) || item.after == Some(other.0.number);
        let later = |other: &(Item, _)| item.told.is_before(&other.0.told);
        let first = line.iter().rposition(earlier).map_or(start, |at| at + 1);
        let last = line.iter().position(later).unwrap_or(line.len()).max(first);
        let own = rank(&item);
        line.insert(fitting(&line, first, last, own), (item, own));
    }
    line.into_iter().map(|(item, _)| item).collect()
}

/// Where between two places of a line the fewest stand on the wrong side: behind all of lower ranks, before all others.
fn fitting(line: &[(Item, Option<usize>)], first: usize, last: usize, own: Option<usize>) -> usize {
    let (mut best, mut wrong, mut least) = (first, 0_isize, 0);
    for (at, (_, rank)) in line.iter().enumerate().take(last).skip(first) {
        wrong += if *rank < own { -1 } else { 1 };
        if wrong <= least {
            (best, least) = (at + 1, wrong);
        }
    }
    best
}

/// Messages of one author in the order in which they would stand if they had come as they were taken: each is put before
/// those that overtook it, as far as all did.
fn as_said(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by_key(|item| (item.told.taken, item.told.claimed));
    let mut line: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        let overtook = line.iter().rev().take_while(|before| item.told.overtaken_by(&before.told)).count();
        line.insert(line.len() - overtook, item);
    }
    line
}

/// Brings what is new between those that stand beside it: before what overtook it, or else behind what it overtook.
fn settle(line: &mut [Item], kept: usize) {
    let mut behind = None::<Place>;
    for item in line.iter_mut().rev() {
        if item.number >= kept {
            item.told.place = behind.map_or(item.told.place, |behind| item.told.place.min(behind));
        }
        behind = Some(item.told.place);
    }
    let mut before = Place::default();
    for item in line.iter_mut() {
        if item.number >= kept {
            item.told.place = item.told.place.max(before);
        }
        before = item.told.place;
    }
}

/// How far in front of another, or behind it, a message stands at most that is put there: parts, a second.
const AT_MOST: u64 = 1_000 * Place::PARTS;
/// In how many parts such a second is cut for one message beside its own. Those to come may belong on either side of it, and
/// the smaller one is all that is left for those there: the fewer the parts, the more often it can be cut.
const CUTS: u64 = 2;

/// Gives each new message a place of its own between those that stand. Where none is free, it stands behind the next one:
/// that it came later is certain, how close they were is not.
fn set_apart(line: &[(Told, Option<usize>)], count: usize) -> Vec<Place> {
    let mut places = vec![Place::default(); count];
    let mut last = None::<Place>;
    let mut waiting = Vec::new();
    for (told, number) in
        line.iter().map(Some).chain([None]).map(|it| it.map_or((None, None), |it| (Some(it.0), it.1)))
    {
        if let (Some(told), Some(number)) = (told, number) {
            waiting.push(Waiting { number, place: told.place, overtaken: told.place < told.taken });
            continue;
        }
        // What waits stands between the last and this one, or behind the last.
        let end = told.map(|told| told.place);
        let gap = end.map_or(u64::MAX, |end| end.parts_since(last.unwrap_or_default()));
        let room = usize::try_from(gap.saturating_sub(1)).unwrap_or(usize::MAX);
        let rest = waiting.split_off(waiting.len().min(room));
        spread(&mut waiting, last, end);
        for Waiting { number, place, .. } in waiting.drain(..) {
            places[number] = place;
        }
        waiting = rest;
        last = end;
    }
    places
}

/// A new message that waits for a place of its own.
struct Waiting {
    number: usize,
    place: Place,
    /// It is put before what was taken earlier.
    overtaken: bool,
}

/// Spreads messages between two that stand. Those who would stand beyond one of these are put close to it, but not beside
/// it: what is said just before or after them may come later. So are those that were overtaken by others of these.
fn spread(messages: &mut [Waiting], last: Option<Place>, end: Option<Place>) {
    let first = last.unwrap_or_default();
    let gap = end.map_or(u64::MAX, |end| end.parts_since(first));
    let count = messages.len() as u64;
    let fits = |step: u64| count.saturating_add(1).saturating_mul(step) <= gap;
    let behind = |place: Place| match () {
        () if fits(Place::MOST_STEP) => place.next(),
        () if fits(Place::STEP) => place.behind(Place::STEP),
        () => place.behind(1),
    };
    let apart = if fits(Place::STEP) { Place::STEP } else { 1 };
    let early = messages.iter().take_while(|it| last.is_some_and(|last| it.place <= last)).count();
    // Behind the last; with nothing behind them, as if they came one by one.
    let cut = end.map_or(0, |_| gap.min(AT_MOST) / (early as u64 + CUTS));
    for (number, it) in (1..).zip(messages.iter_mut().take(early)) {
        it.place = first.behind(cut * number);
    }
    // Before the next that is not moved itself.
    let (mut base, mut rest) = (first, &mut messages[early..]);
    while let Some(it) = rest.first() {
        let next = it.place;
        let is_before =
            |it: &&Waiting| it.place == next && (it.overtaken || end.is_some_and(|end| next >= end));
        let moved = rest.iter().take_while(is_before).count();
        let (these, others) = rest.split_at_mut(moved.max(1));
        if moved > 0 {
            // Many at once are a piece of a listing, and what is older comes next.
            let moved = moved as u64;
            let gap = next.parts_since(base) / if moved < CUTS { 1 } else { 4 };
            let window = gap.min(AT_MOST);
            let cut = window / (moved + CUTS);
            for (number, it) in (1..).zip(these.iter_mut()) {
                it.place = next.before(window).behind(cut * number);
            }
        }
        base = these.last().map_or(base, |it| it.place.max(base));
        rest = others;
    }
    let mut next = last.map_or(Place::default(), behind);
    for it in messages.iter_mut() {
        it.place = next.max(it.place);
        next = behind(it.place);
    }
    let mut limit = end;
    for it in messages.iter_mut().rev() {
        it.place = limit.map_or(it.place, |limit| it.place.min(limit.before(apart)));
        limit = limit.map(|_| it.place);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn theirs(taken: u64, claimed: u64) -> New {
        New { taken: Place::at(taken), claimed, after: None }
    }

    fn standing(place: u64, claimed: u64) -> Told {
        theirs(place, claimed).told()
    }

    fn ours(place: u64) -> Told {
        Told { place: Place::at(place), taken: Place::at(place), claimed: None }
    }

    /// What stands once these came together beside what is there.
    fn line(new: &[New], kept: &[Told]) -> Vec<Told> {
        let placed = super::places(new, kept);
        let new = new.iter().zip(placed).map(|(new, place)| Told { place, ..new.told() });
        let mut line: Vec<_> = kept.iter().copied().chain(new).collect();
        line.sort_by_key(|told| told.place);
        assert!(line.windows(2).all(|pair| pair[0].place < pair[1].place), "{line:?}");
        line
    }

    /// The claims in the order in which messages stand then.
    fn claims(new: &[New], kept: &[Told]) -> Vec<Option<u64>> {
        line(new, kept).iter().map(|told| told.claimed).collect()
    }

    #[test]
    fn what_came_in_the_same_moment_keeps_the_order_of_its_author() {
        let new = [theirs(1_000, 3), theirs(1_000, 1), theirs(1_000, 2), theirs(1_000, 3)];
        assert_eq!(claims(&new, &[]), [Some(1), Some(2), Some(3), Some(3)]);
        assert!(super::places(&new, &[]).iter().all(|place| place.time() == 1_000), "no time has passed");
    }

    #[test]
    fn what_comes_newest_first_in_pieces_ends_oldest_first() {
        let kept = [standing(1_000, 7), standing(1_001, 8)];
        assert_eq!(
            claims(&[theirs(1_000, 6), theirs(1_000, 5)], &kept),
            [Some(5), Some(6), Some(7), Some(8)]
        );
    }

    #[test]
    fn what_came_within_the_millisecond_of_another_stands_behind_it() {
        let first = Told { place: Place::at(1_000).behind(700), ..ours(1_000) };
        assert_eq!(claims(&[theirs(1_000, 5), theirs(1_001, 6)], &[first]), [None, Some(5), Some(6)]);
    }

    #[test]
    fn what_another_device_of_its_author_said_early_and_sent_late_is_no_reason_to_turn_anything_round() {
        // One of them said the third and the fifth, the other the first, the second and the fourth, and was offline.
        let [first, second, fourth] =
            [theirs(216_500, 91_000), theirs(216_600, 104_000), theirs(216_700, 126_000)];
        let (third, fifth) = (theirs(214_000, 111_000), theirs(214_300, 154_000));
        let mut standing = line(&[first, second, fourth], &[]);
        for new in [third, fifth] {
            standing = line(&[new], &standing);
        }
        let at = |new: New| standing.iter().position(|told| told.claimed == Some(new.claimed));
        assert!(at(third) < at(fifth), "{standing:?}");
        assert!(at(first) < at(second) && at(second) < at(fourth), "{standing:?}");
    }

    #[test]
    fn what_was_taken_and_said_before_one_that_stands_further_ahead_stands_before_that() {
        let other = [standing(282_000, 269_000), standing(283_000, 270_000)];
        let later = line(&[theirs(290_900, 231_000)], &other);
        assert_eq!(later[0].claimed, Some(231_000), "the other device said both later");
        let all = line(&[theirs(290_200, 211_000), theirs(290_800, 230_999)], &later);
        let claims: Vec<_> = all.iter().filter_map(|told| told.claimed).collect();
        assert_eq!(claims, [211_000, 230_999, 231_000, 269_000, 270_000]);
    }

    #[test]
    fn what_was_said_before_what_we_had_before_us_stands_before_what_we_wrote_then() {
        // It came early by its claim; ours was written when it stood there, by a clock that is a little slow.
        let seen = Told { place: Place::at(99_000), ..standing(100_500, 50_000) };
        let kept = [seen, ours(100_200)];
        assert_eq!(claims(&[theirs(100_300, 49_000)], &kept), [Some(49_000), Some(50_000), None]);
    }

    #[test]
    fn what_was_written_after_another_was_taken_stands_behind_it_whatever_a_fast_clock_claimed() {
        let fast = [standing(174_000, 204_000)];
        let claims = |taken: u64, claimed: u64| claims(&[theirs(taken, claimed)], &fast);
        assert_eq!(claims(182_200, 182_000), [Some(204_000), Some(182_000)]);
        assert_eq!(claims(182_200, 203_000), [Some(203_000), Some(204_000)], "by the same clock");
        assert_eq!(
            claims(182_200, 174_500),
            [Some(174_500), Some(204_000)],
            "by a clock that may differ a little"
        );
    }

    #[test]
    fn late_copies_of_a_burst_stand_before_what_overtook_them_however_little_room_there_is() {
        for gap in 1..4 {
            let mut line = vec![ours(1_000), standing(1_000 + gap, 200)];
            // They come as they were said, but for the last few.
            for (count, claimed) in [(1, 20), (2, 30), (1, 40), (8, 50), (1, 60), (1, 70), (4, 10)] {
                let new: Vec<_> = (0..count).map(|number| theirs(1_010, claimed + number)).collect();
                line = self::line(&new, &line);
                assert!(line.iter().map(|told| told.claimed).is_sorted(), "{line:?}");
            }
        }
    }

    #[test]
    fn what_was_taken_in_one_moment_leaves_room_for_what_was_said_between_and_comes_one_by_one() {
        let late = |number: u64| theirs(1_010 + number, 500 + number);
        let mut standing = line(&[theirs(1_000, 100), theirs(1_000, 900)], &[]);
        for number in [10, 20] {
            standing = line(&[late(number)], &standing);
        }
        standing = line(&[12, 14, 22, 24, 26, 28, 30].map(late), &standing);
        for number in [5, 7, 11, 13, 16, 21, 23, 25, 27, 29] {
            standing = line(&[late(number)], &standing);
            assert!(standing.iter().map(|told| told.claimed).is_sorted(), "{standing:?}");
        }
    }

    #[test]
    fn two_at_one_place_are_turned_round_if_one_was_before_the_other() {
        let other = Told { place: Place::at(900), ..standing(1_000, 100) };
        assert!(Told { place: Place::at(900), ..standing(1_001, 101) }.is_turned_round(&other));
        assert!(
            !Told { place: Place::at(900), ..standing(1_001, 99) }.is_turned_round(&other),
            "nobody knows"
        );
    }

    #[test]
    fn between_what_was_overtaken_and_what_overtook_it_is_room_for_others() {
        // One device's messages were taken at once, those of another come one after the other.
        let quick: Vec<_> =
            (0..6_u64).map(|number| theirs(272_000 + number * 100, 184_000 + number)).collect();
        let slow = |number: u64| theirs(272_550 + number * 90, 157_000 + number * 10);
        let together: Vec<_> = quick.into_iter().chain([slow(0)]).collect();
        let mut standing = line(&together, &[ours(268_000)]);
        // Each before the one that came before it, but for the last few.
        for number in [40, 30, 20, 31, 32, 33, 34, 35, 10, 5, 11, 12, 13, 14, 15] {
            standing = line(&[slow(number)], &standing);
            assert!(standing.iter().map(|told| told.claimed).is_sorted(), "{standing:?}");
        }
    }

    #[test]
    fn a_long_listing_that_comes_newest_first_in_pieces_finds_room_before_what_overtook_it() {
        let quick: Vec<_> =
            (0..20_u64).map(|number| theirs(228_000 + number * 90, 155_000 + number * 90)).collect();
        let slow: Vec<_> =
            (0..600_u64).map(|number| theirs(224_500 + number * 80, 98_000 + number * 90)).collect();
        let mut standing = line(&quick, &[ours(223_107)]);
        for piece in slow.rchunks(64) {
            standing = line(piece, &standing);
        }
        for (at, told) in standing.iter().enumerate() {
            assert!(standing[at..].iter().all(|later| !later.is_before(told)), "{told:?}");
        }
    }

    #[test]
    fn where_not_even_a_part_of_a_millisecond_is_free_it_stands_behind_both() {
        let kept = [ours(1_000), Told { place: Place::at(1_000).behind(2), ..standing(1_000, 7) }];
        let placed = super::places(&[theirs(1_000, 5), theirs(1_000, 6)], &kept);
        assert_eq!(placed, [Place::at(1_000).behind(1), Place::at(1_000).behind(2).next()]);
    }

    #[test]
    fn a_claim_counts_alone_as_far_as_places_and_claims_are_close() {
        let kept = [standing(100_000, 50_000)];
        let place = |told, kept: &[Told]| super::places(&[told], kept)[0];
        let before = place(theirs(130_000, 49_000), &kept);
        assert!(before < kept[0].place && before.time() >= 99_000, "{before:?}");
        assert_eq!(place(theirs(130_000, 19_000), &kept), Place::at(130_000), "a clock that leapt");
        assert_eq!(place(theirs(161_000, 49_999), &kept), Place::at(161_000));
        assert_eq!(place(theirs(70_000, 51_000), &kept), Place::at(100_000).next());
        let answered = [standing(100_000, 50_000), ours(101_000)];
        assert_eq!(place(theirs(130_000, 49_000), &answered), Place::at(130_000));
    }

    #[test]
    fn what_can_only_have_been_written_after_another_stands_behind_it_but_not_behind_what_was_said_later() {
        let kept =
            [standing(1_000, 50), ours(900_000), Told { taken: Place::at(1_120), ..standing(900_001, 90) }];
        let after = |new: New| New { after: Some(1), ..new };
        let new = [after(theirs(1_200, 120)), theirs(1_100, 20), after(theirs(1_150, 110))];
        assert!(new[1].is_before_any(&kept[..1]) && !new[0].is_before_any(&kept[..1]));
        let placed = super::places(&new, &kept);
        assert!(placed[1] < kept[0].place, "{placed:?}");
        assert!(kept[2].place < placed[2] && placed[2] < placed[0], "{placed:?}");
    }

    fn told() -> impl Strategy<Value = Told> {
        let claimed = prop_oneof![4 => (0..200_000_u64).prop_map(Some), 1 => Just(None)];
        (0..200_000_u64, claimed).prop_map(|(place, claimed)| Told { claimed, ..ours(place) })
    }

    fn new() -> impl Strategy<Value = New> {
        (0..200_000_u64, 0..200_000_u64).prop_map(|(taken, claimed)| theirs(taken, claimed))
    }

    proptest! {
        #[test]
        fn what_agrees_is_never_turned_round_in_whatever_pieces_it_comes(
            pieces in prop::collection::vec(prop::collection::vec(new(), 1..5), 1..12),
            own in prop::collection::btree_set(0..200_000_u64, 0..4),
        ) {
            let mut standing: Vec<_> = own.into_iter().map(ours).collect();
            for piece in &pieces {
                standing = line(piece, &standing);
                // Nothing is promised where not even a part of a millisecond is free.
                let crowded = |pair: &[Told]| pair[1].place.parts_since(pair[0].place) == 1;
                if standing.windows(2).any(crowded) {
                    return Ok(());
                }
                for (at, told) in standing.iter().enumerate() {
                    for later in &standing[at..] {
                        prop_assert!(!later.is_before(told), "{told:?} {later:?}");
                    }
                }
            }
        }

        #[test]
        fn an_answer_stays_behind_its_question_and_no_two_share_a_place(
            new in prop::collection::vec(new(), 0..40),
            kept in prop::collection::vec(told(), 0..40),
        ) {
            let mut kept = kept;
            kept.sort_by_key(|told| told.place);
            kept.dedup_by_key(|told| told.place);
            let placed = super::places(&new, &kept);
            let mut all: Vec<_> = placed.iter().copied().chain(kept.iter().map(|told| told.place)).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), count);
            for own in kept.iter().filter(|told| told.claimed.is_none()) {
                for (new, place) in new.iter().zip(&placed) {
                    if new.taken >= own.place {
                        prop_assert!(*place > own.place, "{:?} {:?}", new, own);
                    }
                }
            }
        }
    }
}
