//! The routes of the deployed backend's storage: requests, their bodies as a server reads them, and what the
//! replies mean.
//!
//! A page is counted in pages, not in rows, whatever `offset` suggests. Lists begin with the newest, so a row that
//! comes in meanwhile moves the others: pages may repeat rows.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::time::milliseconds;
use crate::delivery::api::ApiError;
use crate::delivery::check;
use crate::identity::EnsName;
use crate::seal::json;
use crate::seal::sha256_hex;
use crate::web::{BaseUrl, HttpRequest, HttpResponse, HttpUrl, SessionToken};

/// The longest listing or body that is read, in bytes.
const MAX_LISTING: usize = 64 * 1024 * 1024;
/// The most rows of one page that are taken.
const MAX_ROWS: usize = 2000;
/// The most pages that are read to find what was written.
const MAX_PAGES: usize = 1000;

/// `POST addConversation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AddConversation {
    /// Under what the conversation is filed: a legacy name or a pseudonym.
    pub encrypted_contact_name: String,
    /// What is kept with it: a legacy profile location or a sealed contact record.
    pub encrypted_profile_location: String,
}

/// `POST toggleHideConversation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HideConversation {
    /// As in [`AddConversation`].
    pub encrypted_contact_name: String,
    /// Hidden from the list, or shown again.
    pub hide: bool,
}

/// A message to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewRow {
    /// The client's id of it: a message hash, or a record's pseudonym.
    pub message_id: String,
    /// What it is sorted by: milliseconds since 1970.
    pub created_at: u64,
    /// A legacy container or a sealed record's content.
    pub encrypted_envelop_container: String,
    /// Waits for a receiver who has no profile yet.
    pub is_halted: bool,
}

/// `POST addMessage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AddMessage {
    /// As in [`AddConversation`].
    pub encrypted_contact_name: String,
    /// As in [`NewRow`].
    pub message_id: String,
    /// As in [`NewRow`].
    pub created_at: u64,
    /// As in [`NewRow`].
    pub encrypted_envelop_container: String,
    /// As in [`NewRow`].
    pub is_halted: bool,
}

/// `POST addMessageBatch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AddMessageBatch {
    /// As in [`AddConversation`].
    pub encrypted_contact_name: String,
    /// The rows.
    pub message_batch: Vec<NewRow>,
}

/// `POST editMessageBatch`: adds or replaces; `createdAt` of a known row stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EditMessageBatch {
    /// As in [`AddConversation`].
    pub encrypted_contact_name: String,
    /// The rows.
    pub edit_message_batch_payload: Vec<NewRow>,
}

/// `POST clearHaltedMessage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClearHalted {
    /// The id that [`HaltedRow`] gives, which is the server's.
    pub message_id: String,
    /// The conversation, as in [`AddConversation`].
    pub alias_name: String,
}

/// A body that is not what its route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid schema")]
pub struct BodyError;

/// Reads a request's body as a server: missing, extra and mistyped members are refused.
///
/// # Errors
/// [`BodyError`].
pub fn parse_body<T: DeserializeOwned>(text: &str) -> Result<T, BodyError> {
    if text.len() > MAX_LISTING { Err(BodyError) } else { serde_json::from_str(text).map_err(|_| BodyError) }
}

/// Where an account's storage is: server, name and session.
#[derive(Clone, Debug)]
pub struct Storage<'a> {
    /// The backend, such as `https://app.example/api`.
    pub server: &'a BaseUrl,
    /// The account's address name.
    pub account: &'a EnsName,
    /// Its session there.
    pub token: &'a SessionToken,
}

