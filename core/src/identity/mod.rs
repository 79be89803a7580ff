//! Who somebody is: addresses, names, keys and the profile that binds them together.
//!
//! ```text
//! wallet ──signs key message──▶ KeySeed ──▶ ProfileKeys ──▶ UserProfile
//! wallet ──signs profile message──▶ SignedProfile ──verify(address)──▶ VerifiedProfile
//! ```

mod address;
#[cfg(feature = "ensip15")]
mod ensip15;
mod keys;
mod look_alike;
mod name;
mod profile;
mod secp256k1;
pub mod wallet_signature;

pub use address::{Address, AddressError};
pub use keys::{DEFAULT_NONCE, KeySeed, ProfileKeys, PublicKeys, SeedError, key_message};
pub use name::{EnsName, NameError};
pub use profile::{ProfileError, SignedProfile, UserProfile, VerifiedProfile};
