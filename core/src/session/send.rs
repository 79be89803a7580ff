//! Sending: into the outbox first, then to the peer's delivery services.

use super::{FindError, Peer, Session};
use crate::delivery::api;
use crate::identity::Address;
use crate::message::{DeliveryInformation, Draft, Envelope, Header, MessageHash, SignedMessage};
use crate::ports::{Clock as _, Http as _, Ports, Store as _, StoreError};
use crate::record::{Contact, SendState, StoredMessage};

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

enum Delivery {
    Accepted,
    /// Can be tried again later.
    Later,
    Refused(String),
}

impl<P: Ports> Session<P> {
    /// Writes a message: signs it and puts it into the outbox. It leaves with the next [`Self::flush`].
    ///
    /// # Errors
    /// [`StoreError`]: then it was not written.
    pub async fn compose(&self, peer: Address, text: &str) -> Result<StoredMessage, StoreError> {
        let now = self.ports().clock().now();
        let timestamp = now.max(self.last_sent.get() + 1);
        self.last_sent.set(timestamp);
        let header = Header { from: self.alias.clone(), to: self.directory.alias(peer), timestamp };
        let message = Draft::text(header, text).sign(&self.keys.signing);
        let stored = StoredMessage::new(&message, self.account, peer, timestamp, SendState::Waiting);
        let store = self.ports().store();
        store.add_messages(self.account, std::slice::from_ref(&stored)).await?;
        self.touch(peer, None, now).await?;
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

    async fn deliver(&self, row: &StoredMessage) -> Delivery {
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
        let information = DeliveryInformation {
            from: self.alias.to_string(),
            to: found_at.to_string(),
            delivery_instruction: None,
        };
        let mut later = false;
        let mut refusal = "the receiver's profile lists no delivery service".to_owned();
        for name in profile.delivery_services() {
            let service = match self.directory.delivery_service(name).await {
                Ok(service) => service,
                Err(error) => {
                    later |= error.is_temporary();
                    refusal = error.to_string();
                    continue;
                }
            };
            let receiver = profile.keys().encryption;
            let sealed = Envelope::seal(
                &message,
                &information,
                &receiver,
                &service.encryption_key,
                &self.keys,
                self.ports().entropy(),
            );
            let envelope = match sealed {
                Ok(envelope) => envelope,
                Err(error) => {
                    refusal = error.to_string();
                    continue;
                }
            };
            let Ok(reply) = self.ports().http().send(&api::submit(&service.url, &envelope)).await else {
                later = true;
                continue;
            };
            match api::parse_submitted(&reply) {
                Ok(()) => return Ok(Delivery::Accepted),
                Err(error) => {
                    later |= error.is_temporary();
                    refusal = error.to_string();
                }
            }
        }
        Ok(if later { Delivery::Later } else { Delivery::Refused(refusal) })
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
