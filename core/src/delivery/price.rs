//! What a node asks for a new account, and how it is paid.
//!
//! ```text
//! POST profile ──▶ 400 {message, error, price: {kind: "work", challenge, bits}} ──▶ Price
//!      ▲                                                                              │ searched, or given by the person
//!      └── the same once more, with `Authorization: Bearer work.<challenge>.<number>` ◀── Payment
//! ```
//!
//! **A stake** is a voucher for the operator, who may burn it, of a deposit that the chain knows of ([`crate::deposit`]).
//!
//! **Work** is a number `n` with which SHA-256(challenge ‖ "." ‖ n) begins with so many zero bits (Hashcash): it takes 2^bits
//! tries to find and one to check. Whoever makes challenges binds them to an account and a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::reply::{ApiError, check, json_of};
use crate::deposit::{SignedVoucher, Terms};
use crate::identity::Address;
use crate::seal::json::{self, canonical, object};
use crate::seal::sha256;
use crate::web::{HttpResponse, SessionToken};

/// The most work that anybody should ask for, and that is done for a node, in bits: some minutes on a phone.
pub const MAX_WORK_BITS: u8 = 24;
/// The longest challenge that is worked on, in bytes.
const MAX_CHALLENGE: usize = 200;
/// The longest invitation, in bytes.
const MAX_INVITATION: usize = 200;
/// The longest voucher, in bytes of its base64.
const MAX_VOUCHER: usize = 2_000;
/// What the payments begin with.
const WORK: &str = "work";
const INVITATION: &str = "invitation";
const DEPOSIT: &str = "deposit";

/// What a node asks for a new account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Price {
    /// A code that its operator gave to somebody.
    Invitation,
    /// Some seconds of computing.
    Work(Work),
    /// Something at stake.
    Deposit(Box<Stake>),
    /// It takes no new accounts.
    Closed,
}

/// What is handed over for an account.
#[derive(Clone, PartialEq, Eq)]
pub enum Payment {
    /// A code.
    Invitation(String),
    /// Work that was done, and the number that shows it.
    Work(Work, u64),
    /// A voucher for the node's operator.
    Deposit(SignedVoucher),
}

/// What an operator wants to be at stake, and who may burn it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stake {
    /// How much, and where.
    pub terms: Terms,
    /// The operator's account.
    pub receiver: Address,
}

impl Stake {
    /// The members of [`Terms::to_json`], with `kind` in place of `rule`, and `receiver`.
    fn to_json(&self) -> Value {
        let Value::Object(mut members) = self.terms.to_json() else { return Value::Null };
        members.remove("rule");
        members.insert("kind".into(), DEPOSIT.into());
        members.insert("receiver".into(), self.receiver.to_string().into());
        Value::Object(members)
    }

    fn from_json(value: &Value) -> Option<Self> {
        let receiver = Address::parse_unchecked_case(value.get("receiver")?.as_str()?).ok()?;
        Some(Self { terms: Terms::from_json(value)?, receiver })
    }
}

/// Something to search for. Only what can be found in a bearable time is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    challenge: String,
    bits: u8,
}

impl Work {
    /// Asks for 2^`bits` tries; `None` if that is none, or too much, or the challenge could not stand in a header or has
    /// no end in one.
    pub fn new(challenge: &str, bits: u8) -> Option<Self> {
        let fits = (1..=MAX_CHALLENGE).contains(&challenge.len())
            && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (fits && (1..=MAX_WORK_BITS).contains(&bits)).then(|| Self { challenge: challenge.to_owned(), bits })
    }

    /// What it is to be found for.
    pub fn challenge(&self) -> &str {
        &self.challenge
    }

    /// How many bits have to be zero.
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether this number is what is searched for.
    pub fn is_done_by(&self, number: u64) -> bool {
        let hash = sha256(format!("{}.{number}", self.challenge).as_bytes());
        let [a, b, c, d, ..] = hash;
        u32::from_be_bytes([a, b, c, d]).leading_zeros() >= self.bits.into()
    }

