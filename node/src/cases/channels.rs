//! Where an account is told that mail has come: its channels, and the codes that prove them.

use dm3_core::identity::Address;

use crate::app::App;
use crate::limits::{Payer, TooMany};
use crate::machine::clock::now_seconds;
use crate::notifications::{Subscription, mail_address, otp};
use crate::store::{Channel, ChannelKind, CodeIssue, StoreError};

/// Why a channel is not changed. Worded as the reference does where it has the case.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The account has switched all notifications off.
    #[error("Global notifications is off")]
    Off,
    /// The operator has set up no way to send on this channel.
    #[error("Notification channel {0} is currently not supported by the DS")]
    Unsupported(ChannelKind),
    /// The account has no such channel.
    #[error("{0} notification channel is not configured")]
    Absent(ChannelKind),
    /// The account has switched the channel off.
    #[error("{0} notification channel is not enabled")]
    Disabled(ChannelKind),
    /// There is nothing to prove any more.
    #[error("{0} notification channel is already verified")]
    Verified(ChannelKind),
    /// Not a mail address, or not a browser's subscription at a public push service.
    #[error("Invalid {} value", .0.as_str().to_lowercase())]
    Recipient(ChannelKind),
    /// The last code was sent less than a minute ago.
    #[error("New OTP can be generated after 1 minutes of last OTP generated")]
    TooSoon,
    /// So many codes were sent that it looks like an attack on whoever gets them.
    #[error("too many codes were sent today; try again tomorrow")]
    TooMany,
    /// So many codes go to this address, or from this client or server, that it looks like an attack on whoever gets them.
    #[error(transparent)]
    Limited(#[from] TooMany),
    /// No code was sent, or it was used, or answered wrongly too often.
    #[error("Otp not found, please resend the OTP for verification")]
    NoCode,
    /// Another code was sent.
    #[error("Invalid OTP")]
    WrongCode,
    /// The code was sent more than ten minutes ago.
    #[error("OTP is expired")]
    Expired,
    /// More is to be sent than can be at the moment.
    #[error("the server can't send at the moment; try again later")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Adds or replaces the channel of a kind. Mail must then be proven by the code that is sent to it; a
    /// browser's subscription is proof of itself.
    ///
    /// # Errors
    /// [`ChannelError`]; nothing is changed then.
    pub async fn set_channel(
        &self,
        owner: Address,
        kind: ChannelKind,
        recipient: &str,
    ) -> Result<(), ChannelError> {
        let valid = match kind {
            ChannelKind::Email => mail_address(recipient).is_some(),
            ChannelKind::Push => Subscription::parse(recipient)
                .is_some_and(|subscription| self.notifier.may_push_to(&subscription.endpoint)),
        };
        if !valid && self.notifier.supports(kind) {
            return Err(ChannelError::Recipient(kind));
        }
        if !self.store.notifications_enabled(owner).await? {
            return Err(ChannelError::Off);
        }
        self.supported(kind)?;
        let channel = Channel {
            kind,
            recipient: recipient.to_owned(),
            enabled: true,
            verified: kind == ChannelKind::Push,
        };
        // The code is counted first, so that a refusal leaves the channel as it was.
        let code = match kind {
            ChannelKind::Email => Some(self.new_code(owner, &channel).await?),
            ChannelKind::Push => None,
        };
        self.store.set_channel(owner, channel).await?;
        match code {
            Some(code) => self.notifier.send_code(recipient, code).map_err(|_| ChannelError::Busy),
            None => Ok(()),
        }
    }

    /// Sends another code for a channel that is not proven yet.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub async fn resend_code(&self, owner: Address, kind: ChannelKind) -> Result<(), ChannelError> {
        let channel = self.unproven(owner, kind).await?;
        let code = self.new_code(owner, &channel).await?;
        self.notifier.send_code(&channel.recipient, code).map_err(|_| ChannelError::Busy)
    }

    /// Proves a channel with the code that was sent to it.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub async fn prove_channel(
        &self,
        owner: Address,
        kind: ChannelKind,
        answer: &str,
    ) -> Result<(), ChannelError> {
        let channel = self.unproven(owner, kind).await?;
        // Counted before it is compared, so that answers at the same time are as many tries.
        let code = self.store.try_code(owner, kind, otp::MAX_TRIES).await?.ok_or(ChannelError::NoCode)?;
        if !self.passwords.is(&code.digest, owner, &channel, answer) {
            return Err(ChannelError::WrongCode);
        }
        if now_seconds() > code.made_at + otp::VALID_SECONDS {
            return Err(ChannelError::Expired);
        }
        match self.store.verify_channel(owner, kind, &channel.recipient).await? {
            true => Ok(()),
            false => Err(ChannelError::NoCode),
        }
    }

    /// Switches one channel on or off.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub async fn enable_channel(
        &self,
        owner: Address,
        kind: ChannelKind,
        enabled: bool,
    ) -> Result<(), ChannelError> {
        self.notifying(owner).await?;
        self.supported(kind)?;
        match self.store.enable_channel(owner, kind, enabled).await? {
            true => Ok(()),
            false => Err(ChannelError::Absent(kind)),
        }
    }

    /// Forgets a channel.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub async fn remove_channel(&self, owner: Address, kind: ChannelKind) -> Result<(), ChannelError> {
        self.notifying(owner).await?;
        match self.store.remove_channel(owner, kind, None).await? {
            true => Ok(()),
            false => Err(ChannelError::Absent(kind)),
        }
    }

    /// The channels of an account; none while it has notifications switched off.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn channels(&self, owner: Address) -> Result<Vec<Channel>, StoreError> {
        if self.store.notifications_enabled(owner).await? {
            self.store.channels(owner).await
        } else {
            Ok(Vec::new())
        }
    }

    async fn notifying(&self, owner: Address) -> Result<(), ChannelError> {
        if self.store.notifications_enabled(owner).await? { Ok(()) } else { Err(ChannelError::Off) }
    }

    fn supported(&self, kind: ChannelKind) -> Result<(), ChannelError> {
        if self.notifier.supports(kind) { Ok(()) } else { Err(ChannelError::Unsupported(kind)) }
    }

    async fn unproven(&self, owner: Address, kind: ChannelKind) -> Result<Channel, ChannelError> {
        self.notifying(owner).await?;
        self.supported(kind)?;
        let channels = self.store.channels(owner).await?;
        let channel = channels.into_iter().find(|channel| channel.kind == kind);
        let channel = channel.ok_or(ChannelError::Absent(kind))?;
        if !channel.enabled {
            return Err(ChannelError::Disabled(kind));
        }
        if channel.verified {
            return Err(ChannelError::Verified(kind));
        }
        Ok(channel)
    }

    async fn new_code(&self, owner: Address, channel: &Channel) -> Result<otp::Code, ChannelError> {
        let rates = self.shared.code(Payer::current(), &channel.recipient);
        self.counted_by_all("codes", &rates).await??;
        let code = self.passwords.make();
        let digest = self.passwords.digest(owner, channel, &code);
        match self.store.new_code(owner, channel.kind, digest, otp::limits(now_seconds())).await? {
            CodeIssue::Issued => Ok(code),
            CodeIssue::TooSoon => Err(ChannelError::TooSoon),
            CodeIssue::TooMany => Err(ChannelError::TooMany),
        }
    }
}
