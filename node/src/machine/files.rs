//! Files that hold what is nobody else's.

use std::fs::OpenOptions;

/// Files made so can be read by their owner alone.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
