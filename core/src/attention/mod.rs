//! Payments for being answered (`contracts/Attention.sol`), as values.
//!
//! ```text
//! receiver's settings ──▶ Minimum                  what a payment has to be to count, published beside the rules
//! a message's metadata ──▶ Payment ──is_fit──▶ of whom, for whom, enough, in time
//!                             └─ its id ──▶ the chain (registry::attention) ──▶ PaymentState::holds
//! ```
//!
//! A payment in a message is a claim: what is really held for the receiver, the contract alone says. Clients that know
//! nothing of it keep the member and pass over it.

mod minimum;
mod payment;
#[cfg(test)]
mod tests;

pub use minimum::Minimum;
pub(crate) use payment::DOMAIN_NAME;
pub use payment::{Payment, PaymentState, Unfit};
