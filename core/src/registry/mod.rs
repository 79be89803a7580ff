//! ENS and CCIP-read as values: which call to make, what its bytes mean, and what dm3 keeps there.

pub mod abi;
pub mod attention;
pub mod data_uri;
mod delivery_service;
pub mod deposits;
pub mod ens;
pub mod erc20;
pub mod gateway;
pub mod governance;
pub mod holdings;
#[cfg(feature = "ipfs")]
pub mod ipfs;
pub mod json_rpc;
mod location;
mod lookup;
mod lookup_error;
pub mod nft;
mod offchain;
pub mod permit;
mod publish;
mod site;
pub(crate) mod smart_account;
mod transaction;

pub use delivery_service::{DeliveryServiceError, DeliveryServiceProfile};
pub use gateway::{GatewayError, GatewayQuery, GatewayRecord, SigningForm};
pub use location::{
    DELIVERY_SERVICE_KEY, IpfsFault, IpfsLocation, PROFILE_KEY, ProfileLocation, RecordError, WebLocation,
    profile_record,
};
pub use lookup::{Answer, Ask, CallOutcome, Found, Lookup, Record, Step};
pub use lookup_error::{GatewayFault, LookupError};
pub use offchain::GatewayRequest;
pub use publish::{MULTICALL, SET_TEXT};
pub use site::{MAX_SITE_FILE, SITE_KEY, Site};
pub use smart_account::{
    IS_VALID_SIGNATURE, ProfileQuestion, SignatureQuestion, code_size_call, is_contract,
};
pub use transaction::{
    NoTransactionHash, TransactionHash, TransactionReceipt, TransactionRequest, TypedData,
};
