//! What travels with a message: `{name?, data: URI, …}`, embedded or elsewhere.
//!
//! ```text
//! to send    bytes | address ──▶ Attachment ──Draft::with_attachments──▶ message
//! received   SignedMessage::attachment_list ──▶ ReceivedAttachment ──source──▶ Embedded (bytes, handling) | Web | Ipfs
//! ```
//!
//! A received attachment is whatever its sender wrote. What its bytes are is told by the bytes, not by the sender;
//! what a browser could run as a page is never to be rendered.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde_json::{Map, Value};

use super::media::{self, MediaKind};
use crate::web::HttpUrl;

/// The longest attachment that is embedded or decoded, in bytes: what fits into the specification's 20 MB as base64.
pub const MAX_EMBEDDED: usize = 14_900_000;
/// The most attachments that are sent or listed. The specification names no limit.
pub const MAX_ATTACHMENTS: usize = 256;
/// The longest name, in bytes.
const MAX_NAME: usize = 255;
/// The longest address of an attachment that lies elsewhere, in bytes.
const MAX_ADDRESS: usize = 2048;

/// As browsers read base64 (Infra Standard, §7): with or without padding, and whatever the last bits are.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// An attachment to be sent, in the deployed form.
#[derive(Clone, Debug, PartialEq)]
pub struct Attachment(Map<String, Value>);

/// An attachment as its sender described it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReceivedAttachment<'a> {
    /// The name as it came: for [`Self::file_name`], not for a file system.
    pub name: Option<&'a str>,
    /// The address as it came: for [`Self::source`], not for a link.
    pub address: &'a str,
    members: Option<&'a Map<String, Value>>,
}

/// Where an attachment is.
#[derive(Clone, Debug, PartialEq)]
pub enum Source<'a> {
    /// In the message itself.
    Embedded(Embedded<'a>),
    /// At a web address. Whoever fetches it tells its server about it; how it is encrypted there is not specified.
    Web(HttpUrl),
    /// On IPFS: what follows `ipfs://`.
    Ipfs(&'a str),
}

/// A data URI (RFC 2397) that was not decoded yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embedded<'a> {
    /// The media type the sender claims, without parameters; `text/plain` if there is none.
    pub claimed_type: &'a str,
    base64: bool,
    body: &'a str,
}

/// What may be done with the bytes of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// Can be shown in the conversation, as the type that its bytes are, whatever was claimed.
    Inline(&'static str, MediaKind),
    /// Can be shown as plain text.
    Text,
    /// Offer it as a file only.
    Download,
    /// A browser could run it as a page (HTML, SVG, XML, PDF, script): offer it as a file of the type
    /// `application/octet-stream`, and never render it.
    NeverRender,
}

/// Why an attachment can't be sent or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// The name is empty, too long, or contains control characters.
    #[error("the attachment's name must have 1 to 255 bytes and no control characters")]
    Name,
    /// Neither embedded nor at an address that may be used.
    #[error("the attachment is at an address of a kind that is not allowed; only data, https and ipfs are")]
    Scheme,
    /// The address is malformed.
    #[error("the attachment's address is malformed")]
    Address,
    /// The embedded data is damaged.
    #[error("the attachment's data is damaged")]
    Damaged,
    /// More than can be embedded.
    #[error("the attachment is too large to be embedded; at most 14.9 MB are possible")]
    TooLarge,
    /// Not `type/subtype`.
    #[error("the attachment's media type is malformed")]
    MediaType,
    /// A member of this name is the protocol's.
    #[error("the member ‘{0}’ belongs to the protocol; choose another name")]
    Reserved(String),
}

