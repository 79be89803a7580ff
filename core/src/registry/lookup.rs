//! Looking up one record of one name, without doing any of the asking.
//!
//! ```text
//! registry.resolver(name, parent, …) ─► supportsInterface(ENSIP-10)? ─► record call ─► answer
//!                                                                          │  ▲
//!                                                       OffchainLookup ────┘  │ callback
//!                                                       (EIP-3668)   gateways ┘
//! ```
//!
//! [`Lookup::ask`] says what to do next; [`Lookup::answer`] takes what came of it.

use serde_json::Value;

use super::abi::{AbiError, Arg, Tuple, encode_call, split_selector};
use super::ens;
use crate::delivery::{HttpRequest, HttpResponse, HttpUrl};
use crate::identity::{Address, EnsName};
use crate::seal::json::{canonical, object};

/// How often one lookup may be sent off-chain (EIP-3668 leaves the bound to the client).
const MAX_OFFCHAIN: u8 = 4;
/// How many gateways of a list are tried.
const MAX_GATEWAYS: usize = 8;
/// The longest gateway template, in bytes.
const MAX_TEMPLATE: usize = 2048;
/// The largest gateway reply: 256 KiB as hexadecimal digits and the JSON around them.
const MAX_REPLY: usize = 2 * super::abi::MAX_DATA + 1024;
/// The longest reason of a contract that is passed on, in bytes.
const MAX_REASON: usize = 200;
/// `UnsupportedResolverProfile(bytes4)`: a resolver's way to say that it has no such record.
const UNSUPPORTED_PROFILE: [u8; 4] = [0x7b, 0x1c, 0x46, 0x1b];

/// Which record to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// The Ethereum address of the name.
    Address,
    /// The text record with this key.
    Text(String),
    /// The primary name, of a name made by [`EnsName::reverse_of`]. Whether that name points back to
    /// the address is for the caller to check.
    ReverseName,
}

/// A record that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Of [`Record::Address`]. Never the zero address.
    Address(Address),
    /// Of [`Record::Text`] and [`Record::ReverseName`]. Never empty, at most 256 KiB.
    Text(String),
}

impl Found {
    /// The address, if an address was asked for.
    pub fn into_address(self) -> Option<Address> {
        match self {
            Self::Address(address) => Some(address),
            Self::Text(_) => None,
        }
    }

    /// The text, if a text or a primary name was asked for.
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Address(_) => None,
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// `eth_call` at the latest block.
    Call {
        /// The contract.
        to: Address,
        /// Selector and arguments.
        data: Vec<u8>,
    },
    /// Fetch from a gateway.
    Fetch(HttpRequest),
}

/// What came of an `eth_call` that reached the chain. If it did not, there is no answer to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// The contract returned; no bytes at all if there is no contract.
    Returned(Vec<u8>),
    /// The contract reverted, with the data of its error.
    Reverted(Vec<u8>),
}

/// What came of an [`Ask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Ask::Call`].
    Call(CallOutcome),
    /// To [`Ask::Fetch`], with any status.
    Fetched(HttpResponse),
    /// To [`Ask::Fetch`], if nothing came back.
    Unreachable,
}

/// What follows from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// There is more to ask.
    Next(Box<Lookup>),
    /// The record, or `None` if the name has none.
    Done(Option<Found>),
}

/// Why a lookup failed. An absent record is no failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The chain has no ENS registry where it was said to be.
    #[error("there is no ENS registry at {0} on this chain; check the network and the registry's address")]
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
        reason: String,
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

