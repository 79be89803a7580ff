//! Answering a peer who misses a message of ours.

use super::Session;
use super::handed::Handed;
use super::route::FirstToAccept;
use crate::conversation::ConversationId;
use crate::delivery::Refusal;
use crate::device::SendState;
use crate::identity::Address;
use crate::message::{Kind, MessageHash, SignedMessage};
use crate::ports::{Clock as _, Ports, StoreError};

/// The most answers that are remembered, over all peers; beyond that nobody is answered for now.
const MAX_ANSWERS: usize = 1000;

/// How often and how much a peer may have sent again, so that requests can't wear this account out. Keep one for as
/// long as the account is signed in.
#[derive(Debug, Clone)]
pub struct ResendBudget {
    messages: usize,
    bytes: usize,
    window_ms: u64,
    answered: Vec<Answer>,
}

#[derive(Debug, Clone)]
struct Answer {
    peer: Address,
    at: u64,
    bytes: usize,
}

/// What became of a request to send a message again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resent {
    /// The message that was signed then is at a delivery service of the peer again, with the same hash.
    Accepted(MessageHash),
    /// No delivery service takes it now; the peer may ask again.
    Later,
    /// Every delivery service refuses it, or did, or its author stopped it.
    Refused(Refusal),
    /// This is no request of that peer's.
    NoRequest,
    /// The account wrote no such message to that peer.
    NotOurs,
    /// It still waits in the outbox, and leaves with the next [`Session::flush`].
    Waiting,
    /// The peer has had enough sent again for now.
    TooMuch,
}

impl ResendBudget {
    /// To each peer at most so many messages and bytes of them within `window_ms` milliseconds.
    pub const fn new(messages: usize, bytes: usize, window_ms: u64) -> Self {
        Self { messages, bytes, window_ms, answered: Vec::new() }
    }

    fn take(&mut self, peer: Address, bytes: usize, now: u64) -> bool {
        self.answered.retain(|answer| now.saturating_sub(answer.at) < self.window_ms);
        let of_peer = self.answered.iter().filter(|answer| answer.peer == peer);
        let (count, sum) = of_peer.fold((0, bytes), |(count, sum), answer| (count + 1, sum + answer.bytes));
        let fits = count < self.messages && sum <= self.bytes && self.answered.len() < MAX_ANSWERS;
        if fits {
            self.answered.push(Answer { peer, at: now, bytes });
        }
        fits
    }
}

impl Default for ResendBudget {
    /// Twenty messages and two megabytes an hour.
    fn default() -> Self {
        Self::new(20, 2_000_000, 3_600_000)
    }
}

impl<P: Ports> Session<P> {
    /// Answers a stored `RESEND_REQUEST` of the peer: the message it refers to is sealed anew, exactly as it was signed
    /// then. Only what this account wrote to that very peer is sent again.
    ///
    /// # Errors
    /// [`StoreError`]; everything else is told by the result.
    pub async fn answer_resend_request(
        &self,
        budget: &mut ResendBudget,
        conversation: ConversationId,
        request: &MessageHash,
    ) -> Result<Resent, StoreError> {
        let ConversationId::Peer(peer) = conversation;
        let request = self.stored(conversation, request).await?.filter(|stored| stored.author == peer);
        let request = request.and_then(|stored| SignedMessage::parse(&stored.json).ok());
        let request = request.filter(|message| message.kind() == Kind::ResendRequest);
        let Some(wanted) = request.and_then(|message| message.reference()) else {
            return Ok(Resent::NoRequest);
        };
        let Some(row) = self.stored(conversation, &wanted).await?.filter(|row| row.author == self.account)
        else {
            return Ok(Resent::NotOurs);
        };
        match row.state {
            SendState::Waiting => return Ok(Resent::Waiting),
            // Whether it is tried again is its author's to say.
            SendState::Refused(refusal) => return Ok(Resent::Refused(refusal)),
            SendState::Accepted | SendState::Received => {}
        }
        if !budget.take(peer, row.json.len(), self.ports().clock().now()) {
            return Ok(Resent::TooMuch);
        }
        Ok(match self.deliver(&row, &mut FirstToAccept).await {
            Handed::Accepted => Resent::Accepted(row.hash),
            Handed::Waits(_) => Resent::Later,
            Handed::Refused(refusal) => Resent::Refused(refusal),
        })
    }
}
