//! Plays recordings to two nodes that stand for the two recorded sites.

use std::collections::{HashMap, HashSet, VecDeque};

use reqwest::Method;
use serde_json::Value;

use crate::deviations::{DEVIATIONS, Instead};
use crate::polling;
use crate::recording::{Exchange, Recording};
use crate::same::{difference, is_token};
use crate::support::{Account, MailServer, Node, Reply, Socket};

/// The key of the recorded delivery service `ds1.eth`, so that its recorded envelopes open.
const DS1_SEED: &str = "aK9tND/ZxU0vHAWEgupWCDemEq8t2WFpFbGdg7bbXr0=";
/// An envelope for `ds2.eth`, whose key the recordings don't tell, and the same message's for `ds1.eth`.
const ENVELOPE_FOR_DS2: u64 = 759;
const ENVELOPE_FOR_DS1: u64 = 758;

pub struct Replay<'a> {
    ds1: Node,
    ds2: Node,
    mails: MailServer,
    accounts: [Account; 3],
    /// What was recorded and stands for something else now, with that: challenges, tokens, codes.
    known: Vec<(String, String)>,
    sockets: HashMap<String, Connection>,
    /// Envelopes for the second service are sent as for the first.
    envelope: String,
    /// One connection's, which goes on through two recordings.
    polls: Vec<&'a Exchange>,
    /// What is neither recorded nor listed.
    complaints: Vec<String>,
    played: usize,
    deviated: HashSet<u64>,
}

/// A socket, and the frames that must come next.
struct Connection {
    socket: Socket,
    due: VecDeque<(u64, Option<String>)>,
}

impl<'a> Replay<'a> {
    pub async fn start() -> Self {
        let mails = MailServer::start().await;
        let seed =
            format!("signing_seed = '{DS1_SEED}'\nmetrics_interval_seconds = 3600\n{}", mails.config());
        let ds1 = Node::start_with(&seed).await;
        let ds2 = Node::start_with(&format!("signing_seed = '{DS1_SEED}'\nname = 'ds2.eth'\n")).await;
        let account = |(wallet, keys)| Account::recorded(wallet, keys);
        let accounts = [
            (
                "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
                "GofYYj8VhvwU3IiLsZNpxzPUWOKPm+Q1u8r03rlch08=",
            ),
            (
                "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
                "RpTE7TyAUbt1GhF2bmnHKoUeWAUrAiTQXW2vpVa5KsM=",
            ),
            (
                "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
                "GiYK+0T3+RGRWxaclV/vshRDD/YcHIqLf9ZOGudvKSI=",
            ),
        ]
        .map(account);
        for node in [&ds1, &ds2] {
            node.chain.set_address("carol.eth", accounts[2].address);
        }
        // The second site can look her up, as it could on the recorded chain.
        let [alice, bob, carol] = accounts;
        let accounts = [alice.registered(&ds2).await, bob, carol];
        Self {
            ds1,
            ds2,
            mails,
            accounts,
            known: Vec::new(),
            sockets: HashMap::new(),
            envelope: String::new(),
            polls: Vec::new(),
            complaints: Vec::new(),
            played: 0,
            deviated: HashSet::new(),
        }
    }

    pub async fn play(&mut self, recording: &'a Recording) {
        for exchange in &recording.exchanges {
            self.played += 1;
            match exchange.kind.as_str() {
                "http" if exchange.request().1.starts_with("/socket.io/") => self.polls.push(exchange),
                "http" => self.http(&recording.step, exchange).await,
                "ws-handshake" => {
                    let connection =
                        Connection { socket: Socket::dial(&self.ds1).await, due: VecDeque::new() };
                    self.sockets.insert(connection_name(exchange), connection);
                }
                "ws-frame" => self.frame(&recording.step, exchange).await,
                // Played through the proxy, in a test of its own.
                "eth-rpc" => {}
                kind => panic!("{}: an exchange of the unknown kind {kind}", exchange.number),
            }
        }
        let names: Vec<String> = self.sockets.keys().cloned().collect();
        for name in names {
            self.receive_due(&recording.step, &name).await;
        }
    }

