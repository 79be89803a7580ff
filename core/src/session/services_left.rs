//! The delivery services that the account's profile does not list any more. Who has a former profile may still write
//! there, and what waits there is picked up all the same.
//!
//! ```text
//! services = {left: [[<name>, <until>], …]}   until: milliseconds since 1970; written by who changes the list, each time
//! ```

use serde_json::Value;

use super::Session;
use crate::identity::EnsName;
use crate::ports::{Ports, StoreError};
use crate::seal::json::integer;

/// What every device is told of: which were left, and that the list has changed.
pub(super) const SERVICES: &str = "services";
/// The member with those that were left.
pub(super) const LEFT: &str = "left";

impl<P: Ports> Session<P> {
    /// Those that were left and are read for a while yet, with the time until which they are: milliseconds since 1970.
    pub(super) async fn services_left(&self) -> Result<Vec<(EnsName, u64)>, StoreError> {
        let known = self.setting(SERVICES).await?;
        let (mut left, now) = (Vec::new(), self.now());
        for one in known.as_ref().and_then(|known| known.get(LEFT)?.as_array()).into_iter().flatten() {
            let (Some(name), Some(until)) =
                (one.get(0).and_then(Value::as_str), one.get(1).and_then(integer))
            else {
                continue;
            };
            if let Ok(name) = EnsName::from_normalised(name)
                && until > now
            {
                left.push((name, until));
            }
        }
        Ok(left)
    }

    /// Another list may be published by now: it is looked up the next time.
    pub fn look_for_homes_again(&self) {
        self.directory.forget(&self.alias);
        self.homes_found.set(0);
    }
}
