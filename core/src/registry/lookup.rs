//! Looking up one record of one name, without doing any of the asking.
//!
//! ```text
//! registry.resolver(name, parent, …) ─► supportsInterface(ENSIP-10)? ─┐
//! universal resolver, where there is one (ENSIP-23) ──────────────────┴─► record call ─► answer
//!                                                                          │  ▲
//!                                                       OffchainLookup ────┘  │ callback
//!                                                       (EIP-3668)   gateways ┘
//! ```
//!
//! [`Lookup::ask`] says what to do next; [`Lookup::answer`] takes what came of it.

use super::abi::{AbiError, Arg, Tuple, encode_call, split_selector};
use super::ens;
use super::lookup_error::LookupError;
use super::offchain::{GatewayRequest, Offchain};
use crate::identity::{Address, EnsName};
use crate::said::Said;
use crate::web::HttpResponse;

/// How often one lookup may be sent off-chain (EIP-3668 leaves the bound to the client).
const MAX_OFFCHAIN: u8 = 4;
/// The coin type of Ethereum (SLIP-44).
const ETHEREUM: u64 = 60;

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
    Fetch(GatewayRequest),
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
    /// Gateways are asked.
    Gateway { call: RecordCall, lookup: Offchain },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct RecordCall {
    to: Address,
    /// The answer is wrapped in one more `bytes`.
    wrapped: bool,
    /// The universal resolver is called, which wraps the errors of resolvers.
    universal: bool,
    /// The gateway's answer, which the call passes on, said that there is no such record.
    gateway_has_none: bool,
    /// What became of a gateway whose failure the call passes on.
    gateway_failed: Option<Box<LookupError>>,
}

impl RecordCall {
    const fn new(to: Address, wrapped: bool, universal: bool) -> Self {
        Self { to, wrapped, universal, gateway_has_none: false, gateway_failed: None }
    }
}

impl Lookup {
    /// Begins to look up `record` of `name` in the ENS of `registry`.
    pub fn new(registry: Address, name: EnsName, record: Record) -> Self {
        let ask = Ask::Call { to: registry, data: ens::resolver_call(&name) };
        let state = State::Resolver { at: name.clone() };
        Self { registry, name, record, state, ask, offchain_left: MAX_OFFCHAIN }
    }

    /// Begins to look up `record` of `name` through a universal resolver (ENSIP-23), which does the walk in one call.
    pub fn through(universal_resolver: Address, name: EnsName, record: Record) -> Self {
        let data = match &record {
            Record::ReverseName => {
                // Made by `EnsName::reverse_of`, so its first label is an address without 0x.
                let label = name.labels().next().unwrap_or_default();
                let address = hex::decode(label).unwrap_or_default();
                encode_call(ens::REVERSE, &[Arg::Bytes(&address), Arg::Uint(ETHEREUM)])
            }
            _ => ens::resolve_call(&name, &record_call(&name, &record)),
        };
        let call = RecordCall::new(universal_resolver, record != Record::ReverseName, true);
        Self {
            registry: universal_resolver,
            name,
            record,
            state: State::Record(call),
            ask: Ask::Call { to: universal_resolver, data },
            offchain_left: MAX_OFFCHAIN,
        }
    }

    /// What to do next.
    pub const fn ask(&self) -> &Ask {
        &self.ask
    }

    /// Whether [`Self::ask`] is about parents of the name, which other names have, too: which resolver there is, and whether
    /// it answers for names below its own.
    pub fn is_about_parents(&self) -> bool {
        match &self.state {
            State::Resolver { at } => *at != self.name,
            State::Wildcard { exact, .. } => !exact,
            State::Record(_) | State::Gateway { .. } => false,
        }
    }

