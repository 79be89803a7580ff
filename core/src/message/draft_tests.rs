use proptest::prelude::*;
use serde_json::json;

use super::super::MAX_EMBEDDED;
use super::*;
use crate::deposit;

fn header() -> Header {
    Header {
        from: "alice.eth".parse().unwrap(),
        to: "bob.eth".parse().unwrap(),
        timestamp: 1_700_000_000_000,
    }
}

fn target() -> MessageHash {
    format!("0x{}", "1".repeat(64)).parse().unwrap()
}

fn key() -> SigningSecret {
    SigningSecret::derive(&[7; 32])
}

#[test]
fn every_type_has_exactly_the_deployed_form() {
    let metadata = |kind: &str| {
        json!({
            "from": "alice.eth", "to": "bob.eth", "timestamp": 1_700_000_000_000_u64, "type": kind,
            "referenceMessageHash": target(),
        })
    };
    let with_text =
        |kind: &str, text: &str| json!({ "attachments": [], "message": text, "metadata": metadata(kind) });
    let mut new = with_text("NEW", "hi *there*");
    new["metadata"].as_object_mut().unwrap().remove("referenceMessageHash");
    let receipt = |receipt| Draft::receipt(header(), &target(), receipt);
    for (draft, expected) in [
        (Draft::text(header(), "hi *there*"), new),
        (Draft::reply(header(), &target(), "yes"), with_text("REPLY", "yes")),
        (Draft::edit(header(), &target(), "no"), with_text("EDIT", "no")),
        (Draft::delete(header(), &target()), json!({ "metadata": metadata("DELETE_REQUEST") })),
        (Draft::reaction(header(), &target(), &"👍".parse().unwrap()), with_text("REACTION", "👍")),
        (receipt(Receipt::Received), with_text("READ_RECEIVED", "READ_RECEIVED")),
        (receipt(Receipt::Opened), with_text("READ_OPENED", "READ_OPENED")),
        (receipt(Receipt::Specified), with_text("READ_RECEIPT", "READ_RECEIPT")),
        (Draft::resend_request(header(), &target()), with_text("RESEND_REQUEST", "")),
    ] {
        assert_eq!(Value::Object(draft.0), expected);
    }
}

#[test]
fn what_a_type_demands_can_not_be_left_out() {
    let kinds =
        ["REPLY", "EDIT", "DELETE_REQUEST", "REACTION", "READ_RECEIVED", "READ_OPENED", "RESEND_REQUEST"];
    for kind in kinds {
        let kind = Kind::from_wire(kind);
        let made = Draft::of_kind(header(), kind.clone(), None, "👍");
        assert_eq!(made, Err(DraftError::NoReference(kind.clone())));
        assert_eq!(Draft::of_kind(header(), kind.clone(), Some(&target()), "👍").unwrap().kind(), kind);
    }
    assert_eq!(Draft::of_kind(header(), Kind::New, Some(&target()), ""), Err(DraftError::Reference));
    assert_eq!(Draft::of_kind(header(), Kind::Link, None, ""), Err(DraftError::NoLink(Kind::Link)));
    for emoji in ["", " ", &"a".repeat(MAX_REACTION + 1)] {
        assert_eq!(emoji.parse::<Emoji>(), Err(DraftError::Reaction));
    }
    let unknown = Draft::of_kind(header(), Kind::Other("POLL".into()), None, "which?").unwrap();
    assert_eq!(unknown.sign(&key()).kind(), Kind::Other("POLL".into()));
}

#[test]
fn attachments_belong_to_texts_alone() {
    let attachment = || vec![Attachment::embed("x", None, b"x").unwrap()];
    let text = Draft::text(header(), "see").with_attachments(attachment()).unwrap();
    assert_eq!(text.sign(&key()).attachment_list().count(), 1);
    for draft in [
        Draft::delete(header(), &target()),
        Draft::reaction(header(), &target(), &"👍".parse().unwrap()),
        Draft::receipt(header(), &target(), Receipt::Opened),
    ] {
        let error = DraftError::NoAttachments(draft.kind());
        assert_eq!(draft.with_attachments(attachment()), Err(error));
    }
    let big = || Attachment::embed("x", None, &vec![0; MAX_EMBEDDED]).unwrap();
    assert!(Draft::text(header(), "").with_attachments(vec![big()]).is_ok());
    let two = Draft::text(header(), "").with_attachments(vec![big(), big()]);
    assert!(matches!(two, Err(DraftError::TooLarge { .. })));
    let many = vec![attachment().remove(0); MAX_ATTACHMENTS + 1];
    assert_eq!(Draft::text(header(), "").with_attachments(many), Err(DraftError::TooMany));
}

