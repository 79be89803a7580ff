//! A key seed outside the device: a code to be written down, from which random keys follow; and for the seed of any
//! keys a file that anybody may hold, which such a code opens.
//!
//! ```text
//! seed  = HKDF-SHA256(bits, "dm3 key seed v1")     of random keys: whoever has the code needs nothing else
//!
//! code  = 160 random bits, in Crockford's base32 with 20 bits of SHA-256("dm3 recovery code v1" ‖ bits) behind them
//! key   = HKDF-SHA256(bits, "dm3 backup key v1")
//! head  = "dm3b" ‖ version 1 ‖ account (20) ‖ nonce (12)
//! file  = "dm3-backup:" ‖ base64url(head ‖ ChaCha20-Poly1305(key, nonce, seed, aad = head))
//! ```
//!
//! Random keys are made for accounts that can't derive any. Their next device has nothing of the former one – no
//! file, and no way to log in where one could be kept – so the code alone must bring them back. It can't be guessed, so no slow derivation is needed. A file that was changed, or belongs to another account,
//! does not open.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{Address, KeySeed};
use crate::seal::{Entropy, SealError, derive_key, sha256};

const PREFIX: &str = "dm3-backup:";
const MAGIC: &[u8; 4] = b"dm3b";
const VERSION: u8 = 1;
/// The lengths of the file's parts, in bytes.
const ACCOUNT_END: usize = 4 + 1 + 20;
const HEAD: usize = ACCOUNT_END + 12;
/// A seed with the byte that tells its kind, and the tag.
const SEALED: usize = 33 + 16;

/// Crockford's base32: no I, L, O and U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 160 bits.
const SECRET_DIGITS: usize = 32;
/// 20 bits: one typing error in a million goes unnoticed, and then the file does not open.
const CHECK_DIGITS: usize = 4;
/// The longest text that is looked at, in bytes.
const MAX_TEXT: usize = 256;

/// What random keys follow from, or what opens a [`Backup`]. To be written down, and to be kept apart from that.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; 20]);

/// A wrapped key seed. Holds no secret without its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup([u8; HEAD + SEALED]);

/// Why a backup does not lead to a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// Too short, too long, or a character that no code has.
    #[error("a recovery code has nine groups of four letters or digits")]
    Code,
    /// The code's last group does not fit the others.
    #[error("the recovery code is mistyped; please check it letter by letter")]
    Checksum,
    /// Not a backup file.
    #[error("this is not a dm3 backup file")]
    File,
    /// A version that this program doesn't know.
    #[error("the backup file was written by a newer program")]
    Version,
    /// Another code, or a damaged file.
    #[error("the recovery code does not belong to this backup file, or the file is damaged")]
    NotOpened,
    /// The backup of somebody else.
    #[error("the backup file belongs to the account {0}")]
    OtherAccount(Address),
}

impl RecoveryCode {
    /// A new code.
    pub fn new_random(entropy: &impl Entropy) -> Self {
        let mut code = Self([0; 20]);
        entropy.fill(&mut code.0);
        code
    }

    /// The seed of the random keys that this code stands for.
    pub fn to_seed(&self) -> KeySeed {
        KeySeed::separated(&derive_key(&self.0, "dm3 key seed v1"))
    }

    /// The code as it is written down: nine groups of four.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        let check = self.check();
        let digits =
            (0..SECRET_DIGITS).map(|i| digit(&self.0, i)).chain((0..CHECK_DIGITS).map(|i| digit(&check, i)));
        for (i, value) in digits.enumerate() {
            if i > 0 && i % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(DIGITS[usize::from(value)]));
        }
        text
    }

    fn check(&self) -> [u8; 32] {
        let mut text = Zeroizing::new(b"dm3 recovery code v1".to_vec());
        text.extend_from_slice(&self.0);
        sha256(&text)
    }
}

/// The `i`th group of five bits.
fn digit(bytes: &[u8], i: usize) -> u8 {
    (0..5).fold(0, |value, bit| {
        let at = i * 5 + bit;
        value << 1 | (bytes[at / 8] >> (7 - at % 8) & 1)
    })
}

impl FromStr for RecoveryCode {
    type Err = BackupError;

