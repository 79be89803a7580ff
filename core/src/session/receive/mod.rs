//! Receiving: opened, proven, stored, and only then acknowledged. What can't be proven is quarantined; one bad
//! envelope never holds up the others.

mod keep;
mod place;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use serde_json::Value;

use keep::Proven;

use super::deadline::within;
use super::prove::{Sender, Verdict};
use super::{FindError, Home, HomeError, Session};
use crate::conversation::ConversationId;
use crate::delivery::api::{self, Acknowledgement};
use crate::device::{Doubt, Quarantined};
use crate::index::Index;
use crate::message::{
    EnvelopeError, MessageError, MessageHash, OpenedMessage, PostmarkError, PostmarkVerdict, ReceivedEnvelope,
};
use crate::ports::{Ports, Store as _, StoreError};
use crate::seal::json::canonical;
use crate::seal::signing::SigningKey;
use crate::seal::{OpenError, sha256, sha256_hex};

/// How many senders are looked up at the same time.
const CONCURRENT_SENDERS: usize = 6;
/// How many things are kept in quarantine.
const MAX_QUARANTINED: usize = 500;
/// How many envelopes are acknowledged at once; the deployed servers take a second for twenty.
const MAX_ACKNOWLEDGED: usize = 50;
/// How often a delivery service is asked in a row for what waits.
const MAX_LISTINGS: usize = 100;
/// A listing of so many envelopes may not be all. The deployed servers show about 100 conversations.
const CROWDED: usize = 100;
/// How long the key of postmarks is waited for: milliseconds. Without it, messages stand where they came.
const KEY_PATIENCE: u32 = 2_000;
/// The longest envelope that is kept in quarantine, in bytes.
const MAX_KEPT_ENVELOPE: usize = 64 * 1024;

/// What came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Messages that were not here before, with their conversation.
    pub new: Vec<(ConversationId, MessageHash)>,
    /// Envelopes that could not be proven and were not known yet.
    pub quarantined: usize,
    /// Entries of the mailbox that are no envelopes.
    pub unreadable: usize,
    /// Envelopes whose sender could not be looked up now; they stay at the delivery service.
    pub postponed: usize,
}

/// An envelope that was opened.
struct Arrival {
    id: String,
    /// It is in quarantine already.
    known: bool,
    raw: String,
    message: OpenedMessage,
    /// When a delivery service took it, by the clock that leads.
    taken: Option<u64>,
    acknowledgement: Acknowledgement,
}

/// Why an envelope holds no message for us.
#[derive(Debug, thiserror::Error)]
enum Rejection {
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
    fn doubt(&self) -> Doubt {
        match self {
            Self::Envelope(_) | Self::Open(OpenError::Form(_)) => Doubt::NoEnvelope,
            Self::Open(OpenError::NotForThisKey | OpenError::WeakKey) => Doubt::NotForThisKey,
            Self::Open(_) => Doubt::NoText,
            Self::Message(_) => Doubt::NoMessage,
        }
    }
}

/// What became of the envelopes of one listing.
#[derive(Default)]
struct Taken {
    received: Received,
    /// The delivery service has let go of some of them.
    made_room: bool,
}

