//! What a device has promised of its deposits: no slot is ever promised to two people.
//!
//! ```text
//! Promised ──take(key, epoch, receiver, count, coverage)──▶ Promise      the same again for the same receiver
//!    ▲                                                         │
//!    └────────────── kept on the device before it is used ─────┘
//! ```

use serde_json::Value;

use super::{Coverage, Slots, Topic};
use crate::identity::{Address, KeyTag};
use crate::seal::json::{self, canonical, integer, object};

/// How many epochs a promise can be burned: its own, and the one after.
const BURNABLE: u64 = 2;

/// Slots that one receiver was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// The contract of the deposit.
    pub contract: Address,
    /// The key of the deposit.
    pub key: Address,
    /// In which epoch.
    pub epoch: u64,
    /// To whom.
    pub receiver: Address,
    /// Which slots.
    pub slots: Slots,
    /// What binds them to the conversation.
    pub topic: Topic,
}

/// With which keys a device promises, and all that it has promised and that can still be burned. They are kept together:
/// where the one is lost, so is the other, and the next deposit has another key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promised {
    keys: Vec<(Address, KeyTag)>,
    given: Vec<Promise>,
}

impl Promised {
    /// Reads what [`Self::to_text`] gave. What is damaged is nothing that can be promised from: `None`.
    pub fn from_text(text: &str) -> Option<Self> {
        let value = json::parse(text)?;
        let list = |member: &str| value.get(member)?.as_array().map(Vec::as_slice);
        let key = |value: &Value| {
            let contract = Address::parse_unchecked_case(value.get("contract")?.as_str()?).ok()?;
            Some((contract, KeyTag::from_text(value.get("tag")?.as_str()?)?))
        };
        Some(Self {
            keys: list("keys")?.iter().map(key).collect::<Option<_>>()?,
            given: list("given")?.iter().map(read).collect::<Option<_>>()?,
        })
    }

    /// As it is kept.
    pub fn to_text(&self) -> String {
        let key = |(contract, tag): &(Address, KeyTag)| {
            object(vec![("contract", contract.to_string().into()), ("tag", tag.to_text().into())])
        };
        canonical(&object(vec![
            ("given", Value::Array(self.given.iter().map(write).collect())),
            ("keys", Value::Array(self.keys.iter().map(key).collect())),
        ]))
    }

    /// The key that is used for the deposit in a contract.
    pub fn key(&self, contract: Address) -> Option<KeyTag> {
        self.keys.iter().find(|(of, _)| *of == contract).map(|(_, tag)| *tag)
    }

    /// Uses a key for the deposit in a contract from now on, unless somebody else has chosen another one in place of `before`.
    /// Gives the one that is used.
    pub fn use_key(&mut self, contract: Address, before: Option<KeyTag>, new: KeyTag) -> KeyTag {
        match self.key(contract) {
            Some(chosen) if Some(chosen) != before => chosen,
            _ => {
                self.keys.retain(|(of, _)| *of != contract);
                self.keys.push((contract, new));
                new
            }
        }
    }

    /// The promises.
    pub fn all(&self) -> &[Promise] {
        &self.given
    }

    /// Promises so many slots to a receiver: those that they were promised in this epoch already, if they are enough and
    /// none of them is burned; else the first that nobody was promised. `None` if the deposit has no more of them, or the
    /// epoch is one of which promises were let go of: nobody knows then what is free in it.
    pub fn take(&mut self, wanted: Promise, coverage: &Coverage) -> Option<Promise> {
        let is_over = |promise: &Promise, by: &Promise| {
            promise.contract == by.contract && promise.epoch.saturating_add(BURNABLE) <= by.epoch
        };
        if self.given.iter().any(|later| later.key == wanted.key && is_over(&wanted, later)) {
            return None;
        }
        let is_same = |promise: &&Promise| {
            (promise.contract, promise.key, promise.epoch) == (wanted.contract, wanted.key, wanted.epoch)
        };
        let fits = |promise: &&Promise| {
            promise.receiver == wanted.receiver
                && promise.slots.count() >= wanted.slots.count()
                && coverage.covers(promise.slots).is_ok()
        };
        if let Some(known) = self.given.iter().filter(is_same).find(fits) {
            return Some(*known);
        }
        // Behind all that was promised: what another epoch's vouchers took is free again by then.
        let end = self.given.iter().filter(is_same).map(|promise| promise.slots.end()).max().unwrap_or(0);
        let places = end..=u16::try_from(coverage.slots).unwrap_or(u16::MAX);
        let free = places
            .filter_map(|first| Slots::new(first, wanted.slots.count()))
            .find(|slots| coverage.covers(*slots).is_ok())?;
        let new = Promise { slots: free, ..wanted };
        // What the new one leaves behind; a contract that leaps ahead takes nothing from another one.
        self.given.retain(|promise| !is_over(promise, &new));
        self.given.push(new);
        Some(new)
    }

    /// How many slots of an epoch are promised with a key.
    pub fn count(&self, key: Address, epoch: u64) -> u64 {
        let of = self.given.iter().filter(|promise| promise.key == key && promise.epoch == epoch);
        of.map(|promise| u64::from(promise.slots.count())).sum()
    }
}

