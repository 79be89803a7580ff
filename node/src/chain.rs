//! Reading ENS through an Ethereum node, driving the core's lookups.

use std::sync::Arc;
use std::time::Duration;

use dm3_core::Said;
use dm3_core::delivery::Amount;
use dm3_core::identity::{Address, EnsName, SignedProfile, VerifiedProfile};
use dm3_core::registry::abi::{Arg, encode_call};
use dm3_core::registry::json_rpc::{RpcError, eth_call_body, parse_eth_call};
use dm3_core::registry::{
    Answer, Ask, CallOutcome, DELIVERY_SERVICE_KEY, DeliveryServiceProfile, Found, Lookup, LookupError,
    PROFILE_KEY, ProfileLocation, ProfileQuestion, Record, Step,
};
use dm3_core::web::{HttpRequest, HttpResponse, Method};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::metrics::Metrics;
use crate::outgoing::{self, Bounds, Fetched, Outgoing, OutgoingError};
use crate::recent::Recent;

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
/// `balanceOf(address)` of ERC-20.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
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
    /// What the owner of a name did wrong, if somebody wants to know.
    #[error(transparent)]
    Name(LookupError),
    /// It takes too long.
    #[error("looking the name up took too long")]
    Timeout,
}

/// An Ethereum node and the ENS on its chain.
pub struct Chain {
    outgoing: Outgoing,
    rpc_url: Zeroizing<String>,
    registry: Address,
    universal_resolver: Option<Address>,
    turns: Semaphore,
    remembered: Recent<EnsName, Address>,
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
            universal_resolver: None,
            turns: Semaphore::new(CALLS_AT_ONCE),
            remembered: Recent::new(REMEMBERED_NAMES, REMEMBERED),
            metrics,
        }
    }

    /// The same, finding names through the chain's universal resolver if it has one.
    pub fn with_universal_resolver(self, universal_resolver: Option<Address>) -> Self {
        Self { universal_resolver, ..self }
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
            // The node has no IPFS gateways.
            None | Some(ProfileLocation::Ipfs(_)) => None,
            Some(ProfileLocation::Inline(json)) => Some(json),
            Some(ProfileLocation::Web(link)) => {
                let fetched = self.fetch(&link.request()).await;
                fetched.filter(|reply| reply.status == 200).and_then(|reply| link.check(&reply.body).ok())
            }
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
        loop {
            let answer = match lookup.ask() {
                Ask::Call { to, data } => Answer::Call(self.call(Some(*to), data).await?),
                Ask::Fetch(request) => match self.fetch(&request.direct).await {
                    Some(reply) => Answer::Fetched(reply),
                    None => Answer::Unreachable,
                },
            };
            match lookup.answer(answer) {
                Ok(Step::Next(next)) => lookup = *next,
                Ok(Step::Done(found)) => return Ok(found),
                Err(error @ LookupError::NoRegistry(_)) => return Err(ChainError::Registry(error)),
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
        let request = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;
        let reply = self.ask(request.to_owned()).await?;
        let answer: Value = serde_json::from_str(&reply.body).map_err(|_| RpcError::Form)?;
        if let Some(error) = answer.get("error") {
            let message = error.get("message").and_then(Value::as_str).unwrap_or("error");
            return Err(RpcError::Node(Said::new(message)).into());
        }
        let digits = answer.get("result").and_then(Value::as_str).and_then(|text| text.strip_prefix("0x"));
        Ok(digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or(RpcError::Form)?)
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
        let data = encode_call(BALANCE_OF, &[Arg::Address(account)]);
        Ok(match self.call(Some(token), &data).await? {
            CallOutcome::Returned(word) if word.len() == 32 => amount(&word),
            CallOutcome::Returned(_) | CallOutcome::Reverted(_) => Amount::from(0),
        })
    }

    async fn number(&self, method: &str, account: Address) -> Result<Amount, ChainError> {
        let params = [account.to_lower_hex(), "latest".to_owned()];
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let reply = self.ask(request.to_string()).await?;
        let answer: Value = serde_json::from_str(&reply.body).map_err(|_| RpcError::Form)?;
        if let Some(error) = answer.get("error") {
            let message = error.get("message").and_then(Value::as_str).unwrap_or("error");
            return Err(RpcError::Node(Said::new(message)).into());
        }
        let digits = answer.get("result").and_then(Value::as_str).and_then(|text| text.strip_prefix("0x"));
        let digits = digits.filter(|digits| (1..=64).contains(&digits.len())).ok_or(RpcError::Form)?;
        let bytes = hex::decode(format!("{digits:0>64}")).map_err(|_| RpcError::Form)?;
        Ok(amount(&bytes))
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
}

/// A number of up to 32 bytes, the most significant first.
fn amount(bytes: &[u8]) -> Amount {
    let mut digits = vec![0_u8];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = u32::from(*digit) * 256 + carry;
            *digit = (value % 10) as u8;
            carry = value / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    let text: String = digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
    // 32 bytes have at most 78 digits, so this is always an amount.
    text.parse().unwrap_or_else(|_| Amount::from(0))
}

fn outcome(reply: &Result<HttpResponse, OutgoingError>) -> &'static str {
    match reply {
        Ok(reply) if (200..300).contains(&reply.status) => "answered",
        Ok(_) => "refused",
        Err(_) => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_chain_become_decimal() {
        assert_eq!(amount(&[]).as_str(), "0");
        assert_eq!(amount(&[0, 0, 255]).as_str(), "255");
        assert_eq!(amount(&[1, 0, 0]).as_str(), "65536");
        assert_eq!(amount(&1_000_000_000_000_000_000_u64.to_be_bytes()).as_str(), "1000000000000000000");
        assert_eq!(
            amount(&[255; 32]).as_str(),
            "115792089237316195423570985008687907853269984665640564039457584007913129639935"
        );
    }
}
