//! What two people and their delivery services go through, over a network in memory that fails on purpose.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

#[path = "session/support.rs"]
mod support;

#[path = "session/across.rs"]
mod across;
#[path = "session/agree.rs"]
mod agree;
#[path = "session/answers.rs"]
mod answers;
#[path = "session/askable.rs"]
mod askable;
#[path = "session/attention.rs"]
mod attention;
#[path = "session/audit.rs"]
mod audit;
#[path = "session/backup.rs"]
mod backup;
#[path = "session/conditions.rs"]
mod conditions;
#[path = "session/conversations.rs"]
mod conversations;
#[path = "session/devices.rs"]
mod devices;
#[path = "session/entry_stake.rs"]
mod entry_stake;
#[path = "session/files.rs"]
mod files;
#[path = "session/find.rs"]
mod find;
#[path = "session/growth.rs"]
mod growth;
#[path = "session/history.rs"]
mod history;
#[path = "session/hostile.rs"]
mod hostile;
#[path = "session/instruction.rs"]
mod instruction;
#[path = "session/kept.rs"]
mod kept;
#[path = "session/keys.rs"]
mod keys;
#[path = "session/live.rs"]
mod live;
#[path = "session/log_in.rs"]
mod log_in;
#[path = "session/offers.rs"]
mod offers;
#[path = "session/order.rs"]
mod order;
#[path = "session/own_search.rs"]
mod own_search;
#[path = "session/publish.rs"]
mod publish;
#[path = "session/receive.rs"]
mod receive;
#[path = "session/routes.rs"]
mod routes;
#[path = "session/send.rs"]
mod send;
#[path = "session/services.rs"]
mod services;
#[path = "session/settle.rs"]
mod settle;
#[path = "session/sign_in.rs"]
mod sign_in;
#[path = "session/stake.rs"]
mod stake;
#[path = "session/standing.rs"]
mod standing;
#[path = "session/strangers.rs"]
mod strangers;
#[path = "session/texts.rs"]
mod texts;
#[path = "session/time.rs"]
mod time;
#[path = "session/transactions.rs"]
mod transactions;
#[path = "session/trust.rs"]
mod trust;
#[path = "session/waiting.rs"]
mod waiting;
#[path = "session/weaknesses.rs"]
mod weaknesses;
