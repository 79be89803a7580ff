//! `/ds/deposits/:name/burns`: burns that this server brings to the chain. For their owner alone.

use axum::Json as JsonBody;
use axum::extract::State;
use dm3_core::deposit::ConsentedBurn;
use serde_json::Value;

use super::extract::{Json, SignedIn};
use crate::app::AppState;
use crate::cases::{ApiError, Member};

/// `GET`: for which contracts, and what became of those before.
pub async fn list(
    State(app): State<AppState>,
    SignedIn(session): SignedIn,
) -> Result<JsonBody<Value>, ApiError> {
    Ok(JsonBody(app.burns(session.address).await?.to_json()))
}

/// `POST` with `{voucher, slots, consent}`: brings one, for an account that has registered here.
pub async fn bring(
    State(app): State<AppState>,
    member: Member,
    Json(wish): Json<Value>,
) -> Result<JsonBody<Value>, ApiError> {
    let wish = ConsentedBurn::from_json(&wish).ok_or(ApiError::Malformed)?;
    Ok(JsonBody(app.bring_burn(member.address, &wish).await?.to_json()))
}
