//! What handlers take from a request.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use dm3_core::identity::EnsName;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::app::AppState;
use crate::auth::Session;
use crate::cases::{ApiError, Member};
use crate::limits::json::{self, MAX_VALUES};

/// The body as it came, within the size limit: for whoever reads it into a type that keeps only what it needs.
pub struct Raw(pub String);

impl FromRequest<AppState> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::Malformed)?;
        String::from_utf8(bytes.into()).map(Self).map_err(|_| ApiError::Malformed)
    }
}

/// The body as the text of a document that has few values, since it is read into a tree.
pub struct Text(pub String);

impl FromRequest<AppState> for Text {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let Raw(text) = Raw::from_request(request, state).await?;
        if json::has_at_most(&text, MAX_VALUES) { Ok(Self(text)) } else { Err(ApiError::Malformed) }
    }
}

/// The body as JSON with few values, whatever its content type says.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let Text(text) = Text::from_request(request, state).await?;
        serde_json::from_str(&text).map(Self).map_err(|_| ApiError::Malformed)
    }
}

/// The body as JSON of a type that holds no tree, so that it may be long.
pub struct Bulk<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Bulk<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let Raw(text) = Raw::from_request(request, state).await?;
        serde_json::from_str(&text).map(Self).map_err(|_| ApiError::Malformed)
    }
}

/// The body as JSON of a type that holds no tree; what is JSON of another form is refused as `invalid schema`.
pub struct Schema<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for Schema<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, ApiError> {
        let Raw(text) = Raw::from_request(request, state).await?;
        serde_json::from_str(&text).map(Self).map_err(|_| {
            // What is wrong with the form may stand before what is wrong with the JSON.
            match serde_json::from_str::<IgnoredAny>(&text) {
                Ok(_) => ApiError::Schema,
                Err(_) => ApiError::Malformed,
            }
        })
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
    let session = app.session(token(parts)?, name).await?.ok_or(ApiError::Unauthorized)?;
    app.limits.account(session.address)?;
    Ok((session, name.parse().map_err(|_| ApiError::Unauthorized)?))
}

/// Any account here, signed in.
pub struct Somebody;

impl FromRequestParts<AppState> for Somebody {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let session = app.any_session(token(parts)?).await?.ok_or(ApiError::Unauthorized)?;
        app.limits.account(session.address)?;
        Ok(Self)
    }
}

fn token(parts: &Parts) -> Result<&str, ApiError> {
    bearer(&parts.headers).ok_or(ApiError::Unauthorized)
}

/// The token that a request carries.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim)
}
