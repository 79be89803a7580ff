//! A connection as those see it who stand above it: how much has left over it, how much has come of a message that is not
//! complete, and a way to end it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;

use super::{Payer, Place};

/// What is less of a message is not counted, in bytes: that much is read at once anyway.
const SMALL: usize = 64 * 1024;

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

/// What came since the last complete message. The frames of a connection's own, as those that say that somebody is still
/// there, count as well: they are a few bytes.
struct Incoming {
    bytes: usize,
    place: Place<Payer>,
}

impl Line {
    /// From now on messages come, which are held until they are complete: they take this place.
    pub fn carries_messages(&self, place: Place<Payer>) {
        *self.incoming() = Some(Incoming { bytes: 0, place });
    }

    /// Notes bytes that came.
    ///
    /// # Errors
    /// If there is no room for what is not complete.
    pub fn read(&self, bytes: usize) -> io::Result<()> {
        let mut incoming = self.incoming();
        let Some(Incoming { bytes: waiting, place }) = incoming.as_mut() else { return Ok(()) };
        *waiting = waiting.saturating_add(bytes);
        let counted = if *waiting > SMALL { *waiting } else { 0 };
        place.resize(counted).map_err(|_| io::ErrorKind::ConnectionAborted.into())
    }

    /// All of a message is here, and whoever takes it counts it.
    pub fn came(&self) {
        if let Some(Incoming { bytes, place }) = self.incoming().as_mut() {
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
}
