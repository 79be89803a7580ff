//! Where nodes keep sealed files.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::delivery::FileOffer;
use crate::seal::sha256;
use crate::web::{BaseUrl, HttpRequest, HttpResponse, Method};

/// The bytes of a piece.
const PIECE: u64 = 65_536;
/// The most bytes of a file.
const MOST: u64 = 1_000_000;

/// The files of all nodes, by what their addresses end with.
#[derive(Default)]
pub struct FileHost {
    offered: Cell<bool>,
    files: RefCell<BTreeMap<String, File>>,
}

struct File {
    size: u64,
    hash: String,
    bytes: Vec<u8>,
}

impl File {
    fn is_complete(&self) -> bool {
        self.bytes.len() as u64 == self.size && hex::encode(sha256(&self.bytes)) == self.hash
    }
}

impl FileHost {
    /// From now on the nodes keep files.
    pub fn offer(&self) {
        self.offered.set(true);
    }

    /// What is complete, and what is not.
    pub fn counts(&self) -> (usize, usize) {
        let files = self.files.borrow();
        let complete = files.values().filter(|file| file.is_complete()).count();
        (complete, files.len() - complete)
    }

    /// Changes the bytes of every file.
    pub fn tamper(&self, change: impl Fn(&mut Vec<u8>)) {
        self.files.borrow_mut().values_mut().for_each(|file| change(&mut file.bytes));
    }

    /// Removes every file.
    pub fn lose_all(&self) {
        self.files.borrow_mut().clear();
    }

    /// Removes a file; false if there was none.
    pub(super) fn remove(&self, id: &str) -> bool {
        self.files.borrow_mut().remove(id).is_some()
    }

    pub(super) fn told(&self, node: &BaseUrl) -> Option<FileOffer> {
        self.offered.get().then(|| FileOffer {
            url: node.child("ds").child("blobs"),
            max_bytes: MOST,
            piece_bytes: PIECE,
            ttl_seconds: 60,
        })
    }

    /// The answer to who wants to keep a file at `node`, or asks how much is there.
    pub(super) fn begin(&self, node: &BaseUrl, request: &HttpRequest) -> HttpResponse {
        if request.method == Method::Get {
            let bytes: usize = self.files.borrow().values().map(|file| file.bytes.len()).sum();
            return HttpResponse::new(
                200,
                json!({ "bytes": bytes, "limits": { "bytes": MOST } }).to_string(),
            );
        }
        let body = request.body.as_deref().and_then(|body| serde_json::from_str::<Value>(body).ok());
        let (Some(body), Some(_)) = (body, &request.bearer) else {
            return HttpResponse::new(401, String::new());
        };
        let size = body["size"].as_u64().unwrap_or_default();
        if size > MOST {
            return HttpResponse::new(413, String::new());
        }
        let mut files = self.files.borrow_mut();
        let id = format!("{:064x}", files.len() + 1);
        let hash = body["hash"].as_str().unwrap_or_default().to_owned();
        files.insert(id.clone(), File { size, hash, bytes: Vec::new() });
        let url = node.join(&["ds", "blob", &id]);
        HttpResponse::new(201, json!({ "id": id, "url": url }).to_string())
    }

    pub(super) fn put(&self, id: &str, at: usize, piece: &[u8]) -> HttpResponse {
        let mut files = self.files.borrow_mut();
        let Some(file) = files.get_mut(id) else { return HttpResponse::new(404, String::new()) };
        let follows = file.bytes.len() == at;
        if follows {
            file.bytes.extend_from_slice(piece);
        }
        let told = json!({ "stored": file.bytes.len(), "complete": file.is_complete() });
        HttpResponse::new(if follows { 200 } else { 409 }, told.to_string())
    }

    pub(super) fn part(&self, id: &str, range: &str) -> (u16, Vec<u8>) {
        let files = self.files.borrow();
        let Some(file) = files.get(id) else { return (404, Vec::new()) };
        let (from, to) = range["bytes=".len()..].split_once('-').expect("a range");
        let (from, to): (usize, usize) = (from.parse().expect("a number"), to.parse().expect("a number"));
        let end = (to + 1).min(file.bytes.len());
        (206, file.bytes.get(from..end).unwrap_or_default().to_vec())
    }
}
