//! Taking messages for accounts of this server, and giving them to their receivers.
//!
//! ```text
//! text ─▶ Envelope (strict schema) ─▶ size ─▶ delivery information opened ─▶ receiver's account
//!      ─▶ sender verified ─▶ receiver's rules
//!      ─▶ postmark, sealed to the receiver ─▶ stored durably ─▶ pushed to the open sockets ─▶ answered
//! ```

use std::sync::Arc;

use dm3_core::deposit::SignedVoucher;
use dm3_core::identity::{Address, EnsName, ProfileKeys};
use dm3_core::message::{Delivered, DeliveryInformation, Envelope, EnvelopeError, Postmark};
use dm3_core::seal::sha256;
use serde_json::Value;

use crate::app::App;
use crate::config::{Config, SenderCheck};
use crate::ethereum::chain::ChainError;
use crate::ethereum::names::NamesError;
use crate::limits::json::{self, MAX_ENVELOPE_VALUES};
use crate::limits::{Payer, TooMany};
use crate::machine::clock::now_ms;
use crate::machine::entropy::OsEntropy;
use crate::mailbox::deposits::Unsure;
use crate::mailbox::receivers::Receiver;
use crate::mailbox::sender::Sender;
use crate::mailbox::sender_key;
use crate::mailbox::spam::Refusal;
use crate::store::{Delivery, Outcome, Standing, StoreError};

/// The longest name or hash that is taken from a sender, in bytes.
const MAX_CLAIM: usize = 512;
/// The longest voucher, in bytes; one of ours has less than half as many.
const MAX_VOUCHER: usize = 2048;
/// How often a message is accepted anew because the receiver's account changed meanwhile.
const ATTEMPTS: u32 = 3;
/// Beside an envelope: why its sender is not verified.
const SENDER_CHECK: &str = "senderCheck";

/// Why a message is not taken. The first three are worded as the reference does.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// No envelope at all.
    #[error("Envelop missing")]
    Missing,
    /// The envelope is not JSON.
    #[error("Error parsing envelop")]
    Json,
    /// The envelope has other members than the deployed schema.
    #[error("invalid schema")]
    Schema,
    /// The canonical envelope is larger than this server takes.
    #[error("the message is larger than {limit} bytes")]
    TooLarge {
        /// The largest envelope in bytes.
        limit: usize,
    },
    /// The delivery information is sealed for another delivery service, or damaged.
    #[error("the delivery information is not sealed for this delivery service")]
    DeliveryInformation,
    /// The receiver has no account here.
    #[error("the receiver has no account at this delivery service")]
    UnknownReceiver,
    /// The receiver's mailbox holds as much as it may.
    #[error("the receiver's mailbox is full; send it again later")]
    MailboxFull,
    /// There is no room on this server's disk.
    #[error("the server's disk is nearly full; send it again later")]
    NoRoom,
    /// It could not be found out who the sender is, and that would decide.
    #[error("the sender can't be looked up at the moment; send it again later")]
    Undetermined,
    /// What the sender signed came with another message before.
    #[error("the envelope's signature was used for another message; seal and sign it anew")]
    Reused,
    /// The sender is not who it claims to be.
    #[error("the envelope is not signed by the sender it claims")]
    Forged,
    /// The operator has blocked the sender.
    #[error("the operator of this delivery service has blocked the sender")]
    Blocked,
    /// The receiver's rules are not met.
    #[error(transparent)]
    Spam(#[from] Refusal),
    /// The sender sends too much.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The database or the chain can't be reached. Whether the message was taken is not known.
    #[error("the server can't take messages at the moment; send it again later")]
    Unavailable,
}

