//! The delivery services that the account's profile does not list any more. Who has a former profile may still write
//! there, and what waits there is picked up all the same.
//!
//! ```text
//! services = {left: [[<name>, <until>], …]}   until: milliseconds since 1970; written by who changes the list, each time
//! left-<digest of the name> = {name, until}   the same of each, so that two devices that leave one at once lose neither
//! ```

use std::rc::Rc;

use serde_json::Value;

use super::home::Mailbox;
use super::{FindError, Home, HomeError, Session};
use crate::delivery::socket_io;
use crate::identity::EnsName;
use crate::ports::{Ports, StoreError};
use crate::seal::json::{integer, object};
use crate::seal::sha256_hex;

/// What every device is told of: which were left, and that the list has changed.
pub(super) const SERVICES: &str = "services";
/// The member with those that were left.
pub(super) const LEFT: &str = "left";

/// A delivery service that the account left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftService {
    /// Its name.
    pub name: EnsName,
    /// Until when what waits there is picked up: milliseconds since 1970.
    pub until: u64,
}

impl<P: Ports> Session<P> {
    /// The account's [delivery services](Self::homes), and behind them those that it left and that are read for a while yet.
    ///
    /// # Errors
    /// [`HomeError`], as of the others. One that was left and can't be found now is looked for the next time that they are.
    pub async fn homes_and_left(&self) -> Result<Vec<Rc<Home>>, HomeError> {
        let mut homes = self.homes().await?;
        if self.left_found.replace(self.homes_found.get()) == self.homes_found.get() {
            return Ok(homes);
        }
        for left in self.services_left().await? {
            if homes.iter().any(|home| home.name == left.name) {
                continue;
            }
            match self.home_called(&left.name).await {
                Ok(home) => homes.push(home),
                Err(error) if error.is_temporary() => self.left_found.set(0),
                Err(_) => {}
            }
        }
        self.homes.borrow_mut().clone_from(&homes);
        Ok(homes)
    }

    /// Those that were left and are read for a while yet.
    pub(super) async fn services_left(&self) -> Result<Vec<LeftService>, StoreError> {
        let known = self.setting(SERVICES).await?;
        let (mut left, now) = (Vec::<LeftService>::new(), self.now());
        let listed = known.as_ref().and_then(|known| known.get(LEFT)?.as_array()).into_iter().flatten();
        let each = self.all_of(LEFT).await?;
        let each = each.iter().map(|(_, one)| LeftService::of(one.get("name"), one.get("until")));
        for one in listed.map(|one| LeftService::of(one.get(0), one.get(1))).chain(each).flatten() {
            match left.iter_mut().find(|left| left.name == one.name) {
                Some(left) => left.until = left.until.max(one.until),
                None if one.until > now => left.push(one),
                None => {}
            }
        }
        Ok(left)
    }

    /// Notes a service as left.
    pub(super) async fn note_as_left(&self, left: &LeftService) -> Result<(), StoreError> {
        let LeftService { name, until } = left.clone();
        let id = sha256_hex(name.as_str());
        let value = object(vec![("name", name.as_str().into()), ("until", until.into())]);
        self.keep_each(LEFT, &id, |_| value).await
    }

    /// A delivery service, where it is one of the account's, or may become one.
    pub(super) async fn home_called(&self, name: &EnsName) -> Result<Rc<Home>, FindError> {
        if *name == self.node.name {
            return Ok(Rc::clone(&self.node));
        }
        let service = self.directory.delivery_service(name).await?;
        let socket = socket_io::socket_base(&service.url);
        Ok(Home::new(name, service.url, socket, Mailbox::Unknown))
    }

    /// Another list may be published by now: it is looked up the next time.
    pub fn look_for_homes_again(&self) {
        self.directory.forget(&self.alias);
        self.homes_found.set(0);
    }
}

impl LeftService {
    fn of(name: Option<&Value>, until: Option<&Value>) -> Option<Self> {
        Some(Self { name: EnsName::from_normalised(name?.as_str()?).ok()?, until: integer(until?)? })
    }

    /// As it is kept.
    pub(super) fn to_json(&self) -> Value {
        Value::Array(vec![self.name.as_str().into(), self.until.into()])
    }
}
