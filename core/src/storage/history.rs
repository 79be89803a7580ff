//! The routes of a node that keeps the history in records of our own: requests, and what the replies mean.
//!
//! ```text
//! usage ──▶ Usage                                       how far it is, what it takes
//! changes after a version ──▶ Listing, oldest first     what other devices wrote
//! a place, before a version ──▶ Listing, newest first   what belongs to a conversation or to the account
//! write ──▶ Written                                     all or nothing; each record on condition of its version
//! ```
//!
//! Nothing of it proves anything: what a record says counts once it is [opened](SealedRecord::open), and a version is
//! good for writing and for going on alone.

use serde_json::Value;

use super::{MAX_RECORD, Pseudonym, SealedRecord};
use crate::delivery::api::ApiError;
use crate::delivery::check;
use crate::identity::EnsName;
use crate::seal::json::{self, canonical, integer, object};
use crate::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};

/// The longest listing that is read, in bytes: 8 MB of contents, as base64, and what is around them.
const MAX_LISTING: usize = 16_000_000;
/// The most records of a listing that are taken.
const MAX_ROWS: usize = 1000;
/// The most records of one write, whatever a node allows.
const MAX_BATCH: u64 = 200;
/// How large a record is taken to be allowed where a node says nothing, in bytes.
const RECORD_BYTES: u64 = 512 * 1024;

/// Where an account's history is: server, name and session.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Such as `https://node.example/api/history`.
    pub server: &'a BaseUrl,
    /// The account's address name.
    pub account: &'a EnsName,
    /// Its session there.
    pub token: &'a SessionToken,
}

/// How far a history is, and what the node takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The version of the last change; 0 if there is none.
    pub last_change: u64,
    /// The most records in one write.
    pub batch: usize,
    /// The most bytes of a record's content, before base64.
    pub record_bytes: usize,
}

/// A record as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRecord {
    /// The record.
    pub record: SealedRecord,
    /// Which of the account's writes wrote it.
    pub version: u64,
}

/// The records of a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Those that can be read, in the order in which they came.
    pub records: Vec<ListedRecord>,
    /// How many were deleted, or can't be read.
    pub others: usize,
    /// The version to go on from; none if there is nothing more.
    pub next: Option<u64>,
}

/// A record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// The record.
    pub record: SealedRecord,
    /// The version that it replaces; 0 for none.
    pub replaces: u64,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// The new versions, in the order of the records.
    Versions(Vec<u64>),
    /// Nothing is written: of these, another version is stored; 0 if none is.
    Conflicts(Vec<(Pseudonym, Pseudonym, u64)>),
    /// Nothing is written: there is no room for more.
    Full,
    /// Nothing is written: a record, or all of them together, is larger than the node takes.
    TooLarge,
}

impl History<'_> {
    fn get(&self, route: &[&str], query: &[(&str, u64)]) -> HttpRequest {
        let url = self.server.join(&[&[self.account.as_str()], route].concat());
        let query: Vec<_> = query.iter().map(|(name, number)| (*name, *number as usize)).collect();
        let url = if query.is_empty() { url } else { url.with_query(&query) };
        HttpRequest::get(url).with_bearer(self.token)
    }

    /// Asks how far the history is.
    pub fn usage(&self) -> HttpRequest {
        self.get(&[], &[])
    }

    /// Asks for what was written after a version.
    pub fn changes(&self, after: u64, limit: usize) -> HttpRequest {
        self.get(&["changes"], &[("after", after), ("limit", limit as u64)])
    }

    /// Asks for what is filed at a place, written before a version, or the newest.
    pub fn place(&self, place: &Pseudonym, before: Option<u64>, limit: usize) -> HttpRequest {
        let mut query = vec![("limit", limit as u64)];
        query.extend(before.map(|before| ("before", before)));
        self.get(&["conversations", &place.to_string()], &query)
    }

    /// Writes records, all or none.
    pub fn write(&self, records: &[NewRecord]) -> HttpRequest {
        let records = records.iter().map(|NewRecord { record, replaces }| {
            object(vec![
                ("conversation", record.conversation.to_string().into()),
                ("id", record.id.to_string().into()),
                ("replaces", (*replaces).into()),
                ("data", record.content.as_str().into()),
            ])
        });
        let body = object(vec![("records", Value::Array(records.collect()))]);
        let url = self.server.join(&[self.account.as_str()]);
        HttpRequest::post(url, canonical(&body)).with_bearer(self.token)
    }
}

