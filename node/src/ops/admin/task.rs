//! What an operator can want, read from the words of the command line.

use std::ops::RangeInclusive;
use std::path::PathBuf;

/// How many rows a list has, where nothing else is said.
const MOST: u32 = 50;

/// The most accounts that one invitation is for.
const MOST_USES: u64 = 1_000_000;
/// The most days that one holds that ends.
const MOST_DAYS: u64 = 36_500;

/// The words of [`Task`]s, for those who ask for help.
pub const TASKS: &str = "  accounts                    those that use the most: mailbox, storage, last login
  names                       claimed and reserved names
  senders                     who sent what waits here, the most bytes first
  blocked                     what is refused
  log                         who did what to whom, the latest first
  block account|sender WHO    refuse an account, or the messages of a sender
  unblock account|sender WHO  … no longer
  delete WHO                  delete an account and everything it has here
  export WHO FILE             write everything an account has here as JSON
  take-back NAME              free a name that somebody claimed
  reserve LABEL               let nobody claim a name that begins so
  unreserve LABEL             … no longer
  registration stop|start     take no new accounts, or take them again
  invite USES DAYS NOTE       make a code for so many accounts in so many days (0: for ever); NOTE: for whom it is
  invitations                 the codes that were made, how often they were used, and until when they hold
  revoke INVITATION           let nobody in by a code any more
  stakes WHO                  what an account has at stake towards you, and how to burn it
  purge WHO unknown           remove what unknown senders left in a mailbox
  purge WHO from SENDER       remove what one sender left in a mailbox
  purge WHO files             remove the sealed files an account keeps here
  free-space                  give unused room back to the disk; writes wait meanwhile";

/// What an operator wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// See the accounts.
    Accounts {
        /// How many.
        most: u32,
    },
    /// See the names.
    Names {
        /// How many.
        most: u32,
    },
    /// See the senders.
    Senders {
        /// How many.
        most: u32,
    },
    /// See what is refused.
    Blocks,
    /// See the acts.
    Log {
        /// How many.
        most: u32,
    },
    /// Refuse an account, or take it again.
    BlockAccount {
        /// Whom.
        who: String,
        /// Whether it is refused from now on.
        blocked: bool,
    },
    /// Refuse messages of a sender, or take them again.
    BlockSender {
        /// Whose.
        who: String,
        /// Whether they are refused from now on.
        blocked: bool,
    },
    /// Keep a label from being claimed, or give it free.
    Reserve {
        /// Which.
        label: String,
        /// Whether it is kept from now on.
        reserved: bool,
    },
    /// Delete an account.
    Delete {
        /// Whose.
        who: String,
    },
    /// Write an account into a file.
    Export {
        /// Whose.
        who: String,
        /// Which file.
        to: PathBuf,
    },
    /// Free a name.
    TakeBack {
        /// Which.
        name: String,
    },
    /// Take no new accounts, or take them again.
    Registration {
        /// Whether none are taken from now on.
        stopped: bool,
    },
    /// Make an invitation.
    Invite {
        /// How many accounts may be made with it.
        uses: u64,
        /// How many days it holds; 0 for ever.
        days: u64,
        /// What it is remembered by.
        note: String,
    },
    /// See the invitations.
    Invitations {
        /// How many.
        most: u32,
    },
    /// Let nobody in by an invitation any more.
    Revoke {
        /// Which, as it is listed.
        invitation: String,
    },
    /// See what an account has at stake towards the operator.
    Stakes {
        /// Whose.
        who: String,
    },
    /// Remove messages from a mailbox.
    Purge {
        /// Whose mailbox.
        who: String,
        /// Whose messages; `None` for those of all unknown senders.
        sender: Option<String>,
    },
    /// Remove the sealed files of an account.
    PurgeFiles {
        /// Whose.
        who: String,
    },
    /// Give unused room back.
    FreeSpace,
}

/// Words that say nothing an operator can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}\n\n{TASKS}", if .0.is_empty() { "admin wants one of these:".to_owned() } else { format!("admin does not know: {}", .0) })]
pub struct TaskError(String);

fn within(text: &str, range: RangeInclusive<u64>) -> Option<u64> {
    text.parse().ok().filter(|number| range.contains(number))
}

/// Whether this can stand in a list.
fn is_note(text: &str) -> bool {
    text.len() <= 200 && !text.chars().any(char::is_control)
}

impl Task {
    /// Reads words; `most` is how many rows a list is to have.
    ///
    /// # Errors
    /// [`TaskError`].
    pub fn parse(words: &[String], most: Option<u32>) -> Result<Self, TaskError> {
        let most = most.unwrap_or(MOST);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(match words[..] {
            ["accounts"] => Self::Accounts { most },
            ["names"] => Self::Names { most },
            ["senders"] => Self::Senders { most },
            ["blocked"] => Self::Blocks,
            ["log"] => Self::Log { most },
            [act @ ("block" | "unblock"), "account", who] => {
                Self::BlockAccount { who: who.into(), blocked: act == "block" }
            }
            [act @ ("block" | "unblock"), "sender", who] => {
                Self::BlockSender { who: who.into(), blocked: act == "block" }
            }
            [act @ ("reserve" | "unreserve"), label] => {
                Self::Reserve { label: label.into(), reserved: act == "reserve" }
            }
            ["delete", who] => Self::Delete { who: who.into() },
            ["export", who, to] => Self::Export { who: who.into(), to: to.into() },
            ["take-back", name] => Self::TakeBack { name: name.into() },
            ["registration", act @ ("stop" | "start")] => Self::Registration { stopped: act == "stop" },
            ["invite", uses, days, note] => {
                match (within(uses, 1..=MOST_USES), within(days, 0..=MOST_DAYS)) {
                    (Some(uses), Some(days)) if is_note(note) => {
                        Self::Invite { uses, days, note: note.into() }
                    }
                    _ => return Err(TaskError(words.join(" "))),
                }
            }
            ["invitations"] => Self::Invitations { most },
            ["revoke", invitation] => Self::Revoke { invitation: invitation.into() },
            ["stakes", who] => Self::Stakes { who: who.into() },
            ["purge", who, "unknown"] => Self::Purge { who: who.into(), sender: None },
            ["purge", who, "files"] => Self::PurgeFiles { who: who.into() },
            ["purge", who, "from", sender] => Self::Purge { who: who.into(), sender: Some(sender.into()) },
            ["free-space"] => Self::FreeSpace,
            _ => return Err(TaskError(words.join(" "))),
        })
    }

    /// Whether it only looks, so that nobody need say who they are.
    pub const fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Accounts { .. }
                | Self::Names { .. }
                | Self::Senders { .. }
                | Self::Blocks
                | Self::Log { .. }
                | Self::Invitations { .. }
                | Self::Stakes { .. }
        )
    }

    /// What is lost by it for ever, if something is.
    pub fn destroys(&self) -> Option<String> {
        match self {
            Self::Delete { who } => Some(format!("everything {who} has here is deleted for ever")),
            Self::Purge { who, sender: None } => {
                Some(format!("what unknown senders left in the mailbox of {who} is removed for ever"))
            }
            Self::Purge { who, sender: Some(sender) } => {
                Some(format!("what {sender} left in the mailbox of {who} is removed for ever"))
            }
            Self::PurgeFiles { who } => Some(format!("the sealed files of {who} are removed for ever")),
            Self::TakeBack { name } => Some(format!("{name} is taken from whoever has it")),
            _ => None,
        }
    }
}
