//! What a device keeps of an account.
//!
//! ```text
//! AuthenticMessage ──▶ StoredMessage ──▶ store ──▶ MessageRow ──session──▶ StoredMessage ──▶ thread
//! ```

mod account;
mod contact;
mod journal;
mod kept;
mod message;
mod notice;
mod place;
mod quarantined;
mod standing;
mod summary;

pub use account::Account;
pub use contact::{Contact, Located, MAX_FOUND_AT};
pub use journal::{Changed, JournalEntry, KeptNameError, MAX_SETTING, Slot};
pub use kept::{Kept, WaitsFor};
pub use message::{Lane, MessageRow, Position, SendState, StoredMessage};
pub use notice::{Notice, Notices};
pub use place::Place;
pub use quarantined::{Doubt, Quarantined};
pub use standing::{Decided, Standing, Trust};
pub use summary::{Last, News, Preview, Summary};
