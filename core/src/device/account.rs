use crate::identity::{Address, EnsName};

/// The account that is signed in on this device. No secrets: the key seed is kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The account's address.
    pub address: Address,
    /// Its primary ENS name, if it has one that resolves back to it.
    pub name: Option<EnsName>,
}
