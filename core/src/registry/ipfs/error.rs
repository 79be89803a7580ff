//! What can go wrong with a document on IPFS.

use crate::registry::IpfsFault;
use crate::web::Outage;

/// Why a document was not had from IPFS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IpfsError {
    /// The program was given no gateway to ask.
    #[error("no IPFS gateway is set up; name at least one")]
    NoGateway,
    /// Not a CID of a kind that is known (version 0 or 1, SHA-256, a raw block or UnixFS), or a path with an escape.
    #[error("{0}; its owner must publish it again")]
    Link(&'static str),
    /// A gateway gave a block with another hash. Another gateway may be honest.
    #[error("the gateway gave something other than what was asked for")]
    WrongBlock,
    /// A block does not decode, or is no part of a file.
    #[error("what lies on IPFS is no document: {0}; its owner must publish it again")]
    NoFile(&'static str),
    /// Larger than 64 KiB, or in more than 64 blocks.
    #[error("what lies on IPFS is larger than 64 KiB, or in more than 64 pieces; its owner must shorten it")]
    TooLarge,
    /// Not one gateway gave the block; this is what became of the last.
    #[error("the IPFS gateway {gateway} does not have it: {outage}; try again later")]
    Unavailable {
        /// Host and port.
        gateway: String,
        /// What happened.
        outage: Outage,
    },
}

impl IpfsError {
    /// What a [`RecordError`](crate::registry::RecordError) passes on of it.
    pub(crate) const fn fault(&self) -> IpfsFault {
        match self {
            Self::NoGateway => IpfsFault::NoGateway,
            Self::Link(_) => IpfsFault::Link,
            Self::NoFile(_) => IpfsFault::NoFile,
            Self::TooLarge => IpfsFault::TooLarge,
            Self::WrongBlock | Self::Unavailable { .. } => IpfsFault::NotThere,
        }
    }
}
