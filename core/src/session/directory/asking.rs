//! Questions that are on their way: who asks the same meanwhile waits for the same answer.

use std::cell::RefCell;
use std::rc::Rc;

use super::kept::RECENT;
use crate::turns::Turns;

/// Questions `Q` on their way, each once, and who waits for their answers `A`.
pub(super) struct Asking<Q, A>(RefCell<Vec<Rc<Way<Q, A>>>>);

struct Way<Q, A> {
    question: Q,
    since: u64,
    /// Those who wait; the first of them asks.
    turns: Turns,
    answer: RefCell<Option<A>>,
}

impl<Q, A> Default for Asking<Q, A> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<Q: PartialEq, A: Clone> Asking<Q, A> {
    /// The answer to a question that is on its way since a moment ago, else what `ask` gives. If whoever asks gives up, the
    /// next one does.
    pub(super) async fn ask(&self, question: Q, now: u64, ask: impl Future<Output = A>) -> A {
        let way = self.way(question, now);
        let _turn = way.turns.take().await;
        let known = way.answer.borrow().clone();
        if let Some(answer) = known {
            return answer;
        }
        let answer = ask.await;
        way.answer.replace(Some(answer.clone()));
        self.0.borrow_mut().retain(|other| !Rc::ptr_eq(other, &way));
        answer
    }

    /// Whoever asks one of these from now on asks anew.
    pub(super) fn forget(&self, is_one: impl Fn(&Q) -> bool) {
        self.0.borrow_mut().retain(|way| !is_one(&way.question));
    }

    fn way(&self, question: Q, now: u64) -> Rc<Way<Q, A>> {
        let mut ways = self.0.borrow_mut();
        // All who waited have given up, or have waited too long for what comes to be recent.
        ways.retain(|way| Rc::strong_count(way) > 1 && now.abs_diff(way.since) <= RECENT);
        if let Some(way) = ways.iter().find(|way| way.question == question) {
            return Rc::clone(way);
        }
        let (turns, answer) = (Turns::default(), RefCell::default());
        let way = Rc::new(Way { question, since: now, turns, answer });
        ways.push(Rc::clone(&way));
        way
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::task::{Context, Poll, Waker};

    use futures_util::FutureExt as _;

    use super::*;

    /// Answers with how often it was asked, once `is_open`.
    struct Oracle {
        asked: Cell<u32>,
        is_open: Cell<bool>,
    }

    impl Oracle {
        async fn answer(&self) -> u32 {
            self.asked.set(self.asked.get() + 1);
            let number = self.asked.get();
            std::future::poll_fn(
                |_: &mut Context<'_>| {
                    if self.is_open.get() { Poll::Ready(()) } else { Poll::Pending }
                },
            )
            .await;
            number
        }
    }

    fn closed() -> (Oracle, Asking<&'static str, u32>) {
        (Oracle { asked: Cell::new(0), is_open: Cell::new(false) }, Asking::default())
    }

    fn waits<F: Future + Unpin>(future: &mut F) -> bool {
        future.poll_unpin(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[test]
    fn who_asks_the_same_meanwhile_gets_the_same_answer() {
        let (oracle, asking) = closed();
        let mut one = Box::pin(asking.ask("name", 0, oracle.answer()));
        let mut two = Box::pin(asking.ask("name", RECENT, oracle.answer()));
        let mut other = Box::pin(asking.ask("another", 0, oracle.answer()));
        assert!(waits(&mut one) && waits(&mut two) && waits(&mut other));
        oracle.is_open.set(true);
        assert_eq!(
            [one.now_or_never(), two.now_or_never(), other.now_or_never()],
            [Some(1), Some(1), Some(2)]
        );
        assert_eq!(
            asking.ask("name", 0, oracle.answer()).now_or_never(),
            Some(3),
            "afterwards it is asked anew"
        );
    }

    #[test]
    fn who_gives_up_holds_up_nobody() {
        let (oracle, asking) = closed();
        let mut one = Box::pin(asking.ask("name", 0, oracle.answer()));
        let mut two = Box::pin(asking.ask("name", 0, oracle.answer()));
        assert!(waits(&mut one) && waits(&mut two));
        oracle.is_open.set(true);
        drop(one);
        assert_eq!(two.now_or_never(), Some(2));
        let mut alone = Box::pin(asking.ask("name", 0, std::future::pending()));
        assert!(waits(&mut alone));
        drop(alone);
        assert_eq!(asking.ask("name", 0, oracle.answer()).now_or_never(), Some(3));
    }

    #[test]
    fn what_was_forgotten_or_asked_long_ago_is_asked_anew() {
        let (oracle, asking) = closed();
        let mut one = Box::pin(asking.ask("name", 0, oracle.answer()));
        let mut later = Box::pin(asking.ask("name", RECENT + 1, oracle.answer()));
        assert!(waits(&mut one) && waits(&mut later));
        asking.forget(|question| *question == "name");
        oracle.is_open.set(true);
        assert_eq!(asking.ask("name", RECENT + 1, oracle.answer()).now_or_never(), Some(3));
        assert_eq!([one.now_or_never(), later.now_or_never()], [Some(1), Some(2)]);
    }
}
