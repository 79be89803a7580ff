//! Things that every device of the account is told of, each in a setting of its own: two devices that keep something at once
//! lose nothing of it, since settings come together one by one.
//!
//! ```text
//! <kind>-<id> = {kept, …}    what was kept, and its place among those of its kind
//! <kind>-<id> = null         what was dropped
//! ```

use serde_json::Value;

use super::Session;
use crate::ports::{Ports, Store as _, StoreError};
use crate::seal::json::integer;

/// The member that says when something was kept first, in milliseconds since 1970: of two, the later is higher.
const KEPT: &str = "kept";

impl<P: Ports> Session<P> {
    /// What is kept of a kind, with its id, the latest first; then what was dropped, as `null`.
    pub(super) async fn each(&self, kind: &str) -> Result<Vec<(String, Value)>, StoreError> {
        let mut all = self.all_of(kind).await?;
        all.sort_by_cached_key(|(id, value)| (u64::MAX - kept_at(value), id.clone()));
        Ok(all)
    }

    /// The same, in no order.
    pub(super) async fn all_of(&self, kind: &str) -> Result<Vec<(String, Value)>, StoreError> {
        let mut all = Vec::new();
        for name in self.ports().store().settings(self.account).await? {
            let id = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-'));
            if let (Some(id), Some(value)) = (id, self.setting(&name).await?) {
                all.push((id.to_owned(), value));
            }
        }
        Ok(all)
    }

    /// Keeps something, in place of what has its id; its place stays.
    pub(super) async fn keep_each(
        &self,
        kind: &str,
        id: &str,
        change: impl FnOnce(Option<&Value>) -> Value + 'static,
    ) -> Result<(), StoreError> {
        let latest = self.each(kind).await?.iter().map(|(_, value)| kept_at(value)).max().unwrap_or_default();
        let next = self.now().max(latest.saturating_add(1));
        let change = move |known: Option<Value>| {
            let known = known.filter(|known| !known.is_null());
            let mut value = change(known.as_ref());
            let place = known.as_ref().map_or(next, kept_at);
            if let Some(members) = value.as_object_mut() {
                members.insert(KEPT.to_owned(), place.into());
            }
            value
        };
        self.update_setting(&format!("{kind}-{id}"), change).await
    }

    /// Drops something.
    pub(super) async fn drop_each(&self, kind: &str, id: &str) -> Result<(), StoreError> {
        self.set_setting(&format!("{kind}-{id}"), Value::Null).await
    }
}

fn kept_at(value: &Value) -> u64 {
    value.get(KEPT).and_then(integer).unwrap_or_default()
}
