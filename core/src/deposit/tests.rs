use k256::ecdsa::SigningKey;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::identity::Address;
use crate::identity::wallet_signature::address_of;
use crate::registry::CallOutcome;
use crate::registry::abi::{Arg, Tuple, encode};
use crate::registry::deposits;

/// A key that signs vouchers.
pub(crate) struct Key(SigningKey);

pub(crate) fn key(n: u8) -> Key {
    Key(SigningKey::from_bytes(&[n; 32].into()).unwrap())
}

impl Key {
    pub(crate) fn sign(&self, voucher: Voucher) -> SignedVoucher {
        let signature = self.sign_hash(&voucher.digest());
        voucher.signed(signature)
    }

    fn sign_hash(&self, hash: &[u8; 32]) -> String {
        let (signature, id) = self.0.sign_prehash_recoverable(hash);
        let form = 27 + id.to_byte();
        format!("0x{}{form:02x}", hex::encode(signature.to_bytes()))
    }

    fn address(&self) -> Address {
        let point = self.0.verifying_key().to_sec1_point(false);
        address_of(point.as_bytes()[1..].try_into().unwrap())
    }
}

const WEEK: u64 = 2900;

fn person(n: u8) -> Address {
    Address::from_bytes([n; 20])
}

pub(crate) fn voucher() -> Voucher {
    Voucher {
        chain: 31337,
        contract: person(9),
        sender: person(1),
        receiver: person(2),
        epoch: WEEK,
        slots: Slots::new(4, 3).unwrap(),
        topic: Topic::from_bytes([7; 32]),
    }
}

fn terms() -> Terms {
    Terms { chain: 31337, contract: person(9), token: person(8), slot: 1000, slots: 3 }
}

fn proven(n: u8, voucher: Voucher) -> ProvenVoucher {
    key(n).sign(voucher).prove().unwrap()
}

#[test]
fn a_voucher_is_of_the_key_that_signed_it_and_of_no_other_when_it_is_changed() {
    let signed = key(5).sign(voucher());
    let json = signed.to_json();
    assert_eq!(SignedVoucher::from_json(&json), Some(signed.clone()));
    let proven = signed.prove().unwrap();
    assert_eq!((proven.key(), proven.voucher()), (key(5).address(), &voucher()));
    assert_eq!(proven.to_json(), json);
    let other = format!("0x{}", "08".repeat(32));
    for (member, value) in [
        ("chain", json!(1)),
        ("contract", json!(person(3).to_string())),
        ("sender", json!(person(3).to_string())),
        ("receiver", json!(person(3).to_string())),
        ("epoch", json!(WEEK + 1)),
        ("first", json!(5)),
        ("count", json!(4)),
        ("topic", json!(other)),
    ] {
        let mut changed = json.clone();
        changed[member] = value;
        let key = SignedVoucher::from_json(&changed).unwrap().prove().map(|proven| proven.key());
        assert_ne!(key, Ok(proven.key()), "{member}");
    }
}

#[test]
fn a_signature_in_a_form_that_the_contract_refuses_is_refused() {
    let signed = key(5).sign(voucher());
    let good = signed.to_json()["signature"].as_str().unwrap().to_owned();
    let with = |signature: String| voucher().signed(signature).prove();
    assert!(with(good.clone()).is_ok());
    let (r, s) = (&good[2..66], &good[66..130]);
    let (form, turned) = if good.ends_with("1b") { ("00", "1c") } else { ("01", "1b") };
    // n − s is of the same key; the contract takes the smaller of the two alone.
    let number = crypto_bigint::U256::from_be_hex(s);
    let order =
        crypto_bigint::U256::from_be_hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    let high = hex::encode(order.wrapping_sub(&number).to_be_bytes());
    for bad in [
        format!("0x{r}{high}{turned}"),
        format!("0x{r}{s}{form}"),
        format!("0x{}{s}1b", "00".repeat(32)),
        format!("0x{r}{}1b", "00".repeat(32)),
        good[2..].to_owned(),
        format!("{good}00"),
        "0x".to_owned(),
        "ä".repeat(66),
    ] {
        assert_eq!(with(bad.clone()), Err(VoucherError), "{bad}");
    }
}

