//! The browser's source of secrets.

use dm3_core::seal::Entropy;

/// `crypto.getRandomValues`.
pub struct BrowserEntropy;

impl Entropy for BrowserEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Every browser that runs WebAssembly has the function. Should it fail nevertheless, going on with
        // bytes that can be guessed would give away every message; so the application stops here.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }
}