impl Attachment {
    /// Embeds bytes as a base64 data URI. Their type is what they are seen to be, else what is claimed.
    ///
    /// # Errors
    /// [`AttachmentError`] if the name, the type or the size is not allowed.
    pub fn embed(name: &str, claimed_type: Option<&str>, bytes: &[u8]) -> Result<Self, AttachmentError> {
        if bytes.len() > MAX_EMBEDDED {
            return Err(AttachmentError::TooLarge);
        }
        let claimed = claimed_type.unwrap_or("application/octet-stream");
        if !is_media_type(claimed) {
            return Err(AttachmentError::MediaType);
        }
        let media_type = media::sniff(bytes).map_or(claimed, |(sniffed, _)| sniffed);
        let mut uri = format!("data:{media_type};base64,");
        STANDARD.encode_string(bytes, &mut uri);
        Self::named(name, uri)
    }

    /// Refers to something at an `https://` or `ipfs://` address.
    ///
    /// # Errors
    /// [`AttachmentError::Scheme`] for addresses of another kind.
    pub fn refer(name: &str, address: &str) -> Result<Self, AttachmentError> {
        match source_of(address)? {
            Source::Embedded(_) => Err(AttachmentError::Scheme),
            Source::Web(_) | Source::Ipfs(_) => Self::named(name, address.to_owned()),
        }
    }

    /// Adds a member that others may ignore, such as the deployed clients' `id` and `isImage`.
    ///
    /// # Errors
    /// [`AttachmentError::Reserved`] for `name` and `data`.
    pub fn with_member(mut self, member: &str, value: Value) -> Result<Self, AttachmentError> {
        if matches!(member, "name" | "data") {
            return Err(AttachmentError::Reserved(member.to_owned()));
        }
        self.0.insert(member.to_owned(), value);
        Ok(self)
    }

    pub(super) fn into_json(self) -> Value {
        self.0.into()
    }

    pub(super) fn named(name: &str, uri: String) -> Result<Self, AttachmentError> {
        if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(AttachmentError::Name);
        }
        // One by one: collecting would sort.
        let mut members = Map::new();
        members.insert("name".to_owned(), name.into());
        members.insert("data".to_owned(), uri.into());
        Ok(Self(members))
    }
}

impl<'a> ReceivedAttachment<'a> {
    /// Reads an element of a message's `attachments`: an object, or a bare address as in early drafts. `None` if
    /// it has no address at all.
    pub(super) fn from_json(value: &'a Value) -> Option<Self> {
        if let Some(address) = value.as_str() {
            return Some(Self { name: None, address, members: None });
        }
        let members = value.as_object()?;
        let address = members.get("data")?.as_str()?;
        Some(Self { name: members.get("name").and_then(Value::as_str), address, members: Some(members) })
    }

    /// A further member, as it came.
    pub fn member(&self, name: &str) -> Option<&'a Value> {
        self.members?.get(name)
    }

    /// Where it is, if it is at a place that may be used.
    ///
    /// # Errors
    /// [`AttachmentError::Scheme`] for `javascript:`, `blob:`, `file:`, `http:` and everything else.
    pub fn source(&self) -> Result<Source<'a>, AttachmentError> {
        source_of(self.address)
    }

    /// A name under which it can be saved: the last part of the sender's, without characters that turn the
    /// writing direction or mean something to a file system.
    pub fn file_name(&self) -> String {
        let last = self.name.unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
        let allowed = |c: &char| {
            !c.is_control() && !is_invisible(*c) && !matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|')
        };
        let name: String = last.chars().filter(allowed).take(100).collect();
        let name = name.trim_matches(|c: char| c == '.' || c.is_whitespace());
        if name.is_empty() { "attachment".to_owned() } else { name.to_owned() }
    }
}

