//! socket.io by requests alone: the client holds one `GET` open for what comes and sends by `POST`.

use std::collections::VecDeque;

use futures_util::future::join;
use reqwest::Method;
use serde_json::Value;

use crate::recording::Exchange;
use crate::same::difference;
use crate::support::{Node, Reply};

/// What separates packets in one answer (Engine.IO protocol 4).
const SEPARATOR: char = '\u{1e}';

/// Engine.IO's `noop`.
const NOTHING: &str = "6";

/// Plays the polls of one connection in the order in which they were sent, which their `t` tells. Packets may come
/// together or one by one; which ones come in which order is what is compared.
pub async fn play(node: &Node, mut exchanges: Vec<&Exchange>, ours: impl Fn(&str) -> String) {
    exchanges.sort_by_key(|exchange| parameter(exchange, "t"));
    let mut polls = exchanges.into_iter().peekable();
    let open = polls.next().unwrap();
    let opened = send(node, open, None, &ours).await;
    let handshake = |text: &str| -> Value {
        serde_json::from_str(text.strip_prefix('0').unwrap_or_else(|| panic!("no handshake: {text}")))
            .unwrap()
    };
    let recorded = handshake(open.answer().as_str().unwrap());
    let session = handshake(&opened.body);
    assert_eq!(difference(&recorded, &session), None);
    let session = session["sid"].as_str().unwrap();
    let mut received = VecDeque::new();
    while let Some(exchange) = polls.next() {
        if exchange.request().0 == "POST" {
            post(node, exchange, session, &ours).await;
            continue;
        }
        let expected = exchange.answer();
        if received.is_empty() {
            let mut posts = Vec::new();
            while let Some(next) = polls.next_if(|next| next.request().0 == "POST") {
                posts.push(next);
            }
            // While this one waits, the client sends.
            let sending = async {
                for exchange in posts {
                    post(node, exchange, session, &ours).await;
                }
            };
            let (reply, ()) = join(send(node, exchange, Some(session), &ours), sending).await;
            if expected == NOTHING && reply.status == 400 {
                // The client's goodbye overtook its last poll.
                continue;
            }
            assert_eq!(reply.status, exchange.status(), "{}: {reply:?}", exchange.number);
            received.extend(packets(&reply));
        }
        // A packet that says nothing: it frees a poll when the connection ends, which a ping does as well.
        if received.is_empty() && expected == NOTHING {
            continue;
        }
        while received.is_empty() {
            received.extend(packets(&send(node, exchange, Some(session), &ours).await));
        }
        let packet = received.pop_front().unwrap();
        let found = crate::replay::frame_difference(expected.as_str().unwrap(), &packet);
        assert_eq!(found, None, "{}: {packet}", exchange.number);
    }
    assert!(received.is_empty(), "more than was recorded: {received:?}");
}

/// What an answer holds but for pings, which come at times of their own.
fn packets(reply: &Reply) -> impl Iterator<Item = String> {
    reply.body.split(SEPARATOR).filter(|packet| *packet != "2").map(str::to_owned)
}

async fn post(node: &Node, exchange: &Exchange, session: &str, ours: &impl Fn(&str) -> String) {
    let reply = send(node, exchange, Some(session), ours).await;
    let recorded = exchange.answer();
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (exchange.status(), recorded.as_str().unwrap()));
}

async fn send(
    node: &Node,
    exchange: &Exchange,
    session: Option<&str>,
    ours: &impl Fn(&str) -> String,
) -> Reply {
    let (method, path) = exchange.request();
    let recorded = parameter(exchange, "sid").unwrap_or_default();
    let path = session.map_or(path.to_owned(), |session| path.replace(&recorded, session));
    let body = exchange.body().map(|body| ours(body.as_str().unwrap()));
    node.request(Method::from_bytes(method.as_bytes()).unwrap(), &path, None, body.as_deref()).await
}

fn parameter(exchange: &Exchange, name: &str) -> Option<String> {
    let (_, query) = exchange.request().1.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
}
