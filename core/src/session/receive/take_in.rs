//! The way of envelopes from a delivery service, or from what was kept, onto the device.
//!
//! ```text
//! a few at a time:  open ─▶ by sender ──side by side──▶ prove ─▶ store ─▶ told at once
//!                     │                                   └─▶ kept, or quarantined
//!                     └─▶ quarantined, or left for other keys
//! at the end:       acknowledged
//! ```

use std::pin::pin;

use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde_json::Value;

use super::arrival::{Arrival, Item, Origin, Ticket, acknowledgement_of, named_sender, open, pieces};
use super::queue::Queue;
use super::received::{NewMessage, Received, Taken};
use super::seen::{Fate, InWork};
use super::store::Proven;
use super::taken::ServiceKey;
use crate::delivery::api;
use crate::device::{Doubt, Quarantined, WaitsFor};
use crate::index::Index;
use crate::ports::{Clock as _, Ports, Store as _, StoreError};
use crate::seal::json::canonical;
use crate::seal::sha256_hex;
use crate::session::deadline::within;
use crate::session::home::Mailbox;
use crate::session::prove::{Sender, Verdict};
use crate::session::{FindError, Home, Session};

/// How many senders are looked up at the same time. A sender whose gateway hangs holds up a place of these, so there
/// are more than a connection needs.
const CONCURRENT_SENDERS: usize = 16;
/// How long a sender is looked up while others wait: milliseconds. Afterwards the messages are kept, and tried again.
const PATIENCE: u32 = 5_000;
/// The same for what was kept: nobody waits then.
pub(super) const LONG_PATIENCE: u32 = 60_000;
/// How many are few: of them, what comes first is to be there at once.
const FEW: usize = 16;
/// How long of few only the first sender is looked up, and then twice as many each time: milliseconds. Each look-up takes
/// several requests, and whoever answers them has what is asked first to do first.
const HEAD_START: u32 = 100;
/// How many that are opened may wait for their senders before the next are opened.
const MAX_OPENED: usize = 256;
/// How many things are kept in quarantine.
const MAX_QUARANTINED: usize = 500;
/// How many envelopes are acknowledged at once; the deployed servers take a second for twenty.
const MAX_ACKNOWLEDGED: usize = 50;
/// The same by their numbers, which costs our node next to nothing.
const MAX_NUMBERS: usize = 1_000;
/// The longest envelope that is kept in quarantine, in bytes.
const MAX_QUARANTINED_ENVELOPE: usize = 64 * 1024;

/// What a delivery service has, and how it stands there.
pub(super) struct Batch<'a> {
    pub home: &'a Home,
    pub items: Vec<Item>,
    /// What is left there may hide something else.
    pub crowded: bool,
}

/// Where envelopes that are opened come from.
struct Source<'a> {
    home: &'a Home,
    key: ServiceKey,
    crowded: bool,
}

/// What became of messages of one sender.
#[derive(Default)]
pub(super) struct Settled {
    pub received: Received,
    /// What a delivery service may let go of.
    pub done: Vec<Ticket>,
    /// Why not all of it could be stored: then nothing of it is let go of, and it is taken in anew. What was stored before
    /// that is told all the same, as it is no news the next time.
    pub failure: Option<StoreError>,
}

