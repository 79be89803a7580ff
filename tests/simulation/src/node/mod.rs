//! A delivery service, by the rules of our node or of the reference's: mailboxes, login, sockets, with real keys and
//! postmarks.

mod mailbox;
mod socket;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dm3_core::identity::{Address, EnsName, KeySeed, ProfileKeys, SignedProfile, VerifiedProfile};
use dm3_core::registry::DeliveryServiceProfile;
use dm3_core::seal::sha256;
use dm3_core::testing::{HistoryService, SeededEntropy};
use dm3_core::web::{BaseUrl, HttpRequest, HttpResponse, Method};
use serde_json::{Value, json};

use crate::chain::Chain;
use crate::oracle::Oracle;
use crate::schedule::Schedule;
use mailbox::Mailbox;
pub use socket::{PING, Wire};

/// How long a challenge is valid: milliseconds.
const CHALLENGE: u64 = 900_000;
/// How long a token is valid: milliseconds.
const TOKEN: u64 = 3_600_000;

/// Whose rules a node follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those of this project's node.
    Ours,
    /// Those of the reference's servers.
    Reference,
}

/// A node.
pub struct Node {
    /// Whose rules it follows.
    pub kind: Kind,
    /// The ENS name of its delivery service.
    pub name: EnsName,
    /// Where it is, such as `https://node1.example`.
    pub origin: BaseUrl,
    /// The domain of its address names.
    pub domain: EnsName,
    /// What accounts keep there, if it is one of ours that keeps it.
    history: Option<HistoryService>,
    /// Whether mailboxes can be read page by page, and acknowledged by number.
    numbers: bool,
    keys: ProfileKeys,
    entropy: SeededEntropy,
    schedule: Schedule,
    oracle: Rc<Oracle>,
    /// By how much its clock is fast: milliseconds.
    clock_error: i64,
    state: RefCell<State>,
    down: Cell<bool>,
    /// It lets go of everything at once.
    hasty: Cell<bool>,
    /// Until when it takes nothing from anybody, and after how many seconds it wants to be asked again.
    busy: Cell<(u64, u32)>,
}

#[derive(Default)]
struct State {
    accounts: BTreeMap<Address, VerifiedProfile>,
    mailboxes: BTreeMap<Address, Mailbox>,
    challenges: BTreeMap<String, (Address, u64)>,
    tokens: BTreeMap<String, (Address, u64)>,
    sockets: Vec<(Address, Rc<Wire>)>,
    drawn: u64,
}

impl Node {
    /// A node without accounts whose keys follow from its name; its address names are in the domain.
    pub fn new(
        kind: Kind,
        number: usize,
        domain: EnsName,
        clock_error: i64,
        schedule: Schedule,
        oracle: Rc<Oracle>,
    ) -> Rc<Self> {
        let name: EnsName = format!("ds{number}.eth").parse().unwrap();
        let seed = sha256(name.as_str().as_bytes());
        Rc::new(Self {
            kind,
            origin: format!("https://node{number}.example").parse().unwrap(),
            domain,
            history: (kind == Kind::Ours && schedule.once_in(2)).then(HistoryService::default),
            numbers: kind == Kind::Ours && schedule.once_in(2),
            keys: ProfileKeys::derive(&KeySeed::from_bytes(seed)),
            entropy: SeededEntropy::new(u64::from(seed[0])),
            name,
            schedule,
            oracle,
            clock_error,
            state: RefCell::default(),
            down: Cell::new(false),
            hasty: Cell::new(false),
            busy: Cell::default(),
        })
    }

    /// What belongs into its record.
    pub fn profile(&self) -> DeliveryServiceProfile {
        let keys = self.keys.public();
        DeliveryServiceProfile {
            signing_key: keys.signing,
            encryption_key: keys.encryption,
            url: self.origin.child("ds"),
        }
    }

    /// Whether it keeps histories.
    pub fn keeps_history(&self) -> bool {
        self.history.is_some()
    }

    /// Whether mailboxes can be acknowledged by number.
    pub const fn numbers(&self) -> bool {
        self.numbers
    }

    /// By how much its clock is fast: milliseconds.
    pub const fn clock_error(&self) -> i64 {
        self.clock_error
    }

    /// Its own time.
    fn now(&self) -> u64 {
        self.schedule.now().saturating_add_signed(self.clock_error)
    }

    /// Whether it lets go of what comes before anybody has it, as no node may.
    pub fn set_hasty(&self, hasty: bool) {
        self.hasty.set(hasty);
    }

    /// Whether it answers nobody.
    pub fn is_down(&self) -> bool {
        self.down.get()
    }

    /// It stops: whatever was not stored is gone, with all sockets.
    pub fn stop(&self, forgets_sessions: bool) {
        self.down.set(true);
        let mut state = self.state.borrow_mut();
        for (_, wire) in state.sockets.drain(..) {
            wire.close();
        }
        state.challenges.clear();
        if forgets_sessions {
            state.tokens.clear();
        }
    }

    /// It is there again.
    pub fn start(&self) {
        self.down.set(false);
    }

    /// It takes nothing for a while, and wants to be asked again after so many seconds.
    pub fn be_busy(&self, milliseconds: u64, retry_after: u32) {
        self.busy.set((self.schedule.now() + milliseconds, retry_after));
    }

    /// Nothing hinders it any more.
    pub fn heal(&self) {
        self.start();
        self.busy.set((0, 0));
    }

