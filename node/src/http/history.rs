//! `/api/history/:name`: history in records of our own, for several devices at once.

use axum::Json as JsonBody;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::etag;
use super::extract::Schema;
use crate::app::AppState;
use crate::cases::history::{HistoryError, MAX_BATCH, MAX_PAGE, MAX_RECORD, MAX_RECORDS, key};
use crate::cases::{ApiError, Member};
use crate::store::{NewRecord, Record};

/// How many records an answer holds if nothing is asked for.
const PAGE: u32 = 200;

/// Records to be written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    records: Vec<RecordIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordIn {
    conversation: String,
    id: String,
    /// The version that it replaces; 0 for a new record.
    replaces: u64,
    /// Base64; `null` deletes.
    data: Option<String>,
}

/// Which changes.
#[derive(Deserialize)]
pub struct ChangesQuery {
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
}

/// Which records of a conversation.
#[derive(Deserialize)]
pub struct ConversationQuery {
    before: Option<u64>,
    limit: Option<u32>,
}

/// Records, and where to go on: until there are none.
#[derive(Serialize)]
pub struct Records {
    records: Vec<RecordOut>,
    next: Option<u64>,
}

#[derive(Serialize)]
struct RecordOut {
    conversation: String,
    id: String,
    version: u64,
    data: Option<String>,
}

impl From<Vec<Record>> for Records {
    fn from(records: Vec<Record>) -> Self {
        let next = records.last().map(|record| record.version);
        let out = |Record { key, version, data }| RecordOut {
            conversation: key.conversation,
            id: key.id,
            version,
            data: data.map(|data| STANDARD.encode(data)),
        };
        Self { records: records.into_iter().map(out).collect(), next }
    }
}

/// `GET`: how much the account has written, and how much it may.
pub async fn usage(State(app): State<AppState>, member: Member) -> Result<JsonBody<Value>, ApiError> {
    let usage = app.history_usage(member.address).await?;
    Ok(JsonBody(json!({
        "lastChange": usage.last_change,
        "records": usage.records,
        "bytes": usage.bytes,
        "limits": history_limits(app.room_of(member.address).await?.history),
    })))
}

/// How much history an account may write, in all, in a record and in a request.
pub fn history_limits(bytes: u64) -> Value {
    json!({
        "records": MAX_RECORDS,
        "bytes": bytes,
        "recordBytes": MAX_RECORD,
        "batch": MAX_BATCH,
        "page": MAX_PAGE,
    })
}

/// `POST`: writes records, all or none.
pub async fn write(
    State(app): State<AppState>,
    member: Member,
    Schema(body): Schema<Write>,
) -> Result<JsonBody<Value>, ApiError> {
    let read = |record: RecordIn| {
        let data = match record.data {
            Some(text) => Some(STANDARD.decode(text).map_err(|_| ApiError::Schema)?),
            None => None,
        };
        Ok(NewRecord { key: key(&record.conversation, &record.id)?, replaces: record.replaces, data })
    };
    app.want_room()?;
    let records = body.records.into_iter().map(read).collect::<Result<Vec<_>, ApiError>>()?;
    let versions = app.write_history(member.address, &records).await?;
    Ok(JsonBody(json!({ "versions": versions })))
}

/// `GET changes?after=N&limit=M`: what was written after a version, oldest first, deletions too.
pub async fn changes(
    State(app): State<AppState>,
    member: Member,
    Query(query): Query<ChangesQuery>,
) -> Result<JsonBody<Records>, ApiError> {
    let most = limit(query.limit);
    Ok(JsonBody(app.history_changes(member.address, query.after, most).await?.into()))
}

/// `GET conversations/:conversation?before=N&limit=M`: a conversation's records, newest first.
pub async fn conversation(
    State(app): State<AppState>,
    member: Member,
    Path((_, conversation)): Path<(String, String)>,
    Query(query): Query<ConversationQuery>,
) -> Result<JsonBody<Records>, ApiError> {
    let (before, most) = (query.before.unwrap_or(u64::MAX), limit(query.limit));
    Ok(JsonBody(app.history_of(member.address, &conversation, before, most).await?.into()))
}

fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(PAGE).clamp(1, MAX_PAGE)
}

/// `GET records/:conversation/:id`: a record's bytes; its version is the `ETag`.
pub async fn read_one(
    State(app): State<AppState>,
    member: Member,
    Path((_, conversation, id)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let found = app.history_record(member.address, &key(&conversation, &id)?).await?;
    let (version, data) = found.ok_or(ApiError::NotFound)?;
    Ok(([(ETAG, etag(version)), (CONTENT_TYPE, OCTETS)], data).into_response())
}

/// `PUT records/:conversation/:id`: writes a record's bytes, if the header says which version they replace.
pub async fn write_one(
    State(app): State<AppState>,
    member: Member,
    Path((_, conversation, id)): Path<(String, String, String)>,
    headers: HeaderMap,
    data: Bytes,
) -> Result<Response, ApiError> {
    app.want_room()?;
    let replaces = condition(&headers)?;
    let record = NewRecord { key: key(&conversation, &id)?, replaces, data: Some(data.to_vec()) };
    let version = one(&app, &member, record).await?;
    let status = if replaces == 0 { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(ETAG, etag(version))], JsonBody(json!({ "version": version }))).into_response())
}

/// `DELETE records/:conversation/:id`: deletes a record, if the header says which version.
pub async fn delete_one(
    State(app): State<AppState>,
    member: Member,
    Path((_, conversation, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let record = NewRecord { key: key(&conversation, &id)?, replaces: condition(&headers)?, data: None };
    let version = one(&app, &member, record).await?;
    Ok(([(ETAG, etag(version))], JsonBody(json!({ "version": version }))).into_response())
}

/// Writes one record. That others wrote first is a failed condition here (RFC 9110, section 15.5.13).
async fn one(app: &AppState, member: &Member, record: NewRecord) -> Result<u64, ApiError> {
    match app.write_history(member.address, &[record]).await {
        Ok(versions) => Ok(versions.into_iter().next().unwrap_or_default()),
        Err(HistoryError::Conflict(conflicts)) => {
            let stored = conflicts.first().map_or(0, |(_, version)| *version);
            Err(ApiError::Precondition(stored))
        }
        Err(error) => Err(error.into()),
    }
}

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// The version that a conditional write replaces.
fn condition(headers: &HeaderMap) -> Result<u64, HistoryError> {
    let value = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::trim);
    match (value(IF_MATCH), value(IF_NONE_MATCH)) {
        (None, Some("*")) => Ok(0),
        (Some(tag), None) => {
            let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let version = version.and_then(|version| version.parse().ok()).filter(|version| *version > 0);
            version.ok_or(HistoryError::Unconditional)
        }
        _ => Err(HistoryError::Unconditional),
    }
}
