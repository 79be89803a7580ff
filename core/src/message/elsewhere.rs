//! A file that is too large for a message: sealed under a key of its own, it lies at its sender's node, and the message says
//! where, and what it has to be.
//!
//! ```text
//! file ──seal_file──▶ bytes ──▶ node            {name, data: address, size, type, sealed: {scheme, hash, key, words?}}
//! FileElsewhere ──Attachment::elsewhere──▶ message ──signed, sealed──▶ ReceivedAttachment::elsewhere ──▶ FileElsewhere
//! address ──▶ bytes ──FileOpener──▶ file         what the node answers counts for nothing beside length, hash and key
//! ```
//!
//! It is an attachment at an address, as the specification has them for what is larger than 20 MB; how the bytes there are
//! encrypted it leaves open. Clients that don't know the member `sealed` show the name, and the words that the text ends with.
//! Nothing is fetched by reading this: whoever fetches tells a server which the sender chose that the message was read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroize as _;

use super::attachment::{Attachment, AttachmentError, ReceivedAttachment, is_media_type};
use super::signed::SignedMessage;
use crate::seal::FileKey;
use crate::web::HttpUrl;

/// The largest file that is sent or fetched, in bytes: all of it is held in memory.
pub const MAX_ELSEWHERE: u64 = 99_000_000;
/// The only way of sealing there is: [`crate::seal::seal_file`].
const SCHEME: &str = "chacha20-poly1305-stream-be32-65536";
/// The member that says how the bytes at the address are sealed.
const SEALED: &str = "sealed";
/// The longest address, in bytes.
const MAX_ADDRESS: usize = 2048;
/// The longest words for clients that don't know all this, in bytes: twenty files, each with a name and an address.
const MAX_WORDS: usize = 16_384;

/// A file at its sender's node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileElsewhere {
    /// Where the sealed bytes are: https or this machine, without credentials and without a query.
    pub address: HttpUrl,
    /// How many bytes the file has, from 1 to [`MAX_ELSEWHERE`].
    pub size: u64,
    /// The SHA-256 of the sealed bytes.
    pub hash: [u8; 32],
    /// What opens them.
    pub key: FileKey,
    /// The media type that the sender claims. What the bytes are is told by the bytes.
    pub claimed_type: String,
}

impl FileElsewhere {
    fn is_sound(&self) -> bool {
        is_address(self.address.as_str())
            && (1..=MAX_ELSEWHERE).contains(&self.size)
            && is_media_type(&self.claimed_type)
    }
}

impl Attachment {
    /// Refers to a sealed file. `words` are what the message's text ends with for clients that don't know how to fetch it,
    /// and what is left out for those who do ([`SignedMessage::text_of_ours`]).
    ///
    /// # Errors
    /// [`AttachmentError`] if the name, the address, the size or the type is not allowed.
    pub fn elsewhere(name: &str, file: &FileElsewhere, words: &str) -> Result<Self, AttachmentError> {
        if !is_address(file.address.as_str()) || words.len() > MAX_WORDS {
            return Err(AttachmentError::Address);
        }
        if !file.is_sound() {
            return Err(AttachmentError::TooLarge);
        }
        let mut key = file.key.expose();
        let sealed = json!({
            "scheme": SCHEME,
            "hash": hex::encode(file.hash),
            "key": STANDARD.encode(key),
            "words": words,
        });
        key.zeroize();
        Self::named(name, file.address.as_str().to_owned())?
            .with_member("size", file.size.into())?
            .with_member("type", file.claimed_type.as_str().into())?
            .with_member(SEALED, sealed)
    }
}

