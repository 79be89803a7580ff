//! What can't be taken in now: kept on this device, and tried again.
//!
//! That nothing is found is no proof that there is nothing: a gateway may lag, an Ethereum node may lie, a profile be
//! published late. So the envelope is kept, and only then acknowledged. It is tried again after a minute, and then after
//! twice as long each time, up to six hours; at once when the network is back, if that was the cause, and when its sender
//! was found or proven. What is never proven goes to the quarantine in the end: what nobody was found for after two weeks,
//! what was signed or addressed wrongly, which only a lie or a change of keys just then can explain, after one.

use std::rc::Rc;

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::arrival::{Arrival, Origin, named_sender, open};
use super::queue::Queue;
use super::received::Received;
use super::shelf::Shelf;
use super::take_in::{LONG_PATIENCE, Settled, quarantined};
use crate::conversation::ConversationId;
use crate::device::{Doubt, Kept, Quarantined, WaitsFor};
use crate::identity::{Address, EnsName};
use crate::ports::{Ports, Store as _, StoreError};
use crate::said::Said;
use crate::seal::Entropy as _;
use crate::seal::json;
use crate::session::{Home, HomeError, Session};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;
/// The longest time between two tries: milliseconds.
const LONGEST_PAUSE: u64 = 6 * 60 * MINUTE;
/// How long nobody may be found for it.
const PATIENT: u64 = 14 * DAY;
/// How long it may seem to be forged.
const DOUBTFUL: u64 = 7 * DAY;
/// How often it is tried at least before it is let go of, whatever time seems to have passed: a clock may have leapt.
const FEWEST_TRIES: u32 = 8;
/// How many are tried at once; the others follow.
const MAX_TRIED: usize = 100;
/// The shortest time until the next look: milliseconds.
const SOON: u64 = 1_000;
/// The longest.
const LATE: u64 = 60 * MINUTE;
/// How often that an account was found makes what was kept of it due: milliseconds. Anybody can have something kept in its
/// name, for which others are asked.
const FOUND_PAUSE: u64 = 5 * MINUTE;
/// When what waits for keys is due: their coming is no matter of time.
const NEVER: u64 = 1 << 52;

/// Why what was kept is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Time has passed.
    Time,
    /// The network is back, or a delivery service was reached: what waits for the network is tried at once.
    Network,
}

impl<P: Ports> Session<P> {
    /// An account was found: what was kept of it is due.
    pub(crate) fn found(&self, account: Address) {
        let mut found = self.found.borrow_mut();
        if !found.contains(&account) {
            found.push(account);
        }
    }

    /// The accounts that were found since this was asked, but for those of which that was so a moment ago: these come later.
    fn found_lately(&self) -> Vec<Address> {
        let now = self.now();
        let mut before = self.found_before.borrow_mut();
        before.retain(|(_, at)| *at <= now && now - at < FOUND_PAUSE);
        let is_late = |account: &Address| before.iter().any(|(other, _)| other == account);
        let (late, found) = self.found.take().into_iter().partition(is_late);
        *self.found.borrow_mut() = late;
        found
    }

