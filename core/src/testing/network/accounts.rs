//! What an account asks of a node beside its messages: to be registered, a name, and mail.

use serde_json::{Value, json};

use super::{Network, body_of};
use crate::delivery::{Payment, Price};
use crate::identity::SignedProfile;
use crate::ports::Clock as _;
use crate::seal::json::canonical;
use crate::web::{HttpRequest, HttpResponse};

impl Network {
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
