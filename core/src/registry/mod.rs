//! ENS and CCIP-read as values: which call to make, what its bytes mean, and what dm3 keeps there.

pub mod abi;
pub mod data_uri;
mod delivery_service;
pub mod ens;
pub mod gateway;
pub mod json_rpc;
mod lookup;
mod record;

pub use delivery_service::{DeliveryServiceError, DeliveryServiceProfile};
pub use gateway::{GatewayError, GatewayQuery, GatewayRecord, SigningForm};
pub use lookup::{Answer, Ask, CallOutcome, Found, GatewayFault, Lookup, LookupError, Record, Step};
pub use record::{
    DELIVERY_SERVICE_KEY, PROFILE_KEY, ProfileLink, ProfileLocation, RecordError, profile_record,
};
