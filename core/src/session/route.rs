//! Which of a receiver's delivery services get a message.
//!
//! ```text
//! FirstToAccept   in their order until one accepts: what the specification demands
//! DeliveryPlan    every one, each once: for those who trust no single one of them
//! ```

use super::Session;
use crate::conversation::ConversationId;
use crate::delivery::{DeliveryPlan, Refusal};
use crate::device::SendState;
use crate::identity::EnsName;
use crate::message::MessageHash;
use crate::ports::{Clock as _, Ports, Store as _, StoreError};

/// How long until a delivery service is looked for again of which nothing of use is published: milliseconds.
pub(super) const ASK_AGAIN: u64 = 5 * 60_000;

/// What came of handing a message to one delivery service.
pub(super) enum Outcome {
    /// It has the message.
    Accepted,
    /// It may take the same message later, and wants to be left alone for so many milliseconds.
    Later(u64),
    /// Nothing of use is published about it, for less than a week; that may pass.
    Unpublished,
    /// It does not take the message.
    Refused(Refusal),
}

/// Chooses among the delivery services of a receiver, and is told what became of it.
pub(super) trait Route {
    /// The delivery services of the receiver, in their order.
    fn list(&mut self, _services: &[EnsName]) {}
    /// Whether this one is asked now.
    fn wants(&self, _service: &EnsName) -> bool {
        true
    }
    /// What came of it; tells whether the message has gone far enough.
    fn note(&mut self, service: &EnsName, outcome: &Outcome) -> bool;
}

/// In their order until one accepts.
pub(super) struct FirstToAccept;

impl Route for FirstToAccept {
    fn note(&mut self, _: &EnsName, outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Accepted)
    }
}

/// Every one that does not have it yet, as far as the plan lets it be asked now.
struct All<'a> {
    plan: &'a mut DeliveryPlan,
    now: u64,
}

impl Route for All<'_> {
    fn list(&mut self, services: &[EnsName]) {
        self.plan.list(services);
    }

    fn wants(&self, service: &EnsName) -> bool {
        self.plan.is_due(service, self.now)
    }

    fn note(&mut self, service: &EnsName, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Accepted => self.plan.note_accepted(service),
            Outcome::Later(pause) => self.plan.note_failure(service, *pause, self.now),
            Outcome::Unpublished => self.plan.note_failure(service, ASK_AGAIN, self.now),
            Outcome::Refused(refusal) => self.plan.note_refused(service, refusal),
        }
        false
    }
}

/// How far a message has come that is to reach every delivery service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Every delivery service has accepted or refused; the plan tells which.
    Done,
    /// Some are asked again, not before this time in milliseconds since 1970.
    NotBefore(u64),
    /// The peer could not be looked up now, or has no profile yet.
    Later,
    /// The account wrote no such message to that peer.
    NotOurs,
}

impl<P: Ports> Session<P> {
    /// Hands an own message to every delivery service of the peer that does not have it, as far as `plan` says that it
    /// may be asked now; begin with an empty plan, and keep it for the next time. Takes the place of [`Self::flush`] for
    /// this message: once one has accepted, it is out of the outbox.
    ///
    /// # Errors
    /// [`StoreError`]; what the network does is told by plan and result.
    pub async fn deliver_to_all(
        &self,
        conversation: ConversationId,
        hash: &MessageHash,
        plan: &mut DeliveryPlan,
    ) -> Result<Progress, StoreError> {
        let Some(row) = self.stored(conversation, hash).await?.filter(|row| row.author == self.account)
        else {
            return Ok(Progress::NotOurs);
        };
        let now = self.ports().clock().now();
        let state = self.deliver(&row, &mut All { plan, now }).await.state();
        let undecided = plan.is_empty() && state.is_none();
        let end = match plan.next_due() {
            _ if plan.accepted() > 0 => Some(SendState::Accepted),
            None if !undecided => plan.refusal().cloned().map(SendState::Refused).or(state),
            _ => None,
        };
        if let Some(end) = end.filter(|_| row.state != SendState::Accepted) {
            self.ports().store().set_state(self.account, hash, &end).await?;
        }
        Ok(match plan.next_due() {
            Some(time) if time > now => Progress::NotBefore(time),
            None if !undecided => Progress::Done,
            _ => Progress::Later,
        })
    }
}
