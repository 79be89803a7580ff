//! What every request passes on its way to a handler.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderName;
use axum::http::header::{
    AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, RANGE, RETRY_AFTER,
};
use axum::middleware::{from_fn, from_fn_with_state};
use socketioxide::layer::SocketIoLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::normalize_path::NormalizePath;

use super::{ds, limit, map, observe, socket, time};
use crate::app::{App, AppState};

/// How long a browser need not ask again whether it may ask.
const PREFLIGHT_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// All routes, and the sockets that `socket_layer` opens.
pub fn router(app: &AppState, socket_layer: SocketIoLayer) -> Router {
    socket::serve(app);
    let routes = map::routes()
        .into_router()
        .layer(DefaultBodyLimit::max(App::max_body(&app.config)))
        .layer(from_fn_with_state(app.clone(), time::in_time))
        .layer(from_fn(observe::name_route))
        .with_state(Arc::clone(app));
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        // Named, since a browser does not take `*` for Authorization.
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, RANGE])
        .max_age(PREFLIGHT_AGE)
        .expose_headers([HeaderName::from_static(ds::NEXT_PAGE), CONTENT_RANGE, ETAG, RETRY_AFTER]);
    // The slash at the end of a path must go before routing, so the routes stand behind another router.
    Router::new()
        .fallback_service(NormalizePath::trim_trailing_slash(routes))
        .layer(socket_layer)
        .layer(from_fn_with_state(app.clone(), time::sent_in_time))
        .layer(CatchPanicLayer::custom(limit::panicked))
        .layer(from_fn_with_state(app.clone(), limit::limit))
        .layer(cors)
        .layer(from_fn_with_state(app.clone(), limit::preflights))
        .layer(from_fn_with_state(app.clone(), observe::observe))
}
