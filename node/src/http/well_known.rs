//! What tells clients and operators about the server itself.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dm3_core::delivery::{ChainAccess, Discovery, Notifications, Proxies};
use serde_json::{Value, json};

use super::answer::room_json;
use super::blobs;
use super::history::history_limits;
use super::json_text;
use crate::app::{App, AppState};
use crate::config::{RegistrationRule, StakedShare};
use crate::relay::Relay;
use crate::store::ChannelKind;

/// `GET hello`, as the reference answers it.
pub async fn hello() -> &'static str {
    "Hello DM3"
}

/// `GET /.well-known/dm3`: everything a client needs to know to use this server. To the members that every client
/// reads come those of what not every server has; who does not know them passes over them.
pub async fn discovery(State(app): State<AppState>) -> Response {
    let config = &app.config;
    let proxy = |name: &str| config.public_url.join(&["proxy", name]);
    let chain = ChainAccess {
        chain_id: config.chain_id,
        rpc_url: config.public_rpc_url.clone().unwrap_or_else(|| proxy("ethereum")),
        ens_registry: config.ens_registry,
        universal_resolver: config.universal_resolver,
    };
    let (name, domain) = (config.name.clone(), config.address_domain.clone());
    let mut discovery = Discovery::at(&config.public_url, name, domain, chain);
    discovery.mailbox_url = Some(discovery.delivery_service_url.child("mailbox"));
    discovery.history_url = Some(discovery.storage_url.child("history"));
    discovery.settings_url = Some(discovery.delivery_service_url.child("settings"));
    discovery.user_domain = config.user_domain.clone();
    discovery.proxies = Proxies {
        gateway: Some(proxy("gateway")),
        message: Some(proxy("message")),
        blob: Some(proxy("blob")),
        document: Some(proxy("document")),
        service: Some(proxy("service")),
        ipfs: app.names.chain().ipfs().reads().then(|| config.public_url.child("proxy")),
    };
    discovery.files = blobs::offer(config);
    let channels = [ChannelKind::Email, ChannelKind::Push].into_iter();
    let channels = channels.filter(|kind| app.notifier.supports(*kind));
    discovery.notifications = Some(Notifications {
        url: discovery.delivery_service_url.child("notifications"),
        channels: channels.map(|kind| kind.as_str().to_owned()).collect(),
    });
    let mut document = json!(discovery);
    document["notifications"]["publicVapidKey"] = json!(app.notifier.public_vapid_key());
    document["registration"] = json!({
        "price": config.registration.word(),
        "workBits": (config.registration == RegistrationRule::Work).then_some(config.registration_work_bits),
    });
    if let RegistrationRule::Deposit(stake) = config.registration {
        document["registration"]["deposit"] = json!({
            "contract": stake.contract, "slots": stake.slots, "receiver": stake.receiver,
        });
    }
    document["deposits"] = json!({
        "url": discovery.delivery_service_url.child("deposits"),
        // Burns of these are brought to the chain.
        "burns": app.relay.as_ref().map_or(&[][..], Relay::contracts),
    });
    if let Some(StakedShare { stake, room }) = config.staked_share {
        document["deposits"]["room"] = json!({
            "contract": stake.contract, "slots": stake.slots, "receiver": stake.receiver, "limits": room_json(room),
        });
    }
    document["limits"] = json!({
        "requestBytes": App::max_body(config),
        "envelopeBytes": config.size_limit,
        "mailboxMessages": bounded(config.mailbox_limits.messages),
        "mailboxBytes": bounded(config.mailbox_limits.bytes),
        "messageTtlSeconds": config.message_ttl.map(|ttl| ttl.as_secs()),
        "storageBytes": config.storage_limit,
        "history": history_limits(config.storage_limit),
    });
    if discovery.files.is_some() {
        document["files"]["accountBytes"] = json!(config.blobs.account);
    }
    document["proxies"]["ethereum"] = json!(proxy("ethereum"));
    document["proxies"]["image"] = json!(proxy("image"));
    json_text(document.to_string())
}

/// `null` where there is no limit.
fn bounded(limit: u64) -> Option<u64> {
    Some(limit).filter(|limit| *limit < u64::MAX)
}

/// `GET /health`: the process is up. Asks nothing else, so that a broken database does not get it restarted.
pub async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /ready`: whether requests can be served, and if not, which part is why.
pub async fn ready(State(app): State<AppState>) -> Response {
    let report = app.report().await;
    let status = if report.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report.to_json())).into_response()
}
