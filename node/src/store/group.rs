//! Group commit: what waits is committed together, and answered after the commit.
//!
//! Waiting for the disk is what costs, and one wait serves a whole group. While a group is committed the next
//! one gathers, so nothing is ever held back for the sake of a larger group.

use std::collections::HashMap;
use std::sync::Arc;

use dm3_core::identity::Address;
use tokio::sync::{mpsc, oneshot};

use super::{Delivery, Outcome, StoreError, address_from};

/// The most deliveries in one transaction, which bounds how long other writers wait for their turn.
const GROUP: usize = 64;
/// How many deliveries may wait; further ones wait to be let in.
const QUEUE: usize = 256;

/// Commits a group as one transaction; the outcomes are in the order of the deliveries.
#[async_trait::async_trait]
pub(super) trait Commit: Send + Sync + 'static {
    async fn commit(&self, group: &[Delivery]) -> Result<Vec<Outcome>, StoreError>;
}

type Answer = oneshot::Sender<Result<Outcome, StoreError>>;

/// The way to the one task that commits. It ends when this is dropped.
pub(super) struct GroupCommit {
    queue: mpsc::Sender<(Delivery, Answer)>,
}

impl GroupCommit {
    /// Starts the task.
    pub fn start(engine: impl Commit) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(engine, waiting));
        Self { queue }
    }

    /// Waits until the delivery's group is committed. If it fails, it may have been committed all the same.
    pub async fn deliver(&self, delivery: Delivery) -> Result<Outcome, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send((delivery, answer)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

async fn run(engine: impl Commit, mut waiting: mpsc::Receiver<(Delivery, Answer)>) {
    let mut arrived = Vec::with_capacity(GROUP);
    while waiting.recv_many(&mut arrived, GROUP).await > 0 {
        let (group, answers): (Vec<_>, Vec<_>) = arrived.drain(..).unzip();
        // Nobody may be left to hear an answer.
        match engine.commit(&group).await {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for answer in answers {
                    let _ = answer.send(Err(StoreError::Group(error.clone())));
                }
            }
        }
    }
}

/// A mailbox as the transaction finds it.
pub(super) struct Found {
    /// The version of its account.
    pub version: i64,
    pub messages: u64,
    pub bytes: u64,
}

/// What is to be done with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// Insert it, unless it is there.
    Insert,
    /// It fits no more: it is known, or refused.
    TooMuch,
    /// It was made for another version of the account.
    Changed,
}

/// Plans a group against the mailboxes it goes to.
pub(super) fn plan(group: &[Delivery], found: &mut HashMap<Address, Found>) -> Vec<Plan> {
    let plan = |delivery: &Delivery| {
        let Some(mailbox) = found.get_mut(&delivery.mailbox) else { return Plan::Changed };
        if mailbox.version != delivery.account_version {
            return Plan::Changed;
        }
        let (messages, bytes) = (mailbox.messages + 1, mailbox.bytes + delivery.envelope.len() as u64);
        if messages > delivery.limits.messages || bytes > delivery.limits.bytes {
            return Plan::TooMuch;
        }
        (mailbox.messages, mailbox.bytes) = (messages, bytes);
        Plan::Insert
    };
    group.iter().map(plan).collect()
}

/// A stored message by its mailbox and the hash of its envelope.
pub(super) type Key = (Address, [u8; 32]);

/// The key in a row's columns.
pub(super) fn key(mailbox: Vec<u8>, envelope_hash: Vec<u8>) -> Result<Key, StoreError> {
    let hash = envelope_hash.try_into().map_err(|_| StoreError::Damaged("a hash is not 32 bytes"))?;
    Ok((address_from(mailbox)?, hash))
}

/// The outcomes of a group, from the plan, the numbers of the messages inserted, and those known before that
/// fitted no more.
pub(super) fn outcomes(
    group: &[Delivery],
    plan: &[Plan],
    mut inserted: HashMap<Key, i64>,
    known: &[Key],
) -> Vec<Outcome> {
    let key = |delivery: &Delivery| (delivery.mailbox, delivery.envelope_hash);
    let among =
        |wanted| group.iter().zip(plan).any(|(other, plan)| *plan == Plan::Insert && key(other) == wanted);
    group
        .iter()
        .zip(plan)
        .map(|(delivery, plan)| {
            let key = key(delivery);
            match plan {
                Plan::Changed => Outcome::Changed,
                Plan::TooMuch if known.contains(&key) || among(key) => Outcome::Known,
                Plan::TooMuch => Outcome::Full,
                // The same envelope twice in a group: the second finds the number gone.
                Plan::Insert => inserted.remove(&key).map_or(Outcome::Known, |seq| Outcome::Stored { seq }),
            }
        })
        .collect()
}
