//! `/ds`: the delivery service.

use std::borrow::Cow;

use axum::Json as JsonBody;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use dm3_core::identity::EnsName;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::extract::{Bulk, Json, Raw, Schema, SignedIn, Text, bearer};
use super::json_text;
use crate::app::AppState;
use crate::cases::{ApiError, SubmitError, read_envelope, read_voucher};
use crate::limits::json;
use crate::machine::clock::now_seconds;
use crate::mailbox::sender_key;
use crate::settings;
use crate::store::{Account, ChannelKind, PICK_UP_MESSAGES, Service};

/// Names the place where the next page of a mailbox begins.
pub const NEXT_PAGE: &str = "dm3-next-after";

/// The most messages that one request acknowledges.
const MAX_IDS: usize = 10_000;

/// The answer to a challenge.
#[derive(Deserialize)]
pub struct ChallengeAnswer {
    challenge: String,
    signature: String,
}

/// Where in a mailbox to go on.
#[derive(Deserialize)]
pub struct PageQuery {
    after: Option<i64>,
}

/// The same, and how much is wanted.
#[derive(Deserialize)]
pub struct MailboxQuery {
    after: Option<i64>,
    limit: Option<u32>,
}

/// What a receiver has stored, by the numbers it was given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgedIds {
    ids: Vec<i64>,
}

/// What a receiver has stored.
#[derive(Deserialize)]
pub struct Acknowledgements {
    acknowledgements: Vec<Acknowledgement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Acknowledgement {
    contact_address: String,
    message_hash: String,
}

/// `GET profile/:name`: the signed profile of an account with a mailbox here.
pub async fn profile(State(app): State<AppState>, Path(name): Path<String>) -> Result<Response, ApiError> {
    let unresolvable = || ApiError::Unresolvable(name.clone());
    let parsed: EnsName = name.parse().map_err(|_| unresolvable())?;
    let address = app.names.address_of(&parsed).await?.ok_or_else(unresolvable)?;
    match app.store.account(address).await? {
        Some(account) if account.mailbox && !account.blocked => Ok(json_text(account.profile)),
        // An address name exists from the first registration on.
        None if app.names.own_address(&parsed).is_some() => Err(unresolvable()),
        _ => Err(ApiError::NotFound),
    }
}

/// `POST profile/:name`: registers with the mailbox.
pub async fn register(
    State(app): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Text(profile): Text,
) -> Result<JsonBody<String>, ApiError> {
    app.register(&name, &profile, Service::Mailbox, bearer(&headers)).await.map(JsonBody)
}

/// `GET auth/:name`: a challenge.
pub async fn challenge(
    State(app): State<AppState>,
    Path(name): Path<String>,
) -> Result<JsonBody<String>, ApiError> {
    app.challenge(&name).await.map(JsonBody)
}

/// `POST auth/:name`: a session token for an answered challenge.
pub async fn sign_in(
    State(app): State<AppState>,
    Path(name): Path<String>,
    Json(answer): Json<ChallengeAnswer>,
) -> Result<JsonBody<String>, ApiError> {
    app.sign_in(&name, &answer.challenge, &answer.signature).await.map(JsonBody)
}

/// A request of JSON-RPC, of which nothing is read that is not needed.
#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

impl<'a> Call<'a> {
    fn read(body: &'a str) -> Result<Self, ApiError> {
        // A list of the members' values in their order would pass for a struct, too.
        if !body.trim_start().starts_with('{') {
            return Err(ApiError::Malformed);
        }
        serde_json::from_str(body).map_err(|_| ApiError::Malformed)
    }

    /// The parameter at a place, unless it is `null`.
    fn param(&self, place: usize) -> Option<&'a RawValue> {
        let param = json::item(self.params?.get(), place)?;
        (param.get() != "null").then_some(param)
    }

    /// The id that is answered: a text or a number.
    fn id(&self) -> Option<Value> {
        let id = self.id?.get();
        let is_one = id.starts_with(|first: char| first == '"' || first == '-' || first.is_ascii_digit());
        if is_one { serde_json::from_str(id).ok() } else { None }
    }
}

