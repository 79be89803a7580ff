//! The delivery services that the account's profile does not list any more. Who has a former profile may still write
//! there, and what waits there is picked up all the same.
//!
//! ```text
//! services = {left: {<name>: <until>, …}}   until: milliseconds since 1970; written by who changes the list, each time
//! ```

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
        let Some(known) = self.setting(SERVICES).await? else { return Ok(Vec::new()) };
        let now = self.now();
        let left = known.get(LEFT).and_then(|left| left.as_object()).into_iter().flatten();
        let until = left.filter_map(|(name, until)| {
            Some((EnsName::from_normalised(name).ok()?, integer(until).filter(|until| *until > now)?))
        });
        Ok(until.collect())
    }

    /// Another list may be published by now: it is looked up the next time.
    pub fn look_for_homes_again(&self) {
        self.directory.forget(&self.alias);
        self.homes_found.set(0);
    }
}
