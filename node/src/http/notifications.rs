//! `/ds/notifications`: how receivers want to be told that a message has come.

use axum::Json as JsonBody;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::Json;
use crate::app::AppState;
use crate::cases::{ApiError, Member};
use crate::store::ChannelKind;

/// The body of most of these routes. What is wrong with a member is answered in the reference's words.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    #[serde(default)]
    notification_channel_type: Value,
    #[serde(default)]
    recipient_value: Value,
    #[serde(default)]
    is_enabled: Value,
    #[serde(default)]
    otp: Value,
}

fn refused<T>(text: &str) -> Result<T, ApiError> {
    Err(ApiError::Refused(text.to_owned()))
}

impl Request {
    fn kind(&self) -> Result<ChannelKind, ApiError> {
        match &self.notification_channel_type {
            Value::Null => refused("Notification Channel Type is missing"),
            Value::String(text) if text.is_empty() => refused("Notification Channel Type is missing"),
            Value::String(text) => kind(text),
            _ => refused("Invalid notification channel type"),
        }
    }

    fn recipient(&self) -> Result<String, ApiError> {
        match &self.recipient_value {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            // A subscription may come as it is, or as text.
            Value::Object(object) => Ok(Value::Object(object.clone()).to_string()),
            _ => refused("Recipient value is missing"),
        }
    }
}

fn kind(text: &str) -> Result<ChannelKind, ApiError> {
    ChannelKind::parse(text).ok_or_else(|| ApiError::Refused("Invalid notification channel type".into()))
}

/// `GET global/:name`: whether the account wants to be told at all.
pub async fn global(State(app): State<AppState>, member: Member) -> Result<JsonBody<Value>, ApiError> {
    let enabled = app.store.notifications_enabled(member.address).await?;
    Ok(JsonBody(json!({ "isEnabled": enabled })))
}

/// `POST global/:name`: switches all channels on or off.
pub async fn set_global(
    State(app): State<AppState>,
    member: Member,
    Json(body): Json<Request>,
) -> Result<&'static str, ApiError> {
    let Value::Bool(enabled) = body.is_enabled else { return refused("Invalid value") };
    app.store.enable_notifications(member.address, enabled).await?;
    Ok("OK")
}

/// `GET :name`: the account's channels.
pub async fn channels(State(app): State<AppState>, member: Member) -> Result<JsonBody<Value>, ApiError> {
    let channels = app.channels(member.address).await?;
    let listed: Vec<Value> = channels
        .into_iter()
        .map(|channel| {
            json!({
                "config": {
                    "isEnabled": channel.enabled,
                    "isVerified": channel.verified,
                    "recipientValue": channel.recipient,
                },
                "type": channel.kind.as_str(),
            })
        })
        .collect();
    Ok(JsonBody(json!({ "notificationChannels": listed })))
}

/// `POST :name`: adds a channel, or replaces the one of its kind. Mail is sent a code.
pub async fn add_channel(
    State(app): State<AppState>,
    member: Member,
    Json(body): Json<Request>,
) -> Result<&'static str, ApiError> {
    let kind = body.kind()?;
    app.set_channel(member.address, kind, &body.recipient()?).await?;
    Ok("OK")
}

/// `POST otp/:name`: sends another code.
pub async fn send_code(
    State(app): State<AppState>,
    member: Member,
    Json(body): Json<Request>,
) -> Result<&'static str, ApiError> {
    app.resend_code(member.address, body.kind()?).await?;
    Ok("OK")
}

/// `POST otp/verify/:name`: answers with the code.
pub async fn verify_code(
    State(app): State<AppState>,
    member: Member,
    Json(body): Json<Request>,
) -> Result<&'static str, ApiError> {
    let answer = match &body.otp {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return refused("OTP is missing"),
    };
    app.prove_channel(member.address, body.kind()?, &answer).await?;
    Ok("OK")
}

/// `POST channel/:name`: switches a channel on or off.
pub async fn enable_channel(
    State(app): State<AppState>,
    member: Member,
    Json(body): Json<Request>,
) -> Result<&'static str, ApiError> {
    let kind = body.kind()?;
    let Value::Bool(enabled) = body.is_enabled else { return refused("Invalid value") };
    app.enable_channel(member.address, kind, enabled).await?;
    Ok("OK")
}

/// `DELETE channel/:type/:name`: forgets a channel.
pub async fn remove_channel(
    State(app): State<AppState>,
    member: Member,
    Path((kind, _)): Path<(String, String)>,
) -> Result<JsonBody<Value>, ApiError> {
    let kind = self::kind(&kind)?;
    app.remove_channel(member.address, kind).await?;
    let message = format!("Notification channel {kind} has been removed successfully");
    Ok(JsonBody(json!({ "message": message })))
}