#[test]
fn what_is_no_voucher_is_not_read() {
    let json = key(5).sign(voucher()).to_json();
    for (member, value) in [
        ("chain", json!("1")),
        ("contract", json!("0x12")),
        ("sender", json!(null)),
        ("receiver", json!("bob.eth")),
        ("epoch", json!(-1)),
        ("first", json!(256)),
        ("first", json!(65536)),
        ("count", json!(0)),
        ("count", json!(253)),
        ("topic", json!("0x07")),
        ("signature", json!("0x")),
        ("signature", json!("0".repeat(100_000))),
    ] {
        let mut damaged = json.clone();
        damaged[member] = value;
        assert_eq!(SignedVoucher::from_json(&damaged), None, "{member}");
        damaged.as_object_mut().unwrap().remove(member);
        assert_eq!(SignedVoucher::from_json(&damaged), None, "no {member}");
    }
    for other in [json!(null), json!([]), json!("voucher")] {
        assert_eq!(SignedVoucher::from_json(&other), None);
    }
}

#[test]
fn a_voucher_is_for_one_rule_sender_receiver_and_week() {
    let fit =
        |given: Voucher, terms: &Terms, now: u64| proven(5, given).is_fit(terms, person(1), person(2), now);
    let now = WEEK * EPOCH;
    assert_eq!(fit(voucher(), &terms(), now), Ok(()));
    assert_eq!(fit(voucher(), &Terms { slots: 2, ..terms() }, now + EPOCH - 1), Ok(()));
    assert_eq!(fit(voucher(), &Terms { slots: 4, ..terms() }, now), Err(Misfit::Slots));
    assert_eq!(fit(voucher(), &Terms { chain: 1, ..terms() }, now), Err(Misfit::Contract));
    assert_eq!(fit(voucher(), &Terms { contract: person(3), ..terms() }, now), Err(Misfit::Contract));
    assert_eq!(fit(Voucher { sender: person(2), ..voucher() }, &terms(), now), Err(Misfit::Sender));
    assert_eq!(fit(Voucher { receiver: person(1), ..voucher() }, &terms(), now), Err(Misfit::Receiver));
    // Clocks differ: what was signed for a week that begins in a moment is taken; what is over is not.
    assert_eq!(fit(voucher(), &terms(), now - 600_000), Ok(()));
    assert_eq!(fit(voucher(), &terms(), now - 600_001), Err(Misfit::Epoch));
    assert_eq!(fit(voucher(), &terms(), now + EPOCH), Err(Misfit::Epoch));
    assert_eq!(fit(Voucher { epoch: u64::MAX, ..voucher() }, &terms(), now), Err(Misfit::Epoch));
}

#[test]
fn only_slots_that_the_chain_covers_count() {
    let slots = Slots::new(4, 3).unwrap();
    let coverage = Coverage { slots: 7, burned: Slots::new(0, 4).unwrap().bits(), stays: true };
    assert_eq!(coverage.covers(slots), Ok(()));
    assert_eq!(Coverage { slots: 6, ..coverage }.covers(slots), Err(Uncovered::Beyond));
    assert_eq!(Coverage { stays: false, ..coverage }.covers(slots), Err(Uncovered::Leaving));
    for slot in [4, 5, 6] {
        let burned = Slots::new(slot, 1).unwrap().bits();
        assert_eq!(Coverage { burned, ..coverage }.covers(slots), Err(Uncovered::Burned));
    }
}

