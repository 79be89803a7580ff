//! Files that are too large for a message: kept sealed at the account's node before their message is written, and fetched when
//! somebody asks for them.
//!
//! ```text
//! keep_file   file ─▶ sealed under a fresh key ─▶ room at the node ─▶ pieces ─▶ FileElsewhere, for the message
//! fetch_file  FileElsewhere ─▶ [the peer is accepted] ─▶ parts, each proven as it comes ─▶ file
//! ```
//!
//! A file at another node is fetched through the account's own, which hides from a server that the sender chose who reads the
//! message, where, and when; and a page's policy need name no further host.

use super::{HomeError, Session};
use crate::conversation::ConversationId;
use crate::delivery::api::ApiError;
use crate::delivery::blobs::{Begun, FileOffer, parse_begun, parse_progress, range, through};
use crate::device::Trust;
use crate::message::FileElsewhere;
use crate::ports::{Carrier, Clock as _, Ports, Store as _, StoreError, Unreachable};
use crate::seal::{FileKey, FileOpener, OpenFileError, SealError, seal_file, sealed_file_len};
use crate::web::{HttpResponse, HttpUrl};

/// How many bytes are fetched at once.
const PART: u64 = 512 * 1024;
/// How often in a row a piece or a part fails before all of it has.
const TRIES: u32 = 4;
/// How long is waited after the first failure, in milliseconds; after each further one twice as long.
const PAUSE: u32 = 1_000;

/// How far a file has come, in sealed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// So many.
    pub done: u64,
    /// Of so many.
    pub all: u64,
}

/// Why a file is not kept at the node. Nothing of it stays there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// The node keeps no files, or none so large.
    #[error("the node keeps no files, or none so large")]
    NotOffered,
    /// The account, or the node, has no room.
    #[error("there is no room for this file at the node")]
    NoRoom,
    /// Somebody does not want it any more.
    #[error("this was stopped")]
    Stopped,
    /// It can't be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The node does not answer, or refuses.
    #[error(transparent)]
    Home(#[from] HomeError),
}

