//! Questions that are on their way: who asks the same meanwhile waits for what is found.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::kept::RECENT;
use crate::identity::EnsName;
use crate::registry::Record;

/// Questions on their way, each once.
#[derive(Default)]
pub(super) struct Asking(RefCell<Vec<Rc<Way>>>);

/// A question on its way.
pub(super) struct Way {
    name: EnsName,
    record: Record,
    since: u64,
    is_asked: Cell<bool>,
    is_over: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

/// Held by whoever asks. If they give up, another one does.
pub(super) struct Turn<'a>(&'a Way);

impl Way {
    /// The turn to ask; nothing if somebody else has asked meanwhile, or it is to be asked anew: what was found is kept then,
    /// and else each asks for themselves.
    pub(super) async fn turn(&self) -> Option<Turn<'_>> {
        poll_fn(|context| {
            if self.is_over() {
                return Poll::Ready(None);
            }
            if !self.is_asked.replace(true) {
                return Poll::Ready(Some(Turn(self)));
            }
            let mut waiting = self.waiting.borrow_mut();
            if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// It is answered, or to be asked anew.
    pub(super) fn end(&self) {
        self.is_over.set(true);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.is_asked.set(false);
        self.0.waiting.take().into_iter().for_each(Waker::wake);
    }
}

impl Asking {
    /// The way of a question: that of whoever asks the same since a moment ago, or a new one.
    pub(super) fn way(&self, name: &EnsName, record: &Record, now: u64) -> Rc<Way> {
        let mut ways = self.0.borrow_mut();
        // Those that nobody waits for any more have been given up.
        ways.retain(|way| Rc::strong_count(way) > 1 && !way.is_over());
        let is_it = |way: &&Rc<Way>| way.name == *name && way.record == *record;
        if let Some(way) = ways.iter().filter(is_it).find(|way| now.abs_diff(way.since) <= RECENT) {
            return Rc::clone(way);
        }
        let way = Rc::new(Way {
            name: name.clone(),
            record: record.clone(),
            since: now,
            is_asked: Cell::default(),
            is_over: Cell::default(),
            waiting: RefCell::default(),
        });
        ways.push(Rc::clone(&way));
        way
    }

    /// Whoever asks about this name from now on asks anew.
    pub(super) fn forget(&self, name: &EnsName) {
        self.0.borrow().iter().filter(|way| way.name == *name).for_each(|way| way.end());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Wake};

    use futures_util::FutureExt as _;

    use super::*;

    /// Whether somebody was woken.
    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn sleeper() -> (Arc<Woken>, Waker) {
        let woken = Arc::<Woken>::default();
        (Arc::clone(&woken), Waker::from(woken))
    }

    fn way(asking: &Asking, now: u64) -> Rc<Way> {
        asking.way(&"one.eth".parse().unwrap(), &Record::Address, now)
    }

    fn asks(way: &Way) -> Option<Option<Turn<'_>>> {
        Box::pin(way.turn()).now_or_never()
    }

    #[test]
    fn who_asks_the_same_meanwhile_waits_until_it_is_answered() {
        let asking = Asking::default();
        let (one, two) = (way(&asking, 0), way(&asking, RECENT));
        let turn = asks(&one).unwrap().unwrap();
        let (woken, waker) = sleeper();
        let mut waits = Box::pin(two.turn());
        for _ in 0..3 {
            assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        assert_eq!(one.waiting.borrow().len(), 1, "once, however often it is polled");
        let other = asking.way(&"one.eth".parse().unwrap(), &Record::ReverseName, 0);
        assert!(asks(&other).unwrap().is_some(), "another question");
        one.end();
        drop(turn);
        assert!(woken.0.load(Ordering::Relaxed) && waits.now_or_never().unwrap().is_none());
        assert!(asks(&way(&asking, 0)).unwrap().is_some(), "afterwards it is asked anew");
    }

    #[test]
    fn who_gives_up_holds_up_nobody() {
        let asking = Asking::default();
        let (one, two) = (way(&asking, 0), way(&asking, 0));
        let turn = asks(&one).unwrap().unwrap();
        let (woken, waker) = sleeper();
        let mut waits = Box::pin(two.turn());
        assert!(waits.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(turn);
        assert!(woken.0.load(Ordering::Relaxed) && waits.now_or_never().unwrap().is_some(), "now it asks");
        drop((one, two));
        way(&asking, 0);
        assert_eq!(asking.0.borrow().len(), 1, "nobody waits for the first any more");
    }

    #[test]
    fn what_is_to_be_asked_anew_or_was_asked_long_ago_is_not_waited_for() {
        let asking = Asking::default();
        let one = way(&asking, 0);
        let _turn = asks(&one).unwrap().unwrap();
        let later = way(&asking, RECENT + 1);
        let _other = asks(&later).unwrap().unwrap();
        asking.forget(&"one.eth".parse().unwrap());
        assert!(one.is_over() && later.is_over(), "what they find is not kept");
        assert!(asks(&way(&asking, RECENT + 1)).unwrap().is_some());
    }
}
