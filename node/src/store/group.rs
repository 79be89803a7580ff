//! Group commit: what waits is committed together, and answered after the commit.
//!
//! Waiting for the disk is what costs, and one wait serves a whole group. While a group is committed the next
//! one gathers, so nothing is ever held back for the sake of a larger group. Where more waits than a group holds, senders
//! have turns ([`Turns`]).

use std::collections::HashMap;
use std::sync::Arc;

use dm3_core::identity::Address;
use tokio::sync::{mpsc, oneshot};

use super::turns::{TooMany, Turns};
use super::{Delivery, MailboxLimits, Outcome, Standing, StoreError, address_from, unsigned};

/// The most deliveries in one transaction, which bounds how long other writers wait for their turn.
const GROUP: usize = 64;

/// Commits a group as one transaction; the outcomes are in the order of the deliveries.
#[async_trait::async_trait]
pub(super) trait Commit: Send + Sync + 'static {
    async fn commit(&self, group: &[Delivery]) -> Result<Vec<Outcome>, StoreError>;
}

type Answer = oneshot::Sender<Result<Outcome, StoreError>>;

/// The way to the one task that commits. It ends when this is dropped.
pub(super) struct GroupCommit {
    /// As many as there are requests under way, which are bounded where they come in; of each account, as many as [`Turns`]
    /// lets wait.
    queue: mpsc::UnboundedSender<(Delivery, Answer)>,
}

impl GroupCommit {
    /// Starts the task.
    pub fn start(engine: impl Commit) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        tokio::spawn(run(engine, waiting));
        Self { queue }
    }

    /// Waits until the delivery's group is committed. If it fails, it may have been committed all the same.
    pub async fn deliver(&self, delivery: Delivery) -> Result<Outcome, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.send((delivery, answer)).map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

