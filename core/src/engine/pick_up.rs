//! Picking up what the account's delivery services hold: by their sockets as it comes, and out of the mailbox after a
//! connection was made, whenever something was missed, and every now and then in any case.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, join3, select};
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::backoff::Backoff;
use super::change::Change;
use super::links::LinkId;
use super::nudge::{Nudge, next_or};
use super::works::Works;
use crate::identity::EnsName;
use crate::ports::{Clock as _, Ports};
use crate::session::{Home, HomeError, Live, Occasion, Received};

/// How often a mailbox is looked into while a socket is open: milliseconds. Deployed servers push to the socket that was
/// opened last, which may be another program's, and mail that can't be proven yet is listed again.
const WITH_SOCKET: u32 = 20_000;
/// How often without a socket.
const WITHOUT_SOCKET: u32 = 5_000;
/// How often if whoever listens will say when: milliseconds.
const LONG: u32 = 10 * 60_000;
/// How long a device that is new waits at most for what the account's others know: milliseconds.
const LISTING: u32 = 3_000;
/// How many pushed envelopes wait at most; those beyond are found in the mailbox.
const MAX_PUSHED: usize = 500;

/// What one delivery service is asked for.
#[derive(Default)]
struct Desk {
    /// The mailbox is to be looked into.
    look: Nudge,
    pushed: RefCell<Vec<Value>>,
    came: Nudge,
}

impl<P: Ports> Works<P> {
    /// Stays in touch with each of the account's delivery services; never ends.
    pub(super) async fn pick_up_all_the_time(&self) {
        let mut known: Vec<EnsName> = Vec::new();
        let mut running = FuturesUnordered::new();
        let mut backoff = Backoff::new();
        loop {
            let seen = self.now.count();
            match self.session.homes_and_left().await {
                Ok(homes) => {
                    self.links.set_searching(None);
                    for home in homes {
                        if !known.contains(&home.name) {
                            known.push(home.name.clone());
                            running.push(self.attend(home));
                        }
                    }
                }
                Err(error) => {
                    self.links.set_searching(Some(error));
                    self.tell_connection();
                }
            }
            let (wait, now) = (pin!(backoff.wait(self.ports())), pin!(self.now.after(seen)));
            let later = select(wait, now);
            next_or(&mut running, later).await;
        }
    }

    async fn attend(&self, home: Rc<Home>) {
        let (desk, link) = (Desk::default(), self.links.add(&home.name));
        join3(self.listen(&home, link, &desk), self.look(&home, link, &desk), self.take_pushed(&home, &desk))
            .await;
    }

    /// Keeps a socket open.
    async fn listen(&self, home: &Home, link: LinkId, desk: &Desk) {
        let mut backoff = Backoff::new();
        loop {
            let seen = self.now.count();
            let error = self
                .session
                .live(home, |told| match told {
                    Live::Connected => {
                        backoff.reset();
                        self.links.set_live(link);
                        self.reached_again();
                        self.tell_connection();
                        desk.look.give();
                        self.history.changed_there();
                    }
                    Live::Pushed(envelope) => desk.push(envelope),
                    Live::Missed => desk.look.give(),
                    Live::History => self.history.changed_there(),
                })
                .await;
            self.links.set_lost(link, error);
            self.tell_connection();
            // Without a socket the mailbox is polled; who could not log in would not succeed there either.
            if home.is_logged_in() {
                desk.look.give();
            }
            select(pin!(backoff.wait(self.ports())), pin!(self.now.after(seen))).await;
        }
    }

