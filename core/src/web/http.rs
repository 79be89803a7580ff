//! Requests and replies.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::HttpUrl;

/// The methods dm3 needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Write; the body is JSON.
    Post,
    /// Put in the place of what is there; the body is JSON.
    Put,
    /// Take away.
    Delete,
}

impl Method {
    /// The method's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A request to be sent. No cookies and no referrer belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// What is done there.
    pub method: Method,
    /// Where to.
    pub url: HttpUrl,
    /// Sent as `Authorization: Bearer …`.
    pub bearer: Option<SessionToken>,
    /// JSON text, sent as `Content-Type: application/json`.
    pub body: Option<String>,
    /// Where an answer grows too long, or takes too long, what came of it is the answer: its beginning is of use.
    pub takes_beginning: bool,
}

impl HttpRequest {
    /// A GET without authorisation.
    pub const fn get(url: HttpUrl) -> Self {
        Self { method: Method::Get, url, bearer: None, body: None, takes_beginning: false }
    }

    /// A POST of JSON text without authorisation.
    pub const fn post(url: HttpUrl, body: String) -> Self {
        Self { method: Method::Post, url, bearer: None, body: Some(body), takes_beginning: false }
    }

    /// A PUT of JSON text without authorisation.
    pub const fn put(url: HttpUrl, body: String) -> Self {
        Self { method: Method::Put, url, bearer: None, body: Some(body), takes_beginning: false }
    }

    /// A DELETE without authorisation.
    pub const fn delete(url: HttpUrl) -> Self {
        Self { method: Method::Delete, url, bearer: None, body: None, takes_beginning: false }
    }

    /// The same request in the name of a signed-in account.
    #[must_use]
    pub fn with_bearer(mut self, token: &SessionToken) -> Self {
        self.bearer = Some(token.clone());
        self
    }

    /// The same request, for an answer whose beginning is of use.
    #[must_use]
    pub const fn for_beginning(mut self) -> Self {
        self.takes_beginning = true;
        self
    }
}

/// What came back. A reply that never came is the driver's error, not one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The body as UTF-8.
    pub body: String,
    /// The header `Retry-After` in seconds (RFC 9110 §10.2.3), if the driver can see it. A browser shows it to
    /// pages only where the server allows that.
    pub retry_after: Option<u32>,
}

impl HttpResponse {
    /// A response whose headers say nothing.
    pub const fn new(status: u16, body: String) -> Self {
        Self { status, body, retry_after: None }
    }
}

/// The session token of a signed-in account at one server. Never shown in logs.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SessionToken(String);

impl SessionToken {
    /// The longest token that is taken, in bytes.
    const MAX: usize = 8 * 1024;

    /// Wraps a token; `None` if it could not stand in an HTTP header.
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::MAX && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The text for the `Authorization` header and the socket's handshake.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_reaches_a_log() {
        let token = SessionToken::new("secret").unwrap();
        let request = HttpRequest::get("https://a.example".parse().unwrap()).with_bearer(&token);
        assert!(!format!("{request:?}").contains("secret"));
        assert_eq!(SessionToken::new("two\r\nlines"), None);
        assert_eq!(SessionToken::new(""), None);
    }
}
