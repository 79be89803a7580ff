mod accounts;
mod reading;

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};

use super::backend::BackendService;
use super::chain::{self, Chain, Holdings, Name};
use super::delivery_service::{DeliveryService, Wire};
use super::files::FileHost;
use super::{FakeClock, Offers, TestWallet};
use crate::delivery::api::{self, SubmitError};
use crate::delivery::{
    ChainAccess, Discovery, Notifications, Price, Proxies, socket_io::socket_base, socket_io::websocket_url,
};
use crate::identity::{Address, EnsName, NameError, SignedProfile, VerifiedProfile};
use crate::message::Envelope;
use crate::ports::{self, Blocks, Clock as _, Connection, Http, Sockets, Unreachable};
use crate::registry::{DELIVERY_SERVICE_KEY, ProfileQuestion, data_uri};
use crate::web::{BaseUrl, HttpRequest, HttpResponse, HttpUrl, Outage};

/// The two nodes: where they are, the domain of their address names, and where those are looked up.
const NODES: [(&str, &str, &str); 2] = [
    ("https://dm3.example", "addr.dm3.eth", "https://gateway.dm3.example"),
    ("https://ds2.example", "addr.other.eth", "https://gateway.other.example"),
];
/// Where accounts of a node keep their history.
const HISTORY: &str = "/api/history";
/// Where the [normaliser](ports::Normaliser) of the network is.
pub const TABLES: &str = "dm3-chat-names.js";
const NAMES: &str = "/resolver-handler/profile/";
const CHANNELS: &str = "/ds/notifications/";
/// Where blocks of IPFS are looked for, in this order.
pub(super) const IPFS_GATEWAYS: [&str; 2] = ["https://ipfs.example", "https://ipfs2.example"];
/// A quarter past eight in the morning of the 23rd of November 2026: milliseconds.
const MORNING: u64 = 1_795_421_700_000;

/// A chain with ENS names and two nodes, each with a delivery service (`ds.dm3.eth`, `ds2.eth`), a domain of address names
/// and its gateway. Everything is real but the transport, and the transport fails as a test wants it. Clones are the same
/// network, seen from the same node: the first, unless it is [`Self::at_second_node`].
#[derive(Clone)]
pub struct Network(Rc<Inner>, usize);

struct Inner {
    clock: FakeClock,
    chain: RefCell<Chain>,
    services: [DeliveryService; 2],
    backends: [BackendService; 2],
    /// The nodes keep no histories of our kind.
    deployed: Cell<bool>,
    documents: RefCell<BTreeMap<String, HttpResponse>>,
    blocks: RefCell<BTreeMap<String, Vec<u8>>>,
    faults: RefCell<Vec<Rule>>,
    files: FileHost,
    universal: Cell<bool>,
    /// The first service and the gateway are one node of our kind.
    guarded: Cell<bool>,
    /// What the nodes ask for a new account, if they do.
    price: RefCell<Option<Price>>,
    proxies: Cell<bool>,
    /// What the nodes offer beside mailboxes.
    offers: [Offers; 2],
    requests: RefCell<Vec<HttpRequest>>,
    calls: Cell<usize>,
    /// How many devices there are.
    devices: Cell<u64>,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives.
    Unreachable,
    /// It is carried out, but the reply is lost.
    ReplyLost,
    /// It arrives twice.
    Duplicated,
    /// It is answered with this HTTP status and not carried out. Chain and sockets are unreachable then.
    Status(u16),
    /// It is answered with HTTP status 429, and wants to be asked again in so many seconds.
    Busy(u32),
    /// It takes so many milliseconds.
    Slow(u32),
    /// The reply may have so many bytes. Chain and sockets don't care.
    Longest(usize),
}

struct Rule {
    target: String,
    fault: Fault,
    /// How many requests it lets pass before it strikes once; `None` if it strikes them all.
    let_pass: Option<usize>,
}

impl Network {
    /// A network without people.
    pub fn new() -> Self {
        Self::with_clock(FakeClock::new(MORNING))
    }

    /// The same, but time passes only when a test lets it: for those who wait for ever.
    pub fn held() -> Self {
        Self::with_clock(FakeClock::held(MORNING))
    }

