//! The public address: whether it can be reached, and whether it is this node that answers there.

use dm3_core::delivery::Discovery;
use dm3_core::identity::wallet_signature::recover_hash;
use dm3_core::registry::GatewayQuery;
use dm3_core::registry::abi::Tuple;
use dm3_core::registry::gateway::response_digest;
use reqwest::Client;
use serde_json::Value;

use super::Findings;
use crate::config::Config;
use crate::outgoing::{self, OutgoingError};

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 1_000_000;

pub(super) async fn check(found: &mut Findings, config: &Config, client: &Client, question: Option<&[u8]>) {
    let part = "public address";
    let url = config.public_url.as_str().trim_end_matches('/');
    if url.starts_with("http://") {
        found.doubt(
            part,
            format!("{url} has no TLS, so only this machine can use it"),
            "for everybody else, set public_url to the https address of the proxy in front",
        );
    }
    let proxy = match &config.tls {
        Some(_) => {
            "start the node, and let port 443 of the public address lead to it; its log says how its certificate is"
        }
        None => "start the node, and let the TLS proxy pass everything on (docs/operating.md has examples)",
    };
    let reply = match outgoing::send(client.get(format!("{url}/.well-known/dm3")), MAX_ANSWER).await {
        Ok(reply) => reply,
        Err(error) => return found.wrong(part, format!("{url}: {}", reason(&error)), proxy),
    };
    let discovery = match Discovery::parse(&reply.body) {
        Ok(discovery) if reply.status == 200 => discovery,
        _ => {
            let text = format!("{url}/.well-known/dm3 is no dm3 node (status {})", reply.status);
            return found.wrong(part, text, proxy);
        }
    };
    let expected = config.public_url.child("ds");
    if discovery.name != config.name || discovery.delivery_service_url != expected {
        let (name, there) = (&discovery.name, discovery.delivery_service_url.as_str());
        return found.wrong(
            part,
            format!("at {url} the node {name} answers, which calls itself {there}"),
            "let the proxy pass requests on to this node, and restart the node after its configuration changed",
        );
    }
    match question {
        Some(question) => answered(found, config, client, question).await,
        None => found.good(part, format!("a node called {} answers at {url}", config.name)),
    }
}

/// Asks the gateway what the contract sends clients with: only this node's key can sign the answer.
async fn answered(found: &mut Findings, config: &Config, client: &Client, question: &[u8]) {
    let part = "public address";
    let url = config.public_url.as_str().trim_end_matches('/');
    let path = format!("{url}/resolver/{}/0x{}", config.gateway_resolver, hex::encode(question));
    let remedy = "let the proxy pass long paths on to this node, and run the node with this configuration";
    match outgoing::send(client.get(path), MAX_ANSWER).await {
        Ok(reply) if signer(config, question, &reply.body) == Some(config.gateway_key.address()) => {
            found.good(part, format!("this node answers at {url}, also as name gateway"));
        }
        Ok(reply) if reply.status == 200 => {
            found.wrong(
                part,
                format!("another key than this node's signs the gateway's answers at {url}"),
                remedy,
            );
        }
        Ok(reply) => {
            found.wrong(part, format!("the gateway at {url} answers with status {}", reply.status), remedy);
        }
        Err(error) => found.wrong(part, format!("the gateway at {url}: {}", reason(&error)), remedy),
    }
}

/// Whose signature is under a gateway's answer.
fn signer(config: &Config, question: &[u8], body: &str) -> Option<dm3_core::identity::Address> {
    let answer: Value = serde_json::from_str(body).ok()?;
    let data = hex::decode(answer.get("data")?.as_str()?.strip_prefix("0x")?).ok()?;
    let tuple = Tuple::new(&data).ok()?;
    let (result, expires, signature) = (tuple.bytes(0).ok()?, tuple.uint(1).ok()?, tuple.bytes(2).ok()?);
    let form = GatewayQuery::parse(question).ok()?.form;
    let digest = response_digest(form, config.gateway_resolver, expires, question, result);
    recover_hash(&digest, &format!("0x{}", hex::encode(signature))).ok()
}

/// The error and what is behind it: "certificate expired" helps more than "no answer".
fn reason(error: &OutgoingError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
