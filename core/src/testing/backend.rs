//! The deployed backend's storage in memory, as it was measured: `createdAt` is the client's, a duplicate is refused, a
//! batch with a duplicate is answered with `OK` and stores nothing, edits replace or add, hidden conversations are counted
//! and not listed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::DeliveryService;
use crate::identity::{Address, EnsName};
use crate::ports::Clock as _;
use crate::storage::api::{
    AddConversation, AddMessage, AddMessageBatch, ClearHalted, EditMessageBatch, HideConversation, NewRow,
    parse_body, server_id,
};
use crate::web::{HttpRequest, HttpResponse, Method};

/// What accounts keep at a backend.
#[derive(Default)]
pub struct BackendService {
    owners: RefCell<BTreeMap<Address, Owner>>,
}

/// What one account keeps.
#[derive(Default)]
struct Owner {
    conversations: Vec<Conversation>,
    writes: u64,
}

struct Conversation {
    name: String,
    profile_location: String,
    hidden: bool,
    updated_at: u64,
    /// With the number of the write that added it.
    rows: Vec<(u64, Stored)>,
}

/// A row as the server keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stored {
    id: String,
    created_at: u64,
    container: String,
    halted: bool,
}

type Answer = Result<HttpResponse, u16>;

impl BackendService {
    /// An account signs up, as the deployed app does for it.
    pub fn sign_up(&self, owner: Address) {
        self.owners.borrow_mut().entry(owner).or_default();
    }

    /// How many rows an account has.
    pub fn rows(&self, owner: Address) -> usize {
        let owners = self.owners.borrow();
        owners.get(&owner).map_or(0, |owner| owner.conversations.iter().map(|it| it.rows.len()).sum())
    }

    /// Loses everything of an account but its name.
    pub fn lose(&self, owner: Address) {
        self.owners.borrow_mut().insert(owner, Owner::default());
    }

    /// Answers a request; `path` is what follows the backend's URL. Sessions are those of the delivery service beside it,
    /// with which it shares its keys.
    pub(super) fn answer(
        &self,
        path: &str,
        request: &HttpRequest,
        service: &DeliveryService,
        address_of: impl Fn(&EnsName) -> Option<Address>,
    ) -> HttpResponse {
        let status = |status| HttpResponse::new(status, String::new());
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let account = |name: &str| name.parse::<EnsName>().ok().and_then(|name| address_of(&name));
        match segments.as_slice() {
            ["auth", name] => match account(name).filter(|it| self.owners.borrow().contains_key(it)) {
                Some(_) => service.answer(path, request, address_of, |_, _| None),
                None => status(404),
            },
            ["storage", "new", name, route @ ..] => {
                let answer = service.authorized(request, account(name)).and_then(|owner| {
                    let name = name.parse().map_err(|_| 400_u16)?;
                    let mut owners = self.owners.borrow_mut();
                    let owner = owners.entry(owner).or_default();
                    owner.answer(&name, route, query, request, service.clock().now())
                });
                answer.unwrap_or_else(status)
            }
            _ => status(404),
        }
    }
}

impl Owner {
    fn answer(
        &mut self,
        name: &EnsName,
        route: &[&str],
        query: &str,
        request: &HttpRequest,
        now: u64,
    ) -> Answer {
        let body = request.body.as_deref().unwrap_or_default();
        match (request.method, route) {
            (Method::Get, ["getConversations"]) => Ok(self.list(page(query, 10))),
            (Method::Get, ["getNumberOfConversations"]) => Ok(ok(&json!(self.conversations.len()))),
            (Method::Get, ["getMessages", conversation]) => Ok(self.messages(conversation, page(query, 100))),
            (Method::Get, ["getHaltedMessages"]) => Ok(self.halted()),
            (Method::Post, ["addConversation"]) => {
                let body: AddConversation = read(body)?;
                let conversation = self.conversation(&body.encrypted_contact_name, now);
                conversation.profile_location = body.encrypted_profile_location;
                Ok(done())
            }
            (Method::Post, ["toggleHideConversation"]) => {
                let body: HideConversation = read(body)?;
                self.conversation(&body.encrypted_contact_name, now).hidden = body.hide;
                Ok(done())
            }
            (Method::Post, ["addMessage"]) => {
                let AddMessage {
                    encrypted_contact_name,
                    message_id,
                    created_at,
                    encrypted_envelop_container,
                    is_halted,
                } = read(body)?;
                let row = NewRow { message_id, created_at, encrypted_envelop_container, is_halted };
                self.add(name, &encrypted_contact_name, vec![row], now).then(done).ok_or(400)
            }
            (Method::Post, ["addMessageBatch"]) => {
                let body: AddMessageBatch = read(body)?;
                self.add(name, &body.encrypted_contact_name, body.message_batch, now);
                Ok(done())
            }
            (Method::Post, ["editMessageBatch"]) => {
                let body: EditMessageBatch = read(body)?;
                for row in body.edit_message_batch_payload {
                    let id = server_id(name, &row.message_id);
                    match self.row(&id) {
                        Some(stored) => stored.container = row.encrypted_envelop_container,
                        None => {
                            self.add(name, &body.encrypted_contact_name, vec![row], now);
                        }
                    }
                }
                Ok(done())
            }
            (Method::Post, ["clearHaltedMessage"]) => {
                let body: ClearHalted = read(body)?;
                self.row(&body.message_id).ok_or(400_u16)?.halted = false;
                let holds = |it: &&mut Conversation| it.rows.iter().any(|(_, row)| row.id == body.message_id);
                let holder = self.conversations.iter_mut().find(holds).ok_or(400_u16)?;
                holder.name = body.alias_name;
                Ok(done())
            }
            _ => Err(404),
        }
    }

