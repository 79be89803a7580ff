//! Hosts that can't be reached from here, but through the node: a page's policy may name the node alone.

use std::cell::RefCell;

use crate::index::Index;

/// How many hosts are remembered.
const MAX_HOSTS: usize = 200;

/// The hosts that only the node reached, for as long as the session lasts: so that not every request fails first.
#[derive(Default)]
pub(super) struct Detours(RefCell<Index>);

impl Detours {
    /// Whether a host was reached through the node alone.
    pub(super) fn is_needed(&self, host: &str) -> bool {
        self.0.borrow().get(host) == Some(1)
    }

    /// Notes whether the node reached a host that could not be reached from here. One that it does not reach either is
    /// tried directly the next time.
    pub(super) fn note(&self, host: &str, reached: bool) {
        let mut hosts = self.0.borrow_mut();
        if hosts.len() >= MAX_HOSTS {
            *hosts = Index::default();
        }
        hosts.insert(host.to_owned(), reached.into());
    }
}