impl Storage<'_> {
    fn url(&self, route: &[&str]) -> HttpUrl {
        self.server.join(&[&["storage", "new", self.account.as_str()], route].concat())
    }

    fn post(&self, route: &str, body: &impl Serialize) -> HttpRequest {
        // Structs of texts, numbers and lists always have a JSON form.
        let body = serde_json::to_string(body).unwrap_or_default();
        HttpRequest::post(self.url(&[route]), body).with_bearer(self.token)
    }

    fn get(&self, url: HttpUrl) -> HttpRequest {
        HttpRequest::get(url).with_bearer(self.token)
    }

    /// Adds a conversation, or replaces what is kept with it.
    pub fn add_conversation(&self, body: &AddConversation) -> HttpRequest {
        self.post("addConversation", body)
    }

    /// Hides a conversation or shows it again.
    pub fn hide_conversation(&self, body: &HideConversation) -> HttpRequest {
        self.post("toggleHideConversation", body)
    }

    /// Adds a message; refused if its id is known.
    pub fn add_message(&self, body: &AddMessage) -> HttpRequest {
        self.post("addMessage", body)
    }

    /// Adds messages. The reply proves nothing: see [`ReadBack`].
    pub fn add_message_batch(&self, body: &AddMessageBatch) -> HttpRequest {
        self.post("addMessageBatch", body)
    }

    /// Adds or replaces messages. The reply proves nothing: see [`ReadBack`].
    pub fn edit_message_batch(&self, body: &EditMessageBatch) -> HttpRequest {
        self.post("editMessageBatch", body)
    }

    /// Marks a halted message as delivered.
    pub fn clear_halted(&self, body: &ClearHalted) -> HttpRequest {
        self.post("clearHaltedMessage", body)
    }

    /// A page of the conversations that are not hidden.
    pub fn conversations(&self, size: usize, page: usize) -> HttpRequest {
        self.get(self.url(&["getConversations"]).with_query(&[("pageSize", size), ("offset", page)]))
    }

    /// How many conversations there are, hidden ones included.
    pub fn number_of_conversations(&self) -> HttpRequest {
        self.get(self.url(&["getNumberOfConversations"]))
    }

    /// A page of a conversation's messages.
    pub fn messages(&self, conversation: &str, size: usize, page: usize) -> HttpRequest {
        let url = self.url(&["getMessages", conversation]);
        self.get(url.with_query(&[("pageSize", size), ("offset", page)]))
    }

    /// How many messages a conversation has. The deployed server counts those of every account that calls a conversation
    /// the same, so pages end where they end, not at this number.
    pub fn number_of_messages(&self, conversation: &str) -> HttpRequest {
        self.get(self.url(&["getNumberOfMessages", conversation]))
    }

    /// All halted messages.
    pub fn halted(&self) -> HttpRequest {
        self.get(self.url(&["getHaltedMessages"]))
    }
}

/// A conversation as the server lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// Under what it is filed.
    pub contact: String,
    /// What is kept with it.
    pub profile_location: Option<String>,
    /// The container of its newest message.
    pub preview: Option<String>,
    /// Milliseconds since 1970.
    pub updated_at: Option<u64>,
}

/// A message as the server lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// The server's id: SHA-256 of the account's name and the client's id.
    pub id: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// The container.
    pub container: String,
    /// Waits for its receiver.
    pub halted: bool,
}

/// A halted message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaltedRow {
    /// The server's id.
    pub id: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// The container.
    pub container: String,
}

/// The id under which the backend files a message: `SHA-256(account's name ‖ client's id)`.
pub fn server_id(account: &EnsName, message_id: &str) -> String {
    sha256_hex(&format!("{account}{message_id}"))
}

/// The rows of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Those that can be read.
    pub rows: Vec<T>,
    /// How many can't.
    pub unreadable: usize,
}

/// Reads the reply to a request that changes something: `Ok` means that the server says so.
///
/// # Errors
/// [`ApiError`].
pub fn parse_done(reply: &HttpResponse) -> Result<(), ApiError> {
    check(reply)
}

/// Reads the reply to one of the counts.
///
/// # Errors
/// [`ApiError`].
pub fn parse_count(reply: &HttpResponse) -> Result<u64, ApiError> {
    check(reply)?;
    reply.body.trim().parse().map_err(|_| ApiError::Garbled("no number"))
}

/// Reads the reply to [`Storage::conversations`].
///
/// # Errors
/// [`ApiError`].
pub fn parse_conversations(reply: &HttpResponse) -> Result<Page<ConversationRow>, ApiError> {
    page(reply, |row| {
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(ConversationRow {
            contact: text("contact")?,
            profile_location: text("encryptedProfileLocation"),
            preview: text("previewMessage"),
            updated_at: row.get("updatedAt").and_then(milliseconds),
        })
    })
}

