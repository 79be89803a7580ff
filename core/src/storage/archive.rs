//! Everything of an account as one file that a code opens: keys, contacts, messages.
//!
//! ```text
//! file   = head ‖ chunk ‖ chunk ‖ …
//! head   = "dm3-chat archive 1\n" ‖ the keys' own backup, a line of text ‖ "\n" ‖ salt (32)
//! key    = HKDF-SHA256(salt, secret: key seed, info: "dm3-chat archive" ‖ account)                     RFC 5869
//! chunk  = ChaCha20-Poly1305(key, nonce, up to 65,536 bytes of text, aad = head)                       RFC 8439
//! nonce  = the chunk's number (11 bytes, big-endian) ‖ 1 for the last chunk, else 0      STREAM, as in age
//! text   = records as canonical JSON, a line each; the first line says when the file was made
//! ```
//!
//! The code opens the keys, and the keys open the rest. So whoever can write a file that opens has the account's keys,
//! and what comes out is as proven as what the account's own device keeps. No chunk can be changed, left out, moved or
//! put into another file, and what was cut off is noticed. `docs/backup-format.md` has the shapes.

use std::mem;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use hkdf::Hkdf;
use serde_json::{Map, Value};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Record;
use crate::identity::{Address, Backup, BackupError, KeySeed, RecoveryCode};
use crate::message::MAX_MESSAGE;
use crate::seal::json::{self, canonical, object};
use crate::seal::{Entropy, SealError};

const MAGIC: &[u8] = b"dm3-chat archive ";
const VERSION: &[u8] = b"1";
const SALT: usize = 32;
/// The longest head, in bytes: what has to be read before [`ArchiveHead::read`] can be asked.
pub const MAX_HEAD: usize = 512;
/// Bytes of text in every chunk but the last.
const CHUNK: usize = 65_536;
const TAG: usize = 16;
/// The longest line, in bytes: the longest message as a text within a text, all of whose characters are escaped, and
/// what is said about it.
const MAX_LINE: usize = 2 * MAX_MESSAGE + 65_536;

/// The beginning of a file: whose it is, and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveHead {
    backup: Backup,
    bytes: Vec<u8>,
}

/// Writes a file, piece by piece.
pub struct ArchiveWriter {
    stream: Stream,
    text: Zeroizing<Vec<u8>>,
    written: Vec<u8>,
}

/// Reads a file, piece by piece.
pub struct ArchiveReader {
    stream: Stream,
    owner: Address,
    sealed: Vec<u8>,
    text: Zeroizing<Vec<u8>>,
    skipped: usize,
}

/// The key of a file, and how far it has been used.
struct Stream {
    cipher: ChaCha20Poly1305,
    head: Vec<u8>,
    number: u64,
}

/// Why a file is refused. What was read before stays proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It is something else.
    #[error("this is not a dm3 backup file")]
    File,
    /// It was written by a version that this program doesn't know.
    #[error("the backup file was written by a newer program")]
    Version,
    /// The code does not open it, or it is another account's.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// It holds other keys than the account has here: what is in it can't be proven with those.
    #[error("the backup file was made with other keys of this account")]
    OtherKeys,
    /// It was changed.
    #[error("the backup file is damaged")]
    Damaged,
    /// Its end is missing, or was changed.
    #[error("the backup file is not complete")]
    Incomplete,
    /// The account's own keys sealed a line that is too long, or has no end.
    #[error("the backup file holds something malformed")]
    Line,
}

