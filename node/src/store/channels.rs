//! How receivers want to be told that a message has come.

use std::fmt;

use dm3_core::identity::Address;

use super::StoreError;

/// A way to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// Mail.
    Email,
    /// Web push.
    Push,
}

impl ChannelKind {
    /// The deployed name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Push => "PUSH",
        }
    }

    /// Reads the deployed name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Push].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for ChannelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An account's channel; it has at most one of each kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Which way.
    pub kind: ChannelKind,
    /// A mail address, or a browser's subscription as JSON.
    pub recipient: String,
    /// Whether the account wants it now.
    pub enabled: bool,
    /// Whether it was proven to be the account's.
    pub verified: bool,
}

/// How often codes may be made. Times are in seconds.
#[derive(Debug, Clone, Copy)]
pub struct CodeLimits {
    /// Now, since 1970.
    pub now: u64,
    /// The least time from one code to the next.
    pub pause: u64,
    /// The most codes…
    pub most: u32,
    /// …in this time.
    pub within: u64,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeIssue {
    /// It is the channel's code now, in place of an earlier one.
    Issued,
    /// The last one was made just now.
    TooSoon,
    /// There were too many.
    TooMany,
}

/// A code that is being answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What is kept of it.
    pub digest: Vec<u8>,
    /// When it was made, in seconds since 1970.
    pub made_at: u64,
}

/// The channels.
#[async_trait::async_trait]
pub trait ChannelStore: Send + Sync {
    /// Whether an account wants to be told at all; at first it does not.
    async fn notifications_enabled(&self, owner: Address) -> Result<bool, StoreError>;

    /// Switches all of an account's channels on or off.
    async fn enable_notifications(&self, owner: Address, enabled: bool) -> Result<(), StoreError>;

    /// Claims to tell an account at `now` (seconds since 1970) that messages have come. One claim is granted in
    /// `pause` seconds, over all nodes, and none to an account that does not want to be told.
    async fn claim_notification(&self, owner: Address, now: u64, pause: u64) -> Result<bool, StoreError>;

    /// An account's channels.
    async fn channels(&self, owner: Address) -> Result<Vec<Channel>, StoreError>;

    /// Adds a channel, or puts it in the place of the one of its kind.
    async fn set_channel(&self, owner: Address, channel: Channel) -> Result<(), StoreError>;

    /// Switches a channel on or off; false if there is none.
    async fn enable_channel(
        &self,
        owner: Address,
        kind: ChannelKind,
        enabled: bool,
    ) -> Result<bool, StoreError>;

    /// Removes a channel, if it still has the given recipient; false if there is none.
    async fn remove_channel(
        &self,
        owner: Address,
        kind: ChannelKind,
        recipient: Option<&str>,
    ) -> Result<bool, StoreError>;

    /// Marks a channel as proven if it still has this recipient, and its code as used; false if it has not.
    async fn verify_channel(
        &self,
        owner: Address,
        kind: ChannelKind,
        recipient: &str,
    ) -> Result<bool, StoreError>;

    /// Keeps a new code's digest, within the limits. They hold over the removal of a channel.
    async fn new_code(
        &self,
        owner: Address,
        kind: ChannelKind,
        digest: [u8; 32],
        limits: CodeLimits,
    ) -> Result<CodeIssue, StoreError>;

    /// The code of a channel, and counts a try; `None` if there is none or it was tried `most` times.
    async fn try_code(
        &self,
        owner: Address,
        kind: ChannelKind,
        most: u32,
    ) -> Result<Option<Code>, StoreError>;
}
