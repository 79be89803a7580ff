//! Keys and pseudonyms of our own records.
//!
//! ```text
//! key(label)   = HKDF-SHA256(salt "dm3-chat storage v1", secret: key seed, info: label ‖ owner)      RFC 5869
//! pseudonym    = HMAC-SHA256(key("pseudonym"), what ‖ 0x00 ‖ …)                                       RFC 2104
//! ```
//!
//! A pseudonym names the same thing to all devices of an account, and says nothing to the server, not even that the
//! same message is in somebody else's storage. Content has a key of its own.

use std::fmt;
use std::str::FromStr;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::conversation::ConversationId;
use crate::identity::{Address, KeySeed};

const SALT: &[u8] = b"dm3-chat storage v1";

/// The secrets under which an account keeps its records.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct StorageKeys {
    pseudonym: [u8; 32],
    content: [u8; 32],
    #[zeroize(skip)]
    owner: Address,
}

/// A keyed name of a conversation or a record. `Display` is `0x` and 64 digits.
#[derive(Clone, Copy, Debug)]
pub struct Pseudonym([u8; 32]);

/// A text that is no pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pseudonym is 0x followed by 64 hexadecimal digits")]
pub struct PseudonymError;

impl StorageKeys {
    /// The keys that follow from the seed of an account.
    pub fn derive(seed: &KeySeed, owner: Address) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(SALT), seed.expose_secret());
        let mut keys = Self { pseudonym: [0; 32], content: [0; 32], owner };
        for (label, key) in [("pseudonym", &mut keys.pseudonym), ("content", &mut keys.content)] {
            let info = [label.as_bytes(), owner.as_bytes()].concat();
            #[allow(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8,160 bytes")]
            hkdf.expand(&info, key).expect("32 bytes are not too many");
        }
        keys
    }

    /// Whose records these are.
    pub const fn owner(&self) -> Address {
        self.owner
    }

    /// Names a conversation.
    pub fn conversation(&self, conversation: ConversationId) -> Pseudonym {
        match conversation {
            ConversationId::Peer(peer) => self.pseudonym(&[b"conversation", &[0, 1], peer.as_bytes()]),
        }
    }

    /// Names what belongs to the account and to no conversation.
    pub fn account(&self) -> Pseudonym {
        self.pseudonym(&[b"account", &[0]])
    }

    pub(super) fn record(&self, conversation: &Pseudonym, kind: &str, id: &str) -> Pseudonym {
        self.pseudonym(&[b"record", &[0], &conversation.0, kind.as_bytes(), &[0], id.as_bytes()])
    }

    pub(super) const fn content(&self) -> &[u8; 32] {
        &self.content
    }

    fn pseudonym(&self, parts: &[&[u8]]) -> Pseudonym {
        #[allow(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.pseudonym).expect("any key");
        for part in parts {
            mac.update(part);
        }
        Pseudonym(mac.finalize().into_bytes().into())
    }
}

impl Pseudonym {
    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Pseudonym {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Pseudonym {}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl FromStr for Pseudonym {
    type Err = PseudonymError;

    fn from_str(text: &str) -> Result<Self, PseudonymError> {
        let mut bytes = [0; 32];
        let digits = text.strip_prefix("0x").ok_or(PseudonymError)?;
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| PseudonymError)?;
        Ok(Self(bytes))
    }
}
