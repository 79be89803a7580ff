//! What one element shows, and the one who changes it.
//!
//! ```text
//! views ──Command──▶ run ──▶ use cases ──▶ dm3-core's session ──▶ ports
//!   ▲                            │
//!   └────────── State ◀──────────┘
//! ```
//!
//! From the ground up: `field`, `joining`, `state`, `fault`, `files`, `command`, `part`, `steps`, `platform` are values and what is needed from
//! outside; `handle` is what views hold; `whose` decides whose the element is; `scope` and `driver` hold what is going on; the
//! use cases take the driver. `run` leads each command to its use case: `start`, `owner`, `enter`; and, through tables of
//! what is loaded when it is used, `sign_in` and `go_on` over `signing`; `chat` – over `conversations`, `records`, `changes`,
//! `cached` and `work`, what goes on all the time – for somebody who is signed in; `conversation` – over `thread`, what of it
//! is `opened`, `draft` and `outbox` – for one of them, and `older` for what the node has of it; `people` – over `beside` and `received` – for who
//! they are and what they are told; `talk` for what is done with messages; `attach` – over `shown`, and what is on the `shelf` – for
//! attachments; `share` for what goes from one conversation elsewhere, over `stranger` for what is known of who asks in one; `stake` for what is at stake in one, and `attention` over it for payments; `site` – over
//! `form` – for what the page's site wants; `search`, and `search_texts` for what messages say; `backup`; `settings` over `theme`, `demands`,
//! `minimum` and `mail`; `own` over these.

mod account;
mod apart;
mod attach;
pub mod attention;
mod back;
pub mod backup;
mod begun;
mod beside;
mod cached;
mod carry;
mod changes;
mod chat;
mod command;
mod conversation;
mod conversations;
mod demands;
mod draft;
mod driver;
mod enter;
pub mod entry_stake;
pub mod fault;
pub mod field;
pub mod files;
pub mod form;
mod go_on;
mod handle;
mod joining;
mod mail;
mod minimum;
mod node;
mod older;
mod opened;
mod outbox;
pub mod own;
mod owner;
pub mod part;
mod people;
pub mod platform;
mod purpose;
mod received;
mod records;
mod run;
mod scope;
pub mod search;
pub mod search_texts;
mod setting;
pub mod settings;
pub mod share;
mod shelf;
mod shown;
mod sign_in;
mod signing;
pub mod site;
pub mod stake;
mod start;
pub mod state;
mod steps;
pub mod stranger;
mod talk;
mod theme;
mod thread;
mod times;
mod wallets;
mod welcome;
mod whose;
mod work;

pub use back::back;
pub use command::{
    Act, AttentionAsk, BackupAsk, Choice, Command, DeviceAsk, EnsAsk, FilesAsk, FormAsk, MailAsk, NameAsk,
    Numbered, OwnAsk, ServiceAct, ServicesAsk, SettingsAsk, ShareAsk, StakeAsk, Stretch, Typed,
};
pub use draft::set_draft;
pub use driver::{Active, Driver, Later};
pub use handle::{App, EmojiPart, FilesPart, KeysPart, Parts, ScreenPart, SearchPart, SignInPart, TalkPart};
pub use run::run;
pub use start::{reset, set_network, set_node, set_rpc_url};
pub use steps::{
    AttentionSteps, BackupSteps, ChatSteps, FilesSteps, HistorySteps, KeysSteps, OwnSteps, PeopleSteps,
    SearchSteps, ServicesSteps, SettingsSteps, ShareSteps, SignInSteps, SiteSteps, StakeSteps, TalkSteps,
    ThreadSteps, WorkSteps,
};
