//! The account that is signed in, and everything that goes with it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use dm3_core::session::Session;

use super::backoff::Waits;
use super::fault::Fault;
use super::platform::Platform;
use super::state::Connection;

/// How many messages are shown at first, and how many more each time.
pub(super) const PAGE: usize = 80;

/// The account that is signed in. What is known about it and what it is doing go with it: whoever enters, begins anew.
pub(super) struct Account<P: Platform> {
    pub(super) session: Session<P::Ports>,
    /// How many messages of the open conversation are shown at most.
    pub(super) thread_limit: Cell<usize>,
    /// Entries of the mailboxes that are no envelopes.
    pub(super) unreadable: Cell<usize>,
    pub(super) outbox: Outbox,
    pub(super) links: Links,
    /// Connections that wait until they are tried again.
    pub(super) waits: Waits,
}

/// Whether the outbox is being delivered.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) flushing: Cell<bool>,
    /// It was asked for meanwhile.
    pub(super) again: Cell<bool>,
}

/// How it stands with each of the account's delivery services, and with fetching what waits there.
#[derive(Default)]
pub(super) struct Links {
    services: RefCell<Vec<Connection>>,
    /// Why fetching failed the last time.
    fetching: RefCell<Option<Fault>>,
}

impl<P: Platform> Account<P> {
    pub(super) fn new(session: Session<P::Ports>) -> Rc<Self> {
        Rc::new(Self {
            session,
            thread_limit: Cell::new(PAGE),
            unreadable: Cell::new(0),
            outbox: Outbox::default(),
            links: Links::default(),
            waits: Waits::default(),
        })
    }
}

impl Links {
    /// Adds a delivery service that is being connected to; gives its number.
    pub(super) fn add(&self) -> usize {
        let mut services = self.services.borrow_mut();
        services.push(Connection::Connecting);
        services.len() - 1
    }

    /// Notes how it stands with one.
    pub(super) fn set(&self, number: usize, connection: Connection) {
        if let Some(service) = self.services.borrow_mut().get_mut(number) {
            *service = connection;
        }
    }

    /// Notes how fetching went.
    pub(super) fn set_fetching(&self, fault: Option<Fault>) {
        *self.fetching.borrow_mut() = fault;
    }

    /// Those that are lost are being tried again.
    pub(super) fn try_again(&self) {
        self.set_fetching(None);
        for service in self.services.borrow_mut().iter_mut() {
            if *service != Connection::Live {
                *service = Connection::Connecting;
            }
        }
    }

    /// Whether messages arrive live from one of them at least.
    pub(super) fn is_live(&self) -> bool {
        self.services.borrow().contains(&Connection::Live)
    }

    /// What a person is told: one that works is enough.
    pub(super) fn summary(&self) -> Connection {
        let services = self.services.borrow();
        let lost = || services.iter().find(|service| matches!(service, Connection::Lost(_))).cloned();
        match &*self.fetching.borrow() {
            Some(fault) => Connection::Lost(fault.clone()),
            None if services.contains(&Connection::Live) => Connection::Live,
            None => lost().unwrap_or(Connection::Connecting),
        }
    }
}
