//! A file sealed under a key of its own, in chunks, so that whoever reads it knows of each that it is right before it is used.
//!
//! ```text
//! chunk n of 65536 bytes ──▶ ChaCha20-Poly1305(key, nonce ‖ n ‖ last?) ──▶ 65552 bytes      (STREAM: Hoang, Reyhanitabar,
//! key, nonce: fresh for each file; n: 32 bits, big-endian; last?: one byte, 1 for the last   Rogaway, Vizár 2015/189)
//! ```
//!
//! Chunks can be neither exchanged, left out nor cut off: their number, and which is the last, is in the nonce. An empty
//! file is one empty chunk. `aead-stream` (RustCrypto, as the cipher; MIT or Apache-2.0) has the construction.

use std::fmt;

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::ChaCha20Poly1305;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Entropy;
use super::error::SealError;

/// The bytes of a chunk.
const CHUNK: usize = 65_536;
/// What sealing adds to each.
const TAG: usize = 16;
/// A chunk that is sealed.
const SEALED: usize = CHUNK + TAG;

/// The length of a sealed file that has so many bytes.
pub const fn sealed_file_len(length: u64) -> u64 {
    let chunks = length.div_ceil(CHUNK as u64);
    length + TAG as u64 * if chunks == 0 { 1 } else { chunks }
}

/// The key and the nonce of one file. Whoever has them reads it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct FileKey {
    key: [u8; 32],
    nonce: [u8; 7],
}

impl FileKey {
    /// The bytes of key and nonce together.
    pub const LENGTH: usize = 39;

    /// One that nobody has.
    pub fn new_random(entropy: &impl Entropy) -> Self {
        let (mut key, mut nonce) = ([0; 32], [0; 7]);
        entropy.fill(&mut key);
        entropy.fill(&mut nonce);
        Self { key, nonce }
    }

    /// Key, then nonce.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Self {
        let (mut key, mut nonce) = ([0; 32], [0; 7]);
        key.copy_from_slice(&bytes[..32]);
        nonce.copy_from_slice(&bytes[32..]);
        Self { key, nonce }
    }

    /// Key, then nonce, for the message that tells them.
    pub fn expose(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..32].copy_from_slice(&self.key);
        bytes[32..].copy_from_slice(&self.nonce);
        bytes
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(…)")
    }
}

/// A sealed file, and what is told of it.
pub struct SealedFile {
    /// What may lie anywhere.
    pub bytes: Vec<u8>,
    /// Their SHA-256.
    pub hash: [u8; 32],
}

/// Seals a file. A key seals one file and no other.
///
/// # Errors
/// [`SealError::Cipher`] if it is too long for the cipher.
pub fn seal_file(file: &[u8], key: &FileKey) -> Result<SealedFile, SealError> {
    let mut sealer = EncryptorBE32::<ChaCha20Poly1305>::new(&key.key.into(), &key.nonce.into());
    let length = usize::try_from(sealed_file_len(file.len() as u64)).map_err(|_| SealError::Cipher)?;
    let mut bytes = Vec::with_capacity(length);
    let mut rest = file;
    while rest.len() > CHUNK {
        let (chunk, further) = rest.split_at(CHUNK);
        bytes.extend(sealer.encrypt_next(chunk).map_err(|_| SealError::Cipher)?);
        rest = further;
    }
    bytes.extend(sealer.encrypt_last(rest).map_err(|_| SealError::Cipher)?);
    let hash = Sha256::digest(&bytes).into();
    Ok(SealedFile { bytes, hash })
}

/// Why a sealed file could not be read. What was read of it before is to be thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenFileError {
    /// Sealed under another key, or changed.
    #[error("the file was changed, or is another one")]
    Changed,
    /// More or fewer bytes than were said.
    #[error("the file has another length than was said")]
    Length,
}

/// A sealed file that is being read as its bytes come.
pub struct FileOpener {
    /// `None` once the last chunk was read.
    opener: Option<DecryptorBE32<ChaCha20Poly1305>>,
    hash: Sha256,
    expected: [u8; 32],
    /// Sealed bytes that have yet to come.
    left: u64,
    /// What came of a chunk.
    waiting: Vec<u8>,
}

impl FileOpener {
    /// Reads a file of `length` bytes whose sealed bytes have this hash.
    pub fn new(key: &FileKey, length: u64, hash: [u8; 32]) -> Self {
        Self {
            opener: Some(DecryptorBE32::new(&key.key.into(), &key.nonce.into())),
            hash: Sha256::new(),
            expected: hash,
            left: sealed_file_len(length),
            waiting: Vec::new(),
        }
    }

    /// How many sealed bytes have yet to come.
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// Takes the bytes that follow, however many, and puts behind `file` what is proven by them.
    ///
    /// # Errors
    /// [`OpenFileError`]; then nothing of the file is to be used.
    pub fn push(&mut self, mut bytes: &[u8], file: &mut Vec<u8>) -> Result<(), OpenFileError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(OpenFileError::Length)?;
        self.hash.update(bytes);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(SEALED - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
            let is_last = self.left == 0 && bytes.is_empty();
            if self.waiting.len() < SEALED && !is_last {
                break;
            }
            let opened = match (is_last, &mut self.opener) {
                (false, Some(opener)) => opener.decrypt_next(self.waiting.as_slice()),
                (true, opener) => match opener.take() {
                    Some(opener) => opener.decrypt_last(self.waiting.as_slice()),
                    None => return Err(OpenFileError::Length),
                },
                (false, None) => return Err(OpenFileError::Length),
            };
            file.extend(opened.map_err(|_| OpenFileError::Changed)?);
            self.waiting.clear();
        }
        Ok(())
    }

    /// All has come, and is what was said.
    ///
    /// # Errors
    /// [`OpenFileError`]; then nothing of the file is to be used.
    pub fn finish(self) -> Result<(), OpenFileError> {
        if self.left > 0 || self.opener.is_some() {
            return Err(OpenFileError::Length);
        }
        let found: [u8; 32] = self.hash.finalize().into();
        if bool::from(found.ct_eq(&self.expected)) { Ok(()) } else { Err(OpenFileError::Changed) }
    }
}

