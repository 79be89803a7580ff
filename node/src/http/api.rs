//! `/api`: accounts of the encrypted storage. They share their profile and their sessions with `/ds`.

use axum::Json as JsonBody;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use dm3_core::identity::EnsName;

use super::extract::{Text, bearer};
use super::json_text;
use crate::app::AppState;
use crate::cases::ApiError;
use crate::store::Service;

/// `GET profile/:name`: the signed profile that is held here or that the name's record holds.
pub async fn profile(State(app): State<AppState>, Path(name): Path<String>) -> Result<Response, ApiError> {
    let name: EnsName = name.parse().map_err(|_| ApiError::NotFound)?;
    let address = app.names.address_of(&name).await?.ok_or(ApiError::NotFound)?;
    let profile = app.names.profile_of(&name, address).await?.ok_or(ApiError::NotFound)?;
    Ok(json_text(profile.as_signed().to_canonical()))
}

/// `POST profile/:name`: registers with the storage; a second time is refused.
pub async fn register(
    State(app): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Text(profile): Text,
) -> Result<JsonBody<String>, ApiError> {
    app.register(&name, &profile, Service::Storage, bearer(&headers)).await.map(JsonBody)
}
