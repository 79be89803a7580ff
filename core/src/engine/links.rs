//! How it stands with each of the account's delivery services.

use std::cell::RefCell;

use super::change::Connection;
use crate::identity::EnsName;
use crate::session::HomeError;

/// All of them.
#[derive(Default)]
pub(super) struct Links {
    each: RefCell<Vec<Link>>,
    /// Why it can't be found out which there are.
    searching: RefCell<Option<HomeError>>,
}

struct Link {
    name: EnsName,
    socket: Socket,
    /// What the last look into the mailbox led to; `None` before the first.
    mailbox: Option<Result<(), HomeError>>,
}

#[derive(Default)]
enum Socket {
    #[default]
    Connecting,
    Live,
    Lost(HomeError),
}

/// One of them, by its number.
#[derive(Clone, Copy)]
pub(super) struct LinkId(usize);

impl Links {
    /// Forgets all.
    pub(super) fn clear(&self) {
        self.each.take();
        self.searching.take();
    }

    /// Adds a delivery service that is being connected to.
    pub(super) fn add(&self, name: &EnsName) -> LinkId {
        let mut links = self.each.borrow_mut();
        links.push(Link { name: name.clone(), socket: Socket::default(), mailbox: None });
        LinkId(links.len() - 1)
    }

    /// They were found, or why they were not. Those that are known go on.
    pub(super) fn set_searching(&self, error: Option<HomeError>) {
        self.searching.replace(error);
    }

    /// Its socket is open.
    pub(super) fn set_live(&self, id: LinkId) {
        self.change(id, |link| link.socket = Socket::Live);
    }

    /// Its socket ended, or can't be opened.
    pub(super) fn set_lost(&self, id: LinkId, error: HomeError) {
        self.change(id, |link| link.socket = Socket::Lost(error));
    }

    /// Its mailbox was looked into. Tells whether that worked, and did not the last time.
    pub(super) fn set_mailbox(&self, id: LinkId, outcome: Result<(), HomeError>) -> bool {
        let mut is_back = false;
        self.change(id, |link| {
            is_back = outcome.is_ok() && matches!(link.mailbox, Some(Err(_)));
            link.mailbox = Some(outcome);
        });
        is_back
    }

    /// Whether its socket is open.
    pub(super) fn is_live(&self, id: LinkId) -> bool {
        self.each.borrow().get(id.0).is_some_and(|link| matches!(link.socket, Socket::Live))
    }

    /// Those that are lost are being tried again.
    pub(super) fn try_again(&self) {
        self.searching.take();
        for link in self.each.borrow_mut().iter_mut() {
            if matches!(link.socket, Socket::Lost(_)) {
                link.socket = Socket::Connecting;
            }
            if matches!(link.mailbox, Some(Err(_))) {
                link.mailbox = None;
            }
        }
    }

    /// All in one: the best of them.
    pub(super) fn summary(&self) -> Connection {
        let links = self.each.borrow();
        let all = links.iter().map(Link::summary);
        let none = || self.searching.borrow().clone().map_or(Connection::Connecting, Connection::Lost);
        all.reduce(better).unwrap_or_else(none)
    }

    /// Each by its name.
    pub(super) fn each(&self) -> Vec<(EnsName, Connection)> {
        self.each.borrow().iter().map(|link| (link.name.clone(), link.summary())).collect()
    }

    fn change(&self, id: LinkId, change: impl FnOnce(&mut Link)) {
        if let Some(link) = self.each.borrow_mut().get_mut(id.0) {
            change(link);
        }
    }
}

impl Link {
    fn summary(&self) -> Connection {
        match (&self.socket, &self.mailbox) {
            (Socket::Live, Some(Err(error))) => Connection::Lost(error.clone()),
            (Socket::Live, _) => Connection::Live,
            (Socket::Lost(_), Some(Ok(()))) => Connection::Polling,
            (Socket::Lost(_), Some(Err(error))) => Connection::Lost(error.clone()),
            (Socket::Lost(error), None) => Connection::Lost(error.clone()),
            (Socket::Connecting, _) => Connection::Connecting,
        }
    }
}

fn better(a: Connection, b: Connection) -> Connection {
    let rank = |connection: &Connection| match connection {
        Connection::Live => 0,
        Connection::Polling => 1,
        Connection::Lost(_) => 2,
        Connection::Connecting => 3,
    };
    if rank(&b) < rank(&a) { b } else { a }
}
