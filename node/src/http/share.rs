//! `/ds/deposits/:name/room`: more room for who has something at stake towards the operator. For the account alone.

use axum::Json as JsonBody;
use axum::extract::State;
use serde_json::{Value, json};

use super::answer::room_json;
use crate::app::AppState;
use crate::cases::{ApiError, Member, read_voucher};

/// `GET`: how much room the account has this week, and what it takes to have more.
pub async fn read(State(app): State<AppState>, member: Member) -> Result<JsonBody<Value>, ApiError> {
    let more = app.more_room().await?;
    let has = app.room_of(member.address).await?;
    Ok(JsonBody(json!({
        "limits": room_json(has),
        "staked": { "price": more.price.to_json(), "limits": room_json(more.room) },
    })))
}

/// `POST` with a voucher for the operator: from now on, until its week is over, the account has more.
pub async fn stake(
    State(app): State<AppState>,
    member: Member,
    text: String,
) -> Result<JsonBody<Value>, ApiError> {
    app.stake_for_room(member.address, read_voucher(&text)).await?;
    read(State(app), member).await
}
