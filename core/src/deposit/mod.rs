//! What senders have at stake: vouchers for slots of a deposit (`contracts/Deposits.sol`), as values.
//!
//! ```text
//! receiver's rule ──▶ Terms                    which contract, how many slots, how much that is
//! JSON beside a message ──▶ SignedVoucher ──prove──▶ ProvenVoucher ──is_fit──▶ for whom, now, enough
//!                                                         ├─ Coverage::covers    what the chain says of its slots
//!                                                         ├─ DoubleUse::of       the same slots, promised to another
//!                                                         └─ Burn::new           to be burned by somebody else
//! ```
//!
//! What a proven voucher promises is worth something only if the chain says that its key is of a deposit: a signature
//! by any key proves to be of some key. The calls to the chain are in [`crate::registry::deposits`].

mod burn;
mod burn_fault;
mod coverage;
mod double_use;
mod promised;
mod slots;
mod terms;
#[cfg(test)]
pub(crate) mod tests;
mod voucher;

pub use burn::{Burn, ConsentedBurn};
pub use burn_fault::BurnFault;
pub use coverage::{Coverage, Uncovered};
pub use double_use::DoubleUse;
pub use promised::{Promise, Promised};
pub use slots::{MOST_SLOTS, Slots};
pub use terms::Terms;
pub use voucher::{Misfit, ProvenVoucher, SignedVoucher, Topic, Voucher, VoucherError};

/// How long an epoch is, in milliseconds: a week. Epoch 0 began at the beginning of 1970.
pub const EPOCH: u64 = 7 * 24 * 60 * 60 * 1000;

/// The epoch of a time in milliseconds since 1970.
pub const fn epoch_of(time: u64) -> u64 {
    time / EPOCH
}