    /// All was played, and the node differs wherever it is said to.
    pub async fn finish(self) {
        polling::play(&self.ds1, self.polls.clone(), |text| self.ours(text)).await;
        assert!(self.complaints.is_empty(), "{}", self.complaints.join("\n"));
        assert_eq!(self.played, 769);
        let listed: HashSet<u64> = DEVIATIONS.iter().map(|(number, ..)| *number).collect();
        assert_eq!(listed.len(), DEVIATIONS.len(), "an exchange is listed twice");
        let unmet: Vec<_> = listed.difference(&self.deviated).collect();
        assert!(unmet.is_empty(), "listed, but the node does not differ: {unmet:?}");
    }

    /// A recorded text as it reads now.
    fn ours(&self, text: &str) -> String {
        self.known.iter().fold(text.to_owned(), |text, (recorded, now)| text.replace(recorded, now))
    }

    /// Replaces every text in a recorded answer that stands for something else now.
    fn bring_up_to_date(&self, recorded: &mut Value) {
        match recorded {
            Value::Object(members) => members.values_mut().for_each(|value| self.bring_up_to_date(value)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.bring_up_to_date(item)),
            Value::String(text) => {
                if let Some((_, now)) = self.known.iter().find(|(recorded, _)| recorded == text) {
                    text.clone_from(now);
                }
            }
            _ => {}
        }
    }

    async fn http(&mut self, step: &str, exchange: &Exchange) {
        let (method, path) = exchange.request();
        let shown = format!("{step} {} {method} {}", exchange.number, path.get(..100).unwrap_or(path));
        let token = exchange.token().map(|token| self.ours(token));
        let body = exchange.body().map(|body| self.body(exchange, body));
        let node = if exchange.service == "ds2" { &self.ds2 } else { &self.ds1 };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let reply = node.request(method, &self.ours(path), token.as_deref(), body.as_deref()).await;
        assert_eq!(reply.headers["access-control-allow-origin"], "*", "{shown}");
        let mut recorded = exchange.answer();
        self.bring_up_to_date(&mut recorded);
        let ours = serde_json::from_str(&reply.body).unwrap_or_else(|_| Value::from(reply.body.as_str()));
        let found = if reply.status.as_u16() == exchange.status() {
            difference(&recorded, &ours)
        } else {
            Some(format!("{} instead of {}", reply.status.as_u16(), exchange.status()))
        };
        self.judge(exchange.number, &shown, found, &reply);
        self.learn(exchange, &recorded, &ours).await;
    }

    /// The body with what was learned on the way, and challenges answered anew.
    fn body(&mut self, exchange: &Exchange, mut body: Value) -> String {
        if let Value::String(text) = &body {
            return self.ours(text);
        }
        if let (Some(challenge), Some(signature)) = (body["challenge"].as_str(), body["signature"].as_str()) {
            let keys = self.accounts.iter().map(|account| &account.keys.signing);
            let signer = keys.into_iter().find(|keys| keys.sign(challenge) == signature);
            if let Some(signer) = signer {
                body["signature"] = signer.sign(&self.ours(challenge)).into();
            }
        }
        match exchange.number {
            ENVELOPE_FOR_DS1 => self.envelope = body["params"][0].as_str().unwrap().to_owned(),
            ENVELOPE_FOR_DS2 => self.send_for_ds1(&mut body["params"][0]),
            _ => {}
        }
        self.ours(&body.to_string())
    }

    /// Replaces an envelope for the second service by the one for the first, also where it is answered later.
    fn send_for_ds1(&mut self, envelope: &mut Value) {
        let recorded: Value = serde_json::from_str(envelope.as_str().unwrap()).unwrap();
        let now: Value = serde_json::from_str(&self.envelope).unwrap();
        for part in ["/message", "/metadata/signature"] {
            let text = |envelope: &Value| envelope.pointer(part).unwrap().as_str().unwrap().to_owned();
            self.known.push((text(&recorded), text(&now)));
        }
        *envelope = self.envelope.as_str().into();
    }

