//! The account's devices, as they know of each other: each writes down itself among the settings, which travel sealed. So
//! no node learns of them, or can make one up, or have one signed out.
//!
//! ```text
//! device-<id>      = {name, since, seen, after}  written by the device itself, at most once a day
//! device-out-<id>  = true                        written by another one: it deletes what it has of the account
//! devices-alone    = "<id> <mark>"               written by the device that stays: so do all others
//! ```
//!
//! Who signs out all others may not know of each yet. So a device notes which `devices-alone` it found when all of the
//! settings had come to it for the first time (`after`): it came after that one, and another one means it as well.
//!
//! A number is chosen anew by each sign-in to an empty store, so nothing that was said of it counts a second time. Whoever
//! has copied the keys is not bound by any of this.

use serde_json::Value;

use super::{HomeError, Session};
use crate::delivery::api;
use crate::device::Slot;
use crate::ports::{Ports, Store as _, StoreError};
use crate::seal::Entropy as _;
use crate::seal::json::{integer, object};

const PREFIX: &str = "device-";
const OUT: &str = "device-out-";
const ALONE: &str = "devices-alone";
const AFTER: &str = "after";
/// The digits of a number.
const DIGITS: usize = 32;
/// How exactly it is told when a device was there last, in milliseconds: a day.
const STEP: u64 = 24 * 60 * 60 * 1000;
/// For how long one is listed that is never there, in milliseconds: half a year.
const MAX_ABSENCE: u64 = 180 * STEP;
/// The most that are listed.
const MOST: usize = 50;
/// The longest name, in characters.
const MAX_NAME: usize = 60;

/// A device of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What it is known by.
    pub id: String,
    /// As it calls itself.
    pub name: String,
    /// When somebody signed in there, in milliseconds since 1970.
    pub since: u64,
    /// When it was there last, to the day.
    pub seen: u64,
    /// It is this one.
    pub own: bool,
}

impl<P: Ports> Session<P> {
    /// Whether the account's devices can know of each other: its node keeps its history.
    pub fn knows_devices(&self) -> bool {
        self.directory.discovery().history_url.is_some()
    }