/// Reads the reply to [`History::usage`].
///
/// # Errors
/// [`ApiError`].
pub fn parse_usage(reply: &HttpResponse) -> Result<Usage, ApiError> {
    check(reply)?;
    let usage = read(reply)?;
    let limit = |name: &str| usage.get("limits")?.get(name).and_then(integer).filter(|limit| *limit > 0);
    let record_bytes = limit("recordBytes").unwrap_or(RECORD_BYTES).min(MAX_RECORD as u64);
    Ok(Usage {
        last_change: usage.get("lastChange").and_then(integer).ok_or(ApiError::Garbled("no lastChange"))?,
        batch: limit("batch").unwrap_or(MAX_BATCH).min(MAX_BATCH) as usize,
        record_bytes: record_bytes as usize,
    })
}

/// Reads the reply to [`History::changes`] and [`History::place`]. A row that can't be read does not spoil the others.
///
/// # Errors
/// [`ApiError`].
pub fn parse_listing(reply: &HttpResponse) -> Result<Listing, ApiError> {
    check(reply)?;
    let listing = read(reply)?;
    let rows = listing.get("records").and_then(Value::as_array).ok_or(ApiError::Garbled("no records"))?;
    if rows.len() > MAX_ROWS {
        return Err(ApiError::Garbled("more records than were asked for"));
    }
    let mut parsed = Listing { next: listing.get("next").and_then(integer), ..Listing::default() };
    for row in rows {
        match listed(row) {
            Some(record) => parsed.records.push(record),
            None => parsed.others += 1,
        }
    }
    // Who lists nothing has nothing to go on to.
    parsed.next = parsed.next.filter(|_| !rows.is_empty());
    Ok(parsed)
}

fn listed(row: &Value) -> Option<ListedRecord> {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    let record = SealedRecord {
        conversation: text("conversation")?.parse().ok()?,
        id: text("id")?.parse().ok()?,
        content: text("data")?.to_owned(),
    };
    Some(ListedRecord { record, version: row.get("version").and_then(integer)? })
}

/// Reads the reply to [`History::write`] of so many records.
///
/// # Errors
/// [`ApiError`]; then nothing is known about whether they were written.
pub fn parse_written(reply: &HttpResponse, records: usize) -> Result<Written, ApiError> {
    match reply.status {
        409 => {
            let conflicts = read(reply)?;
            let conflicts = conflicts.get("conflicts").and_then(Value::as_array);
            let conflicts = conflicts.ok_or(ApiError::Garbled("no conflicts"))?.iter().take(records);
            let conflict = |row: &Value| {
                let pseudonym = |name: &str| row.get(name)?.as_str()?.parse().ok();
                let version = row.get("version").and_then(integer)?;
                Some((pseudonym("conversation")?, pseudonym("id")?, version))
            };
            return Ok(Written::Conflicts(conflicts.filter_map(conflict).collect()));
        }
        413 => return Ok(Written::TooLarge),
        507 => return Ok(Written::Full),
        _ => check(reply)?,
    }
    let versions = read(reply)?;
    let versions = versions.get("versions").and_then(Value::as_array).into_iter().flatten();
    let versions: Vec<_> = versions.filter_map(integer).collect();
    if versions.len() == records {
        Ok(Written::Versions(versions))
    } else {
        Err(ApiError::Garbled("not a version for each record"))
    }
}

