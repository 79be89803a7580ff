//! What the reference's clients ask the Ethereum node, asked through the node's proxy instead.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::recording::recordings;
use crate::support::Node;

/// The recorded answers to each question, in their order; the last one is given again.
type Answers = Arc<Mutex<HashMap<String, VecDeque<Value>>>>;

#[tokio::test]
async fn every_recorded_question_to_the_chain_gets_its_answer_through_the_proxy() {
    let recordings = recordings();
    let exchanges = recordings.iter().flat_map(|recording| &recording.exchanges);
    let asked: Vec<(&Value, &Value)> = exchanges
        .filter(|exchange| exchange.kind == "eth-rpc")
        .map(|exchange| (&exchange.json["request"]["json"], &exchange.json["response"]["json"]))
        .collect();
    assert!(asked.len() > 400);
    let answers = Answers::default();
    for (question, answer) in &asked {
        answers.lock().unwrap().entry(key(question)).or_default().push_back((*answer).clone());
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(answer)).with_state(answers);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let node = Node::start_with(&format!("rpc_url = '{url}'\n")).await;
    for (question, recorded) in asked {
        let reply = node.post("/proxy/ethereum", question).await;
        assert_eq!(reply.status, 200, "{question}");
        let ours = reply.json();
        for member in ["jsonrpc", "id", "result"] {
            assert_eq!(ours.get(member), recorded.get(member), "{member} of {question}");
        }
        // What the node says in its own words is not passed on, but that a contract reverted, and with what.
        for member in ["/error/code", "/error/data"] {
            assert_eq!(ours.pointer(member), recorded.pointer(member), "{member} of {question}");
        }
    }
}

fn key(question: &Value) -> String {
    json!([question["method"], question["params"]]).to_string()
}

async fn answer(State(answers): State<Answers>, Json(question): Json<Value>) -> Json<Value> {
    let mut answers = answers.lock().unwrap();
    let Some(recorded) = answers.get_mut(&key(&question)) else {
        return Json(json!({ "jsonrpc": "2.0", "id": question["id"], "error": { "code": -32601 } }));
    };
    let answer = if recorded.len() > 1 { recorded.pop_front() } else { recorded.front().cloned() };
    Json(answer.unwrap())
}
