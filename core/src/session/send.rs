//! Sending: into the outbox first, then to the peer's delivery services.

use super::answered::Answered;
use super::read_back::{MAX_PAGES, PAGE};
use super::route::{Failure, FirstToAccept, Route};
use super::{Peer, Session};
use crate::delivery::api;
use crate::device::{Contact, SendState, StoredMessage};
use crate::identity::{Address, EnsName};
use crate::message::{DeliveryInformation, Draft, Envelope, Header, MessageHash, SignedMessage};
use crate::ports::{Clock as _, Http as _, Ports, Store as _, StoreError};

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

impl<P: Ports> Session<P> {
    /// Writes a text: signs it and puts it into the outbox. It leaves with the next [`Self::flush`], which also tells if
    /// no delivery service takes it; [`Self::write`] tells before, and writes all other types of messages.
    ///
    /// # Errors
    /// [`StoreError`]: then it was not written.
    pub async fn compose(&self, peer: Address, text: &str) -> Result<StoredMessage, StoreError> {
        let stored = self.sign(peer, Draft::text(self.header(peer), text));
        let store = self.ports().store();
        store.add_messages(self.account, std::slice::from_ref(&stored)).await?;
        self.change_contact(peer, Change::Message).await?;
        Ok(stored)
    }

    pub(super) fn header(&self, peer: Address) -> Header {
        let timestamp = self.ports().clock().now().max(self.last_sent.get() + 1);
        self.last_sent.set(timestamp);
        Header { from: self.alias.clone(), to: self.directory.alias(peer), timestamp }
    }

    /// Signs a message to a peer that is about to be written.
    pub(super) fn sign(&self, peer: Address, draft: Draft) -> StoredMessage {
        let message = draft.sign(&self.keys.signing);
        StoredMessage::new(&message, self.account, peer, message.timestamp(), SendState::Waiting)
    }

    /// Opens a conversation: keeps the peer among the contacts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep(&self, peer: &Peer) -> Result<(), StoreError> {
        self.change_contact(peer.address, Change::Name(peer.name.clone())).await
    }

    /// Notes that everything of a peer that arrived until now has been seen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_read(&self, peer: Address) -> Result<(), StoreError> {
        self.change_contact(peer, Change::Read).await
    }

    /// Tries to deliver everything in the outbox, each peer's messages in their order.
    ///
    /// # Errors
    /// [`StoreError`]; what the network does is told by the result.
    pub async fn flush(&self) -> Result<Flushed, StoreError> {
        let mut flushed = Flushed::default();
        let mut stuck = Vec::new();
        for row in self.ports().store().outbox(self.account).await? {
            let state = if stuck.contains(&row.peer) {
                SendState::Waiting
            } else {
                self.deliver(&row, &mut FirstToAccept).await
            };
            if state == SendState::Waiting {
                stuck.push(row.peer);
                flushed.waiting += 1;
                continue;
            }
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

    /// Seals a message for the receiver's delivery services that the route chooses, and hands it over there. Accepted
    /// means by one of them.
    pub(super) async fn deliver(&self, row: &StoredMessage, route: &mut impl Route) -> SendState {
        let Ok(message) = SignedMessage::parse(&row.json) else {
            return SendState::Refused("the stored message is damaged".to_owned());
        };
        let (found_at, profile) = match self.directory.profile_of(row.peer).await {
            Ok(Some(found)) => found,
            Err(error) if !error.is_temporary() => return SendState::Refused(error.to_string()),
            _ => return SendState::Waiting,
        };
        let mut answered = Answered::new(row.peer, message.reference());
        let mut before = None;
        for _ in 0..MAX_PAGES {
            let store = self.ports().store();
            let Ok(page) = store.messages(self.account, row.peer, before.as_ref(), PAGE).await else {
                return SendState::Waiting;
            };
            if page.is_empty() || answered.look(&page) {
                break;
            }
            before = page.last().map(StoredMessage::position);
        }
        let information = DeliveryInformation {
            from: self.alias.to_string(),
            to: self.readable(row.peer, found_at).to_string(),
            delivery_instruction: answered.instruction,
        };
        let (mut accepted, mut later) = (false, false);
        let mut refusal = "the receiver's profile lists no delivery service".to_owned();
        route.list(profile.delivery_services());
        for name in profile.delivery_services() {
            if !route.wants(name) {
                later = true;
                continue;
            }
            let outcome = 'asked: {
                let failure = |temporary, reason, pause| Err(Failure { temporary, reason, pause });
                let service = match self.directory.delivery_service(name).await {
                    Ok(service) => service,
                    Err(error) => break 'asked failure(error.is_temporary(), error.to_string(), 0),
                };
                let now = self.ports().clock().now();
                let pause = self.pauses.left(name, now);
                if pause > 0 {
                    break 'asked failure(true, "it asked to be left alone".to_owned(), pause);
                }
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
                    Err(error) => break 'asked failure(false, error.to_string(), 0),
                };
                let reply = match self.ports().http().send(&api::submit(&service.url, &envelope)).await {
                    Ok(reply) => reply,
                    Err(error) => break 'asked failure(true, error.to_string(), 0),
                };
                let Err(error) = api::parse_submitted(&reply) else { break 'asked Ok(()) };
                let pause = self.pauses.begin(name, reply.retry_after, now);
                failure(error.is_temporary(), error.to_string(), pause)
            };
            let far_enough = route.note(name, outcome.as_ref());
            match outcome {
                Ok(()) => accepted = true,
                Err(failure) => {
                    later |= failure.temporary;
                    refusal = failure.reason;
                }
            }
            if far_enough {
                break;
            }
        }
        match (accepted, later) {
            (true, _) => SendState::Accepted,
            (false, true) => SendState::Waiting,
            (false, false) => SendState::Refused(refusal),
        }
    }

    /// The name of a receiver for a delivery service: deployed ones don't survive a name that they can't read.
    pub(super) fn readable(&self, receiver: Address, name: EnsName) -> EnsName {
        if name.is_nameprep_stable() { name } else { self.directory.alias(receiver) }
    }

    /// Changes what is kept of a peer, who becomes a contact if need be.
    pub(super) async fn change_contact(&self, peer: Address, change: Change) -> Result<(), StoreError> {
        let store = self.ports().store();
        let now = self.ports().clock().now();
        let contacts = store.contacts(self.account).await?;
        let known = contacts.into_iter().find(|contact| contact.peer == peer);
        let mut contact = known.unwrap_or(Contact { peer, name: None, read_until: 0, touched: now });
        match change {
            Change::Name(name) => contact.name = name,
            Change::Read => contact.read_until = contact.read_until.max(now),
            Change::Message => contact.touched = now,
        }
        store.put_contact(self.account, &contact).await
    }
}

/// What changed of a contact.
pub(super) enum Change {
    /// Was found under this name.
    Name(Option<EnsName>),
    /// Everything until now was read.
    Read,
    /// A message was written, or came.
    Message,
}
