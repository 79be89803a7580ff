//! `/ds/settings/:name`: what an account wants, and `/ds/deposits/:name`: what came of it. For its owner alone.

use axum::Json as JsonBody;
use axum::extract::State;
use serde_json::{Value, json};

use super::extract::{SignedIn, Text};
use crate::app::AppState;
use crate::cases::{ApiError, Member};
use crate::settings::{self, SettingsError, Wishes};

/// How many proofs of double use an account gets to see.
const MOST_EVIDENCE: u32 = 100;

impl From<SettingsError> for ApiError {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Names(error) => error.into(),
            error => Self::Refused(error.to_string()),
        }
    }
}

/// `GET`: the settings, or what holds without any.
pub async fn read(
    State(app): State<AppState>,
    SignedIn(session): SignedIn,
) -> Result<JsonBody<Value>, ApiError> {
    Ok(JsonBody(settings::read(app.store.as_ref(), session.address).await?.to_json()))
}

/// `GET /ds/deposits/:name`: what proves that senders promised the account slots that they promised to somebody else,
/// too. Whoever shows the two vouchers to the contract burns the deposit.
pub async fn deposits(
    State(app): State<AppState>,
    SignedIn(session): SignedIn,
) -> Result<JsonBody<Value>, ApiError> {
    let read = |voucher: &str| serde_json::from_str::<Value>(voucher).unwrap_or_default();
    let found = app.store.double_uses(session.address, MOST_EVIDENCE).await?;
    let found: Vec<_> = found.iter().map(|it| json!([read(&it.one), read(&it.other)])).collect();
    Ok(JsonBody(json!({ "doubleUses": found })))
}

/// `PUT`: replaces all settings of an account that has registered here.
pub async fn write(
    State(app): State<AppState>,
    member: Member,
    Text(text): Text,
) -> Result<JsonBody<Value>, ApiError> {
    let settings = Wishes::parse(&text)?.settle(&app.names, app.config.chain_id).await?;
    app.set_settings(member.address, &settings).await?;
    Ok(JsonBody(settings.to_json()))
}