/// Reads the reply to [`Storage::messages`]: rows as JSON text, or bare.
///
/// # Errors
/// [`ApiError`].
pub fn parse_messages(reply: &HttpResponse) -> Result<Page<MessageRow>, ApiError> {
    page(reply, |row| {
        let halted = row.get("isHalted").is_some_and(|halted| *halted == Value::Bool(true));
        let HaltedRow { id, created_at, container } = stored(row, "id")?;
        Some(MessageRow { id, created_at, container, halted })
    })
}

/// Reads the reply to [`Storage::halted`].
///
/// # Errors
/// [`ApiError`].
pub fn parse_halted(reply: &HttpResponse) -> Result<Page<HaltedRow>, ApiError> {
    page(reply, |row| stored(row, "messageId"))
}

fn stored(row: &Value, id: &str) -> Option<HaltedRow> {
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let created_at = milliseconds(row.get("createdAt")?)?;
    Some(HaltedRow { id: text(id)?, created_at, container: text("encryptedEnvelopContainer")? })
}

fn page<T>(reply: &HttpResponse, read: impl Fn(&Value) -> Option<T>) -> Result<Page<T>, ApiError> {
    check(reply)?;
    if reply.body.len() > MAX_LISTING {
        return Err(ApiError::Garbled("larger than 64 MiB"));
    }
    let Some(Value::Array(rows)) = json::parse(&reply.body) else { return Err(ApiError::Garbled("no list")) };
    if rows.len() > MAX_ROWS {
        return Err(ApiError::Garbled("more rows than were asked for"));
    }
    let mut page = Page { rows: Vec::new(), unreadable: 0 };
    for row in rows {
        let row = match &row {
            Value::String(text) => json::parse(text).and_then(|row| read(&row)),
            bare => read(bare),
        };
        match row {
            Some(row) => page.rows.push(row),
            None => page.unreadable += 1,
        }
    }
    Ok(page)
}

/// Finds out which rows of a batch are really stored, and with this content. The deployed backend answers 200 even
/// when it stored nothing; acknowledge at the delivery service only what [`ReadBack::stored`] names.
#[derive(Clone, Debug)]
pub struct ReadBack {
    /// The client's id, the server's, the container, and whether it was found so.
    rows: Vec<(String, String, String, bool)>,
    page: usize,
    size: usize,
    ended: bool,
}

impl ReadBack {
    /// After writing these rows of an account. `size` is how many rows a page has.
    pub fn new(account: &EnsName, rows: &[NewRow], size: usize) -> Self {
        let rows: Vec<_> = (rows.iter())
            .map(|row| {
                let id = row.message_id.clone();
                (id, server_id(account, &row.message_id), row.encrypted_envelop_container.clone(), false)
            })
            .collect();
        let ended = rows.is_empty();
        Self { rows, page: 0, size: size.clamp(1, MAX_ROWS), ended }
    }

    /// What to ask next; `None` when everything is known.
    pub fn request(&self, storage: &Storage<'_>, conversation: &str) -> Option<HttpRequest> {
        (!self.ended).then(|| storage.messages(conversation, self.size, self.page))
    }

    /// Takes the reply to [`Self::request`].
    ///
    /// # Errors
    /// [`ApiError`]; ask again later.
    pub fn take(&mut self, reply: &HttpResponse) -> Result<(), ApiError> {
        let page = parse_messages(reply)?;
        for (_, id, container, found) in &mut self.rows {
            *found |= page.rows.iter().any(|row| row.id == *id && row.container == *container);
        }
        self.page += 1;
        self.ended = page.rows.len() + page.unreadable < self.size
            || self.page == MAX_PAGES
            || self.rows.iter().all(|(.., found)| *found);
        Ok(())
    }

    /// The client's ids of what was seen with the content that was written.
    pub fn stored(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter(|(.., found)| *found).map(|(id, ..)| id.as_str())
    }

    /// The client's ids of what was not: write each by itself, or with [`Storage::edit_message_batch`].
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter(|(.., found)| !*found).map(|(id, ..)| id.as_str())
    }
}
