//! Submitting, listing, acknowledging.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use dm3_core::identity::{Address, EnsName};
use dm3_core::message::{Delivered, Envelope, Postmark};
use dm3_core::seal::sha256;
use dm3_core::web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{Kind, Node, ok};
use crate::chain::Chain;

/// How many conversations a listing shows, and how many messages of each.
const fn listed(kind: Kind) -> (usize, usize) {
    match kind {
        Kind::Ours => (100, 1_000),
        Kind::Reference => (101, 1_001),
    }
}

/// How many entries a page of a numbered mailbox has at most.
const PAGE: u64 = 100;

/// What waits for an account, in the order in which it came.
#[derive(Default)]
pub(super) struct Mailbox {
    entries: BTreeMap<u64, Entry>,
    count: u64,
    /// Of our nodes: what was ever taken.
    taken: BTreeSet<[u8; 32]>,
}

/// An entry.
struct Entry {
    sender: String,
    hash: String,
    text: String,
}

impl Mailbox {
    /// Conversations by latest activity, the newest message of each first, as far as they are shown.
    fn listing(&self, kind: Kind) -> Vec<&str> {
        let (conversations, messages) = listed(kind);
        let mut shown: Vec<(&str, Vec<&str>)> = Vec::new();
        for entry in self.entries.values().rev() {
            match shown.iter().position(|(sender, _)| *sender == entry.sender) {
                Some(at) if shown[at].1.len() < messages => shown[at].1.push(&entry.text),
                None if shown.len() < conversations => shown.push((&entry.sender, vec![&entry.text])),
                _ => {}
            }
        }
        shown.into_iter().flat_map(|(_, texts)| texts).collect()
    }
}

impl Node {
    pub(super) fn list(&self, owner: Address) -> HttpResponse {
        let state = self.state.borrow();
        let listing = state.mailboxes.get(&owner).map(|mailbox| mailbox.listing(self.kind).join(","));
        HttpResponse::new(200, format!("[{}]", listing.unwrap_or_default()))
    }

    pub(super) fn acknowledge(&self, owner: Address, body: &Value) -> HttpResponse {
        let mut state = self.state.borrow_mut();
        let mailbox = state.mailboxes.entry(owner).or_default();
        for one in body.get("acknowledgements").and_then(Value::as_array).into_iter().flatten() {
            let matches = |entry: &Entry| {
                one["messageHash"] == entry.hash
                    && (self.kind == Kind::Ours || one["contactAddress"] == entry.sender)
            };
            let found: Vec<_> = mailbox
                .entries
                .iter()
                .filter(|(_, entry)| matches(entry))
                .map(|(number, _)| *number)
                .collect();
            let copies = if self.kind == Kind::Ours { usize::MAX } else { 1 };
            for number in found.into_iter().take(copies) {
                if let Some(entry) = mailbox.entries.remove(&number) {
                    self.oracle.acknowledged(owner, &entry.hash, &entry.text);
                }
            }
        }
        HttpResponse::new(200, String::new())
    }

