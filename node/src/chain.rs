//! Reading ENS through an Ethereum node, driving the core's lookups.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dm3_core::delivery::{HttpRequest, HttpResponse, Method};
use dm3_core::identity::{Address, EnsName};
use dm3_core::registry::json_rpc::{RpcError, eth_call_body, parse_eth_call};
use dm3_core::registry::{
    Answer, Ask, CallOutcome, DELIVERY_SERVICE_KEY, DeliveryServiceProfile, Found, Lookup, LookupError,
    PROFILE_KEY, ProfileLocation, Record, Step,
};
use serde_json::Value;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::metrics::Metrics;
use crate::outgoing::{self, Bounds, Fetched, Outgoing, OutgoingError};

/// How long a whole lookup may take.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(15);
/// How many questions to the Ethereum node run at once; others wait. Gateways, which strangers choose and which
/// may be slow, take no turn here.
const CALLS_AT_ONCE: usize = 32;
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

/// The chain could not be asked. What a name's owner did wrong is no such error: that name has no record.
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
    /// It takes too long.
    #[error("looking the name up took too long")]
    Timeout,
}

/// An Ethereum node and the ENS on its chain.
pub struct Chain {
    outgoing: Outgoing,
    rpc_url: Zeroizing<String>,
    registry: Address,
    turns: Semaphore,
    remembered: Mutex<HashMap<EnsName, (Instant, Address)>>,
    metrics: Arc<Metrics>,
}

impl Chain {
    /// Asks the node at `rpc_url` for the ENS at `registry`.
    pub fn new(
        outgoing: Outgoing,
        rpc_url: Zeroizing<String>,
        registry: Address,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            outgoing,
            rpc_url,
            registry,
            turns: Semaphore::new(CALLS_AT_ONCE),
            remembered: Mutex::new(HashMap::new()),
            metrics,
        }
    }

    /// The address of a name; at most half a minute old.
    pub async fn address_of(&self, name: &EnsName) -> Result<Option<Address>, ChainError> {
        if let Some(address) = self.recall(name) {
            return Ok(Some(address));
        }
        let found = self.look_up(name, Record::Address).await?.and_then(Found::into_address);
        if let Some(address) = found {
            self.remember(name, address);
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
            Some(ProfileLocation::Inline(json)) => Some(json),
            Some(ProfileLocation::Link(link)) => {
                let fetched = self.fetch(&link.request()).await;
                fetched.filter(|reply| reply.status == 200).and_then(|reply| link.check(&reply.body).ok())
            }
        })
    }

    async fn look_up(&self, name: &EnsName, record: Record) -> Result<Option<Found>, ChainError> {
        let lookup = Lookup::new(self.registry, name.clone(), record);
        tokio::time::timeout(LOOKUP_TIMEOUT, self.drive(lookup)).await.map_err(|_| ChainError::Timeout)?
    }

    async fn drive(&self, mut lookup: Lookup) -> Result<Option<Found>, ChainError> {
        loop {
            let answer = match lookup.ask() {
                Ask::Call { to, data } => Answer::Call(self.call(Some(*to), data).await?),
                Ask::Fetch(request) => match self.fetch(request).await {
                    Some(reply) => Answer::Fetched(reply),
                    None => Answer::Unreachable,
                },
            };
            match lookup.answer(answer) {
                Ok(Step::Next(next)) => lookup = *next,
                Ok(Step::Done(found)) => return Ok(found),
                Err(error @ LookupError::NoRegistry(_)) => return Err(ChainError::Registry(error)),
                Err(error) => {
                    tracing::debug!(%error, "a name can't be looked up");
                    return Ok(None);
                }
            }
        }
    }

    async fn call(&self, to: Option<Address>, data: &[u8]) -> Result<CallOutcome, ChainError> {
        Ok(parse_eth_call(&self.ask(eth_call_body(to, data)).await?.body)?)
    }

    /// The number of the chain that the Ethereum node serves.
    pub async fn id(&self) -> Result<u64, ChainError> {
        let request = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;
        let reply = self.ask(request.to_owned()).await?;
        let answer: Value = serde_json::from_str(&reply.body).map_err(|_| RpcError::Form)?;
        if let Some(error) = answer.get("error") {
            let message = error.get("message").and_then(Value::as_str).unwrap_or("error");
            return Err(RpcError::Node(message.chars().take(200).collect()).into());
        }
        let digits = answer.get("result").and_then(Value::as_str).and_then(|text| text.strip_prefix("0x"));
        Ok(digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or(RpcError::Form)?)
    }

    async fn ask(&self, body: String) -> Result<HttpResponse, OutgoingError> {
        // The semaphore is never closed, so waiting for a turn can't fail.
        let _turn = self.turns.acquire().await;
        let request = self.outgoing.trusted().post(self.rpc_url.as_str()).body(body);
        let reply = outgoing::send(request, MAX_ANSWER).await;
        self.metrics.went_out("chain", outcome(&reply));
        reply
    }

    /// Asks a gateway or a linked profile's host, which the owner of some name chose.
    async fn fetch(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let body = match request.method {
            Method::Get => None,
            Method::Post => Some(request.body.clone().unwrap_or_default()),
        };
        let bounds = Bounds { bytes: MAX_ANSWER, time: FETCH_TIME, redirects: REDIRECTS };
        let fetched = self.outgoing.fetch(request.url.as_str(), body, bounds).await;
        let reply = fetched.and_then(Fetched::into_text);
        self.metrics.went_out("gateway", outcome(&reply));
        reply.ok()
    }

    fn recall(&self, name: &EnsName) -> Option<Address> {
        let remembered = self.remembered.lock().ok()?;
        remembered.get(name).filter(|(since, _)| since.elapsed() < REMEMBERED).map(|(_, address)| *address)
    }

    fn remember(&self, name: &EnsName, address: Address) {
        let Ok(mut remembered) = self.remembered.lock() else { return };
        if remembered.len() >= REMEMBERED_NAMES {
            remembered.retain(|_, (since, _)| since.elapsed() < REMEMBERED);
        }
        if remembered.len() < REMEMBERED_NAMES {
            remembered.insert(name.clone(), (Instant::now(), address));
        }
    }
}

fn outcome(reply: &Result<HttpResponse, OutgoingError>) -> &'static str {
    match reply {
        Ok(reply) if (200..300).contains(&reply.status) => "answered",
        Ok(_) => "refused",
        Err(_) => "failed",
    }
}
