//! The operating system's random numbers.

use dm3_core::seal::Entropy;

/// The operating system's generator.
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Nonces and keys without randomness would give secrets away: nothing may go on.
            tracing::error!(%error, "the operating system gives no random numbers");
            std::process::abort();
        }
    }
}
