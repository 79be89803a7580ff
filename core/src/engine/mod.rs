//! What runs all the time for an account: whoever is signed in, in a tab or as a bot, has one.
//!
//! ```text
//! send ─▶ store ─▶ outbox ──each conversation in its order──▶ the peers' delivery services
//!                     ▲ a message, the network is back, a wait is over
//!
//! own delivery services ──socket, and polling──▶ pick-up ─▶ store ─▶ acknowledged
//!                     ▲ each with its own waits
//!
//! journal ──▶ the account's history on its node ──▶ store         what its other devices have and did
//! store ◀─▶ the storage of the deployed clients                   where there is no such history; beside the rest
//!
//!                 Change ◀── all of them ── only while the lease is held
//! ```
//!
//! Of all tabs and programs of a device one holds the [lease](crate::ports::Lease): it alone delivers and picks up. The
//! others write to the same store, and tell it when something waits there ([`Change::Outbox`],
//! [`Engine::deliver_outbox`]). If it goes, the next takes over, and finds in the store what was not finished.
//!
//! Nothing here decides what a message is or whether it is proven: the [session](crate::session) does.

mod backend;
mod backoff;
mod change;
mod devices;
mod history;
mod links;
mod nudge;
mod outbox;
mod pick_up;
mod queue;
mod rest;
mod works;

use std::cell::Cell;
use std::pin::pin;

use futures_util::future::{Either, join, join4, select};

pub use change::{Change, Connection};

use crate::conversation::ConversationId;
use crate::device::StoredMessage;
use crate::identity::EnsName;
use crate::message::{Draft, Header, MessageHash, Receipt};
use crate::ports::{HeldLease as _, Lease, Ports, StoreError};
use crate::session::{Conditions, HistoryError, Older, Session, WriteError};
use crate::turns::Turns;
use devices::History;
use links::Links;
use nudge::Nudge;
use queue::Queue;
use rest::Rest;
use works::Works;

/// What runs all the time for an account.
pub struct Engine<P: Ports>(Works<P>);

impl<P: Ports> Engine<P> {
    /// An engine for an account that is signed in; it does nothing by itself before it [runs](Self::run). `tell` is called
    /// with each change, and must not call the engine back.
    pub fn new(session: Session<P>, tell: impl Fn(Change) + 'static) -> Self {
        Self(Works {
            session,
            tell: Box::new(tell),
            writing: Turns::default(),
            outbox: Queue::default(),
            links: Links::default(),
            history: History::default(),
            now: Nudge::default(),
            kept: Nudge::default(),
            calm: Nudge::default(),
            reached: Cell::new(true),
            leads: Cell::new(false),
            online: Cell::new(true),
            rest: Rest::default(),
        })
    }

    /// The account's use cases.
    pub fn session(&self) -> &Session<P> {
        &self.0.session
    }

    /// Delivers, picks up and keeps the history for as long as it is polled, whenever it holds the lease. Never ends by
    /// itself; what it was doing ends when it is dropped, and is taken up again by whoever runs next.
    pub async fn run(&self, lease: &impl Lease) {
        self.run_with(lease, || {
            join4(self.deliver(), self.pick_up(), self.retry_kept(), self.keep_history())
        })
        .await;
    }

    /// The same, for who has to fetch first what [delivers](Self::deliver), [picks up](Self::pick_up), [tries
    /// again](Self::retry_kept) and [keeps the history](Self::keep_history): that is what `work` does, whenever this engine
    /// holds the lease.
    pub async fn run_with<F: Future>(&self, lease: &impl Lease, work: impl Fn() -> F) {
        loop {
            self.0.rest.until(false).await;
            let acquiring = pin!(lease.acquire(self.0.session.account()));
            let Either::Left((held, _)) = select(acquiring, pin!(self.0.rest.until(true))).await else {
                continue;
            };
            self.0.leads.set(true);
            let (lost, resting) = (pin!(held.lost()), pin!(self.0.rest.until(true)));
            select(pin!(work()), select(lost, resting)).await;
            self.0.leads.set(false);
            self.0.links.clear();
            self.0.outbox.clear();
            self.0.session.forget_time();
            self.0.tell_connection();
        }
    }

    /// Delivers what waits to be sent; like the next three it never ends by itself, and is polled while the lease is held.
    pub async fn deliver(&self) {
        self.0.deliver_all_the_time().await;
    }

    /// Picks up what came.
    pub async fn pick_up(&self) {
        join(self.0.session.look_early(), self.0.pick_up_all_the_time()).await;
    }

    /// Tries again what came and could not be proven.
    pub async fn retry_kept(&self) {
        self.0.retry_all_the_time().await;
    }

    /// Keeps the account's history on its node.
    pub async fn keep_history(&self) {
        self.0.keep_history().await;
    }

    /// Keeps the account's history in the form of the deployed clients, too, for as long as it is polled and this engine
    /// holds the lease: at a node that has no history in records of our own, if the account uses its storage. To be
    /// polled beside [`Self::run`]; who does not carries no code for it.
    pub async fn keep_at_backend(&self) {
        self.0.keep_at_backend().await;
    }

    /// For whatever can wait: ends once what had come was looked at, or somebody has written something; after a second at
    /// most.
    pub async fn after_what_came(&self) {
        self.0.after_what_came().await;
    }

    /// Ends when nobody [wants to wait](Self::wake) any longer.
    pub fn woken(&self) -> impl Future<Output = ()> {
        self.0.now.after(self.0.now.count())
    }

