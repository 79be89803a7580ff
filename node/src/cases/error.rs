//! Why a case is not carried out. How it is answered is in `http::answer`.

use dm3_core::delivery::Price;
use dm3_core::deposit::BurnFault;

use super::blobs::BlobError;
use super::channels::ChannelError;
use super::history::HistoryError;
use super::storage::StorageError;
use super::submit::SubmitError;
use crate::auth::JwtError;
use crate::ethereum::chain::ChainError;
use crate::ethereum::names::NamesError;
use crate::limits::TooMany;
use crate::mailbox::deposits::Unsure;
use crate::price::Lift;
use crate::store::StoreError;

/// Why a request is refused. Status and body are the reference's where it has them.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Not the request that the route takes: 400 `Bad Request`.
    #[error("the request is malformed")]
    Malformed,
    /// No valid token for this account: 401 `Unauthorized`.
    #[error("sign in first")]
    Unauthorized,
    /// An account that the operator has blocked: 403 `{error}`.
    #[error("this account is blocked here; ask the operator of this server")]
    Blocked,
    /// 404 `Not Found`.
    #[error("not found")]
    NotFound,
    /// Nothing there: 404 without a body.
    #[error("there is none")]
    None,
    /// Another JSON-RPC method: 405 `{error}`.
    #[error("Method not allowed")]
    Method,
    /// Understood and refused: 400 `{error}`.
    #[error("{0}")]
    Refused(String),
    /// A profile that is not kept, and why: 400 `{message, error}`.
    #[error("{0}")]
    NotKept(String),
    /// Something is asked for a new account: 400 `{message, error, price}`.
    #[error("{}", priced(.0))]
    Priced(Price),
    /// JSON of another form than the route takes: 400 with the text.
    #[error("invalid schema")]
    Schema,
    /// Understood and refused: 400 with the text.
    #[error("{0}")]
    RefusedText(&'static str),
    /// A conditional write of another version than is stored (0: none): 412 `{error, version}` and the `ETag`.
    #[error("another version is stored; read it first")]
    Precondition(u64),
    /// History that is not written or read.
    #[error(transparent)]
    History(HistoryError),
    /// A sealed file that is not taken, or not there.
    #[error(transparent)]
    Blob(BlobError),
    /// The account would have more than it may: 507 `{error}`.
    #[error("{0}")]
    Full(String),
    /// The same, and what would lift that: 507 `{error, reason, price, limits}`.
    #[error("{0}")]
    FreeShareFull(String, Box<Lift>),
    /// What came is not what gives more room: 400 `{error, reason, price, limits}`.
    #[error("this is not what is to be at stake for more room")]
    Unstaked(Box<Lift>),
    /// A name that leads nowhere: 400 `{message}`.
    #[error("could not get profile for {0}. Unable to resolve address")]
    Unresolvable(String),
    /// A question that the name gateway does not answer: 400 `{message}`.
    #[error("{0}")]
    Gateway(String),
    /// A message that is not taken.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// A burn that is not brought to the chain: 400 `{error, reason}`, or 429 where as much was paid for as may be.
    #[error(transparent)]
    Burn(#[from] BurnFault),
    /// More than is allowed: 429 `{error}`, with the header `Retry-After`.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Another host doesn't give what it was asked for: 502 `{error}`.
    #[error("{0}")]
    Upstream(String),
    /// The database or the chain can't be reached, or a value can't be written: 503 `{error}`.
    #[error("the server can't do this at the moment; try again later")]
    Unavailable,
}

/// What is asked for, in words for clients that know no prices.
const fn priced(price: &Price) -> &'static str {
    match price {
        Price::Invitation => "this server takes new accounts by invitation: a code of its operator is needed",
        Price::Work(_) => {
            "this server takes new accounts of devices that have computed for it; use a newer client"
        }
        Price::Deposit(_) => {
            "this server takes new accounts that have something at stake; use a newer client"
        }
        Price::Closed => "this server takes no new accounts; try another one",
    }
}

/// An account has no more room, unless something lifts that.
fn full(text: String, lift: Option<Box<Lift>>) -> ApiError {
    match lift {
        Some(lift) => ApiError::FreeShareFull(text, lift),
        None => ApiError::Full(text),
    }
}

impl From<Unsure> for ApiError {
    fn from(error: Unsure) -> Self {
        match error {
            Unsure::Chain(error) => error.into(),
            Unsure::Store(error) => error.into(),
            Unsure::Later => Self::Unavailable,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "request failed");
        Self::Unavailable
    }
}

impl From<ChainError> for ApiError {
    fn from(error: ChainError) -> Self {
        tracing::warn!(%error, "request failed");
        Self::Unavailable
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Schema => Self::Schema,
            StorageError::Full => Self::Full(error.to_string()),
            StorageError::Store(error) => error.into(),
        }
    }
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        let text = error.to_string();
        match error {
            HistoryError::Store(error) => error.into(),
            HistoryError::Unsure(error) => error.into(),
            HistoryError::Full(lift) => full(text, lift),
            error => Self::History(error),
        }
    }
}

impl From<BlobError> for ApiError {
    fn from(error: BlobError) -> Self {
        let text = error.to_string();
        match error {
            BlobError::Store(error) => error.into(),
            BlobError::TooMany(error) => error.into(),
            BlobError::Unsure(error) => error.into(),
            BlobError::Full(lift) => full(text, lift),
            BlobError::NoRoom => Self::Full(text),
            BlobError::Absent => Self::NotFound,
            BlobError::Off => Self::Refused(error.to_string()),
            error => Self::Blob(error),
        }
    }
}

impl From<ChannelError> for ApiError {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Store(error) => error.into(),
            ChannelError::Busy => Self::Unavailable,
            ChannelError::Limited(error) => Self::TooMany(error),
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "an answer can't be written");
        Self::Unavailable
    }
}

impl From<JwtError> for ApiError {
    fn from(error: JwtError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<NamesError> for ApiError {
    fn from(error: NamesError) -> Self {
        match error {
            NamesError::Store(error) => error.into(),
            NamesError::Chain(error) => error.into(),
            NamesError::Time => Self::Unavailable,
        }
    }
}
