//! Why somebody was not found.

use crate::identity::{Address, EnsName, MeantError, NameError, ProfileError};
use crate::ports::{StoreError, Unreachable};
use crate::registry::{DeliveryServiceError, LookupError, RecordError};

/// Why somebody was not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It can't be made out whom a text means.
    #[error(transparent)]
    Meant(#[from] MeantError),
    /// Nobody owns the name, or it points to no address.
    #[error("nobody is registered as {0}")]
    Unknown(EnsName),
    /// An address name that points to another address than the one it carries: whoever serves it lies.
    #[error("{name} points to the account {address}, which is not the one in its name")]
    NotItself {
        /// The name.
        name: EnsName,
        /// Where it points.
        address: Address,
    },
    /// What is published for the account now was replaced before: whoever serves it may be serving an old one, and it is
    /// not used unless the account's owner says so by another way, or the person here accepts it.
    #[error("the dm3 profile of {name} is one that was replaced before")]
    OldProfile {
        /// Whose profile.
        name: EnsName,
        /// Since when the one that replaced it is known: milliseconds since 1970.
        replaced: u64,
    },
    /// The keys at this name are not those that the account is known by, and nothing else says that they are its own.
    #[error("the dm3 profile of {0} has other keys than the ones that are known")]
    OtherKeys(EnsName),
    /// What is known of the account can't be read on this device.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network failed; it can be tried again.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The chain or a gateway gave an unusable answer; it can be tried again.
    #[error("{name} could not be looked up: {reason}")]
    Lookup {
        /// Whose record.
        name: EnsName,
        /// What went wrong.
        reason: LookupError,
    },
    /// The record exists, but its owner published something that can't be used.
    #[error("the dm3 record of {name} can't be used: {reason}")]
    Record {
        /// Whose record.
        name: EnsName,
        /// What is wrong with it.
        reason: RecordError,
    },
    /// The profile exists, but its owner did not sign it like this.
    #[error("the dm3 profile of {name} can't be trusted: {reason}")]
    Profile {
        /// Whose profile.
        name: EnsName,
        /// What is wrong with it.
        reason: ProfileError,
    },
    /// The name has no delivery-service record.
    #[error("{0} is no delivery service")]
    NoDeliveryService(EnsName),
    /// The delivery service's record can't be used.
    #[error("the record of the delivery service {name} can't be used: {reason}")]
    DeliveryService {
        /// Which one.
        name: EnsName,
        /// What is wrong with it.
        reason: DeliveryServiceError,
    },
}

impl FindError {
    /// Whether another try may succeed without anybody changing their records.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::Lookup { .. }
                | Self::OldProfile { .. }
                | Self::OtherKeys(_)
                | Self::Store(_)
                | Self::Name(NameError::NoTables)
        )
    }
}
