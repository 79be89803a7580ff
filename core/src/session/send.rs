//! Sending: into the outbox first, then to the peer's delivery services.

use super::{FindError, Peer, Session};
use crate::delivery::api::{self, SubmitError};
use crate::identity::{Address, EnsName};
use crate::message::{DeliveryInformation, Draft, Envelope, Header, MessageHash, SignedMessage};
use crate::ports::{Clock as _, Http as _, Ports, Store as _, StoreError};
use crate::record::{Contact, Lane, SendState, StoredMessage};
use crate::seal::EncryptionKey;

/// What became of the outbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Messages a delivery service has now.
    pub accepted: Vec<MessageHash>,
    /// Messages that every delivery service of the receiver refused.
    pub refused: Vec<MessageHash>,
    /// Messages that still wait: for the network, or for a peer to join.
    pub waiting: usize,
}

/// What became of one message.
pub(super) enum Delivery {
    Accepted,
    /// Can be tried again later.
    Later,
    Refused(String),
}

/// What became of one message at one delivery service.
pub(super) enum Attempt {
    Answered(Result<(), SubmitError>),
    /// It could not be found or reached, or nothing can be sealed for it.
    Unasked {
        temporary: bool,
        reason: String,
    },
}

impl<P: Ports> Session<P> {
    /// Writes a message: signs it and puts it into the outbox. It leaves with the next [`Self::flush`].
    ///
    /// # Errors
    /// [`StoreError`]: then it was not written.
    pub async fn compose(&self, peer: Address, text: &str) -> Result<StoredMessage, StoreError> {
        self.write(peer, |header| Draft::text(header, text)).await
    }

    /// Writes a message of any type: signs it and puts it into the outbox. It leaves with the next [`Self::flush`].
    ///
    /// # Errors
    /// [`StoreError`]: then it was not written.
    pub async fn write(
        &self,
        peer: Address,
        make: impl FnOnce(Header) -> Draft,
    ) -> Result<StoredMessage, StoreError> {
        let stored = self.enqueue(peer, make).await?;
        self.touch(peer, None, stored.time).await?;
        Ok(stored)
    }

    /// As [`Self::write`], but the conversation stays where it is among the others.
    pub(super) async fn enqueue(
        &self,
        peer: Address,
        make: impl FnOnce(Header) -> Draft,
    ) -> Result<StoredMessage, StoreError> {
        let timestamp = self.ports().clock().now().max(self.last_sent.get() + 1);
        self.last_sent.set(timestamp);
        let header = Header { from: self.alias.clone(), to: self.directory.alias(peer), timestamp };
        let message = make(header).sign(&self.keys.signing);
        let stored = StoredMessage::new(&message, self.account, peer, timestamp, SendState::Waiting);
        let store = self.ports().store();
        store.add_messages(self.account, std::slice::from_ref(&stored)).await?;
        Ok(stored)
    }

