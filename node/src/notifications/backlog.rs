//! What was sent to a socket and has not left yet. It is held in memory, so it is counted, and whoever opened the socket
//! pays for it.
//!
//! Nobody tells when a packet leaves. But of a socket that stays connected it is known how much was written to its
//! connection, and of one that asks again and again how much it was answered: what was sent before that has gone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socketioxide::socket::Sid;

use crate::limits::{Full, Line, Payer, Place};

/// What is less is not counted, in bytes: nearly every socket keeps up.
const SMALL: u64 = 64 * 1024;
/// How long a socket that was told that it is over may still ask for what it was told.
const PARTING: Duration = Duration::from_secs(2);
/// How long it is remembered that one is over: longer than one lives that nobody answers for.
const REMEMBERED: Duration = Duration::from_secs(120);

/// What waits for one socket.
pub struct Backlog(Mutex<Waiting>);

struct Waiting {
    /// How many bytes were sent since nothing waited.
    sent: u64,
    /// How many bytes had left by then.
    gone: u64,
    /// How many bytes it was answered when it asked.
    answered: u64,
    place: Place<Payer>,
}

impl Backlog {
    /// Nothing waits yet.
    pub const fn new(place: Place<Payer>) -> Self {
        Self(Mutex::new(Waiting { sent: 0, gone: 0, answered: 0, place }))
    }

    /// Counts bytes that are sent, where so many have been `written` to the connection.
    ///
    /// # Errors
    /// [`Full`]: so much must not wait.
    pub fn send(&self, bytes: u64, written: u64) -> Result<(), Full> {
        let mut waiting = self.lock();
        let left = waiting.settle(written);
        waiting.sent += bytes;
        waiting.count(left + bytes)
    }

    /// Gives back what has left.
    pub fn settle(&self, written: u64) {
        let mut waiting = self.lock();
        let left = waiting.settle(written);
        // Less than before always has room.
        let _ = waiting.count(left);
    }

    /// Notes bytes that it was answered when it asked.
    pub fn answered(&self, bytes: u64) {
        self.lock().answered += bytes;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// How much still waits. What frames and headers cost was written as well: so counting begins anew whenever nothing
    /// waits, and does not run ahead.
    fn settle(&mut self, written: u64) -> u64 {
        let gone = written + self.answered;
        let left = self.sent.saturating_sub(gone.saturating_sub(self.gone));
        if left == 0 {
            (self.sent, self.gone) = (0, gone);
        }
        left
    }

    fn count(&mut self, left: u64) -> Result<(), Full> {
        let counted = if left > SMALL { left } else { 0 };
        self.place.resize(usize::try_from(counted).unwrap_or(usize::MAX))
    }
}

/// Over which connections sockets stay connected, and which sockets are over. Cloning gives another handle.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// With how many bytes were written when the socket began to use it.
    used: HashMap<Sid, (Line, u64)>,
    over: HashMap<Sid, Instant>,
}

/// Keeps it known which connection a socket uses, until this is dropped.
pub struct Linked {
    lines: Lines,
    socket: Sid,
}

impl Lines {
    /// Notes which connection a socket uses; only the first counts, since a socket changes from asking to staying
    /// connected once.
    pub fn link(&self, socket: Sid, line: &Line) -> Option<Linked> {
        let mut known = self.lock();
        if known.used.contains_key(&socket) {
            return None;
        }
        known.used.insert(socket, (line.clone(), line.written()));
        Some(Linked { lines: self.clone(), socket })
    }

    /// How many bytes were written for a socket that stays connected.
    pub fn written(&self, socket: Sid) -> u64 {
        self.lock().used.get(&socket).map_or(0, |(line, before)| line.written().saturating_sub(*before))
    }

    /// All of a message that came over a socket is here.
    pub fn came(&self, socket: Sid) {
        let line = self.lock().used.get(&socket).map(|(line, _)| line.clone());
        if let Some(line) = line {
            line.came();
        }
    }

    /// Ends a socket's connection, at once or when it had time to read why, and refuses it from then on if it asks.
    pub fn end(&self, socket: Sid, at_once: bool) {
        let now = Instant::now();
        let mut known = self.lock();
        known.over.retain(|_, since| now.duration_since(*since) < REMEMBERED);
        known.over.insert(socket, now);
        let Some((line, _)) = known.used.get(&socket).cloned() else { return };
        drop(known);
        if at_once {
            line.end();
            return;
        }
        tokio::spawn(async move {
            tokio::time::sleep(PARTING).await;
            line.end();
        });
    }

    /// Whether a socket is over, and had time to hear of it.
    pub fn is_over(&self, socket: Sid) -> bool {
        self.lock().over.get(&socket).is_some_and(|since| since.elapsed() >= PARTING)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        self.lines.lock().used.remove(&self.socket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Client, Pool};

    fn payer() -> Payer {
        Payer::Client(Client::of("192.0.2.1".parse().unwrap()))
    }

    #[test]
    fn what_waits_is_counted_until_it_has_left() {
        let pool = Pool::new(1_000_000, 300_000);
        let backlog = Backlog::new(pool.enter(&payer(), 0).unwrap());
        assert_eq!(backlog.send(60_000, 500), Ok(()));
        assert_eq!(pool.taken(), 0, "so little is not counted");
        assert_eq!(backlog.send(200_000, 500), Ok(()));
        assert_eq!(pool.taken(), 260_000);
        assert_eq!(backlog.send(50_000, 500), Err(Full::Share));
        backlog.settle(200_500);
        assert_eq!(pool.taken(), 110_000);
        backlog.answered(110_000);
        backlog.settle(200_500);
        assert_eq!(pool.taken(), 0);
    }

    #[test]
    fn what_frames_cost_is_not_taken_for_what_has_left() {
        let pool = Pool::new(1_000_000, 1_000_000);
        let backlog = Backlog::new(pool.enter(&payer(), 0).unwrap());
        for n in 1..=100 {
            assert_eq!(backlog.send(10, n * 10_000), Ok(()));
        }
        assert_eq!(backlog.send(100_000, 1_010_000), Ok(()));
        assert_eq!(pool.taken(), 100_000);
    }

    #[tokio::test]
    async fn a_socket_that_is_over_has_a_moment_and_no_connection() {
        let (lines, line, socket) = (Lines::default(), Line::default(), Sid::new());
        line.wrote(10);
        let linked = lines.link(socket, &line).unwrap();
        assert!(lines.link(socket, &Line::default()).is_none(), "the first counts");
        line.wrote(5);
        assert_eq!(lines.written(socket), 5);
        let context = std::task::Context::from_waker(std::task::Waker::noop());
        lines.end(socket, false);
        assert!(line.reads(&context).is_ok());
        tokio::time::sleep(PARTING + Duration::from_millis(300)).await;
        assert!(line.reads(&context).is_err() && line.writes(&context).is_err());
        drop(linked);
        assert_eq!(lines.written(socket), 0);
    }
}
