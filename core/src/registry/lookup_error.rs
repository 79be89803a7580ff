//! Why a record was not found out.

use super::abi::AbiError;
use crate::identity::Address;
use crate::said::Said;

/// Why a lookup failed. An absent record is no failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The chain has no ENS registry, or no universal resolver, where it was said to be.
    #[error("there is no ENS at {0} on this chain; check the network and that address")]
    NoRegistry(Address),
    /// A contract answered with bytes that do not decode.
    #[error("the contract {contract} of this name answers nonsense: {error}; its owner must repair it")]
    Garbled {
        /// The contract.
        contract: Address,
        /// What is wrong with the bytes.
        error: AbiError,
    },
    /// A contract refused the call and gave a reason.
    #[error("the contract {contract} of this name refuses to answer: {reason}")]
    Refused {
        /// The contract.
        contract: Address,
        /// Its reason: a text, or the selector of its error.
        reason: Said,
    },
    /// An off-chain lookup in the name of another contract (EIP-3668 forbids to follow it).
    #[error("the contract {0} sends off-chain in another contract's name; its owner must repair it")]
    ForeignSender(Address),
    /// More off-chain lookups inside each other than are followed.
    #[error("the contract {0} sends off-chain again and again; its owner must repair it")]
    TooManyLookups(Address),
    /// Not one of the gateways may be called: none given, or none over https.
    #[error("the contract {0} of this name lists no usable https gateway; its owner must repair it")]
    NoGateway(Address),
    /// No gateway gave an answer; this is what became of the last.
    #[error("the name gateway {gateway} failed: {fault}; try again later")]
    Gateway {
        /// Host and port.
        gateway: String,
        /// What went wrong.
        fault: GatewayFault,
    },
    /// A call was answered as a fetch or the other way round: a defect of the caller.
    #[error("the lookup was given an answer to another question; this is a defect of the program")]
    Mismatch,
}

/// What went wrong at a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GatewayFault {
    /// Nothing came back.
    #[error("it can't be reached")]
    Unreachable,
    /// A status other than success.
    #[error("it answers with HTTP status {0}")]
    Status(u16),
    /// Not `{"data":"0x…"}`, or more than 256 KiB of it.
    #[error("it answers something other than name data")]
    Body,
}
