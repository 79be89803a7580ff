//! What was found out lately, so that it need not be asked again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// At most `most` values, each for a while.
pub struct Recent<K, V> {
    values: Mutex<HashMap<K, (Instant, V)>>,
    most: usize,
    age: Duration,
}

impl<K: Hash + Eq + Clone, V: Clone> Recent<K, V> {
    /// Remembers at most `most` values, each for `age`.
    pub fn new(most: usize, age: Duration) -> Self {
        Self { values: Mutex::default(), most, age }
    }

    /// What is remembered of a key.
    pub fn get(&self, key: &K) -> Option<V> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.get(key).filter(|(since, _)| since.elapsed() < self.age).map(|(_, value)| value.clone())
    }

    /// What is remembered of a key; if that is nothing, this from now on.
    pub fn get_or_insert_with(&self, key: &K, make: impl FnOnce() -> V) -> V {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = values.get(key).filter(|(since, _)| since.elapsed() < self.age) {
            return value.clone();
        }
        let value = make();
        self.put(&mut values, key.clone(), value.clone());
        value
    }

    /// Remembers a value; if there are too many, another is forgotten.
    pub fn insert(&self, key: K, value: V) {
        self.put(&mut self.values.lock().unwrap_or_else(PoisonError::into_inner), key, value);
    }

    fn put(&self, values: &mut HashMap<K, (Instant, V)>, key: K, value: V) {
        if values.len() >= self.most {
            values.retain(|_, (since, _)| since.elapsed() < self.age);
        }
        if values.len() >= self.most {
            let any = values.keys().next().cloned();
            any.map(|key| values.remove(&key));
        }
        values.insert(key, (Instant::now(), value));
    }

    /// Forgets the values that `forget` says.
    pub fn forget(&self, forget: impl Fn(&V) -> bool) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.retain(|_, (_, value)| !forget(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_allowed_is_remembered() {
        let recent = Recent::new(3, Duration::from_secs(3600));
        for n in 0..100 {
            recent.insert(n, n);
            assert_eq!(recent.get(&n), Some(n));
        }
        assert_eq!(recent.values.lock().unwrap().len(), 3);
        assert_eq!((recent.get_or_insert_with(&99, || 7), recent.get_or_insert_with(&100, || 7)), (99, 7));
        assert_eq!(recent.get_or_insert_with(&100, || 8), 7);
        assert_eq!(recent.values.lock().unwrap().len(), 3);
        recent.forget(|_| true);
        assert_eq!(recent.get(&99), None);
    }

    #[test]
    fn what_is_too_old_is_not_remembered() {
        let recent = Recent::new(3, Duration::ZERO);
        recent.insert(1, 1);
        assert_eq!(recent.get(&1), None);
    }
}
