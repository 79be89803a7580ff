//! Keeping sealed files: room is made, pieces come in order, and at the end the hash decides.

use dm3_core::identity::Address;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::blobs::{BlobSecret, MAX_BLOBS, PIECE};
use crate::config::Room;
use crate::limits::{Payer, TooMany};
use crate::machine::clock::now_ms;
use crate::mailbox::deposits::Unsure;
use crate::price::Lift;
use crate::store::{Begun, Blob, BlobId, BlobQuota, BlobUsage, Blockable, NewBlob, StoreError};

/// How long a blob may take to come, in milliseconds. What does not come further is given up then.
const PATIENCE: u64 = 60 * 60 * 1000;

/// How far a blob has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are stored.
    pub stored: u64,
    /// Whether it is there for whoever has its address.
    pub complete: bool,
}

/// Why a blob is not taken or not there.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// This node keeps none.
    #[error("this server keeps no files")]
    Off,
    /// No bytes, or no hash.
    #[error("say the size and the SHA-256 of what is to come")]
    Form,
    /// More than one may have.
    #[error("a file has at most {0} bytes here")]
    TooLarge(u64),
    /// The account would have more than it may.
    #[error("the files of this account take all of its room; delete some, or wait until they end")]
    Full(Option<Box<Lift>>),
    /// All accounts together would.
    #[error("this server has no room for further files; try again later")]
    NoRoom,
    /// Not for this account, or for nobody.
    #[error("there is no such file")]
    Absent,
    /// A piece that does not follow what is stored, or is not of the one size.
    #[error("send the piece that follows what is stored, each of {PIECE} bytes but the last")]
    Piece(Progress),
    /// What came is not what was promised. Nothing of it is kept.
    #[error("what came has another hash than was said; send it again from the beginning")]
    Hash,
    /// More than is allowed in this time.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// It is not known what would help.
    #[error(transparent)]
    Unsure(#[from] Unsure),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Makes room for a blob of an account.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn begin_blob(
        &self,
        owner: Address,
        size: u64,
        hash: [u8; 32],
    ) -> Result<BlobSecret, BlobError> {
        let limits = self.config.blobs;
        match size {
            _ if limits.blob == 0 => return Err(BlobError::Off),
            0 => return Err(BlobError::Form),
            size if size > limits.blob => return Err(BlobError::TooLarge(limits.blob)),
            _ => {}
        }
        self.counted("blobs", self.limits.blob(owner))?;
        let room = self.room_of(owner).await?;
        let secret = BlobSecret::new_random();
        let blob = NewBlob { id: secret.id(), owner, size, hash, ends_at: now_ms() + PATIENCE };
        let quota = BlobQuota { bytes: room.files, blobs: MAX_BLOBS, all_bytes: limits.all };
        match self.store.begin_blob(blob, quota).await? {
            Begun::Begun => Ok(secret),
            Begun::Full => {
                self.metrics.refused("blobs_of_account");
                let has = self.blob_usage(owner).await?;
                let would = |larger: Room| has.bytes + size <= larger.files && has.blobs < MAX_BLOBS;
                Err(BlobError::Full(self.lift(room, would).await?))
            }
            Begun::NoRoom => {
                self.metrics.refused("blobs_of_all");
                Err(BlobError::NoRoom)
            }
        }
    }

    /// Takes the piece of a blob that begins at `at`. With the last one the hash is compared; only then anybody can
    /// fetch it. An empty piece at the end asks for that again.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn put_piece(
        &self,
        owner: Address,
        secret: &BlobSecret,
        at: u64,
        data: &[u8],
    ) -> Result<Progress, BlobError> {
        let id = secret.id();
        let blob = self.store.blob(&id).await?.filter(|blob| blob.owner == owner);
        let blob = blob.ok_or(BlobError::Absent)?;
        let known = Progress { stored: blob.stored, complete: blob.complete };
        let end = at.saturating_add(data.len() as u64);
        let whole = data.len() == PIECE || (end == blob.size && data.len() < PIECE);
        if !whole || at != blob.stored {
            return Err(BlobError::Piece(known));
        }
        if blob.complete {
            return Ok(known);
        }
        if !data.is_empty() {
            self.counted("blob_bytes", self.limits.blob_bytes(Payer::current(), data.len() as u64))?;
            let _turn = self.writing.of(owner).await;
            if !self.store.add_piece(&id, at, at / PIECE as u64, data).await? {
                return Err(BlobError::Piece(known));
            }
        }
        if end < blob.size {
            return Ok(Progress { stored: end, complete: false });
        }
        if !bool::from(self.hash_of(&id, &blob).await?.ct_eq(&blob.hash)) {
            self.drop_blob(owner, secret).await?;
            return Err(BlobError::Hash);
        }
        let ttl = u64::try_from(self.config.blobs.ttl.as_millis()).unwrap_or(u64::MAX);
        let complete = self.store.finish_blob(&id, now_ms().saturating_add(ttl)).await?
            || self.store.blob(&id).await?.is_some_and(|blob| blob.complete);
        if complete { Ok(Progress { stored: end, complete }) } else { Err(BlobError::Absent) }
    }

    /// A blob that whoever has this secret may fetch.
    ///
    /// # Errors
    /// [`BlobError::Absent`] also while it is coming, and if its owner is blocked.
    pub async fn blob(&self, secret: &BlobSecret) -> Result<Blob, BlobError> {
        let blob = self.store.blob(&secret.id()).await?.filter(|blob| blob.complete);
        let blob = blob.ok_or(BlobError::Absent)?;
        if self.store.is_blocked(Blockable::Account, &blob.owner.to_lower_hex()).await? {
            return Err(BlobError::Absent);
        }
        Ok(blob)
    }

    /// Counts bytes that somebody fetches.
    ///
    /// # Errors
    /// [`BlobError::TooMany`].
    pub fn blob_is_fetched(&self, bytes: u64) -> Result<(), BlobError> {
        self.counted("blob_bytes", self.limits.blob_bytes(Payer::current(), bytes))
    }

    /// Removes a blob of an account.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn drop_blob(&self, owner: Address, secret: &BlobSecret) -> Result<(), BlobError> {
        if !self.store.drop_blob(&secret.id(), owner).await? {
            return Err(BlobError::Absent);
        }
        // What was dropped comes first. What is left if this process ends now is removed with what has ended.
        while self.store.clear_blobs(0).await? {}
        Ok(())
    }

    /// What an account has here.
    ///
    /// # Errors
    /// [`BlobError::Store`].
    pub async fn blob_usage(&self, owner: Address) -> Result<BlobUsage, BlobError> {
        Ok(self.store.blob_usage(Some(owner)).await?)
    }

    async fn hash_of(&self, id: &BlobId, blob: &Blob) -> Result<[u8; 32], BlobError> {
        let mut hash = Sha256::new();
        for place in 0..blob.size.div_ceil(PIECE as u64) {
            hash.update(self.store.piece(id, place).await?.ok_or(BlobError::Absent)?);
        }
        Ok(hash.finalize().into())
    }

    fn counted(&self, cause: &'static str, counted: Result<(), TooMany>) -> Result<(), BlobError> {
        if counted.is_err() {
            self.metrics.refused(cause);
        }
        Ok(counted?)
    }
}