    /// Tries `tries` numbers from `first` on.
    pub fn search(&self, first: u64, tries: u32) -> Option<u64> {
        (first..=first.saturating_add(tries.saturating_sub(1).into())).find(|number| self.is_done_by(*number))
    }
}

impl Payment {
    /// An invitation as somebody typed or pasted it; `None` if it can't be one.
    pub fn invitation(code: &str) -> Option<Self> {
        let code: String = code.chars().filter(|char| !char.is_whitespace()).collect();
        let fits = (1..=MAX_INVITATION).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        fits.then_some(Self::Invitation(code))
    }

    /// Reads what [`Self::to_bearer`] writes. Work may be claimed to have been any: `bits` is what was asked for.
    pub fn parse(text: &str, bits: u8) -> Option<Self> {
        match text.split_once('.')? {
            (INVITATION, code) => Self::invitation(code),
            (DEPOSIT, voucher) if voucher.len() <= MAX_VOUCHER => {
                let voucher = String::from_utf8(URL_SAFE_NO_PAD.decode(voucher).ok()?).ok()?;
                SignedVoucher::from_json(&json::parse(&voucher)?).map(Self::Deposit)
            }
            (WORK, rest) => {
                let (challenge, number) = rest.rsplit_once('.')?;
                Some(Self::Work(Work::new(challenge, bits)?, number.parse().ok()?))
            }
            _ => None,
        }
    }

    /// How it goes along with the registration.
    pub fn to_bearer(&self) -> Option<SessionToken> {
        SessionToken::new(&match self {
            Self::Invitation(code) => format!("{INVITATION}.{code}"),
            Self::Work(work, number) => format!("{WORK}.{}.{number}", work.challenge),
            Self::Deposit(voucher) => {
                format!("{DEPOSIT}.{}", URL_SAFE_NO_PAD.encode(canonical(&voucher.to_json())))
            }
        })
    }
}

impl std::fmt::Debug for Payment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Invitation(_) => "Invitation(…)",
            Self::Work(..) => "Work(…)",
            Self::Deposit(_) => "Deposit(…)",
        })
    }
}

impl Price {
    /// As it stands in a refusal, member `price`.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Invitation => object(vec![("kind", INVITATION.into())]),
            Self::Closed => object(vec![("kind", "closed".into())]),
            Self::Work(work) => object(vec![
                ("kind", WORK.into()),
                ("challenge", work.challenge.as_str().into()),
                ("bits", work.bits.into()),
            ]),
            Self::Deposit(stake) => stake.to_json(),
        }
    }

    pub(super) fn from_json(value: &Value) -> Option<Self> {
        match value.get("kind")?.as_str()? {
            INVITATION => Some(Self::Invitation),
            "closed" => Some(Self::Closed),
            WORK => {
                let bits = value.get("bits")?.as_u64()?.try_into().ok()?;
                Work::new(value.get("challenge")?.as_str()?, bits).map(Self::Work)
            }
            DEPOSIT => Stake::from_json(value).map(Box::new).map(Self::Deposit),
            _ => None,
        }
    }
}

