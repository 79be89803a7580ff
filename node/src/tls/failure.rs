//! Why there is no new certificate.

use dm3_core::Said;
use rustls_acme::OrderError;
use rustls_acme::acme::{AcmeError, Problem};

/// Why the last attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A request of the authority's server failed.
    #[error("the ACME server can't be reached, or refuses; the log says why")]
    Request,
    /// It did not find this node under a name.
    #[error("the ACME server does not find this node at port 443 of every name of tls_names")]
    Validation,
    /// It did not come to an end.
    #[error("the ACME server does not come to an end")]
    Silence,
    /// What it answered is no certificate.
    #[error("the ACME server issues no certificate that can be used; the log says why")]
    Answer,
    /// The files hold none.
    #[error("tls_certificate_file and tls_key_file hold none that can be used; the log says why")]
    Files,
}

impl Failure {
    /// One word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Validation => "validation",
            Self::Silence => "silence",
            Self::Answer => "answer",
            Self::Files => "files",
        }
    }

    /// What an order failed with.
    pub const fn of(error: &OrderError) -> Self {
        match error {
            OrderError::Acme(AcmeError::HttpRequest(_) | AcmeError::Io(_)) => Self::Request,
            OrderError::BadAuth(_) | OrderError::TooManyAttemptsAuth(_) => Self::Validation,
            OrderError::ProcessingTimeout(_) => Self::Silence,
            _ => Self::Answer,
        }
    }
}

/// What the authority said about an order, or else what the error is; bounded, since it is another's text.
pub fn cause(error: &OrderError) -> Said {
    let detail = |problem: &Option<Problem>| problem.as_ref()?.detail.clone();
    let said = match error {
        OrderError::BadAuth(auth) => auth.challenges.iter().find_map(|challenge| detail(&challenge.error)),
        OrderError::BadOrder(order) | OrderError::ProcessingTimeout(order) => detail(&order.error),
        _ => None,
    };
    Said::new(&said.unwrap_or_else(|| error.to_string()))
}