impl SubmitError {
    /// One word for it, without anything from the message.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Json => "not_json",
            Self::Schema => "schema",
            Self::TooLarge { .. } => "too_large",
            Self::DeliveryInformation => "delivery_information",
            Self::UnknownReceiver => "unknown_receiver",
            Self::MailboxFull => "mailbox_full",
            Self::NoRoom => "no_room",
            Self::Undetermined => "undetermined",
            Self::Reused => "reused",
            Self::Forged => "forged",
            Self::Blocked => "blocked",
            Self::Spam(_) => "spam",
            Self::TooMany(_) => "too_many",
            Self::Unavailable => "unavailable",
        }
    }

    /// The code that the specification's appendix has for it in JSON-RPC.
    pub const fn code(&self) -> i64 {
        match self {
            Self::Missing => -32602,
            Self::Json | Self::Schema | Self::DeliveryInformation => -32000,
            Self::UnknownReceiver => -32001,
            Self::MailboxFull | Self::NoRoom | Self::Undetermined | Self::Unavailable => -32002,
            Self::Forged | Self::Reused => -32003,
            Self::TooMany(_) => -32005,
            Self::Blocked => -32004,
            Self::Spam(_) => -32010,
            Self::TooLarge { .. } => -32011,
        }
    }
}

impl From<ChainError> for SubmitError {
    fn from(error: ChainError) -> Self {
        tracing::warn!(%error, "a message can't be taken");
        Self::Unavailable
    }
}

impl From<StoreError> for SubmitError {
    fn from(error: StoreError) -> Self {
        // Said by its outcome alone: a sender could fill the log with it.
        if matches!(error, StoreError::Busy) {
            return Self::TooMany(TooMany { retry_after: 1 });
        }
        tracing::error!(%error, "a message can't be taken");
        Self::Unavailable
    }
}

impl From<Unsure> for SubmitError {
    fn from(error: Unsure) -> Self {
        match error {
            Unsure::Chain(error) => error.into(),
            Unsure::Store(error) => error.into(),
            Unsure::Later => Self::Unavailable,
        }
    }
}

impl From<NamesError> for SubmitError {
    fn from(error: NamesError) -> Self {
        tracing::warn!(%error, "a message can't be taken");
        Self::Unavailable
    }
}

impl From<EnvelopeError> for SubmitError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Json => Self::Json,
            EnvelopeError::Form(_) | EnvelopeError::TooLarge => Self::Schema,
            EnvelopeError::Open(_) => Self::DeliveryInformation,
        }
    }
}

impl App {
    /// Takes a message, if [`read`] could read it, with the voucher that came along: when this returns, it is stored
    /// durably.
    ///
    /// # Errors
    /// [`SubmitError`]. The same envelope again is no error, and changes nothing while the first is stored.
    pub async fn submit(
        self: &Arc<Self>,
        envelope: Result<Envelope, SubmitError>,
        voucher: Option<SignedVoucher>,
    ) -> Result<(), SubmitError> {
        let result = match envelope {
            Ok(envelope) => self.take(envelope, voucher).await,
            Err(error) => Err(error),
        };
        self.metrics.submitted(match &result {
            Ok(true) => "stored",
            Ok(false) => "repeated",
            Err(error) => error.word(),
        });
        result.map(|_| ())
    }