/// Reads the reply to a registration: done, or what is asked for it first. A price of a kind that is not known, or that
/// nobody can pay, is a refusal like any other, in the server's words.
///
/// # Errors
/// [`ApiError`].
pub fn parse_registered(reply: &HttpResponse) -> Result<Option<Price>, ApiError> {
    let price = (reply.status == 400).then(|| json_of(reply)).flatten();
    match price.and_then(|body| Price::from_json(body.get("price")?)) {
        Some(price) => Ok(Some(price)),
        None => check(reply).map(|()| None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::deposit::{Slots, Topic, Voucher};

    #[test]
    fn work_is_found_in_slices_and_seen_by_one_look() {
        let work = Work::new("abc", 10).unwrap();
        let number = (0..1000).find_map(|slice| work.search(slice * 50, 50)).unwrap();
        assert!(work.is_done_by(number));
        assert!((0..number).all(|less| !work.is_done_by(less)), "nothing before it was passed over");
        assert!(!Work::new("abd", 10).unwrap().is_done_by(number), "another challenge is another search");
        let digest = crate::seal::sha256_hex(&format!("abc.{number}"));
        assert!(digest.trim_start_matches("0x").starts_with("00"), "{digest}");
    }

    #[test]
    fn what_nobody_can_bear_is_no_work() {
        for (challenge, bits) in [("abc", 0), ("abc", MAX_WORK_BITS + 1), ("", 5), ("a.b", 5), ("a\r\nb", 5)]
        {
            assert_eq!(Work::new(challenge, bits), None, "{challenge:?} {bits}");
        }
        assert_eq!(Work::new(&"a".repeat(MAX_CHALLENGE + 1), 5), None);
        // The numbers end, and so does a search.
        let work = Work::new("abc", MAX_WORK_BITS).unwrap();
        assert_eq!(work.search(u64::MAX, u32::MAX), None);
    }

    #[test]
    fn a_payment_is_read_as_it_was_written_and_never_shown() {
        let work = Work::new("abc-1", 5).unwrap();
        let voucher = Payment::Deposit(stake_voucher());
        for payment in [Payment::invitation(" ab12\ncd-34 ").unwrap(), Payment::Work(work, 77), voucher] {
            let bearer = payment.to_bearer().unwrap();
            assert_eq!(Payment::parse(bearer.expose(), 5).as_ref(), Some(&payment));
            assert!(!format!("{payment:?}").contains("ab12"));
        }
        for wrong in
            ["", "work", "work.abc", "work.abc.x", "work.a b.1", "invitation.", "other.abc", "invitation.ä"]
        {
            assert_eq!(Payment::parse(wrong, 5), None, "{wrong}");
        }
        let long = format!("deposit.{}", "A".repeat(MAX_VOUCHER + 1));
        for wrong in ["deposit.", "deposit.e30", "deposit.{}", "deposit.__8", &long] {
            assert_eq!(Payment::parse(wrong, 5), None, "{wrong}");
        }
    }

    fn terms() -> Terms {
        let address = |n| Address::from_bytes([n; 20]);
        Terms { chain: 1, contract: address(1), token: address(2), slot: 500, slots: 3 }
    }

    fn stake_voucher() -> SignedVoucher {
        let voucher = Voucher {
            chain: 1,
            contract: terms().contract,
            sender: Address::from_bytes([3; 20]),
            receiver: Address::from_bytes([4; 20]),
            epoch: 7,
            slots: Slots::new(0, 3).unwrap(),
            topic: Topic::from_bytes([5; 32]),
        };
        voucher.signed(format!("0x{}", "ab12".repeat(32) + "1b"))
    }

    #[test]
    fn a_price_is_read_from_a_refusal_and_an_unknown_one_is_told_in_the_nodes_words() {
        let read = |price: Value| {
            let body = json!({ "message": "Couldn't store profile", "error": "pay first", "price": price });
            parse_registered(&HttpResponse::new(400, body.to_string()))
        };
        let stake =
            Price::Deposit(Box::new(Stake { terms: terms(), receiver: Address::from_bytes([4; 20]) }));
        for price in [Price::Invitation, Price::Closed, Price::Work(Work::new("abc", 20).unwrap()), stake] {
            assert_eq!(read(price.to_json()), Ok(Some(price)));
        }
        for strange in [
            json!({ "kind": "deposit" }),
            json!({ "kind": "work", "challenge": "abc", "bits": 60 }),
            json!(7),
        ] {
            assert!(
                matches!(read(strange), Err(ApiError::Refused { reason, .. }) if reason.as_str() == "pay first")
            );
        }
        assert_eq!(parse_registered(&HttpResponse::new(200, "OK".into())), Ok(None));
        assert_eq!(parse_registered(&HttpResponse::new(503, String::new())), Err(ApiError::Unavailable(503)));
    }
}
