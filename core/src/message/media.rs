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

/// Whether bytes can be taken for a page, a drawing with scripts or a document.
pub(super) fn is_active(bytes: &[u8]) -> bool {
    if sniff(bytes).is_some() {
        return false;
    }
    let start = bytes.get(..LOOK).unwrap_or(bytes);
    // UTF-16 with a byte order mark is text that these patterns do not find.
    if start.starts_with(b"%PDF") || start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return true;
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let lower = text.to_ascii_lowercase();
    lower.starts_with(b"<")
        || [&b"<script"[..], b"<svg", b"<html", b"<!doctype", b"<?xml", b"<iframe", b"<body"]
            .iter()
            .any(|tag| lower.windows(tag.len()).any(|part| part == *tag))
}
