//! Why a request brought no answer.

/// Why a request brought no answer. Never shows the URL, which may hold an access key.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    Tls(String),
    /// Nothing came back.
    #[error("no answer: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// Nothing came back in time.
    #[error("no answer in time")]
    Timeout,
    /// More came back than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// What came back is not UTF-8.
    #[error("the answer is not text")]
    NotText,
    /// Not a URL that can be called.
    #[error("the address is not an https address without user name and password")]
    Url,
    /// A host that strangers may not send this server to.
    #[error("the address is not a public one")]
    NotPublic,
    /// Sent from one address to the next too often.
    #[error("the address redirects too often")]
    Redirects,
    /// Too many requests are under way, to this host or to all.
    #[error("too many requests are under way")]
    Busy,
    /// The Ethereum nodes were asked as often as they may be in a day.
    #[error("the calls of this day are spent (rpc_calls_per_day); it goes on at midnight UTC")]
    Spent,
    /// An Ethereum node serves another chain than this server's.
    #[error("no Ethereum node in rpc_url serves the chain of chain_id")]
    OtherChain,
}

impl From<reqwest::Error> for OutgoingError {
    fn from(error: reqwest::Error) -> Self {
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            if matches!(inner.downcast_ref(), Some(Self::NotPublic)) {
                return Self::NotPublic;
            }
            cause = inner.source();
        }
        Self::Unreachable(error.without_url())
    }
}

impl OutgoingError {
    /// Whether the same request may bring an answer later: the fault is of the way or of this server. All others are
    /// of the address or of what its host says, and stay.
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Tls(_)
            | Self::Unreachable(_)
            | Self::Timeout
            | Self::Busy
            | Self::Spent
            | Self::OtherChain => true,
            Self::TooLarge | Self::NotText | Self::Url | Self::NotPublic | Self::Redirects => false,
        }
    }
}
