//! What the contract of stores keeps: whose it is, and examples.

use crate::conversation::ConversationId;
use crate::device::{Contact, Lane, MessageRow, Place, SendState, StoredMessage};
use crate::identity::{Address, EnsName, KeySeed};
use crate::message::MessageHash;
use crate::ports::{Store, StoreError};

/// The owner in most behaviours.
pub(super) const OWNER: Address = Address::from_bytes([0xaa; 20]);
/// Another account on the same device.
pub(super) const OTHER: Address = Address::from_bytes([0xab; 20]);
pub(super) const PEER: ConversationId = ConversationId::Peer(Address::from_bytes([0x0b; 20]));
pub(super) const STRANGER: ConversationId = ConversationId::Peer(Address::from_bytes([0xfc; 20]));

/// A message hash whose order follows `number`.
pub(super) fn hash(number: u64) -> MessageHash {
    format!("0x{number:064x}").parse().expect("64 digits")
}

/// A message of [`PEER`], written and arrived at `time`.
pub(super) fn incoming(number: u64, time: u64) -> MessageRow {
    MessageRow {
        hash: hash(number),
        conversation: PEER,
        author: PEER.peer(),
        lane: Lane::In,
        place: Place::at(time),
        taken: Place::at(time),
        arrived: time,
        json: format!(r#"{{"message":"number {number} – \"ü\" 🦀 \u0000"}}"#),
        state: SendState::Received,
    }
}

/// A message to [`PEER`] that no delivery service has yet.
pub(super) fn waiting(number: u64, time: u64) -> MessageRow {
    MessageRow { author: OWNER, lane: Lane::Out, state: SendState::Waiting, ..incoming(number, time) }
}

pub(super) fn contact(conversation: ConversationId, name: Option<&str>) -> Contact {
    let name = name.map(|name| EnsName::from_normalised(name).expect("a name"));
    Contact { name, ..Contact::new(conversation, 5) }
}

/// Sets the seeds of [`OWNER`] and [`OTHER`], without which a store keeps nothing of them.
pub(super) async fn sign_in(store: &impl Store) {
    for owner in [OWNER, OTHER] {
        store.set_seed(owner, &KeySeed::from_bytes([4; 32])).await.unwrap();
    }
}

/// Stores rows as if their authors were proven.
pub(super) async fn add(
    store: &impl Store,
    owner: Address,
    rows: &[MessageRow],
) -> Result<Vec<MessageHash>, StoreError> {
    let messages: Vec<_> = rows.iter().cloned().map(StoredMessage::kept).collect();
    store.add_messages(owner, &messages).await
}

pub(super) async fn all(store: &impl Store, owner: Address) -> Vec<MessageRow> {
    store.messages(owner, PEER, None, 10_000).await.unwrap()
}
