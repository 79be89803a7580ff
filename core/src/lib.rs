//! The dm3 messaging protocol, without I/O.
//!
//! dm3 lets anybody write to anybody whose ENS name or Ethereum address they know. Somebody who wants to receive
//! publishes a *profile*: two public keys, and the names of the *delivery services* that take messages for them,
//! signed by their wallet. A sender looks the profile up through ENS, signs a *message*, seals it for the
//! receiver's key, puts it into an *envelope* for one of the delivery services, and hands it over there. The
//! receiver logs in at their delivery service with a signed challenge, fetches, opens and verifies.
//!
//! ```text
//! identity   who: addresses, names, keys from a wallet signature, profiles
//! seal       secrecy and proof: canonical JSON, hashes, Ed25519, X25519 + ChaCha20-Poly1305
//! registry   where: ENS and CCIP-read as values, profile and delivery-service records
//! message    what: draft → signed → sealed; received → opened → authentic
//! delivery   how: a delivery service's API, challenge login, socket.io
//! thread     a conversation as a fold of authentic messages
//! record     what is kept on the device
//! storage    what is kept with a server, readable to its owner alone
//! ports      what the use cases need from the world
//! session    the use cases: sign in, send, receive
//! ```
//!
//! The rooms of the protocol know neither ports nor `async`; only `session` awaits.

pub mod delivery;
pub mod identity;
mod index;
pub mod message;
pub mod ports;
pub mod record;
pub mod registry;
pub mod seal;
pub mod session;
pub mod storage;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod thread;
