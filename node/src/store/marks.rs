//! What the node notes about itself.

use super::StoreError;

/// The notes, by name.
#[async_trait::async_trait]
pub trait MarkStore: Send + Sync {
    /// The number under a name.
    async fn mark(&self, name: &str) -> Result<Option<u64>, StoreError>;

    /// Puts a number under a name.
    async fn set_mark(&self, name: &str, value: u64) -> Result<(), StoreError>;
}
