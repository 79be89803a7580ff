use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::history::HistoryService;
use super::{FakeClock, SeededEntropy};
use crate::delivery::socket_io::Packet;
use crate::identity::{Address, EnsName, KeySeed, ProfileKeys, SignedProfile, VerifiedProfile};
use crate::message::{Delivered, Envelope, Postmark};
use crate::ports::Clock as _;
use crate::registry::DeliveryServiceProfile;
use crate::seal::json_read::parse_masked;
use crate::seal::sha256;
use crate::web::{BaseUrl, HttpRequest, HttpResponse, Method};

/// How long a session token or a challenge is valid: milliseconds.
const LIFETIME: u64 = 900_000;

/// A delivery service in memory: mailboxes, challenge login, pushes; with real keys and postmarks.
pub struct DeliveryService {
    name: EnsName,
    url: BaseUrl,
    keys: ProfileKeys,
    clock: FakeClock,
    entropy: SeededEntropy,
    state: RefCell<State>,
    history: HistoryService,
}

#[derive(Default)]
struct State {
    accounts: BTreeMap<Address, VerifiedProfile>,
    mailboxes: BTreeMap<Address, Vec<Waiting>>,
    /// With the account and the time at which they end.
    challenges: BTreeMap<String, (Address, u64)>,
    tokens: BTreeMap<String, (Address, u64)>,
    sockets: Vec<(Address, Rc<Wire>)>,
    /// What is sent in place of a challenge.
    false_challenge: Option<String>,
    newest_first: bool,
    /// Its mailboxes can be read page by page, with this many messages each, as ours.
    page: Option<usize>,
    /// Whoever asks for a smaller page gets one of that size all the same.
    knows_no_limit: bool,
    /// How many entries it ever had.
    numbers: u64,
    /// Of how many senders it shows messages, the latest, as deployed servers do; `None` if it shows all.
    shown_senders: Option<usize>,
    /// The longest envelope it takes, in bytes.
    size_limit: Option<usize>,
    /// What it says about what its accounts can read.
    extension: Value,
    /// What its accounts want of it.
    wishes: BTreeMap<Address, Value>,
    newest_socket_alone: bool,
    /// Its challenges say in which second they were made, and not when in it.
    whole_seconds: bool,
    drawn: u64,
    /// Profiles that were posted in place of another wait until their key logs in, as at our own server; `None`: they
    /// take effect at once, as at the deployed one.
    replacements: Option<Replacements>,
}

#[derive(Default)]
struct Replacements {
    waiting: Vec<VerifiedProfile>,
    /// What was replaced: whose, and the canonical profile.
    superseded: Vec<(Address, Value)>,
}

/// An entry of a mailbox.
struct Waiting {
    number: u64,
    sender: String,
    hash: String,
    text: String,
}

/// A socket's frames on their way to the client.
#[derive(Default)]
pub struct Wire {
    frames: RefCell<VecDeque<String>>,
    closed: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

impl DeliveryService {
    /// A service without accounts whose keys follow from its name.
    pub fn new(name: EnsName, url: BaseUrl, clock: FakeClock) -> Self {
        let seed = sha256(name.as_str().as_bytes());
        let keys = ProfileKeys::derive(&KeySeed::from_bytes(seed));
        let entropy = SeededEntropy::new(u64::from(seed[0]));
        let (state, history) = (RefCell::default(), HistoryService::default());
        Self { name, url, keys, clock, entropy, state, history }
    }

    /// Its clock.
    pub const fn clock(&self) -> &FakeClock {
        &self.clock
    }

    /// From now on its challenges give whole seconds, as those of deployed servers, or fractions.
    pub fn tell_whole_seconds(&self, whole: bool) {
        self.state.borrow_mut().whole_seconds = whole;
    }

    /// Its ENS name.
    pub fn name(&self) -> &EnsName {
        &self.name
    }

    /// Its API's address.
    pub fn url(&self) -> &BaseUrl {
        &self.url
    }