    /// Tries again to take in what was kept, as far as it is due, and tells of what comes out of it. Gives how long it
    /// takes until something is due again: milliseconds, between a second and an hour.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry_kept(
        &self,
        occasion: Occasion,
        tell: &mut dyn FnMut(Received),
    ) -> Result<u32, StoreError> {
        self.begin_time().await?;
        let store = self.ports().store();
        let found = self.found_lately();
        let list = store.kept(self.account).await?;
        // Counted anew when something is to be kept: who is a contact by then has the room of one.
        self.shelf.take();
        if list.is_empty() {
            return Ok(LATE as u32);
        }
        // Where a message stands is said by its service's postmark: a service that is not found yet may be found later.
        let (homes, all) = match self.homes_and_left().await {
            Ok(homes) => (homes, self.all_homes_found.get()),
            Err(HomeError::Find(error)) => (Vec::new(), !error.is_temporary()),
            Err(error) => (Vec::new(), !matches!(error, HomeError::Unreachable(_))),
        };
        let (now, key) = (self.now(), self.key_here());
        let unplaced = |kept: &Kept| !all && homes.iter().all(|home| home.name != kept.service);
        let mut names = Vec::new();
        for account in &found {
            let known = store.contact(self.account, ConversationId::Peer(*account)).await?;
            names.extend(known.into_iter().flat_map(|contact| contact.found_at));
        }
        let is_found = |kept: &Kept| {
            kept.sender.as_str().parse::<EnsName>().is_ok_and(|name| {
                names.contains(&name) || name.carried_address().is_some_and(|it| found.contains(&it))
            })
        };
        if list.iter().any(|kept| unplaced(kept) && is_found(kept)) {
            // It is due once its service is found.
            found.iter().for_each(|account| self.found(*account));
        } else if list.iter().any(is_found) {
            self.found_before.borrow_mut().extend(found.iter().map(|account| (*account, now)));
        }
        let is_due = |kept: &Kept| match &kept.waits_for {
            _ if unplaced(kept) => false,
            WaitsFor::Keys(tried) => *tried != key,
            WaitsFor::Network => occasion == Occasion::Network || left(kept, now) == 0 || is_found(kept),
            WaitsFor::Record(Doubt::NoSender(_)) => left(kept, now) == 0 || is_found(kept),
            // What is forged is not tried with each message of whom it names.
            WaitsFor::Record(_) => left(kept, now) == 0 || kept.tries < FEWEST_TRIES && is_found(kept),
        };
        let (mut queue, mut tried, before) = (Queue::default(), 0, list.len());
        for kept in list.into_iter().filter(is_due).take(MAX_TRIED) {
            tried += 1;
            if let Some(arrival) = self.taken_up(kept, &homes, now).await? {
                queue.push(arrival);
            }
        }
        let mut running = FuturesUnordered::new();
        while let Some((_, arrivals)) = queue.next() {
            // What somebody has to be asked for holds up nothing else of the same sender.
            let (asking, others): (Vec<_>, Vec<_>) = arrivals.into_iter().partition(Arrival::names_others);
            for part in [others, asking].into_iter().filter(|part| !part.is_empty()) {
                running.push(self.take_from(part, false, LONG_PATIENCE));
            }
        }
        while let Some(settled) = running.next().await {
            if settled.received != Received::default() {
                tell(settled.received);
            }
            settled.failure.map_or(Ok(()), Err)?;
        }
        let rest = store.kept(self.account).await?;
        if rest.len() < before {
            // What was left at a delivery service because there was no room is looked for there again.
            self.shelf.take();
            self.seen.borrow_mut().make_room();
            homes.iter().for_each(|home| home.after.set(0));
        }
        let now = self.now();
        let left = |kept: &Kept| if unplaced(kept) { MINUTE } else { left(kept, now) };
        let left = rest.iter().map(left).min().unwrap_or(LATE);
        let left = if self.found.borrow().is_empty() { left } else { left.min(FOUND_PAUSE) };
        // What is known of the clock grows old meanwhile, so that the time may seem to pass more slowly.
        let wait = (left + left / 1_000).clamp(SOON, LATE);
        Ok(if tried == MAX_TRIED { SOON } else { wait } as u32)
    }

    /// What is noted with what these keys can't open.
    pub(super) fn key_here(&self) -> Said {
        Said::new(&hex::encode(self.keys.public().encryption.as_bytes()))
    }

    /// Opens an envelope that was kept; what can't be opened is put where it belongs.
    async fn taken_up(
        &self,
        kept: Kept,
        homes: &[Rc<Home>],
        now: u64,
    ) -> Result<Option<Arrival>, StoreError> {
        let store = self.ports().store();
        let raw = store.kept_envelope(self.account, &kept.id).await?.unwrap_or_default();
        let envelope = json::parse(&raw).unwrap_or_default();
        match open(&envelope, &self.keys) {
            Ok((message, received)) => {
                let home = homes.iter().find(|home| home.name == kept.service);
                let taken = match home {
                    Some(home) => {
                        let key = self.service_key(home).await;
                        self.taken(home, &received, &envelope, &key)
                    }
                    None => None,
                };
                let outside = named_sender(&envelope);
                // Without its service now, what that said when it came counts; without a postmark, when that was.
                let taken = taken.or(kept.taken).or(Some(kept.arrived));
                Ok(Some(Arrival {
                    id: kept.id.clone(),
                    raw,
                    message,
                    outside,
                    taken,
                    origin: Origin::Kept(kept),
                }))
            }
            Err(rejection) if rejection.is_sealed_for_others() => {
                let waits_for = WaitsFor::Keys(self.key_here());
                let kept = Kept { waits_for, due: NEVER, ..kept };
                store.change_kept(self.account, &[(kept, None)], &[]).await?;
                Ok(None)
            }
            Err(rejection) => {
                self.quarantine(vec![quarantined(kept.id.clone(), now, rejection.doubt(), raw)]).await?;
                store.change_kept(self.account, &[], &[kept.id]).await?;
                Ok(None)
            }
        }
    }

    /// What is kept of an envelope that came now.
    pub(super) fn to_keep(
        &self,
        id: &str,
        service: &EnsName,
        sender: &str,
        raw: &str,
        waits_for: WaitsFor,
    ) -> Kept {
        let now = self.now();
        let due = if matches!(waits_for, WaitsFor::Keys(_)) { NEVER } else { now + self.pause(0) };
        let (service, sender) = (service.clone(), Said::new(sender));
        Kept {
            id: id.to_owned(),
            service,
            sender,
            arrived: now,
            taken: None,
            size: raw.len() as u64,
            waits_for,
            tries: 0,
            due,
        }
    }

    /// Keeps an envelope, if there is room for it.
    pub(super) async fn keep_for_later(&self, kept: Kept, raw: String) -> Result<bool, StoreError> {
        let store = self.ports().store();
        if self.shelf.borrow().is_none() {
            let list = store.kept(self.account).await?;
            let contacts = store.contacts(self.account).await?;
            *self.shelf.borrow_mut() = Some(Shelf::new(&list, &contacts));
        }
        let room = match &*self.shelf.borrow() {
            Some(shelf) if shelf.has(&kept.id) => return Ok(true),
            Some(shelf) => shelf.has_room_for(&kept),
            None => false,
        };
        if room {
            store.change_kept(self.account, &[(kept.clone(), Some(raw))], &[]).await?;
            // Only now: who was interrupted must not take it for kept.
            if let Some(shelf) = &mut *self.shelf.borrow_mut() {
                shelf.add(&kept);
            }
        }
        Ok(room)
    }

    fn may_stay(&self, kept: &Kept, outside: &str) -> bool {
        self.shelf.borrow().as_ref().is_some_and(|shelf| shelf.may_stay(kept, outside))
    }

    /// Keeps what can't be proven now. Where there is no room it stays at the delivery service, unless it could hide
    /// something of others there.
    pub(super) async fn postpone(
        &self,
        arrival: Arrival,
        waits_for: WaitsFor,
        crowded: bool,
        settled: &mut Settled,
        over: &mut Vec<Arrival>,
        forged: &mut Vec<Quarantined>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let doubt = match &waits_for {
            WaitsFor::Record(doubt) => doubt.clone(),
            WaitsFor::Network | WaitsFor::Keys(_) => {
                Doubt::NoSender(Said::new(arrival.message.claimed_sender()))
            }
        };
        let kept = match &arrival.origin {
            Origin::Kept(kept) => {
                let waited = now.saturating_sub(kept.arrived);
                if waited > patience(&waits_for) && kept.tries >= FEWEST_TRIES {
                    forged.push(quarantined(arrival.id.clone(), now, doubt, arrival.raw.clone()));
                    over.push(arrival);
                    return Ok(());
                }
                let tries = kept.tries.saturating_add(1);
                // What came by a clock that was fast then has waited from now on.
                let arrived = kept.arrived.min(now);
                let kept = Kept { waits_for, tries, arrived, due: now + self.pause(waited), ..kept.clone() };
                return self.ports().store().change_kept(self.account, &[(kept, None)], &[]).await;
            }
            Origin::Service(_, service) => {
                let sender = arrival.message.claimed_sender();
                let kept = self.to_keep(&arrival.id, service, sender, &arrival.raw, waits_for);
                Kept { taken: arrival.taken, ..kept }
            }
        };
        let raw = arrival.raw.clone();
        let outside = Some(arrival.outside.as_str()).filter(|name| !name.is_empty());
        let outside = outside.unwrap_or(arrival.message.claimed_sender());
        if self.keep_for_later(kept.clone(), raw).await? {
            settled.received.postponed += 1;
            over.push(arrival);
        } else if crowded && !self.may_stay(&kept, outside) {
            forged.push(quarantined(arrival.id.clone(), now, doubt, arrival.raw.clone()));
            over.push(arrival);
        } else {
            settled.received.postponed += 1;
            self.seen.borrow_mut().leave(&arrival.id);
        }
        Ok(())
    }

    /// How long until the next try: as long as it has waited, whatever it was tried for meanwhile, and not the same for all.
    fn pause(&self, waited: u64) -> u64 {
        let mut random = [0];
        self.ports().entropy().fill(&mut random);
        let pause = about(waited);
        pause * (192 + u64::from(random[0]) / 2) / 256
    }
}

/// How long the pause of what has waited so long is, give or take a quarter: milliseconds.
fn about(waited: u64) -> u64 {
    waited.clamp(MINUTE, LONGEST_PAUSE)
}

/// How long until it is to be tried again: milliseconds. If that is longer than any of its pauses, it was to be tried by a
/// clock that was set back since, or by a time that was not true.
fn left(kept: &Kept, now: u64) -> u64 {
    let left = kept.due.saturating_sub(now);
    let longest = about(now.saturating_sub(kept.arrived)) * 5 / 4;
    if left > longest && !matches!(kept.waits_for, WaitsFor::Keys(_)) { 0 } else { left }
}

const fn patience(waits_for: &WaitsFor) -> u64 {
    match waits_for {
        WaitsFor::Record(Doubt::NoSender(_)) | WaitsFor::Network | WaitsFor::Keys(_) => PATIENT,
        WaitsFor::Record(_) => DOUBTFUL,
    }
}