impl<P: Ports> Session<P> {
    /// Takes in everything that waits at the account's delivery services.
    ///
    /// # Errors
    /// [`HomeError`] of the first delivery service that failed, if none could be asked; and
    /// [`HomeError::Store`] as in [`Self::accept`].
    pub async fn sync(&self) -> Result<Received, HomeError> {
        let mut received = Received::default();
        let (mut asked, mut problem) = (false, None);
        for home in self.homes().await? {
            match self.sync_home(&home, &mut received).await {
                Ok(()) => asked = true,
                Err(error @ HomeError::Store(_)) => return Err(error),
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        match problem {
            Some(error) if !asked && received.new.is_empty() => Err(error),
            _ => Ok(received),
        }
    }

    /// Takes in everything that waits at one delivery service.
    ///
    /// # Errors
    /// [`HomeError`]; what was taken in before is stored.
    pub async fn fetch(&self, home: &Home) -> Result<Received, HomeError> {
        let mut received = Received::default();
        self.sync_home(home, &mut received).await?;
        Ok(received)
    }

    /// Servers show only a part of a full mailbox, so they are asked again for as long as that makes room.
    async fn sync_home(&self, home: &Home, received: &mut Received) -> Result<(), HomeError> {
        let mut left = Received::default();
        let mut last = None;
        for _ in 0..MAX_LISTINGS {
            let reply =
                self.authorized(home, &|token| api::get_incoming(&home.url, &self.alias, token)).await?;
            let listing = Some(sha256(reply.body.as_bytes()));
            if listing == last {
                break;
            }
            last = listing;
            let incoming = api::parse_incoming(&reply)?;
            let crowded = incoming.more || incoming.envelopes.len() >= CROWDED;
            let taken = self.take_in(home, incoming.envelopes, crowded).await?;
            received.new.extend(taken.received.new);
            received.quarantined += taken.received.quarantined;
            // These stay where they are, and so are listed each time.
            left.unreadable = left.unreadable.max(incoming.unreadable);
            left.postponed = left.postponed.max(taken.received.postponed);
            if !taken.made_room {
                break;
            }
        }
        received.add(left);
        Ok(())
    }

    /// Takes in envelopes that a delivery service listed or pushed.
    ///
    /// # Errors
    /// [`HomeError::Store`] if something could not be stored: then nothing of that sender is acknowledged.
    pub async fn accept(&self, home: &Home, envelopes: Vec<Value>) -> Result<Received, HomeError> {
        Ok(self.take_in(home, envelopes, false).await?.received)
    }

    /// What was sealed for other keys is left at the delivery service, because another device of the account
    /// may have them; unless the mailbox is `crowded`, and it could hide what comes after it.
    async fn take_in(&self, home: &Home, envelopes: Vec<Value>, crowded: bool) -> Result<Taken, StoreError> {
        let now = self.now();
        let keys = if envelopes.is_empty() { Vec::new() } else { self.postmark_keys(home).await };
        let mut quarantine = Index::default();
        for id in self.ports().store().quarantined_ids(self.account).await? {
            quarantine.insert(id, 0);
        }
        let mut taken = Taken::default();
        let (mut senders, mut by_sender) = (Index::default(), Vec::<Vec<Arrival>>::new());
        let mut rejected = Vec::new();
        let mut done = Vec::new();
        for envelope in envelopes {
            let raw = canonical(&envelope);
            let id = sha256_hex(&raw);
            let known = !quarantine.insert(id.clone(), 0);
            let acknowledgement = acknowledgement_of(&envelope);
            match self.open(&envelope) {
                Ok((message, mark)) => {
                    let sender = message.claimed_sender();
                    let number = senders.get(sender).unwrap_or(by_sender.len());
                    senders.insert(sender.to_owned(), number);
                    let taken = self.taken(home, &mark, &envelope, &keys);
                    let arrival = Arrival { id, known, raw, message, taken, acknowledgement };
                    match by_sender.get_mut(number) {
                        Some(arrivals) => arrivals.push(arrival),
                        None => by_sender.push(vec![arrival]),
                    }
                }
                Err(rejection) => {
                    if crowded || !matches!(rejection, Rejection::Open(OpenError::NotForThisKey)) {
                        done.push(acknowledgement);
                    }
                    if !known {
                        rejected.push(quarantined(id, now, rejection.doubt(), raw));
                    }
                }
            }
        }
        taken.received.quarantined += rejected.len();
        self.quarantine(&rejected).await?;
        taken.made_room |= self.acknowledge(home, &done).await;

        let groups = by_sender.into_iter().map(|a| Box::pin(self.accept_from_sender(home, a, now)) as _);
        for outcome in concurrently(groups).await {
            let more = outcome?;
            taken.received.add(more.received);
            taken.made_room |= more.made_room;
        }
        Ok(taken)
    }

    fn open(&self, envelope: &Value) -> Result<(OpenedMessage, ReceivedEnvelope), Rejection> {
        let received = ReceivedEnvelope::from_json(envelope)?;
        let text = received.open(&self.keys)?;
        Ok((OpenedMessage::parse(&text)?, received))
    }

    /// The keys that a delivery service of the account signs postmarks with; none if they can't be had soon.
    async fn postmark_keys(&self, home: &Home) -> Vec<SigningKey> {
        if let Some(key) = home.signing_key.get() {
            return vec![key];
        }
        let found =
            within(self.ports().clock(), KEY_PATIENCE, self.directory.delivery_service(&home.name)).await;
        let key = found.and_then(Result::ok).map(|service| service.signing_key);
        home.signing_key.set(key);
        Vec::from_iter(key)
    }

    /// When `home` took an envelope, by the clock that leads, if its postmark proves it.
    fn taken(
        &self,
        home: &Home,
        received: &ReceivedEnvelope,
        envelope: &Value,
        keys: &[SigningKey],
    ) -> Option<u64> {
        let sealed = envelope.get("message").and_then(Value::as_str).unwrap_or_default();
        match received.judge_postmark(sealed, &self.keys, keys) {
            PostmarkVerdict::Valid(postmark) => self.place_of(home, postmark.incoming_timestamp),
            PostmarkVerdict::Invalid(PostmarkError::Signature(_)) => {
                // It may have changed keys.
                home.signing_key.set(None);
                None
            }
            _ => None,
        }
    }

    async fn accept_from_sender(
        &self,
        home: &Home,
        arrivals: Vec<Arrival>,
        now: u64,
    ) -> Result<Taken, StoreError> {
        let mut received = Received::default();
        let (mut authentic, mut forged, mut done) = (Vec::new(), Vec::new(), Vec::new());
        let mut sender: Option<Result<Sender, FindError>> = None;
        let mut asked_anew = false;
        for arrival in arrivals {
            let verdict = loop {
                let known = match sender.take() {
                    Some(known) => known,
                    None => self.sender(arrival.message.claimed_sender()).await,
                };
                let verdict = self.judge(&arrival.message, &arrival.acknowledgement.sender, &known).await;
                sender = Some(known);
                if matches!(verdict, Verdict::Proven(_) | Verdict::NotNow) || asked_anew {
                    break verdict;
                }
                // The sender may have changed keys within the last minute.
                asked_anew = true;
                self.forget_sender(arrival.message.claimed_sender()).await;
                sender = None;
            };
            match verdict {
                Verdict::Proven(message) => authentic.push(Proven { message, taken: arrival.taken }),
                Verdict::Never(doubt) | Verdict::NotYet(doubt) if !arrival.known => {
                    forged.push(quarantined(arrival.id, now, doubt, arrival.raw));
                }
                Verdict::Never(_) | Verdict::NotYet(_) => {}
                Verdict::NotNow => {
                    received.postponed += 1;
                    continue;
                }
            }
            done.push(arrival.acknowledgement);
        }
        received.quarantined = forged.len();
        self.quarantine(&forged).await?;
        received.new = self.keep_messages(&authentic).await?;
        if let (false, Some(Ok(sender))) = (authentic.is_empty(), &sender) {
            self.remember_sender(sender).await?;
        }
        let made_room = self.acknowledge(home, &done).await;
        Ok(Taken { received, made_room })
    }

    async fn quarantine(&self, items: &[Quarantined]) -> Result<(), StoreError> {
        if items.is_empty() {
            return Ok(());
        }
        self.ports().store().add_quarantined(self.account, items, MAX_QUARANTINED).await
    }

    /// A failed acknowledgement costs nothing: the envelopes come again and are known then.
    async fn acknowledge(&self, home: &Home, done: &[Acknowledgement]) -> bool {
        let mut acknowledged = false;
        for part in done.chunks(MAX_ACKNOWLEDGED) {
            let reply =
                self.authorized(home, &|token| api::acknowledge(&home.url, &self.alias, token, part)).await;
            match reply {
                Ok(reply) if api::parse_done(&reply).is_ok() => acknowledged = true,
                _ => break,
            }
        }
        acknowledged
    }
}

impl Received {
    fn add(&mut self, other: Self) {
        self.new.extend(other.new);
        self.quarantined += other.quarantined;
        self.unreadable += other.unreadable;
        self.postponed += other.postponed;
    }
}

type Task<'a> = Pin<Box<dyn Future<Output = Result<Taken, StoreError>> + 'a>>;

/// Runs at most [`CONCURRENT_SENDERS`] tasks at a time; their results come in the order in which they end.
async fn concurrently<'a>(mut waiting: impl Iterator<Item = Task<'a>>) -> Vec<Result<Taken, StoreError>> {
    let (mut running, mut results) = (Vec::new(), Vec::new());
    poll_fn(|context| {
        loop {
            running.extend(waiting.by_ref().take(CONCURRENT_SENDERS - running.len()));
            let before = results.len();
            running.retain_mut(|task: &mut Task<'a>| match task.as_mut().poll(context) {
                Poll::Ready(result) => {
                    results.push(result);
                    false
                }
                Poll::Pending => true,
            });
            if results.len() == before {
                break if running.is_empty() { Poll::Ready(()) } else { Poll::Pending };
            }
        }
    })
    .await;
    results
}

/// Names an envelope as the delivery service knows it, whatever else is wrong with it.
fn acknowledgement_of(envelope: &Value) -> Acknowledgement {
    let member = |path: &str| envelope.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    Acknowledgement {
        sender: member("/metadata/deliveryInformation/from"),
        message_hash: member("/metadata/messageHash"),
    }
}

fn quarantined(id: String, arrived: u64, doubt: Doubt, raw: String) -> Quarantined {
    Quarantined { id, arrived, doubt, envelope: Some(raw).filter(|raw| raw.len() <= MAX_KEPT_ENVELOPE) }
}
