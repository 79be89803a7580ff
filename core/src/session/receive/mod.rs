//! Receiving: opened, proven, stored, and only then acknowledged. What can't be proven now is kept and tried again; what
//! never can be is quarantined. One bad or slow envelope never holds up the others.

mod arrival;
mod early;
mod kept;
mod listing;
mod place;
mod queue;
mod received;
mod restored;
mod seen;
mod shelf;
mod store;
mod take_in;
mod taken;

use serde_json::Value;

use super::{Home, HomeError, Session};
use crate::ports::Ports;
use arrival::Item;
pub use kept::Occasion;
pub(super) use place::CLOSE;
pub use received::{NewMessage, Received};
pub(super) use seen::Seen;
pub(super) use shelf::Shelf;
pub(super) use store::Proven;
use take_in::Batch;

impl<P: Ports> Session<P> {
    /// Takes in everything that waits at the account's delivery services, and tries again what was kept.
    ///
    /// # Errors
    /// [`HomeError`] of the first delivery service that failed, if none could be asked; and
    /// [`HomeError::Store`] as in [`Self::accept`].
    pub async fn sync(&self) -> Result<Received, HomeError> {
        let mut received = Received::default();
        let (mut asked, mut problem) = (false, None);
        for home in self.homes_and_left().await? {
            match self.fetch(&home, &mut |more| received.add(more)).await {
                Ok(()) => asked = true,
                Err(error @ HomeError::Store(_)) => return Err(error),
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        self.retry_kept(Occasion::Network, &mut |more| received.add(more)).await?;
        match problem {
            Some(error) if !asked && received.new.is_empty() => Err(error),
            _ => Ok(received),
        }
    }

    /// Takes in envelopes that a delivery service pushed, and tells of what comes out of it as soon as it is stored.
    ///
    /// # Errors
    /// [`HomeError::Store`] if something could not be stored: then nothing of that sender is acknowledged.
    pub async fn accept(
        &self,
        home: &Home,
        envelopes: Vec<Value>,
        tell: &mut dyn FnMut(Received),
    ) -> Result<(), HomeError> {
        let items = envelopes.into_iter().map(|envelope| Item { envelope, number: None }).collect();
        self.take_in(Batch { home, items, crowded: false }, tell).await?;
        Ok(())
    }
}