    /// Reads a code as a person types it: with or without hyphens and spaces, in either case, with O for 0 and I or L
    /// for 1.
    fn from_str(text: &str) -> Result<Self, BackupError> {
        if text.len() > MAX_TEXT {
            return Err(BackupError::Code);
        }
        let mut digits = Zeroizing::new(Vec::with_capacity(SECRET_DIGITS + CHECK_DIGITS));
        for byte in text.bytes().filter(|byte| !matches!(byte, b'-' | b' ' | b'\t' | b'\r' | b'\n')) {
            let digit = match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            let value = DIGITS.iter().position(|known| *known == digit).ok_or(BackupError::Code)?;
            digits.push(value as u8);
        }
        if digits.len() != SECRET_DIGITS + CHECK_DIGITS {
            return Err(BackupError::Code);
        }
        let mut code = Self([0; 20]);
        for at in 0..160 {
            code.0[at / 8] |= (digits[at / 5] >> (4 - at % 5) & 1) << (7 - at % 8);
        }
        let check = code.check();
        if (0..CHECK_DIGITS).any(|i| digits[SECRET_DIGITS + i] != digit(&check, i)) {
            return Err(BackupError::Checksum);
        }
        Ok(code)
    }
}

impl Backup {
    /// Wraps the seed of an account. Every file has its own nonce, so a code may serve for several.
    ///
    /// # Errors
    /// [`SealError`]: then there is no backup.
    pub fn wrap(
        account: Address,
        seed: &KeySeed,
        code: &RecoveryCode,
        entropy: &impl Entropy,
    ) -> Result<Self, SealError> {
        let mut file = [0; HEAD + SEALED];
        let (head, sealed) = file.split_at_mut(HEAD);
        head[..4].copy_from_slice(MAGIC);
        head[4] = VERSION;
        head[5..ACCOUNT_END].copy_from_slice(account.as_bytes());
        entropy.fill(&mut head[ACCOUNT_END..]);
        // Derived seeds are one byte shorter; all files are of one length.
        let mut plain = seed.to_kept();
        plain.resize(33, 0);
        let payload = Payload { msg: plain.as_slice(), aad: head };
        let text = cipher(code).encrypt(&nonce(head), payload).map_err(|_| SealError::Cipher)?;
        if text.len() != SEALED {
            return Err(SealError::Cipher);
        }
        sealed.copy_from_slice(&text);
        Ok(Self(file))
    }

    /// Whose keys it holds.
    pub fn account(&self) -> Address {
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&self.0[5..ACCOUNT_END]);
        Address::from_bytes(bytes)
    }

    /// The seed.
    ///
    /// # Errors
    /// [`BackupError::NotOpened`] with another code.
    pub fn open(&self, code: &RecoveryCode) -> Result<KeySeed, BackupError> {
        let (head, sealed) = self.0.split_at(HEAD);
        let plain = cipher(code).decrypt(&nonce(head), Payload { msg: sealed, aad: head });
        let plain = Zeroizing::new(plain.map_err(|_| BackupError::NotOpened)?);
        match plain.split_last() {
            Some((0, derived)) => KeySeed::from_kept(derived),
            _ => KeySeed::from_kept(&plain),
        }
        .map_err(|_| BackupError::NotOpened)
    }
}

fn cipher(code: &RecoveryCode) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(*derive_key(&code.0, "dm3 backup key v1")))
}

fn nonce(head: &[u8]) -> Nonce {
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&head[ACCOUNT_END..]);
    Nonce::from(nonce)
}

impl fmt::Display for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for Backup {
    type Err = BackupError;

