//! A web server of somebody else's, on this machine.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// What is at `/document` and below `/ipfs/`; the hash of its canonical form, and that of its bytes.
pub const DOCUMENT: &str = "{ \"a\": 1 }";
pub const DOCUMENT_HASH: &str = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";

pub const DOCUMENT_HASH_OF_BYTES: &str = "efc6fbbe835f02996e070d9b3f37ffc4153f8ed11590fbf555bff7021d271fe9";

pub struct Host {
    pub url: String,
    state: Arc<Held>,
}

struct Held {
    asked: Mutex<Vec<String>>,
    /// What lies below `/ipfs/`, whatever is asked for: one after the other, and the last from then on.
    blocks: Mutex<VecDeque<Vec<u8>>>,
}

impl Host {
    pub async fn start() -> Self {
        let blocks = Mutex::new([DOCUMENT.as_bytes().to_vec()].into());
        let state = Arc::new(Held { asked: Mutex::default(), blocks });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, state }
    }

    /// From now on, these lie below `/ipfs/`, one after the other and the last from then on, or nothing (404).
    pub fn hold(&self, blocks: &[&[u8]]) {
        *self.state.blocks.lock().unwrap() = blocks.iter().map(|block| block.to_vec()).collect();
    }

    /// What it was asked: method, path and body.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().unwrap().clone()
    }
}

/// A host that takes every connection and never answers.
pub struct Silent {
    pub url: String,
    asked: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Silent {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (count, asked) = watch::channel(0);
        let task = tokio::spawn(async move {
            let mut kept = Vec::new();
            loop {
                kept.push(listener.accept().await.unwrap());
                count.send_replace(kept.len());
            }
        });
        Self { url, asked, task }
    }

    /// How often it was asked.
    pub fn count(&self) -> usize {
        *self.asked.borrow()
    }

    /// Waits until it was asked so often.
    pub async fn was_asked(&self, times: usize) {
        self.asked.clone().wait_for(|asked| *asked >= times).await.unwrap();
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The CID of a block of bytes with this SHA-256: version 1, raw, in base 16.
pub fn cid(hash: &str) -> String {
    format!("f01551220{hash}")
}

async fn answer(State(state): State<Arc<Held>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    let line = format!("{} {} {}", parts.method, parts.uri, String::from_utf8_lossy(&body));
    state.asked.lock().unwrap().push(line.trim_end().to_owned());
    let html = [(CONTENT_TYPE, "text/html")];
    if parts.uri.path().starts_with("/ipfs/") {
        let mut blocks = state.blocks.lock().unwrap();
        let block = if blocks.len() > 1 { blocks.pop_front() } else { blocks.front().cloned() };
        return block.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response);
    }
    if let Some(moved) = parts.uri.path().strip_prefix("/away") {
        return (StatusCode::FOUND, [(LOCATION, moved)]).into_response();
    }
    match parts.uri.path() {
        "/avatar" => (html, PNG).into_response(),
        "/svg" => {
            ([(CONTENT_TYPE, "image/png")], "<svg xmlns='http://www.w3.org/2000/svg'/>").into_response()
        }
        "/giant" => [PNG, &[0; 3_000_000]].concat().into_response(),
        "/moved" => (StatusCode::FOUND, [(LOCATION, "/avatar")]).into_response(),
        "/loop" => (StatusCode::FOUND, [(LOCATION, "/loop")]).into_response(),
        "/document" => (html, DOCUMENT).into_response(),
        "/failing" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "/missing" => StatusCode::NOT_FOUND.into_response(),
        "/html" => (html, "<script>alert(1)</script>").into_response(),
        _ => (html, r#"{"data":"0xAB","more":"<script>"}"#).into_response(),
    }
}
