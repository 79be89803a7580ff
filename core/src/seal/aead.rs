//! Symmetric sealing: `ChaCha20-Poly1305-IETF(key, nonce, pad(text, block))`, no associated data
//! (RFC 8439; ISO/IEC 7816-4 padding as libsodium's `sodium_pad`).

use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::error::{OpenError, SealError};

/// Texts are padded to a multiple of this many bytes before they are sealed for a peer.
pub(super) const PEER_BLOCK: usize = 2048;

/// A 32-byte key for ChaCha20-Poly1305.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// Wraps key bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Seals `plaintext`, padded to a multiple of `block` bytes. The nonce must never repeat under this key.
    pub(crate) fn seal(
        &self,
        plaintext: &[u8],
        nonce: &[u8; 12],
        block: usize,
    ) -> Result<Vec<u8>, SealError> {
        let mut padded = Zeroizing::new(Vec::with_capacity((plaintext.len() / block + 1) * block));
        padded.extend_from_slice(plaintext);
        padded.push(0x80);
        let length = padded.len().next_multiple_of(block);
        padded.resize(length, 0);
        self.cipher().encrypt(&Nonce::from(*nonce), padded.as_slice()).map_err(|_| SealError::Cipher)
    }

    /// Opens and unpads.
    pub(crate) fn open(
        &self,
        ciphertext: &[u8],
        nonce: &[u8; 12],
        block: usize,
    ) -> Result<Vec<u8>, OpenError> {
        let mut padded =
            self.cipher().decrypt(&Nonce::from(*nonce), ciphertext).map_err(|_| OpenError::NotForThisKey)?;
        let end = padded.iter().rposition(|b| *b != 0).filter(|end| padded[*end] == 0x80);
        // As libsodium's `sodium_unpad`: the last block has the barrier, whatever is before it.
        let Some(end) = end.filter(|end| padded.len() >= block && padded.len() - end <= block) else {
            padded.zeroize();
            return Err(OpenError::Padding);
        };
        padded.truncate(end);
        Ok(padded)
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&Key::from(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_block_has_to_have_the_barrier() {
        let (key, nonce) = (SealKey::from_bytes([7; 32]), [0; 12]);
        let open = |padded: &[u8]| {
            let sealed = key.cipher().encrypt(&Nonce::from(nonce), padded).unwrap();
            key.open(&sealed, &nonce, 8)
        };
        assert_eq!(open(b"0123456789\x80").unwrap(), b"0123456789");
        assert_eq!(open(b"0123456789\x80\0\0").unwrap(), b"0123456789");
        assert_eq!(open(b"0123456\x80").unwrap(), b"0123456");
        for wrong in
            [&b"012345\x80"[..], b"0123456789\x80\0\0\0\0\0\0\0\0", b"0123456789", b"\0\0\0\0\0\0\0\0", b""]
        {
            assert_eq!(open(wrong), Err(OpenError::Padding), "{wrong:?}");
        }
        let sealed = key.seal(b"0123456789", &nonce, 8).unwrap();
        assert_eq!(sealed.len(), 16 + 16, "our own is of whole blocks");
    }
}