#[test]
fn double_use_is_one_slot_of_one_deposit_and_week_for_two_receivers() {
    let one = proven(5, voucher());
    let other = || Voucher { receiver: person(3), slots: Slots::new(6, 9).unwrap(), ..voucher() };
    let two = proven(5, other());
    let proof = DoubleUse::of(&one, &two).unwrap();
    assert_eq!(proof.vouchers(), (&one, &two));
    assert!(DoubleUse::of(&two, &one).is_some());
    for honest in [
        proven(6, other()),
        proven(5, Voucher { receiver: person(2), ..other() }),
        proven(5, Voucher { epoch: WEEK + 2, ..other() }),
        proven(5, Voucher { sender: person(4), ..other() }),
        proven(5, Voucher { contract: person(4), ..other() }),
        proven(5, Voucher { chain: 1, ..other() }),
        proven(5, Voucher { slots: Slots::new(7, 9).unwrap(), ..other() }),
        one.clone(),
    ] {
        assert_eq!(DoubleUse::of(&one, &honest), None);
    }
}

#[test]
fn what_the_contract_says_is_read_strictly() {
    let returned = |args: &[Arg<'_>]| CallOutcome::Returned(encode(args));
    let burned = Slots::new(0, 2).unwrap().bits();
    let answer = returned(&[Arg::Uint(9), Arg::Word(burned), Arg::Uint(1)]);
    assert_eq!(deposits::coverage(&answer), Some(Coverage { slots: 9, burned, stays: true }));
    assert_eq!(deposits::token(&returned(&[Arg::Address(person(8))])), Some(person(8)));
    assert_eq!(deposits::slot(&returned(&[Arg::Uint(1000)])), Some(1000));
    let most = [[0; 16], [255; 16]].concat().try_into().unwrap();
    assert_eq!(deposits::slot(&returned(&[Arg::Word(most)])), Some(u128::MAX));
    assert_eq!(deposits::slot(&returned(&[Arg::Word([255; 32])])), None);
    for none in [CallOutcome::Returned(Vec::new()), CallOutcome::Reverted(encode(&[Arg::Uint(1)]))] {
        assert_eq!(deposits::coverage(&none), None);
        assert_eq!(deposits::token(&none), None);
        assert_eq!(deposits::slot(&none), None);
    }
    let call = deposits::standing_call(person(1), person(2), WEEK);
    let args = Tuple::new(&call[4..]).unwrap();
    assert_eq!((args.address(0), args.address(1), args.uint(2)), (Ok(person(1)), Ok(person(2)), Ok(WEEK)));
}

fn receiver() -> Address {
    key(2).address()
}

fn burn(slots: Slots) -> Option<Burn> {
    Burn::new(proven(5, Voucher { receiver: receiver(), ..voucher() }), slots.bits())
}

#[test]
fn a_burn_is_of_promised_slots_alone() {
    let of = |first, count| burn(Slots::new(first, count).unwrap());
    assert!(of(4, 3).is_some() && of(6, 1).is_some());
    for (first, count) in [(3, 2), (6, 2), (0, 1), (255, 1)] {
        assert_eq!(of(first, count), None, "{first} {count}");
    }
    assert_eq!(Burn::new(proven(5, voucher()), [0; 32]), None);
}

#[test]
fn a_burn_is_timely_in_the_vouchers_week_and_the_one_after() {
    let burn = burn(Slots::new(4, 1).unwrap()).unwrap();
    let at = |week: u64| burn.is_timely(week * EPOCH);
    assert_eq!([WEEK - 1, WEEK, WEEK + 1, WEEK + 2].map(at), [false, true, true, false]);
    let last =
        Burn::new(proven(5, Voucher { epoch: u64::MAX, ..voucher() }), voucher().slots.bits()).unwrap();
    assert!(!last.is_timely(u64::MAX));
}

#[test]
fn a_burn_is_read_as_it_was_written_with_the_form_of_a_signature_that_the_contract_takes() {
    let burn = burn(Slots::new(4, 2).unwrap()).unwrap();
    let good = key(2).sign_hash(&burn.digest());
    let from_zero = format!("{}{:02x}", &good[..130], hex::decode(&good[130..]).unwrap()[0] - 27);
    for wallets in [good.clone(), from_zero] {
        let wish = burn.clone().consented(&wallets).unwrap();
        assert_eq!(format!("0x{}", hex::encode(wish.consent())), good);
        assert_eq!(ConsentedBurn::from_json(&wish.to_json()), Some(wish));
    }
    // A contract account's is its own: nothing in it is changed.
    for other in [format!("0x{}00", "11".repeat(64)), "0x01".to_owned(), format!("0x{}", "22".repeat(2048))] {
        let wish = burn.clone().consented(&other).unwrap();
        assert_eq!(format!("0x{}", hex::encode(wish.consent())), other);
    }
    for none in ["", "0x", "0x1", "0xgg", &format!("0x{}", "22".repeat(2049))] {
        assert_eq!(burn.clone().consented(none), None, "{none:.20}");
    }
    let json = burn.consented(&good).unwrap().to_json();
    for (member, value) in [
        ("slots", json!(format!("0x{}", "00".repeat(32)))),
        ("slots", json!(format!("0x{}", "ff".repeat(32)))),
        ("slots", json!("0x01")),
        ("consent", json!(7)),
        ("voucher", json!({})),
    ] {
        let mut wrong = json.clone();
        wrong[member] = value;
        assert_eq!(ConsentedBurn::from_json(&wrong), None, "{member}");
    }
}

#[test]
fn a_wallet_is_asked_for_what_the_contract_checks() {
    let burn = burn(Slots::new(4, 2).unwrap()).unwrap();
    let asked = burn.typed_data();
    let kind = |name: &str| {
        let members = asked["types"][name].as_array().unwrap();
        let members: Vec<_> =
            members.iter().map(|it| format!("{} {}", it["type"], it["name"]).replace('"', "")).collect();
        format!("{name}({})", members.join(","))
    };
    assert_eq!(
        kind("EIP712Domain"),
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    assert_eq!(kind("Burn"), "Burn(bytes32 voucher,uint256 slots)");
    let digest = burn.voucher().voucher().digest();
    assert_eq!(
        asked["message"],
        json!({ "voucher": format!("0x{}", hex::encode(digest)), "slots": format!("0x{}30", "00".repeat(31)) })
    );
    assert_eq!(
        asked["domain"],
        json!({ "name": "dm3 deposit", "version": "1", "chainId": 31337, "verifyingContract": person(9).to_string() })
    );
}

#[test]
fn why_the_contract_refuses_a_burn_is_told_by_its_error() {
    let reverted =
        |error: &str| CallOutcome::Reverted(crate::seal::keccak256(error.as_bytes())[..4].to_vec());
    assert_eq!(deposits::burn_fault(&CallOutcome::Returned(Vec::new())), None);
    for (error, fault) in [
        ("AlreadyBurned()", BurnFault::Burned),
        ("NotReceiver()", BurnFault::Receiver),
        ("NotItsTime()", BurnFault::Time),
        ("NotCovered()", BurnFault::Uncovered),
        ("NoDeposit()", BurnFault::Deposit),
        ("IsClosed()", BurnFault::Closed),
        ("Panic(uint256)", BurnFault::Reverted),
    ] {
        assert_eq!(deposits::burn_fault(&reverted(error)), Some(fault), "{error}");
    }
    assert_eq!(deposits::burn_fault(&CallOutcome::Reverted(Vec::new())), Some(BurnFault::Reverted));
    for fault in BurnFault::ALL {
        assert_eq!(BurnFault::from_code(fault.code()), Some(fault));
    }
}

proptest! {
    #[test]
    fn slots_are_the_same_as_numbers_and_as_bits(a in 0u16..300, b in 0u16..300, c in 0u16..300, d in 0u16..300) {
        let (one, other) = (Slots::new(a, b), Slots::new(c, d));
        prop_assert_eq!(one.is_some(), b > 0 && a + b <= 256);
        if let (Some(one), Some(other)) = (one, other) {
            let set: u32 = one.bits().iter().map(|byte| byte.count_ones()).sum();
            prop_assert_eq!(set, u32::from(b));
            prop_assert_eq!(one.among(&one.bits()).collect::<Vec<_>>(), (a..a + b).collect::<Vec<_>>());
            prop_assert_eq!(one.overlap(other), other.among(&one.bits()).next().is_some());
        }
    }
}