impl<P: Ports> Session<P> {
    /// Takes envelopes in, and tells of each sender's messages as soon as they are stored.
    ///
    /// # Errors
    /// [`StoreError`] if something could not be stored: then nothing of that sender is acknowledged.
    pub(super) async fn take_in(
        &self,
        batch: Batch<'_>,
        tell: &mut dyn FnMut(Received),
    ) -> Result<Taken, StoreError> {
        let Batch { home, items, crowded } = batch;
        let mut taken = Taken::default();
        if items.is_empty() {
            return Ok(taken);
        }
        self.begin_time().await?;
        let source = Source { home, key: self.service_key(home).await, crowded };
        let mut at_once = if items.len() <= FEW { 1 } else { CONCURRENT_SENDERS };
        let mut pieces = pieces(items).into_iter();
        let mut ready = true;
        let mut in_work = InWork::new(&self.seen);
        let (mut queue, mut done) = (Queue::default(), Vec::new());
        let mut running = FuturesUnordered::new();
        let mut failure = None;
        loop {
            // A sender's messages are taken together, but nobody waits for what is not opened now.
            ready |= pieces.len() == 0 || queue.waiting() >= MAX_OPENED;
            while ready && failure.is_none() && running.len() < at_once {
                let Some((sender, arrivals)) = queue.next() else { break };
                running.push(async move { (sender, self.take_from(arrivals, crowded, PATIENCE).await) });
            }
            let more = failure.is_none() && pieces.len() > 0 && queue.waiting() < MAX_OPENED;
            let held = failure.is_none() && at_once < CONCURRENT_SENDERS && queue.waiting() > 0;
            let ended = match (more || held, running.is_empty()) {
                (true, true) => None,
                (true, false) => {
                    // Whatever can go on does so before more is opened; a page draws, too.
                    let pause = if at_once < CONCURRENT_SENDERS { HEAD_START } else { 0 };
                    let pause = pin!(self.ports().clock().sleep(pause));
                    match select(running.next(), pause).await {
                        Either::Left((ended, _)) => ended,
                        Either::Right(_) => None,
                    }
                }
                (false, true) => break,
                (false, false) => running.next().await,
            };
            if at_once < CONCURRENT_SENDERS && (ended.is_some() || !running.is_empty()) {
                at_once *= 2;
            }
            let settled = match ended {
                Some((sender, settled)) => {
                    queue.free(sender);
                    Ok(settled)
                }
                None => {
                    let next = pieces.next().unwrap_or_default();
                    ready = next.ends;
                    self.open_piece(&source, next.items, &mut queue, &mut in_work, &mut taken).await
                }
            };
            match settled {
                Ok(settled) => {
                    done.extend(settled.done);
                    if settled.received != Received::default() {
                        tell(settled.received);
                    }
                    failure = failure.or(settled.failure);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        while let Some((_, arrivals)) = queue.next() {
            self.give_up(&arrivals);
        }
        taken.made_room = if done.is_empty() || !self.may_let_go().await {
            // It is listed again.
            false
        } else {
            self.acknowledge(home, done).await
        };
        failure.map_or(Ok(taken), Err)
    }

    /// Opens some envelopes. What was sealed for other keys is left at the delivery service, because another device of
    /// the account may have them, unless it could hide there what comes after it: then it is kept here.
    async fn open_piece(
        &self,
        source: &Source<'_>,
        items: Vec<Item>,
        queue: &mut Queue,
        in_work: &mut InWork<'_>,
        taken: &mut Taken,
    ) -> Result<Settled, StoreError> {
        let Source { home, crowded, ref key } = *source;
        let now = self.now();
        let mut settled = Settled::default();
        let (mut rejected, mut foreign) = (Vec::new(), Vec::new());
        for Item { envelope, number } in items {
            let raw = canonical(&envelope);
            let id = sha256_hex(&raw);
            let ticket = ticket(home, &envelope, number);
            let fate = self.seen.borrow().fate(&id);
            match fate {
                Some(Fate::InWork) => {
                    let first = taken.in_work;
                    taken.in_work = number.map(|number| first.unwrap_or(number).min(number)).or(first);
                    continue;
                }
                Some(Fate::Done) => {
                    settled.done.push(ticket);
                    continue;
                }
                Some(Fate::Left) if !crowded => continue,
                Some(Fate::Left) | None => in_work.begin(&id),
            }
            let outside = named_sender(&envelope);
            match open(&envelope, &self.keys) {
                Ok((message, received)) => {
                    let taken = self.taken(home, &received, &envelope, key);
                    let origin = Origin::Service(ticket, home.name.clone());
                    queue.push(Arrival { id, raw, message, outside, taken, origin });
                }
                Err(rejection) if rejection.is_sealed_for_others() && crowded => {
                    let waits_for = WaitsFor::Keys(self.key_here());
                    foreign.push((self.to_keep(&id, &home.name, &outside, &raw, waits_for), raw, ticket));
                }
                Err(rejection) => {
                    let left = rejection.is_sealed_for_others();
                    self.seen.borrow_mut().set(&id, if left { Fate::Left } else { Fate::Done });
                    if !left {
                        settled.done.push(ticket);
                    }
                    rejected.push(quarantined(id, now, rejection.doubt(), raw));
                }
            }
        }
        for (kept, raw, ticket) in foreign {
            let id = kept.id.clone();
            if self.keep_for_later(kept, raw).await? {
                settled.received.postponed += 1;
                self.seen.borrow_mut().set(&id, Fate::Done);
                settled.done.push(ticket);
            } else {
                self.seen.borrow_mut().set(&id, Fate::Left);
            }
        }
        let ids: Vec<_> = rejected.iter().map(|item| item.id.clone()).collect();
        match self.quarantine(rejected).await {
            Ok(new) => settled.received.quarantined += new,
            Err(error) => {
                ids.iter().for_each(|id| self.seen.borrow_mut().forget(id));
                return Err(error);
            }
        }
        Ok(settled)
    }

    /// Proves and stores what one sender claims to have sent.
    pub(super) async fn take_from(&self, arrivals: Vec<Arrival>, crowded: bool, patience: u32) -> Settled {
        let ids: Vec<_> = arrivals.iter().map(|arrival| arrival.id.clone()).collect();
        let proved = self.prove_all(arrivals, patience).await;
        let mut new = Vec::new();
        match self.store(proved, crowded, &mut new).await {
            Ok(settled) => Settled { received: Received { new, ..settled.received }, ..settled },
            Err(error) => {
                // A later try may store it.
                ids.iter().for_each(|id| self.seen.borrow_mut().forget(id));
                let received = Received { new, ..Received::default() };
                Settled { received, done: Vec::new(), failure: Some(error) }
            }
        }
    }

    /// Finds out of each message who wrote it. Anybody can write in a sender's name, to a name whose gateway never answers: so
    /// what names somebody who has to be asked for comes last, and once the sender is known uses up half of the patience that
    /// is left for those behind it.
    async fn prove_all(&self, arrivals: Vec<Arrival>, patience: u32) -> Proved {
        let now = self.now();
        let until = self.ports().clock().now().saturating_add(patience.into());
        let mut proved = Proved::default();
        let mut lookup = Lookup::default();
        let asks = |(_, arrival): &(usize, Arrival)| arrival.names_others();
        let (asking, others): (Vec<_>, Vec<_>) = arrivals.into_iter().enumerate().partition(asks);
        let mut behind = asking.len();
        for (at, arrival) in others.into_iter().chain(asking) {
            let left = || until.saturating_sub(self.ports().clock().now()).min(patience.into());
            if lookup.sender.is_none() {
                let sender = self.sender(arrival.message.claimed_sender());
                lookup.sender = within(self.ports().clock(), left() as u32, sender).await;
            }
            let left = left();
            let left = if arrival.names_others() && behind > 1 { left / 2 } else { left };
            behind -= usize::from(arrival.names_others());
            let proving = self.prove(&arrival, &mut lookup);
            let verdict = within(self.ports().clock(), left as u32, proving).await;
            match verdict.unwrap_or(Verdict::NotNow) {
                Verdict::Proven(message) => {
                    let proven = Proven { message, taken: arrival.taken, read: None };
                    // In the order in which they were listed.
                    let place = proved.authentic.partition_point(|(other, _)| *other < at);
                    proved.authentic.insert(place, (at, proven));
                }
                Verdict::Never(doubt) => {
                    let raw = arrival.raw.clone();
                    proved.forged.push(quarantined(arrival.id.clone(), now, doubt, raw));
                }
                Verdict::NotYet(doubt) => {
                    proved.waiting.push((arrival, WaitsFor::Record(doubt)));
                    continue;
                }
                Verdict::NotNow => {
                    proved.waiting.push((arrival, WaitsFor::Network));
                    continue;
                }
            }
            proved.over.push(arrival);
        }
        proved.sender = lookup.sender.and_then(Result::ok);
        proved
    }

    /// Stores what became of messages of one sender; `new` are those that are on the device then, whatever fails after that.
    async fn store(
        &self,
        proved: Proved,
        crowded: bool,
        new: &mut Vec<NewMessage>,
    ) -> Result<Settled, StoreError> {
        let Proved { sender, authentic, mut forged, waiting, mut over } = proved;
        let mut settled = Settled::default();
        let known = !authentic.is_empty();
        let turn = self.storing.take().await;
        *new = self.keep_messages(authentic.into_iter().map(|(_, proven)| proven).collect()).await?;
        if let (true, Some(sender)) = (known, &sender) {
            self.remember_sender(sender).await?;
            self.found(sender.profile().account());
        }
        for (arrival, waits_for) in waiting {
            self.postpone(arrival, waits_for, crowded, &mut settled, &mut over, &mut forged).await?;
        }
        settled.received.quarantined = self.quarantine(forged).await?;
        let mut let_go = Vec::new();
        for arrival in over {
            self.seen.borrow_mut().set(&arrival.id, Fate::Done);
            match arrival.origin {
                Origin::Service(ticket, _) => settled.done.push(ticket),
                Origin::Kept(kept) => let_go.push(kept.id),
            }
        }
        if !let_go.is_empty() {
            self.ports().store().change_kept(self.account, &[], &let_go).await?;
        }
        drop(turn);
        Ok(settled)
    }

    /// Proves one message; what was found of the sender serves the next one, too, also if this one takes too long.
    async fn prove(&self, arrival: &Arrival, lookup: &mut Lookup) -> Verdict {
        loop {
            let sender = match lookup.sender.take() {
                Some(sender) => sender,
                None => self.sender(arrival.message.claimed_sender()).await,
            };
            let sender = lookup.sender.insert(sender);
            let verdict = self.judge(&arrival.message, &arrival.outside, sender).await;
            if matches!(verdict, Verdict::Proven(_) | Verdict::NotNow) || lookup.asked_anew {
                return verdict;
            }
            // The sender may have changed keys within the last minute.
            lookup.asked_anew = true;
            lookup.sender = None;
            self.forget_sender(arrival.message.claimed_sender()).await;
        }
    }

    fn give_up(&self, arrivals: &[Arrival]) {
        for arrival in arrivals {
            self.seen.borrow_mut().forget(&arrival.id);
        }
    }

    /// Gives how many were not there yet.
    pub(super) async fn quarantine(&self, mut items: Vec<Quarantined>) -> Result<usize, StoreError> {
        if items.is_empty() {
            return Ok(0);
        }
        let store = self.ports().store();
        let mut known = Index::default();
        for id in store.quarantined_ids(self.account).await? {
            known.insert(id, 0);
        }
        items.retain(|item| known.insert(item.id.clone(), 0));
        store.add_quarantined(self.account, &items, MAX_QUARANTINED).await?;
        Ok(items.len())
    }

    /// A failed acknowledgement costs nothing: the envelopes come again and are known then.
    async fn acknowledge(&self, home: &Home, done: Vec<Ticket>) -> bool {
        let (mut named, mut numbers) = (Vec::new(), Vec::new());
        for ticket in done {
            match ticket {
                Ticket::Named(acknowledgement) => named.push(acknowledgement),
                Ticket::Number(number) => numbers.push(number),
                Ticket::Listed => {}
            }
        }
        let mut acknowledged = false;
        let mailbox = home.mailbox.borrow().clone();
        if let Mailbox::Numbered(url) = &mailbox {
            for part in numbers.chunks(MAX_NUMBERS) {
                let request = |token: &_| api::acknowledge_numbers(url, &self.alias, token, part);
                match self.authorized(home, &request).await {
                    Ok(reply) if api::parse_done(&reply).is_ok() => acknowledged = true,
                    _ => break,
                }
            }
        }
        for part in named.chunks(MAX_ACKNOWLEDGED) {
            let request = |token: &_| api::acknowledge(&home.url, &self.alias, token, part);
            match self.authorized(home, &request).await {
                Ok(reply) if api::parse_done(&reply).is_ok() => acknowledged = true,
                _ => break,
            }
        }
        acknowledged
    }
}

/// What is known of messages of one sender.
#[derive(Default)]
struct Proved {
    sender: Option<Sender>,
    /// With their places in the order in which they were listed.
    authentic: Vec<(usize, Proven)>,
    forged: Vec<Quarantined>,
    waiting: Vec<(Arrival, WaitsFor)>,
    /// Those that are settled by being stored.
    over: Vec<Arrival>,
}

/// What was found of the sender of a batch.
#[derive(Default)]
struct Lookup {
    sender: Option<Result<Sender, FindError>>,
    asked_anew: bool,
}

fn ticket(home: &Home, envelope: &Value, number: Option<u64>) -> Ticket {
    match (number, &*home.mailbox.borrow()) {
        (Some(number), _) => Ticket::Number(number),
        (None, Mailbox::Numbered(_)) => Ticket::Listed,
        (None, _) => Ticket::Named(acknowledgement_of(envelope)),
    }
}

pub(super) fn quarantined(id: String, arrived: u64, doubt: Doubt, raw: String) -> Quarantined {
    let envelope = Some(raw).filter(|raw| raw.len() <= MAX_QUARANTINED_ENVELOPE);
    Quarantined { id, arrived, doubt, envelope }
}
