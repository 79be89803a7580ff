//! Reading ENS through an Ethereum node, driving the core's lookups.

use std::sync::Arc;
use std::time::Duration;

use dm3_core::Said;
use dm3_core::delivery::Amount;
use dm3_core::deposit::Coverage;
use dm3_core::identity::{Address, EnsName, SignedProfile, VerifiedProfile};
use dm3_core::registry::json_rpc::{RpcError, eth_call_body, parse_eth_call};
use dm3_core::registry::{
    Answer, Ask, CallOutcome, DELIVERY_SERVICE_KEY, DeliveryServiceProfile, Found, GatewayFault, Lookup,
    LookupError, PROFILE_KEY, ProfileLocation, ProfileQuestion, Record, Step,
};
use dm3_core::registry::{deposits, holdings};
use dm3_core::web::{BaseUrl, HttpRequest, HttpResponse, Method};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::ethereum::endpoints::Endpoints;
use crate::ethereum::ipfs::{IpfsFault, IpfsReader};
use crate::ethereum::recent::Recent;
use crate::limits::{Payer, Pool, reading};
use crate::monitoring::metrics::Metrics;
use crate::outgoing::{self, Bounds, Fetched, Outgoing, OutgoingError, Use};

/// How long a whole lookup may take.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(15);
/// How many questions to the Ethereum node run at once; others wait. Gateways, which strangers choose and which
/// may be slow, take no turn here.
const CALLS_AT_ONCE: usize = 32;
/// How many questions that clients cause may be under way or wait for their turn, and how many of one client. Those of
/// this server itself are not counted.
const CALLS_WAITING: usize = 512;
const CALLS_WAITING_OF_ONE: usize = 64;
/// How long a gateway or the host of a linked profile may take.
const FETCH_TIME: Duration = Duration::from_secs(5);
/// How many redirects a gateway or the host of a linked profile may send.
const REDIRECTS: usize = 3;
/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 2_000_000;
/// How long an address is remembered for a name.
const REMEMBERED: Duration = Duration::from_secs(30);
/// How many names are remembered.
const REMEMBERED_NAMES: usize = 2000;

/// What a name's record is could not be found out. All but [`Self::Registry`] and [`Self::Name`] may be otherwise in a
/// moment, and must never be answered as if the name had no record. What a name's owner did wrong is no such error: that
/// name has no record.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The Ethereum node can't be reached.
    #[error("the Ethereum node can't be asked: {0}")]
    Node(#[from] OutgoingError),
    /// The Ethereum node answers with an error that is no revert, or with nonsense.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// ENS is not where the configuration says.
    #[error(transparent)]
    Registry(LookupError),
    /// What the owner of a name did wrong, if somebody wants to know.
    #[error(transparent)]
    Name(LookupError),
    /// A gateway or a host that the name's owner chose can't be reached, fails, or had no free place here.
    #[error("the host that answers for the name can't be asked at the moment")]
    Gateway,
    /// It takes too long.
    #[error("looking the name up took too long")]
    Timeout,
}

/// An Ethereum node and the ENS on its chain.
pub struct Chain {
    outgoing: Outgoing,
    endpoints: Arc<Endpoints>,
    registry: Address,
    universal_resolver: Option<Address>,
    ipfs: IpfsReader,
    turns: Semaphore,
    waiting: Pool<Payer>,
    remembered: Recent<EnsName, Address>,
    metrics: Arc<Metrics>,
}