#[test]
fn an_edit_carries_what_the_message_before_it_carried_and_no_more_than_there_may_be() {
    let attachment = || vec![Attachment::embed("x", None, b"x").unwrap()];
    let before = Draft::text(header(), "see").carrying(attachment()).sign(&key());
    let edit = Draft::edit(header(), &target(), "look").carrying_those_of(&before).sign(&key());
    assert_eq!(edit.attachment_values(), before.attachment_values());
    let many = vec![attachment().remove(0); MAX_ATTACHMENTS + 1];
    assert_eq!(Draft::text(header(), "").carrying(many).sign(&key()).attachments(), MAX_ATTACHMENTS);
    assert_eq!(Draft::delete(header(), &target()).carrying(attachment()), Draft::delete(header(), &target()));
}

#[test]
fn extensions_can_not_write_over_the_protocol() {
    for member in OWN_METADATA {
        let error = Err(DraftError::Reserved(member.to_owned()));
        assert_eq!(Draft::text(header(), "").with_metadata(member, "x".into()), error);
    }
    let draft = Draft::text(header(), "").with_metadata("app", json!({ "id": 1 })).unwrap();
    let message = draft.with_reply_instruction("to: x").unwrap().sign(&key());
    assert_eq!(message.metadata_member("app"), Some(&json!({ "id": 1 })));
    assert_eq!(message.reply_delivery_instruction(), Some("to: x"));
    let too_long = Draft::text(header(), "").with_reply_instruction(&"x".repeat(MAX_INSTRUCTION + 1));
    assert_eq!(too_long, Err(DraftError::Instruction));
}

proptest! {
    #[test]
    fn the_length_is_known_before_it_is_signed(text in ".{0,200}") {
        let draft = Draft::text(header(), &text);
        let expected = draft.signed_len();
        prop_assert_eq!(draft.sign(&key()).to_canonical().len(), expected);
    }
}

#[test]
fn what_a_conversation_is_about_is_signed_and_read_again() {
    let about = Context::new("NFT #7 of <b>Cats</b>").unwrap();
    let message = Draft::text(header(), "still there?").about(Some(&about)).sign(&key());
    assert_eq!(message.text(), "still there?");
    let read = SignedMessage::parse(&message.to_text()).unwrap();
    assert_eq!(read.context(), Some(about));
    assert!(read.check_signature(&key().public()).is_ok());
    let without = Draft::text(header(), "hi").about(None);
    assert_eq!(without, Draft::text(header(), "hi"));
    let given = Draft::text(header(), "hi").with_metadata("context", json!("x"));
    assert_eq!(given, Err(DraftError::Reserved("context".to_owned())));
}

#[test]
fn a_message_carries_a_voucher_as_it_was_given() {
    let given = deposit::tests::key(1).sign(deposit::tests::voucher());
    let message = Draft::text(header(), "hi").with_voucher(&given).sign(&key());
    let read = SignedMessage::parse(&message.to_text()).unwrap();
    assert!(read.check_signature(&key().public()).is_ok());
    assert_eq!((read.text(), read.voucher()), ("hi", Some(given)));
    assert_eq!(Draft::text(header(), "hi").sign(&key()).voucher(), None);
    let other = Draft::text(header(), "hi").with_metadata("voucher", json!(1));
    assert_eq!(other, Err(DraftError::Reserved("voucher".to_owned())));
    let damaged = Draft::text(header(), "hi").with_member("voucher", json!(1));
    assert_eq!(damaged.sign(&key()).voucher(), None);
}

#[test]
fn what_others_say_a_conversation_is_about_is_harmless() {
    for (said, read) in [
        (json!("a\u{202e}b\nc"), Some("ab c".to_owned())),
        (json!("x".repeat(100_000)), Some("x".repeat(300) + "…")),
        (json!({ "text": "x" }), None),
        (json!(7), None),
        (json!(""), None),
    ] {
        let draft = Draft::text(header(), "hi").with_member("context", said);
        let message = SignedMessage::parse(&draft.sign(&key()).to_text()).unwrap();
        assert_eq!(message.context().map(|it| it.line()), read);
    }
}