impl ReceivedAttachment<'_> {
    /// The sealed file that it refers to; `None` if it is something else, or nothing that may be fetched.
    pub fn elsewhere(&self) -> Option<FileElsewhere> {
        let sealed = self.member(SEALED)?;
        let text = |member: &str| sealed.get(member).and_then(Value::as_str);
        if text("scheme") != Some(SCHEME) {
            return None;
        }
        let mut hash = [0; 32];
        hex::decode_to_slice(text("hash")?, &mut hash).ok()?;
        // What is longer than a key is not decoded.
        let encoded = text("key").filter(|key| key.len() <= FileKey::LENGTH.div_ceil(3) * 4)?;
        let mut key: [u8; FileKey::LENGTH] = STANDARD.decode(encoded).ok()?.try_into().ok()?;
        let file = FileElsewhere {
            address: self.address.parse().ok()?,
            size: self.member("size")?.as_u64()?,
            hash,
            key: FileKey::from_bytes(&key),
            claimed_type: self.member("type").and_then(Value::as_str).unwrap_or(UNKNOWN).to_owned(),
        };
        key.zeroize();
        file.is_sound().then_some(file)
    }

    /// What the text ends with for others, if it is sealed in a way that is known here.
    fn words(&self) -> Option<&str> {
        let text = |member: &str| self.member(SEALED)?.get(member)?.as_str();
        text("words").filter(|words| (1..=MAX_WORDS).contains(&words.len()) && text("scheme") == Some(SCHEME))
    }
}

/// The type of what says none.
const UNKNOWN: &str = "application/octet-stream";

impl SignedMessage {
    /// The text without the words that say to others where its files are: for those who show the files. It ends so as the
    /// author signed it; where it does not, nothing is left out.
    pub fn text_of_ours(&self) -> &str {
        let (text, mut left) = (self.text(), self.text());
        for attachment in self.attachment_list() {
            if let Some(words) = attachment.words()
                && let Some(before) = left.strip_suffix(words)
            {
                left = before;
            }
        }
        if left.len() == text.len() { text } else { left.trim_end() }
    }
}

