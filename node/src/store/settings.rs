//! What accounts want.

use dm3_core::identity::Address;

use super::StoreError;

/// The accounts' settings, as JSON text that the store does not read.
#[async_trait::async_trait]
pub trait SettingsStore: Send + Sync {
    /// The settings of an account, if it has set any.
    async fn settings(&self, address: Address) -> Result<Option<String>, StoreError>;

    /// Replaces the settings of an account, and so raises its version.
    async fn set_settings(&self, address: Address, settings: &str) -> Result<(), StoreError>;
}