/// A lookup under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    registry: Address,
    name: EnsName,
    record: Record,
    state: State,
    ask: Ask,
    offchain_left: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// The registry was asked for the resolver of `at`: the name or one of its parents.
    Resolver { at: EnsName },
    /// A resolver was asked whether it knows ENSIP-10.
    Wildcard { resolver: Address, exact: bool },
    /// The record was asked for, directly or through `resolve`, or a callback brings it.
    Record(RecordCall),
    /// Gateways are asked, the last of the list first.
    Gateway { call: RecordCall, lookup: OffchainLookup, gateways: Vec<HttpRequest> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct RecordCall {
    to: Address,
    /// The answer is wrapped in one more `bytes`.
    wrapped: bool,
    /// The gateway's answer, which the call passes on, said that there is no such record.
    gateway_has_none: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OffchainLookup {
    callback: [u8; 4],
    extra: Vec<u8>,
}

impl Lookup {
    /// Begins to look up `record` of `name` in the ENS of `registry`.
    pub fn new(registry: Address, name: EnsName, record: Record) -> Self {
        let ask = Ask::Call { to: registry, data: ens::resolver_call(&name) };
        let state = State::Resolver { at: name.clone() };
        Self { registry, name, record, state, ask, offchain_left: MAX_OFFCHAIN }
    }

    /// What to do next.
    pub const fn ask(&self) -> &Ask {
        &self.ask
    }

    /// Takes what came of [`Self::ask`].
    pub fn answer(mut self, answer: Answer) -> Result<Step, LookupError> {
        let state = std::mem::replace(&mut self.state, State::Resolver { at: self.name.clone() });
        match (state, answer) {
            (State::Resolver { at }, Answer::Call(outcome)) => self.resolver_answered(at, outcome),
            (State::Wildcard { resolver, exact }, Answer::Call(outcome)) => {
                self.wildcard_answered(resolver, exact, &outcome)
            }
            (State::Record(call), Answer::Call(outcome)) => self.record_answered(call, outcome),
            (State::Gateway { call, lookup, gateways }, Answer::Fetched(reply)) => {
                self.gateway_answered(call, lookup, gateways, &reply)
            }
            (State::Gateway { call, lookup, gateways }, Answer::Unreachable) => {
                self.next_gateway(call, lookup, gateways, GatewayFault::Unreachable)
            }
            _ => Err(LookupError::Mismatch),
        }
    }

    fn resolver_answered(self, at: EnsName, outcome: CallOutcome) -> Result<Step, LookupError> {
        let CallOutcome::Returned(data) = outcome else {
            return Err(LookupError::NoRegistry(self.registry));
        };
        if data.is_empty() {
            return Err(LookupError::NoRegistry(self.registry));
        }
        let resolver = Tuple::new(&data)
            .and_then(|tuple| tuple.address(0))
            .map_err(|error| LookupError::Garbled { contract: self.registry, error })?;
        if resolver != Address::ZERO {
            let exact = at == self.name;
            let ask = Ask::Call { to: resolver, data: ens::supports_wildcard_call() };
            return self.next(State::Wildcard { resolver, exact }, ask);
        }
        match at.parent() {
            Some(parent) => {
                let ask = Ask::Call { to: self.registry, data: ens::resolver_call(&parent) };
                self.next(State::Resolver { at: parent }, ask)
            }
            None => Ok(Step::Done(None)),
        }
    }

    fn wildcard_answered(self, to: Address, exact: bool, outcome: &CallOutcome) -> Result<Step, LookupError> {
        // Resolvers older than EIP-165 revert or return nothing: they don't know the interface.
        let wrapped = match outcome {
            CallOutcome::Returned(data) => Tuple::new(data).and_then(|t| t.boolean(0)).unwrap_or(false),
            CallOutcome::Reverted(_) => false,
        };
        if !wrapped && !exact {
            return Ok(Step::Done(None));
        }
        let call = match &self.record {
            Record::Address => ens::addr_call(&self.name),
            Record::Text(key) => ens::text_call(&self.name, key),
            Record::ReverseName => ens::name_call(&self.name),
        };
        let data = if wrapped { ens::resolve_call(&self.name, &call) } else { call };
        self.next(State::Record(RecordCall { to, wrapped, gateway_has_none: false }), Ask::Call { to, data })
    }

    fn record_answered(self, call: RecordCall, outcome: CallOutcome) -> Result<Step, LookupError> {
        let contract = call.to;
        match outcome {
            CallOutcome::Returned(data) => self
                .decode(&data, call.wrapped)
                .map(Step::Done)
                .map_err(|error| LookupError::Garbled { contract, error }),
            CallOutcome::Reverted(data) => match split_selector(&data) {
                Ok((ens::OFFCHAIN_LOOKUP, error)) => self.send_offchain(call, error),
                Err(_) | Ok((UNSUPPORTED_PROFILE, _)) => Ok(Step::Done(None)),
                // dm3's deployed verifier can't pass an empty answer on and reverts.
                Ok(_) if call.gateway_has_none => Ok(Step::Done(None)),
                Ok((selector, error)) => {
                    Err(LookupError::Refused { contract, reason: reason_of(selector, error) })
                }
            },
        }
    }

    fn decode(&self, data: &[u8], wrapped: bool) -> Result<Option<Found>, AbiError> {
        if data.is_empty() {
            return Ok(None);
        }
        let inner = if wrapped { Tuple::new(data)?.bytes(0)? } else { data };
        if inner.is_empty() {
            return Ok(None);
        }
        let tuple = Tuple::new(inner)?;
        Ok(match self.record {
            Record::Address => {
                let address = tuple.address(0)?;
                (address != Address::ZERO).then_some(Found::Address(address))
            }
            Record::Text(_) | Record::ReverseName => {
                let text = tuple.string(0)?;
                (!text.is_empty()).then(|| Found::Text(text.to_owned()))
            }
        })
    }

    fn send_offchain(mut self, call: RecordCall, error: &[u8]) -> Result<Step, LookupError> {
        let contract = call.to;
        self.offchain_left =
            self.offchain_left.checked_sub(1).ok_or(LookupError::TooManyLookups(contract))?;
        let garbled = |error| LookupError::Garbled { contract, error };
        let tuple = Tuple::new(error).map_err(garbled)?;
        if tuple.address(0).map_err(garbled)? != contract {
            return Err(LookupError::ForeignSender(contract));
        }
        let templates = tuple.strings(1).map_err(garbled)?;
        let data = tuple.bytes(2).map_err(garbled)?;
        let lookup = OffchainLookup {
            callback: tuple.bytes4(3).map_err(garbled)?,
            extra: tuple.bytes(4).map_err(garbled)?.to_vec(),
        };
        let mut gateways: Vec<_> = templates
            .into_iter()
            .filter_map(|template| gateway_request(template, contract, data))
            .take(MAX_GATEWAYS)
            .collect();
        gateways.reverse();
        match gateways.last().cloned() {
            Some(first) => self.next(State::Gateway { call, lookup, gateways }, Ask::Fetch(first)),
            None => Err(LookupError::NoGateway(contract)),
        }
    }

    fn gateway_answered(
        self,
        call: RecordCall,
        lookup: OffchainLookup,
        gateways: Vec<HttpRequest>,
        reply: &HttpResponse,
    ) -> Result<Step, LookupError> {
        match reply.status {
            200..=299 => {}
            // EIP-3668: the request itself is refused, so no other gateway is asked.
            status @ 400..=499 => return Err(gateway_error(&gateways, GatewayFault::Status(status))),
            status => return self.next_gateway(call, lookup, gateways, GatewayFault::Status(status)),
        }
        let Some(response) = reply_data(&reply.body) else {
            return self.next_gateway(call, lookup, gateways, GatewayFault::Body);
        };
        let gateway_has_none = Tuple::new(&response).and_then(|t| t.bytes(0)).is_ok_and(<[u8]>::is_empty);
        let data = encode_call(lookup.callback, &[Arg::Bytes(&response), Arg::Bytes(&lookup.extra)]);
        let ask = Ask::Call { to: call.to, data };
        self.next(State::Record(RecordCall { gateway_has_none, ..call }), ask)
    }

    fn next_gateway(
        self,
        call: RecordCall,
        lookup: OffchainLookup,
        mut gateways: Vec<HttpRequest>,
        fault: GatewayFault,
    ) -> Result<Step, LookupError> {
        let error = gateway_error(&gateways, fault);
        gateways.pop();
        match gateways.last().cloned() {
            Some(next) => self.next(State::Gateway { call, lookup, gateways }, Ask::Fetch(next)),
            None => Err(error),
        }
    }

    fn next(mut self, state: State, ask: Ask) -> Result<Step, LookupError> {
        self.state = state;
        self.ask = ask;
        Ok(Step::Next(Box::new(self)))
    }
}

/// The request that a gateway template stands for; `None` if it may not be called.
fn gateway_request(template: &str, sender: Address, data: &[u8]) -> Option<HttpRequest> {
    if template.len() > MAX_TEMPLATE {
        return None;
    }
    let sender = sender.to_lower_hex();
    let data = format!("0x{}", hex::encode(data));
    let url: HttpUrl = template.replace("{sender}", &sender).replace("{data}", &data).parse().ok()?;
    Some(if template.contains("{data}") {
        HttpRequest::get(url)
    } else {
        HttpRequest::post(url, canonical(&object(vec![("data", data.into()), ("sender", sender.into())])))
    })
}

fn gateway_error(gateways: &[HttpRequest], fault: GatewayFault) -> LookupError {
    let gateway = gateways.last().map(|request| request.url.authority().to_owned()).unwrap_or_default();
    LookupError::Gateway { gateway, fault }
}

/// The bytes in a gateway's `{"data":"0x…"}`.
fn reply_data(body: &str) -> Option<Vec<u8>> {
    if body.len() > MAX_REPLY {
        return None;
    }
    let reply: Value = serde_json::from_str(body).ok()?;
    hex::decode(reply.get("data")?.as_str()?.strip_prefix("0x")?).ok()
}

/// A contract's error in words: the text of `Error(string)`, else its selector.
fn reason_of(selector: [u8; 4], error: &[u8]) -> String {
    if selector == ens::ERROR_STRING
        && let Ok(text) = Tuple::new(error).and_then(|tuple| tuple.string(0))
    {
        let printable = text.chars().filter(|c| !c.is_control());
        return printable
            .scan(0, |len, c| (*len < MAX_REASON).then(|| (*len += c.len_utf8(), c).1))
            .collect();
    }
    format!("error 0x{}", hex::encode(selector))
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