    fn with_clock(clock: FakeClock) -> Self {
        let service = |name: &str, url: &str| {
            let (name, url) = (name.parse().expect("a name"), url.parse().expect("a URL"));
            DeliveryService::new(name, url, clock.another())
        };
        let services =
            [service("ds.dm3.eth", "https://dm3.example/ds"), service("ds2.eth", "https://ds2.example/ds")];
        let domain = |(_, name, at): (&str, &str, &'static str)| (name.parse().expect("a name"), at);
        let mut chain = Chain::new(clock.clone(), NODES.map(domain));
        for service in &services {
            let record = data_uri::of_json(&service.profile().to_json());
            chain.name(service.name()).texts.insert(DELIVERY_SERVICE_KEY.to_owned(), record);
        }
        let inner = Inner {
            clock,
            chain: RefCell::new(chain),
            services,
            backends: Default::default(),
            deployed: Cell::new(false),
            documents: RefCell::default(),
            blocks: RefCell::default(),
            faults: RefCell::default(),
            files: FileHost::default(),
            universal: Cell::new(false),
            guarded: Cell::new(false),
            price: RefCell::default(),
            proxies: Cell::new(false),
            offers: Default::default(),
            requests: RefCell::default(),
            calls: Cell::new(0),
            devices: Cell::default(),
        };
        Self(Rc::new(inner), 0)
    }

    /// The clock that everybody in this network sees.
    pub fn clock(&self) -> &FakeClock {
        &self.0.clock
    }

    /// The same network for people of the second node.
    #[must_use]
    pub fn at_second_node(&self) -> Self {
        Self(Rc::clone(&self.0), 1)
    }

    /// What the node says about itself.
    pub fn discovery(&self) -> Discovery {
        let access = ChainAccess {
            chain_id: 31337,
            rpc_url: "https://rpc.example".parse().expect("a URL"),
            ens_registry: chain::REGISTRY,
            universal_resolver: self.0.universal.get().then_some(chain::UNIVERSAL),
        };
        let origin: BaseUrl = NODES[self.1].0.parse().expect("a URL");
        let mut discovery =
            Discovery::at(&origin, self.0.services[self.1].name().clone(), self.address_domain(), access);
        if self.0.proxies.get() {
            let proxy = |name| Some(origin.join(&["proxy", name]));
            discovery.proxies = Proxies {
                gateway: proxy("gateway"),
                message: proxy("message"),
                blob: proxy("blob"),
                document: proxy("document"),
                ipfs: Some(origin.child("proxy")),
                service: proxy("service"),
            };
        }
        discovery.files = self.0.files.told(&origin);
        discovery.history_url = (!self.0.deployed.get()).then(|| origin.child("api").child("history"));
        let service = &self.0.services[self.1];
        discovery.settings_url = (!self.0.deployed.get()).then(|| service.url().child("settings"));
        if !self.0.deployed.get() {
            discovery.user_domain =
                self.address_domain().parent().map(|it| format!("user.{it}").parse().expect("a name"));
            let url = service.url().child("notifications");
            discovery.notifications = Some(Notifications { url, channels: vec!["EMAIL".to_owned()] });
        }
        discovery.mailbox_url = service.numbers_mailboxes().then(|| service.url().child("mailbox"));
        discovery
    }

    /// The domain of address names.
    fn address_domain(&self) -> EnsName {
        NODES[self.1].1.parse().expect("a name")
    }

    /// Whether the nodes tell that they have proxies. What fails for people does not fail for their node.
    pub fn offer_proxies(&self, offer: bool) {
        self.0.proxies.set(offer);
    }

    /// From now on the nodes are of the deployed kind: they keep nothing but what deployed clients store there.
    pub fn keep_no_history(&self) {
        self.0.deployed.set(true);
    }

    /// The first node's storage of deployed clients.
    pub fn first_backend(&self) -> &BackendService {
        &self.0.backends[0]
    }

    /// What this node offers beside mailboxes.
    pub fn offers(&self) -> &Offers {
        &self.0.offers[self.1]
    }

    /// Where the nodes keep sealed files.
    pub fn files(&self) -> &FileHost {
        &self.0.files
    }

    /// `ds.dm3.eth`.
    pub fn first_service(&self) -> &DeliveryService {
        &self.0.services[0]
    }

    /// `ds2.eth`.
    pub fn second_service(&self) -> &DeliveryService {
        &self.0.services[1]
    }

    /// Changes the records of a name.
    pub fn edit_name(&self, name: &EnsName, edit: impl FnOnce(&mut Name)) {
        edit(self.0.chain.borrow_mut().name(name));
    }

    /// Whether the node tells that the chain has a universal resolver.
    pub fn offer_universal_resolver(&self, offer: bool) {
        self.0.universal.set(offer);
    }

    /// Puts the contract of a smart account on the chain.
    pub fn deploy(&self, wallet: &TestWallet) {
        self.0.chain.borrow_mut().deploy(wallet.address(), wallet.owner());
    }

    /// What an account has sent and holds, from now on.
    pub fn set_holdings(&self, account: Address, holdings: Holdings) {
        *self.0.chain.borrow_mut().holdings_of(account) = holdings;
    }

    /// Puts a contract of NFTs on the chain, and gives these to their owners.
    pub fn give_nfts(&self, contract: Address, nfts: impl IntoIterator<Item = ([u8; 32], Address)>) {
        self.0.chain.borrow_mut().nfts(contract).extend(nfts);
    }

    /// Gives an account a name that is also its primary name.
    pub fn give_name(&self, name: &EnsName, account: Address) {
        self.edit_name(name, |records| records.address = Some(account));
        self.edit_name(&EnsName::reverse_of(account), |records| records.primary = Some(name.to_string()));
    }

    /// What is found at an account's address name from now on, whoever signed it.
    pub fn set_profile(&self, account: Address, profile: SignedProfile) {
        self.0.chain.borrow_mut().domain(self.1).profiles.insert(account, profile);
    }

    /// From now on nothing is found at an account's address name.
    pub fn remove_profile(&self, account: Address) {
        self.0.chain.borrow_mut().domain(self.1).profiles.remove(&account);
    }

    /// What is found at a web address from now on.
    pub fn set_document(&self, url: &str, status: u16, body: &str) {
        self.0.documents.borrow_mut().insert(url.to_owned(), HttpResponse::new(status, body.to_owned()));
    }

    /// Which bytes are found at a web address from now on: `https://ipfs.example/ipfs/<CID>?format=raw` and
    /// `https://ipfs2.example/…` are where people look for blocks.
    pub fn set_block(&self, url: &str, block: &[u8]) {
        self.0.blocks.borrow_mut().insert(url.to_owned(), block.to_vec());
    }

    /// From now on every request of which `METHOD URL` contains `target` fails; `eth_call` is the chain's.
    pub fn fail(&self, target: &str, fault: Fault) {
        self.0.faults.borrow_mut().push(Rule { target: target.to_owned(), fault, let_pass: None });
    }

    /// The `n`-th such request from now on fails, counted from 1.
    pub fn fail_nth(&self, n: usize, target: &str, fault: Fault) {
        let let_pass = Some(n - 1);
        self.0.faults.borrow_mut().push(Rule { target: target.to_owned(), fault, let_pass });
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.0.faults.borrow_mut().clear();
    }

    /// Every HTTP request so far, also those that never arrived.
    pub fn requests(&self) -> Ref<'_, [HttpRequest]> {
        Ref::map(self.0.requests.borrow(), Vec::as_slice)
    }

