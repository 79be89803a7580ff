//! What handlers take from a request.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use dm3_core::identity::{Address, EnsName};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::AppState;
use crate::auth::Session;
use crate::error::ApiError;

/// The body as text, within the size limit.
pub struct Text(pub String);

impl FromRequest<AppState> for Text {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::Malformed)?;
        String::from_utf8(bytes.into()).map(Self).map_err(|_| ApiError::Malformed)
    }
}

/// The body as JSON, whatever its content type says.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let Text(text) = Text::from_request(request, state).await?;
        serde_json::from_str(&text).map(Self).map_err(|_| ApiError::Malformed)
    }
}

/// The body as JSON of a given form; what is JSON of another is refused as `invalid schema`.
pub struct Schema<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Schema<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let Json(value) = Json::<Value>::from_request(request, state).await?;
        serde_json::from_value(value).map(Self).map_err(|_| ApiError::Schema)
    }
}

/// The session of the account that the path's `name` names.
pub struct SignedIn(pub Session);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        signed_in(parts, app).await.map(|(session, _)| Self(session))
    }
}

/// An account that is signed in and has registered here.
pub struct Member {
    /// Whose session it is.
    pub address: Address,
    /// The name in the path: the one that signed in, or another that means the same address.
    pub name: EnsName,
}

impl FromRequestParts<AppState> for Member {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let (Session { address, .. }, name) = signed_in(parts, app).await?;
        match app.store.account(address).await? {
            Some(_) => Ok(Self { address, name }),
            None => Err(ApiError::Unauthorized),
        }
    }
}

async fn signed_in(parts: &mut Parts, app: &AppState) -> Result<(Session, EnsName), ApiError> {
    let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| ApiError::Unauthorized)?;
    let name = params.iter().find_map(|(key, value)| (key == "name").then_some(value));
    let name = name.ok_or(ApiError::Unauthorized)?;
    let session = app.session(token(parts)?, name).ok_or(ApiError::Unauthorized)?;
    app.limits.account(session.address)?;
    Ok((session, name.parse().map_err(|_| ApiError::Unauthorized)?))
}

/// Any account here, signed in.
pub struct Somebody;

impl FromRequestParts<AppState> for Somebody {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let session = app.any_session(token(parts)?).ok_or(ApiError::Unauthorized)?;
        app.limits.account(session.address)?;
        Ok(Self)
    }
}

fn token(parts: &Parts) -> Result<&str, ApiError> {
    let value = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer "));
    token.map(str::trim).ok_or(ApiError::Unauthorized)
}
