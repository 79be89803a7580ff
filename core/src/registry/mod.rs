//! ENS and CCIP-read as values: which call to make, what its bytes mean, and what dm3 keeps there.

pub mod abi;
pub mod data_uri;
mod delivery_service;
pub mod deposits;
pub mod ens;
pub mod gateway;
pub mod holdings;
#[cfg(feature = "ipfs")]
pub mod ipfs;
pub mod json_rpc;
mod location;
mod lookup;
mod lookup_error;
pub mod nft;
mod offchain;
mod publish;
mod site;
pub(crate) mod smart_account;

pub use delivery_service::{DeliveryServiceError, DeliveryServiceProfile};
pub use gateway::{GatewayError, GatewayQuery, GatewayRecord, SigningForm};
pub use location::{
    DELIVERY_SERVICE_KEY, IpfsFault, IpfsLocation, PROFILE_KEY, ProfileLocation, RecordError, WebLocation,
    profile_record,
};
pub use lookup::{Answer, Ask, CallOutcome, Found, Lookup, Record, Step};
pub use lookup_error::{GatewayFault, LookupError};
pub use offchain::GatewayRequest;
pub use publish::{MULTICALL, SET_TEXT, TransactionRequest};
pub use site::{MAX_SITE_FILE, SITE_KEY, Site};
pub use smart_account::{
    IS_VALID_SIGNATURE, ProfileQuestion, SignatureQuestion, code_size_call, is_contract,
};
