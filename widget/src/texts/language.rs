//! What a language has to be able to say.

use dm3_core::delivery::Refusal;
use dm3_core::device::Notice;

use crate::app::fault::Fault;

/// A language. Each is a file of its own that implements this; views know no other way to words.
pub trait Language {
    /// What stands on the screen as it is.
    fn word(&self, word: Word) -> &'static str;
    /// In the order of JavaScript's `getMonth`. The first three letters are the short form.
    fn months(&self) -> [&'static str; 12];
    /// In the order of JavaScript's `getDay`. The first three letters are the short form.
    fn weekdays(&self) -> [&'static str; 7];
    /// Above the steps of signing in; `to` is whom the page wants to be written to.
    fn sign_in_title(&self, to: Option<&str>) -> String;
    /// What choosing a name that was typed does.
    fn write_to(&self, name: &str) -> String;
    /// An own message in the list. Waiting: no delivery service has it yet.
    fn own_preview(&self, text: &str, waiting: bool) -> String;
    /// Follows the number of messages that were not seen, for those who do not see where it stands.
    fn unread(&self, count: u64) -> String;
    /// How many received messages could not be proven genuine.
    fn quarantined(&self, count: usize) -> String;
    /// The device's clock is so many milliseconds fast, or slow if negative.
    fn clock_error(&self, fast: i64) -> String;
    /// What the composer is for.
    fn message_field(&self, name: &str) -> String;
    /// Stands where the first message will.
    fn no_messages_with(&self, name: &str) -> String;
    /// A peer can't be delivered to yet.
    fn no_profile(&self, name: &str) -> String;
    /// How many attachments this version does not show.
    fn attachments(&self, count: usize) -> String;
    /// Who wrote an entry, for those who do not see on which side it stands.
    fn author(&self, own: bool, peer: &str, time: &str) -> String;
    /// Something happened to the peer's name or keys, at a time that is given in words.
    fn notice(&self, notice: &Notice, peer: &str, when: &str) -> String;
    /// An own message was refused.
    fn not_sent(&self, why: &Refusal) -> String;
    /// What did not work, and what a person can do about it. What may pass by itself is never told as final.
    fn fault(&self, fault: &Fault) -> String;
}

/// What stands on the screen as it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Close,
    Back,
    Retry,
    TryAgain,
    Loading,
    Reload,
    Stopped,
    Verified,
    NotChecked,
    NameUncheckable,
    UseOldProfile,
    You,
    Done,
    SignInPromise,
    NoWallet,
    NoWalletHelp,
    LookAgain,
    ConnectWallet,
    CreateKeys,
    PublishProfile,
    AnotherWallet,
    ShowText,
    ChooseWallet,
    AnswerInWallet,
    Finishing,
    ConnectStep,
    ConnectedStep,
    ConnectStepHelp,
    KeysStep,
    KeysStepHelp,
    ProfileStep,
    ProfileStepHelp,
    Messages,
    Search,
    Searching,
    EmptyList,
    EmptyListHelp,
    NoMatch,
    NewConversationHelp,
    NoMessage,
    Account,
    SignedInAs,
    HistoryFull,
    Backup,
    SignOut,
    SignOutHelp,
    KeepRecords,
    DeleteRecords,
    Conversation,
    Encrypted,
    Older,
    CheckAgain,
    Deleted,
    Edited,
    Send,
    Today,
    Yesterday,
    WaitingForWallet,
    OneMoment,
    SigningIn,
    MessageDeleted,
    Sending,
    StopSending,
    Waiting,
    Sent,
    Arrived,
    Read,
}

/// What stands on the screens that make backups and take them in. Apart from the others, so that these words are loaded with
/// those screens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum BackupWord {
    Title,
    Explained,
    Make,
    Restore,
    Made,
    KeepBoth,
    Code,
    Save,
    CodeOnce,
    RestoreExplained,
    Given,
    File,
    TakeIn,
    Restored,
    Finished,
}

/// What stands on the screens of somebody whose wallet alone does not lead to their keys. Apart from the others, so that
/// these words are loaded with those screens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum KeysWord {
    OtherKeys,
    OtherKeysHelp,
    OtherKeysOfContract,
    UnusableHelp,
    UseNonce,
    UseNonceHelp,
    EnterCode,
    EnterCodeHelp,
    NewKeys,
    NewKeysHelp,
    NonceExplained,
    NonceField,
    Continue,
    CodeExplained,
    CodeField,
    Restore,
    ReplaceExplained,
    ReplaceChecks,
    Replace,
    NotThese,
    OtherWays,
    KeepCode,
    KeepCodeOfContract,
    KeepCodeOfUnsteady,
    KeepCodeWarning,
    SaveCode,
    CodeKept,
}
