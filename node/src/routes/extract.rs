//! What handlers take from a request.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

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

/// The session of the account that the path names.
pub struct SignedIn(pub Session);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let Path(name) =
            Path::<String>::from_request_parts(parts, app).await.map_err(|_| ApiError::Unauthorized)?;
        let session = app.session(token(parts)?, &name).ok_or(ApiError::Unauthorized)?;
        app.limits.account(session.address)?;
        Ok(Self(session))
    }
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
