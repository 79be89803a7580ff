//! What a device keeps of an account.

mod account;
mod contact;
mod message;
mod quarantined;

pub use account::Account;
pub use contact::Contact;
pub use message::{Lane, Position, SendState, StoredMessage};
pub use quarantined::Quarantined;
