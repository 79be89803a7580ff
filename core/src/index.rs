//! Texts, each with a number: a set or a map.

use serde_json::{Map, Value};

/// Built on the map of JSON objects, because each type of map and each type that is sorted adds kilobytes of
/// code of its own to the element.
#[derive(Default)]
pub struct Index(Map<String, Value>);

impl Index {
    /// Adds or replaces; tells whether the key was new.
    pub fn insert(&mut self, key: String, number: usize) -> bool {
        self.0.insert(key, number.into()).is_none()
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of a key.
    pub fn get(&self, key: &str) -> Option<usize> {
        self.0.get(key).and_then(as_number)
    }
}

fn as_number(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|number| usize::try_from(number).ok())
}
