//! HTTP services as values: addresses that may be called, requests, and what comes back. Whoever drives the protocol
//! sends them.

mod http;
mod outage;
mod url;

pub use http::{HttpRequest, HttpResponse, Method, SessionToken};
pub use outage::Outage;
pub use url::{BaseUrl, HttpUrl, UrlError};