/// `DELETE auth/:name`: ends every session of the account, this one as well.
pub async fn sign_out(
    State(app): State<AppState>,
    SignedIn(session): SignedIn,
) -> Result<StatusCode, ApiError> {
    app.sign_out_everywhere(session.address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST rpc`: the three JSON-RPC methods, with the deployed answers.
pub async fn rpc(State(app): State<AppState>, Raw(body): Raw) -> Result<Response, ApiError> {
    let call = Call::read(&body)?;
    match &*call.method {
        "dm3_submitMessage" => {
            let envelope = match call.param(0).map(RawValue::get) {
                None => Err(SubmitError::Missing),
                Some(text) => match serde_json::from_str::<String>(text) {
                    Ok(text) => read_envelope(&text),
                    Err(_) => Err(SubmitError::Json),
                },
            };
            let voucher = call.param(1).and_then(|text| serde_json::from_str::<String>(text.get()).ok());
            let voucher = voucher.and_then(|text| read_voucher(&text));
            let id = call.id();
            // Nothing is kept while others are waited for but the envelope itself, and its voucher.
            drop(body);
            Ok(submission_answer(app.submit(envelope, voucher).await, id.as_ref()))
        }
        "dm3_getDeliveryServiceProperties" => {
            let ttl = app.config.message_ttl.map_or(0, |ttl| ttl.as_millis());
            // As deployed, but no secret: only which channels there are, and the key that browsers need.
            let mut channels = Vec::new();
            if app.notifier.supports(ChannelKind::Email) {
                channels.push(json!({ "config": {}, "type": ChannelKind::Email.as_str() }));
            }
            if let Some(key) = app.notifier.public_vapid_key() {
                channels
                    .push(json!({ "config": { "publicVapidKey": key }, "type": ChannelKind::Push.as_str() }));
            }
            let properties = json!({
                "messageTTL": ttl,
                "metricsCollectionIntervalInSeconds": app.config.metrics_interval.as_secs(),
                "metricsRetentionDurationInSeconds": app.config.metrics_retention.as_secs(),
                "notificationChannel": channels,
                "sizeLimit": app.config.size_limit,
            });
            Ok(rpc_result(&properties))
        }
        "dm3_getProfileExtension" => {
            let name = call.param(0).and_then(|param| serde_json::from_str::<String>(param.get()).ok());
            let name = name.ok_or(ApiError::Malformed)?;
            drop(body);
            let account = mailbox_of(&app, &name).await?;
            let account = account.ok_or_else(|| ApiError::Refused("unknown user".into()))?;
            let extension = settings::read(app.store.as_ref(), account.address).await?.extension();
            Ok(rpc_result(&extension.into()))
        }
        _ => Err(ApiError::Method),
    }
}

/// The answer to a submission. With an `id` it is a request of JSON-RPC 2.0 and answered as such; the deployed
/// clients send none, and get what the deployed servers answer. The HTTP status is the same.
fn submission_answer(submitted: Result<(), SubmitError>, id: Option<&Value>) -> Response {
    let Some(id) = id else {
        return match submitted {
            Ok(()) => "OK".into_response(),
            Err(error) => ApiError::from(error).into_response(),
        };
    };
    let error = match submitted {
        Ok(()) => return JsonBody(json!({ "jsonrpc": "2.0", "id": id, "result": "OK" })).into_response(),
        Err(error) => error,
    };
    let mut described = json!({ "code": error.code(), "message": error.to_string() });
    if let SubmitError::Spam(refusal) = &error {
        described["data"] = refusal.to_json();
    }
    let (mut head, _) = ApiError::from(error).into_response().into_parts();
    head.headers.remove(CONTENT_TYPE);
    head.headers.remove(CONTENT_LENGTH);
    (head, JsonBody(json!({ "jsonrpc": "2.0", "id": id, "error": described }))).into_response()
}

/// The deployed form of a result: JSON text within JSON, and no id.
fn rpc_result(result: &Value) -> Response {
    JsonBody(json!({ "jsonrpc": "2.0", "result": result.to_string() })).into_response()
}

async fn mailbox_of(app: &AppState, name: &str) -> Result<Option<Account>, ApiError> {
    let Ok(name) = name.parse::<EnsName>() else { return Ok(None) };
    let Some(address) = app.names.account_of(&name).await? else { return Ok(None) };
    Ok(app.store.account(address).await?.filter(|account| account.mailbox))
}

/// `GET delivery/messages/incoming/:name`: the mailbox, as the reference gives it. With `?after=N`, a page of
/// the whole mailbox, oldest first; the header `dm3-next-after` says where the next one begins.
pub async fn incoming(
    State(app): State<AppState>,
    SignedIn(session): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<Response, ApiError> {
    let Some(after) = query.after else {
        return Ok(json_text(array(
            &app.metrics.timed("pick_up", app.store.pick_up(session.address)).await?,
        )));
    };
    let page = app.metrics.timed("page", app.store.page(session.address, after, PICK_UP_MESSAGES)).await?;
    let mut response = json_text(array(&page.envelopes));
    if let Some(next) = page.next {
        response.headers_mut().insert(NEXT_PAGE, HeaderValue::from(next));
    }
    Ok(response)
}

/// `GET delivery/messages/:name/contact/:contact`: what one sender's name has sent, newest first. Deprecated.
pub async fn incoming_from(
    State(app): State<AppState>,
    SignedIn(session): SignedIn,
    Path((_, contact)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    Ok(json_text(array(&app.store.pick_up_from(session.address, &sender_key(&contact)).await?)))
}

/// `GET mailbox/:name?after=N&limit=M`: a page of the whole mailbox, oldest first, each message with the number
/// to acknowledge it by. `next` is where the following page begins, if there is one.
pub async fn mailbox(
    State(app): State<AppState>,
    SignedIn(session): SignedIn,
    Query(query): Query<MailboxQuery>,
) -> Result<Response, ApiError> {
    let most = query.limit.unwrap_or(PICK_UP_MESSAGES).clamp(1, PICK_UP_MESSAGES);
    let page = app.store.page(session.address, query.after.unwrap_or_default(), most).await?;
    let messages: Vec<String> = page
        .numbers
        .iter()
        .zip(&page.envelopes)
        .map(|(id, envelope)| format!(r#"{{"id":{id},"envelope":{envelope}}}"#))
        .collect();
    let next = page.next.map_or("null".to_owned(), |next| next.to_string());
    Ok(json_text(format!(r#"{{"messages":{},"next":{next}}}"#, array(&messages))))
}

/// `POST mailbox/:name/acknowledge`: removes messages by their numbers.
pub async fn acknowledge_ids(
    State(app): State<AppState>,
    SignedIn(session): SignedIn,
    Schema(body): Schema<AcknowledgedIds>,
) -> Result<StatusCode, ApiError> {
    if body.ids.len() > MAX_IDS {
        return Err(ApiError::Schema);
    }
    app.acknowledge_numbers(session.address, &body.ids).await?;
    Ok(StatusCode::OK)
}

/// `GET metrics`: how much was delivered, by intervals that are over, as CSV; 204 if there is none.
pub async fn metrics(State(app): State<AppState>) -> Result<Response, ApiError> {
    let now = now_seconds();
    app.statistics.save(app.store.as_ref(), now).await?;
    Ok(match app.statistics.csv(app.store.as_ref(), now).await? {
        Some(csv) => ([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

fn array(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

/// `POST delivery/messages/:name/syncAcknowledgements`: removes what the receiver has stored.
pub async fn acknowledge(
    State(app): State<AppState>,
    SignedIn(session): SignedIn,
    Bulk(body): Bulk<Acknowledgements>,
) -> Result<StatusCode, ApiError> {
    if body.acknowledgements.len() > MAX_IDS {
        return Err(ApiError::Malformed);
    }
    let acknowledged: Vec<_> =
        body.acknowledgements.into_iter().map(|one| (one.contact_address, one.message_hash)).collect();
    app.acknowledge(session.address, &acknowledged).await?;
    Ok(StatusCode::OK)
}
