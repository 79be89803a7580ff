//! Why a burn is not brought to the chain, or was in vain.

/// What a relay, or the contract, says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BurnFault {
    /// Nobody relays for this contract.
    #[error("burns of this contract are not brought to the chain here")]
    Contract,
    /// It is not the receiver's, or not signed by them.
    #[error("the burn is not signed by the receiver of the voucher")]
    Receiver,
    /// The voucher can't be burned yet, or no more.
    #[error("the voucher can't be burned yet, or no more")]
    Time,
    /// Other slots than the voucher promises.
    #[error("the voucher does not promise these slots")]
    Slots,
    /// Nobody has made this deposit.
    #[error("the sender has no such deposit")]
    Deposit,
    /// Nothing is left of the deposit.
    #[error("nothing is left of the deposit")]
    Closed,
    /// The deposit has fewer slots.
    #[error("the deposit does not cover these slots")]
    Uncovered,
    /// Some of the slots were burned before.
    #[error("some of these slots are burned already")]
    Burned,
    /// As much was paid for today as may be; tomorrow more is.
    #[error("no more burns are brought to the chain today")]
    Spent,
    /// Another transaction of the relay's key took its place.
    #[error("another transaction took the place of this one; ask for it again")]
    Replaced,
    /// The contract refuses it without a reason that is known, or it would cost more than a burn does.
    #[error("the contract does not take this burn")]
    Reverted,
}

impl BurnFault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Contract,
        Self::Receiver,
        Self::Time,
        Self::Slots,
        Self::Deposit,
        Self::Closed,
        Self::Uncovered,
        Self::Burned,
        Self::Spent,
        Self::Replaced,
        Self::Reverted,
    ];

    /// A word that stays the same in all versions.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Receiver => "receiver",
            Self::Time => "time",
            Self::Slots => "slots",
            Self::Deposit => "deposit",
            Self::Closed => "closed",
            Self::Uncovered => "uncovered",
            Self::Burned => "burned",
            Self::Spent => "spent",
            Self::Replaced => "replaced",
            Self::Reverted => "reverted",
        }
    }

    /// The fault of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.code() == code)
    }
}
