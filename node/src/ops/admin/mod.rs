//! `dm3-node admin`: what an operator does to what people have here, also while the node runs.
//!
//! ```text
//! words of the command line ─▶ Task (task.rs) ─▶ [asked whether] ─▶ store: the act and its line in the log, at once
//!                                                     serving processes see the step within a second (server.rs)
//! ```

mod error;
mod export;
mod show;
mod task;

use std::collections::BTreeSet;
use std::path::Path;

use dm3_core::identity::{Address, EnsName};

pub use self::error::OperatorError;
pub use self::task::{Task, TaskError};
use crate::config::{Config, RegistrationRule};
use crate::machine::clock::now_ms;
use crate::machine::entropy::OsEntropy;
use crate::mailbox::sender_key;
use crate::price::{code_hash, make_code};
use crate::store::{Act, Blockable, Invitation, Purged, Store};

/// The most vouchers of an account that are shown.
const MOST_STAKES: u32 = 50;
/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Carries out what an operator, who calls themselves `operator`, wants; gives what there is to say.
///
/// # Errors
/// [`OperatorError`].
pub async fn administer(config: &Config, operator: &str, task: &Task) -> Result<String, OperatorError> {
    let store = config.database.open().await?;
    let done = Operator { config, store: store.as_ref(), name: operator }.carry_out(task).await;
    store.close().await;
    done
}

/// Who does it, and to what.
struct Operator<'a> {
    config: &'a Config,
    store: &'a dyn Store,
    name: &'a str,
}

