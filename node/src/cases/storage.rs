//! The encrypted storage of deployed clients: checks what they send, and keeps it. All contents are opaque.

use dm3_core::identity::{Address, EnsName};
use dm3_core::seal::sha256;

use crate::app::App;
use crate::limits::Turns;
use crate::machine::clock::now_ms;
use crate::store::{
    NewMessage, PartOf, StorageQuota, Store, StoreError, Stored, StoredConversation, StoredMessage,
};

/// The longest encrypted name or profile location, in bytes.
const MAX_NAME: usize = 8192;
/// The longest message id, in bytes.
const MAX_ID: usize = 512;
/// The most messages in one request.
const MAX_BATCH: usize = 1000;
/// The most conversations of an account.
const MAX_CONVERSATIONS: u64 = 20_000;
/// The most halted messages in one answer; the others come when these are cleared.
const MAX_HALTED: u32 = 500;
/// The last time that is taken: the end of the year 9999, in milliseconds since 1970.
const LAST_TIME: f64 = 253_402_300_799_999.0;

/// Why something is not stored. Worded as the reference does where it has the case.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A member is too long, empty, or no time.
    #[error("invalid schema")]
    Schema,
    /// The account would have more than it may.
    #[error("the storage of this account is full; delete something")]
    Full,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account that is signed in and has registered here.
pub struct Member {
    /// Whose session it is.
    pub address: Address,
    /// The name in the path: the one that signed in, or another that means the same address.
    pub name: EnsName,
}

/// The storage of one account.
pub struct Storage<'a> {
    store: &'a dyn Store,
    /// Turns at writing, since a long batch must not make others wait.
    writing: &'a Turns<Address>,
    owner: Address,
    name: &'a EnsName,
    max_container: usize,
    quota: StorageQuota,
}

/// How many bytes a message or a conversation counts beside what it holds: its row, and what is found by it.
const ROW_BYTES: usize = 256;
/// How many messages one transaction writes, so that other writers get their turn.
const SLICE: usize = 100;
/// Of messages that wait no more are given once there are so many bytes.
const HALTED_BYTES: u64 = 8_000_000;

impl App {
    /// The storage of an account that is signed in.
    pub fn storage<'a>(&'a self, member: &'a Member) -> Storage<'a> {
        Storage {
            store: self.store.as_ref(),
            writing: &self.writing,
            owner: member.address,
            name: &member.name,
            // Clients wrap an envelope into base64 twice.
            max_container: 4 * self.config.size_limit,
            quota: StorageQuota {
                bytes: self.config.storage_limit,
                conversations: MAX_CONVERSATIONS,
                row: ROW_BYTES,
            },
        }
    }
}

