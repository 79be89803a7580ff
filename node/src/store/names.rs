//! Names that users claimed, one for each address.

use dm3_core::identity::{Address, EnsName};

use super::StoreError;

/// The claimed names.
#[async_trait::async_trait]
pub trait NameStore: Send + Sync {
    /// Gives a name to an address; false if the name is taken or the address has one.
    async fn claim_name(&self, name: &EnsName, address: Address) -> Result<bool, StoreError>;

    /// Takes a name back from an address; false if it was not its.
    async fn release_name(&self, name: &EnsName, address: Address) -> Result<bool, StoreError>;

    /// Who claimed a name.
    async fn address_of(&self, name: &EnsName) -> Result<Option<Address>, StoreError>;

    /// The name an address claimed.
    async fn name_of(&self, address: Address) -> Result<Option<EnsName>, StoreError>;
}
