//! ENS and CCIP-read as values: which call to make, what its bytes mean, and what dm3 keeps there.

pub mod abi;
pub mod data_uri;
mod delivery_service;
pub mod ens;
pub mod gateway;
#[cfg(feature = "ipfs")]
pub mod ipfs;
pub mod json_rpc;
mod lookup;
mod offchain;
mod publish;
mod record;
pub(crate) mod smart_account;

pub use delivery_service::{DeliveryServiceError, DeliveryServiceProfile};
pub use gateway::{GatewayError, GatewayQuery, GatewayRecord, SigningForm};
pub use lookup::{Answer, Ask, CallOutcome, Found, GatewayFault, Lookup, LookupError, Record, Step};
pub use publish::{MULTICALL, SET_TEXT, TransactionRequest};
pub use record::{
    DELIVERY_SERVICE_KEY, IpfsLink, PROFILE_KEY, ProfileLink, ProfileLocation, RecordError, profile_record,
};
pub use smart_account::{IS_VALID_SIGNATURE, ProfileQuestion, SignatureQuestion};