    /// Whether the message is new here.
    async fn take(
        self: &Arc<Self>,
        envelope: Envelope,
        voucher: Option<SignedVoucher>,
    ) -> Result<bool, SubmitError> {
        if self.disk.is_nearly_full() {
            return Err(SubmitError::NoRoom);
        }
        let canonical = envelope.to_canonical();
        let limit = self.config.size_limit;
        if canonical.len() > limit {
            return Err(SubmitError::TooLarge { limit });
        }
        let opened = |keys: &ProfileKeys| envelope.open_delivery_information(&keys.encryption).ok();
        let information = opened(&self.config.keys)
            .or_else(|| self.config.previous_keys.as_ref().and_then(opened))
            .ok_or(SubmitError::DeliveryInformation)?;
        if [&*information.from, envelope.claimed_hash()].into_iter().any(|claim| !is_claim(claim)) {
            return Err(SubmitError::Schema);
        }
        let mailbox = self.mailbox_of(&information.to).await?;
        let from = self.identify(&envelope, &information.from, mailbox).await?;
        if self.is_sender_blocked(from, &information.from).await? {
            return Err(SubmitError::Blocked);
        }
        let accepted = Accepted {
            from,
            signed: matches!(from, Sender::Verified(_)).then(|| sha256(envelope.signed_text().as_bytes())),
            mailbox,
            size: canonical.len() as u64,
            sender: sender_key(&information.from),
            envelope_hash: sha256(canonical.as_bytes()),
            envelope,
            information,
            voucher,
        };
        let app = Arc::clone(self);
        // Goes on when the client goes away, so that a message that is stored is pushed as well.
        tokio::spawn(Payer::current().pays(async move { app.store_and_push(accepted).await }))
            .await
            .unwrap_or(Err(SubmitError::Unavailable))
    }

    /// The mailbox that a message is for.
    async fn mailbox_of(&self, to: &str) -> Result<Address, SubmitError> {
        let name: EnsName = to.parse().map_err(|_| SubmitError::UnknownReceiver)?;
        let address = self.names.account_of(&name).await?.ok_or(SubmitError::UnknownReceiver)?;
        match self.receivers.get(&self.store, &self.names, address).await? {
            Some(_) => Ok(address),
            None => Err(SubmitError::UnknownReceiver),
        }
    }

    async fn store_and_push(&self, accepted: Accepted) -> Result<bool, SubmitError> {
        let mailbox = accepted.mailbox;
        for _ in 0..ATTEMPTS {
            let receiver = self
                .receivers
                .get(&self.store, &self.names, mailbox)
                .await?
                .ok_or(SubmitError::UnknownReceiver)?;
            if let Err(refusal) = self.admit(&receiver, &accepted).await {
                if self.receivers.is_current(self.store.as_ref(), mailbox, &receiver).await? {
                    return Err(refusal);
                }
                self.receivers.forget(mailbox);
                continue;
            }
            let (delivery, delivered) = accepted.delivery(&receiver, &self.config, now_ms())?;
            let (sender, size) = (delivery.sender.clone(), delivery.envelope.len());
            match self.metrics.timed("deliver", self.store.deliver(delivery)).await? {
                Outcome::Stored { .. } => {
                    self.statistics.delivered(size);
                    self.sockets.push(mailbox, &delivered);
                    if !self.sockets.has(mailbox) {
                        self.notifier.message(mailbox, &sender);
                    }
                    return Ok(true);
                }
                Outcome::Known => return Ok(false),
                Outcome::Full => return Err(SubmitError::MailboxFull),
                Outcome::Reused => return Err(SubmitError::Reused),
                Outcome::Changed => self.receivers.forget(mailbox),
            }
        }
        Err(SubmitError::Unavailable)
    }

    /// Finds out who sent a message.
    async fn identify(
        &self,
        envelope: &Envelope,
        claimed: &str,
        mailbox: Address,
    ) -> Result<Sender, SubmitError> {
        let sender = self.senders.check(&self.names, envelope, claimed).await;
        match sender {
            Sender::Verified(address) => self.limits.sender(address)?,
            Sender::Forged(_) if self.config.sender_check == SenderCheck::Reject => {
                return Err(SubmitError::Forged);
            }
            // It may be a forgery, which would be refused.
            Sender::Undetermined if self.config.sender_check == SenderCheck::Reject => {
                self.limits.undetermined(Payer::current())?;
                return Err(SubmitError::Undetermined);
            }
            Sender::Forged(_) | Sender::Unknown(_) | Sender::Undetermined => {
                self.limits.unknown(Payer::current(), mailbox)?;
            }
        }
        Ok(sender)
    }