fn read(reply: &HttpResponse) -> Result<Value, ApiError> {
    if reply.body.len() > MAX_LISTING {
        return Err(ApiError::Garbled("larger than 16 MB"));
    }
    json::parse(&reply.body).filter(Value::is_object).ok_or(ApiError::Garbled("no object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_those_of_the_node() {
        let server: BaseUrl = "https://node.example/api/history".parse().unwrap();
        let account: EnsName = "alice.eth".parse().unwrap();
        let token = SessionToken::new("token").unwrap();
        let history = History { server: &server, account: &account, token: &token };
        let place: Pseudonym = format!("0x{}", "0a".repeat(32)).parse().unwrap();
        let url = |request: HttpRequest| request.url.as_str().to_owned();
        let base = "https://node.example/api/history/alice.eth";
        assert_eq!(url(history.usage()), base);
        assert_eq!(url(history.changes(7, 100)), format!("{base}/changes?after=7&limit=100"));
        assert_eq!(url(history.place(&place, None, 5)), format!("{base}/conversations/{place}?limit=5"));
        let before = format!("{base}/conversations/{place}?limit=5&before=9");
        assert_eq!(url(history.place(&place, Some(9), 5)), before);
        let record = SealedRecord { conversation: place, id: place, content: "AQ==".into() };
        let write = history.write(&[NewRecord { record, replaces: 3 }]);
        let body = format!(
            r#"{{"records":[{{"conversation":"{place}","data":"AQ==","id":"{place}","replaces":3}}]}}"#
        );
        assert_eq!((url(write.clone()), write.body), (base.to_owned(), Some(body)));
    }

    #[test]
    fn replies_are_read_and_bounded() {
        let reply = |status: u16, body: &str| HttpResponse::new(status, body.to_owned());
        let usage = r#"{"lastChange":5,"records":3,"bytes":9,"limits":{"batch":500,"recordBytes":1000}}"#;
        let expected = Usage { last_change: 5, batch: 200, record_bytes: 1000 };
        assert_eq!(parse_usage(&reply(200, usage)), Ok(expected));
        assert!(parse_usage(&reply(200, r#"{"lastChange":-1}"#)).is_err());
        assert_eq!(parse_usage(&reply(200, r#"{"lastChange":0,"limits":{"batch":0}}"#)).unwrap().batch, 200);
        assert_eq!(parse_usage(&reply(401, usage)), Err(ApiError::Unauthorized));

        let place = format!("0x{}", "0a".repeat(32));
        let row = format!(r#"{{"conversation":"{place}","id":"{place}","version":4,"data":"AQ=="}}"#);
        let deleted = row.replace(r#""AQ==""#, "null");
        let listing = format!(r#"{{"records":[{row},{deleted},7,{{}}],"next":5}}"#);
        let parsed = parse_listing(&reply(200, &listing)).unwrap();
        assert_eq!((parsed.records.len(), parsed.others, parsed.next), (1, 3, Some(5)));
        assert_eq!(parse_listing(&reply(200, r#"{"records":[],"next":5}"#)).unwrap().next, None);
        let rows = vec!["7"; MAX_ROWS + 1].join(",");
        assert!(parse_listing(&reply(200, &format!(r#"{{"records":[{rows}]}}"#))).is_err());
        assert!(parse_listing(&reply(200, "[]")).is_err());

        assert_eq!(parse_written(&reply(200, r#"{"versions":[1,2]}"#), 2), Ok(Written::Versions(vec![1, 2])));
        assert!(parse_written(&reply(200, r#"{"versions":[1,2]}"#), 1).is_err());
        let conflict =
            format!(r#"{{"conflicts":[{{"conversation":"{place}","id":"{place}","version":9}},4]}}"#);
        let pseudonym = place.parse().unwrap();
        let conflicts = Written::Conflicts(vec![(pseudonym, pseudonym, 9)]);
        assert_eq!(parse_written(&reply(409, &conflict), 2), Ok(conflicts));
        assert_eq!(parse_written(&reply(507, ""), 2), Ok(Written::Full));
        assert_eq!(parse_written(&reply(413, ""), 2), Ok(Written::TooLarge));
        assert_eq!(parse_written(&reply(503, ""), 2), Err(ApiError::Unavailable(503)));
    }
}