fn is_address(address: &str) -> bool {
    address.len() <= MAX_ADDRESS && !address.contains('?')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::{KeySeed, ProfileKeys};
    use crate::message::{Draft, Header};

    const ADDRESS: &str = "https://node.example/ds/blob/00ff";

    fn file() -> FileElsewhere {
        FileElsewhere {
            address: ADDRESS.parse().unwrap(),
            size: 6_000_000,
            hash: [7; 32],
            key: FileKey::from_bytes(&[9; FileKey::LENGTH]),
            claimed_type: "video/mp4".into(),
        }
    }

    fn message(text: &str, attachments: Vec<Attachment>) -> SignedMessage {
        let name = |text: &str| text.parse().unwrap();
        let header = Header { from: name("alice.eth"), to: name("bob.eth"), timestamp: 1 };
        let keys = ProfileKeys::derive(&KeySeed::from_bytes([1; 32]));
        let draft = Draft::text(header, text).with_attachments(attachments).unwrap();
        let signed = draft.sign(&keys.signing);
        signed.check_signature(&keys.public().signing).unwrap();
        SignedMessage::parse(&signed.to_text()).unwrap()
    }

    fn received(attachment: Value) -> Option<FileElsewhere> {
        let message = json!({
            "message": "", "signature": "", "attachments": [attachment],
            "metadata": { "from": "a.eth", "to": "b.eth", "timestamp": 1, "type": "NEW" },
        });
        SignedMessage::parse(&message.to_string()).unwrap().attachment_list().find_map(|it| it.elsewhere())
    }

    fn written() -> Value {
        Attachment::elsewhere("film.mp4", &file(), "words").unwrap().into_json()
    }

    #[test]
    fn a_file_goes_with_the_signed_message_and_others_see_a_link_in_words() {
        let words = format!("film.mp4 (6 MB): {ADDRESS}");
        let sent = Attachment::elsewhere("film.mp4", &file(), &words).unwrap();
        let message = message(&format!("look\n\n{words}"), vec![sent]);
        let attachments: Vec<_> = message.attachment_list().collect();
        let [attachment] = attachments.as_slice() else { panic!("{attachments:?}") };
        assert_eq!((attachment.name, attachment.address), (Some("film.mp4"), ADDRESS));
        assert_eq!(attachment.elsewhere(), Some(file()));
        assert_eq!(message.text(), format!("look\n\n{words}"));
        assert_eq!(message.text_of_ours(), "look");
    }

    #[test]
    fn only_what_the_text_ends_with_is_left_out_and_only_for_a_file_that_is_known_here() {
        let sent = |words: &str| Attachment::elsewhere("a", &file(), words).unwrap();
        assert_eq!(message("look", vec![sent("words")]).text_of_ours(), "look");
        assert_eq!(message("words, and more ", vec![sent("words")]).text_of_ours(), "words, and more ");
        assert_eq!(message("words", vec![sent("words")]).text_of_ours(), "");
        assert_eq!(message("look ", vec![sent("")]).text_of_ours(), "look ");
        let mut broken = written();
        broken[SEALED]["scheme"] = "another".into();
        let text = json!({
            "message": "look words", "signature": "", "attachments": [broken],
            "metadata": { "from": "a.eth", "to": "b.eth", "timestamp": 1, "type": "NEW" },
        });
        assert_eq!(SignedMessage::parse(&text.to_string()).unwrap().text_of_ours(), "look words");
    }

    #[test]
    fn where_it_is_what_it_is_and_what_opens_it_is_said_soundly_or_it_is_not_fetched() {
        assert_eq!(received(written()), Some(file()));
        let with = |member: &str, value: Value| {
            let mut attachment = written();
            attachment[member] = value;
            received(attachment)
        };
        for address in [
            "http://node.example/x",
            "https://user@node.example/x",
            "https://node.example/x?y",
            "https://node.example/x#y",
            "ipfs://bafy",
            "data:,x",
            "javascript:alert(1)",
            &format!("https://node.example/{}", "x".repeat(MAX_ADDRESS)),
        ] {
            assert_eq!(with("data", address.into()), None, "{address:.60}");
        }
        assert!(with("data", "http://127.0.0.1:4040/ds/blob/00".into()).is_some(), "this machine");
        for size in [json!(0), json!(MAX_ELSEWHERE + 1), json!(-1), json!("5"), json!(1.5), Value::Null] {
            assert_eq!(with("size", size.clone()), None, "{size}");
        }
        assert_eq!(with("type", "text/html;x".into()), None);
        assert_eq!(with("type", Value::Null).unwrap().claimed_type, UNKNOWN);
        let sealed = |member: &str, value: Value| {
            let mut attachment = written();
            attachment[SEALED][member] = value;
            received(attachment)
        };
        for (member, value) in [
            ("scheme", json!("none")),
            ("hash", json!("07")),
            ("hash", json!("zz".repeat(32))),
            ("key", json!("AAAA")),
            ("key", json!(STANDARD.encode([9; 40]))),
            ("key", json!("A".repeat(1_000_000))),
            ("key", Value::Null),
        ] {
            assert_eq!(sealed(member, value), None, "{member}");
        }
        assert_eq!(with(SEALED, Value::Null), None);
    }

    #[test]
    fn nothing_is_sent_that_would_not_be_fetched() {
        let refused = |change: fn(&mut FileElsewhere)| {
            let mut file = file();
            change(&mut file);
            Attachment::elsewhere("a", &file, "").unwrap_err()
        };
        assert_eq!(refused(|file| file.size = 0), AttachmentError::TooLarge);
        assert_eq!(refused(|file| file.size = MAX_ELSEWHERE + 1), AttachmentError::TooLarge);
        assert_eq!(refused(|file| file.claimed_type = "x".into()), AttachmentError::TooLarge);
        assert_eq!(
            refused(|file| file.address = "https://a.example/?x".parse().unwrap()),
            AttachmentError::Address
        );
        assert_eq!(Attachment::elsewhere("", &file(), ""), Err(AttachmentError::Name));
    }

    proptest! {
        #[test]
        fn no_member_makes_it_panic_and_what_is_read_is_written_again(
            address in "(https://a\\.example/|http://localhost/)?[ -~]{0,20}", size in any::<u64>(),
            kind in "[a-z/;]{0,12}", hash in "[0-9a-fx]{60,68}", key in "[A-Za-z0-9+/=]{50,54}", words in ".{0,9}",
        ) {
            let attachment = json!({
                "name": "a", "data": address, "size": size % 100_000_000, "type": kind,
                "sealed": { "scheme": SCHEME, "hash": hash, "key": key, "words": words },
            });
            if let Some(file) = received(attachment) {
                let again = Attachment::elsewhere("a", &file, &words).unwrap().into_json();
                prop_assert_eq!(received(again), Some(file));
            }
        }
    }
}