impl ArchiveHead {
    /// Reads the head out of the first [`MAX_HEAD`] bytes of a file, or all of a shorter one. The rest begins after
    /// [`Self::len`] bytes.
    ///
    /// # Errors
    /// [`ArchiveError::File`], [`ArchiveError::Version`].
    pub fn read(beginning: &[u8]) -> Result<Self, ArchiveError> {
        let rest = beginning.strip_prefix(MAGIC).ok_or(ArchiveError::File)?;
        let line = |bytes: &[u8]| bytes.iter().take(MAX_HEAD).position(|byte| *byte == b'\n');
        let end = line(rest).ok_or(ArchiveError::File)?;
        if rest.get(..end) != Some(VERSION) {
            return Err(ArchiveError::Version);
        }
        let rest = rest.get(end + 1..).unwrap_or_default();
        let end = line(rest).ok_or(ArchiveError::File)?;
        let text = rest.get(..end).and_then(|line| str::from_utf8(line).ok()).ok_or(ArchiveError::File)?;
        let backup: Backup = text.parse().map_err(|error| match error {
            BackupError::Version => ArchiveError::Version,
            _ => ArchiveError::File,
        })?;
        let length = beginning.len() - rest.len() + end + 1 + SALT;
        let bytes = beginning.get(..length).ok_or(ArchiveError::File)?.to_vec();
        // Only what is written so is read: what the chunks are bound to has one spelling.
        if text != backup.to_string() {
            return Err(ArchiveError::File);
        }
        Ok(Self { backup, bytes })
    }

    /// Its length in bytes.
    #[allow(clippy::len_without_is_empty, reason = "a head is never empty")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whose it is.
    pub fn account(&self) -> Address {
        self.backup.account()
    }

    /// The keys, which the same code opens: a device that has none begins with them.
    pub fn keys(&self) -> &Backup {
        &self.backup
    }

    /// Opens it for the account whose keys these are: the ones on the device, or the ones out of [`Self::keys`] once
    /// they are known to be the account's.
    ///
    /// # Errors
    /// [`ArchiveError::Backup`], [`ArchiveError::OtherKeys`].
    pub fn open(self, code: &RecoveryCode, own: &KeySeed) -> Result<ArchiveReader, ArchiveError> {
        let seed = self.backup.open(code)?;
        if !seed.matches(own) {
            return Err(ArchiveError::OtherKeys);
        }
        let owner = self.account();
        let stream = Stream::new(&seed, owner, self.bytes);
        Ok(ArchiveReader { stream, owner, sealed: Vec::new(), text: Zeroizing::default(), skipped: 0 })
    }
}

impl ArchiveWriter {
    /// Begins a file at a time (milliseconds since 1970).
    ///
    /// # Errors
    /// [`SealError`]: then there is no file.
    pub fn new(
        account: Address,
        seed: &KeySeed,
        code: &RecoveryCode,
        made: u64,
        entropy: &impl Entropy,
    ) -> Result<Self, SealError> {
        let backup = Backup::wrap(account, seed, code, entropy)?;
        let mut salt = [0; SALT];
        entropy.fill(&mut salt);
        let head = [MAGIC, VERSION, b"\n", backup.to_string().as_bytes(), b"\n", &salt].concat();
        let stream = Stream::new(seed, account, head.clone());
        let mut writer = Self { stream, text: Zeroizing::default(), written: head };
        writer.line(&canonical(&object(vec![("kind", "archive".into()), ("made", made.into())])))?;
        Ok(writer)
    }

    /// Adds something.
    ///
    /// # Errors
    /// [`SealError`]: then there is no file.
    pub fn add(&mut self, record: &Record) -> Result<(), SealError> {
        self.line(&record.to_text())
    }

    /// What is ready to be kept.
    pub fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.written)
    }

    /// The rest.
    ///
    /// # Errors
    /// [`SealError`]: then there is no file.
    pub fn finish(mut self) -> Result<Vec<u8>, SealError> {
        let last = self.stream.seal(&self.text, true)?;
        self.written.extend(last);
        Ok(self.written)
    }

    fn line(&mut self, text: &str) -> Result<(), SealError> {
        // What grows leaves its old bytes behind.
        let mut grown = Zeroizing::new(Vec::with_capacity(self.text.len() + text.len() + 1));
        grown.extend_from_slice(&self.text);
        grown.extend_from_slice(text.as_bytes());
        grown.push(b'\n');
        // The last chunk is never empty, so it must be known that more follows.
        let mut chunks = grown.chunks(CHUNK).peekable();
        while let Some(chunk) = chunks.next() {
            if chunks.peek().is_some() {
                self.written.extend(self.stream.seal(chunk, false)?);
            } else {
                self.text = Zeroizing::new(chunk.to_vec());
            }
        }
        Ok(())
    }
}

