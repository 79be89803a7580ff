//! Messages: drafted, signed and sealed into envelopes; received, opened and proven authentic.
//!
//! ```text
//! Draft ──sign──▶ SignedMessage ──seal──▶ Envelope ──▶ delivery service
//! Envelope ──open──▶ OpenedMessage ──authenticate(VerifiedProfile)──▶ AuthenticMessage ──▶ thread
//! ```

mod attachment;
mod authentic;
mod content;
mod context;
mod draft;
mod elsewhere;
mod envelope;
mod kind;
mod link;
mod media;
mod picture;
mod postmark;
mod proxy;
mod signed;
mod size;
mod time;

pub use attachment::{
    Attachment, AttachmentError, Embedded, Handling, MAX_ATTACHMENTS, MAX_EMBEDDED, ReceivedAttachment,
    Source, handling,
};
pub use authentic::{AuthenticMessage, AuthenticityError, OpenedMessage};
pub use content::{Body, Content, ContentError};
pub use context::{Context, MAX_CONTEXT, Subject};
pub use draft::{Draft, DraftError, Emoji, Header, MAX_REACTION, Receipt};
pub use elsewhere::{FileElsewhere, MAX_ELSEWHERE};
pub use envelope::{Delivered, DeliveryInformation, Envelope, EnvelopeError, MAX_ENVELOPE, ReceivedEnvelope};
pub use kind::Kind;
pub use link::{LinkError, LinkKeys, LinkMessage, VerifiedRecovery};
pub use media::{MediaKind, true_type};
pub use picture::{MAX_PIXELS, MAX_SIDE, PictureHead};
pub use postmark::{Postmark, PostmarkError, PostmarkVerdict};
pub use proxy::{MAX_PROXY_SERVICES, ProxyEnvelope};
pub use signed::{MAX_INSTRUCTION, MAX_MESSAGE, MessageError, MessageHash, SignedMessage};
pub use size::{envelope_len, longest_message};
pub use time::{Skew, Tolerance};
