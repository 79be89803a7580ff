//! What all that runs for an account shares.

use std::cell::Cell;
use std::pin::pin;

use futures_util::future::select;

use super::change::Change;
use super::devices::History;
use super::links::Links;
use super::nudge::Nudge;
use super::queue::Queue;
use super::rest::Rest;
use crate::ports::{Clock as _, Ports};
use crate::session::Session;
use crate::turns::Turns;

/// How long what can wait lets what has come go first: milliseconds. Both have people looked up.
const AFTER_YOU: u32 = 1_000;

/// What all that runs for an account shares.
pub(super) struct Works<P: Ports> {
    pub(super) session: Session<P>,
    pub(super) tell: Box<dyn Fn(Change)>,
    /// Who is writing.
    pub(super) writing: Turns,
    pub(super) outbox: Queue,
    pub(super) links: Links,
    pub(super) history: History,
    /// Nobody is to wait any longer.
    pub(super) now: Nudge,
    /// Something was kept, or a delivery service was reached.
    pub(super) kept: Nudge,
    /// What had come was looked at, or somebody has written something.
    pub(super) calm: Nudge,
    /// A delivery service was reached, and nothing was tried again since.
    pub(super) reached: Cell<bool>,
    pub(super) leads: Cell<bool>,
    /// There may be a network.
    pub(super) online: Cell<bool>,
    pub(super) rest: Rest,
}

impl<P: Ports> Works<P> {
    pub(super) fn tell(&self, change: Change) {
        if matches!(change, Change::Conversation(_)) {
            self.history.news.give();
        }
        (self.tell)(change);
    }

    pub(super) fn tell_connection(&self) {
        self.tell(Change::Connection(self.links.summary()));
    }

    /// A delivery service was reached that was not before: what waits for the network is tried now.
    pub(super) fn reached_again(&self) {
        self.has_answered();
        self.reached.set(true);
        self.kept.give();
        self.outbox.network_is_back(self.ports().clock().now());
    }

    /// A delivery service has answered. Then it can be reached, whatever the browser says of the network.
    pub(super) fn has_answered(&self) {
        if !self.online.replace(true) {
            self.outbox.news.give();
        }
    }

    /// Waits until what had come was looked at, or somebody has written something; a second at most.
    pub(super) async fn after_what_came(&self) {
        select(pin!(self.calm.after(0)), pin!(self.ports().clock().sleep(AFTER_YOU))).await;
    }

    pub(super) fn ports(&self) -> &P {
        self.session.ports()
    }
}
