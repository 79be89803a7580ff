//! The proof that a sender promised the same slots to two receivers.

use super::{ProvenVoucher, Voucher};

/// Two vouchers of one deposit and epoch with a slot in common, for different receivers: whoever shows them to the
/// contract burns the deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubleUse {
    one: ProvenVoucher,
    other: ProvenVoucher,
}

impl DoubleUse {
    /// The proof, if the two are one.
    pub fn of(one: &ProvenVoucher, other: &ProvenVoucher) -> Option<Self> {
        let place = |voucher: &Voucher| (voucher.chain, voucher.contract, voucher.sender, voucher.epoch);
        let (a, b) = (one.voucher(), other.voucher());
        let is_one = one.key() == other.key()
            && place(a) == place(b)
            && a.slots.overlap(b.slots)
            && a.receiver != b.receiver;
        is_one.then(|| Self { one: one.clone(), other: other.clone() })
    }

    /// The two vouchers.
    pub const fn vouchers(&self) -> (&ProvenVoucher, &ProvenVoucher) {
        (&self.one, &self.other)
    }
}
