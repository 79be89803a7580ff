//! `/ds/settings/:name`: what an account wants, for its owner alone.

use axum::Json as JsonBody;
use axum::extract::State;
use serde_json::Value;

use super::extract::{SignedIn, Text};
use crate::app::AppState;
use crate::cases::{ApiError, Member};
use crate::settings::{self, SettingsError, Wishes};

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

/// `PUT`: replaces all settings of an account that has registered here.
pub async fn write(
    State(app): State<AppState>,
    member: Member,
    Text(text): Text,
) -> Result<JsonBody<Value>, ApiError> {
    let settings = Wishes::parse(&text)?.settle(&app.names).await?;
    app.set_settings(member.address, &settings).await?;
    Ok(JsonBody(settings.to_json()))
}
