//! Records of names, looked up through chain, gateways and links, and kept for a while.

use futures_util::future::join;

use super::asking::Way;
use super::kept::{KEEP, Kept, KeptCall, MAX_KEPT, MAX_PARENTS, is_believed};
use super::{Directory, FindError};
use crate::delivery::Proxies;
use crate::delivery::blobs::through;
use crate::identity::{Address, EnsName};
use crate::ports::{Chain as _, Clock as _, Http as _, Ipfs as _, Ports, Unreachable};
use crate::registry::abi::Tuple;
use crate::registry::{
    Answer, Ask, CallOutcome, Found, GatewayRequest, Lookup, ProfileLocation, Record, Step, ens,
};
use crate::web::{HttpRequest, HttpResponse, HttpUrl, Outage};

impl<P: Ports> Directory<P> {
    /// The JSON text a record holds or links to.
    pub(super) async fn document(&self, name: &EnsName, key: &str) -> Result<Option<String>, FindError> {
        let Some(text) = self.record(name, Record::Text(key.to_owned())).await?.and_then(Found::into_text)
        else {
            return Ok(None);
        };
        let wrong = |reason| FindError::Record { name: name.clone(), reason };
        match ProfileLocation::parse(&text).map_err(wrong)? {
            ProfileLocation::Inline(json) => Ok(Some(json)),
            ProfileLocation::Web(link) => {
                let request = link.request();
                let proxy = self.discovery.proxies.document.as_ref();
                let through = proxy.map(|proxy| HttpRequest::get(through(proxy, &request.url)));
                let HttpResponse { status, body, .. } = self.reach(&request, through).await?;
                // Only the document itself says something about the profile, not its server's trouble.
                if !(200..=299).contains(&status) {
                    let host = request.url.authority().to_owned();
                    return Err(Unreachable { host, outage: Outage::Status(status) }.into());
                }
                link.check(&body).map(Some).map_err(wrong)
            }
            ProfileLocation::Ipfs(link) => {
                let gateway = self.discovery.proxies.ipfs.as_ref();
                self.ports.ipfs().document(&link, gateway).await?.map(Some).map_err(wrong)
            }
        }
    }

    pub(super) async fn record(&self, name: &EnsName, record: Record) -> Result<Option<Found>, FindError> {
        if let Some(found) = self.kept_record(name, &record) {
            return Ok(Some(found));
        }
        let way = self.asking.way(name, &record, self.ports.clock().now());
        let turn = way.turn().await;
        if turn.is_none()
            && let Some(found) = self.kept_record(name, &record)
        {
            return Ok(Some(found));
        }
        let found = self.ask_record(name, record, &way).await;
        way.end();
        found
    }

    fn kept_record(&self, name: &EnsName, record: &Record) -> Option<Found> {
        let now = self.ports.clock().now();
        let asked =
            |kept: &&Kept| kept.name == *name && kept.record == *record && is_believed(kept.until, now);
        self.kept.borrow().iter().find(asked).map(|kept| kept.found.clone())
    }

    async fn ask_record(
        &self,
        name: &EnsName,
        record: Record,
        way: &Way,
    ) -> Result<Option<Found>, FindError> {
        let now = self.ports.clock().now();
        let (found, keep) = join(self.look_up(name, record.clone()), self.lifetime(name)).await;
        let found = found?;
        // A record is valid without its lifetime; it is only not kept then.
        let keep = keep.unwrap_or(0);
        // What is to be asked anew is not what was asked before that.
        if way.is_over() {
            return Ok(found);
        }
        let mut kept = self.kept.borrow_mut();
        kept.retain(|kept| kept.name != *name || kept.record != record);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        // An absence is asked again at once: people publish their profile while somebody waits for it.
        if let Some(found) = &found {
            kept.push(Kept {
                name: name.clone(),
                record,
                asked: now,
                until: now + keep,
                found: found.clone(),
            });
        }
        Ok(found)
    }

    /// How long the owner of a name lets its records be kept: milliseconds. The names of addresses have no entry of
    /// their own to say so, and an entry that says nothing says zero.
    async fn lifetime(&self, name: &EnsName) -> Result<u64, FindError> {
        if name.carried_address().is_some() || name.is_reverse() {
            return Ok(KEEP);
        }
        let registry = Some(self.discovery.ens_registry);
        let seconds = match self.ports.chain().call(registry, &ens::ttl_call(name)).await? {
            CallOutcome::Returned(data) => Tuple::new(&data).and_then(|tuple| tuple.uint(0)).unwrap_or(0),
            CallOutcome::Reverted(_) => 0,
        };
        Ok(if seconds == 0 { KEEP } else { seconds.saturating_mul(1000).min(KEEP) })
    }

