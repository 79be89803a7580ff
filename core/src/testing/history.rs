//! A node's history in memory: the rules of `node/src/cases/history.rs`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::identity::Address;
use crate::web::{HttpRequest, HttpResponse, Method};

const MAX_BATCH: usize = 500;
const MAX_PAGE: usize = 1000;
const RECORD_BYTES: usize = 512 * 1024;

/// What accounts keep at a node.
#[derive(Default)]
pub struct HistoryService {
    owners: RefCell<BTreeMap<Address, Owner>>,
    /// The most records of an account.
    room: RefCell<Option<usize>>,
}

#[derive(Clone, Default)]
struct Owner {
    last: u64,
    records: BTreeMap<(String, String), (u64, Option<String>)>,
}

/// What an account has at a node at some time.
pub struct Snapshot(Owner);

impl HistoryService {
    /// From now on an account may have so many records.
    pub fn set_room(&self, records: Option<usize>) {
        self.room.replace(records);
    }

    /// How many records an account has.
    pub fn records(&self, owner: Address) -> usize {
        self.owners.borrow().get(&owner).map_or(0, |owner| owner.records.len())
    }

    /// What an account has now.
    pub fn snapshot(&self, owner: Address) -> Snapshot {
        Snapshot(self.owners.borrow().get(&owner).cloned().unwrap_or_default())
    }

    /// The node falls back to what it had.
    pub fn restore(&self, owner: Address, snapshot: &Snapshot) {
        self.owners.borrow_mut().insert(owner, snapshot.0.clone());
    }

    /// Changes contents behind the account's back, as only the operator can; `None` deletes.
    pub fn tamper(&self, owner: Address, mut change: impl FnMut(usize, &str) -> Option<String>) {
        if let Some(owner) = self.owners.borrow_mut().get_mut(&owner) {
            for (number, (_, data)) in owner.records.values_mut().enumerate() {
                *data = data.take().and_then(|data| change(number, &data));
            }
        }
    }

    /// Answers a request; `path` is what follows the account's name. The second is a change that its devices are told.
    pub fn answer(&self, owner: Address, path: &str, request: &HttpRequest) -> (HttpResponse, Option<u64>) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let number = |name: &str| {
            let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            value.and_then(|value| value.parse::<u64>().ok())
        };
        let limit = (number("limit").unwrap_or(200) as usize).clamp(1, MAX_PAGE);
        let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let mut owners = self.owners.borrow_mut();
        let owner = owners.entry(owner).or_default();
        let body = match (request.method, segments.as_slice()) {
            (Method::Get, []) => json!({
                "lastChange": owner.last,
                "records": owner.records.len(),
                "bytes": owner.records.values().filter_map(|(_, data)| data.as_ref()).map(String::len).sum::<usize>(),
                "limits": { "batch": MAX_BATCH, "recordBytes": RECORD_BYTES },
            }),
            (Method::Post, []) => {
                let body = request.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
                return owner.write(&body.unwrap_or_default(), *self.room.borrow());
            }
            (Method::Get, ["changes"]) => {
                let after = number("after").unwrap_or(0);
                let mut found: Vec<_> = owner.rows().filter(|row| row.0 > after).collect();
                found.sort();
                listing(found.into_iter().take(limit))
            }
            (Method::Get, ["conversations", place]) => {
                let before = number("before").unwrap_or(u64::MAX);
                let here = |row: &Row| row.1 == *place && row.0 < before && row.3.is_some();
                let mut found: Vec<_> = owner.rows().filter(here).collect();
                found.sort();
                listing(found.into_iter().rev().take(limit))
            }
            _ => return (HttpResponse::new(404, String::new()), None),
        };
        (HttpResponse::new(200, body.to_string()), None)
    }
}

type Row = (u64, String, String, Option<String>);

impl Owner {
    fn rows(&self) -> impl Iterator<Item = Row> {
        let row = |((place, id), (version, data)): (&(String, String), &(u64, Option<String>))| {
            (*version, place.clone(), id.clone(), data.clone())
        };
        self.records.iter().map(row)
    }

    fn write(&mut self, body: &Value, room: Option<usize>) -> (HttpResponse, Option<u64>) {
        let reply = |status, body: Value| (HttpResponse::new(status, body.to_string()), None);
        let rows = body["records"].as_array().cloned().unwrap_or_default();
        if rows.is_empty() || rows.len() > MAX_BATCH {
            return reply(400, json!({ "error": "a write has 1 to 500 records, and none twice" }));
        }
        let mut after = self.clone();
        let (mut conflicts, mut versions) = (Vec::new(), Vec::new());
        for row in &rows {
            let (place, id) = (row["conversation"].clone(), row["id"].clone());
            let key = (place.as_str().unwrap().to_owned(), id.as_str().unwrap().to_owned());
            let data = row["data"].as_str().map(str::to_owned);
            if data.as_ref().is_some_and(|data| data.len() / 4 * 3 > RECORD_BYTES) {
                return reply(413, json!({ "error": "a record has at most 524288 bytes" }));
            }
            let version = self.records.get(&key).map_or(0, |(version, _)| *version);
            if Some(version) != row["replaces"].as_u64() {
                conflicts.push(json!({ "conversation": place, "id": id, "version": version }));
                continue;
            }
            after.last += 1;
            versions.push(after.last);
            assert!(after.records.get(&key).is_none_or(|(v, _)| *v <= self.last), "one twice");
            after.records.insert(key, (after.last, data));
        }
        if !conflicts.is_empty() {
            return reply(409, json!({ "error": "conflict", "conflicts": conflicts }));
        }
        if room.is_some_and(|room| after.records.len() > room) {
            return reply(507, json!({ "error": "full" }));
        }
        *self = after;
        (HttpResponse::new(200, json!({ "versions": versions }).to_string()), Some(self.last))
    }
}

fn listing(rows: impl Iterator<Item = Row>) -> Value {
    let rows: Vec<_> = rows.collect();
    let next = rows.last().map(|row| row.0);
    let row = |(version, place, id, data): Row| json!({ "conversation": place, "id": id, "version": version, "data": data });
    json!({ "records": rows.into_iter().map(row).collect::<Vec<_>>(), "next": next })
}
