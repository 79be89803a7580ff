//! What an account wants.

use dm3_core::identity::Address;

use crate::app::App;
use crate::settings::Settings;
use crate::store::StoreError;

impl App {
    /// Replaces what an account wants.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_settings(&self, account: Address, settings: &Settings) -> Result<(), StoreError> {
        self.store.set_settings(account, &settings.to_stored()).await?;
        self.receivers.forget(account);
        Ok(())
    }
}
