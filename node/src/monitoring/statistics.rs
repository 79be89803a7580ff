//! How much was delivered, counted without the submit path waiting for the database.
//!
//! The numbers are the deployed ones: messages, their bytes and notifications by interval, and only of intervals
//! that are over, so that nobody watches messages go by one at a time. What was counted since the last
//! [`Statistics::save`] is lost if the process is killed.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::{Interval, StatisticsStore, StoreError};

/// Counts since the last save. Times are in seconds.
pub struct Statistics {
    interval: u64,
    retention: u64,
    messages: AtomicU64,
    bytes: AtomicU64,
    notifications: AtomicU64,
}

impl Statistics {
    /// Counts by intervals of so many seconds, which are kept for so many.
    pub const fn new(interval: u64, retention: u64) -> Self {
        Self {
            interval,
            retention,
            messages: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            notifications: AtomicU64::new(0),
        }
    }

    /// A message was taken.
    pub fn delivered(&self, bytes: usize) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// A notification was sent.
    pub fn notified(&self) {
        self.notifications.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes what was counted since the last time into the interval of `now`.
    ///
    /// # Errors
    /// [`StoreError`]; what was counted is kept then.
    pub async fn save(&self, store: &(impl StatisticsStore + ?Sized), now: u64) -> Result<(), StoreError> {
        let more = Interval {
            start: now - now % self.interval,
            messages: self.messages.swap(0, Ordering::Relaxed),
            bytes: self.bytes.swap(0, Ordering::Relaxed),
            notifications: self.notifications.swap(0, Ordering::Relaxed),
        };
        if (Interval { start: more.start, ..Interval::default() }) == more {
            return Ok(());
        }
        let saved = store.count(more, now.saturating_sub(self.retention)).await;
        if saved.is_err() {
            self.messages.fetch_add(more.messages, Ordering::Relaxed);
            self.bytes.fetch_add(more.bytes, Ordering::Relaxed);
            self.notifications.fetch_add(more.notifications, Ordering::Relaxed);
        }
        saved
    }

    /// The intervals that are kept and over, as the reference's CSV; `None` if there are none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn csv(
        &self,
        store: &(impl StatisticsStore + ?Sized),
        now: u64,
    ) -> Result<Option<String>, StoreError> {
        let current = now - now % self.interval;
        let intervals = store.intervals(now.saturating_sub(self.retention), current).await?;
        if intervals.is_empty() {
            return Ok(None);
        }
        let mut csv =
            String::from("timestampStart,durationSeconds,messageCount,messageSizeBytes,notificationCount");
        for Interval { start, messages, bytes, notifications } in intervals {
            csv.push_str(&format!("\n{start},{},{messages},{bytes},{notifications}", self.interval));
        }
        Ok(Some(csv))
    }
}
