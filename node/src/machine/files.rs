//! Files that hold what is nobody else's.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

/// Files made so can be read by their owner alone.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Writes a private file, which is there whole or as it was before.
///
/// # Errors
/// The operating system's.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let half = path.with_extension("half");
    let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&half)?;
    file.write_all(bytes).and_then(|()| file.sync_all())?;
    std::fs::rename(half, path)
}
