//! `/ds/blobs/:name` and `/ds/blob/:secret`: sealed files that are too large for a message.

use std::ops::Range;
use std::sync::Arc;

use axum::Json as JsonBody;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dm3_core::delivery::FileOffer;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::Schema;
use super::proxy::{NOTHING_BUT_A_FILE, RESOURCE_POLICY};
use crate::app::{App, AppState};
use crate::blobs::{BlobSecret, MAX_BLOBS, PIECE};
use crate::cases::{ApiError, BlobError, Member};
use crate::config::Config;
use crate::limits::{Payer, Place};
use crate::store::BlobId;

/// What is to come.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    size: u64,
    /// 64 hexadecimal digits.
    hash: String,
}

/// Where a piece belongs.
#[derive(Deserialize)]
pub struct At {
    at: u64,
}

/// What is published of the limits; `None` if this node keeps no files.
pub fn offer(config: &Config) -> Option<FileOffer> {
    let limits = config.blobs;
    (limits.blob > 0).then(|| FileOffer {
        url: config.public_url.child("ds").child("blobs"),
        max_bytes: limits.blob,
        piece_bytes: PIECE as u64,
        ttl_seconds: limits.ttl.as_secs(),
    })
}

/// `GET`: what the account has, and may have.
pub async fn usage(State(app): State<AppState>, member: Member) -> Result<JsonBody<Value>, ApiError> {
    let usage = app.blob_usage(member.address).await?;
    let (limits, room) = (app.config.blobs, app.room_of(member.address).await?);
    Ok(JsonBody(json!({
        "blobs": usage.blobs,
        "bytes": usage.bytes,
        "limits": { "blobs": MAX_BLOBS, "bytes": room.files, "blobBytes": limits.blob },
    })))
}

/// `POST {size, hash}`: makes room for a file, and gives the address that it will have.
pub async fn begin(
    State(app): State<AppState>,
    member: Member,
    Schema(promise): Schema<Promise>,
) -> Result<Response, ApiError> {
    let mut hash = [0; 32];
    hex::decode_to_slice(&promise.hash, &mut hash).map_err(|_| BlobError::Form)?;
    app.want_room()?;
    let secret = app.begin_blob(member.address, promise.size, hash).await?.to_hex();
    let url = app.config.public_url.join(&["ds", "blob", &secret]);
    let told = json!({ "id": secret, "url": url, "pieceBytes": PIECE });
    Ok((StatusCode::CREATED, JsonBody(told)).into_response())
}

/// `PUT :id?at=N`: the piece that begins there.
pub async fn put(
    State(app): State<AppState>,
    member: Member,
    Path((_, secret)): Path<(String, String)>,
    Query(At { at }): Query<At>,
    data: Bytes,
) -> Result<JsonBody<Value>, ApiError> {
    app.want_room()?;
    let progress = app.put_piece(member.address, &read(&secret)?, at, &data).await?;
    Ok(JsonBody(json!({ "stored": progress.stored, "complete": progress.complete })))
}

/// `DELETE :id`: removes a file, complete or not.
pub async fn remove(
    State(app): State<AppState>,
    member: Member,
    Path((_, secret)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    app.drop_blob(member.address, &read(&secret)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /ds/blob/:secret`: the file, or the range of it that is asked for (RFC 9110, section 14).
pub async fn fetch(
    State(app): State<AppState>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let secret = read(&secret)?;
    let blob = app.blob(&secret).await?;
    let asked =
        headers.get(RANGE).and_then(|value| value.to_str().ok()).and_then(|text| range(text, blob.size));
    let (status, range) = match asked {
        None => (StatusCode::OK, 0..blob.size),
        Some(range) if range.is_empty() => {
            let all = [(CONTENT_RANGE, format!("bytes */{}", blob.size))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, all).into_response());
        }
        Some(range) => (StatusCode::PARTIAL_CONTENT, range),
    };
    app.blob_is_fetched(range.end - range.start)?;
    let Ok(place) = app.answers.enter(&Payer::current(), PIECE) else {
        app.metrics.refused("answers");
        return Err(ApiError::Unavailable);
    };
    let part = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| [(CONTENT_RANGE, format!("bytes {}-{}/{}", range.start, range.end - 1, blob.size))]);
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, NOTHING_BUT_A_FILE),
        (CONTENT_DISPOSITION, "attachment; filename=sealed"),
        // What is at an address never changes.
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (ACCEPT_RANGES, "bytes"),
        (RESOURCE_POLICY, "cross-origin"),
    ];
    let length = [
        (CONTENT_LENGTH, (range.end - range.start).to_string()),
        (ETAG, format!("\"{}\"", hex::encode(blob.hash))),
    ];
    let body =
        Body::from_stream(stream::try_unfold(Reading { app, id: secret.id(), range, _place: place }, next));
    Ok((status, headers, length, part, body).into_response())
}

/// What is left to be sent, one piece in memory after the other.
struct Reading {
    app: Arc<App>,
    id: BlobId,
    range: Range<u64>,
    _place: Place<Payer>,
}

async fn next(mut reading: Reading) -> Result<Option<(Bytes, Reading)>, BlobError> {
    if reading.range.is_empty() {
        return Ok(None);
    }
    let piece = PIECE as u64;
    let place = reading.range.start / piece;
    let data = reading.app.store.piece(&reading.id, place).await?.ok_or(BlobError::Absent)?;
    let index = |at: u64| usize::try_from(at.saturating_sub(place * piece)).unwrap_or(usize::MAX);
    let (from, to) = (index(reading.range.start), index(reading.range.end).min(data.len()));
    if from >= to {
        return Err(BlobError::Absent);
    }
    let part = Bytes::from(data).slice(from..to);
    reading.range.start += part.len() as u64;
    Ok(Some((part, reading)))
}

fn read(secret: &str) -> Result<BlobSecret, BlobError> {
    BlobSecret::parse(secret).ok_or(BlobError::Absent)
}

/// The one range of a header; an empty one if it begins behind the end, and `None` for what is answered with all: other
/// units, several ranges, and the last bytes counted from the end.
fn range(header: &str, size: u64) -> Option<Range<u64>> {
    let (from, to) = header.strip_prefix("bytes=")?.split_once('-')?;
    let from: u64 = from.parse().ok()?;
    let end = match to {
        "" => size,
        to => to.parse::<u64>().ok().filter(|to| *to >= from)?.saturating_add(1).min(size),
    };
    Some(if from < size { from..end } else { 0..0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_and_what_is_none_means_all() {
        for (header, expected) in [
            ("bytes=0-9", Some(0..10)),
            ("bytes=90-", Some(90..100)),
            ("bytes=90-1000", Some(90..100)),
            ("bytes=99-99", Some(99..100)),
            ("bytes=0-18446744073709551615", Some(0..100)),
            ("bytes=100-", Some(0..0)),
            ("bytes=18446744073709551615-", Some(0..0)),
            ("bytes=9-0", None),
            ("bytes=-5", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("bytes=a-b", None),
            ("bytes=18446744073709551616-", None),
        ] {
            assert_eq!(range(header, 100), expected, "{header}");
        }
    }
}
