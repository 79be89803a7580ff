//! How the account is told of messages while none of its devices is connected: by mail from its node.

use super::{HomeError, Session};
use crate::delivery::api::{self, ApiError};
use crate::delivery::channels::{Channels, MAIL, parse_mail};
use crate::delivery::{ChannelRefusal, MailChannel};
use crate::ports::Ports;
use crate::web::{BaseUrl, HttpRequest, SessionToken};

/// Why something about mail was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The node sends no mail.
    #[error("this node sends no mail")]
    NotOffered,
    /// The node refuses.
    #[error("the node refuses: {0:?}")]
    Refused(ChannelRefusal),
    /// The node can't be asked, or refuses for another reason.
    #[error(transparent)]
    Home(#[from] HomeError),
}

impl From<ApiError> for MailError {
    fn from(error: ApiError) -> Self {
        ChannelRefusal::of(&error).map_or_else(|| Self::Home(error.into()), Self::Refused)
    }
}

impl<P: Ports> Session<P> {
    /// Whether the node can tell of messages by mail.
    pub fn can_mail(&self) -> bool {
        self.channels_url().is_some()
    }

    /// The address that mail goes to, if there is one.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn mail(&self) -> Result<Option<MailChannel>, MailError> {
        let url = self.channels_url().ok_or(MailError::NotOffered)?;
        let list = |token: &SessionToken| self.channels(url, token).list();
        Ok(parse_mail(&self.authorized(&self.node, &list).await?)?)
    }

    /// Has a code sent to this address, which takes the place of the one before.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn set_mail(&self, address: &str) -> Result<(), MailError> {
        // Another program of the account may have switched all of them off.
        self.tell(&|channels| channels.allow()).await?;
        self.tell(&|channels| channels.set_mail(address.trim())).await
    }

    /// Has another code sent.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send_mail_code(&self) -> Result<(), MailError> {
        self.tell(&|channels| channels.send_code()).await
    }

    /// Answers with the code: from then on mail is sent.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn prove_mail(&self, code: &str) -> Result<(), MailError> {
        self.tell(&|channels| channels.prove_mail(code.trim())).await
    }

    /// Switches mail on or off.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn enable_mail(&self, enabled: bool) -> Result<(), MailError> {
        self.tell(&|channels| channels.enable_mail(enabled)).await
    }

    /// Has the node forget the address.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn remove_mail(&self) -> Result<(), MailError> {
        self.tell(&|channels| channels.remove_mail()).await
    }

    fn channels_url(&self) -> Option<&BaseUrl> {
        let offered = self.directory.discovery().notifications.as_ref()?;
        offered.channels.iter().any(|kind| kind == MAIL).then_some(&offered.url)
    }

    fn channels<'a>(&'a self, url: &'a BaseUrl, token: &'a SessionToken) -> Channels<'a> {
        Channels { url, account: &self.alias, token }
    }

    async fn tell(&self, request: &dyn Fn(&Channels<'_>) -> HttpRequest) -> Result<(), MailError> {
        let url = self.channels_url().ok_or(MailError::NotOffered)?;
        let send = |token: &SessionToken| request(&self.channels(url, token));
        Ok(api::parse_done(&self.authorized(&self.node, &send).await?)?)
    }
}
