//! The account's history in the form of the deployed clients, at a server of their kind: so that the deployed app shows
//! what this program took in and sent, and this program what that app did.
//!
//! ```text
//! store ──changes of each conversation──▶ rows, sealed for oneself ──▶ backend      only then acknowledged
//! backend ──conversations, newest first──▶ rows ──opened, proven──▶ store           the rest while somebody scrolls
//! ```
//!
//! It is used where the account uses it: where the node keeps no history in records of our own, and the backend knows the
//! account, which the deployed app sees to at its first sign-in and this program never does.
//!
//! Anybody can seal a row for the account's public key, so what is in one is proven like a message that comes in. The
//! server can hold rows back, show old ones, and claim that something was read, waits or has left. Nothing that is here is
//! removed or replaced because of it, and each step asks a bounded number of requests.

mod keep;
mod known;
mod mark;
mod place;
mod read;
mod write;

pub use known::Backend;
