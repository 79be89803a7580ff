//! What a device keeps of an account.
//!
//! ```text
//! AuthenticMessage ──▶ StoredMessage ──▶ store ──▶ MessageRow ──session──▶ StoredMessage ──▶ thread
//! ```

mod account;
mod contact;
mod message;
mod quarantined;

pub use account::Account;
pub use contact::Contact;
pub use message::{Lane, MessageRow, Position, SendState, StoredMessage};
pub use quarantined::{Doubt, Quarantined};
