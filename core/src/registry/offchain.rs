//! Lookups that a contract sends off-chain (EIP-3668), several at once if it is a batch (ENSIP-21).

use super::abi::{AbiError, Arg, MAX_DATA, Tuple, encode, encode_call, split_selector};
use super::ens;
use super::lookup_error::{GatewayFault, LookupError};
use crate::identity::Address;
use crate::seal::json::{self, canonical, object};
use crate::web::{HttpRequest, HttpResponse, HttpUrl};

/// How many gateways of a list are tried.
const MAX_GATEWAYS: usize = 8;
/// The longest gateway template, in bytes.
const MAX_TEMPLATE: usize = 2048;
/// The largest gateway reply: 256 KiB as hexadecimal digits and the JSON around them.
const MAX_REPLY: usize = 2 * MAX_DATA + 1024;
/// In a list of gateways: the client may put the questions of a batch itself, each to its own gateways.
const LOCAL_BATCH: &str = "x-batch-gateway:true";

/// The questions of one `OffchainLookup`, and what came of those that were put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offchain {
    contract: Address,
    callback: [u8; 4],
    extra: Vec<u8>,
    /// The answers go back as a list.
    batch: bool,
    /// For each question the gateways that are left, the last first; the last question is put first.
    questions: Vec<Vec<GatewayRequest>>,
    /// To each question that was put: whether it failed, and the answer or the error's data.
    answers: Vec<(bool, Vec<u8>)>,
    /// An answer said that there is no such record.
    pub(super) has_none: bool,
    /// What became of the last question of a batch that failed.
    pub(super) failure: Option<LookupError>,
}

impl Offchain {
    /// Reads the arguments of the error `OffchainLookup` of a contract.
    pub(super) fn parse(contract: Address, error: &[u8]) -> Result<Self, LookupError> {
        let garbled = |error| LookupError::Garbled { contract, error };
        let tuple = Tuple::new(error).map_err(garbled)?;
        if tuple.address(0).map_err(garbled)? != contract {
            return Err(LookupError::ForeignSender(contract));
        }
        let templates = tuple.strings(1).map_err(garbled)?;
        let data = tuple.bytes(2).map_err(garbled)?;
        let batch = templates.contains(&LOCAL_BATCH);
        let mut questions =
            if batch { batch_of(data).map_err(garbled)? } else { vec![gateways(&templates, contract, data)] };
        if !batch && questions.iter().any(Vec::is_empty) {
            return Err(LookupError::NoGateway(contract));
        }
        questions.reverse();
        let mut lookup = Self {
            contract,
            callback: tuple.bytes4(3).map_err(garbled)?,
            extra: tuple.bytes(4).map_err(garbled)?.to_vec(),
            batch,
            questions,
            answers: Vec::new(),
            has_none: false,
            failure: None,
        };
        lookup.skip_unanswerable();
        Ok(lookup)
    }

    /// What to fetch now; nothing if all questions were put.
    pub(super) fn request(&self) -> Option<&GatewayRequest> {
        self.questions.last()?.last()
    }

    /// Takes what came of [`Self::request`]. A failure ends the lookup, or is one answer of a batch.
    pub(super) fn answered(&mut self, reply: Option<&HttpResponse>) -> Result<(), LookupError> {
        let Some(gateways) = self.questions.last_mut() else { return Ok(()) };
        let gateway =
            gateways.pop().map(|request| request.direct.url.authority().to_owned()).unwrap_or_default();
        let fault = match reply {
            None => GatewayFault::Unreachable,
            Some(HttpResponse { status: 200..=299, body, .. }) => match reply_data(body) {
                Some(answer) => {
                    self.has_none |= Tuple::new(&answer).and_then(|t| t.bytes(0)).is_ok_and(<[u8]>::is_empty);
                    self.close(false, answer);
                    return Ok(());
                }
                None => GatewayFault::Body,
            },
            Some(HttpResponse { status, .. }) => GatewayFault::Status(*status),
        };
        // EIP-3668: with 4xx the question itself is refused, so no other gateway is asked.
        if !gateways.is_empty() && !matches!(fault, GatewayFault::Status(400..=499)) {
            return Ok(());
        }
        let failure = LookupError::Gateway { gateway, fault };
        if !self.batch {
            return Err(failure);
        }
        let error = match fault {
            GatewayFault::Status(status) => {
                encode_call(ens::HTTP_ERROR, &[Arg::Uint(status.into()), Arg::Bytes(b"")])
            }
            _ => encode_call(ens::ERROR_STRING, &[Arg::Bytes(fault.to_string().as_bytes())]),
        };
        self.failure = Some(failure);
        self.close(true, error);
        Ok(())
    }

