//! English, for backups.

use dm3_core::identity::BackupError;
use dm3_core::ports::StoreError;
use dm3_core::session::{ExportError, ImportError, Restored};
use dm3_core::storage::ArchiveError;

use super::address::short_address;
use super::language::BackupWord;
use crate::app::backup::BackupFault;

/// What stands on the screen as it is.
pub fn word(word: BackupWord) -> &'static str {
    match word {
        BackupWord::Title => "Backup",
        BackupWord::Explained => {
            "One file with everything this browser has of your account: your chat keys, settings, contacts, drafts and all messages. It is encrypted with a recovery code that is made for it."
        }
        BackupWord::Make => "Make a backup",
        BackupWord::Restore => "Restore from a backup",
        BackupWord::Made => "Your backup is ready",
        BackupWord::KeepBoth => {
            "Save the file and write down its recovery code. One is of no use without the other."
        }
        BackupWord::Code => "Recovery code",
        BackupWord::Save => "Save the file",
        BackupWord::CodeOnce => {
            "The code is shown only now and kept nowhere. Whoever has both can read your messages and write in your name."
        }
        BackupWord::RestoreExplained => {
            "Choose the file, then type its recovery code: nine groups of four letters and digits. What is here stays; what is missing is added."
        }
        BackupWord::Given => {
            "This page gave a file. Type its recovery code: nine groups of four letters and digits. What is here stays; what is missing is added."
        }
        BackupWord::File => "Backup file",
        BackupWord::TakeIn => "Restore",
        BackupWord::Restored => "Restored",
        BackupWord::Finished => "Done",
    }
}

/// What came out of a file.
pub fn restored(restored: &Restored) -> String {
    let Restored { messages, conversations, skipped } = *restored;
    let messages = match messages {
        0 => "No message was missing here".to_owned(),
        1 => "One message was missing here and is back".to_owned(),
        count => format!("{count} messages were missing here and are back"),
    };
    let conversations = match conversations {
        1 => "one conversation".to_owned(),
        count => format!("{count} conversations"),
    };
    let skipped = match skipped {
        0 => String::new(),
        count => format!(" {count} things in it are of a newer version of this chat, and were left out."),
    };
    format!("{messages}. The file tells of {conversations}.{skipped}")
}

/// What did not work, and what can be done about it.
pub fn fault(fault: &BackupFault) -> String {
    let words = match fault {
        BackupFault::NoFile => "Choose a backup file that can be read.",
        BackupFault::Export(ExportError::NoKeys) => {
            "Your keys are not in this browser any more. Sign in again, then make the backup."
        }
        BackupFault::Export(ExportError::Store(error)) | BackupFault::Import(ImportError::Store(error)) => {
            return store(error);
        }
        BackupFault::Export(ExportError::Seal(_)) => "The backup could not be encrypted. Try again.",
        BackupFault::Import(ImportError::OtherAccount(account)) => {
            let account = short_address(*account);
            return format!(
                "This file belongs to another account, {account}. Sign in with that account to restore it."
            );
        }
        BackupFault::Import(ImportError::Archive(error)) => match error {
            ArchiveError::File => "This is not a backup file of this chat.",
            ArchiveError::Version => {
                "This file was made by a newer version of this chat. Reload the page, then try again."
            }
            ArchiveError::Backup(error) => return code(error),
            ArchiveError::OtherKeys => {
                "This file was made with other keys of your account, from before they were replaced. It can’t be restored with the keys that you have now."
            }
            ArchiveError::Damaged | ArchiveError::Line => {
                "The file is damaged. What comes before the damage was restored; another copy of the file may bring the rest."
            }
            ArchiveError::Incomplete => {
                "The end of the file is missing. What is there was restored; the whole file brings the rest."
            }
        },
        BackupFault::Code(error) => return code(error),
    };
    words.to_owned()
}

fn code(error: &BackupError) -> String {
    let words = match error {
        BackupError::Code => {
            "A recovery code has nine groups of four letters or digits. Check what you typed."
        }
        BackupError::Checksum => "The recovery code is mistyped. Check it letter by letter.",
        BackupError::NotOpened => "This code does not open this file. Check whether they belong together.",
        BackupError::Version => {
            "This file was made by a newer version of this chat. Reload the page, then try again."
        }
        BackupError::File => "This is not a backup file of this chat.",
        BackupError::OtherAccount(_) => "This file belongs to another account.",
    };
    words.to_owned()
}

fn store(error: &StoreError) -> String {
    match error {
        StoreError::Full => "There is no room left on this device. Make room, then try again.".to_owned(),
        _ => "This browser could not read or keep the records. Reload the page, then try again.".to_owned(),
    }
}