    /// How many HTTP requests there were of which `METHOD URL` contains `target`.
    pub fn count(&self, target: &str) -> usize {
        self.requests().iter().filter(|request| label(request).contains(target)).count()
    }

    /// How often the chain was asked so far.
    pub fn calls(&self) -> usize {
        self.0.calls.get()
    }

    /// The fault that strikes a request.
    fn fault(&self, label: &str) -> Option<Fault> {
        let mut faults = self.0.faults.borrow_mut();
        let mut strikes = None;
        faults.retain_mut(|rule| {
            if strikes.is_some() || !label.contains(&rule.target) {
                return true;
            }
            match &mut rule.let_pass {
                Some(0) => {
                    strikes = Some(rule.fault);
                    return false;
                }
                Some(left) => *left -= 1,
                None => strikes = Some(rule.fault),
            }
            true
        });
        strikes
    }

    fn answer(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let url = request.url.as_str();
        if let Some(document) = self.0.documents.borrow().get(url) {
            return Some(document.clone());
        }
        if let Some(answer) = self.0.chain.borrow().ask_gateway(url) {
            return Some(answer);
        }
        for (number, (origin, ..)) in NODES.iter().enumerate() {
            let node = Self(Rc::clone(&self.0), number);
            match url.strip_prefix(origin) {
                Some("/resolver-handler/profile/address") => return Some(node.register_address(request)),
                Some(path) if path.starts_with(NAMES) => {
                    return Some(node.answer_names(&path[NAMES.len()..], request));
                }
                Some(path) if path.starts_with(CHANNELS) => {
                    return Some(node.answer_channels(&path[CHANNELS.len()..], request));
                }
                Some(path) if path.starts_with("/proxy/") => return Some(node.proxy(request)),
                Some(path) if path.starts_with("/ds/blobs/") => {
                    let origin = origin.parse().expect("a URL");
                    return Some(self.0.files.begin(&origin, request));
                }
                Some(path) if path.starts_with(HISTORY) => {
                    let (service, path) = (&self.0.services[number], &path[HISTORY.len()..]);
                    return Some(service.answer_history(path, request, |name| self.address_of(name)));
                }
                Some(path) if path.starts_with("/api/") => {
                    let (backend, path) = (&self.0.backends[number], &path["/api".len()..]);
                    let service = &self.0.services[number];
                    return Some(backend.answer(path, request, service, |name| self.address_of(name)));
                }
                _ => {}
            }
        }
        let service = self.0.services.iter().find(|service| url.starts_with(service.url().as_str()))?;
        let path = &url[service.url().as_str().len()..];
        let verify = |profile, account| self.verify(profile, account);
        let reply = service.answer(path, request, |name| self.address_of(name), verify);
        if self.0.guarded.get() && path.starts_with("/auth/") {
            self.show_guarded(path);
        }
        Some(reply)
    }