/// Why a file is not here. Nothing of it is given out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The peer was not accepted: nobody is asked for what a stranger sends.
    #[error("nothing of a stranger is fetched")]
    NotWelcome,
    /// It lies at another node, and the account's own passes on no files.
    #[error("the file lies at another node, and the own one fetches no files")]
    NoWay,
    /// Somebody does not want it any more.
    #[error("this was stopped")]
    Stopped,
    /// It is not there, or no longer.
    #[error("the file is not there any more")]
    Gone,
    /// It, or the own node, can't be reached.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The status is none that is understood, and it stays.
    #[error("the file can't be fetched (HTTP status {0})")]
    Status(u16),
    /// What came is not what the sender signed.
    #[error(transparent)]
    Open(#[from] OpenFileError),
    /// The device gives no records.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<P: Ports> Session<P> {
    /// Whether the account's node would keep a file of so many bytes.
    pub fn keeps_files_of(&self, length: u64) -> bool {
        self.directory.discovery().files.as_ref().is_some_and(|offer| offer.takes(length))
    }

    /// Seals a file under a key of its own and keeps it at the account's node; what is given is to go with a message. After each
    /// piece `go_on` is told how far it is, and says whether it is still wanted.
    ///
    /// # Errors
    /// [`KeepError`].
    pub async fn keep_file(
        &self,
        carrier: &impl Carrier,
        file: &[u8],
        claimed_type: &str,
        go_on: &dyn Fn(Carried) -> bool,
    ) -> Result<FileElsewhere, KeepError> {
        let size = file.len() as u64;
        let offer = self.directory.discovery().files.as_ref().filter(|offer| offer.takes(size));
        let offer = offer.ok_or(KeepError::NotOffered)?;
        let key = FileKey::new_random(self.ports().entropy());
        let sealed = seal_file(file, &key)?;
        let begin = |token: &_| offer.begin(&self.alias, sealed.bytes.len() as u64, &sealed.hash, token);
        let begun = match parse_begun(&self.authorized(&self.node, &begin).await?) {
            Err(ApiError::Refused { status: 413, .. } | ApiError::Unavailable(507)) => {
                return Err(KeepError::NoRoom);
            }
            other => other.map_err(HomeError::from)?,
        };
        if let Err(error) = self.put_pieces(carrier, offer, &begun, &sealed.bytes, go_on).await {
            // If that does not arrive, the node forgets what did not come to its end.
            let url = offer.own_url(&self.alias, &begun);
            let token = self.node.token.borrow().clone();
            if let Some(token) = token {
                let _ = carrier.delete(&url, &token).await;
            }
            return Err(error);
        }
        let claimed_type = claimed_type.to_owned();
        Ok(FileElsewhere { address: begun.address, size, hash: sealed.hash, key, claimed_type })
    }

    async fn put_pieces(
        &self,
        carrier: &impl Carrier,
        offer: &FileOffer,
        begun: &Begun,
        sealed: &[u8],
        go_on: &dyn Fn(Carried) -> bool,
    ) -> Result<(), KeepError> {
        let all = sealed.len() as u64;
        let (mut done, mut failures) = (0, 0);
        while go_on(Carried { done, all }) {
            let end = done.saturating_add(offer.piece_bytes).min(all);
            let piece = usize::try_from(done).ok().zip(usize::try_from(end).ok());
            let piece = piece.and_then(|(from, to)| sealed.get(from..to)).unwrap_or_default();
            let url = offer.piece_url(&self.alias, begun, done);
            let told = match self.put_piece(carrier, &url, piece).await {
                Ok(reply) => parse_progress(&reply, all).map_err(HomeError::from),
                Err(error) => Err(error),
            };
            let error = match told {
                Ok(progress) if progress.complete => return Ok(()),
                Ok(progress) if progress.stored > done => {
                    (done, failures) = (progress.stored, 0);
                    continue;
                }
                // It lost what it had, or says so.
                Ok(_) => HomeError::Api(ApiError::Garbled("how far a file has come")),
                Err(error) => error,
            };
            failures += 1;
            if failures == TRIES || !may_pass(&error) {
                return Err(error.into());
            }
            self.ports().clock().sleep(PAUSE << (failures - 1)).await;
        }
        Err(KeepError::Stopped)
    }

    async fn put_piece(
        &self,
        carrier: &impl Carrier,
        url: &HttpUrl,
        piece: &[u8],
    ) -> Result<HttpResponse, HomeError> {
        let kept = self.node.token.borrow().clone();
        if let Some(token) = kept {
            let reply = carrier.put(url, &token, piece).await?;
            if !matches!(reply.status, 401 | 403) {
                return Ok(reply);
            }
        }
        // A large file may take longer than a session.
        self.node.is_fresh.set(false);
        let token = self.log_in(&self.node).await?;
        Ok(carrier.put(url, &token, piece).await?)
    }

    /// Fetches a file that came with a message of this conversation. After each part `go_on` is told how far it is, and says
    /// whether it is still wanted.
    ///
    /// # Errors
    /// [`FetchError`]; of a stranger's file nothing is asked for.
    pub async fn fetch_file(
        &self,
        carrier: &impl Carrier,
        conversation: ConversationId,
        file: &FileElsewhere,
        go_on: &dyn Fn(Carried) -> bool,
    ) -> Result<Vec<u8>, FetchError> {
        let contact = self.ports().store().contact(self.account, conversation).await?;
        if contact.is_none_or(|contact| contact.standing.trust != Trust::Accepted) {
            return Err(FetchError::NotWelcome);
        }
        let url = self.way_to(&file.address).ok_or(FetchError::NoWay)?;
        let all = sealed_file_len(file.size);
        let mut opener = FileOpener::new(&file.key, file.size, file.hash);
        // Grows with what is proven: the size is what the sender says.
        let (mut opened, mut failures) = (Vec::new(), 0);
        while go_on(Carried { done: all - opener.left(), all }) {
            let from = all - opener.left();
            let Some(range) = range(from, PART, all) else {
                opener.finish()?;
                return Ok(opened);
            };
            let error = match carrier.part(&url, &range, PART).await {
                Ok((206, part)) if !part.is_empty() => {
                    opener.push(&part, &mut opened)?;
                    failures = 0;
                    continue;
                }
                Ok((404 | 410, _)) => return Err(FetchError::Gone),
                Ok((status @ (408 | 429 | 500..), _)) => FetchError::Status(status),
                Ok((status, _)) => return Err(FetchError::Status(status)),
                Err(error) => error.into(),
            };
            failures += 1;
            if failures == TRIES {
                return Err(error);
            }
            self.ports().clock().sleep(PAUSE << (failures - 1)).await;
        }
        Err(FetchError::Stopped)
    }

    /// Whether there is a way to this address ([`Self::fetch_file`]).
    pub fn can_fetch(&self, file: &FileElsewhere) -> bool {
        self.way_to(&file.address).is_some()
    }

    fn way_to(&self, address: &HttpUrl) -> Option<HttpUrl> {
        let node = self.directory.discovery();
        if address.authority() == node.delivery_service_url.authority() {
            return Some(address.clone());
        }
        node.proxies.blob.as_ref().map(|proxy| through(proxy, address))
    }
}

/// Whether the same may be answered otherwise in a moment.
fn may_pass(error: &HomeError) -> bool {
    match error {
        HomeError::Unreachable(_) => true,
        HomeError::Api(error) => matches!(error, ApiError::Busy { .. } | ApiError::Unavailable(500..=506)),
        _ => false,
    }
}