    /// The call that brings all answers to the contract.
    pub(super) fn callback(&self) -> Vec<u8> {
        let answers: Vec<&[u8]> = self.answers.iter().map(|(_, answer)| answer.as_slice()).collect();
        let response = match answers.first() {
            Some(answer) if !self.batch => (*answer).to_vec(),
            _ => {
                let failures: Vec<u64> = self.answers.iter().map(|(failed, _)| u64::from(*failed)).collect();
                encode(&[Arg::Uints(&failures), Arg::List(&answers)])
            }
        };
        encode_call(self.callback, &[Arg::Bytes(&response), Arg::Bytes(&self.extra)])
    }

    fn close(&mut self, failed: bool, answer: Vec<u8>) {
        self.answers.push((failed, answer));
        self.questions.pop();
        self.skip_unanswerable();
    }

    /// Questions of a batch that list no gateway that may be called fail at once.
    fn skip_unanswerable(&mut self) {
        while self.questions.last().is_some_and(Vec::is_empty) {
            let failure = LookupError::NoGateway(self.contract);
            let error = encode_call(ens::ERROR_STRING, &[Arg::Bytes(failure.to_string().as_bytes())]);
            self.failure = Some(failure);
            self.answers.push((true, error));
            self.questions.pop();
        }
    }
}

/// The questions in `query((address sender, string[] urls, bytes data)[])`, as gateways to ask.
fn batch_of(data: &[u8]) -> Result<Vec<Vec<GatewayRequest>>, AbiError> {
    let (selector, args) = split_selector(data)?;
    if selector != ens::BATCH_QUERY {
        return Err(AbiError::Dirty);
    }
    let question = |tuple: Tuple<'_>| Ok(gateways(&tuple.strings(1)?, tuple.address(0)?, tuple.bytes(2)?));
    Tuple::new(args)?.tuples(0)?.into_iter().map(question).collect()
}

/// The requests that a list of templates stands for, the first at the end; what may not be called is left out.
fn gateways(templates: &[&str], sender: Address, data: &[u8]) -> Vec<GatewayRequest> {
    let request = |template: &&str| GatewayRequest::new(template, sender, data);
    let mut gateways: Vec<_> = templates.iter().filter_map(request).take(MAX_GATEWAYS).collect();
    gateways.reverse();
    gateways
}

/// A question for a name gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRequest {
    /// How the gateway itself is asked.
    pub direct: HttpRequest,
    template: String,
    /// `{data, sender}` as JSON text.
    question: String,
}

impl GatewayRequest {
    /// The request that a gateway template stands for; `None` if it may not be called.
    fn new(template: &str, sender: Address, data: &[u8]) -> Option<Self> {
        if template.len() > MAX_TEMPLATE {
            return None;
        }
        let sender = sender.to_lower_hex();
        let data = format!("0x{}", hex::encode(data));
        let url: HttpUrl = template.replace("{sender}", &sender).replace("{data}", &data).parse().ok()?;
        let question = canonical(&object(vec![("data", data.into()), ("sender", sender.into())]));
        let direct = if template.contains("{data}") {
            HttpRequest::get(url)
        } else {
            HttpRequest::post(url, question.clone())
        };
        Some(Self { direct, template: template.to_owned(), question })
    }

    /// The same question through a node's proxy ([`crate::delivery::Proxies::gateway`]), whose answer is checked no
    /// less: the contract that sent us here verifies it.
    pub fn through(&self, proxy: &HttpUrl) -> HttpRequest {
        HttpRequest::post(proxy.clone().with_parameter("url", &self.template), self.question.clone())
    }
}

/// The bytes in a gateway's `{"data":"0x…"}`.
fn reply_data(body: &str) -> Option<Vec<u8>> {
    if body.len() > MAX_REPLY {
        return None;
    }
    let reply = json::parse(body)?;
    hex::decode(reply.get("data")?.as_str()?.strip_prefix("0x")?).ok()
}
