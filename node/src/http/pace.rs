//! Whether a client reads what is written to it.
//!
//! The time for which it kept the server waiting is owed; what it reads pays for it, and so does time in which nothing
//! waits. So one that reads nothing is found out as well as one that reads a byte now and then, and one that reads slowly or
//! stops for a moment is not. How fast is fast enough depends on how much memory there is for answers: as long as it is at
//! hand, a telephone far from a mast is served as well.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::limits::{Payer, Pool};

/// How long a client may owe.
const MOST_OWED: Duration = Duration::from_secs(30);
/// How many bytes pay for a second: who reads as fast never owes more and more. The slowest networks of telephones are faster.
const PACE: u32 = 2 * 1024;
/// The same, while more than half of the memory for answers is taken.
const PACE_IN_NEED: u32 = 16 * 1024;

/// What one client owes.
pub struct Pace {
    answers: Pool<Payer>,
    owed: Duration,
    since: Instant,
    waits: bool,
    overdue: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// Nothing yet. What waits to be read is counted with the `answers` of all.
    pub fn new(answers: Pool<Payer>) -> Self {
        Self { answers, owed: Duration::ZERO, since: Instant::now(), waits: false, overdue: None }
    }

    /// Notes what came of writing.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] if too much is owed.
    pub fn note(
        &mut self,
        polled: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match polled {
            Poll::Ready(Ok(bytes)) => {
                self.wrote(bytes, Instant::now());
                polled
            }
            Poll::Ready(Err(_)) => polled,
            Poll::Pending => {
                let until = self.blocked(Instant::now());
                let overdue = self.overdue.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
                if overdue.deadline() != until {
                    overdue.as_mut().reset(until);
                }
                overdue.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    /// Nothing can be written now; until when that may last.
    fn blocked(&mut self, now: Instant) -> Instant {
        if !self.waits {
            self.passes(now);
            self.waits = true;
        }
        self.since + MOST_OWED.saturating_sub(self.owed)
    }

    fn wrote(&mut self, bytes: usize, now: Instant) {
        self.passes(now);
        self.waits = false;
        // Who keeps up is not asked about.
        if self.owed.is_zero() {
            return;
        }
        let pace = if self.answers.is_half_taken() { PACE_IN_NEED } else { PACE };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.owed = self.owed.saturating_sub(Duration::from_secs(1) * bytes / pace);
    }

    fn passes(&mut self, now: Instant) {
        let passed = now.duration_since(self.since);
        self.owed = if self.waits { self.owed + passed } else { self.owed.saturating_sub(passed) };
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Place;

    /// The memory for answers, and so much of it that is taken.
    fn answers(taken: usize) -> (Pool<Payer>, Place<Payer>) {
        let pool = Pool::new(1000, 1000);
        let place = pool.enter(&Payer::Node, taken).unwrap();
        (pool, place)
    }

    /// After how many seconds a client is closed that reads so many bytes at a time, with so many seconds between, while so
    /// much of a thousand is taken.
    fn closed(bytes: usize, pause: u64, taken: usize) -> Option<u64> {
        let (answers, _place) = answers(taken);
        let mut pace = Pace::new(answers);
        let begin = Instant::now();
        let mut now = begin;
        while now < begin + Duration::from_secs(10_000) {
            let until = pace.blocked(now);
            now += Duration::from_secs(pause);
            if until < now {
                return Some((until - begin).as_secs());
            }
            pace.wrote(bytes, now);
        }
        None
    }

    #[test]
    fn who_reads_a_little_now_and_then_is_found_out_as_well_as_who_reads_nothing() {
        for taken in [0, 501] {
            assert_eq!(closed(0, 1, taken), Some(30));
            assert_eq!(closed(1, 29, taken), Some(30));
        }
        assert_eq!(closed(1024, 1, 0), Some(59));
        assert_eq!(closed(8 * 1024, 29, 0), Some(34));
    }

    #[test]
    fn who_reads_as_fast_as_a_slow_line_carries_is_served_while_there_is_memory() {
        for bytes in [2 * 1024, 8 * 1024, 12 * 1024] {
            assert_eq!(closed(bytes, 1, 500), None);
        }
        assert_eq!(closed(8 * 1024, 1, 501), Some(59));
        assert_eq!(closed(64 * 1024, 29, 501), Some(34));
        assert_eq!(closed(16 * 1024, 1, 1000), None);
    }

    #[test]
    fn who_stops_for_a_moment_is_served() {
        assert_eq!(closed(1024 * 1024, 25, 1000), None);
        let mut pace = Pace::new(answers(0).0);
        let mut now = Instant::now();
        for _ in 0..100 {
            pace.blocked(now);
            now += Duration::from_secs(20);
            pace.wrote(100, now);
            // Nothing waits for a while.
            now += Duration::from_secs(20);
            pace.wrote(100, now);
        }
        assert!(pace.blocked(now) > now + Duration::from_secs(9));
    }
}
