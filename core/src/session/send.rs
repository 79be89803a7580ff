//! Sending: into the outbox first, then to the peer's delivery services.

use serde_json::Value;

use super::handed::{Handed, Wait};
use super::receive::CLOSE;
use super::route::{ASK_AGAIN, FirstToAccept, Outcome, Route};
use super::{FindError, Peer, Session};
use crate::conversation::ConversationId;
use crate::delivery::Refusal;
use crate::delivery::api::{self, SubmitError};
use crate::deposit::SignedVoucher;
use crate::device::{Contact, Lane, MessageRow, Place, SendState, Standing, StoredMessage};
use crate::identity::{Address, EnsName, VerifiedProfile};
use crate::message::{
    AuthenticMessage, DeliveryInformation, Draft, Envelope, Header, MessageHash, SignedMessage,
};
use crate::ports::{Clock as _, Http as _, Ports, Store as _, StoreError};
use crate::thread::MAX_EDIT_CHAIN;
use crate::web::{BaseUrl, SessionToken};

/// How far a claimed time follows what stands before the message into the future: milliseconds. What is further apart
/// is not put in order by what it claims.
const MAX_LEAP: u64 = CLOSE + 1_000;
/// How long what is published about a delivery service may be of no use before it is believed: milliseconds.
const PATIENCE: u64 = 7 * 24 * 60 * 60_000;
/// How long a delivery service may refuse without a reason before it is believed, and how often it is asked until then:
/// milliseconds.
const UNEXPLAINED: (u64, u64) = (60 * 60_000, 10 * 60_000);
/// How long after the first such trouble with a message it is believed at the earliest, however long the message waited for
/// something else before: milliseconds.
const SECOND_LOOK: u64 = 9 * 60_000;
/// How much longer than its patience a message waits at most, where nobody stays for a second look: milliseconds.
const LONGEST_DOUBT: u64 = 24 * 60 * 60_000;
/// With how many messages there was such trouble, as far as that is remembered.
const MAX_DOUBTED: usize = 200;
/// How many of a conversation's newest messages are looked at to find the newest own one, and the last that was taken.
const LOOK_BACK: usize = 20;

