//! Whether there is room for new things.

use super::ApiError;
use crate::app::App;

impl App {
    /// Refuses new things while there is no room for them.
    ///
    /// # Errors
    /// [`ApiError::Full`].
    pub fn want_room(&self) -> Result<(), ApiError> {
        if !self.disk.is_nearly_full() {
            return Ok(());
        }
        self.metrics.refused("disk");
        Err(ApiError::Full("this server's disk is nearly full; try again later".into()))
    }
}