    /// Reads a file's text; white space at its ends is no part of it.
    fn from_str(text: &str) -> Result<Self, BackupError> {
        let text = text.trim_ascii();
        if text.len() > MAX_TEXT {
            return Err(BackupError::File);
        }
        let bytes = text.strip_prefix(PREFIX).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let bytes = bytes.filter(|bytes| bytes.starts_with(MAGIC)).ok_or(BackupError::File)?;
        if bytes.get(4).is_some_and(|version| *version != VERSION) {
            return Err(BackupError::Version);
        }
        bytes.as_slice().try_into().map(Self).map_err(|_| BackupError::File)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::SeededEntropy;

    const ACCOUNT: Address = Address::from_bytes([0xaa; 20]);

    /// The format must never change: files outlive programs.
    #[test]
    fn the_format_is_fixed() {
        let entropy = SeededEntropy::new(7);
        let code = RecoveryCode::new_random(&entropy);
        let seed = KeySeed::new_random(&entropy);
        let backup = Backup::wrap(ACCOUNT, &seed, &code, &entropy).unwrap();
        assert_eq!(code.to_text().as_str(), CODE);
        assert_eq!(backup.to_string(), FILE);
        let again: Backup = FILE.parse().unwrap();
        assert_eq!(again.account(), ACCOUNT);
        assert!(again.open(&CODE.parse().unwrap()).unwrap().matches(&seed));
    }

    const CODE: &str = "X3ES-8F9P-DJNE-FFNQ-0V3A-WSME-ZW52-AZY5-MXC5";
    const FILE: &str = "dm3-backup:ZG0zYgGqqqqqqqqqqqqqqqqqqqqqqqqqqo2R78UQb_Oj3H5USZESd-P8wSZpi6gRT_T0mEggy8jqQoGR9LinmTwo0eOxPwGHOVYFAzT72IQIMEjeRBA";

    /// So must what follows from a code: codes outlive programs, too.
    #[test]
    fn the_keys_of_a_code_are_fixed() {
        let seed = CODE.parse::<RecoveryCode>().unwrap().to_seed();
        let keys = crate::identity::ProfileKeys::derive(&seed).public();
        assert_eq!(hex::encode(keys.signing.as_bytes()), SIGNING);
        assert_eq!(hex::encode(keys.encryption.as_bytes()), ENCRYPTION);
    }

    /// Computed with Node's HKDF and libsodium.
    const SIGNING: &str = "a38c6502bbeb208b536446fa197c8a48aab29e3d37e5cceecd3b505ca4697d40";
    const ENCRYPTION: &str = "e1eaca7ca8af041499a121dd9d9583fcdc01aa681549f079a512fb4fcc678e05";

    proptest! {
        #[test]
        fn what_is_wrapped_is_opened_by_its_code_alone(draw: u64, derived: bool, account: [u8; 20]) {
            let entropy = SeededEntropy::new(draw);
            let (code, other) = (RecoveryCode::new_random(&entropy), RecoveryCode::new_random(&entropy));
            let random = KeySeed::new_random(&entropy);
            let seed = if derived { KeySeed::from_bytes(*random.expose_secret()) } else { random };
            let backup = Backup::wrap(Address::from_bytes(account), &seed, &code, &entropy).unwrap();
            let again: Backup = format!(" {backup}\n").parse().unwrap();
            prop_assert_eq!(*again.account().as_bytes(), account);
            prop_assert!(again.open(&code.to_text().parse().unwrap()).unwrap().matches(&seed));
            prop_assert_eq!(again.open(&other).err(), Some(BackupError::NotOpened));
        }

        #[test]
        fn a_changed_file_does_not_open(at in 5..HEAD + SEALED, bit in 0..8_u8) {
            let entropy = SeededEntropy::new(1);
            let code = RecoveryCode::new_random(&entropy);
            let mut backup = Backup::wrap(ACCOUNT, &KeySeed::new_random(&entropy), &code, &entropy).unwrap();
            backup.0[at] ^= 1 << bit;
            prop_assert_eq!(backup.open(&code).err(), Some(BackupError::NotOpened));
        }

        #[test]
        fn a_mistyped_code_is_noticed(at in 0..44_usize, digit in "[0-9A-HJKMNP-TV-Z]") {
            let code = RecoveryCode::new_random(&SeededEntropy::new(2));
            let mut text = code.to_text().to_string();
            prop_assume!(text.as_bytes()[at] != b'-' && text[at..=at] != digit);
            text.replace_range(at..=at, &digit);
            prop_assert_eq!(text.parse::<RecoveryCode>().err(), Some(BackupError::Checksum));
        }

        #[test]
        fn hostile_texts_are_refused(text in "\\PC{0,300}|dm3-backup:[A-Za-z0-9_-]{0,130}") {
            prop_assert!(text.parse::<Backup>().is_err());
            prop_assert!(text.parse::<RecoveryCode>().is_err());
        }
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let text = CODE.to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
        assert_eq!(text.parse::<RecoveryCode>().unwrap().0, CODE.parse::<RecoveryCode>().unwrap().0);
        assert_eq!(CODE[..40].parse::<RecoveryCode>().err(), Some(BackupError::Code));
        assert_eq!("U".repeat(36).parse::<RecoveryCode>().err(), Some(BackupError::Code));
    }

    #[test]
    fn a_newer_file_is_told_from_a_broken_one() {
        let mut bytes = URL_SAFE_NO_PAD.decode(&FILE[PREFIX.len()..]).unwrap();
        assert_eq!(
            format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes[1..])).parse::<Backup>(),
            Err(BackupError::File)
        );
        assert_eq!(
            format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes[..50])).parse::<Backup>(),
            Err(BackupError::File)
        );
        bytes[4] = 2;
        assert_eq!(
            format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&bytes)).parse::<Backup>(),
            Err(BackupError::Version)
        );
    }
}