    /// Writes this device down among the account's, under this name, if that is news.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_device(&self, name: &str) -> Result<bool, StoreError> {
        let name: String = name.chars().take(MAX_NAME).collect();
        let (id, now) = (self.own_device().await?, self.now());
        let known = self.device(&id).await?;
        if known.as_ref().is_some_and(|known| known.name == name && known.seen.saturating_add(STEP) > now) {
            return Ok(false);
        }
        let since = known.map_or(now, |known| known.since);
        let mut members = vec![("name", name.into()), ("since", since.into()), ("seen", now.into())];
        members.extend(self.came_after(&id).await?.map(|after| (AFTER, after.into())));
        self.set_setting(&format!("{PREFIX}{id}"), object(members)).await?;
        Ok(true)
    }

    /// Notes, as all of the account's settings are here, after which signing out of all others this device came.
    pub(super) async fn note_arrival(&self) -> Result<(), StoreError> {
        let Some(id) = self.ports().store().value(self.account, &Slot::Device).await? else { return Ok(()) };
        let name = format!("{PREFIX}{id}");
        match self.setting(&name).await? {
            Some(Value::Object(mut members)) if !members.contains_key(AFTER) => {
                members.insert(AFTER.to_owned(), self.alone().await?.into());
                self.set_setting(&name, Value::Object(members)).await
            }
            _ => Ok(()),
        }
    }

    /// The account's devices: this one, then the others, those first that were there last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn devices(&self) -> Result<Vec<Device>, StoreError> {
        let settings = self.ports().store().settings(self.account).await?;
        let mut found = Vec::new();
        for id in settings.iter().filter_map(|name| name.strip_prefix(PREFIX)).filter(|id| is_id(id)) {
            let is_out = settings.iter().any(|name| name.strip_prefix(OUT) == Some(id));
            if let (false, Some(device)) = (is_out, self.device(id).await?) {
                found.push(device);
            }
        }
        let own = self.own_device().await?;
        let now = self.now();
        for device in &mut found {
            device.own = device.id == own;
        }
        found.retain(|device| device.own || device.seen.saturating_add(MAX_ABSENCE) > now);
        found.sort_by_key(|device| (!device.own, u64::MAX - device.seen));
        found.truncate(MOST);
        Ok(found)
    }

    /// Has devices signed out: as soon as they learn of it, they delete what they have of the account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn turn_out(&self, ids: &[String]) -> Result<(), StoreError> {
        for id in ids.iter().filter(|id| is_id(id)) {
            self.set_setting(&format!("{OUT}{id}"), Value::Bool(true)).await?;
        }
        Ok(())
    }

    /// Has all other devices signed out, also those that this one does not know of yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn turn_out_others(&self) -> Result<(), StoreError> {
        let others = self.devices().await?.into_iter().filter(|device| !device.own);
        self.turn_out(&others.map(|device| device.id).collect::<Vec<_>>()).await?;
        let alone = format!("{} {}", self.own_device().await?, self.draw());
        self.set_setting(ALONE, alone.into()).await
    }

    /// Whether another device of the account has had this one signed out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_turned_out(&self) -> Result<bool, StoreError> {
        let id = self.own_device().await?;
        if self.setting(&format!("{OUT}{id}")).await?.is_some() {
            return Ok(true);
        }
        let alone = self.alone().await?;
        Ok(!alone.starts_with(&id) && self.came_after(&id).await?.is_some_and(|after| after != alone))
    }

    /// Ends every session at the account's node, this one as well. Who has the keys logs in anew.
    ///
    /// # Errors
    /// [`HomeError`].
    pub async fn end_sessions(&self) -> Result<(), HomeError> {
        let node = &self.node;
        let end = |token: &_| api::end_sessions(&node.url, &self.alias, token);
        api::parse_done(&self.authorized(node, &end).await?)?;
        Ok(())
    }

    async fn device(&self, id: &str) -> Result<Option<Device>, StoreError> {
        let Some(value) = self.setting(&format!("{PREFIX}{id}")).await? else { return Ok(None) };
        let time = |member| value.get(member).and_then(integer);
        let name = value.get("name").and_then(Value::as_str);
        let (Some(name), Some(since), Some(seen)) = (name, time("since"), time("seen")) else {
            return Ok(None);
        };
        let name = name.chars().take(MAX_NAME).collect();
        Ok(Some(Device { id: id.to_owned(), name, since, seen, own: false }))
    }

    /// The last signing out of all others; empty if there was none.
    async fn alone(&self) -> Result<String, StoreError> {
        let alone = self.setting(ALONE).await?;
        Ok(alone.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// After which signing out of all others a device came, if it has noted that.
    async fn came_after(&self, id: &str) -> Result<Option<String>, StoreError> {
        let own = self.setting(&format!("{PREFIX}{id}")).await?;
        Ok(own.and_then(|own| own.get(AFTER)?.as_str().map(str::to_owned)))
    }

    fn draw(&self) -> String {
        let mut bytes = [0; DIGITS / 2];
        self.ports().entropy().fill(&mut bytes);
        hex::encode(bytes)
    }

    /// What this device is known by; chosen now, if it was not.
    async fn own_device(&self) -> Result<String, StoreError> {
        let store = self.ports().store();
        if let Some(id) = store.value(self.account, &Slot::Device).await? {
            return Ok(id);
        }
        let chosen = self.draw();
        // Another tab may choose at the same time: the first one counts.
        let keep = Box::new(move |kept: Option<String>| Some(kept.unwrap_or(chosen)));
        store.update_value(self.account, &Slot::Device, keep).await?;
        store.value(self.account, &Slot::Device).await?.ok_or(StoreError::SignedOut)
    }
}

fn is_id(id: &str) -> bool {
    id.len() == DIGITS && id.bytes().all(|digit| digit.is_ascii_hexdigit())
}
