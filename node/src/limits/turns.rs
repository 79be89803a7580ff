//! Turns at something that is shared: who has as many as one may have waits for itself, and nobody waits behind its others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Taker;

/// So many at a time for each.
pub struct Turns<K: Taker> {
    most: usize,
    lines: Arc<Mutex<HashMap<K, Arc<Semaphore>>>>,
}

/// A turn. It is over when this is dropped.
pub struct Turn<K: Taker> {
    key: K,
    line: Arc<Semaphore>,
    lines: Arc<Mutex<HashMap<K, Arc<Semaphore>>>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<K: Taker> Turns<K> {
    /// At most `most` at a time for each.
    pub fn new(most: usize) -> Self {
        Self { most, lines: Arc::default() }
    }

    /// Waits for a turn of `key`, behind those that `key` waits for already.
    pub async fn of(&self, key: K) -> Turn<K> {
        let line = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.entry(key.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.most))).clone()
        };
        // Made before the wait, so that whoever goes away meanwhile leaves nothing behind.
        let mut turn = Turn { key, line: line.clone(), lines: self.lines.clone(), permit: None };
        // Never closed, so there is one.
        turn.permit = line.acquire_owned().await.ok();
        turn
    }
}

impl<K: Taker> Drop for Turn<K> {
    fn drop(&mut self) {
        self.permit = None;
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        // Besides this one and the map nobody has it.
        if Arc::strong_count(&self.line) == 2 {
            lines.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_has_many_waits_for_itself_and_others_do_not() {
        let turns = Turns::new(2);
        let soon = |key: &str| tokio::time::timeout(Duration::from_millis(50), turns.of(key.to_owned()));
        let (first, second) = (soon("a").await.unwrap(), soon("a").await.unwrap());
        assert!(soon("a").await.is_err());
        let other = soon("b").await.unwrap();
        drop(first);
        let third = soon("a").await.unwrap();
        assert_eq!(turns.lines.lock().unwrap().len(), 2);
        drop((second, third, other));
        assert_eq!(turns.lines.lock().unwrap().len(), 0, "nothing is kept of who is gone");
    }
}