    /// Whether this engine holds the lease.
    pub fn leads(&self) -> bool {
        self.0.leads.get()
    }

    /// How it stands with the account's delivery services, as far as this engine knows.
    pub fn connection(&self) -> Connection {
        self.0.links.summary()
    }

    /// The same of each of them that this engine has begun to reach.
    pub fn connections(&self) -> Vec<(EnsName, Connection)> {
        self.0.links.each()
    }

    /// Writes a text. Once this returns it is durable, and leaves as soon as it can.
    ///
    /// # Errors
    /// [`WriteError`]: then it was not written.
    pub async fn send(
        &self,
        conversation: ConversationId,
        conditions: &[Conditions],
        text: &str,
    ) -> Result<StoredMessage, WriteError> {
        self.write(conversation, conditions, |header| Draft::text(header, text)).await
    }

    /// Writes a message of any type, likewise. `conditions` are what the receiver's delivery services were known to take;
    /// without any, only dm3's own limits hold.
    ///
    /// # Errors
    /// [`WriteError`]: then it was not written.
    pub async fn write(
        &self,
        conversation: ConversationId,
        conditions: &[Conditions],
        make: impl FnOnce(Header) -> Draft,
    ) -> Result<StoredMessage, WriteError> {
        // What is written while another is being kept comes after it.
        let turn = self.0.writing.take().await;
        let written = self.0.session.write(conversation, conditions, make).await?;
        drop(turn);
        self.0.tell(Change::Conversation(conversation));
        self.outbox_grew(conversation);
        Ok(written)
    }

    /// Tells a peer that messages of theirs arrived, or were seen: [`Session::write_receipts`].
    ///
    /// # Errors
    /// [`StoreError`]: then none was written.
    pub async fn write_receipts(
        &self,
        conversation: ConversationId,
        receipt: Receipt,
        messages: &[MessageHash],
    ) -> Result<(), StoreError> {
        // What waits in a mailbox comes first: each of a thousand messages has a receipt.
        if receipt == Receipt::Received {
            self.0.history.quiet(self.0.ports().clock()).await;
        }
        // As for all that is written.
        let turn = self.0.writing.take().await;
        let written = self.0.session.write_receipts(conversation, receipt, messages).await?;
        drop(turn);
        if !written.is_empty() {
            self.outbox_grew(conversation);
        }
        Ok(())
    }

    /// Tries a message again that no delivery service took, or that was stopped.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry(&self, conversation: ConversationId, hash: &MessageHash) -> Result<(), StoreError> {
        self.0.session.retry(hash).await?;
        self.0.tell(Change::Conversation(conversation));
        self.outbox_grew(conversation);
        Ok(())
    }

    /// Stops a message that waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stop(&self, conversation: ConversationId, hash: &MessageHash) -> Result<(), StoreError> {
        self.0.session.stop(hash).await?;
        self.0.tell(Change::Conversation(conversation));
        // What stands behind it may leave now.
        self.outbox_grew(conversation);
        Ok(())
    }

    /// Fetches older messages of a conversation than this device has from the account's node, a page of them.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn older(&self, conversation: ConversationId) -> Result<Older, HistoryError> {
        self.0.fetch_older(conversation).await
    }

    /// Something changed on this device that the account's other devices are to have: a conversation was read, say.
    pub fn keep(&self) {
        self.0.history.news.give();
    }

    /// Whether the account's node has no room for more of its history: what is new stays on this device.
    pub fn history_is_full(&self) -> bool {
        self.0.history.is_full()
    }

    /// Somebody else, another tab say, has put something into the outbox for this conversation, or any; or has
    /// [found](Self::found) its peer.
    pub fn deliver_outbox(&self, conversation: Option<ConversationId>) {
        self.0.calm.give();
        self.0.outbox.grew(conversation);
        if let Some(ConversationId::Peer(peer)) = conversation {
            self.0.session.found(peer);
            self.0.kept.give();
        }
    }

    /// The peer of this conversation was found: they can be written to, and what was kept of them be proven.
    pub fn found(&self, conversation: ConversationId) {
        if self.leads() {
            self.deliver_outbox(Some(conversation));
        } else {
            self.0.tell(Change::Outbox(conversation));
        }
    }

    /// From now on it rests, or goes on. Who rests is in touch with nobody, neither holds the lease nor waits for it, and
    /// has let go of both in the moment in which [`Self::run`] is polled next: for a program that is about to be stopped,
    /// and may be let go on later.
    pub fn rest(&self, resting: bool) {
        self.0.rest.set(resting);
    }

    /// Whether there may be a network at all. While there is none, nothing of the outbox is begun: all of it waits.
    pub fn set_online(&self, online: bool) {
        if self.0.online.replace(online) != online && online {
            self.0.outbox.news.give();
        }
    }

    /// Waits for nothing any longer: the network is back, or somebody is impatient.
    pub fn wake(&self) {
        self.0.links.try_again();
        self.0.outbox.grew(None);
        self.0.now.give();
        if self.leads() {
            self.0.tell_connection();
        }
    }

    /// Whether a message is being handed over just now.
    pub fn is_sending(&self, hash: &MessageHash) -> bool {
        self.0.outbox.is_sending(hash)
    }

    fn outbox_grew(&self, conversation: ConversationId) {
        if self.leads() {
            self.0.calm.give();
            self.0.outbox.grew(Some(conversation));
        } else {
            self.0.tell(Change::Outbox(conversation));
        }
    }
}
