//! Telling a receiver that mail has come: over open sockets, or else by mail and by web push.
//!
//! ```text
//! submit ─▶ no socket open here ─▶ queue (bounded, never waited for) ─▶ verified, enabled channels?
//!        ─▶ no socket at another node? ─▶ not told by any node within the minute?
//!        ─▶ a turn at mail ─▶ SMTP;  a turn of this person and this site ─▶ web push
//! POST channel, POST otp ─▶ one-time password ─▶ queue of its own ─▶ SMTP
//! ```
//!
//! The text says that something has come and, unless the operator wants otherwise, not from whom: mail
//! servers and push services are told no more than they must.

mod backlog;
mod mail;
pub mod otp;
mod push;
mod pushing;
mod queue;
mod smtp;
pub mod sockets;

pub use mail::{MailError, Mailer, address as mail_address};
pub use otp::Passwords;
pub use push::{Subscription, Vapid, VapidError};
pub use queue::{Notifier, NotifierParts};
pub use smtp::{Smtp, SmtpSecurity};