    /// Whether the operator has blocked who sends, or who it claims to be.
    async fn is_sender_blocked(&self, from: Sender, claimed: &str) -> Result<bool, StoreError> {
        let own = || self.names.own_address(&claimed.trim().parse().ok()?);
        self.store.is_sender_blocked(from.address().or_else(own), &sender_key(claimed)).await
    }

    /// Whether the receiver takes a message.
    async fn admit(&self, receiver: &Receiver, message: &Accepted) -> Result<(), SubmitError> {
        let settings = &receiver.settings;
        if let Some(most) = settings.max_message_bytes
            && message.size > most
        {
            return Err(SubmitError::TooLarge { limit: usize::try_from(most).unwrap_or(usize::MAX) });
        }
        if settings.has_rules() && message.from == Sender::Undetermined {
            return Err(SubmitError::Undetermined);
        }
        let (chain, store) = (self.names.chain(), self.store.as_ref());
        let voucher = message.voucher.as_ref();
        Ok(self.spam.check(chain, store, settings, message.from, message.mailbox, voucher).await??)
    }
}

/// A message for an account of this server, as far as it does not depend on the account.
struct Accepted {
    from: Sender,
    mailbox: Address,
    /// SHA-256 of what a verified sender signed.
    signed: Option<[u8; 32]>,
    /// Of the canonical envelope, in bytes.
    size: u64,
    sender: String,
    envelope_hash: [u8; 32],
    envelope: Envelope,
    information: DeliveryInformation,
    voucher: Option<SignedVoucher>,
}

impl Accepted {
    /// What is stored for this receiver, and the same for its sockets.
    fn delivery(
        &self,
        receiver: &Receiver,
        config: &Config,
        received_at: u64,
    ) -> Result<(Delivery, Value), SubmitError> {
        let postmark = Postmark::make(&self.envelope, received_at, &config.keys)
            .seal(&receiver.encryption, &OsEntropy)
            .map_err(|_| SubmitError::UnknownReceiver)?;
        let mut delivered = Delivered {
            envelope: self.envelope.clone(),
            delivery_information: self.information.clone(),
            postmark,
        }
        .to_json();
        if let Some(mark) = self.from.mark() {
            delivered[SENDER_CHECK] = mark.into();
        }
        let delivery = Delivery {
            mailbox: self.mailbox,
            sender: self.sender.clone(),
            sender_address: self.from.address(),
            standing: match self.from {
                Sender::Verified(address) if receiver.settings.allows(address) => Standing::Allowed,
                Sender::Verified(_) => Standing::Verified,
                Sender::Unknown(_) | Sender::Forged(_) | Sender::Undetermined => Standing::Unknown,
            },
            signed: self.signed,
            message_hash: self.envelope.claimed_hash().to_owned(),
            envelope_hash: self.envelope_hash,
            received_at,
            envelope: delivered.to_string(),
            account_version: receiver.version,
            limits: config.mailbox_limits,
        };
        Ok((delivery, delivered))
    }
}

/// Reads an envelope's text. One with more values than an envelope has is not read at all.
///
/// # Errors
/// [`SubmitError::Json`] and [`SubmitError::Schema`].
pub fn read(text: &str) -> Result<Envelope, SubmitError> {
    if !json::has_at_most(text, MAX_ENVELOPE_VALUES) {
        return Err(SubmitError::Schema);
    }
    Ok(Envelope::parse(text)?)
}

/// Reads a voucher's text. What is none is as if nothing were there.
pub fn read_voucher(text: &str) -> Option<SignedVoucher> {
    if text.len() > MAX_VOUCHER || !json::has_at_most(text, MAX_ENVELOPE_VALUES) {
        return None;
    }
    SignedVoucher::from_json(&serde_json::from_str(text).ok()?)
}

/// Whether a sender's claim can be kept: short, and without U+0000, which Postgres's text does not hold.
fn is_claim(claim: &str) -> bool {
    claim.len() <= MAX_CLAIM && !claim.contains('\0')
}
