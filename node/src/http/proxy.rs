//! `/proxy`: what a page reaches through its node.

use axum::Extension;
use axum::Json as JsonBody;
use axum::extract::{Path, Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use dm3_core::identity::EnsName;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Json, Somebody, Text};
use crate::app::AppState;
use crate::cases::{ApiError, PostingError, parcels};
use crate::ethereum::ipfs::IpfsFault;
use crate::limits::Client;
use crate::proxy::{
    BlobFault, DocumentFault, EthereumError, GatewayFault, Image, ImageError, ServiceFault, ServiceQuestion,
    calls,
};

/// How long a browser may keep an image, in seconds: a day.
const IMAGE_AGE: &str = "public, max-age=86400";
/// Also if somebody opens it as a page of its own, it is nothing but an image or a file.
pub const NOTHING_BUT_A_FILE: &str = "default-src 'none'; sandbox";
/// Lets pages of other origins show what comes from here (Fetch, cross-origin resource policy).
pub const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The address of an image, or the template of a gateway's.
#[derive(Deserialize)]
pub struct Address {
    url: String,
}

/// A question as EIP-3668 posts it.
#[derive(Deserialize)]
pub struct Question {
    sender: String,
    data: String,
}

/// A question to a delivery service, as it is put to the service itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAsked {
    delivery_service: EnsName,
    question: Value,
}