    /// What belongs into its record.
    pub fn profile(&self) -> DeliveryServiceProfile {
        let keys = self.keys.public();
        DeliveryServiceProfile {
            signing_key: keys.signing,
            encryption_key: keys.encryption,
            url: self.url.clone(),
        }
    }

    /// What accounts keep here.
    pub fn history(&self) -> &HistoryService {
        &self.history
    }

    /// Answers a request for an account's history; `path` is what follows the history's URL.
    pub(super) fn answer_history(
        &self,
        path: &str,
        request: &HttpRequest,
        address_of: impl Fn(&EnsName) -> Option<Address>,
    ) -> HttpResponse {
        let path = path.trim_start_matches('/');
        let end = path.find(['/', '?']).unwrap_or(path.len());
        let account = path[..end].parse().ok().and_then(|name| address_of(&name));
        let owner = match self.authorized(request, account) {
            Ok(owner) => owner,
            Err(status) => return HttpResponse::new(status, String::new()),
        };
        let (reply, change) = self.history.answer(owner, &path[end..], request);
        if let Some(change) = change {
            let args = vec![json!({ "change": change })];
            let event = Packet::Event { ack: None, name: "history".into(), args }.to_frame();
            let state = self.state.borrow();
            for (_, wire) in state.sockets.iter().filter(|(connected, _)| *connected == owner) {
                wire.push(event.clone());
            }
        }
        reply
    }

    /// How many entries wait for an account.
    pub fn waiting(&self, account: Address) -> usize {
        self.state.borrow().mailboxes.get(&account).map_or(0, Vec::len)
    }

    /// What waits for an account, as it is handed out.
    pub fn listing(&self, account: Address) -> Vec<String> {
        let state = self.state.borrow();
        let mut texts: Vec<_> =
            state.mailboxes.get(&account).into_iter().flatten().map(|entry| entry.text.clone()).collect();
        if state.newest_first {
            texts.reverse();
        }
        texts
    }

    /// What a listing shows of it.
    fn shown(&self, account: Address) -> Vec<String> {
        let Some(limit) = self.state.borrow().shown_senders else { return self.listing(account) };
        let state = self.state.borrow();
        let (mut senders, mut shown) = (Vec::new(), Vec::new());
        for entry in state.mailboxes.get(&account).into_iter().flatten().rev() {
            if !senders.contains(&&entry.sender) {
                if senders.len() == limit {
                    continue;
                }
                senders.push(&entry.sender);
            }
            shown.push(entry.text.clone());
        }
        shown
    }

    /// Puts any text into a mailbox, as only the operator can, and pushes it.
    pub fn put(&self, account: Address, text: &str) {
        let (value, _) = parse_masked(text).unwrap_or_default();
        let member = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut state = self.state.borrow_mut();
        state.numbers += 1;
        let entry = Waiting {
            number: state.numbers,
            sender: member("/metadata/deliveryInformation/from"),
            hash: member("/metadata/messageHash"),
            text: text.to_owned(),
        };
        state.mailboxes.entry(account).or_default().push(entry);
        let push = Packet::Event { ack: None, name: "message".into(), args: vec![value] }.to_frame();
        let sockets = state.sockets.iter().rev().filter(|(owner, _)| *owner == account);
        for (_, wire) in sockets.take(if state.newest_socket_alone { 1 } else { usize::MAX }) {
            wire.push(push.clone());
        }
    }

    /// Loses everything that waits for an account.
    pub fn lose(&self, account: Address) {
        self.state.borrow_mut().mailboxes.remove(&account);
    }

    /// From now on mailboxes are numbered and can be read in pages of this size, as ours can; or not.
    pub fn number_mailboxes(&self, page: Option<usize>) {
        self.state.borrow_mut().page = page;
    }

    /// From now on pages are as large as ever, whatever is asked for, as at former nodes of ours.
    pub fn know_no_limit(&self) {
        self.state.borrow_mut().knows_no_limit = true;
    }

    /// Whether mailboxes are numbered.
    pub fn numbers_mailboxes(&self) -> bool {
        self.state.borrow().page.is_some()
    }

