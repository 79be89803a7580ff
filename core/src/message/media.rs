//! What bytes are, told by their first few (after the WHATWG's MIME Sniffing Standard, §6).

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

/// How far into a text is looked for markup, in bytes.
const LOOK: usize = 1024;

/// The types that can be shown without harm: the first bytes, the type, and what it is.
const HARMLESS: [(&[u8], &str, MediaKind); 10] = [
    (b"\x89PNG\r\n\x1a\n", "image/png", MediaKind::Image),
    (b"\xff\xd8\xff", "image/jpeg", MediaKind::Image),
    (b"GIF87a", "image/gif", MediaKind::Image),
    (b"GIF89a", "image/gif", MediaKind::Image),
    (b"BM", "image/bmp", MediaKind::Image),
    (b"OggS\0", "audio/ogg", MediaKind::Audio),
    (b"ID3", "audio/mpeg", MediaKind::Audio),
    (b"fLaC", "audio/flac", MediaKind::Audio),
    (b"\x1a\x45\xdf\xa3", "video/webm", MediaKind::Video),
    (b"\xff\xfb", "audio/mpeg", MediaKind::Audio),
];

/// The type of bytes that can be shown without harm; `None` for everything else.
pub(super) fn sniff(bytes: &[u8]) -> Option<(&'static str, MediaKind)> {
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
        _ => None,
    }
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
