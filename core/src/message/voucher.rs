//! A voucher that goes along with a message, for the receiver alone to see.
//!
//! ```text
//! SignedVoucher ──▶ metadata.voucher ──signed, sealed──▶ receiver ──▶ SignedVoucher ──prove──▶ what they may burn
//! ```
//!
//! Any kind of message can carry one. The metadata may have members that a client does not know: deployed clients keep
//! them and pass over them. Being signed, it belongs to the conversation that the message is of.

use super::draft::VOUCHER;
use super::{Draft, SignedMessage};
use crate::deposit::SignedVoucher;

impl Draft {
    /// The same with a voucher.
    #[must_use]
    pub fn with_voucher(self, voucher: &SignedVoucher) -> Self {
        self.with_member(VOUCHER, voucher.to_json())
    }
}

impl SignedMessage {
    /// The voucher that its author gave along, if there is one. Nobody has looked at its signature.
    pub fn voucher(&self) -> Option<SignedVoucher> {
        SignedVoucher::from_json(self.metadata_member(VOUCHER)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::deposit::tests::{key, voucher};
    use crate::message::{DraftError, Header};
    use crate::seal::signing::SigningSecret;

    fn draft() -> Draft {
        let name = |label: &str| format!("{label}.eth").parse().unwrap();
        Draft::text(Header { from: name("alice"), to: name("bob"), timestamp: 1 }, "hi")
    }

    #[test]
    fn a_message_carries_a_voucher_as_it_was_given() {
        let given = key(1).sign(voucher());
        let message = draft().with_voucher(&given).sign(&SigningSecret::derive(&[7; 32]));
        let text = message.to_canonical();
        assert_eq!(SignedMessage::parse(&text).unwrap().voucher(), Some(given.clone()));
        assert_eq!(draft().sign(&SigningSecret::derive(&[7; 32])).voucher(), None);
        let other = draft().with_metadata("voucher", json!(1));
        assert_eq!(other, Err(DraftError::Reserved("voucher".to_owned())));
    }
}
