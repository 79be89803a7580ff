//! Transactions that the account's wallet sends. What was sent is kept until its block is known, so a reload loses nothing:
//! the next start goes on waiting.
//!
//! ```text
//! wallet ──hash──▶ kept on this device ──receipt?──▶ Succeeded, Reverted: let go
//!                                           └─────▶ Open: asked for again, by this start or the next
//! ```

use serde_json::Value;

use super::Session;
use crate::device::Slot;
use crate::ports::{Chain as _, Clock as _, Ports, SendingWallet, Store as _, StoreError, TransactionError};
use crate::registry::{TransactionHash, TransactionRequest};
use crate::seal::json::{self, canonical, integer, object};

/// The most transactions that are waited for.
const MOST_SENT: usize = 32;
/// For how long one is waited for, in milliseconds: a week. Networks forget it long before.
const MAX_AGE: u64 = 7 * 24 * 60 * 60 * 1000;
/// The longest words for what one is for, in bytes.
const MAX_PURPOSE: usize = 400;
/// How long the chain is left alone between two questions, in milliseconds.
const PAUSE: u32 = 1_000;

/// A transaction of which no block is known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentTransaction {
    /// Its hash.
    pub hash: TransactionHash,
    /// The number of its chain.
    pub chain: u64,
    /// What it is for, as whoever sent it wrote it down.
    pub purpose: String,
    /// When it was sent, in milliseconds since 1970.
    pub sent: u64,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it was to do.
    Succeeded,
    /// The contract refused it.
    Reverted,
    /// No block has it yet, or the chain does not answer.
    Open,
}

impl<P: Ports> Session<P> {
    /// Asks the person to send a transaction, and keeps its hash with what it is for.
    ///
    /// # Errors
    /// [`TransactionError`]: then nothing was sent.
    pub async fn transact(
        &self,
        wallet: &impl SendingWallet,
        chain: u64,
        transaction: &TransactionRequest,
        purpose: &str,
    ) -> Result<TransactionHash, TransactionError> {
        let hash = wallet.send(self.account, chain, transaction).await?;
        let purpose: String = purpose.chars().take(MAX_PURPOSE / 4).collect();
        let new = SentTransaction { hash, chain, purpose, sent: self.ports().clock().now() };
        // It is on its way; where it can't be kept, only this start waits for it.
        let _ = self
            .change_sent(move |sent| {
                sent.retain(|other| other.hash != new.hash);
                sent.push(new);
                let many = sent.len().saturating_sub(MOST_SENT);
                sent.drain(..many);
            })
            .await;
        Ok(hash)
    }

    /// The transactions that were sent and are waited for, in the order in which they were sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_transactions(&self) -> Result<Vec<SentTransaction>, StoreError> {
        let text = self.ports().store().value(self.account, &Slot::Transactions).await?;
        let now = self.ports().clock().now();
        let mut sent = read(text.as_deref());
        sent.retain(|it| it.sent.saturating_add(MAX_AGE) > now);
        Ok(sent)
    }

    /// Waits until a block has a transaction, for so many milliseconds at most. What is decided is not waited for any more.
    pub async fn outcome(&self, hash: TransactionHash, patience: u32) -> Outcome {
        let clock = self.ports().clock();
        let until = clock.now().saturating_add(patience.into());
        loop {
            if let Ok(Some(receipt)) = self.ports().chain().receipt(hash).await {
                // If this can't be written, the next start asks once more.
                let _ = self.change_sent(move |sent| sent.retain(|it| it.hash != hash)).await;
                return if receipt.succeeded { Outcome::Succeeded } else { Outcome::Reverted };
            }
            if clock.now() >= until {
                return Outcome::Open;
            }
            clock.sleep(PAUSE).await;
        }
    }

    async fn change_sent(
        &self,
        change: impl FnOnce(&mut Vec<SentTransaction>) + 'static,
    ) -> Result<(), StoreError> {
        let change = Box::new(move |text: Option<String>| {
            let mut sent = read(text.as_deref());
            change(&mut sent);
            (!sent.is_empty()).then(|| write(&sent))
        });
        self.ports().store().update_value(self.account, &Slot::Transactions, change).await
    }
}

fn read(text: Option<&str>) -> Vec<SentTransaction> {
    let list = text.and_then(json::parse);
    let one = |value: &Value| {
        Some(SentTransaction {
            hash: value.get("hash")?.as_str()?.parse().ok()?,
            chain: integer(value.get("chain")?)?,
            purpose: value.get("purpose")?.as_str()?.to_owned(),
            sent: integer(value.get("sent")?)?,
        })
    };
    list.as_ref()
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(one).collect())
        .unwrap_or_default()
}

fn write(sent: &[SentTransaction]) -> String {
    let one = |it: &SentTransaction| {
        object(vec![
            ("hash", it.hash.to_string().into()),
            ("chain", it.chain.into()),
            ("purpose", it.purpose.as_str().into()),
            ("sent", it.sent.into()),
        ])
    };
    canonical(&Value::Array(sent.iter().map(one).collect()))
}
