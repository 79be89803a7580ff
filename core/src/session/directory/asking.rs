//! Questions that are on their way: who asks the same meanwhile waits for what is found.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::kept::RECENT;
use crate::identity::EnsName;
use crate::registry::Record;
use crate::turns::{Turn, Turns};

/// Questions on their way, each once.
#[derive(Default)]
pub(super) struct Asking(RefCell<Vec<Rc<Way>>>);

/// A question on its way.
pub(super) struct Way {
    name: EnsName,
    record: Record,
    since: u64,
    /// Those who want to know; the first of them asks, and if they give up, the next.
    turns: Turns,
    is_answered: Cell<bool>,
}

impl Way {
    /// Whose turn it is asks. Nothing if somebody else has: what was found is kept then, and else each asks for themselves.
    pub(super) async fn turn(&self) -> Option<Turn<'_>> {
        let turn = self.turns.take().await;
        (!self.is_answered.get()).then_some(turn)
    }
}

impl Asking {
    /// The way of a question: that of whoever asks the same since a moment ago, or a new one.
    pub(super) fn way(&self, name: &EnsName, record: &Record, now: u64) -> Rc<Way> {
        let mut ways = self.0.borrow_mut();
        // All who waited have given up, or have waited too long for what comes to be recent.
        ways.retain(|way| Rc::strong_count(way) > 1 && now.abs_diff(way.since) <= RECENT);
        if let Some(way) = ways.iter().find(|way| way.name == *name && way.record == *record) {
            return Rc::clone(way);
        }
        let (name, record, turns) = (name.clone(), record.clone(), Turns::default());
        let way = Rc::new(Way { name, record, since: now, turns, is_answered: Cell::new(false) });
        ways.push(Rc::clone(&way));
        way
    }

    /// It is at its end.
    pub(super) fn answered(&self, way: &Rc<Way>) {
        way.is_answered.set(true);
        self.0.borrow_mut().retain(|other| !Rc::ptr_eq(other, way));
    }

    /// Whoever asks about this name from now on asks anew.
    pub(super) fn forget(&self, name: &EnsName) {
        self.0.borrow_mut().retain(|way| way.name != *name);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn way(asking: &Asking, now: u64) -> Rc<Way> {
        asking.way(&"one.eth".parse().unwrap(), &Record::Address, now)
    }

    #[test]
    fn who_asks_the_same_meanwhile_waits_and_does_not_ask() {
        let asking = Asking::default();
        let (one, two) = (way(&asking, 0), way(&asking, RECENT));
        let turn = one.turn().now_or_never().unwrap();
        let mut waits = Box::pin(two.turn());
        assert!(turn.is_some() && waits.as_mut().now_or_never().is_none());
        let other = asking.way(&"one.eth".parse().unwrap(), &Record::ReverseName, 0);
        assert!(other.turn().now_or_never().unwrap().is_some(), "another question");
        asking.answered(&one);
        drop(turn);
        assert!(waits.now_or_never().unwrap().is_none());
        assert!(way(&asking, 0).turn().now_or_never().unwrap().is_some(), "afterwards it is asked anew");
    }

    #[test]
    fn who_gives_up_holds_up_nobody() {
        let asking = Asking::default();
        let (one, two) = (way(&asking, 0), way(&asking, 0));
        let turn = one.turn().now_or_never().unwrap();
        let mut waits = Box::pin(two.turn());
        assert!(waits.as_mut().now_or_never().is_none());
        drop(turn);
        assert!(waits.now_or_never().unwrap().is_some(), "now it asks");
        drop((one, two));
        way(&asking, 0);
        assert_eq!(asking.0.borrow().len(), 1, "nobody waits for the first any more");
    }

    #[test]
    fn what_is_to_be_asked_anew_or_was_asked_long_ago_is_not_waited_for() {
        let asking = Asking::default();
        let one = way(&asking, 0);
        let _turn = one.turn().now_or_never().unwrap();
        let later = way(&asking, RECENT + 1);
        let _other = later.turn().now_or_never().unwrap().unwrap();
        asking.forget(&"one.eth".parse().unwrap());
        assert!(way(&asking, RECENT + 1).turn().now_or_never().unwrap().is_some());
    }
}