    /// What most likely comes next, as far as that can be told before [`Self::ask`] is answered: names of addresses have no
    /// resolver of their own; resolvers know ENSIP-10 where they are to answer for names below their own, and mostly do not
    /// elsewhere.
    pub fn likely_next(&self) -> Option<Self> {
        let is_yes = match &self.state {
            State::Resolver { at } if *at != self.name => return None,
            State::Resolver { .. } if self.name.carried_address().is_none() && !self.name.is_reverse() => {
                return None;
            }
            State::Resolver { .. } => false,
            State::Wildcard { exact, .. } => !exact,
            State::Record(_) | State::Gateway { .. } => return None,
        };
        let mut word = vec![0; 32];
        word[31] = u8::from(is_yes);
        match self.clone().answer(Answer::Call(CallOutcome::Returned(word))) {
            Ok(Step::Next(next)) => Some(*next),
            Ok(Step::Done(_)) | Err(_) => None,
        }
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
            (State::Gateway { call, lookup }, Answer::Fetched(reply)) => {
                self.gateway_answered(call, lookup, Some(&reply))
            }
            (State::Gateway { call, lookup }, Answer::Unreachable) => {
                self.gateway_answered(call, lookup, None)
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
        let call = record_call(&self.name, &self.record);
        let data = if wrapped { ens::resolve_call(&self.name, &call) } else { call };
        self.next(State::Record(RecordCall::new(to, wrapped, false)), Ask::Call { to, data })
    }

    fn record_answered(self, call: RecordCall, outcome: CallOutcome) -> Result<Step, LookupError> {
        let contract = call.to;
        match outcome {
            CallOutcome::Returned(data) if data.is_empty() && call.universal => {
                Err(LookupError::NoRegistry(contract))
            }
            CallOutcome::Returned(data) => self
                .decode(&data, call.wrapped)
                .map(Step::Done)
                .map_err(|error| LookupError::Garbled { contract, error }),
            CallOutcome::Reverted(data) => self.record_refused(call, &data),
        }
    }

    fn record_refused(self, call: RecordCall, data: &[u8]) -> Result<Step, LookupError> {
        let contract = call.to;
        let Ok((selector, error)) = split_selector(data) else { return Ok(Step::Done(None)) };
        match selector {
            ens::OFFCHAIN_LOOKUP => self.send_offchain(call, error),
            ens::RESOLVER_ERROR if call.universal => {
                let inner = Tuple::new(error).and_then(|tuple| tuple.bytes(0));
                let inner = inner.map_err(|error| LookupError::Garbled { contract, error })?;
                self.record_refused(RecordCall { universal: false, ..call }, inner)
            }
            ens::UNSUPPORTED_PROFILE
            | ens::RESOLVER_NOT_FOUND
            | ens::RESOLVER_NOT_CONTRACT
            | ens::REVERSE_ADDRESS_MISMATCH => Ok(Step::Done(None)),
            // dm3's deployed verifier can't pass an empty answer on and reverts.
            _ if call.gateway_has_none => Ok(Step::Done(None)),
            selector => match call.gateway_failed {
                Some(failure) => Err(*failure),
                None => Err(LookupError::Refused { contract, reason: reason_of(selector, error) }),
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
        self.offchain_left = self.offchain_left.checked_sub(1).ok_or(LookupError::TooManyLookups(call.to))?;
        let lookup = Offchain::parse(call.to, error)?;
        self.ask_gateways(call, lookup)
    }

    fn gateway_answered(
        self,
        call: RecordCall,
        mut lookup: Offchain,
        reply: Option<&HttpResponse>,
    ) -> Result<Step, LookupError> {
        lookup.answered(reply)?;
        self.ask_gateways(call, lookup)
    }

    fn ask_gateways(self, call: RecordCall, lookup: Offchain) -> Result<Step, LookupError> {
        if let Some(request) = lookup.request().cloned() {
            return self.next(State::Gateway { call, lookup }, Ask::Fetch(request));
        }
        let ask = Ask::Call { to: call.to, data: lookup.callback() };
        let call = RecordCall {
            gateway_has_none: lookup.has_none,
            gateway_failed: lookup.failure.map(Box::new),
            ..call
        };
        self.next(State::Record(call), ask)
    }

    fn next(mut self, state: State, ask: Ask) -> Result<Step, LookupError> {
        self.state = state;
        self.ask = ask;
        Ok(Step::Next(Box::new(self)))
    }
}

fn record_call(name: &EnsName, record: &Record) -> Vec<u8> {
    match record {
        Record::Address => ens::addr_call(name),
        Record::Text(key) => ens::text_call(name, key),
        Record::ReverseName => ens::name_call(name),
    }
}

/// A contract's error in words: the text of `Error(string)`, else its selector.
fn reason_of(selector: [u8; 4], error: &[u8]) -> Said {
    if selector == ens::ERROR_STRING
        && let Ok(text) = Tuple::new(error).and_then(|tuple| tuple.string(0))
    {
        return Said::new(text);
    }
    Said::new(&format!("error 0x{}", hex::encode(selector)))
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