/// What a new message of a conversation is to be later than: milliseconds since 1970. Each may be far in the future, where
/// the other is not.
#[derive(Clone, Copy)]
pub(super) struct Behind {
    /// Where the last message stands.
    stands: u64,
    /// What the last own one claims, whichever tab wrote it.
    claimed: u64,
}

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
    pub async fn compose(
        &self,
        conversation: ConversationId,
        text: &str,
    ) -> Result<StoredMessage, StoreError> {
        let header = self.header(conversation).await?;
        self.put_out(conversation, Draft::text(header, text)).await
    }

    /// Signs a draft and puts it into the outbox. What refers to an edit that no delivery service took refers to what that
    /// edits: its receiver knows nothing of the edit.
    pub(super) async fn put_out(
        &self,
        conversation: ConversationId,
        draft: Draft,
    ) -> Result<StoredMessage, StoreError> {
        let draft = match draft.reference() {
            Some(named) => draft.referring_to(&self.known_to_receiver(named).await?),
            None => draft,
        };
        let place = self.place_behind_all(conversation).await?;
        let stored = self.sign(conversation, draft).at(place);
        let store = self.ports().store();
        store.add_messages(self.account, std::slice::from_ref(&stored)).await?;
        Ok(stored)
    }

    /// The name that a message to a conversation is addressed to: the address name at which the peer's profile was
    /// found, so that they know it as theirs, else the one of this network. Another name could belong to somebody else
    /// by the time the message is read; an address name speaks for its address for ever.
    pub(super) async fn addressee(&self, conversation: ConversationId) -> Result<EnsName, StoreError> {
        let ConversationId::Peer(peer) = conversation;
        Ok(self.found_address_name(peer).await?.unwrap_or_else(|| self.directory.alias(peer)))
    }

    /// The address name at which a peer's profile was found, or may be.
    async fn found_address_name(&self, peer: Address) -> Result<Option<EnsName>, StoreError> {
        let known = self.ports().store().contact(self.account, ConversationId::Peer(peer)).await?;
        let names = known.map(|contact| contact.found_at).unwrap_or_default();
        let theirs = |name: &EnsName| name.carried_address() == Some(peer) && name.is_nameprep_stable();
        Ok(names.into_iter().find(theirs))
    }

    pub(super) async fn header(&self, conversation: ConversationId) -> Result<Header, StoreError> {
        let to = self.addressee(conversation).await?;
        let behind = self.behind_all(conversation).await?;
        Ok(self.header_behind(behind, to))
    }

    /// What a new message claims: later than the one before, and than what stands before it, unless that is far in the
    /// future: then a clock was set back, and what claims to be a little earlier would be taken for it.
    pub(super) fn header_behind(&self, behind: Behind, to: EnsName) -> Header {
        let before = [behind.stands, behind.claimed, self.last_sent.get()];
        let mut timestamp = self.now();
        // What follows one of them may come near another, and is not to be a little earlier than that.
        for _ in before {
            let near = timestamp..=timestamp.saturating_add(MAX_LEAP);
            let last = before.into_iter().filter(|time| near.contains(time)).max();
            timestamp = last.map_or(timestamp, |last| last.saturating_add(1));
        }
        self.last_sent.set(timestamp);
        Header { from: self.alias.clone(), to, timestamp }
    }

    /// What is to be written behind now.
    pub(super) async fn behind_all(&self, conversation: ConversationId) -> Result<Behind, StoreError> {
        self.begin_time().await?;
        let newest = self.ports().store().messages(self.account, conversation, None, LOOK_BACK).await?;
        let own = newest.iter().find(|row| row.author == self.account);
        let claimed =
            own.and_then(|row| SignedMessage::parse(&row.json).ok()).map_or(0, |own| own.timestamp());
        let stands = newest.first().map_or(0, |row| row.place.time());
        Ok(Behind { stands, claimed })
    }

    /// The place of what is written now: behind everything in the conversation, which its author has before them, whatever
    /// their clock says. Also behind when that was taken, wherever it stands here: on another device it may stand there.
    pub(super) async fn place_behind_all(&self, conversation: ConversationId) -> Result<Place, StoreError> {
        self.begin_time().await?;
        let newest = self.ports().store().messages(self.account, conversation, None, LOOK_BACK).await?;
        let last = newest.iter().map(|row| row.place.max(row.taken)).max();
        let now = Place::at(self.now());
        Ok(last.map_or(now, |last| now.max(last.next())))
    }

    /// Signs a message that is about to be sent.
    pub(super) fn sign(&self, conversation: ConversationId, draft: Draft) -> StoredMessage {
        let message = AuthenticMessage::sign(draft, self.account, &self.keys.signing);
        StoredMessage::to_send(&message, conversation)
    }

    /// Whether the newest own message in a conversation says this, and was written at `time` or later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn wrote_since(
        &self,
        conversation: ConversationId,
        text: &str,
        time: u64,
    ) -> Result<bool, StoreError> {
        let store = self.ports().store();
        let newest = store.messages(self.account, conversation, None, LOOK_BACK).await?;
        let own = newest.iter().find(|row| row.author == self.account && row.lane == Lane::Out);
        let own = own.filter(|row| row.arrived >= time);
        Ok(own
            .and_then(|row| SignedMessage::parse(&row.json).ok())
            .is_some_and(|it| it.text().trim() == text))
    }

    /// Opens a conversation: keeps the peer among the contacts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep(&self, peer: &Peer) -> Result<(), StoreError> {
        let conversation = ConversationId::Peer(peer.address);
        self.change_contact(conversation, Change::Found(Box::new(peer.clone()))).await?;
        match &peer.name {
            Some(name) => self.name_found(peer.address, name).await,
            None => Ok(()),
        }
    }

    /// Notes that everything in a conversation that is on this device has been seen. What another one has taken in and this
    /// one does not have yet has not, however long ago that was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_read(&self, conversation: ConversationId) -> Result<(), StoreError> {
        let newest = self.ports().store().last_incoming(self.account, conversation, u64::MAX).await?;
        self.change_contact(conversation, Change::Read(newest.map_or(0, |row| row.arrived))).await
    }

    /// The same, if something arrived that had not been seen. Tells how much.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_read_if_new(&self, conversation: ConversationId) -> Result<u64, StoreError> {
        let known = self.ports().store().summary(self.account, conversation).await?;
        let unread = known.map_or(0, |known| known.unread);
        if unread > 0 {
            self.mark_read(conversation).await?;
        }
        Ok(unread)
    }

    /// What waits in the outbox, each conversation's messages in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting(&self) -> Result<Vec<(ConversationId, Vec<MessageHash>)>, StoreError> {
        let mut waiting: Vec<(ConversationId, Vec<MessageHash>)> = Vec::new();
        for row in self.ports().store().outbox(self.account).await? {
            match waiting.iter_mut().find(|(conversation, _)| *conversation == row.conversation) {
                Some((_, hashes)) => hashes.push(row.hash),
                None => waiting.push((row.conversation, vec![row.hash])),
            }
        }
        Ok(waiting)
    }

    /// A message, or what it edits if it is an own edit that was refused, and so on.
    async fn known_to_receiver(&self, mut hash: MessageHash) -> Result<MessageHash, StoreError> {
        for _ in 0..MAX_EDIT_CHAIN {
            let row = self.ports().store().message(self.account, &hash).await?;
            let refused = row.filter(|row| matches!(row.state, SendState::Refused(_)) && row.is_edit());
            let Some(edited) = refused.and_then(|row| row.about()) else { break };
            hash = edited;
        }
        Ok(hash)
    }

    /// Tries to deliver a message of the outbox, and keeps what came of it. One that does not wait there any more is
    /// left alone, and `None` is given: it was sent or stopped elsewhere. An edit of what was refused is refused with it:
    /// nobody could show it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliver_waiting(&self, hash: &MessageHash) -> Result<Option<Handed>, StoreError> {
        let store = self.ports().store();
        let row = store.message(self.account, hash).await?.filter(|row| row.state == SendState::Waiting);
        let Some(row) = row else { return Ok(None) };
        let handed = match self.not_noted(hash) {
            Some(handed) => handed,
            None => match self.refusal_of_edited(&row).await? {
                Some(refusal) => Handed::Refused(refusal),
                None => self.deliver(&row, &mut FirstToAccept).await,
            },
        };
        if let Some(state) = handed.state() {
            // Meanwhile its receiver may have said that they have it.
            let is_refused = matches!(state, SendState::Refused(_));
            if is_refused
                && store.message(self.account, hash).await?.is_none_or(|row| !row.state.has_not_left())
            {
                return Ok(Some(Handed::Accepted));
            }
            let noted = self.note_state(hash, &state).await;
            if noted.is_err() && self.not_noted(hash).is_none() {
                self.not_noted.borrow_mut().push((hash.clone(), handed.clone()));
            }
            noted?;
        }
        Ok(Some(handed))
    }

    async fn refusal_of_edited(&self, row: &MessageRow) -> Result<Option<Refusal>, StoreError> {
        let Some(edited) = row.about().filter(|_| row.is_edit()) else { return Ok(None) };
        let edited = self.ports().store().message(self.account, &edited).await?;
        let edited = edited.filter(|edited| edited.author == self.account);
        Ok(edited.and_then(|edited| match edited.state {
            SendState::Refused(refusal) => Some(refusal),
            _ => None,
        }))
    }

    /// Notes how far a message came; what could not be noted before is settled by that.
    pub(super) async fn note_state(&self, hash: &MessageHash, state: &SendState) -> Result<(), StoreError> {
        self.ports().store().set_state(self.account, hash, state).await?;
        self.not_noted.borrow_mut().retain(|(other, _)| other != hash);
        self.doubted.borrow_mut().retain(|(other, _)| other != hash);
        Ok(())
    }

    /// What became of a message, if the device could not note that: it is not handed over again.
    pub(crate) fn not_noted(&self, hash: &MessageHash) -> Option<Handed> {
        self.not_noted.borrow().iter().find(|(other, _)| other == hash).map(|(_, handed)| handed.clone())
    }

    /// Tries once to deliver everything in the outbox, one conversation after the other.
    /// [`Engine`](crate::engine::Engine) does so all the time.
    ///
    /// # Errors
    /// [`StoreError`]; what the network does is told by the result.
    pub async fn flush(&self) -> Result<Flushed, StoreError> {
        let mut flushed = Flushed::default();
        for (_, hashes) in self.waiting().await? {
            let mut left = hashes.len();
            for hash in hashes {
                match self.deliver_waiting(&hash).await? {
                    Some(Handed::Accepted) => flushed.accepted.push(hash),
                    Some(Handed::Refused(_)) => flushed.refused.push(hash),
                    Some(Handed::Waits(_)) => break,
                    None => {}
                }
                left -= 1;
            }
            flushed.waiting += left;
        }
        Ok(flushed)
    }

    /// Seals a message for the receiver's delivery services that the route chooses, and hands it over there. Accepted
    /// means by one of them.
    pub(super) async fn deliver(&self, row: &MessageRow, route: &mut impl Route) -> Handed {
        let letter = match self.letter(row).await {
            Ok(letter) => letter,
            Err(handed) => return handed,
        };
        let services = self.directory.services_of(&letter.receiver).await;
        let (mut accepted, mut unpublished, mut refusal) = (false, false, None);
        let mut later = None;
        route.list(&services.names);
        for service in &services.names {
            if !route.wants(service) {
                later = Some(later.unwrap_or_default());
                continue;
            }
            let outcome = self.hand_over(&letter, service, row.arrived).await;
            let far_enough = route.note(service, &outcome);
            match outcome {
                Outcome::Accepted => accepted = true,
                Outcome::Later(pause) => later = Some(sooner(later, pause)),
                Outcome::Unpublished => unpublished = true,
                Outcome::Refused(reason) => refusal = Some(reason),
            }
            if far_enough {
                break;
            }
        }
        // One whose name can't be read now may still be one. Until it is known, who refused is not asked all the time.
        if services.later {
            later = Some(sooner(later, if refusal.is_some() { ASK_AGAIN } else { 0 }));
        }
        // What one refused is not offered to it again and again because another is gone.
        if unpublished && refusal.is_none() {
            later = Some(sooner(later, ASK_AGAIN));
        }
        match (accepted, later) {
            (true, _) => Handed::Accepted,
            (false, Some(pause)) => Handed::Waits(Wait::Unreachable { pause }),
            (false, None) => Handed::Refused(refusal.unwrap_or(Refusal::NoService)),
        }
    }

    /// Finds out what every delivery service of the receiver is given alike; or how far the message comes without.
    async fn letter(&self, row: &MessageRow) -> Result<Letter, Handed> {
        let ConversationId::Peer(peer) = row.conversation;
        let message = SignedMessage::parse(&row.json).map_err(|_| Handed::Refused(Refusal::Damaged))?;
        let unreachable = Handed::Waits(Wait::Unreachable { pause: 0 });
        if self.keys_replaced.get() || self.begin_time().await.is_err() {
            return Err(unreachable);
        }
        // Whoever has the account's profile of now could not read it.
        if message.check_signature(&self.keys.signing.public()).is_err() {
            return Err(Handed::Refused(Refusal::FormerKeys));
        }
        let (found_at, receiver) = match self.profile_of(peer, None).await {
            Ok(Some(found)) => found,
            Err(error) if error.is_temporary() => return Err(unreachable),
            // What can't be used may be due to whoever serves it, and pass.
            Ok(None) | Err(_) => return Err(Handed::Waits(Wait::NoProfile)),
        };
        let Ok(to) = self.leading_to(peer, found_at).await else { return Err(unreachable) };
        let instruction = self.instruction(row.conversation, message.reference().as_ref()).await;
        let information = DeliveryInformation {
            from: self.alias.to_string(),
            to: to.to_string(),
            delivery_instruction: instruction.map_err(|_| unreachable)?,
        };
        Ok(Letter { message, information, receiver })
    }

    /// `written` is when the message was: milliseconds since 1970.
    async fn hand_over(&self, letter: &Letter, name: &EnsName, written: u64) -> Outcome {
        let now = self.ports().clock().now();
        let service = match self.directory.delivery_service(name).await {
            Ok(service) => service,
            Err(error) if error.is_temporary() => return Outcome::Later(0),
            // Whoever was asked may lag or lie.
            Err(_) if !self.is_believed(letter, written, PATIENCE) => return Outcome::Unpublished,
            Err(_) => return Outcome::Refused(Refusal::Service(name.clone())),
        };
        let pause = self.pauses.left(name, now);
        if pause > 0 {
            return Outcome::Later(pause);
        }
        let envelope = Envelope::seal(
            &letter.message,
            &letter.information,
            &letter.receiver.keys().encryption,
            &service.encryption_key,
            &self.keys,
            self.ports().entropy(),
        );
        let Ok(envelope) = envelope else { return Outcome::Refused(Refusal::NotSealed) };
        let voucher = letter.message.metadata_member(SignedVoucher::MEMBER);
        let Some((said, retry_after)) = self.submit(name, &service.url, &envelope, voucher).await else {
            return Outcome::Later(0);
        };
        let Err(error) = said else { return Outcome::Accepted };
        let pause = self.pauses.begin(name, retry_after, now);
        let (patience, again) = UNEXPLAINED;
        if matches!(error, SubmitError::Unexplained(_)) && !self.is_believed(letter, written, patience) {
            return Outcome::Later(pause.max(again));
        }
        error.refusal().map_or(Outcome::Later(pause), Outcome::Refused)
    }

    /// Whether what gives no good reason to let a message go is believed by now: not before a second look.
    fn is_believed(&self, letter: &Letter, written: u64, patience: u64) -> bool {
        let (hash, now) = (letter.message.hash(), self.now());
        let mut doubted = self.doubted.borrow_mut();
        let known = doubted.iter().find(|(other, _)| other == hash).map(|(_, since)| *since);
        let since = known.unwrap_or(now);
        if known.is_none() {
            doubted.retain(|(_, since)| now.saturating_sub(*since) < LONGEST_DOUBT);
            if doubted.len() == MAX_DOUBTED {
                doubted.remove(0);
            }
            doubted.push((hash.clone(), now));
        }
        let (waited, doubtful) = (now.saturating_sub(written), now.saturating_sub(since));
        waited >= patience && doubtful >= SECOND_LOOK || waited >= patience.saturating_add(LONGEST_DOUBT)
    }

    /// Hands an envelope to a delivery service: directly, and through the node's proxy if that is not possible from here.
    /// Gives what it says, and in how many seconds it wants to be asked again; nothing if it can't be reached.
    async fn submit(
        &self,
        name: &EnsName,
        url: &BaseUrl,
        envelope: &Envelope,
        voucher: Option<&Value>,
    ) -> Option<(Result<(), SubmitError>, Option<u32>)> {
        let (detours, host) = (&self.directory.detours, url.authority());
        let proxy = self.directory.message_proxy(host);
        if (proxy.is_none() || !detours.is_needed(host))
            && let Ok(reply) = self.ports().http().send(&api::submit_beside(url, envelope, voucher)).await
        {
            return Some((api::parse_submitted(&reply), reply.retry_after));
        }
        let proxy = proxy?;
        let node = self.homes().await.ok()?;
        let node = node.iter().find(|home| home.name == self.directory.discovery().name)?;
        let through =
            |token: &SessionToken| api::submit_through_beside(proxy, token, name, envelope, voucher);
        let reply = self.authorized(node, &through).await.ok();
        let said = reply.and_then(|reply| Some((api::parse_submitted_through(&reply)?, reply.retry_after)));
        detours.note(host, said.is_some());
        said
    }

    /// The name of a receiver for a delivery service, which hands over to whom it leads: that at which their profile was
    /// found, if it leads to them. A profile stays at a name that was given to somebody else.
    ///
    /// # Errors
    /// [`FindError`] if that can't be found out now.
    pub(super) async fn leading_to(
        &self,
        receiver: Address,
        found_at: EnsName,
    ) -> Result<EnsName, FindError> {
        if !self.directory.leads_to(&found_at, receiver).await? {
            return Ok(self.addressee(ConversationId::Peer(receiver)).await?);
        }
        // Deployed ones don't survive a name that they can't read, and know no address names of another network than theirs.
        match found_at.is_nameprep_stable() {
            true => Ok(found_at),
            false => Ok(self.found_address_name(receiver).await?.unwrap_or_else(|| EnsName::bare(receiver))),
        }
    }

    /// Changes what is kept of a conversation, which is opened if need be.
    pub(super) async fn change_contact(
        &self,
        conversation: ConversationId,
        change: Change,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let is_found = matches!(change, Change::Found(_));
        let change = Box::new(move |known: Option<Contact>| {
            // Nobody asked for a conversation that its owner opens.
            let opened = || Contact { standing: Standing::accepted(), ..Contact::new(conversation, now) };
            let mut contact = known.unwrap_or_else(opened);
            let before = contact.clone();
            match change {
                Change::Name(name) => contact.name = Some(name),
                Change::Found(peer) => {
                    match &peer.profile {
                        Some(found) if contact.seen.is_empty() => {
                            contact.was_found(found, peer.name.as_ref(), now);
                        }
                        _ => peer.asked.iter().chain(&peer.name).for_each(|name| contact.may_be_at(name)),
                    }
                    contact.name = peer.name.or(contact.name);
                }
                Change::Read(until) => contact.read_until = contact.read_until.max(until),
            }
            contact.touch_if_changed(&before, now);
            Some(contact)
        });
        self.ports().store().update_contact(self.account, conversation, change).await?;
        if is_found {
            // A contact has other room than a stranger among what can't be taken in yet.
            self.shelf.take();
        }
        Ok(())
    }
}

fn sooner(before: Option<u64>, pause: u64) -> u64 {
    before.map_or(pause, |before| before.min(pause))
}

/// A message on its way to one receiver.
struct Letter {
    message: SignedMessage,
    information: DeliveryInformation,
    receiver: VerifiedProfile,
}

/// What changed of a contact.
pub(super) enum Change {
    /// Is called so.
    Name(EnsName),
    /// Was found.
    Found(Box<Peer>),
    /// What arrived until then was read.
    Read(u64),
}
