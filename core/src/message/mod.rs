//! Messages: drafted, signed and sealed into envelopes; received, opened and proven authentic.
//!
//! ```text
//! Draft ──sign──▶ SignedMessage ──seal──▶ Envelope ──▶ delivery service
//! Envelope ──open──▶ OpenedMessage ──authenticate(VerifiedProfile)──▶ AuthenticMessage ──▶ thread
//! ```

mod authentic;
mod draft;
mod envelope;
mod kind;
mod postmark;
mod signed;

pub use authentic::{AuthenticMessage, AuthenticityError, OpenedMessage};
pub use draft::{Draft, DraftError, Header, MAX_INSTRUCTION, MAX_REACTION, Receipt};
pub use envelope::{Delivered, DeliveryInformation, Envelope, EnvelopeError, MAX_ENVELOPE, ReceivedEnvelope};
pub use kind::Kind;
pub use postmark::{Postmark, PostmarkError};
pub use signed::{MessageError, MessageHash, SignedMessage};