    /// Opens a conversation: keeps the peer among the contacts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep(&self, peer: &Peer) -> Result<(), StoreError> {
        let contacts = self.ports().store().contacts(self.account).await?;
        let known = contacts.into_iter().find(|contact| contact.peer == peer.address);
        let now = self.ports().clock().now();
        let (read_until, touched) = known.map_or((0, now), |contact| (contact.read_until, contact.touched));
        let contact = Contact { peer: peer.address, name: peer.name.clone(), read_until, touched };
        self.ports().store().put_contact(self.account, &contact).await
    }

    /// Notes that everything of a peer that arrived until now has been seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_read(&self, peer: Address) -> Result<(), StoreError> {
        let now = self.ports().clock().now();
        self.touch(peer, Some(now), now).await
    }

    /// Tries to deliver everything in the outbox, each peer's messages in their order.
    ///
    /// # Errors
    /// [`StoreError`]; what the network does is told by the result.
    pub async fn flush(&self) -> Result<Flushed, StoreError> {
        let mut flushed = Flushed::default();
        let mut stuck = Vec::new();
        for row in self.ports().store().outbox(self.account).await? {
            let delivery = if stuck.contains(&row.peer) { Delivery::Later } else { self.deliver(&row).await };
            let state = match delivery {
                Delivery::Accepted => SendState::Accepted,
                Delivery::Refused(reason) => SendState::Refused(reason),
                Delivery::Later => {
                    if !stuck.contains(&row.peer) {
                        stuck.push(row.peer);
                    }
                    flushed.waiting += 1;
                    continue;
                }
            };
            self.ports().store().set_state(self.account, &row.hash, &state).await?;
            if state == SendState::Accepted {
                flushed.accepted.push(row.hash);
            } else {
                flushed.refused.push(row.hash);
            }
        }
        Ok(flushed)
    }

    /// Puts a refused message back into the outbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry(&self, hash: &MessageHash) -> Result<(), StoreError> {
        self.ports().store().set_state(self.account, hash, &SendState::Waiting).await
    }

    pub(super) async fn deliver(&self, row: &StoredMessage) -> Delivery {
        match self.try_deliver(row).await {
            Ok(delivery) => delivery,
            Err(error) if error.is_temporary() => Delivery::Later,
            Err(error) => Delivery::Refused(error.to_string()),
        }
    }

    /// Goes through the receiver's delivery services in their order until one accepts.
    async fn try_deliver(&self, row: &StoredMessage) -> Result<Delivery, FindError> {
        let Ok(message) = SignedMessage::parse(&row.json) else {
            return Ok(Delivery::Refused("the stored message is damaged".to_owned()));
        };
        let Some((found_at, profile)) = self.directory.profile_of(row.peer).await? else {
            return Ok(Delivery::Later);
        };
        let Ok(information) = self.information(row.peer, &message, &found_at).await else {
            return Ok(Delivery::Later);
        };
        let mut later = false;
        let mut refusal = "the receiver's profile lists no delivery service".to_owned();
        for name in profile.delivery_services() {
            match self.hand_over(&message, &information, &profile.keys().encryption, name).await {
                Attempt::Answered(Ok(())) => return Ok(Delivery::Accepted),
                Attempt::Answered(Err(error)) => {
                    later |= error.is_temporary();
                    refusal = error.to_string();
                }
                Attempt::Unasked { temporary, reason } => {
                    later |= temporary;
                    refusal = reason;
                }
            }
        }
        Ok(if later { Delivery::Later } else { Delivery::Refused(refusal) })
    }

    /// Seals a message for one delivery service of its receiver, and hands it over there.
    pub(super) async fn hand_over(
        &self,
        message: &SignedMessage,
        information: &DeliveryInformation,
        receiver: &EncryptionKey,
        name: &EnsName,
    ) -> Attempt {
        let service = match self.directory.delivery_service(name).await {
            Ok(service) => service,
            Err(error) => {
                return Attempt::Unasked { temporary: error.is_temporary(), reason: error.to_string() };
            }
        };
        let entropy = self.ports().entropy();
        let sealed =
            Envelope::seal(message, information, receiver, &service.encryption_key, &self.keys, entropy);
        let envelope = match sealed {
            Ok(envelope) => envelope,
            Err(error) => return Attempt::Unasked { temporary: false, reason: error.to_string() },
        };
        match self.ports().http().send(&api::submit(&service.url, &envelope)).await {
            Ok(reply) => Attempt::Answered(api::parse_submitted(&reply)),
            Err(error) => Attempt::Unasked { temporary: true, reason: error.to_string() },
        }
    }

    /// What the receiver's delivery services learn of a message.
    async fn information(
        &self,
        peer: Address,
        message: &SignedMessage,
        found_at: &EnsName,
    ) -> Result<DeliveryInformation, StoreError> {
        let readable = found_at.is_nameprep_stable();
        let to = if readable { found_at.clone() } else { self.directory.alias(peer) };
        Ok(DeliveryInformation {
            from: self.alias.to_string(),
            to: to.to_string(),
            delivery_instruction: self.instruction(peer, message.reference()).await?,
        })
    }

    /// The `replyDeliveryInstruction` that a message to a peer must carry on as its `deliveryInstruction`: that of the
    /// peer's message it refers to; if it refers to an own one, that of the text which this one answered; if it refers
    /// to none, that of the peer's newest text. Specification: Message Transport, Message Metadata.
    async fn instruction(
        &self,
        peer: Address,
        reference: Option<MessageHash>,
    ) -> Result<Option<String>, StoreError> {
        let mut seeking = reference.is_some();
        let mut found = None;
        let visit = |stored: StoredMessage| {
            let referred = seeking && Some(&stored.hash) == reference.as_ref();
            if referred {
                seeking = false;
                found = None;
            }
            if stored.author == peer && (referred || found.is_none() && stored.lane == Lane::In) {
                found = Some(instruction_of(&stored));
            }
            !seeking && found.is_some()
        };
        self.read_back(peer, visit).await?;
        Ok(found.flatten())
    }

    pub(super) async fn touch(
        &self,
        peer: Address,
        read_until: Option<u64>,
        now: u64,
    ) -> Result<(), StoreError> {
        let store = self.ports().store();
        let contacts = store.contacts(self.account).await?;
        let known = contacts.into_iter().find(|contact| contact.peer == peer);
        let mut contact = known.unwrap_or(Contact { peer, name: None, read_until: 0, touched: now });
        match read_until {
            Some(time) => contact.read_until = contact.read_until.max(time),
            None => contact.touched = now,
        }
        store.put_contact(self.account, &contact).await
    }
}

fn instruction_of(stored: &StoredMessage) -> Option<String> {
    let message = SignedMessage::parse(&stored.json).ok()?;
    message.reply_delivery_instruction().map(str::to_owned)
}
