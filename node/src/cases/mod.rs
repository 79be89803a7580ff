//! What the node does for those who ask, each case in a file: they know the parts (`App`) and the store, and not who asks
//! or how it is answered.

mod acknowledge;
mod blobs;
pub mod burns;
mod carry;
mod channels;
mod error;
pub mod expiry;
pub mod history;
mod login;
mod rates;
mod ready;
mod registration;
mod room;
mod settings;
mod share;
pub mod storage;
mod submit;

pub use blobs::{BlobError, Progress};
pub use carry::{PostingError, parcels};
pub use error::ApiError;
pub use history::HistoryError;
pub use storage::Member;
pub use submit::{SubmitError, read as read_envelope, read_voucher};