impl Chain {
    /// Asks the Ethereum nodes at `endpoints` for the ENS at `registry`.
    pub fn new(
        outgoing: Outgoing,
        endpoints: Arc<Endpoints>,
        registry: Address,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            ipfs: IpfsReader::new(outgoing.clone(), Vec::new()),
            outgoing,
            endpoints,
            registry,
            universal_resolver: None,
            turns: Semaphore::new(CALLS_AT_ONCE),
            waiting: Pool::new(CALLS_WAITING, CALLS_WAITING_OF_ONE),
            remembered: Recent::new(REMEMBERED_NAMES, REMEMBERED),
            metrics,
        }
    }

    /// The same, finding names through the chain's universal resolver if it has one.
    pub fn with_universal_resolver(self, universal_resolver: Option<Address>) -> Self {
        Self { universal_resolver, ..self }
    }

    /// The same, reading what records lead to on IPFS from these gateways.
    pub fn with_ipfs_gateways(self, gateways: Vec<BaseUrl>) -> Self {
        Self { ipfs: IpfsReader::new(self.outgoing.clone(), gateways), ..self }
    }

    /// What reads on IPFS.
    pub const fn ipfs(&self) -> &IpfsReader {
        &self.ipfs
    }

    /// The profile, if `address` signed it: an ordinary account by the signature itself, a smart account by its own
    /// word (ERC-1271, ERC-6492).
    pub async fn verify(
        &self,
        profile: SignedProfile,
        address: Address,
    ) -> Result<Option<VerifiedProfile>, ChainError> {
        if let Ok(profile) = profile.clone().verify(address) {
            return Ok(Some(profile));
        }
        let Ok(asked) = ProfileQuestion::new(profile, address) else { return Ok(None) };
        let call = self.call(asked.question().to(), asked.question().data());
        let outcome = tokio::time::timeout(LOOKUP_TIMEOUT, call).await.map_err(|_| ChainError::Timeout)??;
        Ok(asked.answer(&outcome))
    }

    /// The address of a name; at most half a minute old.
    pub async fn address_of(&self, name: &EnsName) -> Result<Option<Address>, ChainError> {
        if let Some(address) = self.remembered.get(name) {
            return Ok(Some(address));
        }
        let found = self.look_up(name, Record::Address).await?.and_then(Found::into_address);
        if let Some(address) = found {
            self.remembered.insert(name.clone(), address);
        }
        Ok(found)
    }

    /// The JSON text of the profile that a name's record holds or links to, whoever signed it.
    pub async fn profile_of(&self, name: &EnsName) -> Result<Option<String>, ChainError> {
        self.held_by(name, PROFILE_KEY).await
    }

    /// The profile of the delivery service of this name.
    pub async fn delivery_service(
        &self,
        name: &EnsName,
    ) -> Result<Option<DeliveryServiceProfile>, ChainError> {
        let held = self.held_by(name, DELIVERY_SERVICE_KEY).await?;
        Ok(held.and_then(|json| DeliveryServiceProfile::parse(&json).ok()))
    }

    /// The JSON text that a text record holds or links to.
    async fn held_by(&self, name: &EnsName, key: &str) -> Result<Option<String>, ChainError> {
        let record = self.look_up(name, Record::Text(key.into())).await?.and_then(Found::into_text);
        let location = record.and_then(|record| ProfileLocation::parse(&record).ok());
        Ok(match location {
            None => None,
            Some(ProfileLocation::Ipfs(link)) => match self.ipfs.document(&link).await {
                Ok(document) => Some(document),
                Err(IpfsFault::Unavailable | IpfsFault::Busy) => return Err(ChainError::Gateway),
                Err(IpfsFault::Wrong(_) | IpfsFault::Pieces | IpfsFault::NotRead) => None,
            },
            Some(ProfileLocation::Inline(json)) => Some(json),
            Some(ProfileLocation::Web(link)) => match self.fetch(&link.request()).await {
                Ok(reply) if may_pass(reply.status) => return Err(ChainError::Gateway),
                Ok(reply) if reply.status == 200 => link.check(&reply.body).ok(),
                Err(error) if error.is_temporary() => return Err(ChainError::Gateway),
                Ok(_) | Err(_) => None,
            },
        })
    }

    async fn look_up(&self, name: &EnsName, record: Record) -> Result<Option<Found>, ChainError> {
        match self.record_of(name, record).await {
            Err(ChainError::Name(error)) => {
                tracing::debug!(%error, "a name can't be looked up");
                Ok(None)
            }
            result => result,
        }
    }

    /// A record of a name, with the reason if its owner did something wrong.
    pub async fn record_of(&self, name: &EnsName, record: Record) -> Result<Option<Found>, ChainError> {
        let lookup = match self.universal_resolver {
            Some(resolver) => Lookup::through(resolver, name.clone(), record),
            None => Lookup::new(self.registry, name.clone(), record),
        };
        tokio::time::timeout(LOOKUP_TIMEOUT, self.drive(lookup)).await.map_err(|_| ChainError::Timeout)?
    }

    async fn drive(&self, mut lookup: Lookup) -> Result<Option<Found>, ChainError> {
        // Whether a gateway that failed might answer in a moment.
        let mut may_pass_later = false;
        loop {
            let answer = match lookup.ask() {
                Ask::Call { to, data } => Answer::Call(self.call(Some(*to), data).await?),
                Ask::Fetch(request) => match self.fetch(&request.direct).await {
                    Ok(reply) => {
                        may_pass_later |= may_pass(reply.status);
                        Answer::Fetched(reply)
                    }
                    Err(error) => {
                        may_pass_later |= error.is_temporary();
                        Answer::Unreachable
                    }
                },
            };
            match lookup.answer(answer) {
                Ok(Step::Next(next)) => lookup = *next,
                Ok(Step::Done(None)) if may_pass_later => return Err(ChainError::Gateway),
                Ok(Step::Done(found)) => return Ok(found),
                Err(error @ LookupError::NoRegistry(_)) => return Err(ChainError::Registry(error)),
                // EIP-3668: what a gateway refuses with 4xx is refused for good.
                Err(error) if may_pass_later && !is_final(&error) => return Err(ChainError::Gateway),
                Err(error) => return Err(ChainError::Name(error)),
            }
        }
    }

    /// An `eth_call` at the latest block.
    pub async fn call(&self, to: Option<Address>, data: &[u8]) -> Result<CallOutcome, ChainError> {
        Ok(parse_eth_call(&self.ask(eth_call_body(to, data)).await?.body)?)
    }

    /// The number of the chain that the Ethereum node serves.
    pub async fn id(&self) -> Result<u64, ChainError> {
        quantity(&self.result("eth_chainId", json!([])).await?)
    }

    /// What the Ethereum node answers to another method.
    ///
    /// # Errors
    /// [`ChainError::Rpc`] also where it says that something is wrong with what was asked.
    pub async fn result(&self, method: &str, params: Value) -> Result<Value, ChainError> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let reply = self.ask(request.to_string()).await?;
        let mut answer: Value = serde_json::from_str(&reply.body).map_err(|_| RpcError::Form)?;
        if let Some(error) = answer.get("error") {
            let message = error.get("message").and_then(Value::as_str).unwrap_or("error");
            return Err(RpcError::Node(Said::new(message)).into());
        }
        Ok(answer.get_mut("result").map(Value::take).ok_or(RpcError::Form)?)
    }

    /// How many transactions an account has sent.
    pub async fn nonce(&self, account: Address) -> Result<Amount, ChainError> {
        self.number("eth_getTransactionCount", account).await
    }

    /// What an account holds, in wei.
    pub async fn balance(&self, account: Address) -> Result<Amount, ChainError> {
        self.number("eth_getBalance", account).await
    }

    /// What an account holds of an ERC-20 token; nothing if there is no such token.
    pub async fn token_balance(&self, token: Address, account: Address) -> Result<Amount, ChainError> {
        let answer = self.call(Some(token), &holdings::token_call(account)).await?;
        Ok(holdings::amount(&answer).unwrap_or(Amount::from(0)))
    }

    /// The token of a contract that holds deposits, and how much a slot is; nothing if it is no such contract.
    pub async fn deposit_terms(&self, contract: Address) -> Result<Option<(Address, u128)>, ChainError> {
        let token = deposits::token(&self.call(Some(contract), &deposits::token_call()).await?);
        let slot = deposits::slot(&self.call(Some(contract), &deposits::slot_call()).await?);
        Ok(token.zip(slot))
    }

    /// What the deposit of a sender and a key covers in an epoch; nothing if there is no such contract.
    pub async fn deposit_coverage(
        &self,
        contract: Address,
        sender: Address,
        key: Address,
        epoch: u64,
    ) -> Result<Coverage, ChainError> {
        let answer = self.call(Some(contract), &deposits::standing_call(sender, key, epoch)).await?;
        let nothing = Coverage { slots: 0, burned: [0; 32], stays: false };
        Ok(deposits::coverage(&answer).unwrap_or(nothing))
    }

    async fn number(&self, method: &str, account: Address) -> Result<Amount, ChainError> {
        let answer = self.result(method, json!([account.to_lower_hex(), "latest"])).await?;
        let digits = answer.as_str().and_then(|text| text.strip_prefix("0x"));
        let digits = digits.filter(|digits| (1..=64).contains(&digits.len())).ok_or(RpcError::Form)?;
        let mut word = [0; 32];
        hex::decode_to_slice(format!("{digits:0>64}"), &mut word).map_err(|_| RpcError::Form)?;
        Ok(Amount::from_be_bytes(word))
    }

    async fn ask(&self, body: String) -> Result<HttpResponse, OutgoingError> {
        reading::end_turn();
        let _place = match Payer::current() {
            Payer::Node => None,
            client => match self.waiting.enter(&client, 1) {
                Ok(place) => Some(place),
                Err(_) => {
                    self.metrics.went_out("chain", "busy");
                    return Err(OutgoingError::Busy);
                }
            },
        };
        // The semaphore is never closed, so waiting for a turn can't fail.
        let _turn = self.turns.acquire().await;
        self.endpoints.ask(&body, MAX_ANSWER).await
    }

    /// Asks a gateway or a linked profile's host, which the owner of some name chose.
    async fn fetch(&self, request: &HttpRequest) -> Result<HttpResponse, OutgoingError> {
        let body = match request.method {
            Method::Get => None,
            Method::Post => Some(request.body.clone().unwrap_or_default()),
            // Gateways and hosts of profiles are asked, and never written to.
            Method::Put | Method::Delete => return Err(OutgoingError::Url),
        };
        let bounds = Bounds { bytes: MAX_ANSWER, time: FETCH_TIME, redirects: REDIRECTS };
        let fetched = self.outgoing.fetch(Use::Lookup, request.url.as_str(), body, bounds).await;
        let reply = fetched.and_then(Fetched::into_text);
        self.metrics.went_out("gateway", outgoing::outcome(&reply));
        reply
    }
}

/// A number of at most 64 bits in an answer.
///
/// # Errors
/// [`ChainError::Rpc`] if it is none.
pub fn quantity(value: &Value) -> Result<u64, ChainError> {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    Ok(digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or(RpcError::Form)?)
}

const fn is_final(error: &LookupError) -> bool {
    matches!(
        error,
        LookupError::Gateway { fault: GatewayFault::Status(status), .. } if *status < 500 && !may_pass(*status)
    )
}

/// Whether a status says that it is otherwise in a moment.
const fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}