async fn run(engine: impl Commit, mut waiting: mpsc::UnboundedReceiver<(Delivery, Answer)>) {
    let mut turns = Turns::new();
    let line_up = |turns: &mut Turns<Answer>, (delivery, answer): (Delivery, Answer)| {
        if let Err(TooMany(answer)) = turns.push(delivery, answer) {
            // Nobody may be left to hear an answer.
            let _ = answer.send(Err(StoreError::Busy));
        }
    };
    loop {
        if turns.is_empty() {
            let Some(one) = waiting.recv().await else { return };
            line_up(&mut turns, one);
        }
        while let Ok(one) = waiting.try_recv() {
            line_up(&mut turns, one);
        }
        let (group, answers): (Vec<_>, Vec<_>) = turns.take(GROUP).into_iter().unzip();
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

/// How many messages, and how many bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub messages: u64,
    pub bytes: u64,
}

impl Amount {
    const fn and(self, bytes: u64) -> Self {
        Self { messages: self.messages.saturating_add(1), bytes: self.bytes.saturating_add(bytes) }
    }

    const fn exceeds(self, limit: Self) -> bool {
        self.messages > limit.messages || self.bytes > limit.bytes
    }

    const fn beyond(self, limit: Self) -> Self {
        Self {
            messages: self.messages.saturating_sub(limit.messages),
            bytes: self.bytes.saturating_sub(limit.bytes),
        }
    }

    /// So many hundredths of it; of what is unlimited, all.
    fn hundredths(self, hundredths: u8) -> Self {
        let part = |number: u64| {
            let hundredths = u64::from(hundredths);
            match number {
                u64::MAX => number,
                _ => (number / 100).saturating_mul(hundredths) + number % 100 * hundredths / 100,
            }
        };
        Self { messages: part(self.messages), bytes: part(self.bytes) }
    }
}

/// Whose a part of a mailbox is, as the column `share` has it.
pub(super) type Share = Vec<u8>;

/// Of all unknown senders together.
const UNKNOWN: &[u8] = &[];
/// Of all verified senders together that are not on the receiver's list.
const VERIFIED: &[u8] = &[1];

/// The shares that a delivery counts in.
pub(super) fn shares(delivery: &Delivery) -> Vec<Share> {
    let sender = || delivery.sender_address.map(|address| address.as_bytes().to_vec());
    match delivery.standing {
        Standing::Unknown => vec![UNKNOWN.to_vec()],
        // Unknown ones, since they may have to give way.
        Standing::Verified => [UNKNOWN.to_vec(), VERIFIED.to_vec()].into_iter().chain(sender()).collect(),
        Standing::Allowed => [UNKNOWN.to_vec()].into_iter().chain(sender()).collect(),
    }
}

/// A mailbox as the transaction finds it.
pub(super) struct Found {
    /// The version of its account.
    pub version: i64,
    pub holds: Amount,
    /// The shares that the group's deliveries count in; one that is missing is empty.
    pub shares: HashMap<Share, Amount>,
    /// What must give way for the group, the oldest first.
    pub gives_way: Amount,
}

impl Found {
    /// As the columns of a mailbox's row have it, without its shares.
    pub fn new(version: i64, messages: i64, bytes: i64) -> Self {
        let holds = Amount { messages: unsigned(messages), bytes: unsigned(bytes) };
        Self { version, holds, shares: HashMap::new(), gives_way: Amount::default() }
    }

    fn share(&self, share: &[u8]) -> Amount {
        self.shares.get(share).copied().unwrap_or_default()
    }

    /// Makes room for a delivery; false if there is none.
    fn take(&mut self, delivery: &Delivery) -> bool {
        let MailboxLimits { messages, bytes, unknown, verified, sender } = delivery.limits;
        let (limit, size) = (Amount { messages, bytes }, delivery.envelope.len() as u64);
        let mut counted = Vec::new();
        match delivery.standing {
            Standing::Unknown => counted.push((UNKNOWN.to_vec(), limit.hundredths(unknown))),
            Standing::Verified => counted.push((VERIFIED.to_vec(), limit.hundredths(verified))),
            Standing::Allowed => {}
        }
        if delivery.standing != Standing::Unknown
            && let Some(address) = delivery.sender_address
        {
            counted.push((address.as_bytes().to_vec(), limit.hundredths(sender)));
        }
        if counted.iter().any(|(share, most)| self.share(share).and(size).exceeds(*most)) {
            return false;
        }
        let after = self.holds.and(size);
        let too_much = after.beyond(limit);
        if too_much != Amount::default() {
            let may_give_way = self.share(UNKNOWN);
            if delivery.standing == Standing::Unknown || too_much.exceeds(may_give_way) {
                return false;
            }
            self.shares.insert(UNKNOWN.to_vec(), may_give_way.beyond(too_much));
            self.gives_way.messages += too_much.messages;
            self.gives_way.bytes += too_much.bytes;
        }
        self.holds = after.beyond(too_much);
        for (share, _) in counted {
            let amount = self.shares.entry(share).or_default();
            *amount = amount.and(size);
        }
        true
    }
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
    /// What was signed came before, with this very envelope.
    Known,
    /// What was signed came before, with another envelope.
    Reused,
}

/// What was signed before: of which mailbox, its hash, and the hash of the envelope it came with.
pub(super) type Taken = HashMap<Key, [u8; 32]>;

/// Plans a group against the mailboxes it goes to and the signatures that were taken there, and notes those of the group.
pub(super) fn plan(group: &[Delivery], found: &mut HashMap<Address, Found>, taken: &mut Taken) -> Vec<Plan> {
    let plan = |delivery: &Delivery| {
        let Some(mailbox) = found.get_mut(&delivery.mailbox) else { return Plan::Changed };
        if mailbox.version != delivery.account_version {
            return Plan::Changed;
        }
        let signed = delivery.signed.map(|signed| (delivery.mailbox, signed));
        match signed.and_then(|signed| taken.get(&signed)) {
            Some(envelope) if *envelope == delivery.envelope_hash => return Plan::Known,
            Some(_) => return Plan::Reused,
            None => {}
        }
        if !mailbox.take(delivery) {
            return Plan::TooMuch;
        }
        if let Some(signed) = signed {
            taken.insert(signed, delivery.envelope_hash);
        }
        Plan::Insert
    };
    group.iter().map(plan).collect()
}

/// A stored message by its mailbox and the hash of its envelope.
pub(super) type Key = (Address, [u8; 32]);

/// The key in a row's columns.
pub(super) fn key(mailbox: Vec<u8>, envelope_hash: Vec<u8>) -> Result<Key, StoreError> {
    Ok((address_from(mailbox)?, hash(envelope_hash)?))
}

/// The hash in a column.
pub(super) fn hash(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("a hash is not 32 bytes"))
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
                Plan::Known => Outcome::Known,
                Plan::Reused => Outcome::Reused,
                Plan::TooMuch if known.contains(&key) || among(key) => Outcome::Known,
                Plan::TooMuch => Outcome::Full,
                // The same envelope twice in a group: the second finds the number gone.
                Plan::Insert => inserted.remove(&key).map_or(Outcome::Known, |seq| Outcome::Stored { seq }),
            }
        })
        .collect()
}
