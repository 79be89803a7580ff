//! What each request leaves behind: numbers, and one line of log with the route's template. Never a path as
//! it was asked for, which holds names, nor a header or a body.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::AppState;
use crate::monitoring::metrics::{self, CLIENT_LEFT, Metrics, Route};

/// How old the sums over all mailboxes may be.
const TOTALS_AGE: Duration = Duration::from_secs(60);

/// Tells the layers outside which route served the request.
pub async fn name_route(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(path);
    }
    response
}

/// Counts and logs a request.
pub async fn observe(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let mut watch = Watch::new(app.metrics.clone(), request.method(), request.uri());
    let response = next.run(request).await;
    if let Some(path) = response.extensions().get::<MatchedPath>() {
        watch.route = path.into();
    }
    watch.status = response.status().as_u16();
    response
}

/// A request under way. Says what became of it when it is dropped, which also happens if the client leaves.
struct Watch {
    metrics: Arc<Metrics>,
    method: &'static str,
    route: Route,
    status: u16,
    began: Instant,
}

impl Watch {
    fn new(metrics: Arc<Metrics>, method: &Method, uri: &Uri) -> Self {
        metrics.request_began();
        let route = match uri.path() {
            path if path.starts_with("/socket.io") => Route::SOCKET,
            _ if method == Method::OPTIONS => Route::PREFLIGHT,
            _ => Route::UNKNOWN,
        };
        let method = metrics::method_word(method);
        Self { metrics, method, route, status: CLIENT_LEFT, began: Instant::now() }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let (method, route, status) = (self.method, &self.route, self.status);
        let took = self.began.elapsed();
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        // Asked every few seconds by whoever watches the process; and what strangers cause for nothing, as preflights
        // and what is refused by rate, must not fill the disk: it is counted, and told of once a minute.
        let quiet =
            matches!(route.as_str(), "/health" | "/ready") || *route == Route::PREFLIGHT || status == 429;
        match quiet {
            true => tracing::debug!(method, route = route.as_str(), status, ms, "request"),
            false => tracing::info!(method, route = route.as_str(), status, ms, "request"),
        }
        self.metrics.request_ended(method, route.clone(), status, took);
    }
}

/// `GET /metrics` on an address of its own.
pub async fn metrics(State(app): State<AppState>) -> Response {
    app.metrics.set_sockets(app.sockets.count());
    if app.metrics.needs_totals(TOTALS_AGE) {
        match app.store.totals().await {
            Ok(totals) => app.metrics.set_mailboxes(totals),
            Err(error) => tracing::error!(%error, "the messages can't be counted"),
        }
    }
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], app.metrics.to_text()).into_response()
}
