//! What every request passes first.

use std::any::Any;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::AppState;
use crate::error::ApiError;

/// Finds out whom a request comes from, and refuses it if that one asks too much.
pub async fn limit(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let client = app.config.trusted_proxies.client(request.extensions(), request.headers());
    if let Err(error) = app.limits.request(client) {
        return ApiError::from(error).into_response();
    }
    request.extensions_mut().insert(client);
    next.run(request).await
}

/// What a request is answered that ran into a defect of ours: the others go on.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request ran into a defect");
    ApiError::Unavailable.into_response()
}
