//! Why something could not be sealed, or not opened.

/// Why a text was not sealed. Nothing must leave in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A public key on which no secret can be agreed.
    #[error("the public key is not usable")]
    WeakKey,
    /// The cipher refuses: the text is too long for it.
    #[error("the text could not be encrypted")]
    Cipher,
}

/// Why a sealed text could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not the JSON of a sealed text.
    #[error("not a sealed text: {0}")]
    Form(&'static str),
    /// The ciphertext was made for another key, or was changed on the way.
    #[error("sealed for somebody else, or changed on the way")]
    NotForThisKey,
    /// Decrypted, but not padded as the protocol demands.
    #[error("the padding is wrong")]
    Padding,
    /// Decrypted, but not UTF-8.
    #[error("the content is no text")]
    NotText,
    /// A public key on which no secret can be agreed.
    #[error("the public key is not usable")]
    WeakKey,
}
