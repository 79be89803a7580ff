//! A connection as those see it who stand above it: how much has left over it, how much has come of a message that is not
//! complete, and a way to end it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;

use super::{Full, Payer, Place};

/// What is less of a message is not counted, in bytes: that much is read at once anyway.
const SMALL: usize = 64 * 1024;
/// Who only listens says every 25 seconds that it is there, over TLS in 29 bytes: so many in a second are not counted.
const HEARTBEAT: u32 = 4;
/// For how long one may have been silent before, for which such bytes come all at once.
const MOST_SILENCE: Duration = Duration::from_secs(60);

/// A handle to one connection. Cloning gives another.
#[derive(Clone, Default)]
pub struct Line(Arc<Inner>);

#[derive(Default)]
struct Inner {
    written: AtomicU64,
    ended: AtomicBool,
    reading: AtomicWaker,
    writing: AtomicWaker,
    incoming: Mutex<Option<Incoming>>,
}

/// What came since the last complete message, without what the connection's own frames take, as those that say that
/// somebody is still there. What has come is never forgiven later: a message that stops in the middle stays counted.
struct Incoming {
    bytes: usize,
    place: Place<Payer>,
    /// For how much time nothing has come that would say that somebody is there.
    silence: Duration,
    since: Instant,
}

impl Incoming {
    fn new(place: Place<Payer>, now: Instant) -> Self {
        Self { bytes: 0, place, silence: Duration::ZERO, since: now }
    }

    fn read(&mut self, bytes: usize, now: Instant) -> Result<(), Full> {
        let passed = now.saturating_duration_since(self.since);
        self.since = now;
        self.silence = (self.silence + passed).min(MOST_SILENCE);
        let heartbeat = (self.silence * HEARTBEAT).as_secs().min(bytes as u64);
        self.silence = self.silence.saturating_sub(Duration::from_secs(heartbeat) / HEARTBEAT);
        let counted = bytes - usize::try_from(heartbeat).unwrap_or(bytes);
        self.bytes = self.bytes.saturating_add(counted);
        self.place.resize(if self.bytes > SMALL { self.bytes } else { 0 })
    }
}

impl Line {
    /// From now on messages come, which are held until they are complete: they take this place.
    pub fn carries_messages(&self, place: Place<Payer>) {
        *self.incoming() = Some(Incoming::new(place, Instant::now()));
    }

    /// Notes bytes that came.
    ///
    /// # Errors
    /// If there is no room for what is not complete.
    pub fn read(&self, bytes: usize) -> io::Result<()> {
        let mut incoming = self.incoming();
        let Some(incoming) = incoming.as_mut() else { return Ok(()) };
        incoming.read(bytes, Instant::now()).map_err(|_| io::ErrorKind::ConnectionAborted.into())
    }

    /// All of a message is here, and whoever takes it counts it.
    pub fn came(&self) {
        if let Some(Incoming { bytes, place, .. }) = self.incoming().as_mut() {
            *bytes = 0;
            place.shrink(usize::MAX);
        }
    }

    fn incoming(&self) -> MutexGuard<'_, Option<Incoming>> {
        self.0.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes the operating system has taken of what was written.
    pub fn written(&self) -> u64 {
        self.0.written.load(Ordering::Relaxed)
    }

    /// Ends it: whoever reads or writes finds it broken.
    pub fn end(&self) {
        self.0.ended.store(true, Ordering::SeqCst);
        self.0.reading.wake();
        self.0.writing.wake();
    }

    /// Notes bytes that were written.
    pub fn wrote(&self, bytes: usize) {
        self.0.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Whoever reads asks this first, and is woken when it ends.
    ///
    /// # Errors
    /// If it has ended.
    pub fn reads(&self, context: &Context<'_>) -> io::Result<()> {
        self.0.reading.register(context.waker());
        self.goes_on()
    }

    /// Whoever writes asks this first, and is woken when it ends.
    ///
    /// # Errors
    /// If it has ended.
    pub fn writes(&self, context: &Context<'_>) -> io::Result<()> {
        self.0.writing.register(context.waker());
        self.goes_on()
    }

    fn goes_on(&self) -> io::Result<()> {
        if self.0.ended.load(Ordering::SeqCst) {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Client, Pool};

    #[test]
    fn what_is_not_complete_is_counted_until_it_is() {
        let pool = Pool::new(1_000_000, 200_000);
        let payer = Payer::Client(Client::of([192, 0, 2, 1].into()));
        let line = Line::default();
        assert!(line.read(1_000_000).is_ok(), "requests are counted elsewhere");
        line.carries_messages(pool.enter(&payer, 0).unwrap());
        assert!(line.read(SMALL).is_ok());
        assert_eq!(pool.taken(), 0);
        assert!(line.read(100_000).is_ok());
        assert_eq!(pool.taken(), SMALL + 100_000);
        assert!(line.read(100_000).is_err());
        line.came();
        assert_eq!(pool.taken(), 0);
        assert!(line.read(190_000).is_ok());
        drop(line);
        assert_eq!(pool.taken(), 0);
    }
    #[test]
    fn who_only_says_that_it_is_there_takes_nothing_however_long_it_stays() {
        let pool = Pool::new(1_000_000, 1_000_000);
        let payer = Payer::Client(Client::of([192, 0, 2, 1].into()));
        let mut now = Instant::now();
        let mut incoming = Incoming::new(pool.enter(&payer, 0).unwrap(), now);
        for _ in 0..10_000 {
            now += Duration::from_secs(25);
            // In two parts, as a network may bring it.
            incoming.read(5, now).unwrap();
            incoming.read(24, now).unwrap();
        }
        assert_eq!((incoming.bytes, pool.taken()), (0, 0));
        // A part of a message stays counted, however long nothing comes.
        incoming.read(800_000, now).unwrap();
        let held = pool.taken();
        assert!(held > 799_000, "{held}");
        for _ in 0..10_000 {
            now += Duration::from_secs(25);
            incoming.read(29, now).unwrap();
        }
        assert_eq!(pool.taken(), held);
    }

    #[test]
    fn a_message_that_comes_a_little_at_a_time_is_counted() {
        let pool = Pool::new(1_000_000, 1_000_000);
        let payer = Payer::Client(Client::of([192, 0, 2, 1].into()));
        let mut now = Instant::now();
        let mut incoming = Incoming::new(pool.enter(&payer, 0).unwrap(), now);
        for _ in 0..10_000 {
            now += Duration::from_secs(1);
            incoming.read(100, now).unwrap();
        }
        assert!(pool.taken() >= 900_000, "{}", pool.taken());
    }
}
