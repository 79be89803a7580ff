//! `/api/storage/new/:name`: the encrypted storage as deployed clients use it.

use std::collections::HashMap;

use axum::Json as JsonBody;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt as _};
use serde::{Deserialize, Serialize};

use super::extract::Schema;
use crate::app::{App, AppState};
use crate::cases::storage::{Storage, StorageError};
use crate::cases::{ApiError, Member};
use crate::limits::Payer;
use crate::machine::clock::iso;
use crate::store::{NewMessage, PartOf, StoredConversation, StoredMessage};

const CONVERSATIONS_PAGE: u32 = 10;
const MESSAGES_PAGE: u32 = 100;

/// The most items of a page that are held.
const PART: u32 = 20;
/// No more are held once there are so many bytes of containers.
const PART_BYTES: usize = 256 * 1024;
/// How many times as long containers are at worst in an answer: each quotation mark is escaped twice.
const ESCAPED: usize = 4;

/// A conversation to be made. Other members are ignored, as the reference does here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddConversation {
    encrypted_contact_name: String,
    #[serde(default)]
    encrypted_profile_location: Option<String>,
}

/// A conversation to be hidden or shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HideConversation {
    encrypted_contact_name: String,
    hide: bool,
}

/// One message to be stored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddMessage {
    encrypted_contact_name: String,
    encrypted_envelop_container: String,
    message_id: String,
    created_at: f64,
    is_halted: bool,
}

/// Messages to be stored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddMessages {
    encrypted_contact_name: String,
    message_batch: Vec<MessageRecord>,
}

/// Messages to be replaced.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditMessages {
    encrypted_contact_name: String,
    edit_message_batch_payload: Vec<MessageRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MessageRecord {
    encrypted_envelop_container: String,
    message_id: String,
    created_at: f64,
    is_halted: bool,
}

/// A message that need not wait any more.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClearHalted {
    message_id: String,
    #[serde(default)]
    alias_name: Option<String>,
}

/// A conversation in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    contact: String,
    preview_message: Option<String>,
    updated_at: String,
    encrypted_profile_location: String,
}

/// A message in a list, where it stands as JSON text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    id: String,
    created_at: String,
    encrypted_envelop_container: String,
    encrypted_contact_name: String,
    conversation_id: String,
    owner_id: &'a str,
    is_halted: bool,
}

/// A message that waits.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Halted {
    message_id: String,
    encrypted_envelop_container: String,
    created_at: String,
    is_halted: bool,
}

/// Which page, by `pageSize` and `offset`, which counts pages.
pub type PageQuery = Query<HashMap<String, String>>;

impl From<StoredConversation> for Conversation {
    fn from(stored: StoredConversation) -> Self {
        Self {
            contact: stored.contact,
            preview_message: stored.preview,
            updated_at: iso(stored.updated_at),
            encrypted_profile_location: stored.profile_location,
        }
    }
}

impl MessageRecord {
    fn read(self, storage: &Storage<'_>) -> Result<NewMessage, StorageError> {
        storage.message(&self.message_id, self.created_at, self.encrypted_envelop_container, self.is_halted)
    }
}

fn read(records: Vec<MessageRecord>, storage: &Storage<'_>) -> Result<Vec<NewMessage>, StorageError> {
    records.into_iter().map(|record| record.read(storage)).collect()
}

/// `POST addConversation`.
pub async fn add_conversation(
    State(app): State<AppState>,
    member: Member,
    Schema(body): Schema<AddConversation>,
) -> Result<&'static str, ApiError> {
    app.want_room()?;
    let location = body.encrypted_profile_location.unwrap_or_default();
    app.storage(&member).add_conversation(&body.encrypted_contact_name, &location).await?;
    Ok("OK")
}

/// `GET getConversations`.
pub async fn conversations(
    State(app): State<AppState>,
    member: Member,
    Query(query): PageQuery,
) -> Result<Response, ApiError> {
    let page = page(&query, CONVERSATIONS_PAGE)?;
    in_parts(app, member, Listing::Conversations, page).await
}

/// `GET getNumberOfConversations`.
pub async fn count_conversations(
    State(app): State<AppState>,
    member: Member,
) -> Result<JsonBody<u64>, ApiError> {
    Ok(JsonBody(app.store.count_conversations(member.address).await?))
}

/// `POST toggleHideConversation`.
pub async fn hide_conversation(
    State(app): State<AppState>,
    member: Member,
    Schema(body): Schema<HideConversation>,
) -> Result<&'static str, ApiError> {
    app.storage(&member).hide_conversation(&body.encrypted_contact_name, body.hide).await?;
    Ok("OK")
}

