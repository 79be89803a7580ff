//! `/resolver`: the name gateway of CCIP-read (EIP-3668), for address names and claimed names.

use axum::Json as JsonBody;
use axum::extract::{Path, State};
use dm3_core::registry::gateway::{encode_answer, parse_request, response_digest};
use dm3_core::registry::{GatewayError, GatewayQuery, GatewayRecord, PROFILE_KEY, profile_record};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::Json;
use super::resolver::published;
use crate::app::{App, AppState};
use crate::cases::ApiError;
use crate::machine::clock::now_seconds;

/// A question in a body.
#[derive(Deserialize)]
pub struct Question {
    sender: String,
    data: String,
}

impl From<GatewayError> for ApiError {
    fn from(error: GatewayError) -> Self {
        Self::Gateway(error.to_string())
    }
}

/// `GET :sender/:data` and `GET :sender/:data.json`.
pub async fn answer_path(
    State(app): State<AppState>,
    Path((sender, data)): Path<(String, String)>,
) -> Result<JsonBody<Value>, ApiError> {
    answer(&app, &sender, &data).await
}

/// `POST {sender, data}`.
pub async fn answer_body(
    State(app): State<AppState>,
    Json(question): Json<Question>,
) -> Result<JsonBody<Value>, ApiError> {
    answer(&app, &question.sender, &question.data).await
}

async fn answer(app: &App, sender: &str, data: &str) -> Result<JsonBody<Value>, ApiError> {
    let (sender, call_data) = parse_request(sender, data)?;
    let target = app.config.gateway_resolver;
    if sender != target {
        return Err(ApiError::Gateway(format!("this gateway answers for the resolver {target} only")));
    }
    let query = GatewayQuery::parse(&call_data)?;
    let result = result_of(app, &query).await?;
    let expires = now_seconds() + app.config.gateway_ttl.as_secs();
    let digest = response_digest(query.form, target, expires, &call_data, &result);
    let signature = app.config.gateway_key.sign(&digest);
    let answer = encode_answer(&result, expires, &signature);
    Ok(JsonBody(json!({ "data": format!("0x{}", hex::encode(answer)) })))
}

/// The record, for a name whose address has a published profile.
async fn result_of(app: &App, query: &GatewayQuery) -> Result<Vec<u8>, ApiError> {
    let address = match query.name.address_below(app.names.address_domain()) {
        Some(address) => Some(address),
        None if app.names.is_claimable(&query.name) => app.store.address_of(&query.name).await?,
        None => None,
    };
    let profile = match address {
        Some(address) => published(app, address).await?,
        None => None,
    };
    let Some(profile) = profile else { return Ok(query.no_result()) };
    Ok(match &query.record {
        GatewayRecord::Address | GatewayRecord::EthereumAddress => {
            query.address_result(Some(profile.account()))
        }
        GatewayRecord::Text(key) if key == PROFILE_KEY => {
            query.text_result(Some(&profile_record(profile.as_signed())))
        }
        GatewayRecord::Text(_) | GatewayRecord::Other(_) => query.no_result(),
    })
}
