//! Codes that the operator gives to people.

use dm3_core::delivery as wire;
use dm3_core::identity::Address;
use dm3_core::seal::{Entropy, sha256};

use super::rule::{Rule, Unsure};
use crate::store::Payment;

/// How many random bytes a code has: nobody guesses one, so a plain hash of it can be kept.
const CODE_BYTES: usize = 16;

/// Takes who has a code. Whether it is one, and still good, the store finds out when it is used up.
pub(super) struct Invited;

#[async_trait::async_trait]
impl Rule for Invited {
    async fn price(&self, _: Address, _: u64) -> Result<wire::Price, Unsure> {
        Ok(wire::Price::Invitation)
    }

    async fn accept(&self, _: Address, paid: &str, _: u64) -> Result<Option<Payment>, Unsure> {
        Ok(match wire::Payment::parse(paid, 1) {
            Some(wire::Payment::Invitation(code)) => Some(Payment::Invitation(code_hash(&code))),
            Some(wire::Payment::Work(..) | wire::Payment::Deposit(_)) | None => None,
        })
    }
}

/// A new code: four groups of eight digits and letters.
pub fn make_code(entropy: &impl Entropy) -> String {
    let mut bytes = [0; CODE_BYTES];
    entropy.fill(&mut bytes);
    let digits = hex::encode(bytes);
    let groups: Vec<&str> = (0..4).filter_map(|group| digits.get(group * 8..group * 8 + 8)).collect();
    groups.join("-")
}

/// What is kept of a code, however it is written.
pub fn code_hash(code: &str) -> [u8; 32] {
    sha256(code.replace('-', "").to_ascii_lowercase().as_bytes())
}
