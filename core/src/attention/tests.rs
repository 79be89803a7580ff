use serde_json::json;

use super::*;
use crate::delivery::ProfileExtension;
use crate::identity::Address;
use crate::registry::CallOutcome;
use crate::registry::abi::{Arg, encode};
use crate::registry::attention;

fn person(n: u8) -> Address {
    Address::from_bytes([n; 20])
}

fn payment() -> Payment {
    Payment {
        chain: 31337,
        contract: person(9),
        payer: person(1),
        receiver: person(2),
        token: person(8),
        amount: 1000,
        until: 2_000_000_000,
        topic: [7; 32],
    }
}

fn minimum() -> Minimum {
    Minimum { chain: 31337, contract: person(9), token: person(8), amount: 1000 }
}

#[test]
fn a_payment_is_read_as_it_was_written_and_what_is_none_is_not() {
    let json = payment().to_json();
    assert_eq!(Payment::from_json(&json), Some(payment()));
    for (member, value) in [
        ("chain", json!("1")),
        ("contract", json!("0x12")),
        ("payer", json!(null)),
        ("receiver", json!("bob.eth")),
        ("amount", json!(1000)),
        ("amount", json!("-1")),
        ("amount", json!("1".repeat(40))),
        ("until", json!(-1)),
        ("topic", json!("0x07")),
    ] {
        let mut damaged = json.clone();
        damaged[member] = value;
        assert_eq!(Payment::from_json(&damaged), None, "{member}");
        damaged.as_object_mut().unwrap().remove(member);
        assert_eq!(Payment::from_json(&damaged), None, "no {member}");
    }
}

#[test]
fn a_payment_counts_for_one_sender_receiver_and_minimum_in_time() {
    let fit = |payment: Payment, now: u64| payment.is_fit(&minimum(), person(1), person(2), now);
    let now = 2_000_000_000_999;
    assert_eq!(fit(payment(), now), Ok(()));
    assert_eq!(fit(payment(), now + 1), Err(Unfit::Late));
    assert_eq!(fit(Payment { chain: 1, ..payment() }, now), Err(Unfit::Contract));
    assert_eq!(fit(Payment { contract: person(3), ..payment() }, now), Err(Unfit::Contract));
    assert_eq!(fit(Payment { token: person(3), ..payment() }, now), Err(Unfit::Token));
    assert_eq!(fit(Payment { payer: person(2), ..payment() }, now), Err(Unfit::Payer));
    assert_eq!(fit(Payment { receiver: person(1), ..payment() }, now), Err(Unfit::Receiver));
    assert_eq!(fit(Payment { amount: 999, ..payment() }, now), Err(Unfit::Amount));
}

#[test]
fn only_what_the_contract_holds_counts() {
    let told = |state, amount| {
        attention::payment(&CallOutcome::Returned(encode(&[Arg::Uint(state), Arg::Uint(amount)])))
    };
    assert_eq!(told(0, 0), Some(PaymentState::None));
    assert_eq!(told(1, 1000), Some(PaymentState::Held(1000)));
    assert_eq!(told(2, 1000), Some(PaymentState::Done));
    assert_eq!(told(3, 1000), None);
    assert_eq!(attention::payment(&CallOutcome::Returned(Vec::new())), None);
    assert_eq!(attention::payment(&CallOutcome::Reverted(encode(&[Arg::Uint(1), Arg::Uint(1)]))), None);
    for (state, holds) in [
        (PaymentState::Held(1000), true),
        (PaymentState::Held(999), false),
        (PaymentState::Done, false),
        (PaymentState::None, false),
    ] {
        assert_eq!(state.holds(&minimum()), holds, "{state:?}");
    }
    assert!(!PaymentState::Held(0).holds(&Minimum { amount: 0, ..minimum() }));
}

#[test]
fn a_receivers_minimum_is_published_beside_the_rules() {
    let extension = json!({ "attention": minimum().to_json(), "spamRules": [] });
    let extension = ProfileExtension::from_json(extension.as_object().unwrap().clone());
    assert_eq!(extension.attention(), Some(minimum()));
    assert_eq!(ProfileExtension::default().attention(), None);
    let mut damaged = minimum().to_json();
    damaged["amount"] = json!("much");
    assert_eq!(Minimum::from_json(&damaged), None);
}