impl Embedded<'_> {
    /// The bytes, as browsers read them: base64 may be escaped and broken into lines.
    ///
    /// # Errors
    /// [`AttachmentError::TooLarge`] before they take room; [`AttachmentError::Damaged`].
    pub fn bytes(&self) -> Result<Vec<u8>, AttachmentError> {
        let longest = if self.base64 { MAX_EMBEDDED.div_ceil(3) * 4 } else { MAX_EMBEDDED };
        // At most all of it is escaped, three characters for each.
        if self.body.len() > 3 * longest {
            return Err(AttachmentError::TooLarge);
        }
        let is_bare =
            self.base64 && !self.body.bytes().any(|byte| byte == b'%' || byte.is_ascii_whitespace());
        let mut inside = Vec::new();
        if !is_bare {
            inside = percent_decoded(self.body).ok_or(AttachmentError::Damaged)?;
            inside.retain(|byte| !self.base64 || !byte.is_ascii_whitespace());
        }
        let read = if is_bare { self.body.as_bytes() } else { &inside };
        if read.len() > longest {
            return Err(AttachmentError::TooLarge);
        }
        if !self.base64 {
            return Ok(inside);
        }
        FORGIVING.decode(read).map_err(|_| AttachmentError::Damaged)
    }

    /// What may be done with these [`Self::bytes`].
    pub fn handling(&self, bytes: &[u8]) -> Handling {
        handling(self.claimed_type, bytes)
    }
}

/// What may be done with bytes that somebody claims to be of a type. The claim only makes it stricter.
pub fn handling(claimed_type: &str, bytes: &[u8]) -> Handling {
    if media::is_active_type(claimed_type) || media::is_active(bytes) {
        return Handling::NeverRender;
    }
    match media::sniff(bytes) {
        Some((media_type, kind)) => Handling::Inline(media_type, kind),
        None if claimed_type.eq_ignore_ascii_case("text/plain") && std::str::from_utf8(bytes).is_ok() => {
            Handling::Text
        }
        None => Handling::Download,
    }
}

fn source_of(address: &str) -> Result<Source<'_>, AttachmentError> {
    let (scheme, rest) = address.split_once(':').ok_or(AttachmentError::Scheme)?;
    if scheme.eq_ignore_ascii_case("data") {
        let (head, body) = rest.split_once(',').ok_or(AttachmentError::Address)?;
        let mut parts = head.split(';').map(str::trim);
        let claimed_type = parts.next().filter(|claimed| !claimed.is_empty()).unwrap_or("text/plain");
        let base64 = parts.any(|part| part.eq_ignore_ascii_case("base64"));
        return Ok(Source::Embedded(Embedded { claimed_type, base64, body }));
    }
    if address.len() > MAX_ADDRESS {
        return Err(AttachmentError::Address);
    }
    if scheme.eq_ignore_ascii_case("https") {
        return address.parse().map(Source::Web).map_err(|_| AttachmentError::Address);
    }
    if scheme.eq_ignore_ascii_case("ipfs") {
        let path = rest.strip_prefix("//").ok_or(AttachmentError::Address)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'~' | b'%');
        // An escaped dot is a dot to a browser that makes a gateway's address of it (URL Standard, §4.3).
        let dots = path.to_ascii_lowercase().replace("%2e", ".");
        let climbs = dots.split('/').any(|part| part == "..");
        if path.is_empty() || climbs || !path.bytes().all(plain) {
            return Err(AttachmentError::Address);
        }
        return Ok(Source::Ipfs(path));
    }
    Err(AttachmentError::Scheme)
}

pub(super) fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    text.len() <= 127 && text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