    /// The node's own gateway tells what the node holds.
    fn show_guarded(&self, path: &str) {
        let name = path.trim_start_matches("/auth/").trim_end_matches('/').parse().ok();
        let account = name.and_then(|name| self.address_of(&name));
        if let Some(held) = account.and_then(|account| self.first_service().profile_of(account)) {
            self.set_profile(held.account(), held.as_signed().clone());
        }
    }

    /// From now on the node at `ds.dm3.eth`, and its gateway, guard profiles as our own server does.
    pub fn guard_profiles(&self) {
        self.0.guarded.set(true);
        self.first_service().guard_profiles();
    }

    /// What a node's proxies answer.
    fn proxy(&self, request: &HttpRequest) -> HttpResponse {
        let body = body_of(request);
        let text = |member: &str| body[member].as_str().unwrap_or_default();
        let name = text("deliveryService");
        let service = self.0.services.iter().find(|service| service.name().as_str() == name);
        if body["question"].is_object() {
            let to = service.map(|to| to.url().join(&["rpc"]));
            let answer = to.and_then(|to| self.answer(&HttpRequest::post(to, body["question"].to_string())));
            return answer.unwrap_or_else(|| HttpResponse::new(502, String::new()));
        }
        if let Some(template) = request.url.query_value("url") {
            let url = unescaped(template).replace("{sender}", text("sender")).replace("{data}", text("data"));
            let answer = url.parse().ok().and_then(|url| self.answer(&HttpRequest::get(url)));
            return answer.unwrap_or_else(|| HttpResponse::new(502, String::new()));
        }
        if request.bearer.is_none() {
            return HttpResponse::new(401, String::new());
        }
        let envelope = Envelope::parse(&body["envelope"].to_string());
        let reply = service.zip(envelope.ok()).and_then(|(to, it)| self.answer(&api::submit(to.url(), &it)));
        match reply.map(|reply| api::parse_submitted(&reply)) {
            Some(Ok(())) => {
                HttpResponse::new(200, json!({ "deliveryService": name, "failed": [] }).to_string())
            }
            Some(Err(error)) => {
                let code = match error {
                    SubmitError::TooLarge => -32011,
                    SubmitError::Unexplained(_) => -32007,
                    _ => -32003,
                };
                let error = json!({ "code": code, "message": error.to_string() });
                let failed = json!([{ "deliveryService": name, "error": error }]);
                HttpResponse::new(502, json!({ "deliveryService": null, "failed": failed }).to_string())
            }
            None => HttpResponse::new(400, String::new()),
        }
    }

    fn verify(&self, profile: SignedProfile, account: Address) -> Option<VerifiedProfile> {
        profile.clone().verify(account).ok().or_else(|| {
            let asked = ProfileQuestion::new(profile, account).ok()?;
            let (to, data) = (asked.question().to(), asked.question().data());
            let outcome = self.0.chain.borrow().call(to, data);
            asked.answer(&outcome)
        })
    }

