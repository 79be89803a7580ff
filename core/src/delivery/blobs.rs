//! Keeping sealed files at the own node, and fetching them from any: nodes of ours offer it ([`Discovery::files`]).
//!
//! ```text
//! begin {size, hash} ─▶ Begun ─▶ piece after piece: piece_url ─▶ parse_progress ─▶ … complete
//! address, Range ─▶ bytes ─▶ seal::FileOpener
//! ```
//!
//! [`Discovery::files`]: super::Discovery::files

use serde::Serialize;
use serde_json::Value;

use super::reply::{ApiError, check, json_of};
use crate::identity::EnsName;
use crate::message::MAX_ELSEWHERE;
use crate::seal::{json, sealed_file_len};
use crate::web::{BaseUrl, HttpRequest, HttpResponse, HttpUrl, SessionToken};

/// The smallest and the largest piece that a node may ask for, in bytes.
const PIECES: std::ops::RangeInclusive<u64> = 65_536..=1_048_576;

/// What a node keeps for its accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileOffer {
    /// Where files are put; the account's name follows.
    pub url: BaseUrl,
    /// The most bytes of a sealed file.
    pub max_bytes: u64,
    /// The bytes of each piece but the last.
    pub piece_bytes: u64,
    /// How long a file is kept, in seconds.
    pub ttl_seconds: u64,
}

impl FileOffer {
    /// What a node says; `None` where that is not of this form: then it offers nothing that could be used.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let number = |member: &str| value.get(member).and_then(Value::as_u64);
        Some(Self {
            url: value.get("url")?.as_str()?.parse().ok()?,
            max_bytes: number("maxBytes")?,
            piece_bytes: number("pieceBytes").filter(|bytes| PIECES.contains(bytes))?,
            ttl_seconds: number("ttlSeconds")?,
        })
    }

    /// Whether a file of so many bytes is taken.
    pub const fn takes(&self, length: u64) -> bool {
        length > 0 && length <= MAX_ELSEWHERE && sealed_file_len(length) <= self.max_bytes
    }

    /// Asks for room for a sealed file of this size and SHA-256.
    pub fn begin(&self, account: &EnsName, size: u64, hash: &[u8; 32], token: &SessionToken) -> HttpRequest {
        let body = json::object(vec![("hash", hex::encode(hash).into()), ("size", size.into())]);
        HttpRequest::post(self.url.join(&[account.as_str()]), json::canonical(&body)).with_bearer(token)
    }

    /// Where the piece goes that begins at `at`, with the method PUT and the token.
    pub fn piece_url(&self, account: &EnsName, begun: &Begun, at: u64) -> HttpUrl {
        self.own_url(account, begun).with_parameter("at", &at.to_string())
    }

    /// What is deleted with the method DELETE and the token.
    pub fn own_url(&self, account: &EnsName, begun: &Begun) -> HttpUrl {
        self.url.join(&[account.as_str(), &begun.id])
    }
}

/// A file that has room at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    id: String,
    /// Where whoever has this address fetches it.
    pub address: HttpUrl,
}

/// Reads the reply to [`FileOffer::begin`].
///
/// # Errors
/// [`ApiError`]; with the status 413 and 507 there is no room.
pub fn parse_begun(reply: &HttpResponse) -> Result<Begun, ApiError> {
    check(reply)?;
    let garbled = ApiError::Garbled("the place of a file");
    let value = json_of(reply).ok_or(garbled.clone())?;
    let text = |member: &str| value.get(member).and_then(Value::as_str);
    let id = text("id").filter(|id| (1..=128).contains(&id.len()));
    let id = id.filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric())).ok_or(garbled.clone())?;
    let address: HttpUrl = text("url").and_then(|url| url.parse().ok()).ok_or(garbled.clone())?;
    if address.as_str().contains('?') {
        return Err(garbled);
    }
    Ok(Begun { id: id.to_owned(), address })
}

/// How far a file has come at its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where the next piece begins.
    pub stored: u64,
    /// Whether it can be fetched.
    pub complete: bool,
}

/// Reads the reply to a piece of a file of `size` sealed bytes. Where another piece is wanted than was sent, it says which:
/// an answer may have been lost.
///
/// # Errors
/// [`ApiError`].
pub fn parse_progress(reply: &HttpResponse, size: u64) -> Result<Progress, ApiError> {
    if reply.status != 409 {
        check(reply)?;
    }
    let garbled = ApiError::Garbled("how far a file has come");
    let value = json_of(reply).ok_or(garbled.clone())?;
    let stored = value.get("stored").and_then(Value::as_u64).filter(|stored| *stored <= size);
    let stored = stored.ok_or(garbled.clone())?;
    let complete = value.get("complete").and_then(Value::as_bool).ok_or(garbled.clone())?;
    if complete && stored < size { Err(garbled) } else { Ok(Progress { stored, complete }) }
}

/// The same address through a node's proxy, for a page whose policy does not name the file's host.
pub fn through(proxy: &HttpUrl, address: &HttpUrl) -> HttpUrl {
    proxy.clone().with_parameter("url", address.as_str())
}

