//! Avatars, fetched for a page so that their hosts learn nothing of its visitors.
//!
//! What a host says about its files is not believed: an image is what its first bytes say, and what is none of
//! the known kinds is not passed on. SVG is refused: it is a document that can run scripts.

use super::{Proxies, REDIRECTS, TIME};
use crate::limits::Payer;
use crate::outgoing::{Ask, Bounds, OutgoingError, Use};

/// The largest image, in bytes.
const MAX_IMAGE: usize = 2_000_000;
/// What an AVIF file may call itself at its beginning.
const AVIF_BRANDS: [&[u8]; 2] = [b"avif", b"avis"];

/// An image and what it really is.
#[derive(Debug)]
pub struct Image {
    /// Its media type.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Its address may not be called.
    #[error("the image can't be fetched: {0}")]
    Address(OutgoingError),
    /// Its host does not answer, or with too much.
    #[error("the image can't be fetched: {0}")]
    Unreachable(OutgoingError),
    /// Its host refuses.
    #[error("the image's host answers with HTTP status {0}")]
    Status(u16),
    /// Neither PNG, JPEG, GIF, WebP nor AVIF.
    #[error("the file is no PNG, JPEG, GIF, WebP or AVIF image")]
    Kind,
    /// Too many are being fetched.
    #[error("too many images are being fetched; try again later")]
    Busy,
}

impl Proxies {
    /// Fetches an image.
    ///
    /// # Errors
    /// [`ImageError`].
    pub async fn image(&self, url: &str) -> Result<Image, ImageError> {
        let _turn = self.images.enter(&Payer::current(), 1).map_err(|_| ImageError::Busy)?;
        let bounds = Bounds { bytes: MAX_IMAGE, time: TIME, redirects: REDIRECTS };
        let fetched =
            self.outgoing.fetch(Use::Image, url, Ask::Get, bounds).await.map_err(|error| match error {
                OutgoingError::Url | OutgoingError::NotPublic => ImageError::Address(error),
                OutgoingError::Busy => ImageError::Busy,
                error => ImageError::Unreachable(error),
            })?;
        if fetched.status != 200 {
            return Err(ImageError::Status(fetched.status));
        }
        let media_type = media_type(&fetched.body).ok_or(ImageError::Kind)?;
        Ok(Image { media_type, bytes: fetched.body })
    }
}

/// What a file is by its first bytes (WHATWG MIME Sniffing, section 6.1; AVIF: ISO/IEC 14496-12 `ftyp`).
fn media_type(file: &[u8]) -> Option<&'static str> {
    let at = |place: usize, bytes: &[u8]| file.get(place..place + bytes.len()) == Some(bytes);
    if at(0, b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if at(0, b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Some("image/gif")
    } else if at(0, b"RIFF") && at(8, b"WEBPVP8") {
        Some("image/webp")
    } else if at(4, b"ftyp") && AVIF_BRANDS.iter().any(|brand| at(8, brand)) {
        Some("image/avif")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_what_its_first_bytes_say() {
        for (file, kind) in [
            (&b"\x89PNG\r\n\x1a\n\0\0"[..], "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a\x01\0", "image/gif"),
            (b"RIFF\x1a\0\0\0WEBPVP8L", "image/webp"),
            (b"\0\0\0\x20ftypavif\0\0\0\0", "image/avif"),
        ] {
            assert_eq!(media_type(file), Some(kind));
        }
    }

    #[test]
    fn documents_and_other_media_are_no_images() {
        for file in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<?xml version='1.0'?><svg/>",
            b"\xef\xbb\xbf<svg/>",
            b"<!doctype html><script>alert(1)</script>",
            b"%PDF-1.7",
            b"\x89PN",
            b"RIFF\x1a\0\0\0WAVEfmt ",
            b"\0\0\0\x20ftypisom\0\0\0\0",
            b" \x89PNG\r\n\x1a\n",
        ] {
            assert_eq!(media_type(file), None, "{file:?}");
        }
    }
}