    fn address_of(&self, name: &EnsName) -> Option<Address> {
        let bare = name.carried_address().filter(|_| name.parent().is_none());
        bare.or_else(|| self.0.chain.borrow().address_of(name))
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

fn body_of(request: &HttpRequest) -> Value {
    request.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
}

pub(super) fn unescaped(text: &str) -> String {
    let mut pieces = text.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |mut text, piece| {
        let (digits, rest) = piece.split_at(2);
        text.push(char::from(u8::from_str_radix(digits, 16).expect("two digits")));
        text + rest
    })
}

fn label(request: &HttpRequest) -> String {
    format!("{} {}", request.method.as_str(), request.url.as_str())
}

fn unreachable(host: &str, outage: Outage) -> Unreachable {
    Unreachable { host: host.to_owned(), outage }
}

impl Http for Network {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, Unreachable> {
        self.0.requests.borrow_mut().push(request.clone());
        let host = request.url.authority();
        let answer = || self.answer(request).ok_or_else(|| unreachable(host, Outage::NoAnswer));
        match self.fault(&label(request)) {
            None => answer(),
            Some(Fault::Unreachable) => Err(unreachable(host, Outage::TimedOut)),
            Some(Fault::ReplyLost) => answer().and(Err(unreachable(host, Outage::Ended))),
            Some(Fault::Duplicated) => answer().and_then(|_| answer()),
            Some(Fault::Status(status)) => Ok(HttpResponse::new(status, String::new())),
            Some(Fault::Busy(seconds)) => {
                Ok(HttpResponse { retry_after: Some(seconds), ..HttpResponse::new(429, String::new()) })
            }
            Some(Fault::Slow(milliseconds)) => {
                self.0.clock.sleep(milliseconds).await;
                answer()
            }
            Some(Fault::Longest(bytes)) => {
                let mut reply = answer()?;
                let is_longer = reply.body.len() > bytes;
                if is_longer && !request.takes_beginning {
                    return Err(unreachable(host, Outage::TooLarge));
                }
                reply.body.truncate(bytes);
                Ok(reply)
            }
        }
    }
}

impl Network {
    /// The same for what is no text.
    pub(super) fn carry<T>(
        &self,
        method: &str,
        url: &HttpUrl,
        answer: impl FnOnce() -> T,
        with_status: impl FnOnce(u16) -> T,
    ) -> Result<T, Unreachable> {
        self.0.requests.borrow_mut().push(HttpRequest::get(url.clone()));
        match self.fault(&format!("{method} {}", url.as_str())) {
            None | Some(Fault::Duplicated | Fault::Slow(_) | Fault::Longest(_)) => Ok(answer()),
            Some(Fault::Unreachable) => Err(unreachable(url.authority(), Outage::TimedOut)),
            Some(Fault::ReplyLost) => {
                answer();
                Err(unreachable(url.authority(), Outage::Ended))
            }
            Some(Fault::Status(status)) => Ok(with_status(status)),
            Some(Fault::Busy(_)) => Ok(with_status(429)),
        }
    }
}

impl Blocks for Network {
    async fn bytes(&self, request: &HttpRequest, max: usize) -> Result<Vec<u8>, Unreachable> {
        self.0.requests.borrow_mut().push(request.clone());
        let host = request.url.authority();
        if self.fault(&label(request)).is_some() {
            return Err(unreachable(host, Outage::TimedOut));
        }
        let block = self.0.blocks.borrow().get(request.url.as_str()).cloned();
        block.filter(|block| block.len() <= max).ok_or_else(|| unreachable(host, Outage::Status(404)))
    }
}

impl ports::Normaliser for Network {
    /// As if the file with the tables were at [`TABLES`]; of their rules it knows that letters are lower-case.
    async fn normalise(&self, name: &str) -> Result<EnsName, NameError> {
        if self.fault(TABLES).is_some() {
            return Err(NameError::NoTables);
        }
        EnsName::from_normalised(&name.to_lowercase())
    }
}

impl Sockets for Network {
    type Connection = MemoryConnection;

    async fn connect(&self, url: &str) -> Result<MemoryConnection, Unreachable> {
        let service = self.0.services.iter().position(|s| websocket_url(&socket_base(s.url())) == url);
        match (service, self.fault(url)) {
            (Some(service), None | Some(Fault::Duplicated | Fault::Slow(_) | Fault::Longest(_))) => {
                Ok(MemoryConnection {
                    network: self.clone(),
                    service,
                    wire: self.0.services[service].open_socket(),
                })
            }
            _ => Err(unreachable(url, Outage::TimedOut)),
        }
    }
}

/// A WebSocket in memory.
pub struct MemoryConnection {
    network: Network,
    service: usize,
    wire: Rc<Wire>,
}

impl MemoryConnection {
    fn service(&self) -> &DeliveryService {
        &self.network.0.services[self.service]
    }
}

impl Connection for MemoryConnection {
    async fn send(&mut self, text: &str) -> Result<(), Unreachable> {
        self.service().socket_frame(&self.wire, text, |name| self.network.address_of(name));
        Ok(())
    }

    async fn receive(&mut self) -> Result<String, Unreachable> {
        let host = self.service().url().authority();
        self.wire.next().await.ok_or_else(|| unreachable(host, Outage::Ended))
    }
}

impl Drop for MemoryConnection {
    fn drop(&mut self) {
        self.service().close_socket(&self.wire);
    }
}