impl From<PostingError> for ApiError {
    fn from(error: PostingError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<EthereumError> for ApiError {
    fn from(error: EthereumError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<GatewayFault> for ApiError {
    fn from(fault: GatewayFault) -> Self {
        match fault {
            // EIP-3668: a status of 4xx ends the lookup, any other lets the client ask the next gateway.
            GatewayFault::Question | GatewayFault::Status(400..=499) => Self::Gateway(fault.to_string()),
            // A fault of the way or of this server says nothing about the gateway.
            GatewayFault::Unreachable(error) if error.is_temporary() => Self::Unavailable,
            _ => Self::Upstream(fault.to_string()),
        }
    }
}

impl From<ImageError> for ApiError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Address(_) => Self::Refused(error.to_string()),
            ImageError::Busy => Self::Unavailable,
            ImageError::Unreachable(error) if error.is_temporary() => Self::Unavailable,
            _ => Self::Upstream(error.to_string()),
        }
    }
}

impl From<BlobFault> for ApiError {
    fn from(fault: BlobFault) -> Self {
        match fault {
            BlobFault::Question | BlobFault::Address(_) => Self::Refused(fault.to_string()),
            BlobFault::Gone => Self::NotFound,
            BlobFault::Unreachable(error) if error.is_temporary() => Self::Unavailable,
            _ => Self::Upstream(fault.to_string()),
        }
    }
}

impl From<DocumentFault> for ApiError {
    fn from(fault: DocumentFault) -> Self {
        match fault {
            DocumentFault::Question | DocumentFault::Address(_) => Self::Refused(fault.to_string()),
            DocumentFault::Unreachable(error) if error.is_temporary() => Self::Unavailable,
            _ => Self::Upstream(fault.to_string()),
        }
    }
}

impl From<IpfsFault> for ApiError {
    fn from(fault: IpfsFault) -> Self {
        match fault {
            IpfsFault::Wrong(_) | IpfsFault::Pieces => Self::Refused(fault.to_string()),
            IpfsFault::NotRead => Self::NotFound,
            IpfsFault::Unavailable => Self::Upstream(fault.to_string()),
            IpfsFault::Busy => Self::Unavailable,
        }
    }
}

impl From<ServiceFault> for ApiError {
    fn from(fault: ServiceFault) -> Self {
        match fault {
            ServiceFault::Unknown | ServiceFault::Address(_) => Self::Refused(fault.to_string()),
            ServiceFault::Unreachable(error) if error.is_temporary() => Self::Unavailable,
            _ => Self::Upstream(fault.to_string()),
        }
    }
}

/// `POST ethereum`: JSON-RPC to the configured Ethereum node, reading methods alone.
pub async fn ethereum(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    Json(request): Json<Value>,
) -> Result<JsonBody<Value>, ApiError> {
    app.limits.proxied(client, calls(&request)?.len())?;
    Ok(JsonBody(app.proxies.ethereum(&request).await?))
}

/// `POST gateway?url=TEMPLATE` with `{sender, data}`: a question to a CCIP-read gateway, in the form of EIP-3668
/// itself, so that any client can use it by putting this address before the gateway's.
pub async fn gateway(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    Query(address): Query<Address>,
    Json(question): Json<Question>,
) -> Result<JsonBody<Value>, ApiError> {
    app.limits.proxied(client, 1)?;
    let data = app.proxies.gateway(&address.url, &question.sender, &question.data).await?;
    Ok(JsonBody(json!({ "data": data })))
}

/// `GET image?url=ADDRESS`: an image, typed by its content.
pub async fn image(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    Query(address): Query<Address>,
) -> Result<Response, ApiError> {
    app.limits.proxied(client, 1)?;
    let Image { media_type, bytes } = app.proxies.image(&address.url).await?;
    let headers = [
        (CONTENT_TYPE, media_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, NOTHING_BUT_A_FILE),
        (CONTENT_DISPOSITION, "inline; filename=image"),
        (CACHE_CONTROL, IMAGE_AGE),
        (RESOURCE_POLICY, "cross-origin"),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET blob?url=ADDRESS` with the header `Range`: a part of a sealed file at another node.
pub async fn blob(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    Query(address): Query<Address>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    app.limits.proxied(client, 1)?;
    let range = headers.get(RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bytes = app.proxies.blob(&address.url, range).await?;
    app.blob_is_fetched(bytes.len() as u64)?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, NOTHING_BUT_A_FILE),
        (CONTENT_DISPOSITION, "attachment; filename=sealed"),
        (CACHE_CONTROL, "no-store"),
        (RESOURCE_POLICY, "cross-origin"),
    ];
    Ok((StatusCode::PARTIAL_CONTENT, headers, bytes).into_response())
}

/// `GET document?url=LINK`: what a record links to, if its hash is that of the link.
pub async fn document(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    Query(address): Query<Address>,
) -> Result<Response, ApiError> {
    app.limits.proxied(client, 1)?;
    let text = app.proxies.document(&address.url).await?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, NOTHING_BUT_A_FILE),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

/// `GET ipfs/{cid}`, with `?format=raw` and without: a block, as a gateway of IPFS gives it.
pub async fn ipfs(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    Path(cid): Path<String>,
) -> Result<Response, ApiError> {
    app.limits.proxied(client, 1)?;
    let bytes = app.names.chain().ipfs().block(&cid).await?;
    let headers = [
        (CONTENT_TYPE, "application/vnd.ipld.raw"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, NOTHING_BUT_A_FILE),
        (CONTENT_DISPOSITION, "attachment; filename=block"),
        (CACHE_CONTROL, IMAGE_AGE),
    ];
    Ok((headers, bytes.to_vec()).into_response())
}

/// `POST service` with `{deliveryService, question}`: what a delivery service, named by its ENS name, tells of what it and a
/// receiver there take.
pub async fn service(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    Json(asked): Json<ServiceAsked>,
) -> Result<JsonBody<Value>, ApiError> {
    let question = ServiceQuestion::read(&asked.question).ok_or(ApiError::Malformed)?;
    // A name is looked up beside.
    app.limits.proxied(client, 2)?;
    let found = app.names.chain().delivery_service(&asked.delivery_service).await?;
    let service = found.ok_or(ServiceFault::Unknown)?;
    Ok(JsonBody(app.proxies.ask_service(&service.url, &question).await?))
}

/// `POST message` with `{deliveryService, envelope}` or the reference's `ProxyEnvelop`: hands an account's message to
/// another delivery service, the first of those named that takes it.
pub async fn message(
    State(app): State<AppState>,
    Extension(client): Extension<Client>,
    _: Somebody,
    Text(posted): Text,
) -> Result<Response, ApiError> {
    let parcels = parcels(&posted)?;
    app.limits.proxied(client, parcels.len())?;
    let carried = app.carry(parcels).await;
    let status = if carried.taken_by.is_some() { StatusCode::OK } else { StatusCode::BAD_GATEWAY };
    Ok((status, JsonBody(carried.to_json())).into_response())
}
