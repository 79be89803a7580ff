//! Who somebody is: addresses, names, keys and the profile that binds them together.
//!
//! ```text
//! wallet ──signs key message──▶ KeySeed ──▶ ProfileKeys ──▶ UserProfile
//! wallet ──signs profile message──▶ SignedProfile ──verify(address)──▶ VerifiedProfile
//! chance ──▶ KeySeed ──RecoveryCode──▶ Backup
//! KeySeed ──KeyTag──▶ ContractKey      what a device signs for contracts
//! keys of two people ──▶ ComparisonCode
//! VerifiedProfile ──vouches──▶ SignedLink ──verify(time, scope)──▶ VerifiedLink
//! ```

mod address;
mod backup;
mod comparison;
mod contract_key;
#[cfg(feature = "ensip15")]
mod ensip15;
mod keys;
mod link;
mod look_alike;
mod meant;
mod mention;
mod name;
mod name_error;
mod profile;
mod secp256k1;
mod seen;
pub(crate) mod typed_data;
pub mod wallet_signature;

pub use address::{Address, AddressError};
pub use backup::{Backup, BackupError, RecoveryCode};
pub use comparison::ComparisonCode;
pub use contract_key::{ContractKey, KeyTag};
pub use keys::{
    DEFAULT_NONCE, KeyNonce, KeySeed, NonceError, ProfileKeys, PublicKeys, SeedError, key_message,
};
pub use link::{Link, LinkError, LinkPurpose, MainId, SignedLink, VerifiedLink};
pub use look_alike::is_look_alike;
pub use meant::{MAX_TYPED, Meant, MeantError, Nft};
pub use mention::is_named_in;
pub use name::EnsName;
pub use name_error::NameError;
pub use profile::{ProfileError, SignedProfile, UserProfile, VerifiedProfile};
pub use seen::{SeenError, SeenProfiles, Sighting};
