//! Counting what all processes of one database count together.

use crate::app::App;
use crate::limits::TooMany;
use crate::machine::clock::now_ms;
use crate::store::{Rate, StoreError};

impl App {
    /// Counts one use of each of these, or of none; `cause` is what a refusal is measured as.
    ///
    /// # Errors
    /// [`StoreError`], or within [`TooMany`].
    pub async fn counted_by_all(
        &self,
        cause: &'static str,
        rates: &[Rate],
    ) -> Result<Result<(), TooMany>, StoreError> {
        if rates.is_empty() {
            return Ok(Ok(()));
        }
        let wait = self.metrics.timed("count", self.store.count_uses(rates, now_ms())).await?;
        Ok(wait.map_or(Ok(()), |ms| {
            self.metrics.refused(cause);
            Err(TooMany::for_ms(ms))
        }))
    }
}