    /// Looks into the mailbox.
    async fn look(&self, home: &Home, link: LinkId, desk: &Desk) {
        let mut backoff = Backoff::new();
        self.after_list().await;
        // Not before it is decided whether there is a socket: what came until then is listed then.
        if !home.has_page() {
            desk.look.after(0).await;
        }
        loop {
            let (seen, now) = (desk.look.count(), self.now.count());
            let taking = self.history.take_in();
            let fetched = self.session.fetch(home, &mut |received| self.tell_received(&received)).await;
            drop(taking);
            self.calm.give();
            let rest = match fetched {
                Ok(()) => {
                    backoff.reset();
                    self.has_answered();
                    if self.links.set_mailbox(link, Ok(())) {
                        self.reached_again();
                    }
                    if self.links.is_live(link) { WITH_SOCKET } else { WITHOUT_SOCKET }
                }
                Err(error) => {
                    if let HomeError::Store(error) = &error {
                        self.tell(Change::Store(error.clone()));
                    }
                    self.links.set_mailbox(link, Err(error));
                    let step = backoff.step(self.ports());
                    // Logging in is tried again by who listens.
                    if home.is_logged_in() { step } else { LONG }
                }
            };
            self.tell_connection();
            let sleep = pin!(self.ports().clock().sleep(rest));
            let (wanted, now) = (pin!(desk.look.after(seen)), pin!(self.now.after(now)));
            select(sleep, select(wanted, now)).await;
        }
    }

    /// Waits on a device that is new until it knows who is welcome: whoever writes would only ask to be, to those who are
    /// told.
    async fn after_list(&self) {
        if !self.session.has_list().await.unwrap_or(true) {
            select(pin!(self.history.listed.after(0)), pin!(self.ports().clock().sleep(LISTING))).await;
        }
    }

    /// Takes in what is pushed, as it comes.
    async fn take_pushed(&self, home: &Home, desk: &Desk) {
        self.after_list().await;
        let mut running = FuturesUnordered::new();
        loop {
            let seen = desk.came.count();
            let envelopes = desk.pushed.take();
            if !envelopes.is_empty() {
                running.push(self.take_in(home, desk, envelopes));
            }
            // A sender who can't be looked up holds up nobody who comes after.
            next_or(&mut running, desk.came.after(seen)).await;
        }
    }

    async fn take_in(&self, home: &Home, desk: &Desk, envelopes: Vec<Value>) {
        match self.session.accept(home, envelopes, &mut |received| self.tell_received(&received)).await {
            Ok(()) => {}
            Err(HomeError::Store(error)) => {
                self.tell(Change::Store(error));
                desk.look.give();
            }
            // Nothing was acknowledged: it is in the mailbox.
            Err(_) => desk.look.give(),
        }
    }

    /// Tries again what could not be taken in: when it is due, and at once when the network is back; never ends.
    pub(super) async fn retry_all_the_time(&self) {
        let mut backoff = Backoff::new();
        loop {
            let (kept, now) = (self.kept.count(), self.now.count());
            let occasion = if self.reached.take() { Occasion::Network } else { Occasion::Time };
            let wait = match self.session.retry_kept(occasion, &mut |more| self.tell_received(&more)).await {
                Ok(wait) => {
                    backoff.reset();
                    wait
                }
                Err(error) => {
                    self.tell(Change::Store(error));
                    backoff.step(self.ports())
                }
            };
            let sleep = pin!(self.ports().clock().sleep(wait));
            let (more, back) = (pin!(self.kept.after(kept)), pin!(self.now.after(now)));
            if let Either::Right((Either::Right(_), _)) = select(sleep, select(more, back)).await {
                self.reached.set(true);
            }
        }
    }

    fn tell_received(&self, received: &Received) {
        // What was kept of whoever wrote is due.
        if received.postponed > 0 || !received.new.is_empty() {
            self.kept.give();
        }
        if received.postponed + received.quarantined > 0 {
            self.tell(Change::Unproven);
        }
        if received.unreadable > 0 {
            self.tell(Change::Unreadable(received.unreadable));
        }
        let mut told = Vec::new();
        for message in &received.new {
            if !told.contains(&message.conversation) {
                told.push(message.conversation);
                self.tell(Change::Conversation(message.conversation));
            }
            self.tell(Change::Received(message.clone()));
        }
    }
}

impl Desk {
    fn push(&self, envelope: Value) {
        let mut pushed = self.pushed.borrow_mut();
        if pushed.len() < MAX_PUSHED {
            pushed.push(envelope);
            self.came.give();
        } else {
            self.look.give();
        }
    }
}