/// `POST addMessage`: a message that is stored already is refused.
pub async fn add_message(
    State(app): State<AppState>,
    member: Member,
    Schema(body): Schema<AddMessage>,
) -> Result<&'static str, ApiError> {
    app.want_room()?;
    let storage = app.storage(&member);
    let AddMessage { encrypted_contact_name, encrypted_envelop_container, message_id, created_at, is_halted } =
        body;
    let message = storage.message(&message_id, created_at, encrypted_envelop_container, is_halted)?;
    match storage.add_messages(&encrypted_contact_name, &[message]).await? {
        0 => Err(ApiError::RefusedText("unable to add message")),
        _ => Ok("OK"),
    }
}

/// `POST addMessageBatch`: messages that are stored already are skipped, all others are stored.
pub async fn add_messages(
    State(app): State<AppState>,
    member: Member,
    Schema(body): Schema<AddMessages>,
) -> Result<&'static str, ApiError> {
    app.want_room()?;
    let storage = app.storage(&member);
    let messages = read(body.message_batch, &storage)?;
    storage.add_messages(&body.encrypted_contact_name, &messages).await?;
    Ok("OK")
}

/// `POST editMessageBatch`: replaces the containers of messages; those that are not stored are added.
pub async fn edit_messages(
    State(app): State<AppState>,
    member: Member,
    Schema(body): Schema<EditMessages>,
) -> Result<&'static str, ApiError> {
    app.want_room()?;
    let storage = app.storage(&member);
    let messages = read(body.edit_message_batch_payload, &storage)?;
    storage.edit_messages(&body.encrypted_contact_name, &messages).await?;
    Ok("OK")
}

/// `GET getMessages/:contact`.
pub async fn messages(
    State(app): State<AppState>,
    member: Member,
    Path((_, contact)): Path<(String, String)>,
    Query(query): PageQuery,
) -> Result<Response, ApiError> {
    let page = page(&query, MESSAGES_PAGE)?;
    in_parts(app, member, Listing::Messages(contact), page).await
}

/// What is listed.
enum Listing {
    Conversations,
    /// Of the conversation with this contact.
    Messages(String),
}

/// A page of it, of which less and less is left.
struct Listed {
    app: AppState,
    member: Member,
    listing: Listing,
    skipped: u64,
    left: u32,
}

impl Listed {
    /// The next items as JSON, with commas between them.
    async fn next(&mut self) -> Result<String, ApiError> {
        let storage = self.app.storage(&self.member);
        let part = PartOf { skipped: self.skipped, most: self.left.min(PART), bytes: PART_BYTES as u64 };
        let (items, bytes): (Vec<String>, u64) = match &self.listing {
            Listing::Conversations => {
                let found = storage.conversations(part).await?;
                let bytes = found.iter().map(|one| one.preview.as_ref().map_or(0, String::len) as u64).sum();
                let text = |one| serde_json::to_string(&Conversation::from(one));
                (found.into_iter().map(text).collect::<Result<_, _>>()?, bytes)
            }
            Listing::Messages(contact) => {
                let text = |StoredMessage { message, contact, conversation }| {
                    let text = serde_json::to_string(&Message {
                        id: message.id,
                        created_at: iso(message.created_at),
                        encrypted_envelop_container: message.container,
                        encrypted_contact_name: contact,
                        conversation_id: conversation,
                        owner_id: self.member.name.as_str(),
                        is_halted: message.halted,
                    })?;
                    // Text within JSON, as deployed.
                    serde_json::to_string(&text)
                };
                let found = storage.messages(contact, part).await?;
                let bytes = found.iter().map(|one| one.message.container.len() as u64).sum();
                (found.into_iter().map(text).collect::<Result<_, _>>()?, bytes)
            }
        };
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        // Fewer than were asked for, though they are not too large: there are no others.
        let all = count == 0 || count < part.most && bytes < part.bytes;
        self.skipped += u64::from(count);
        self.left = if all { 0 } else { self.left.saturating_sub(count) };
        Ok(items.join(","))
    }
}

/// How long a part is at most, in bytes, unless it is full of characters that no client writes; as much as an address may have,
/// if that is less.
fn most_of_part(app: &App, member: &Member) -> usize {
    let containers = app.storage(member).max_container() + PART_BYTES;
    (ESCAPED * containers)
        .min(app.config.answer_bytes_at_once_per_address)
        .min(app.config.answer_bytes_at_once)
}

