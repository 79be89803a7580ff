//! Envelopes on their way in: opened, but not proven.

use serde_json::Value;

use crate::delivery::api::Acknowledgement;
use crate::device::{Doubt, Kept};
use crate::identity::{EnsName, ProfileKeys};
use crate::message::{EnvelopeError, MessageError, OpenedMessage, ReceivedEnvelope};
use crate::seal::OpenError;

/// An entry of a mailbox.
pub(super) struct Item {
    pub envelope: Value,
    /// Its number, where the mailbox is numbered.
    pub number: Option<u64>,
}

/// How a delivery service is told to let go of an envelope.
pub(super) enum Ticket {
    /// As the deployed servers know it, whatever else is wrong with it.
    Named(Acknowledgement),
    /// By its number.
    Number(u64),
    /// Not now: it is listed with its number, too.
    Listed,
}

/// An envelope that was opened.
pub(super) struct Arrival {
    pub id: String,
    pub raw: String,
    pub message: OpenedMessage,
    /// The sender that the envelope names, or empty.
    pub outside: String,
    /// When a delivery service took it, by the clock that leads.
    pub taken: Option<u64>,
    pub origin: Origin,
}

/// Where an envelope comes from.
pub(super) enum Origin {
    /// This delivery service has it.
    Service(Ticket, EnsName),
    /// It was kept on this device.
    Kept(Kept),
}

/// Why an envelope holds no message for us.
#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    /// It is no envelope, or holds nothing sealed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What was sealed is no message.
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl Rejection {
    /// Whether other keys of the account may open it.
    pub const fn is_sealed_for_others(&self) -> bool {
        matches!(self, Self::Open(OpenError::NotForThisKey))
    }

    pub const fn doubt(&self) -> Doubt {
        match self {
            Self::Envelope(_) | Self::Open(OpenError::Form(_)) => Doubt::NoEnvelope,
            Self::Open(OpenError::NotForThisKey | OpenError::WeakKey) => Doubt::NotForThisKey,
            Self::Open(_) => Doubt::NoText,
            Self::Message(_) => Doubt::NoMessage,
        }
    }
}

/// Opens an envelope with the account's keys.
pub(super) fn open(
    envelope: &Value,
    keys: &ProfileKeys,
) -> Result<(OpenedMessage, ReceivedEnvelope), Rejection> {
    let received = ReceivedEnvelope::from_json(envelope)?;
    let text = received.open(keys)?;
    Ok((OpenedMessage::parse(&text)?, received))
}

/// Names an envelope as the delivery service knows it, whatever else is wrong with it.
pub(super) fn acknowledgement_of(envelope: &Value) -> Acknowledgement {
    let member = |path: &str| envelope.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    Acknowledgement {
        sender: member("/metadata/deliveryInformation/from"),
        message_hash: member("/metadata/messageHash"),
    }
}
