//! A delivery service's API as typed requests and replies: HTTP, challenge login, socket.io frames.
//!
//! ```text
//! api::… ──HttpRequest──▶ driver ──HttpResponse──▶ api::parse_… ──▶ typed reply
//! get_challenge ──▶ Challenge ──sign──▶ answer_challenge ──▶ SessionToken ──▶ mailbox, socket
//! ```

pub mod api;
pub mod blobs;
pub mod burns;
mod challenge;
pub mod channels;
mod claims;
mod coins;
mod discovery;
mod extension;
mod plan;
mod price;
mod refusal;
mod reply;
pub mod room;
mod rpc;
pub mod socket_io;
mod spam_rule;
mod wishes;

pub use blobs::FileOffer;
pub use burns::{BurnReceipt, BurnState, RelayedBurns};
pub use challenge::{Challenge, ChallengeError};
pub use channels::{ChannelRefusal, MailChannel};
pub use discovery::{ChainAccess, Discovery, DiscoveryError, Notifications, Proxies};
pub use extension::{MessageTypes, ProfileExtension};
pub use plan::{DeliveryPlan, ServiceState};
pub use price::{MAX_WORK_BITS, Payment, Price, Stake, Work};
pub use refusal::Refusal;
pub(crate) use reply::check;
pub use socket_io::{SocketEvent, SocketSession};
pub use spam_rule::{Amount, AmountError, SpamRule, Standing, Verdict};
pub use wishes::Wishes;
