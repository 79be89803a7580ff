//! What bytes are, told by their first few (after the WHATWG's MIME Sniffing Standard, §6 and §7.1).

use super::picture::PictureHead;

/// What a browser does with a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// `<img>`.
    Image,
    /// `<audio>`.
    Audio,
    /// `<video>`.
    Video,
}

/// How far into a text is looked for markup, and for what makes it none, in bytes.
const LOOK: usize = 1024;

/// The types that can be shown without harm: the first bytes, the type, and what it is.
const HARMLESS: [(&[u8], &str, MediaKind); 7] = [
    (b"\x89PNG\r\n\x1a\n", "image/png", MediaKind::Image),
    (b"\xff\xd8\xff", "image/jpeg", MediaKind::Image),
    (b"GIF87a", "image/gif", MediaKind::Image),
    (b"GIF89a", "image/gif", MediaKind::Image),
    (b"OggS\0", "audio/ogg", MediaKind::Audio),
    (b"fLaC", "audio/flac", MediaKind::Audio),
    (b"\x1a\x45\xdf\xa3", "video/webm", MediaKind::Video),
];

/// The type of bytes that can be shown without harm; `None` for everything else.
pub(super) fn sniff(bytes: &[u8]) -> Option<(&'static str, MediaKind)> {
    // Words may begin like any of them.
    if is_text(bytes) {
        return None;
    }
    if let Some((_, media_type, kind)) = HARMLESS.iter().find(|(first, ..)| bytes.starts_with(first)) {
        return Some((media_type, *kind));
    }
    match (bytes.get(..4), bytes.get(4..8), bytes.get(8..12)) {
        (Some(b"RIFF"), _, Some(b"WEBP")) => Some(("image/webp", MediaKind::Image)),
        (Some(b"RIFF"), _, Some(b"WAVE")) => Some(("audio/wav", MediaKind::Audio)),
        (_, Some(b"ftyp"), Some(b"avif")) => Some(("image/avif", MediaKind::Image)),
        (_, Some(b"ftyp"), Some(b"isom" | b"iso2" | b"mp41" | b"mp42" | b"M4V ")) => {
            Some(("video/mp4", MediaKind::Video))
        }
        (_, Some(b"ftyp"), Some(b"M4A ")) => Some(("audio/mp4", MediaKind::Audio)),
        // So few bytes alone say too little: what follows has to fit.
        _ if bytes.starts_with(b"BM") && PictureHead::read(bytes).is_some() => {
            Some(("image/bmp", MediaKind::Image))
        }
        _ if is_mpeg(bytes) => Some(("audio/mpeg", MediaKind::Audio)),
        _ => None,
    }
}

/// A tag (ID3v2, §3.1) or a frame of layer III (ISO/IEC 11172-3, §2.4.2.3) whose rates are some.
fn is_mpeg(bytes: &[u8]) -> bool {
    match bytes {
        [b'I', b'D', b'3', 2..=4, edition, _, length @ ..] => {
            *edition < 0xff && length.len() >= 4 && length[..4].iter().all(|byte| *byte < 0x80)
        }
        [0xff, 0xfb, rates, ..] => (0x10..0xf0).contains(rates) && rates & 0x0c != 0x0c,
        _ => false,
    }
}

/// Whether there is no byte in the beginning that texts don't have.
fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..LOOK).unwrap_or(bytes);
    !start.iter().any(|byte| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f))
}

/// What files begin with that are never shown, and their types.
const OTHERS: [(&[u8], &str); 9] = [
    (b"%PDF", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"\0asm", "application/wasm"),
    (b"{\\rtf", "application/rtf"),
];

/// The type of bytes, for those who are to know what they save: never for rendering. `application/octet-stream` if
/// they do not tell.
pub fn true_type(bytes: &[u8]) -> &'static str {
    if let Some((media_type, _)) = sniff(bytes) {
        return media_type;
    }
    // Two letters begin words, too.
    let is_sign = |first: &[u8]| bytes.starts_with(first) && (first.len() > 2 || !is_text(bytes));
    if let Some((_, media_type)) = OTHERS.iter().find(|(first, _)| is_sign(first)) {
        return media_type;
    }
    if is_active(bytes) {
        let start = bytes.get(..LOOK).unwrap_or(bytes).to_ascii_lowercase();
        let has = |sign: &[u8]| start.windows(sign.len()).any(|part| part == sign);
        return match (has(b"%pdf"), has(b"<svg"), has(b"<?xml")) {
            (true, ..) => "application/pdf",
            (_, true, _) => "image/svg+xml",
            (.., true) => "application/xml",
            _ => "text/html",
        };
    }
    let text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    if text && !bytes.is_empty() { "text/plain" } else { "application/octet-stream" }
}

