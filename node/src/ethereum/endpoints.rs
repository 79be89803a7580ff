//! The Ethereum nodes that this server asks: the first that is well, and how many calls a day they are asked.
//!
//! ```text
//! call ─▶ [spent for today?] ─▶ each endpoint, those that rest last ─▶ [serves our chain?] ─▶ answered
//!                                      └─ fails, refuses for its own sake, serves another chain: rests, and the next
//! ```
//!
//! What a call itself is answered – reverted, out of gas, too large – says nothing against an endpoint, since strangers
//! choose what is called.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dm3_core::web::HttpResponse;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::machine::clock::now_seconds;
use crate::monitoring::metrics::Metrics;
use crate::outgoing::{self, Outgoing, OutgoingError};

/// How long an endpoint is left that failed.
const REST: Duration = Duration::from_secs(30);
/// How long it is believed that an endpoint serves the chain it said.
const BELIEVED: Duration = Duration::from_secs(300);
/// The longest answer to the question for its chain, in bytes.
const MAX_ID_ANSWER: usize = 10_000;
/// What asks an endpoint for its chain.
const CHAIN_ID: &str = r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#;
/// Errors of JSON-RPC that are about the endpoint (EIP-1474): it is not available, or was asked too much.
const OWN_FAULTS: [i64; 2] = [-32002, -32005];
const DAY: u64 = 24 * 60 * 60;

/// Where the chain is read.
pub struct Endpoints {
    outgoing: Outgoing,
    endpoints: Vec<Endpoint>,
    chain_id: u64,
    /// Calls a day; 0 for any number.
    most: u64,
    spent: Mutex<Spent>,
    metrics: Arc<Metrics>,
}

struct Endpoint {
    url: Zeroizing<String>,
    state: Mutex<State>,
}

#[derive(Default, Clone, Copy)]
struct State {
    rests_until: Option<Instant>,
    believed_until: Option<Instant>,
}

/// Calls of a day, counted since 1970.
#[derive(Default)]
struct Spent {
    day: u64,
    calls: u64,
}

impl Spent {
    /// One more call, if that is not more than `most` on this day.
    fn take(&mut self, day: u64, most: u64) -> bool {
        if self.day != day {
            *self = Self { day, calls: 0 };
        }
        if most > 0 && self.calls >= most {
            return false;
        }
        self.calls += 1;
        true
    }
}

impl Endpoints {
    /// Asks those at `urls`, the first before the others, for the chain `chain_id`, at most `most` calls a day (0: any
    /// number).
    pub fn new(
        outgoing: Outgoing,
        urls: &[Zeroizing<String>],
        chain_id: u64,
        most: u64,
        metrics: Arc<Metrics>,
    ) -> Self {
        let endpoints =
            urls.iter().map(|url| Endpoint { url: url.clone(), state: Mutex::default() }).collect();
        Self { outgoing, endpoints, chain_id, most, spent: Mutex::default(), metrics }
    }

    /// A JSON-RPC call, whose answer has at most `max` bytes.
    ///
    /// # Errors
    /// [`OutgoingError`] of the last endpoint that was asked, or [`OutgoingError::Spent`].
    pub async fn ask(&self, body: &str, max: usize) -> Result<HttpResponse, OutgoingError> {
        let mut last = Err(OutgoingError::Busy);
        for endpoint in self.in_order() {
            if self.endpoints.len() > 1 && !endpoint.is_believed() {
                match self.send(endpoint, CHAIN_ID, MAX_ID_ANSWER).await {
                    Ok(reply) if chain_id_of(&reply) == Some(self.chain_id) => endpoint.believe(),
                    Ok(reply) if is_well(&reply) => {
                        self.metrics.went_out("chain", "other_chain");
                        endpoint.rest();
                        last = Err(OutgoingError::OtherChain);
                        continue;
                    }
                    Err(OutgoingError::Spent) => return Err(OutgoingError::Spent),
                    failed => {
                        endpoint.rest();
                        last = failed;
                        continue;
                    }
                }
            }
            last = self.send(endpoint, body, max).await;
            match &last {
                Ok(reply) if is_well(reply) => return last,
                // The same anywhere.
                Err(OutgoingError::TooLarge | OutgoingError::Spent) => return last,
                _ => endpoint.rest(),
            }
        }
        last
    }