    /// From now on a listing shows the messages of so many senders alone, those who wrote last, newest first.
    pub fn show_senders(&self, latest: Option<usize>) {
        self.state.borrow_mut().shown_senders = latest;
    }

    /// From now on mailboxes are listed with the newest entry first, or the oldest.
    pub fn list_newest_first(&self, newest_first: bool) {
        self.state.borrow_mut().newest_first = newest_first;
    }

    /// From now on it takes envelopes of at most so many bytes, and says so.
    pub fn set_size_limit(&self, limit: Option<usize>) {
        self.state.borrow_mut().size_limit = limit;
    }

    /// From now on this is what it says its accounts can read and demand.
    pub fn set_extension(&self, extension: Value) {
        self.state.borrow_mut().extension = extension;
    }

    /// From now on an account's pushes go to the socket that was opened last alone, as at the deployed server.
    pub fn push_to_newest_socket_alone(&self, alone: bool) {
        self.state.borrow_mut().newest_socket_alone = alone;
    }

    /// From now on this text is sent in place of a login challenge, or a challenge again.
    pub fn set_false_challenge(&self, text: Option<&str>) {
        self.state.borrow_mut().false_challenge = text.map(str::to_owned);
    }

    /// From now on it guards profiles as our own server does: one that replaces another waits until its key logs in, and
    /// what was replaced is refused.
    pub fn guard_profiles(&self) {
        self.state.borrow_mut().replacements = Some(Replacements::default());
    }

    /// The profile it holds of an account.
    pub fn profile_of(&self, account: Address) -> Option<VerifiedProfile> {
        self.state.borrow().accounts.get(&account).cloned()
    }

    /// Ends every session.
    pub fn forget_tokens(&self) {
        self.state.borrow_mut().tokens.clear();
    }

    /// Sends a frame to every open socket.
    pub fn send_frame(&self, frame: &str) {
        for (_, wire) in &self.state.borrow().sockets {
            wire.push(frame.to_owned());
        }
    }

    /// Answers a request; `path` is what follows the service's URL, `address_of` and `verify` what the
    /// chain says.
    pub fn answer(
        &self,
        path: &str,
        request: &HttpRequest,
        address_of: impl Fn(&EnsName) -> Option<Address>,
        verify: impl Fn(SignedProfile, Address) -> Option<VerifiedProfile>,
    ) -> HttpResponse {
        let (body, _) = request.body.as_deref().and_then(parse_masked).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let account = |name: &str| name.parse().ok().and_then(|name| address_of(&name));
        let owner = |name: &str| self.authorized(request, account(name));
        let reply = match (request.method, segments.as_slice()) {
            (Method::Post, ["rpc"]) => return self.rpc(&body, address_of),
            (Method::Get, ["profile", name]) => {
                let profile = account(name).and_then(|account| self.profile_of(account)).ok_or(404);
                profile.map(|profile| HttpResponse::new(200, profile.as_signed().to_canonical()))
            }
            (Method::Post, ["profile", name]) => {
                let profile = SignedProfile::from_json(body).ok();
                self.register(
                    account(name).zip(profile).and_then(|(account, profile)| verify(profile, account)),
                )
            }
            (Method::Get, ["auth", name]) => self.challenge(name, account(name)),
            (Method::Post, ["auth", name]) => self.log_in(account(name), &body),
            (Method::Delete, ["auth", name]) => owner(name).map(|owner| {
                self.state.borrow_mut().tokens.retain(|_, (of, _)| *of != owner);
                HttpResponse::new(204, String::new())
            }),
            (Method::Get, ["delivery", "messages", "incoming", name]) => {
                owner(name).map(|owner| self.list(owner))
            }
            (Method::Get, ["mailbox", name]) => owner(name).and_then(|owner| self.page(owner, request)),
            (Method::Get, ["settings", name]) => owner(name).map(|owner| ok(self.wishes(owner))),
            (Method::Put, ["settings", name]) => owner(name).map(|owner| {
                self.state.borrow_mut().wishes.insert(owner, body.clone());
                ok(body)
            }),
            (Method::Post, ["mailbox", name, "acknowledge"]) => {
                owner(name).and_then(|owner| self.remove_numbers(owner, &body))
            }
            (Method::Post, ["delivery", "messages", name, "syncAcknowledgements"]) => {
                owner(name).map(|owner| self.remove(owner, &body))
            }
            _ => Err(404),
        };
        reply.unwrap_or_else(|status| HttpResponse::new(status, String::new()))
    }