impl ArchiveReader {
    /// Takes further bytes, in whatever pieces they come; gives what could be read by now.
    ///
    /// # Errors
    /// [`ArchiveError::Damaged`], [`ArchiveError::Line`]. Nothing more can be read then.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Record>, ArchiveError> {
        self.sealed.extend_from_slice(bytes);
        let mut records = Vec::new();
        let mut done = 0;
        // The last chunk may be a full one: it is left until the end is known.
        while self.sealed.len() - done > CHUNK + TAG {
            let chunk = self.sealed.get(done..done + CHUNK + TAG).unwrap_or_default();
            let text = self.stream.open(chunk, false).ok_or(ArchiveError::Damaged)?;
            done += CHUNK + TAG;
            self.read(&text, &mut records)?;
        }
        self.sealed.drain(..done);
        Ok(records)
    }

    /// The end of the file has been reached. Gives also how many things in the whole file this version can't read.
    ///
    /// # Errors
    /// [`ArchiveError::Incomplete`], [`ArchiveError::Line`].
    pub fn finish(&mut self) -> Result<(Vec<Record>, usize), ArchiveError> {
        let sealed = mem::take(&mut self.sealed);
        let text = self.stream.open(&sealed, true).filter(|text| !text.is_empty());
        let mut records = Vec::new();
        self.read(&text.ok_or(ArchiveError::Incomplete)?, &mut records)?;
        if self.text.is_empty() { Ok((records, self.skipped)) } else { Err(ArchiveError::Line) }
    }

    fn read(&mut self, text: &[u8], records: &mut Vec<Record>) -> Result<(), ArchiveError> {
        let mut lines = text.split(|byte| *byte == b'\n');
        let last = lines.next_back().unwrap_or_default();
        for line in lines {
            let mut whole = mem::take(&mut self.text);
            whole.extend_from_slice(line);
            records.extend(self.record(&whole));
        }
        self.text.extend_from_slice(last);
        if self.text.len() > MAX_LINE { Err(ArchiveError::Line) } else { Ok(()) }
    }

    /// What a line says. The account's own keys sealed it: what can't be read is of a later version, or of a program
    /// with a fault, and hides nothing else.
    fn record(&mut self, line: &[u8]) -> Option<Record> {
        let json = match str::from_utf8(line).ok().and_then(json::parse) {
            Some(Value::Object(json)) => json,
            _ => Map::new(),
        };
        if json.get("kind").and_then(Value::as_str) == Some("archive") {
            return None;
        }
        let record = Record::read(&json, self.owner).ok().flatten();
        self.skipped += usize::from(record.is_none());
        record
    }
}

impl Stream {
    fn new(seed: &KeySeed, owner: Address, head: Vec<u8>) -> Self {
        let salt = &head[head.len() - SALT..];
        let mut key = Zeroizing::new([0; 32]);
        let info = [b"dm3-chat archive", owner.as_bytes().as_slice()].concat();
        #[allow(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8,160 bytes")]
        Hkdf::<Sha256>::new(Some(salt), seed.expose_secret())
            .expand(&info, key.as_mut_slice())
            .expect("32 bytes are not too many");
        Self { cipher: ChaCha20Poly1305::new(&Key::from(*key)), head, number: 0 }
    }

    fn seal(&mut self, text: &[u8], last: bool) -> Result<Vec<u8>, SealError> {
        let nonce = self.nonce(last);
        self.cipher.encrypt(&nonce, Payload { msg: text, aad: &self.head }).map_err(|_| SealError::Cipher)
    }

    fn open(&mut self, sealed: &[u8], last: bool) -> Option<Zeroizing<Vec<u8>>> {
        let nonce = self.nonce(last);
        self.cipher.decrypt(&nonce, Payload { msg: sealed, aad: &self.head }).ok().map(Zeroizing::new)
    }

    fn nonce(&mut self, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.number.to_be_bytes());
        nonce[11] = u8::from(last);
        self.number += 1;
        Nonce::from(nonce)
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