    fn conversation(&mut self, name: &str, now: u64) -> &mut Conversation {
        let found = self.conversations.iter().position(|conversation| conversation.name == name);
        let at = found.unwrap_or(self.conversations.len());
        if found.is_none() {
            self.conversations.push(Conversation {
                name: name.to_owned(),
                profile_location: String::new(),
                hidden: false,
                updated_at: now,
                rows: Vec::new(),
            });
        }
        &mut self.conversations[at]
    }

    fn row(&mut self, id: &str) -> Option<&mut Stored> {
        let mut rows = self.conversations.iter_mut().flat_map(|conversation| &mut conversation.rows);
        rows.find(|(_, row)| row.id == id).map(|(_, row)| row)
    }

    /// All or nothing.
    fn add(&mut self, name: &EnsName, conversation: &str, rows: Vec<NewRow>, now: u64) -> bool {
        if rows.iter().any(|row| self.row(&server_id(name, &row.message_id)).is_some()) {
            return false;
        }
        for row in rows {
            self.writes += 1;
            let stored = Stored {
                id: server_id(name, &row.message_id),
                created_at: row.created_at,
                container: row.encrypted_envelop_container,
                halted: row.is_halted,
            };
            let write = self.writes;
            let conversation = self.conversation(conversation, now);
            conversation.updated_at = now;
            conversation.rows.push((write, stored));
        }
        true
    }

    fn list(&self, (size, number): (usize, usize)) -> HttpResponse {
        let mut shown: Vec<_> = self.conversations.iter().filter(|it| !it.hidden).collect();
        shown.sort_by_key(|conversation| std::cmp::Reverse(conversation.updated_at));
        let entry = |it: &&Conversation| {
            json!({
                "contact": it.name,
                "encryptedProfileLocation": it.profile_location,
                "previewMessage": it.newest_first().first().map(|row| row.container.clone()),
                "updatedAt": it.updated_at,
            })
        };
        ok(&shown.iter().skip(size * number).take(size).map(entry).collect())
    }

    fn messages(&self, name: &str, (size, number): (usize, usize)) -> HttpResponse {
        let conversation = self.conversations.iter().find(|conversation| conversation.name == name);
        let rows = conversation.map(Conversation::newest_first).unwrap_or_default();
        let text = |row: &&Stored| Value::String(row.to_json("id").to_string());
        ok(&rows.iter().skip(size * number).take(size).map(text).collect())
    }

    fn halted(&self) -> HttpResponse {
        let rows = self.conversations.iter().flat_map(Conversation::newest_first);
        ok(&rows.filter(|row| row.halted).map(|row| row.to_json("messageId")).collect())
    }
}

impl Conversation {
    fn newest_first(&self) -> Vec<&Stored> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by_key(|(write, row)| (std::cmp::Reverse(row.created_at), *write));
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

impl Stored {
    fn to_json(&self, id: &str) -> Value {
        json!({
            id: self.id,
            "createdAt": self.created_at,
            "encryptedEnvelopContainer": self.container,
            "isHalted": self.halted,
        })
    }
}

fn page(query: &str, otherwise: usize) -> (usize, usize) {
    let number = |name: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    };
    (number("pageSize").unwrap_or(otherwise), number("offset").unwrap_or(0))
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, u16> {
    parse_body(body).map_err(|_| 400)
}

fn ok(body: &Value) -> HttpResponse {
    HttpResponse::new(200, body.to_string())
}

fn done() -> HttpResponse {
    HttpResponse::new(200, "OK".to_owned())
}