    /// Those that are well first, then those that have rested longest: somebody must be asked.
    fn in_order(&self) -> Vec<&Endpoint> {
        let now = Instant::now();
        let mut order: Vec<_> = self
            .endpoints
            .iter()
            .map(|endpoint| (endpoint.state().rests_until.filter(|until| *until > now), endpoint))
            .collect();
        order.sort_by_key(|(rests_until, _)| *rests_until);
        order.into_iter().map(|(_, endpoint)| endpoint).collect()
    }

    async fn send(&self, endpoint: &Endpoint, body: &str, max: usize) -> Result<HttpResponse, OutgoingError> {
        let taken = {
            let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = spent.take(now_seconds() / DAY, self.most);
            self.metrics.set_chain_calls(spent.calls);
            taken
        };
        if !taken {
            self.metrics.went_out("chain", "spent");
            self.metrics.refused("chain_calls");
            return Err(OutgoingError::Spent);
        }
        let request = self.outgoing.trusted().post(endpoint.url.as_str()).body(body.to_owned());
        let reply = outgoing::send(request, max).await;
        self.metrics.went_out("chain", outgoing::outcome(&reply));
        reply
    }
}

impl Endpoint {
    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_believed(&self) -> bool {
        self.state().believed_until.is_some_and(|until| until > Instant::now())
    }

    fn believe(&self) {
        let state = State { rests_until: None, believed_until: Some(Instant::now() + BELIEVED) };
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Leaves it for a while; then it is asked for its chain anew.
    fn rest(&self) {
        let state = State { rests_until: Some(Instant::now() + REST), believed_until: None };
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// Of an answer, what says whether the endpoint is well.
#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    error: Option<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    code: i64,
}

/// Whether an endpoint did what it is for, whatever came of the call.
fn is_well(reply: &HttpResponse) -> bool {
    let own_fault = |reply: Reply| reply.error.is_some_and(|fault| OWN_FAULTS.contains(&fault.code));
    match serde_json::from_str::<Reply>(&reply.body) {
        Ok(answer) => reply.status <= 400 && !own_fault(answer),
        Err(_) => false,
    }
}

fn chain_id_of(reply: &HttpResponse) -> Option<u64> {
    let answer: serde_json::Value = serde_json::from_str(&reply.body).ok()?;
    u64::from_str_radix(answer.get("result")?.as_str()?.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, body: body.into(), retry_after: None }
    }

    #[test]
    fn what_strangers_call_says_nothing_against_an_endpoint() {
        for body in [
            r#"{"id":1,"result":"0x"}"#,
            r#"{"id":1,"error":{"code":3,"message":"execution reverted","data":"0x"}}"#,
            r#"{"id":1,"error":{"code":-32000,"message":"out of gas"}}"#,
            r#"{"id":1,"error":{"message":"no code"}}"#,
        ] {
            assert!(is_well(&reply(200, body)), "{body}");
        }
        assert!(is_well(&reply(400, r#"{"error":{"code":-32602}}"#)));
        assert!(!is_well(&reply(200, r#"{"error":{"code":-32005,"message":"limit exceeded"}}"#)));
        for status in [401, 403, 429, 500, 503] {
            assert!(!is_well(&reply(status, r#"{"error":{"code":1}}"#)), "{status}");
        }
        assert!(!is_well(&reply(200, "<html>")));
    }

    #[test]
    fn a_day_has_so_many_calls_and_the_next_one_as_many() {
        let mut spent = Spent::default();
        assert!(spent.take(1, 2) && spent.take(1, 2) && !spent.take(1, 2));
        assert!(spent.take(2, 2));
        assert!((0..1000).all(|_| spent.take(2, 0)), "0 is no limit");
    }
}
