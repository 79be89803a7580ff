//! Envelopes on their way in: opened, but not proven.

use serde_json::Value;

use crate::delivery::api::Acknowledgement;
use crate::device::{Doubt, Kept};
use crate::identity::{EnsName, ProfileKeys};
use crate::index::Index;
use crate::message::{EnvelopeError, MessageError, OpenedMessage, ReceivedEnvelope};
use crate::seal::OpenError;

/// How many copies of one message are looked at together.
const MAX_COPIES: usize = 16;
/// How many envelopes are opened at once: a page draws in between, and what is being stored goes on.
const PIECE: usize = 32;
/// How many of one sender are proven and stored together, about.
const TOGETHER: usize = 64;

/// Where an envelope names its sender.
const SENDER: &str = "/metadata/deliveryInformation/from";
/// Where it claims the hash of its message.
const HASH: &str = "/metadata/messageHash";

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

impl Arrival {
    /// Whether it names somebody beside its sender by a name that has to be asked for.
    pub fn names_others(&self) -> bool {
        let sender = self.message.claimed_sender();
        let asks = |name: &str| name.parse::<EnsName>().map_or(true, |it| it.carried_address().is_none());
        [self.message.claimed_receiver(), &self.outside]
            .into_iter()
            .any(|name| !name.is_empty() && name != sender && asks(name))
    }
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

/// Entries that are opened at once.
#[derive(Default)]
pub(super) struct Piece {
    pub items: Vec<Item>,
    /// What follows seems to be of somebody else, or waits for its turn.
    pub ends: bool,
}

/// Entries in pieces. Those that seem to be of one sender come beside each other, in their order, so that they are proven
/// and stored together. The first piece is of one sender alone.
pub(super) fn pieces(items: Vec<Item>) -> Vec<Piece> {
    let (mut senders, mut places) = (Vec::<Vec<Vec<Item>>>::new(), Index::default());
    for copies in copies_together(items) {
        let sender = copies.first().map(|first| named_sender(&first.envelope)).unwrap_or_default();
        match places.get(&sender) {
            Some(place) => senders[place].push(copies),
            None => {
                places.insert(sender, senders.len());
                senders.push(vec![copies]);
            }
        }
    }
    let (mut pieces, mut piece, mut together) = (Vec::new(), Piece::default(), 0);
    for sender in senders {
        for copies in sender {
            if piece.items.len() >= PIECE {
                piece.ends = together >= TOGETHER;
                together = if piece.ends { 0 } else { together };
                pieces.push(std::mem::take(&mut piece));
            }
            together += copies.len();
            piece.items.extend(copies);
        }
        if together >= PIECE || pieces.is_empty() {
            pieces.push(Piece { ends: true, ..std::mem::take(&mut piece) });
            together = 0;
        }
    }
    pieces.push(Piece { ends: true, ..piece });
    pieces
}

/// Entries by what they say to be the hash of their message, the copies of one beside each other: the one that was taken
/// first says where the message stands.
fn copies_together(items: Vec<Item>) -> Vec<Vec<Item>> {
    let (mut groups, mut places) = (Vec::<Vec<Item>>::new(), Index::default());
    for item in items {
        let hash = text_at(&item.envelope, HASH).to_owned();
        let known = places.get(&hash).filter(|place| groups[*place].len() < MAX_COPIES);
        match known {
            Some(place) => groups[place].push(item),
            None => {
                if !hash.is_empty() {
                    places.insert(hash, groups.len());
                }
                groups.push(vec![item]);
            }
        }
    }
    groups
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
    let cut = envelope.as_str().and_then(Acknowledgement::cut);
    cut.unwrap_or_else(|| Acknowledgement::new(text_at(envelope, SENDER), text_at(envelope, HASH)))
}

/// The sender that an envelope names, or empty.
pub(super) fn named_sender(envelope: &Value) -> String {
    text_at(envelope, SENDER).to_owned()
}

fn text_at<'a>(envelope: &'a Value, path: &str) -> &'a str {
    envelope.pointer(path).and_then(Value::as_str).unwrap_or_default()
}
