//! Why a task is not carried out.

use dm3_core::identity::Address;

use crate::store::StoreError;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Not a name.
    #[error("this is no ENS name")]
    Name,
    /// Neither an address nor a name of this node.
    #[error("{0} is no address, and no name that this node gave; say the address, 0x…")]
    Nobody(String),
    /// Nobody has it.
    #[error("nobody has claimed this name here")]
    Free,
    /// There is no such invitation.
    #[error("there is no invitation {0}; `admin invitations` lists them")]
    NoInvitation(String),
    /// There is no such account.
    #[error("{0} has nothing here")]
    NoAccount(Address),
    /// Accounts need nothing at stake here.
    #[error(
        "accounts here have nothing at stake: registration is not \"deposit\", and there is no staked_contract"
    )]
    NoStakes,
    /// It is so already.
    #[error("nothing was changed: that is so already")]
    Already,
    /// The file of an export can't be written.
    #[error("the file can't be written: {0}")]
    File(#[from] std::io::Error),
    /// Something can't be put into an export.
    #[error("the account can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
