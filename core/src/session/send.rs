//! Sending: into the outbox first, then to the peer's delivery services.

use super::answered::Answered;
use super::history::{MAX_PAGES, PAGE};
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

/// What became of one message.
pub(super) enum Delivery {
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
        let stored = self.sign(peer, |header| Draft::text(header, text));
        let store = self.ports().store();
        store.add_messages(self.account, std::slice::from_ref(&stored)).await?;
        self.touch(peer, None, stored.time).await?;
        Ok(stored)
    }

    /// Writes a message of any type, as [`Self::compose`] does a text.
    ///
    /// # Errors
    /// [`StoreError`]: then it was not written.
    pub async fn write(
        &self,
        peer: Address,
        make: impl FnOnce(Header) -> Draft,
    ) -> Result<StoredMessage, StoreError> {
        let stored = self.sign(peer, make);
        let store = self.ports().store();
        store.add_messages(self.account, std::slice::from_ref(&stored)).await?;
        self.touch(peer, None, stored.time).await?;
        Ok(stored)
    }

    /// Signs a message to a peer that is about to be written.
    pub(super) fn sign(&self, peer: Address, make: impl FnOnce(Header) -> Draft) -> StoredMessage {
        let timestamp = self.ports().clock().now().max(self.last_sent.get() + 1);
        self.last_sent.set(timestamp);
        let header = Header { from: self.alias.clone(), to: self.directory.alias(peer), timestamp };
        let message = make(header).sign(&self.keys.signing);
        StoredMessage::new(&message, self.account, peer, timestamp, SendState::Waiting)
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
            let delivery =
                if stuck.contains(&row.peer) { Delivery::Later } else { settle(self.deliver(&row).await) };
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

    /// Goes through the receiver's delivery services in their order until one accepts.
    pub(super) async fn deliver(&self, row: &StoredMessage) -> Result<Delivery, FindError> {
        let Ok(message) = SignedMessage::parse(&row.json) else {
            return Ok(Delivery::Refused("the stored message is damaged".to_owned()));
        };
        let Some((found_at, profile)) = self.directory.profile_of(row.peer).await? else {
            return Ok(Delivery::Later);
        };
        let mut answered = Answered::new(row.peer, message.reference());
        let mut before = None;
        for _ in 0..MAX_PAGES {
            let store = self.ports().store();
            let Ok(page) = store.messages(self.account, row.peer, before.as_ref(), PAGE).await else {
                return Ok(Delivery::Later);
            };
            if page.is_empty() || answered.look(&page) {
                break;
            }
            before = page.last().map(StoredMessage::position);
        }
        let to = if found_at.is_nameprep_stable() { found_at } else { self.directory.alias(row.peer) };
        let information = DeliveryInformation {
            from: self.alias.to_string(),
            to: to.to_string(),
            delivery_instruction: answered.instruction,
        };
        let mut later = false;
        let mut refusal = "the receiver's profile lists no delivery service".to_owned();
        for name in profile.delivery_services() {
            let temporary;
            (temporary, refusal) = 'asked: {
                let service = match self.directory.delivery_service(name).await {
                    Ok(service) => service,
                    Err(error) => break 'asked (error.is_temporary(), error.to_string()),
                };
                let sealed = Envelope::seal(
                    &message,
                    &information,
                    &profile.keys().encryption,
                    &service.encryption_key,
                    &self.keys,
                    self.ports().entropy(),
                );
                let envelope = match sealed {
                    Ok(envelope) => envelope,
                    Err(error) => break 'asked (false, error.to_string()),
                };
                let reply = match self.ports().http().send(&api::submit(&service.url, &envelope)).await {
                    Ok(reply) => reply,
                    Err(error) => break 'asked (true, error.to_string()),
                };
                match api::parse_submitted(&reply) {
                    Ok(()) => return Ok(Delivery::Accepted),
                    Err(error) => (error.is_temporary(), error.to_string()),
                }
            };
            later |= temporary;
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

/// What a message's receiver could not be found for is tried again, or not.
pub(super) fn settle(delivery: Result<Delivery, FindError>) -> Delivery {
    match delivery {
        Ok(delivery) => delivery,
        Err(error) if error.is_temporary() => Delivery::Later,
        Err(error) => Delivery::Refused(error.to_string()),
    }
}