/// Characters that have no width or turn the writing direction, by which `exe.txt` can be made to look like another.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let mut decoded = [0];
        hex::decode_to_slice(digits, &mut decoded).ok()?;
        bytes.push(decoded[0]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn handling(uri: &str) -> Handling {
        let value = json!({ "data": uri });
        let received = ReceivedAttachment::from_json(&value).unwrap();
        let Source::Embedded(embedded) = received.source().unwrap() else { panic!("{uri}") };
        embedded.handling(&embedded.bytes().unwrap())
    }

    fn base64(claimed: &str, bytes: &[u8]) -> String {
        format!("data:{claimed};base64,{}", STANDARD.encode(bytes))
    }

    /// Weakness 34: an attachment's address is chosen by its sender.
    #[test]
    fn only_data_https_and_ipfs_addresses_are_followed() {
        for address in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "blob:https://a.example/1",
            "file:///etc/passwd",
            "http://a.example/x.png",
            "http://localhost/x",
            "ftp://a.example",
            "//a.example/x",
            "x.png",
            "",
        ] {
            let value = json!(address);
            let received = ReceivedAttachment::from_json(&value).unwrap();
            assert_eq!(received.source(), Err(AttachmentError::Scheme), "{address}");
            assert!(Attachment::refer("x", address).is_err());
        }
        for address in [
            "https://user@a.example/",
            "https://a.example/<x>",
            "ipfs:x",
            "ipfs://../x",
            "ipfs://bafy/%2e%2E/x",
            "ipfs://.%2e/x",
            "ipfs://a?b",
            "data:x",
        ] {
            assert_eq!(source_of(address), Err(AttachmentError::Address), "{address}");
        }
        assert!(matches!(source_of("https://a.example/x.png"), Ok(Source::Web(_))));
        assert_eq!(source_of("ipfs://bafy/x.png"), Ok(Source::Ipfs("bafy/x.png")));
    }

    /// Weakness 34: the type is claimed by the sender.
    #[test]
    fn bytes_tell_what_they_are_and_what_could_run_is_never_rendered() {
        assert_eq!(handling(&base64("image/png", PNG)), Handling::Inline("image/png", MediaKind::Image));
        assert_eq!(handling(&base64("image/jpeg", PNG)), Handling::Inline("image/png", MediaKind::Image));
        assert_eq!(handling("data:,hello%20there"), Handling::Text);
        assert_eq!(handling("data:application/zip;base64,UEsDBA=="), Handling::Download);
        for uri in [
            base64("image/png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
            base64("image/svg+xml", PNG),
            base64("IMAGE/SVG+XML", b"x"),
            base64("text/html", b"hello"),
            base64("text/plain", b"\xef\xbb\xbf \n<!DOCTYPE html><script>alert(1)</script>"),
            base64("application/octet-stream", b"%PDF-1.7"),
            base64("application/x", b"%PDf/q.7"),
            base64("application/x", b"bytes before it\n%PDF-1.7"),
            base64("application/x", b"\0<\0s\0C\0r\0i\0p\0t\0>"),
            base64("image/avif", b"<svgftypavif"),
            base64("text/javascript", b"alert(1)"),
            "data:text/plain,hello%3Cscript%3E".to_owned(),
        ] {
            assert_eq!(handling(&uri), Handling::NeverRender, "{uri}");
        }
    }

    #[test]
    fn damaged_and_overlong_data_is_refused_before_it_is_decoded() {
        for uri in [
            "data:image/png;base64,@@@@",
            "data:;base64,QUJ%",
            "data:;base64,QUJ%zz",
            "data:;base64,QUJ%20%",
            "data:;base64,QUJDR",
            "data:;base64,QUJD%E2%80%89",
            "data:,%zz",
            "data:,%",
        ] {
            let Ok(Source::Embedded(embedded)) = source_of(uri) else { panic!("{uri}") };
            assert_eq!(embedded.bytes(), Err(AttachmentError::Damaged), "{uri}");
        }
        for long in [
            format!("data:;base64,{}", "A".repeat(MAX_EMBEDDED / 3 * 4 + 100)),
            format!("data:;base64,{}", "%41".repeat(MAX_EMBEDDED / 3 * 4 + 100)),
            format!("data:;base64,{}", " ".repeat(MAX_EMBEDDED * 4 + 100)),
            format!("data:,{}", "%41".repeat(MAX_EMBEDDED + 1)),
        ] {
            let Ok(Source::Embedded(embedded)) = source_of(&long) else { panic!() };
            assert_eq!(embedded.bytes(), Err(AttachmentError::TooLarge));
        }
        assert_eq!(Attachment::embed("x", None, &vec![0; MAX_EMBEDDED + 1]), Err(AttachmentError::TooLarge));
    }

    #[test]
    fn base64_is_read_however_it_is_escaped_and_broken_into_lines() {
        for written in
            ["+/8AQQ==", "+/8AQQ", "%2B/8AQQ%3D%3D", "+/8A\r\nQQ==\n", " +/8A%0D%0A%20QQ=%3D", "+/8AQR=="]
        {
            let uri = format!("data:;base64,{written}");
            let Ok(Source::Embedded(embedded)) = source_of(&uri) else { panic!("{uri}") };
            assert_eq!(embedded.bytes().as_deref(), Ok(&[0xfb, 0xff, 0, 0x41][..]), "{uri}");
        }
        let lines = STANDARD
            .encode(vec![7; MAX_EMBEDDED])
            .replace("BwcHBwcHBwcHBwcHBwcH", "BwcHBwcHBwcHBwcHBwcH%0D%0A");
        let lines = format!("data:;base64,{lines}");
        let Ok(Source::Embedded(embedded)) = source_of(&lines) else { panic!() };
        assert_eq!(embedded.bytes().map(|bytes| bytes.len()), Ok(MAX_EMBEDDED));
    }

    #[test]
    fn words_that_begin_like_a_picture_are_sent_as_words() {
        let attachment =
            Attachment::embed("notes.txt", Some("text/plain"), b"BMW meeting moved to Tuesday").unwrap();
        assert!(attachment.0["data"].as_str().unwrap().starts_with("data:text/plain;base64,"));
    }

    #[test]
    fn a_saved_file_has_a_harmless_name() {
        for (given, saved) in [
            ("cat.png", "cat.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\evil.exe", "evil.exe"),
            ("photo\u{202e}gnp.exe", "photognp.exe"),
            ("a\0b<c>.txt", "abc.txt"),
            ("...", "attachment"),
            ("", "attachment"),
        ] {
            let value = json!({ "name": given, "data": "data:," });
            assert_eq!(ReceivedAttachment::from_json(&value).unwrap().file_name(), saved);
        }
    }

    #[test]
    fn an_attachment_to_send_has_a_name_and_a_type() {
        assert_eq!(Attachment::embed("", None, PNG), Err(AttachmentError::Name));
        assert_eq!(Attachment::embed("a\nb", None, PNG), Err(AttachmentError::Name));
        assert_eq!(Attachment::embed("x", Some("text/html;x,"), PNG), Err(AttachmentError::MediaType));
        let attachment = Attachment::embed("dot.png", Some("text/html"), PNG).unwrap();
        assert!(attachment.0["data"].as_str().unwrap().starts_with("data:image/png;base64,"));
        let attachment = attachment.with_member("isImage", true.into()).unwrap();
        assert_eq!(
            attachment.clone().with_member("data", "x".into()),
            Err(AttachmentError::Reserved("data".into()))
        );
        let json = attachment.into_json();
        assert_eq!(ReceivedAttachment::from_json(&json).unwrap().member("isImage"), Some(&Value::Bool(true)));
    }

    proptest! {
        #[test]
        fn what_is_embedded_is_received(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let json = Attachment::embed("x", None, &bytes).unwrap().into_json();
            let received = ReceivedAttachment::from_json(&json).unwrap();
            let Ok(Source::Embedded(embedded)) = received.source() else { panic!() };
            prop_assert_eq!(embedded.bytes().unwrap(), bytes);
        }

        #[test]
        fn no_address_makes_it_panic(address in "(data:|https:|ipfs:)?[ -~é,;%/]{0,40}") {
            if let Ok(Source::Embedded(embedded)) = source_of(&address) && let Ok(bytes) = embedded.bytes() {
                let _ = embedded.handling(&bytes);
            }
        }
    }
}