    /// What an account wants of it.
    pub fn wishes(&self, account: Address) -> Value {
        self.state
            .borrow()
            .wishes
            .get(&account)
            .cloned()
            .unwrap_or_else(|| json!({ "spamRules": [], "allow": [] }))
    }

    fn register(&self, profile: Option<VerifiedProfile>) -> Result<HttpResponse, u16> {
        if !self.take_profile(profile.ok_or(400_u16)?) {
            let error = "this profile was replaced by a newer one; make and sign a new one";
            return Ok(HttpResponse::new(400, json!({ "error": error }).to_string()));
        }
        Ok(ok(json!("a token that opens nothing")))
    }

    /// Keeps a profile, or lets it wait; false if it was replaced before.
    pub fn take_profile(&self, profile: VerifiedProfile) -> bool {
        let mut state = self.state.borrow_mut();
        let State { accounts, replacements, .. } = &mut *state;
        let held = accounts.get(&profile.account()).filter(|held| content(held) != content(&profile));
        if let (Some(_), Some(replacements)) = (held, replacements) {
            if replacements.superseded.contains(&(profile.account(), content(&profile))) {
                return false;
            }
            replacements.waiting.push(profile);
            return true;
        }
        accounts.insert(profile.account(), profile);
        true
    }

    fn challenge(&self, name: &str, account: Option<Address>) -> Result<HttpResponse, u16> {
        let mut state = self.state.borrow_mut();
        if let Some(text) = &state.false_challenge {
            return Ok(ok(json!(text)));
        }
        let account = account.filter(|account| state.accounts.contains_key(account)).ok_or(404_u16)?;
        state.drawn += 1;
        let now = self.clock.now();
        let claims = json!({
            "account": name,
            "challenge": format!("00000000-0000-4000-8000-{:012x}", state.drawn),
            "iat": if state.whole_seconds { json!(now / 1000) } else { json!(now as f64 / 1000.0) },
            "exp": (now + LIFETIME) / 1000,
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
        let mac = URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()));
        let challenge = format!("{text}.{mac}");
        state.challenges.insert(challenge.clone(), (account, now + LIFETIME));
        Ok(ok(json!(challenge)))
    }

    fn log_in(&self, account: Option<Address>, body: &Value) -> Result<HttpResponse, u16> {
        let mut state = self.state.borrow_mut();
        let text = |member: &str| body.get(member).and_then(Value::as_str).unwrap_or_default();
        let challenge = text("challenge");
        let known = state.challenges.remove(challenge).filter(|(_, until)| *until > self.clock.now());
        let owner = known.map(|(owner, _)| owner).filter(|owner| Some(*owner) == account).ok_or(400_u16)?;
        let answered =
            |profile: &VerifiedProfile| profile.keys().signing.verify(challenge, text("signature")).is_ok();
        let State { accounts, replacements, .. } = &mut *state;
        let held = accounts.get_mut(&owner).ok_or(404_u16)?;
        if let Some(replacements) = replacements {
            let edition = |of: &VerifiedProfile| of.as_signed().profile().edition();
            let later = |new: &VerifiedProfile| !answered(held) || edition(new) > edition(held);
            let waits = |new: &VerifiedProfile| new.account() == owner && answered(new) && later(new);
            if let Some(new) = replacements.waiting.iter().rev().find(|profile| waits(profile)).cloned() {
                replacements.superseded.push((owner, content(held)));
                replacements.waiting.retain(|profile| profile.account() != owner);
                *held = new;
            }
        }
        if !answered(held) {
            return Ok(HttpResponse::new(400, json!({ "error": "signature invalid" }).to_string()));
        }
        state.drawn += 1;
        let token = hex::encode(sha256(format!("{} {}", self.name, state.drawn).as_bytes()));
        state.tokens.insert(token.clone(), (owner, self.clock.now() + LIFETIME));
        Ok(ok(json!(token)))
    }