impl Operator<'_> {
    async fn carry_out(&self, task: &Task) -> Result<String, OperatorError> {
        match task {
            Task::Accounts { most } => Ok(show::accounts(&self.store.accounts_by_use(*most).await?)),
            Task::Names { most } => {
                Ok(show::names(&self.store.claimed_names(*most).await?, &self.config.reserved_names))
            }
            Task::Senders { most } => Ok(show::senders(&self.store.senders_by_volume(*most).await?)),
            Task::Blocks => Ok(show::blocks(&self.store.blocks().await?)),
            Task::Log { most } => Ok(show::acts(&self.store.acts(*most).await?)),
            Task::BlockAccount { who, blocked } => self.block_account(who, *blocked).await,
            Task::BlockSender { who, blocked } => self.block_sender(who, *blocked).await,
            Task::Reserve { label, reserved } => self.reserve(label, *reserved).await,
            Task::Delete { who } => self.delete(who).await,
            Task::Export { who, to } => self.export(who, to).await,
            Task::TakeBack { name } => self.take_back(name).await,
            Task::Registration { stopped } => {
                let act = self.act(if *stopped { "stop registration" } else { "start registration" }, "");
                self.store.stop_registration(*stopped, act).await?;
                Ok(if *stopped { "no new account is taken" } else { "new accounts are taken" }.into())
            }
            Task::Invite { uses, days, note } => self.invite(*uses, *days, note).await,
            Task::Invitations { most } => Ok(show::invitations(&self.store.invitations(*most).await?)),
            Task::Revoke { invitation } => self.revoke(invitation).await,
            Task::Stakes { who } => self.stakes(who).await,
            Task::Purge { who, sender } => self.purge(who, sender.as_deref()).await,
            Task::PurgeFiles { who } => self.purge_files(who).await,
            Task::FreeSpace => {
                self.store.note_act(self.act("free space", "")).await?;
                self.store.free_space().await?;
                Ok("what is not used was given back to the disk".into())
            }
        }
    }

    async fn block_account(&self, who: &str, blocked: bool) -> Result<String, OperatorError> {
        let address = self.address_of(who).await?;
        let act = self.act(if blocked { "block account" } else { "unblock account" }, &shown(address));
        if !self.store.block_account(address, blocked, act).await? {
            return Err(OperatorError::Already);
        }
        Ok(format!(
            "{address} is {}",
            if blocked { "blocked, and its sessions are over" } else { "free again" }
        ))
    }

    async fn block_sender(&self, who: &str, blocked: bool) -> Result<String, OperatorError> {
        let subject = match self.address_of(who).await {
            Ok(address) => shown(address),
            // Names of elsewhere are compared as senders write them.
            Err(OperatorError::Nobody(_)) if who.parse::<EnsName>().is_ok() => sender_key(who),
            Err(error) => return Err(error),
        };
        let act = self.act(if blocked { "block sender" } else { "unblock sender" }, &subject);
        if !self.store.block(Blockable::Sender, &subject, blocked, act).await? {
            return Err(OperatorError::Already);
        }
        Ok(format!("messages of {subject} are {}", if blocked { "refused" } else { "taken again" }))
    }

    async fn reserve(&self, label: &str, reserved: bool) -> Result<String, OperatorError> {
        let label = label.trim().to_lowercase();
        if label.is_empty() || label.contains('.') || label.parse::<EnsName>().is_err() {
            return Err(OperatorError::Name);
        }
        let act = self.act(if reserved { "reserve name" } else { "unreserve name" }, &label);
        if !self.store.block(Blockable::Name, &label, reserved, act).await? {
            return Err(OperatorError::Already);
        }
        Ok(format!("{label} can {} be claimed", if reserved { "no longer" } else { "again" }))
    }

    async fn delete(&self, who: &str) -> Result<String, OperatorError> {
        let address = self.address_of(who).await?;
        let mut found = self.store.end_account(address, self.act("delete account", &shown(address))).await?;
        while self.store.remove_remains(address).await? {
            found = true;
        }
        if !found {
            return Err(OperatorError::NoAccount(address));
        }
        Ok(format!("{address} and all it had here are deleted; it may register again unless it is blocked"))
    }

    async fn export(&self, who: &str, to: &Path) -> Result<String, OperatorError> {
        let address = self.address_of(who).await?;
        let account = self.store.account(address).await?.ok_or(OperatorError::NoAccount(address))?;
        self.store.note_act(self.act("export account", &shown(address))).await?;
        export::write(self.store, &account, to).await?;
        Ok(format!("{} is written", to.display()))
    }

    async fn take_back(&self, name: &str) -> Result<String, OperatorError> {
        let name: EnsName = name.parse().map_err(|_| OperatorError::Name)?;
        if !self.store.take_back(&name, self.act("take back name", name.as_str())).await? {
            return Err(OperatorError::Free);
        }
        Ok(format!("{name} is free again; `admin reserve` keeps its label from being claimed"))
    }

    async fn invite(&self, uses: u64, days: u64, note: &str) -> Result<String, OperatorError> {
        let code = make_code(&OsEntropy);
        let now = now_ms();
        let invitation = Invitation {
            code_hash: code_hash(&code),
            note: note.to_owned(),
            uses,
            used: 0,
            made_at: now,
            expires_at: (days > 0).then(|| now + days * DAY_MS),
        };
        let act = self.act("invite", &format!("{} {note}", show::invitation_id(&invitation)));
        self.store.invite(invitation, act).await?;
        Ok(format!("{code}\nIt is shown this once; whoever has it can use it."))
    }

    async fn revoke(&self, id: &str) -> Result<String, OperatorError> {
        let invitations = self.store.invitations(u32::MAX >> 1).await?;
        let mut found = invitations.iter().filter(|invitation| show::invitation_id(invitation) == id);
        let (Some(invitation), None) = (found.next(), found.next()) else {
            return Err(OperatorError::NoInvitation(id.to_owned()));
        };
        if !self.store.revoke_invitation(invitation.code_hash, self.act("revoke invitation", id)).await? {
            return Err(OperatorError::Already);
        }
        Ok(format!("nobody is let in by {id} any more; accounts that were made with it stay"))
    }

    async fn stakes(&self, who: &str) -> Result<String, OperatorError> {
        let mut towards = BTreeSet::new();
        if let RegistrationRule::Deposit(stake) = self.config.registration {
            towards.insert((stake.contract, stake.receiver));
        }
        towards.extend(self.config.staked_share.map(|share| (share.stake.contract, share.stake.receiver)));
        if towards.is_empty() {
            return Err(OperatorError::NoStakes);
        }
        let sender = self.address_of(who).await?;
        let mut vouchers = Vec::new();
        for (contract, receiver) in towards {
            vouchers.extend(self.store.promises(contract, sender, receiver, MOST_STAKES).await?);
        }
        Ok(show::stakes(&vouchers, now_ms()))
    }

    async fn purge(&self, who: &str, sender: Option<&str>) -> Result<String, OperatorError> {
        let mailbox = self.address_of(who).await?;
        let whose = match sender {
            None => Purged::Unknown,
            Some(sender) => match self.address_of(sender).await {
                Ok(address) => Purged::Address(address),
                Err(OperatorError::Nobody(_)) => Purged::Name(sender_key(sender)),
                Err(error) => return Err(error),
            },
        };
        let act = match sender {
            None => "purge mailbox of unknown senders".to_owned(),
            Some(sender) => format!("purge mailbox of {}", sender_key(sender)),
        };
        self.store.note_act(self.act(&act, &shown(mailbox))).await?;
        let mut removed = 0;
        loop {
            match self.store.purge(mailbox, &whose).await? {
                0 => break,
                more => removed += more,
            }
        }
        Ok(format!("{removed} messages are removed"))
    }

    async fn purge_files(&self, who: &str) -> Result<String, OperatorError> {
        let owner = self.address_of(who).await?;
        self.store.note_act(self.act("purge files", &shown(owner))).await?;
        let removed = self.store.drop_blobs_of(owner).await?;
        while self.store.clear_blobs(0).await? {}
        Ok(format!("{removed} files are removed"))
    }

    /// The address that an operator means: an address, an address name of this node, or a name claimed here.
    async fn address_of(&self, who: &str) -> Result<Address, OperatorError> {
        let nobody = || OperatorError::Nobody(who.to_owned());
        if let Ok(address) = Address::parse_unchecked_case(who.trim()) {
            return Ok(address);
        }
        let name: EnsName = who.trim().parse().map_err(|_| nobody())?;
        match name.address_below(&self.config.address_domain) {
            Some(address) => Ok(address),
            None => self.store.address_of(&name).await?.ok_or_else(nobody),
        }
    }

    fn act(&self, act: &str, subject: &str) -> Act {
        Act { at: now_ms(), operator: self.name.to_owned(), act: act.to_owned(), subject: subject.to_owned() }
    }
}

fn shown(address: Address) -> String {
    address.to_lower_hex()
}