    async fn learn(&mut self, exchange: &Exchange, recorded: &Value, ours: &Value) {
        if let (Value::String(recorded), Value::String(ours)) = (recorded, ours)
            && is_token(recorded)
            && is_token(ours)
        {
            self.known.push((recorded.clone(), ours.clone()));
        }
        let (method, path) = exchange.request();
        if method == "POST" && path.starts_with("/api/profile/") && exchange.status() == 200 {
            // The reference's clients go on with what a registration gave them. Here, it is no session.
            let account = self.accounts.iter().find(|account| path.ends_with(account.name.as_str())).unwrap();
            self.known.pop();
            self.known.push((recorded.as_str().unwrap().to_owned(), account.sign_in(&self.ds1).await));
        }
        let asks_for_code =
            path.starts_with("/ds/notifications/0x") || path.starts_with("/ds/notifications/otp/0x");
        if method == "POST" && asks_for_code && ours == "OK" {
            let code = self.mails.mail().await.code();
            self.known.retain(|(recorded, _)| recorded != "\"82649\"");
            self.known.push(("\"82649\"".into(), format!("\"{code}\"")));
        }
    }

    async fn frame(&mut self, step: &str, exchange: &Exchange) {
        let name = connection_name(exchange);
        let text = exchange.json["data"].as_str().unwrap();
        let closes = exchange.json["frame"] == "close";
        if exchange.json["dir"] == "server->client" {
            let due = (exchange.number, (!closes).then(|| text.to_owned()));
            self.sockets.get_mut(&name).unwrap().due.push_back(due);
            return;
        }
        self.receive_due(step, &name).await;
        let text = self.ours(text);
        let socket = &mut self.sockets.get_mut(&name).unwrap().socket;
        if closes { socket.close().await } else { socket.send(&text).await }
    }

    /// Takes the frames that were recorded up to here from a socket.
    async fn receive_due(&mut self, step: &str, name: &str) {
        let due = std::mem::take(&mut self.sockets.get_mut(name).unwrap().due);
        for (number, recorded) in due {
            let shown = format!("{step} {number} on {name}");
            if DEVIATIONS.iter().any(|(n, instead, _)| *n == number && matches!(instead, Instead::Nothing)) {
                self.deviated.insert(number);
                continue;
            }
            let ours = self.sockets.get_mut(name).unwrap().socket.frame().await;
            let found = match (&recorded, &ours) {
                (Some(recorded), Some(ours)) => frame_difference(recorded, ours),
                (None, None) => None,
                _ => Some(format!("{ours:?} instead of {recorded:?}")),
            };
            let instead = DEVIATIONS.iter().find(|(n, ..)| *n == number);
            match (found, instead) {
                (None, None) => {}
                (Some(_), Some((_, Instead::Frame(frame), why))) => {
                    assert_eq!(ours.as_deref(), Some(*frame), "{shown} ({why})");
                    self.deviated.insert(number);
                }
                (found, _) => self.complain(&shown, found, &format!("{ours:?}")),
            }
        }
    }

    fn complain(&mut self, shown: &str, found: Option<String>, ours: &str) {
        let what = found.unwrap_or("listed, but no deviation".to_owned());
        self.complaints.push(format!("{shown}: {what}\n    {}", ours.get(..600).unwrap_or(ours)));
    }

    /// Whether an answer is the recorded one, or the one that is said to come instead.
    fn judge(&mut self, number: u64, shown: &str, found: Option<String>, reply: &Reply) {
        let instead = DEVIATIONS.iter().find(|(n, ..)| *n == number);
        match (found, instead) {
            (None, None) => return,
            (Some(_), Some((_, Instead::Status(status), why))) => {
                assert_eq!(reply.status, *status, "{shown} ({why}): {reply:?}");
            }
            (Some(_), Some((_, Instead::Answer(status, body), why))) => {
                let ours = (reply.status.as_u16(), reply.body.as_str());
                assert_eq!(ours, (*status, *body), "{shown} ({why})");
            }
            (found, _) => self.complain(shown, found, &format!("{reply:?}")),
        }
        self.deviated.insert(number);
    }
}

fn connection_name(exchange: &Exchange) -> String {
    exchange.json["conn"].as_str().unwrap().to_owned()
}

/// In what two frames of socket.io differ: the numbers before their JSON, or the JSON.
pub fn frame_difference(recorded: &str, ours: &str) -> Option<String> {
    let split = |text: &str| {
        let (head, json) = text.split_at(text.find(['{', '[']).unwrap_or(text.len()));
        (head.to_owned(), serde_json::from_str(json).unwrap_or(Value::Null))
    };
    let ((theirs, recorded), (own, ours)) = (split(recorded), split(ours));
    if theirs != own { Some(format!("{own} instead of {theirs}")) } else { difference(&recorded, &ours) }
}
