//! Taking messages for accounts of this server, and giving them to their receivers.
//!
//! ```text
//! text ─▶ Envelope (strict schema) ─▶ size ─▶ delivery information opened ─▶ receiver's account
//!      ─▶ postmark, sealed to the receiver ─▶ stored durably ─▶ pushed to the open sockets ─▶ answered
//! ```

use std::collections::HashMap;

use dm3_core::identity::{Address, EnsName, SignedProfile};
use dm3_core::message::{Delivered, Envelope, EnvelopeError, Postmark};
use dm3_core::seal::sha256;

use crate::app::App;
use crate::clock::now_ms;
use crate::entropy::OsEntropy;
use crate::names::NamesError;
use crate::store::{Delivery, StoreError};

/// The longest name or hash that is taken from a sender, in bytes.
const MAX_CLAIM: usize = 512;
/// How many names one acknowledgement request may have looked up on the chain.
const MAX_LOOKUPS: usize = 20;

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
            Self::Unavailable => "unavailable",
        }
    }

    /// The code that the specification's appendix has for it in JSON-RPC.
    pub const fn code(&self) -> i64 {
        match self {
            Self::Missing => -32602,
            Self::Json | Self::Schema | Self::DeliveryInformation => -32000,
            Self::UnknownReceiver => -32001,
            Self::Unavailable => -32002,
            Self::TooLarge { .. } => -32011,
        }
    }
}

impl From<StoreError> for SubmitError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a message can't be taken");
        Self::Unavailable
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
    /// Takes a message: when this returns, it is stored durably.
    ///
    /// # Errors
    /// [`SubmitError`]. The same envelope again is no error, and changes nothing while the first is stored.
    pub async fn submit(&self, envelope: &str) -> Result<(), SubmitError> {
        let result = self.take(envelope).await;
        self.metrics.submitted(result.as_ref().copied());
        result.map(|_| ())
    }

    /// Whether the message is new here.
    async fn take(&self, envelope: &str) -> Result<bool, SubmitError> {
        let envelope = Envelope::parse(envelope)?;
        let canonical = envelope.to_canonical();
        let limit = self.config.size_limit;
        if canonical.len() > limit {
            return Err(SubmitError::TooLarge { limit });
        }
        let information = envelope
            .open_delivery_information(&self.config.keys.encryption)
            .map_err(|_| SubmitError::DeliveryInformation)?;
        if information.from.len() > MAX_CLAIM || envelope.claimed_hash().len() > MAX_CLAIM {
            return Err(SubmitError::Schema);
        }
        let receiver: EnsName = information.to.parse().map_err(|_| SubmitError::UnknownReceiver)?;
        let mailbox = self.names.address_of(&receiver).await?.ok_or(SubmitError::UnknownReceiver)?;
        let account = self.store.account(mailbox).await?.filter(|account| account.mailbox);
        let account = account.ok_or(SubmitError::UnknownReceiver)?;
        let profile = SignedProfile::parse(&account.profile)
            .and_then(|profile| profile.verify(mailbox))
            .map_err(|_| StoreError::Damaged("a kept profile does not verify"))?;
        let received_at = now_ms();
        let postmark = Postmark::make(&envelope, received_at, &self.config.keys)
            .seal(&profile.keys().encryption, &OsEntropy)
            .map_err(|_| SubmitError::UnknownReceiver)?;
        let delivery = Delivery {
            mailbox,
            sender: sender_key(&information.from),
            message_hash: envelope.claimed_hash().to_owned(),
            envelope_hash: sha256(canonical.as_bytes()),
            received_at,
            envelope: String::new(),
        };
        let delivered = Delivered { envelope, delivery_information: information, postmark }.to_json();
        let delivery = Delivery { envelope: delivered.to_string(), ..delivery };
        let fresh = self.metrics.timed("deliver", self.store.deliver(delivery)).await?;
        if fresh {
            self.push(mailbox, &delivered);
        }
        Ok(fresh)
    }

    /// Removes what a receiver acknowledges: every copy of each message from that contact, whichever of its
    /// names the receiver uses.
    ///
    /// # Errors
    /// [`NamesError`] if the database fails or names can't be looked up; what was found is removed all the same.
    pub async fn acknowledge(
        &self,
        mailbox: Address,
        acknowledged: &[(String, String)],
    ) -> Result<(), NamesError> {
        let mut numbers = Vec::new();
        let mut contacts = Contacts { app: self, known: HashMap::new(), lookups: 0, failed: None };
        for (contact, hash) in acknowledged {
            let contact = sender_key(contact);
            for copy in self.metrics.timed("copies", self.store.copies(mailbox, hash)).await? {
                if copy.sender == contact || contacts.same(&copy.sender, &contact).await {
                    numbers.push(copy.seq);
                }
            }
        }
        self.metrics.timed("remove", self.store.remove(mailbox, &numbers)).await?;
        contacts.failed.map_or(Ok(()), Err)
    }
}

/// The form in which senders' names are filed and compared.
fn sender_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The addresses behind the names of one acknowledgement request.
struct Contacts<'a> {
    app: &'a App,
    known: HashMap<String, Option<Address>>,
    lookups: usize,
    failed: Option<NamesError>,
}

impl Contacts<'_> {
    async fn same(&mut self, one: &str, other: &str) -> bool {
        match self.address_of(one).await {
            Some(address) => self.address_of(other).await == Some(address),
            None => false,
        }
    }

    async fn address_of(&mut self, text: &str) -> Option<Address> {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let name: EnsName = text.parse().ok()?;
        let address = match self.app.names.own_address(&name) {
            Some(address) => Some(address),
            None if self.lookups >= MAX_LOOKUPS => return None,
            None => {
                self.lookups += 1;
                self.app.names.address_of(&name).await.unwrap_or_else(|error| {
                    self.failed = Some(error);
                    None
                })
            }
        };
        self.known.insert(text.to_owned(), address);
        address
    }
}
