//! What tells clients and operators about the server itself.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use dm3_core::delivery::{ChainAccess, Discovery};
use serde_json::{Value, json};

use super::json_text;
use crate::app::AppState;
use crate::error::ApiError;

/// `GET hello`, as the reference answers it.
pub async fn hello() -> &'static str {
    "Hello DM3"
}

/// `GET /.well-known/dm3`: everything a client needs to know to use this server.
pub async fn discovery(State(app): State<AppState>) -> Response {
    let config = &app.config;
    let chain = ChainAccess {
        chain_id: config.chain_id,
        rpc_url: config.public_rpc_url.clone(),
        ens_registry: config.ens_registry,
    };
    let (name, domain) = (config.name.clone(), config.address_domain.clone());
    json_text(Discovery::at(&config.public_url, name, domain, chain).to_json())
}

/// `GET /health`: whether requests can be served.
pub async fn health(State(app): State<AppState>) -> Result<Json<Value>, ApiError> {
    app.store.check().await?;
    Ok(Json(json!({ "status": "ok" })))
}
