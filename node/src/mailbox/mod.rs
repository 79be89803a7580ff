//! What is known of those whom messages are for, and of those they are from.

pub mod deposits;
pub mod receivers;
pub mod sender;
pub mod spam;

/// The form in which senders' names are filed and compared.
pub fn sender_key(name: &str) -> String {
    name.trim().to_lowercase()
}
