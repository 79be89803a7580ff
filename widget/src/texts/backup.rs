//! What came of a backup.

use dm3_core::identity::BackupError;
use dm3_core::ports::StoreError;
use dm3_core::session::{ExportError, ImportError, Restored};
use dm3_core::storage::ArchiveError;

use super::address::short_address;
use super::spoken::say;
use super::words::{BackupWord, backup_messages_back, backup_other_account, backup_skipped};
use crate::app::backup::BackupFault;

/// What came out of a file.
pub fn backup_restored(restored: &Restored) -> String {
    let Restored { messages, conversations, skipped } = *restored;
    let back = backup_messages_back(conversations, messages);
    match skipped {
        0 => back,
        count => [back, backup_skipped(count)].join(" "),
    }
}

/// What did not work, and what can be done about it.
pub fn backup_failed(fault: &BackupFault) -> String {
    told(match fault {
        BackupFault::NoFile => BackupWord::NoFile,
        BackupFault::Export(ExportError::NoKeys) => BackupWord::NoKeys,
        BackupFault::Export(ExportError::Store(error)) | BackupFault::Import(ImportError::Store(error)) => {
            store(error)
        }
        BackupFault::Export(ExportError::Seal(_)) => BackupWord::NotSealed,
        BackupFault::Import(ImportError::OtherAccount(account)) => {
            return backup_other_account(&short_address(*account));
        }
        BackupFault::Import(ImportError::Archive(error)) => match error {
            ArchiveError::File => BackupWord::NotABackup,
            ArchiveError::Version => BackupWord::Version,
            ArchiveError::Backup(error) => code(error),
            ArchiveError::OtherKeys => BackupWord::OtherKeys,
            ArchiveError::Damaged | ArchiveError::Line => BackupWord::Damaged,
            ArchiveError::Incomplete => BackupWord::Incomplete,
        },
        BackupFault::Code(error) => code(error),
    })
}

fn code(error: &BackupError) -> BackupWord {
    match error {
        BackupError::Code => BackupWord::CodeForm,
        BackupError::Checksum => BackupWord::CodeChecksum,
        BackupError::NotOpened => BackupWord::CodeNotOpened,
        BackupError::Version => BackupWord::Version,
        BackupError::File => BackupWord::NotABackup,
        BackupError::OtherAccount(_) => BackupWord::OtherAccountUnnamed,
    }
}

fn store(error: &StoreError) -> BackupWord {
    match error {
        StoreError::Full => BackupWord::Full,
        _ => BackupWord::Unreadable,
    }
}

fn told(word: BackupWord) -> String {
    say(word).to_owned()
}