impl Storage<'_> {
    /// The most items on a page.
    pub const MAX_PAGE: u32 = 200;

    /// The longest container of a message, in bytes.
    pub const fn max_container(&self) -> usize {
        self.max_container
    }

    /// Reads a message. Its id is made unique as deployed: `0x` and the hexadecimal SHA-256 of the account's name
    /// and the client's id.
    ///
    /// # Errors
    /// [`StorageError::Schema`].
    pub fn message(
        &self,
        id: &str,
        created_at: f64,
        container: String,
        halted: bool,
    ) -> Result<NewMessage, StorageError> {
        let in_time = (0.0..=LAST_TIME).contains(&created_at);
        if !in_time || id.len() > MAX_ID || container.len() > self.max_container || container.contains('\0') {
            return Err(StorageError::Schema);
        }
        let id = sha256(format!("{}{id}", self.name).as_bytes());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
        let created_at = created_at as u64;
        Ok(NewMessage { id: format!("0x{}", hex::encode(id)), created_at, container, halted })
    }

    /// Makes a conversation, or changes its profile location.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn add_conversation(&self, contact: &str, location: &str) -> Result<(), StorageError> {
        check(contact)?;
        if !location.is_empty() {
            check(location)?;
        }
        let _turn = self.writing.of(self.owner).await;
        let stored = self.store.add_conversation(self.owner, contact, location, now_ms(), self.quota).await?;
        added(stored).map(|_| ())
    }

    /// The conversations that are not hidden, latest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn conversations(&self, part: PartOf) -> Result<Vec<StoredConversation>, StorageError> {
        Ok(self.store.conversations(self.owner, part).await?)
    }

    /// Hides or shows a conversation.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn hide_conversation(&self, contact: &str, hidden: bool) -> Result<(), StorageError> {
        check(contact)?;
        let _turn = self.writing.of(self.owner).await;
        Ok(self.store.hide_conversation(self.owner, contact, hidden).await?)
    }

    /// Adds messages and gives how many are new.
    ///
    /// # Errors
    /// [`StorageError`]. Of a long batch a part may be added then; the same again adds the rest.
    pub async fn add_messages(&self, contact: &str, messages: &[NewMessage]) -> Result<usize, StorageError> {
        check_batch(contact, messages)?;
        let _turn = self.writing.of(self.owner).await;
        let mut new = 0;
        for slice in slices(messages) {
            new += added(self.store.add_messages(self.owner, contact, slice, now_ms(), self.quota).await?)?;
        }
        Ok(new)
    }

    /// Replaces or adds messages.
    ///
    /// # Errors
    /// [`StorageError`]. Of a long batch a part may be changed then; the same again changes the rest.
    pub async fn edit_messages(&self, contact: &str, messages: &[NewMessage]) -> Result<usize, StorageError> {
        check_batch(contact, messages)?;
        let _turn = self.writing.of(self.owner).await;
        let mut new = 0;
        for slice in slices(messages) {
            new += added(self.store.edit_messages(self.owner, contact, slice, now_ms(), self.quota).await?)?;
        }
        Ok(new)
    }

    /// The messages of a conversation, latest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn messages(&self, contact: &str, part: PartOf) -> Result<Vec<StoredMessage>, StorageError> {
        check(contact)?;
        Ok(self.store.messages(self.owner, contact, part).await?)
    }

    /// How many messages a conversation has.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn count_messages(&self, contact: &str) -> Result<u64, StorageError> {
        check(contact)?;
        Ok(self.store.count_messages(self.owner, contact).await?)
    }

    /// The messages that wait to be delivered.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn halted_messages(&self) -> Result<Vec<StoredMessage>, StorageError> {
        Ok(self.store.halted_messages(self.owner, MAX_HALTED, HALTED_BYTES).await?)
    }

    /// Marks a message, by its id here, as delivered under a name of the contact; false if there is none.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn release_message(&self, id: &str, contact: Option<&str>) -> Result<bool, StorageError> {
        check(id)?;
        contact.map_or(Ok(()), check)?;
        let _turn = self.writing.of(self.owner).await;
        Ok(self.store.release_message(self.owner, id, contact).await?)
    }
}

/// At least one, since also an empty batch makes its conversation.
fn slices(messages: &[NewMessage]) -> impl Iterator<Item = &[NewMessage]> {
    messages.chunks(SLICE).chain(messages.is_empty().then_some(messages))
}

fn added(stored: Stored) -> Result<usize, StorageError> {
    match stored {
        Stored::New(new) => Ok(new),
        Stored::Full => Err(StorageError::Full),
    }
}

fn check_batch(contact: &str, messages: &[NewMessage]) -> Result<(), StorageError> {
    check(contact)?;
    if messages.len() > MAX_BATCH { Err(StorageError::Schema) } else { Ok(()) }
}

/// One of Postgres's texts can't hold U+0000.
fn check(text: &str) -> Result<(), StorageError> {
    let usable = !text.is_empty() && text.len() <= MAX_NAME && !text.contains('\0');
    if usable { Ok(()) } else { Err(StorageError::Schema) }
}
