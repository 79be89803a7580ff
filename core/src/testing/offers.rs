//! What a node offers its accounts beside their mailboxes: names below its domain, and mail to who is away.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::identity::{Address, EnsName};
use crate::seal::signing::SigningKey;
use crate::web::{HttpResponse, Method};

/// How long a code is valid, and after which time the next is sent: milliseconds.
const CODE_LIFETIME: u64 = 600_000;
const CODE_PAUSE: u64 = 60_000;

/// Who has which name, and who gets mail where.
#[derive(Default)]
pub struct Offers {
    names: RefCell<BTreeMap<EnsName, Address>>,
    mail: RefCell<BTreeMap<Address, Mail>>,
}

struct Mail {
    address: String,
    enabled: bool,
    proven: bool,
    code: String,
    sent: u64,
}

fn ok() -> HttpResponse {
    HttpResponse::new(200, "OK".to_owned())
}

fn refused(reason: &str) -> HttpResponse {
    HttpResponse::new(400, json!({ "error": reason }).to_string())
}

fn text<'a>(body: &'a Value, member: &str) -> &'a str {
    body[member].as_str().unwrap_or_default()
}

impl Offers {
    /// Whose name this is.
    pub fn owner_of(&self, name: &EnsName) -> Option<Address> {
        self.names.borrow().get(name).copied()
    }

    /// The code that was sent to somebody last.
    pub fn code_of(&self, account: Address) -> Option<String> {
        self.mail.borrow().get(&account).map(|mail| mail.code.clone())
    }

    /// What the resolver answers; `path` is what follows `profile/`, `key` tells what an account signs with.
    pub(super) fn answer_names(
        &self,
        path: &str,
        body: &Value,
        address_of: impl Fn(&EnsName) -> Option<Address>,
        key: impl Fn(Address) -> Option<SigningKey>,
    ) -> HttpResponse {
        let signed = |by: Address, text: String| {
            key(by)
                .is_some_and(|key| key.verify(&text, body["signature"].as_str().unwrap_or_default()).is_ok())
        };
        let name = text(body, "dm3Name").parse::<EnsName>().ok();
        match (path, name) {
            ("name", Some(name)) => {
                let owner = text(body, "addressName").parse().ok().and_then(|alias| address_of(&alias));
                let Some(owner) = owner else { return refused("publish a profile first") };
                if !signed(owner, format!("alias: {name}")) {
                    return refused("signature invalid");
                }
                if self.names.borrow().contains_key(&name) {
                    return refused("Could not create alias");
                }
                self.names.borrow_mut().retain(|_, of| *of != owner);
                self.names.borrow_mut().insert(name, owner);
                ok()
            }
            ("deleteName", Some(name)) => match self.owner_of(&name) {
                Some(owner) if signed(owner, format!("remove: {name}")) => {
                    self.names.borrow_mut().remove(&name);
                    ok()
                }
                _ => refused("Could not remove alias"),
            },
            _ => {
                let account = path.strip_prefix("name/").and_then(|account| account.parse().ok());
                let names = self.names.borrow();
                match names.iter().find(|(_, owner)| Some(**owner) == account) {
                    Some((name, _)) => HttpResponse::new(200, json!({ "name": name }).to_string()),
                    None => HttpResponse::new(404, String::new()),
                }
            }
        }
    }

    /// What the delivery service answers an account; `path` is what follows `notifications/`, without the account.
    pub(super) fn answer_channels(
        &self,
        owner: Address,
        method: Method,
        path: &[&str],
        body: &Value,
        now: u64,
    ) -> HttpResponse {
        let mut all = self.mail.borrow_mut();
        match (method, path) {
            (Method::Get, []) => {
                let channels = all.get(&owner).map(|mail| {
                    let config = json!({
                        "isEnabled": mail.enabled, "isVerified": mail.proven, "recipientValue": mail.address,
                    });
                    json!({ "type": "EMAIL", "config": config })
                });
                let channels: Vec<_> = channels.into_iter().collect();
                HttpResponse::new(200, json!({ "notificationChannels": channels }).to_string())
            }
            (Method::Post, ["global"]) => ok(),
            (Method::Post, []) => {
                let address = text(body, "recipientValue").to_owned();
                if !address.contains('@') {
                    return refused("Invalid email value");
                }
                let code = (10_000 + now % 90_000).to_string();
                all.insert(owner, Mail { address, enabled: true, proven: false, code, sent: now });
                ok()
            }
            (Method::Delete, ["channel", "EMAIL"]) => {
                all.remove(&owner);
                ok()
            }
            (_, path) => {
                let Some(mail) = all.get_mut(&owner) else {
                    return refused("EMAIL notification channel is not configured");
                };
                match path {
                    ["channel"] => mail.enabled = body["isEnabled"] == true,
                    ["otp"] if now < mail.sent + CODE_PAUSE => {
                        return refused("New OTP can be generated after 1 minutes of last OTP generated");
                    }
                    ["otp"] => (mail.code, mail.sent) = ((10_000 + now % 90_000).to_string(), now),
                    ["otp", "verify"] if now > mail.sent + CODE_LIFETIME => return refused("OTP is expired"),
                    ["otp", "verify"] if mail.code != text(body, "otp") => return refused("Invalid OTP"),
                    ["otp", "verify"] => mail.proven = true,
                    _ => return HttpResponse::new(404, String::new()),
                }
                ok()
            }
        }
    }
}