    /// Whose session a request belongs to, if it is the account's.
    pub(super) fn authorized(&self, request: &HttpRequest, account: Option<Address>) -> Result<Address, u16> {
        let token = request.bearer.as_ref().map(|token| token.expose()).unwrap_or_default();
        self.owner_of(token).filter(|owner| Some(*owner) == account).ok_or(401)
    }

    fn owner_of(&self, token: &str) -> Option<Address> {
        let (owner, until) = *self.state.borrow().tokens.get(token)?;
        (until > self.clock.now()).then_some(owner)
    }

    fn list(&self, owner: Address) -> HttpResponse {
        HttpResponse::new(200, format!("[{}]", self.shown(owner).join(",")))
    }

    fn page(&self, owner: Address, request: &HttpRequest) -> Result<HttpResponse, u16> {
        let state = self.state.borrow();
        let page = state.page.ok_or(404_u16)?;
        let limit = request.url.query_value("limit").and_then(|limit| limit.parse().ok());
        let page = limit.filter(|_| !state.knows_no_limit).map_or(page, |limit: usize| page.min(limit));
        let after = request.url.query_value("after").and_then(|after| after.parse().ok()).unwrap_or(0_u64);
        let mut rest: Vec<_> = state.mailboxes.get(&owner).into_iter().flatten().collect();
        rest.retain(|entry| entry.number > after);
        let next = rest.get(page).and_then(|_| Some(rest.get(page.checked_sub(1)?)?.number));
        let entry = |entry: &&Waiting| format!(r#"{{"id":{},"envelope":{}}}"#, entry.number, entry.text);
        let messages: Vec<_> = rest.iter().take(page).map(entry).collect();
        let next = next.map_or("null".to_owned(), |next| next.to_string());
        Ok(HttpResponse::new(200, format!(r#"{{"messages":[{}],"next":{next}}}"#, messages.join(","))))
    }

    fn remove_numbers(&self, owner: Address, body: &Value) -> Result<HttpResponse, u16> {
        let mut state = self.state.borrow_mut();
        state.page.ok_or(404_u16)?;
        let ids: Vec<_> = body["ids"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        state.mailboxes.entry(owner).or_default().retain(|entry| !ids.contains(&entry.number));
        Ok(HttpResponse::new(200, String::new()))
    }

    /// One copy for each acknowledgement, as the deployed server does.
    fn remove(&self, owner: Address, body: &Value) -> HttpResponse {
        let mut state = self.state.borrow_mut();
        let mailbox = state.mailboxes.entry(owner).or_default();
        for one in body.get("acknowledgements").and_then(Value::as_array).into_iter().flatten() {
            let matches =
                |entry: &Waiting| one["contactAddress"] == entry.sender && one["messageHash"] == entry.hash;
            if let Some(at) = mailbox.iter().position(matches) {
                mailbox.remove(at);
            }
        }
        HttpResponse::new(200, String::new())
    }

    fn rpc(&self, body: &Value, address_of: impl Fn(&EnsName) -> Option<Address>) -> HttpResponse {
        let outcome = match body["method"].as_str() {
            Some("dm3_submitMessage") => {
                self.submit(body["params"][0].as_str().unwrap_or_default(), address_of)
            }
            Some("dm3_getDeliveryServiceProperties") => {
                let limit = self.state.borrow().size_limit;
                Ok(json!(json!({ "sizeLimit": limit, "messageTTL": 0 }).to_string()))
            }
            Some("dm3_getProfileExtension") => Ok(json!(self.state.borrow().extension.to_string())),
            _ => Err((-32000, "unknown method")),
        };
        match outcome {
            Ok(result) => ok(json!({ "jsonrpc": "2.0", "id": 1, "result": result })),
            Err((code, message)) => {
                let error = json!({ "code": code, "message": message });
                let body = json!({ "jsonrpc": "2.0", "id": 1, "error": error }).to_string();
                HttpResponse::new(400, body)
            }
        }
    }

    fn submit(
        &self,
        text: &str,
        address_of: impl Fn(&EnsName) -> Option<Address>,
    ) -> Result<Value, (i64, &'static str)> {
        if self.state.borrow().size_limit.is_some_and(|limit| text.len() > limit) {
            return Err((-32011, "too large"));
        }
        let envelope = Envelope::parse(text).map_err(|_| (-32000, "invalid schema"))?;
        let delivery_information = envelope
            .open_delivery_information(&self.keys.encryption)
            .map_err(|_| (-32000, "not for this service"))?;
        let receiver = delivery_information.to.parse().ok().and_then(|name| address_of(&name));
        let unknown = (-32000, "unknown receiver");
        let receiver = receiver.ok_or(unknown)?;
        let profile = self.state.borrow().accounts.get(&receiver).cloned().ok_or(unknown)?;
        let postmark = Postmark::make(&envelope, self.clock.now(), &self.keys)
            .seal(&profile.keys().encryption, &self.entropy)
            .map_err(|_| (-32000, "unusable key"))?;
        self.put(receiver, &Delivered { envelope, delivery_information, postmark }.to_json().to_string());
        Ok(json!("success"))
    }

    /// A client opens a socket.
    pub fn open_socket(&self) -> Rc<Wire> {
        let wire = Rc::<Wire>::default();
        wire.push(Packet::Open { ping_interval: 25_000, ping_timeout: 20_000 }.to_frame());
        wire
    }

    /// A client sends a frame through its socket.
    pub fn socket_frame(
        &self,
        wire: &Rc<Wire>,
        frame: &str,
        address_of: impl Fn(&EnsName) -> Option<Address>,
    ) {
        let Ok(Packet::Connect(auth)) = Packet::parse(frame) else { return };
        let name = auth["account"]["ensName"].as_str().and_then(|name| name.parse().ok());
        let owner = self.owner_of(auth["token"].as_str().unwrap_or_default());
        match owner.filter(|owner| name.and_then(|name| address_of(&name)) == Some(*owner)) {
            Some(owner) => {
                self.state.borrow_mut().sockets.push((owner, Rc::clone(wire)));
                wire.push(Packet::Connect(json!({ "sid": "1" })).to_frame());
                wire.push(
                    Packet::Event { ack: None, name: "authorized".into(), args: Vec::new() }.to_frame(),
                );
            }
            None => wire.push(Packet::ConnectError("check token has failed for WS".into()).to_frame()),
        }
    }

    /// A client closed its socket.
    pub fn close_socket(&self, wire: &Rc<Wire>) {
        wire.close();
        self.state.borrow_mut().sockets.retain(|(_, open)| !Rc::ptr_eq(open, wire));
    }
}

/// What a profile says, whoever signed it and how.
fn content(profile: &VerifiedProfile) -> Value {
    profile.as_signed().to_json()["profile"].clone()
}

impl Wire {
    fn push(&self, frame: String) {
        self.frames.borrow_mut().push_back(frame);
        self.wake();
    }

    fn close(&self) {
        self.closed.set(true);
        self.wake();
    }

    fn wake(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// The next frame; `None` once the socket is closed.
    pub async fn next(&self) -> Option<String> {
        poll_fn(|context| {
            if let Some(frame) = self.frames.borrow_mut().pop_front() {
                return Poll::Ready(Some(frame));
            }
            if self.closed.get() {
                return Poll::Ready(None);
            }
            self.reader.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await
    }
}

fn ok(body: Value) -> HttpResponse {
    HttpResponse::new(200, body.to_string())
}
