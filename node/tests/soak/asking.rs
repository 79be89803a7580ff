//! Asking a node that may be away at any moment, and telling what it said for now from what it said for good.

use std::sync::RwLock;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::account::submit;
use crate::support::{Account, Reply};

/// How long a client waits before it asks again.
const AGAIN: Duration = Duration::from_millis(150);

/// A client that goes on while the node comes and goes, each time at another port.
pub struct Asking {
    url: RwLock<String>,
    client: Client,
}

/// What was said for good.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    Taken,
    Refused(i64),
}

/// What comes of asking once.
enum Heard {
    Reply(Reply),
    /// No answer, or one for now: nothing is known.
    Nothing,
}

impl Asking {
    pub fn new(url: &str) -> Self {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().unwrap();
        Self { url: RwLock::new(url.to_owned()), client }
    }

    pub fn moved(&self, url: &str) {
        url.clone_into(&mut self.url.write().unwrap());
    }

    async fn once(&self, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Heard {
        let url = format!("{}{path}", self.url.read().unwrap());
        let mut request = self.client.request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let Ok(response) = request.send().await else { return Heard::Nothing };
        let (status, headers) = (response.status(), response.headers().clone());
        let Ok(body) = response.text().await else { return Heard::Nothing };
        match status.as_u16() {
            408 | 429 | 503 | 507 => Heard::Nothing,
            _ => Heard::Reply(Reply { status, headers, body }),
        }
    }

    /// Asks until something is said for good.
    pub async fn ask(&self, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Reply {
        loop {
            if let Heard::Reply(reply) = self.once(method.clone(), path, token, body).await {
                return reply;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Hands a message over until it is said for good what becomes of it.
    pub async fn submit(&self, envelope: &str) -> Said {
        let mut request = submit(envelope);
        request["id"] = 1.into();
        let reply = self.ask(Method::POST, "/ds/rpc", None, Some(&request)).await;
        match reply.json()["error"]["code"].as_i64() {
            None if reply.status == 200 => Said::Taken,
            code => Said::Refused(code.unwrap_or_else(|| i64::from(reply.status.as_u16()))),
        }
    }

    /// Signs in. A clock that is put between the question and the answer ends the challenge, so a refusal counts only if it
    /// comes again and again.
    pub async fn sign_in(&self, account: &Account) -> Result<String, Reply> {
        let path = format!("/ds/auth/{}", account.name);
        let mut refusals = 0;
        loop {
            let challenge = self.ask(Method::GET, &path, None, None).await;
            let reply = match challenge.status.as_u16() {
                200 => self.ask(Method::POST, &path, None, Some(&account.answer(&challenge.text()))).await,
                _ => challenge,
            };
            if reply.status == 200 {
                return Ok(reply.text());
            }
            refusals += 1;
            if refusals == 8 {
                return Err(reply);
            }
            tokio::time::sleep(AGAIN * 4).await;
        }
    }

    /// A page of a mailbox, oldest first: numbers and envelopes.
    pub async fn mailbox(&self, account: &Account, token: &str) -> Result<Vec<(i64, Value)>, Reply> {
        let path = format!("/ds/mailbox/{}?after=0&limit=100", account.name);
        let page = self.ask(Method::GET, &path, Some(token), None).await;
        if page.status != 200 {
            return Err(page);
        }
        let page = page.json();
        let messages = page["messages"].as_array().unwrap().iter();
        Ok(messages.map(|one| (one["id"].as_i64().unwrap(), one["envelope"].clone())).collect())
    }

    /// Acknowledges by number, until it is done.
    pub async fn acknowledge(&self, account: &Account, token: &str, ids: &[i64]) -> Result<(), Reply> {
        let path = format!("/ds/mailbox/{}/acknowledge", account.name);
        let reply = self.ask(Method::POST, &path, Some(token), Some(&json!({ "ids": ids }))).await;
        if reply.status.is_success() { Ok(()) } else { Err(reply) }
    }
}
