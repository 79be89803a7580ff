//! How large an envelope will be, known before anything is signed or sealed.
//!
//! ```text
//! sealed(n)   = {"ciphertext":"base64(pad2048(n) + 16)","ephemPublicKey":"44 characters","nonce":"0x24 digits"}
//! envelope(n) = {"message":quoted(sealed(n)),"metadata":{"deliveryInformation":quoted(sealed(i)),…,"version":"v1"}}
//! ```
//!
//! Nothing in it depends on keys: every key, hash and signature has a fixed length.

use super::DeliveryInformation;
use super::envelope::{ENCRYPTION_SCHEME, VERSION};
use crate::seal::sealed_len;

/// Quotation marks in the JSON of a sealed text; each is escaped when that text is quoted.
const SEALED_QUOTES: usize = 12;
/// A signature in base64.
pub(super) const SIGNATURE: usize = 88;
/// A hash as text.
const HASH: usize = 66;
/// The members of an envelope without their values.
const FRAME: usize = r#"{"message":,"metadata":{"deliveryInformation":,"encryptionScheme":"","messageHash":"","signature":"","version":""}}"#.len();

/// The size of an envelope, in bytes of canonical JSON, which counts against a delivery service's limit.
/// `message` is the length of the signed message's JSON ([`super::Draft::signed_len`]).
pub fn envelope_len(message: usize, information: &DeliveryInformation) -> usize {
    FRAME
        + quoted(message)
        + quoted(information.to_text().len())
        + ENCRYPTION_SCHEME.len()
        + HASH
        + SIGNATURE
        + VERSION.len()
}

/// The longest signed message that an envelope of at most `limit` bytes can hold; `None` if none fits.
pub fn longest_message(limit: usize, information: &DeliveryInformation) -> Option<usize> {
    // Padded to blocks, messages of one block have envelopes of one size.
    let fits = |blocks: usize| envelope_len(blocks * 2048 + 2047, information) <= limit;
    if !fits(0) {
        return None;
    }
    let (mut low, mut high) = (0, limit / 2048 + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    Some(low * 2048 + 2047)
}

fn quoted(text: usize) -> usize {
    sealed_len(text) + SEALED_QUOTES + 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::{KeySeed, ProfileKeys};
    use crate::message::{Attachment, Draft, Envelope, Header};
    use crate::testing::SeededEntropy;

    fn information(instruction: Option<String>) -> DeliveryInformation {
        DeliveryInformation { from: "a.eth".into(), to: "ü\".eth".into(), delivery_instruction: instruction }
    }

    fn sealed(draft: Draft, information: &DeliveryInformation) -> usize {
        let keys = ProfileKeys::derive(&KeySeed::from_bytes([1; 32]));
        let public = keys.public().encryption;
        let message = draft.sign(&keys.signing);
        let envelope = Envelope::seal(&message, information, &public, &public, &keys, &SeededEntropy::new(1));
        envelope.unwrap().to_canonical().len()
    }

    fn draft(text: &str) -> Draft {
        let header = Header { from: "a.eth".parse().unwrap(), to: "b.eth".parse().unwrap(), timestamp: 1 };
        Draft::text(header, text)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Weakness 28: the size is known before anything is sealed.
        #[test]
        fn the_size_is_exactly_that_of_the_sealed_envelope(
            text in ".{0,40}", repeat in 1usize..150, instruction in proptest::option::of(".{1,30}"), file in 0usize..5000,
        ) {
            let information = information(instruction);
            let attachment = Attachment::embed("x", None, &vec![7; file]).unwrap();
            let draft = draft(&text.repeat(repeat)).with_attachments(vec![attachment]).unwrap();
            let expected = envelope_len(draft.signed_len(), &information);
            prop_assert_eq!(sealed(draft, &information), expected);
        }
    }

    #[test]
    fn the_longest_message_fits_and_a_longer_one_does_not() {
        let information = information(None);
        let longest = longest_message(100_000, &information).unwrap();
        assert!(envelope_len(longest, &information) <= 100_000);
        assert!(envelope_len(longest + 1, &information) > 100_000);
        assert_eq!(longest_message(100, &information), None);
        let frame = draft("").signed_len();
        assert!(sealed(draft(&"a".repeat(longest - frame)), &information) <= 100_000);
        assert!(sealed(draft(&"a".repeat(longest - frame + 1)), &information) > 100_000);
    }
}
