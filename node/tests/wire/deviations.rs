//! Where the node answers otherwise than the reference did, and why.

/// What the node does instead.
pub enum Instead {
    /// Answers with this status, and another body.
    Status(u16),
    /// Answers with this status and this body.
    Answer(u16, &'static str),
    /// Sends this frame.
    Frame(&'static str),
    /// Sends no frame.
    Nothing,
}

use Instead::{Answer, Frame, Nothing, Status};

const ABSENT: &str =
    "an absent text is the empty string, as contracts encode it; the reference answers with nothing at all";
const ONCE: &str = "the same envelope twice is one message";
const ALL_COPIES: &str = "an acknowledgement removes every copy of the message";
const ANSWERED: &str = "a challenge is answered once";
const OUR_WORDS: &str = "the reason is told, not where the reference's program failed";
const REFUSED_ONCE: &str =
    "a socket that was refused is refused; the reference refuses, connects and disconnects it";
const PLAIN: &str = "the reference's 404 is a page of its web framework";

const BY_ADDRESS: &str = "an account is its address: each of its names signs in";

/// By the number of the recorded exchange.
pub const DEVIATIONS: &[(u64, Instead, &str)] = &[
    (
        1,
        Answer(
            200,
            r#"{"jsonrpc":"2.0","result":"{\"messageTTL\":0,\"metricsCollectionIntervalInSeconds\":3600,\"metricsRetentionDurationInSeconds\":864000,\"notificationChannel\":[{\"config\":{},\"type\":\"EMAIL\"}],\"sizeLimit\":100000}"}"#,
        ),
        "the reference shows its mail server's password",
    ),
    (18, Status(200), ABSENT),
    (27, Status(200), ABSENT),
    (97, Status(200), "mailbox and storage share their accounts"),
    (115, Status(200), ABSENT),
    (135, Answer(400, r#"{"error":"the challenge was answered before; ask for another"}"#), ANSWERED),
    (
        139,
        Answer(400, r#"{"error":"the challenge belongs to another account"}"#),
        "a challenge belongs to one account",
    ),
    (143, Answer(400, r#"{"error":"the challenge was answered before; ask for another"}"#), ANSWERED),
    (148, Answer(404, "Not Found"), PLAIN),
    (202, Status(200), ONCE),
    (205, Status(200), ONCE),
    (211, Answer(200, "[]"), ALL_COPIES),
    (
        327,
        Frame(r#"432[{"error":"the delivery information is not sealed for this delivery service"}]"#),
        OUR_WORDS,
    ),
    (342, Frame(r#"44{"message":"check token has failed for WS"}"#), OUR_WORDS),
    (344, Nothing, REFUSED_ONCE),
    (345, Nothing, REFUSED_ONCE),
    (346, Nothing, REFUSED_ONCE),
    (351, Frame(r#"44{"message":"check token has failed for WS"}"#), OUR_WORDS),
    (352, Nothing, REFUSED_ONCE),
    (353, Nothing, REFUSED_ONCE),
    (354, Nothing, REFUSED_ONCE),
    (
        514,
        Status(200),
        "of a batch, what is stored already is skipped; the reference stores none of it and says OK",
    ),
    (524, Status(200), "the preview is the newest message; the reference's is the one that was stored last"),
    (
        527,
        Answer(400, r#"{"error":"the account is registered already","message":"Couldn't store profile"}"#),
        OUR_WORDS,
    ),
    (
        531,
        Answer(
            400,
            r#"{"error":"the profile was not signed by the account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8","message":"Couldn't store profile"}"#,
        ),
        OUR_WORDS,
    ),
    (
        532,
        Status(200),
        "a member beside the profile and its signature, which later versions may have, is passed over",
    ),
    (
        548,
        Answer(400, r#"{"error":"New OTP can be generated after 1 minutes of last OTP generated"}"#),
        "the minute between two codes is a minute; the reference's is 60 ms",
    ),
    (
        607,
        Answer(
            200,
            r#"{"jsonrpc":"2.0","result":"{\"encryptionAlgorithm\":[\"x25519-chacha20-poly1305\"],\"encryptionScheme\":[\"x25519-chacha20-poly1305\"],\"notSupportedMessageTypes\":[]}"}"#,
        ),
        "the reference's default says that an account takes no new messages",
    ),
    (655, Answer(400, ""), "the sender it claims did not sign it, nor is it encrypted"),
    (656, Answer(400, r#"{"error":"invalid schema"}"#), OUR_WORDS),
    (662, Answer(200, r#"{"name":"alice.user.dm3.eth"}"#), "addresses are compared, not their spelling"),
    (663, Status(200), "this route is not shadowed by the gateway's"),
    (764, Status(200), BY_ADDRESS),
    (769, Status(200), BY_ADDRESS),
];