    /// Oldest first, after the number that is asked for.
    pub(super) fn page(&self, owner: Address, request: &HttpRequest) -> HttpResponse {
        let asked = |name| request.url.query_value(name).and_then(|value| value.parse::<u64>().ok());
        let (after, limit) = (asked("after").unwrap_or(0), asked("limit").unwrap_or(PAGE).clamp(1, PAGE));
        let state = self.state.borrow();
        let mailbox = state.mailboxes.get(&owner);
        let mut rest = mailbox.into_iter().flat_map(|mailbox| mailbox.entries.range(after + 1..)).peekable();
        let (mut shown, mut last) = (Vec::new(), None);
        while let Some((number, entry)) = rest.next_if(|_| (shown.len() as u64) < limit) {
            shown.push(format!(r#"{{"id":{number},"envelope":{}}}"#, entry.text));
            last = Some(*number);
        }
        let next = json!(last.filter(|_| rest.peek().is_some()));
        HttpResponse::new(200, format!(r#"{{"messages":[{}],"next":{next}}}"#, shown.join(",")))
    }

    pub(super) fn acknowledge_numbers(&self, owner: Address, body: &Value) -> HttpResponse {
        let mut state = self.state.borrow_mut();
        let mailbox = state.mailboxes.entry(owner).or_default();
        for number in body["ids"].as_array().into_iter().flatten().filter_map(Value::as_u64) {
            if let Some(entry) = mailbox.entries.remove(&number) {
                self.oracle.acknowledged(owner, &entry.hash, &entry.text);
            }
        }
        HttpResponse::new(200, String::new())
    }

    pub(super) fn rpc(&self, body: &Value, chain: &RefCell<Chain>) -> Result<HttpResponse, u16> {
        match body["method"].as_str() {
            Some("dm3_submitMessage") => {
                self.submit(body["params"][0].as_str().unwrap_or_default(), chain)?;
                Ok(HttpResponse::new(200, "OK".to_owned()))
            }
            Some("dm3_getDeliveryServiceProperties") => {
                let properties = json!({ "sizeLimit": 100_000, "messageTTL": 0 }).to_string();
                Ok(ok(json!({ "jsonrpc": "2.0", "result": properties })))
            }
            Some("dm3_getProfileExtension") => {
                let extension = json!({ "notSupportedMessageTypes": [] }).to_string();
                Ok(ok(json!({ "jsonrpc": "2.0", "result": extension })))
            }
            _ => Err(405),
        }
    }

    fn submit(&self, text: &str, chain: &RefCell<Chain>) -> Result<(), u16> {
        let envelope = Envelope::parse(text).map_err(|_| 400_u16)?;
        let delivery_information =
            envelope.open_delivery_information(&self.keys.encryption).map_err(|_| 400_u16)?;
        let name: EnsName = delivery_information.to.parse().map_err(|_| 400_u16)?;
        let receiver = chain.borrow().address_of(&name);
        self.oracle.handed_over(text, &name, receiver, self.schedule.now());
        let receiver = receiver.ok_or(400_u16)?;
        let profile = self.state.borrow().accounts.get(&receiver).cloned().ok_or(400_u16)?;
        if self.kind == Kind::Ours {
            let taken = &mut self.state.borrow_mut();
            if !taken.mailboxes.entry(receiver).or_default().taken.insert(sha256(text.as_bytes())) {
                return Ok(());
            }
        }
        let marked = self.now();
        let postmark = Postmark::make(&envelope, marked, &self.keys)
            .seal(&profile.keys().encryption, &self.entropy)
            .map_err(|_| 400_u16)?;
        let delivered = Delivered { envelope, delivery_information, postmark }.to_json();
        let hash = delivered.pointer("/metadata/messageHash").and_then(Value::as_str).unwrap_or_default();
        self.oracle.taken(receiver, hash, marked);
        self.put(receiver, delivered);
        Ok(())
    }

    /// Puts anything into a mailbox, and pushes it.
    pub fn put(&self, receiver: Address, envelope: Value) {
        let member = |path: &str| {
            envelope.pointer(path).and_then(Value::as_str).map_or_else(String::new, str::to_owned)
        };
        let entry = Entry {
            sender: member("/metadata/deliveryInformation/from"),
            hash: member("/metadata/messageHash"),
            text: envelope.to_string(),
        };
        let mut state = self.state.borrow_mut();
        let mailbox = state.mailboxes.entry(receiver).or_default();
        mailbox.count += 1;
        if self.hasty.get() {
            self.oracle.acknowledged(receiver, &entry.hash, &entry.text);
        } else {
            mailbox.entries.insert(mailbox.count, entry);
        }
        drop(state);
        self.tell(receiver, "message", envelope);
    }

    /// A copy of something that waits, for whoever does mischief with it; by its place.
    pub fn entry(&self, place: u64) -> Option<(Address, Value)> {
        let state = self.state.borrow();
        let mut all = state
            .mailboxes
            .iter()
            .flat_map(|(owner, mailbox)| mailbox.entries.values().map(move |entry| (*owner, &entry.text)));
        let (owner, text) = all.nth(usize::try_from(place).ok()?)?;
        Some((owner, serde_json::from_str(text).ok()?))
    }
}