fn read(value: &Value) -> Option<Promise> {
    let address = |member: &str| Address::parse_unchecked_case(value.get(member)?.as_str()?).ok();
    let small = |member: &str| u16::try_from(integer(value.get(member)?)?).ok();
    let mut topic = [0; 32];
    hex::decode_to_slice(value.get("topic")?.as_str()?, &mut topic).ok()?;
    Some(Promise {
        contract: address("contract")?,
        key: address("key")?,
        epoch: integer(value.get("epoch")?)?,
        receiver: address("receiver")?,
        slots: Slots::new(small("first")?, small("count")?)?,
        topic: Topic::from_bytes(topic),
    })
}

fn write(promise: &Promise) -> Value {
    object(vec![
        ("contract", promise.contract.to_string().into()),
        ("key", promise.key.to_string().into()),
        ("epoch", promise.epoch.into()),
        ("receiver", promise.receiver.to_string().into()),
        ("first", promise.slots.first().into()),
        ("count", promise.slots.count().into()),
        ("topic", hex::encode(promise.topic.as_bytes()).into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Coverage = Coverage { slots: 8, burned: [0; 32], stays: true };

    fn to(receiver: u8, epoch: u64, count: u16) -> Promise {
        Promise {
            contract: Address::from_bytes([9; 20]),
            key: Address::from_bytes([8; 20]),
            epoch,
            receiver: Address::from_bytes([receiver; 20]),
            slots: Slots::new(0, count).unwrap(),
            topic: Topic::from_bytes([receiver; 32]),
        }
    }

    #[test]
    fn each_receiver_has_slots_of_their_own_and_the_same_again() {
        let mut promised = Promised::default();
        let one = promised.take(to(1, 7, 3), &ALL).unwrap();
        let two = promised.take(to(2, 7, 3), &ALL).unwrap();
        assert_eq!((one.slots, two.slots), (Slots::new(0, 3).unwrap(), Slots::new(3, 3).unwrap()));
        assert_eq!(promised.take(to(1, 7, 2), &ALL), Some(one));
        assert_eq!(promised.take(to(3, 7, 3), &ALL), None, "two are left");
        assert_eq!(promised.take(to(3, 7, 2), &ALL).unwrap().slots, Slots::new(6, 2).unwrap());
        assert_eq!(promised.count(one.key, 7), 8);
        assert_eq!(Promised::from_text(&promised.to_text()), Some(promised));
    }

    #[test]
    fn another_epoch_begins_anew_and_what_can_not_be_burned_any_more_is_forgotten() {
        let mut promised = Promised::default();
        promised.take(to(1, 7, 8), &ALL).unwrap();
        assert_eq!(promised.take(to(2, 8, 8), &ALL).unwrap().slots, Slots::new(0, 8).unwrap());
        assert_eq!(promised.all().len(), 2);
        promised.take(to(3, 9, 1), &ALL).unwrap();
        assert!(promised.all().iter().all(|promise| promise.epoch >= 8));
    }

    #[test]
    fn an_epoch_that_was_left_promises_no_slot_to_a_second_receiver() {
        let mut promised = Promised::default();
        let one = promised.take(to(1, 7, 2), &ALL).unwrap();
        let elsewhere = Promise { contract: Address::from_bytes([6; 20]), ..to(1, 9, 2) };
        promised.take(elsewhere, &ALL).unwrap();
        assert_eq!(promised.take(to(1, 7, 2), &ALL), Some(one), "each contract has a clock of its own");
        assert_eq!(promised.take(to(1, 9, 9), &ALL), None);
        let two = promised.take(to(2, 7, 2), &ALL).unwrap();
        assert!(!one.slots.overlap(two.slots), "nothing is forgotten for what was not promised");
        promised.take(to(1, 9, 2), &ALL).unwrap();
        assert_eq!(promised.take(to(3, 7, 2), &ALL), None);
        assert!(promised.take(to(3, 8, 2), &ALL).is_some());
    }

    #[test]
    fn burned_slots_are_promised_to_nobody() {
        let burned = Slots::new(1, 2).unwrap().bits();
        let coverage = Coverage { burned, ..ALL };
        let mut promised = Promised::default();
        assert_eq!(promised.take(to(1, 7, 2), &coverage).unwrap().slots, Slots::new(3, 2).unwrap());
        // Of those that were promised, one is burned now.
        let coverage = Coverage { burned: Slots::new(4, 1).unwrap().bits(), ..ALL };
        assert_eq!(promised.take(to(1, 7, 2), &coverage).unwrap().slots, Slots::new(5, 2).unwrap());
        let leaving = Coverage { stays: false, ..ALL };
        assert_eq!(promised.take(to(2, 7, 1), &leaving), None);
    }

    #[test]
    fn what_is_damaged_promises_nothing() {
        for text in ["", "{}", "[]", r#"{"given":[{}],"keys":[]}"#, r#"{"given":[],"keys":[{}]}"#] {
            assert_eq!(Promised::from_text(text), None, "{text}");
        }
        assert_eq!(Promised::from_text(r#"{"given":[],"keys":[]}"#), Some(Promised::default()));
    }

    #[test]
    fn two_tabs_that_begin_at_the_same_time_use_one_key() {
        let contract = Address::from_bytes([9; 20]);
        let tag = |n: &str| KeyTag::from_text(&n.repeat(16)).unwrap();
        let mut promised = Promised::default();
        assert_eq!(promised.use_key(contract, None, tag("01")), tag("01"));
        assert_eq!(promised.use_key(contract, None, tag("02")), tag("01"));
        assert_eq!(promised.use_key(contract, Some(tag("01")), tag("03")), tag("03"), "a closed one");
        assert_eq!(promised.key(contract), Some(tag("03")));
        assert_eq!(Promised::from_text(&promised.to_text()), Some(promised));
    }
}