    async fn look_up(&self, name: &EnsName, record: Record) -> Result<Option<Found>, FindError> {
        let mut lookup = match self.discovery.universal_resolver {
            Some(resolver) => Lookup::through(resolver, name.clone(), record),
            None => Lookup::new(self.discovery.ens_registry, name.clone(), record),
        };
        let mut ahead: Option<(Ask, CallOutcome)> = None;
        loop {
            let answer = match lookup.ask() {
                Ask::Call { to, data } => {
                    let known = ahead.take_if(|(asked, _)| asked == lookup.ask());
                    let known = known.map(|(_, outcome)| outcome).or_else(|| self.known_of_parents(&lookup));
                    Answer::Call(match known {
                        Some(outcome) => outcome,
                        None => {
                            // Whoever asks for both at once waits once.
                            let call = self.call(*to, data, lookup.is_about_parents());
                            let (outcome, next) = join(call, self.ask_ahead(&lookup)).await;
                            ahead = next;
                            outcome?
                        }
                    })
                }
                Ask::Fetch(request) => match self.ask_gateway(request).await {
                    Some(response) => Answer::Fetched(response),
                    None => Answer::Unreachable,
                },
            };
            match lookup.answer(answer) {
                Ok(Step::Next(next)) => lookup = *next,
                Ok(Step::Done(found)) => return Ok(found),
                Err(reason) => {
                    // What was kept of its parents may be why.
                    self.parents.borrow_mut().clear();
                    return Err(FindError::Lookup { name: name.clone(), reason });
                }
            }
        }
    }

    /// Asks the chain what most likely is to be asked next.
    async fn ask_ahead(&self, lookup: &Lookup) -> Option<(Ask, CallOutcome)> {
        let next = self.likely_unknown(lookup)?;
        let Ask::Call { to, data } = next.ask() else { return None };
        let outcome = self.call(*to, data, next.is_about_parents()).await.ok()?;
        Some((next.ask().clone(), outcome))
    }

    /// The first of what most likely is asked next that is not known.
    fn likely_unknown(&self, lookup: &Lookup) -> Option<Lookup> {
        let mut next = lookup.likely_next()?;
        while let Some(known) = self.known_of_parents(&next) {
            match next.answer(Answer::Call(known)) {
                Ok(Step::Next(after)) => next = *after,
                Ok(Step::Done(_)) | Err(_) => return None,
            }
        }
        Some(next)
    }

    /// What the chain said a moment ago, if this is about a name's parents.
    fn known_of_parents(&self, lookup: &Lookup) -> Option<CallOutcome> {
        let Ask::Call { to, data } = lookup.ask() else { return None };
        let now = self.ports.clock().now();
        let is_it = |kept: &&KeptCall| kept.to == *to && kept.data == *data && is_believed(kept.until, now);
        let parents = self.parents.borrow();
        parents.iter().filter(|_| lookup.is_about_parents()).find(is_it).map(|kept| kept.outcome.clone())
    }

    /// Asks the chain, and keeps for a while what it says about a name's parents.
    async fn call(
        &self,
        to: Address,
        data: &[u8],
        is_about_parents: bool,
    ) -> Result<CallOutcome, Unreachable> {
        let now = self.ports.clock().now();
        let outcome = self.ports.chain().call(Some(to), data).await?;
        let mut kept = self.parents.borrow_mut();
        kept.retain(|kept| is_believed(kept.until, now));
        if is_about_parents && kept.len() < MAX_PARENTS && matches!(outcome, CallOutcome::Returned(_)) {
            kept.push(KeptCall { to, data: data.to_vec(), until: now + KEEP, outcome: outcome.clone() });
        }
        Ok(outcome)
    }

    /// The node's proxies for a delivery service at `host`, if they can help there: at the node's own host they are as far
    /// away as what they would lead to.
    pub(in crate::session) fn proxies_to(&self, host: &str) -> Option<&Proxies> {
        let node = &self.discovery;
        Some(&node.proxies).filter(|_| node.delivery_service_url.authority() != host)
    }

    /// The one of them for messages.
    pub(in crate::session) fn message_proxy(&self, host: &str) -> Option<&HttpUrl> {
        self.proxies_to(host)?.message.as_ref()
    }

    /// Asks a name gateway: directly, and through the node's proxy if that is not possible from here. Whoever carried
    /// the answer, the contract that sent us there checks it.
    async fn ask_gateway(&self, request: &GatewayRequest) -> Option<HttpResponse> {
        let through = self.discovery.proxies.gateway.as_ref().map(|proxy| request.through(proxy));
        self.reach(&request.direct, through).await.ok()
    }

    /// Sends a request, and if that is not possible from here what leads there through the node's proxy. The proxy's own
    /// trouble, and that of the host behind it, is as if nothing had come.
    async fn reach(
        &self,
        direct: &HttpRequest,
        through: Option<HttpRequest>,
    ) -> Result<HttpResponse, Unreachable> {
        let (http, host) = (self.ports.http(), direct.url.authority());
        let Some(through) = through else { return http.send(direct).await };
        if !self.detours.is_needed(host)
            && let Ok(reply) = http.send(direct).await
        {
            return Ok(reply);
        }
        let reply = match http.send(&through).await {
            Ok(HttpResponse { status: status @ (401 | 403 | 404 | 429 | 500..), .. }) => {
                Err(Unreachable { host: host.to_owned(), outage: Outage::Status(status) })
            }
            reply => reply,
        };
        self.detours.note(host, reply.is_ok());
        reply
    }
}