/// Answers with a page as a JSON array that is read and sent part by part, so that a long one is never held as a whole.
async fn in_parts(
    app: AppState,
    member: Member,
    listing: Listing,
    page: (u32, u32),
) -> Result<Response, ApiError> {
    const JSON: [(HeaderName, &str); 1] = [(CONTENT_TYPE, "application/json")];
    let (size, index) = page;
    let mut listed = Listed { app, member, listing, skipped: u64::from(size) * u64::from(index), left: size };
    let first = listed.next().await?;
    if listed.left == 0 {
        return Ok((JSON, format!("[{first}]")).into_response());
    }
    // What is held of it is counted like any large answer. There is room for each of its parts before the first is sent:
    // once an answer has begun, nobody could be told that there is none.
    let reserved = most_of_part(&listed.app, &listed.member).max(first.len());
    let Ok(place) = listed.app.answers.enter(&Payer::current(), reserved) else {
        listed.app.metrics.refused("answers");
        return Err(ApiError::Unavailable);
    };
    let rest = stream::try_unfold((listed, place), move |(mut listed, mut place)| async move {
        if listed.left == 0 {
            return Ok(None);
        }
        let items = listed.next().await.map_err(std::io::Error::other)?;
        let held = if listed.left == 0 { items.len() } else { items.len().max(reserved) };
        place.resize(held).map_err(|full| {
            listed.app.metrics.refused("answers");
            std::io::Error::other(full)
        })?;
        let comma = if items.is_empty() { "" } else { "," };
        let end = if listed.left == 0 { "]" } else { "" };
        Ok::<_, std::io::Error>(Some((format!("{comma}{items}{end}"), (listed, place))))
    });
    let body = stream::once(async move { Ok(format!("[{first}")) }).chain(rest);
    Ok((JSON, Body::from_stream(body)).into_response())
}

/// `GET getNumberOfMessages/:contact`.
pub async fn count_messages(
    State(app): State<AppState>,
    member: Member,
    Path((_, contact)): Path<(String, String)>,
) -> Result<JsonBody<u64>, ApiError> {
    Ok(JsonBody(app.storage(&member).count_messages(&contact).await?))
}

/// `GET getHaltedMessages`.
pub async fn halted_messages(
    State(app): State<AppState>,
    member: Member,
) -> Result<JsonBody<Vec<Halted>>, ApiError> {
    let found = app.storage(&member).halted_messages().await?;
    let listed = found.into_iter().map(|StoredMessage { message, .. }| Halted {
        message_id: message.id,
        encrypted_envelop_container: message.container,
        created_at: iso(message.created_at),
        is_halted: message.halted,
    });
    Ok(JsonBody(listed.collect()))
}

/// `POST clearHaltedMessage`.
pub async fn clear_halted(
    State(app): State<AppState>,
    member: Member,
    Schema(body): Schema<ClearHalted>,
) -> Result<&'static str, ApiError> {
    match app.storage(&member).release_message(&body.message_id, body.alias_name.as_deref()).await? {
        true => Ok("OK"),
        false => Err(ApiError::RefusedText("unable to clear halted message")),
    }
}

/// The page of a query, its size and which it is, read as deployed: what is no number, and 0, is the default.
fn page(query: &HashMap<String, String>, default: u32) -> Result<(u32, u32), ApiError> {
    let number = |key| query.get(key).and_then(|text| parse_int(text)).filter(|number| *number != 0);
    let size = number("pageSize").map_or(Ok(default), u32::try_from);
    let index = number("offset").map_or(Ok(0), u32::try_from);
    match (size, index) {
        (Ok(size), Ok(index)) if size <= Storage::MAX_PAGE => Ok((size, index)),
        _ => Err(ApiError::Schema),
    }
}

/// ECMAScript's `parseInt` for decimal numbers: what begins with digits counts as far as they go.
fn parse_int(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let number: i64 = digits[..end].parse().ok()?;
    Some(if text.starts_with('-') { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_deployed_servers_do() {
        for (text, number) in [
            ("10", Some(10)),
            (" 7x", Some(7)),
            ("-1", Some(-1)),
            ("abc", None),
            ("", None),
            ("1.9", Some(1)),
        ] {
            assert_eq!(parse_int(text), number, "{text}");
        }
        let query = |size: &str, offset: &str| {
            let pairs = [("pageSize", size), ("offset", offset)];
            page(&pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(), 10).ok()
        };
        let found = |size, offset| query(size, offset);
        assert_eq!(found("abc", "zz"), Some((10, 0)));
        assert_eq!(found("2", "3"), Some((2, 3)));
        assert_eq!(found("0", "0"), Some((10, 0)));
        for (size, offset) in [("-1", "0"), ("10", "-1"), ("100000", "0"), ("10", "99999999999999999999")] {
            assert_eq!(found(size, offset).is_some(), offset.len() > 10, "{size} {offset}");
        }
    }
}
