//! One after the other, in the order in which they came.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Those who wait for their turn, the first of whom has it.
#[derive(Default)]
pub(crate) struct Turns {
    count: Cell<u64>,
    line: RefCell<VecDeque<(u64, Option<Waker>)>>,
}

/// A place in the line, given back when dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    number: u64,
}

impl Turns {
    /// Takes a place now, and waits for the turn.
    pub(crate) fn take(&self) -> impl Future<Output = Turn<'_>> {
        let number = self.count.replace(self.count.get() + 1);
        self.line.borrow_mut().push_back((number, None));
        let mut turn = Some(Turn { turns: self, number });
        poll_fn(move |context| {
            let mut line = self.line.borrow_mut();
            if line.front().is_none_or(|(first, _)| *first == number) {
                return turn.take().map_or(Poll::Pending, Poll::Ready);
            }
            if let Some((_, waker)) = line.iter_mut().find(|(waiting, _)| *waiting == number) {
                *waker = Some(context.waker().clone());
            }
            Poll::Pending
        })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut line = self.turns.line.borrow_mut();
        line.retain(|(waiting, _)| *waiting != self.number);
        if let Some(waker) = line.front_mut().and_then(|(_, waker)| waker.take()) {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn who_came_first_goes_first_and_who_left_holds_up_nobody() {
        let turns = Turns::default();
        let first = turns.take().now_or_never().unwrap();
        let (mut second, mut third) = (Box::pin(turns.take()), Box::pin(turns.take()));
        assert!(second.as_mut().now_or_never().is_none() && third.as_mut().now_or_never().is_none());
        drop(first);
        assert!(third.as_mut().now_or_never().is_none());
        drop(second);
        assert!(third.now_or_never().is_some());
    }
}