/// The value of the header `Range` for the part of at most `most` bytes that begins at `from`, of `size` sealed bytes; none
/// at their end.
pub fn range(from: u64, most: u64, size: u64) -> Option<String> {
    let end = from.saturating_add(most).min(size);
    (from < end).then(|| format!("bytes={from}-{}", end - 1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offer() -> FileOffer {
        FileOffer::read(&json!({
            "url": "https://a.example/ds/blobs", "maxBytes": 25_000_000, "pieceBytes": 524_288,
            "ttlSeconds": 60, "accountBytes": 1,
        }))
        .unwrap()
    }

    fn reply(status: u16, body: Value) -> HttpResponse {
        HttpResponse::new(status, body.to_string())
    }

    #[test]
    fn a_file_is_put_where_the_node_says_in_the_name_of_the_account() {
        let (name, token) = ("alice.eth".parse().unwrap(), SessionToken::new("t").unwrap());
        let request = offer().begin(&name, 16, &[1; 32], &token);
        assert_eq!(request.url.as_str(), "https://a.example/ds/blobs/alice.eth");
        assert_eq!(request.body, Some(format!(r#"{{"hash":"{}","size":16}}"#, "01".repeat(32))));
        assert_eq!(request.bearer, Some(token));
        let told = json!({ "id": "0a", "url": "https://a.example/ds/blob/0a", "pieceBytes": 1 });
        let begun = parse_begun(&reply(201, told)).unwrap();
        assert_eq!(begun.address.as_str(), "https://a.example/ds/blob/0a");
        let piece = offer().piece_url(&name, &begun, 524_288);
        assert_eq!(piece.as_str(), "https://a.example/ds/blobs/alice.eth/0a?at=524288");
        assert_eq!(offer().own_url(&name, &begun).as_str(), "https://a.example/ds/blobs/alice.eth/0a");
    }

    #[test]
    fn only_what_fits_is_offered_and_only_an_offer_that_can_be_used_is_one() {
        assert!(!offer().takes(0) && offer().takes(1) && !offer().takes(25_000_000));
        assert!(offer().takes(24_993_000));
        let big = FileOffer { max_bytes: u64::MAX, ..offer() };
        assert!(big.takes(MAX_ELSEWHERE) && !big.takes(MAX_ELSEWHERE + 1));
        let good = json!(offer());
        assert_eq!(FileOffer::read(&good), Some(offer()));
        for (member, value) in [
            ("url", json!("http://a.example/")),
            ("url", json!(7)),
            ("maxBytes", Value::Null),
            ("pieceBytes", json!(0)),
            ("pieceBytes", json!(2_000_000)),
            ("ttlSeconds", json!(-1)),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert_eq!(FileOffer::read(&bad), None, "{member}");
        }
    }

    #[test]
    fn a_place_is_one_that_can_be_asked() {
        for (id, url) in [
            ("", "https://a.example/x"),
            ("../x", "https://a.example/x"),
            ("0a", "http://a.example/x"),
            ("0a", "https://u@a.example/x"),
            ("0a", "https://a.example/x?y"),
        ] {
            assert!(parse_begun(&reply(201, json!({ "id": id, "url": url }))).is_err(), "{id} {url}");
        }
        assert!(matches!(parse_begun(&reply(413, json!({}))), Err(ApiError::Refused { status: 413, .. })));
        assert_eq!(parse_begun(&reply(507, json!({}))), Err(ApiError::Unavailable(507)));
    }

    #[test]
    fn a_lost_answer_is_found_out_and_a_node_that_says_nonsense_is_not_believed() {
        let at = |status, stored: u64, complete| {
            parse_progress(&reply(status, json!({ "stored": stored, "complete": complete })), 100)
        };
        assert_eq!(at(200, 50, false), Ok(Progress { stored: 50, complete: false }));
        assert_eq!(at(409, 100, true), Ok(Progress { stored: 100, complete: true }));
        assert!(at(200, 101, false).is_err() && at(200, 50, true).is_err());
        assert_eq!(parse_progress(&reply(404, json!({})), 100), Err(ApiError::NoAccount));
        assert!(parse_progress(&reply(409, json!({})), 100).is_err());
    }

    #[test]
    fn a_file_is_asked_for_in_parts_to_its_end() {
        assert_eq!(range(0, 10, 25).as_deref(), Some("bytes=0-9"));
        assert_eq!(range(20, 10, 25).as_deref(), Some("bytes=20-24"));
        assert_eq!(range(25, 10, 25), None);
        assert_eq!(range(u64::MAX, 10, 25), None);
        let proxy = "https://a.example/proxy/blob".parse().unwrap();
        let file = "https://b.example/ds/blob/0a".parse().unwrap();
        assert_eq!(
            through(&proxy, &file).as_str(),
            "https://a.example/proxy/blob?url=https%3A%2F%2Fb.example%2Fds%2Fblob%2F0a"
        );
    }
}