/// Whether a claimed type is one that a browser may run: pages, drawings with scripts, documents, scripts.
pub(super) fn is_active_type(claimed: &str) -> bool {
    let claimed = claimed.trim().to_ascii_lowercase();
    ["html", "xml", "svg", "script", "pdf", "flash", "mhtml", "multipart", "wasm", "css"]
        .iter()
        .any(|active| claimed.contains(active))
}

/// What pages, drawings with scripts and documents have near their beginning, in lower case.
const ACTIVE: [&[u8]; 8] =
    [b"<script", b"<svg", b"<html", b"<!doctype", b"<?xml", b"<iframe", b"<body", b"%pdf"];

/// Whether bytes can be taken for a page, a drawing with scripts or a document. Readers are generous: they take markup
/// in either case and in UTF-16, whose every second byte is 0 there, and a PDF whose signature comes late (ISO 32000-1,
/// annex H.3.4.1: within the first 1,024 bytes).
pub(super) fn is_active(bytes: &[u8]) -> bool {
    let start = bytes.get(..LOOK).unwrap_or(bytes);
    // With a byte order mark of UTF-16 it is text, in which not every sign is one that is looked for here.
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return true;
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let lower: Vec<u8> = text.iter().filter(|byte| **byte != 0).map(u8::to_ascii_lowercase).collect();
    let first = lower.trim_ascii_start();
    if first.starts_with(b"<") || first.starts_with(b"%pdf") {
        return true;
    }
    sniff(bytes).is_none() && ACTIVE.iter().any(|sign| lower.windows(sign.len()).any(|part| part == *sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_saves_a_file_is_told_what_it_is_whatever_it_is_called() {
        for (bytes, media_type) in [
            (&b"%PDF-1.7"[..], "application/pdf"),
            (b"junk before\n%PDF-1.4", "application/pdf"),
            (b"<svg onload='alert(1)'/>", "image/svg+xml"),
            (b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
            (b"<!doctype html>", "text/html"),
            (b"PK\x03\x04...", "application/zip"),
            (b"MZ\x90\0", "application/vnd.microsoft.portable-executable"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"hello", "text/plain"),
            (b"MZ is how programs begin", "text/plain"),
            (b"a\0b", "application/octet-stream"),
            (b"\xfe\x01", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ] {
            assert_eq!(true_type(bytes), media_type, "{bytes:?}");
        }
    }

    #[test]
    fn words_that_begin_like_a_picture_or_a_sound_are_words() {
        for words in [
            &b"BMW meeting moved to Tuesday"[..],
            b"BM\n",
            b"BM",
            b"ID3 tags, and how to read them",
            b"ID3",
            b"GIF89a is the later of the two",
            b"fLaC is what a file begins with",
            b"RIFFs: WEBP and others",
            b"The ftypavif mark",
            "BMW fährt".as_bytes(),
            b"BMW f\xe4hrt",
        ] {
            assert_eq!(sniff(words), None, "{words:?}");
        }
    }

    #[test]
    fn a_short_sign_counts_with_what_belongs_behind_it() {
        let bmp = b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0";
        assert_eq!(sniff(bmp), Some(("image/bmp", MediaKind::Image)));
        for sound in
            [&b"ID3\x04\0\0\0\0\x02\x01TIT2"[..], b"ID3\x03\0\x80\x7f\x7f\x7f\x7f", b"\xff\xfb\x90\x64\0\0"]
        {
            assert_eq!(sniff(sound), Some(("audio/mpeg", MediaKind::Audio)), "{sound:?}");
        }
        for other in [
            &b"BM\0\0 whatever follows"[..],
            &[&bmp[..6], b"\x01", &bmp[7..]].concat(),
            &[&bmp[..14], b"\x29", &bmp[15..]].concat(),
            b"ID3\x05\0\0\0\0\0\0",
            b"ID3\x04\xff\0\0\0\0\0",
            b"ID3\x04\0\0\0\0\0\x80",
            b"ID3\x04\0\0",
            b"\xff\xfb\x00\0",
            b"\xff\xfb\xf0\0",
            b"\xff\xfb\x9c\0",
            b"\xff\xfb",
        ] {
            assert_eq!(sniff(other), None, "{other:?}");
        }
    }
}
