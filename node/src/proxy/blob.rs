//! Parts of sealed files at other nodes, for pages whose policy names their own node alone.
//!
//! Nothing but that passes: an address ends with the secret of a file, as nodes make them, and the answer is a part of
//! bytes that calls itself nothing else. Whoever reads it knows the file's hash from the message.

use super::{Proxies, TIME};
use crate::blobs::{BlobSecret, PIECE};
use crate::outgoing::{Ask, Bounds, OutgoingError, Use};

/// Why there is no part.
#[derive(Debug, thiserror::Error)]
pub enum BlobFault {
    /// No address of a file, or no part of it that is small enough.
    #[error(
        "ask for the address of a file as nodes make them, and with Range for at most {PIECE} bytes of it"
    )]
    Question,
    /// Its address may not be called.
    #[error("the file can't be fetched: {0}")]
    Address(OutgoingError),
    /// Its node does not answer, or with too much.
    #[error("the file can't be fetched: {0}")]
    Unreachable(OutgoingError),
    /// Its node has no such file, or no longer.
    #[error("its node has no such file")]
    Gone,
    /// Its node refuses.
    #[error("the file's node answers with HTTP status {0}")]
    Status(u16),
    /// What came is no part of bytes.
    #[error("what the file's node answers is no part of a sealed file")]
    Answer,
}

impl Proxies {
    /// Fetches the part that `range` says, as in the header of that name.
    ///
    /// # Errors
    /// [`BlobFault`].
    pub async fn blob(&self, url: &str, range: &str) -> Result<Vec<u8>, BlobFault> {
        let length = part(range).filter(|_| is_of_a_node(url)).ok_or(BlobFault::Question)?;
        let bounds = Bounds { bytes: length, time: TIME, redirects: 0 };
        let ask = Ask::Part(range.to_owned());
        let fetched =
            self.outgoing.fetch(Use::Blob, url, ask, bounds).await.map_err(|error| match error {
                OutgoingError::Url | OutgoingError::NotPublic => BlobFault::Address(error),
                error => BlobFault::Unreachable(error),
            })?;
        match fetched.status {
            206 if fetched.media_type.as_deref() == Some("application/octet-stream") => Ok(fetched.body),
            200 | 206 => Err(BlobFault::Answer),
            404 | 410 => Err(BlobFault::Gone),
            status => Err(BlobFault::Status(status)),
        }
    }
}

/// How many bytes a range has, if both its ends are said and it is no larger than a piece.
fn part(range: &str) -> Option<usize> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
    let length = usize::try_from(to.checked_sub(from)?.checked_add(1)?).ok()?;
    Some(length).filter(|length| *length <= PIECE)
}

/// Whether an address is the path of a file at a node, and says nothing further.
fn is_of_a_node(url: &str) -> bool {
    let mut parts = url.rsplit('/');
    let secret = parts.next().and_then(BlobSecret::parse);
    secret.is_some() && parts.next() == Some("blob") && !url.contains(['?', '#'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_part_of_a_file_is_asked_for() {
        let secret = "ab".repeat(32);
        assert!(is_of_a_node(&format!("https://a.example/ds/blob/{secret}")));
        for wrong in [
            format!("https://a.example/ds/blob/{secret}?x"),
            format!("https://a.example/?/blob/{secret}"),
            format!("https://a.example/ds/blobs/{secret}"),
            format!("https://a.example/ds/blob/{secret}0"),
            "https://a.example/ds/blob/".to_owned(),
        ] {
            assert!(!is_of_a_node(&wrong), "{wrong}");
        }
        assert_eq!(part("bytes=5-9"), Some(5));
        assert_eq!(part(&format!("bytes=0-{}", PIECE - 1)), Some(PIECE));
        for wrong in
            ["", "bytes=0-", "bytes=9-5", "bytes=0-18446744073709551615", "bytes=-5", "bytes=0-1,2-3"]
        {
            assert_eq!(part(wrong), None, "{wrong}");
        }
        assert_eq!(part(&format!("bytes=0-{PIECE}")), None);
    }
}
