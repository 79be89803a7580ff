//! What an account asks of a node beside its messages: to be registered, a name, and mail. And what it sent to the chain.

use serde_json::{Value, json};

use super::{Network, body_of};
use crate::delivery::{Payment, Price};
use crate::identity::{Address, SignedProfile};
use crate::ports::Clock as _;
use crate::registry::{TransactionHash, TransactionRequest};
use crate::seal::json::canonical;
use crate::web::{HttpRequest, HttpResponse};

impl Network {
    /// From now on a contract returns this to a call.
    pub fn set_answer(&self, contract: Address, call: &[u8], returned: &[u8]) {
        self.0.chain.borrow_mut().answer(contract, call, returned);
    }

    /// From now on a contract refuses a call.
    pub fn refuse_call(&self, contract: Address, call: &[u8]) {
        self.0.chain.borrow_mut().refuse(contract, call);
    }

    /// From now on this is the answer to a question in JSON-RPC.
    pub fn tell(&self, body: String, answer: String) {
        self.0.chain.borrow_mut().tell(body, answer);
    }

    /// From now on every transaction is in a block at once, and succeeds.
    pub fn mine_all(&self) {
        self.0.chain.borrow_mut().mine_all();
    }

    /// Counts another device, so that each has randomness of its own.
    pub(in crate::testing) fn count_device(&self) -> u64 {
        self.0.devices.set(self.0.devices.get() + 1);
        self.0.devices.get()
    }

    /// Puts a transaction into a block.
    pub fn mine(&self, hash: TransactionHash, succeeded: bool) {
        self.0.chain.borrow_mut().mine(hash, succeeded);
    }

    /// Puts the transaction of an account into a block: it does what it is to do, unless it is refused.
    pub fn carry_out(&self, hash: TransactionHash, from: Address, transaction: &TransactionRequest) {
        let mut chain = self.0.chain.borrow_mut();
        let succeeded = chain.carry_out(from, transaction);
        chain.mine(hash, succeeded);
    }

    pub(super) fn answer_names(&self, path: &str, request: &HttpRequest) -> HttpResponse {
        let key = |account| {
            let profile = self.0.chain.borrow_mut().domain(self.1).profiles.get(&account).cloned();
            profile.and_then(|profile| self.verify(profile, account)).map(|profile| profile.keys().signing)
        };
        self.offers().answer_names(path, &body_of(request), |name| self.address_of(name), key)
    }

    pub(super) fn answer_channels(&self, path: &str, request: &HttpRequest) -> HttpResponse {
        let mut path: Vec<&str> = path.split('/').collect();
        let account = path.pop().and_then(|name| name.parse().ok()).and_then(|name| self.address_of(&name));
        match self.0.services[self.1].authorized(request, account) {
            Ok(owner) => {
                let now = self.0.clock.now();
                self.offers().answer_channels(owner, request.method, &path, &body_of(request), now)
            }
            Err(status) => HttpResponse::new(status, String::new()),
        }
    }

    /// From now on the nodes ask this for a new account; the invitation that they take is `welcome`.
    pub fn ask_for(&self, price: Price) {
        self.0.price.replace(Some(price));
    }

    /// What is still to be paid with this request.
    fn unpaid(&self, request: &HttpRequest) -> Option<Price> {
        let price = self.0.price.borrow().clone()?;
        let bits = if let Price::Work(work) = &price { work.bits() } else { 1 };
        let paid = request.bearer.as_ref().and_then(|bearer| Payment::parse(bearer.expose(), bits));
        let enough = match (&price, paid) {
            (Price::Work(asked), Some(Payment::Work(work, number))) => {
                *asked == work && work.is_done_by(number)
            }
            (Price::Invitation, Some(Payment::Invitation(code))) => code == "welcome",
            (Price::Deposit(asked), Some(Payment::Deposit(voucher))) => voucher.prove().is_ok_and(|proven| {
                let sender = proven.voucher().sender;
                proven.is_fit(&asked.terms, sender, asked.receiver, self.0.clock.now()).is_ok()
            }),
            _ => false,
        };
        (!enough).then_some(price)
    }

    pub(super) fn register_address(&self, request: &HttpRequest) -> HttpResponse {
        if let Some(price) = self.unpaid(request) {
            let refusal = json!({ "message": "Couldn't store profile", "error": "pay first", "price": price.to_json() });
            return HttpResponse::new(400, refusal.to_string());
        }
        let body = body_of(request);
        let account = body["address"].as_str().and_then(|text| text.parse().ok());
        let profile = SignedProfile::from_json(body["signedUserProfile"].clone()).ok();
        let registered = account.zip(profile).filter(|_| body["subdomain"] == self.address_domain().as_str());
        match registered.and_then(|(account, profile)| self.verify(profile, account)) {
            Some(profile) if self.0.guarded.get() => {
                let account = profile.account();
                if !self.0.services[self.1].take_profile(profile) {
                    let error = "this profile was replaced by a newer one; make and sign a new one";
                    return HttpResponse::new(400, canonical(&serde_json::json!({ "error": error })));
                }
                if let Some(held) = self.0.services[self.1].profile_of(account) {
                    self.set_profile(account, held.as_signed().clone());
                }
                HttpResponse::new(200, String::new())
            }
            Some(profile) => {
                self.set_profile(profile.account(), profile.as_signed().clone());
                HttpResponse::new(200, String::new())
            }
            None => HttpResponse::new(400, canonical(&Value::from("Couldn't store profile"))),
        }
    }
}