#[cfg(test)]
mod tests {
    use chacha20poly1305::aead::{Aead as _, KeyInit as _};
    use proptest::prelude::*;

    use super::*;

    fn key() -> FileKey {
        FileKey::from_bytes(&std::array::from_fn(|n| n as u8))
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|n| (n % 253) as u8).collect()
    }

    fn open(sealed: &[u8], length: usize, hash: [u8; 32], step: usize) -> Result<Vec<u8>, OpenFileError> {
        let (mut opener, mut file) = (FileOpener::new(&key(), length as u64, hash), Vec::new());
        for part in sealed.chunks(step) {
            opener.push(part, &mut file)?;
        }
        opener.finish().map(|()| file)
    }

    #[test]
    fn a_file_of_any_length_is_read_in_parts_of_any_length() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7] {
            let file = bytes(length);
            let sealed = seal_file(&file, &key()).unwrap();
            assert_eq!(sealed.bytes.len() as u64, sealed_file_len(length as u64), "{length}");
            for step in [1000, SEALED - 1, SEALED, SEALED + 1, 10 * SEALED] {
                assert_eq!(
                    open(&sealed.bytes, length, sealed.hash, step).as_ref(),
                    Ok(&file),
                    "{length} {step}"
                );
            }
        }
    }

    /// The same by the cipher alone, as the head of this file says it.
    #[test]
    fn chunks_are_sealed_as_the_formula_says() {
        let file = bytes(CHUNK + 3);
        let sealed = seal_file(&file, &key()).unwrap();
        let cipher = chacha20poly1305::ChaCha20Poly1305::new(&key().key.into());
        let chunk = |number: u8, last: u8, text: &[u8]| {
            let nonce: [u8; 12] = [32, 33, 34, 35, 36, 37, 38, 0, 0, 0, number, last];
            cipher.encrypt(&nonce.into(), text).unwrap()
        };
        assert_eq!(sealed.bytes, [chunk(0, 0, &file[..CHUNK]), chunk(1, 1, &file[CHUNK..])].concat());
        assert_eq!(sealed.hash, crate::seal::sha256(&sealed.bytes));
        assert_eq!(hex::encode(seal_file(b"dm3", &key()).unwrap().bytes), hex::encode(chunk(0, 1, b"dm3")));
    }

    #[test]
    fn what_was_changed_exchanged_left_out_or_cut_off_is_not_read() {
        let length = 3 * CHUNK;
        let sealed = seal_file(&bytes(length), &key()).unwrap();
        let good = sealed.bytes;
        let read = |bytes: &[u8], length: usize| open(bytes, length, crate::seal::sha256(bytes), 70_000);
        assert!(read(&good, length).is_ok());
        let swapped = [&good[SEALED..2 * SEALED], &good[..SEALED], &good[2 * SEALED..]].concat();
        assert_eq!(read(&swapped, length), Err(OpenFileError::Changed));
        let twice = [&good[..SEALED], &good[..SEALED], &good[2 * SEALED..]].concat();
        assert_eq!(read(&twice, length), Err(OpenFileError::Changed));
        // Also if the message lies about the length.
        assert_eq!(read(&good[..2 * SEALED], 2 * CHUNK), Err(OpenFileError::Changed));
        assert_eq!(read(&good[..2 * SEALED], length), Err(OpenFileError::Length));
        assert_eq!(read(&good[SEALED..], 2 * CHUNK), Err(OpenFileError::Changed));
        let longer = [&good[..], b"x"].concat();
        assert_eq!(read(&longer, length), Err(OpenFileError::Length));
        assert_eq!(read(&[], 0), Err(OpenFileError::Length));
        assert_eq!(open(&good, length, [0; 32], 9000), Err(OpenFileError::Changed), "another hash was said");
        let other = FileKey::from_bytes(&[9; FileKey::LENGTH]);
        let mut opener = FileOpener::new(&other, length as u64, sealed.hash);
        assert_eq!(opener.push(&good, &mut Vec::new()), Err(OpenFileError::Changed));
    }

    #[test]
    fn a_key_is_read_back_and_never_reaches_a_log() {
        assert!(FileKey::from_bytes(&key().expose()) == key());
        assert_eq!(format!("{:?}", key()), "FileKey(…)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn one_changed_bit_anywhere_is_found(length in 0_usize..70_000, at in any::<prop::sample::Index>(), bit in 0_u32..8) {
            let sealed = seal_file(&bytes(length), &key()).unwrap();
            let mut changed = sealed.bytes;
            let at = at.index(changed.len());
            changed[at] ^= 1_u8 << bit;
            prop_assert_eq!(open(&changed, length, sealed.hash, 33_000), Err(OpenFileError::Changed));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), length in 0_usize..300) {
            prop_assert!(open(&bytes, length, [0; 32], 7).is_err());
        }
    }
}
