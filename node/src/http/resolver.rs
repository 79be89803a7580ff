//! `/resolver-handler`: what the name gateway answers.

use axum::Json as JsonBody;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use dm3_core::identity::{Address, EnsName, SignedProfile, VerifiedProfile};
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Json, bearer};
use super::json_text;
use crate::app::{App, AppState};
use crate::cases::ApiError;
use crate::limits::Payer;
use crate::store::{Blockable, Service};

/// A profile for an address name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Publication {
    signed_user_profile: Value,
    address: String,
    subdomain: String,
}

/// A name that a profile's owner wants.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    dm3_name: String,
    address_name: String,
    signature: String,
}

/// A name that its owner gives back.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    dm3_name: String,
    signature: String,
}

/// `POST profile/address`: publishes a profile below the address domain.
pub async fn publish(
    State(app): State<AppState>,
    headers: HeaderMap,
    Json(publication): Json<Publication>,
) -> Result<&'static str, ApiError> {
    let subdomain = publication.subdomain.trim_start_matches('.').parse::<EnsName>();
    if subdomain.as_ref() != Ok(app.names.address_domain()) {
        return Err(ApiError::Refused(format!("subdomain {} is not supported", publication.subdomain)));
    }
    let invalid = || ApiError::Refused("invalid profile".into());
    let address = Address::parse_unchecked_case(&publication.address).map_err(|_| invalid())?;
    let profile = SignedProfile::from_json(publication.signed_user_profile).map_err(|_| invalid())?;
    let profile = app.names.verify(profile, address).await?.ok_or_else(invalid)?;
    app.keep(&profile, Service::Gateway, bearer(&headers)).await?;
    Ok("OK")
}

/// `POST profile/name`: gives a free name to the owner of a published profile.
pub async fn claim_name(
    State(app): State<AppState>,
    Json(claim): Json<Claim>,
) -> Result<&'static str, ApiError> {
    let refused = |text: &str| ApiError::Refused(text.to_owned());
    let name = claim.dm3_name.parse::<EnsName>().ok().filter(|name| app.names.is_claimable(name));
    let name = name.ok_or_else(|| {
        ApiError::Refused(format!("dm3 name {} is not supported. Invalid subdomain", claim.dm3_name))
    })?;
    let label = name.as_str().split('.').next().unwrap_or_default();
    if app.config.reserved_names.contains(label) || app.store.is_blocked(Blockable::Name, label).await? {
        return Err(refused("this name is kept by the operator; choose another"));
    }
    let address = claim.address_name.parse::<EnsName>().ok();
    let address = address.and_then(|address| app.names.own_address(&address));
    let owner = match address {
        Some(address) => published(&app, address).await?,
        None => None,
    };
    let owner = owner.ok_or_else(|| refused("publish a profile first"))?;
    let text = format!("alias: {}", claim.dm3_name);
    owner.keys().signing.verify(&text, &claim.signature).map_err(|_| refused("signature invalid"))?;
    app.counted_by_all("names", &app.shared.name(Payer::current())).await??;
    if !app.store.claim_name(&name, owner.account()).await? {
        return Err(refused("Could not create alias"));
    }
    Ok("OK")
}

/// `POST profile/deleteName`: gives a name back.
pub async fn release_name(
    State(app): State<AppState>,
    Json(release): Json<Release>,
) -> Result<&'static str, ApiError> {
    let refused = |text: &str| ApiError::Refused(text.to_owned());
    let name: EnsName = release.dm3_name.parse().map_err(|_| refused("Could not remove alias"))?;
    let owner = match app.store.address_of(&name).await? {
        Some(address) => published(&app, address).await?,
        None => None,
    };
    let owner = owner.ok_or_else(|| refused("Could not remove alias"))?;
    let text = format!("remove: {}", release.dm3_name);
    owner.keys().signing.verify(&text, &release.signature).map_err(|_| refused("signature invalid"))?;
    if !app.store.release_name(&name, owner.account()).await? {
        return Err(refused("Could not remove alias"));
    }
    Ok("OK")
}

/// `GET profile/:address`: the published profile of an address.
pub async fn profile(State(app): State<AppState>, Path(address): Path<String>) -> Result<Response, ApiError> {
    let address = Address::parse_unchecked_case(&address).map_err(|_| ApiError::None)?;
    let profile = published(&app, address).await?.ok_or(ApiError::None)?;
    Ok(json_text(profile.as_signed().to_canonical()))
}

/// `GET profile/name/:address`: the name an address claimed.
pub async fn name(
    State(app): State<AppState>,
    Path(address): Path<String>,
) -> Result<JsonBody<Value>, ApiError> {
    let address = Address::parse_unchecked_case(&address).map_err(|_| ApiError::None)?;
    let name = app.store.name_of(address).await?.ok_or(ApiError::None)?;
    Ok(JsonBody(json!({ "name": name })))
}

/// The profile that the name gateway answers with for an address.
pub async fn published(app: &App, address: Address) -> Result<Option<VerifiedProfile>, ApiError> {
    let account = app.store.account(address).await?.filter(|account| account.gateway && !account.blocked);
    match account {
        Some(account) => Ok(app.names.kept_profile(&account.profile, address).await?),
        None => Ok(None),
    }
}