    /// Answers a request.
    pub fn answer(&self, request: &HttpRequest, chain: &RefCell<Chain>) -> Option<HttpResponse> {
        let path = request.url.as_str().strip_prefix(self.origin.as_str())?;
        let (until, retry_after) = self.busy.get();
        if self.schedule.now() < until {
            let retry_after = Some(retry_after).filter(|seconds| *seconds > 0);
            return Some(HttpResponse { retry_after, ..HttpResponse::new(429, String::new()) });
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body: Value =
            request.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let account =
            |name: &str| name.parse::<EnsName>().ok().and_then(|name| chain.borrow().address_of(&name));
        let reply = match (request.method, segments.as_slice()) {
            (Method::Post, ["resolver-handler", "profile", "address"]) => self.register_address(&body, chain),
            (Method::Post, ["ds", "rpc"]) => self.rpc(&body, chain),
            (Method::Post, ["ds", "profile", name]) => self.register(account(name), body),
            (Method::Get, ["ds", "auth", name]) => self.challenge(name, account(name)),
            (Method::Post, ["ds", "auth", name]) => self.log_in(account(name), &body),
            (Method::Get, ["ds", "delivery", "messages", "incoming", name]) => {
                self.authorized(request, account(name)).map(|owner| self.list(owner))
            }
            (Method::Post, ["ds", "delivery", "messages", name, "syncAcknowledgements"]) => {
                self.authorized(request, account(name)).map(|owner| self.acknowledge(owner, &body))
            }
            (Method::Get, ["ds", "mailbox", name]) if self.numbers => {
                self.authorized(request, account(name)).map(|owner| self.page(owner, request))
            }
            (Method::Post, ["ds", "mailbox", name, "acknowledge"]) if self.numbers => {
                self.authorized(request, account(name)).map(|owner| self.acknowledge_numbers(owner, &body))
            }
            (_, ["ds", "history", name, rest @ ..]) => self
                .authorized(request, account(name))
                .and_then(|owner| self.keep_history(owner, &format!("{}?{query}", rest.join("/")), request)),
            _ => Err(404),
        };
        Some(reply.unwrap_or_else(|status| HttpResponse::new(status, String::new())))
    }

    fn register_address(&self, body: &Value, chain: &RefCell<Chain>) -> Result<HttpResponse, u16> {
        let account: Address = body["address"].as_str().and_then(|text| text.parse().ok()).ok_or(400_u16)?;
        let profile = SignedProfile::from_json(body["signedUserProfile"].clone()).map_err(|_| 400_u16)?;
        profile.clone().verify(account).map_err(|_| 400_u16)?;
        chain.borrow_mut().set_profile(&self.domain, account, profile);
        Ok(HttpResponse::new(200, String::new()))
    }

    fn register(&self, account: Option<Address>, profile: Value) -> Result<HttpResponse, u16> {
        let profile = SignedProfile::from_json(profile).map_err(|_| 400_u16)?;
        let profile = profile.verify(account.ok_or(400_u16)?).map_err(|_| 400_u16)?;
        self.state.borrow_mut().accounts.insert(profile.account(), profile);
        Ok(ok(json!("a token that opens nothing")))
    }

    fn challenge(&self, name: &str, account: Option<Address>) -> Result<HttpResponse, u16> {
        let mut state = self.state.borrow_mut();
        let account = account.filter(|account| state.accounts.contains_key(account)).ok_or(404_u16)?;
        state.drawn += 1;
        let now = self.now();
        let claims = json!({
            "account": name,
            "challenge": format!("00000000-0000-4000-8000-{:012x}", state.drawn),
            "iat": now / 1000,
            "nbf": now / 1000,
            "exp": (now + CHALLENGE) / 1000,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
        let mac = URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()));
        let challenge = format!("{text}.{mac}");
        state.challenges.insert(challenge.clone(), (account, self.schedule.now() + CHALLENGE));
        Ok(ok(json!(challenge)))
    }

    fn log_in(&self, account: Option<Address>, body: &Value) -> Result<HttpResponse, u16> {
        let mut state = self.state.borrow_mut();
        let text = |member: &str| body.get(member).and_then(Value::as_str).unwrap_or_default();
        let (owner, until) = match self.kind {
            Kind::Ours => state.challenges.remove(text("challenge")),
            Kind::Reference => state.challenges.get(text("challenge")).copied(),
        }
        .ok_or(400_u16)?;
        let held = state.accounts.get(&owner).ok_or(404_u16)?;
        let signed = held.keys().signing.verify(text("challenge"), text("signature")).is_ok();
        if Some(owner) != account || until <= self.schedule.now() || !signed {
            return Err(400);
        }
        state.drawn += 1;
        let token = hex::encode(sha256(format!("{} {}", self.name, state.drawn).as_bytes()));
        state.tokens.insert(token.clone(), (owner, self.schedule.now() + TOKEN));
        Ok(ok(json!(token)))
    }

    /// Answers for an account's history, and tells its devices what changed.
    fn keep_history(&self, owner: Address, path: &str, request: &HttpRequest) -> Result<HttpResponse, u16> {
        let (reply, change) = self.history.as_ref().ok_or(404_u16)?.answer(owner, path, request);
        if let Some(change) = change {
            self.tell(owner, "history", json!({ "change": change }));
        }
        Ok(reply)
    }

    fn authorized(&self, request: &HttpRequest, account: Option<Address>) -> Result<Address, u16> {
        let token = request.bearer.as_ref().map(|token| token.expose()).unwrap_or_default();
        self.owner_of(token).filter(|owner| Some(*owner) == account).ok_or(401)
    }

    fn owner_of(&self, token: &str) -> Option<Address> {
        let (owner, until) = *self.state.borrow().tokens.get(token)?;
        (until > self.schedule.now()).then_some(owner)
    }
}

fn ok(body: Value) -> HttpResponse {
    HttpResponse::new(200, body.to_string())
}
