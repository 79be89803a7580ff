//! One-time passwords, which prove that mail to an address is read by the account's owner.
//!
//! A code is five decimal digits from the operating system's generator, since deployed clients have five
//! boxes for it. So few are only safe because tries are few: [`MAX_TRIES`] for each code, a new code once in
//! [`RESEND_SECONDS`], and [`MAX_CODES`] codes in [`CODES_SECONDS`]. What is kept is
//! HMAC-SHA256(node's key, account ‖ kind ‖ recipient ‖ 0 ‖ code): a stolen database does not give codes away,
//! and the code that was sent to one address proves no other.

use dm3_core::identity::Address;
use dm3_core::seal::Entropy;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::auth::mac;
use crate::machine::entropy::OsEntropy;
use crate::store::{Channel, CodeLimits};

/// How long a code is valid, in seconds.
pub const VALID_SECONDS: u64 = 600;
/// How long no other code is sent after one, in seconds.
const RESEND_SECONDS: u64 = 60;
/// How many wrong answers end a code.
pub const MAX_TRIES: u32 = 5;
/// How many codes an account is sent in [`CODES_SECONDS`], so that nobody is flooded with them.
const MAX_CODES: u32 = 10;
/// The time over which codes are counted, in seconds.
const CODES_SECONDS: u64 = 24 * 60 * 60;

/// Codes are below this number, and at least a tenth of it, so that they have five digits.
const CODES: u32 = 100_000;

/// A code, to be sent and forgotten.
pub type Code = Zeroizing<String>;

/// How often codes may be made.
pub const fn limits(now: u64) -> CodeLimits {
    CodeLimits { now, pause: RESEND_SECONDS, most: MAX_CODES, within: CODES_SECONDS }
}

/// Makes codes and recognises them.
pub struct Passwords {
    key: Zeroizing<[u8; 32]>,
}

impl Passwords {
    /// Under a key of the node's own.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key }
    }

    /// A new code.
    pub fn make(&self) -> Code {
        let span = CODES - CODES / 10;
        // Numbers from here on would make small codes likelier.
        let limit = u32::MAX - u32::MAX % span;
        loop {
            let mut bytes = Zeroizing::new([0; 4]);
            OsEntropy.fill(bytes.as_mut_slice());
            let number = u32::from_le_bytes(*bytes);
            if number < limit {
                return Zeroizing::new((CODES / 10 + number % span).to_string());
            }
        }
    }

    /// What is kept of a code.
    pub fn digest(&self, owner: Address, channel: &Channel, code: &str) -> [u8; 32] {
        let (kind, recipient) = (channel.kind.as_str().as_bytes(), channel.recipient.as_bytes());
        mac(&self.key, &[owner.as_bytes(), kind, recipient, &[0], code.as_bytes()])
    }

    /// Whether an answer is the code of a digest, in constant time.
    pub fn is(&self, digest: &[u8], owner: Address, channel: &Channel, answer: &str) -> bool {
        self.digest(owner, channel, answer).ct_eq(digest).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::store::ChannelKind;

    const OWNER: Address = Address::from_bytes([7; 20]);

    #[test]
    fn codes_have_five_digits_and_differ() {
        let passwords = Passwords::new(Zeroizing::new([1; 32]));
        let codes: HashSet<String> = (0..200).map(|_| passwords.make().to_string()).collect();
        assert!(codes.len() > 150);
        assert!(codes.iter().all(|code| code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit())));
    }

    #[test]
    fn a_code_is_recognised_for_its_account_and_recipient_under_its_key_only() {
        let to = |recipient: &str| Channel {
            kind: ChannelKind::Email,
            recipient: recipient.into(),
            enabled: true,
            verified: false,
        };
        let bob = to("bob@example.org");
        let passwords = Passwords::new(Zeroizing::new([1; 32]));
        let digest = passwords.digest(OWNER, &bob, "12345");
        assert!(passwords.is(&digest, OWNER, &bob, "12345"));
        assert!(!passwords.is(&digest, OWNER, &bob, "12346"));
        assert!(!passwords.is(&digest, OWNER, &to("eve@example.org"), "12345"));
        assert!(!passwords.is(&digest, Address::from_bytes([8; 20]), &bob, "12345"));
        assert!(!Passwords::new(Zeroizing::new([2; 32])).is(&digest, OWNER, &bob, "12345"));
        assert!(!passwords.is(&digest[..31], OWNER, &bob, "12345"));
    }
}
