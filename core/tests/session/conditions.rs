//! What the receiver's delivery services take is known before anything is written.

use dm3_core::delivery::{Amount, Verdict};
use dm3_core::identity::Address;
use dm3_core::message::{Draft, MAX_MESSAGE, Receipt};
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::erc20;
use dm3_core::session::{AskError, Conditions, Token, WriteError};
use dm3_core::testing::{Fault, Holdings, Pair, Peer};
use serde_json::{Value, json};

use crate::support::*;

#[test]
fn weakness_28_what_is_too_large_is_refused_before_it_is_written() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        // The longest instruction to be passed on counts as well.
        let mut letter = Letter::new(&pair, "").await;
        let back = "b".repeat(4096);
        (letter.from, letter.to, letter.signed_by) =
            (pair.bob.alias(), pair.alice.alias(), pair.bob.keys().await);
        letter.sealed_for = pair.alice.keys().await.public().encryption;
        letter.draft = Some(Draft::text(letter.header(), "").with_reply_instruction(&back).unwrap());
        letter.submit_to(&pair, &pair.alice).await;
        assert_eq!(sync(&alice).await, 1);
        for with_instruction in [true, false] {
            if !with_instruction {
                pair.network.clock().advance(1_000);
                say(&bob, &pair.alice, "no instruction any more").await;
                sync(&alice).await;
            }
            let to = pair.bob.conversation();
            pair.network.first_service().set_size_limit(Some(30_000));
            let conditions = alice.conditions(to.peer()).await.unwrap();
            let before = conversation(&pair.alice, &pair.bob).await.len();
            let mut longest = 0;
            for length in (0..30_000).step_by(1_500) {
                let text = "a".repeat(length);
                let would = alice.would_write(to, &conditions, |header| Draft::text(header, &text)).await;
                match alice.write(to, &conditions, |header| Draft::text(header, &text)).await {
                    Ok(_) => {
                        assert_eq!(would, Ok(()));
                        longest = length;
                    }
                    Err(error @ WriteError::TooLarge { size, limit: 30_000 }) if size > 30_000 => {
                        assert_eq!(would, Err(error), "it was told before");
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert!((9_000..24_000).contains(&longest), "{longest}");
            let written = longest / 1_500 + 1;
            assert_eq!(conversation(&pair.alice, &pair.bob).await.len() - before, written);
            let flushed = alice.flush().await.unwrap();
            assert_eq!((flushed.accepted.len(), flushed.refused.len()), (written, 0), "what is written fits");

            // One that was written without asking is refused by the delivery service.
            assert_eq!(say(&alice, &pair.bob, &"a".repeat(longest + 1_500)).await.refused.len(), 1);
        }
    });
}

#[test]
fn no_message_becomes_larger_than_dm3_allows() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let text = "a".repeat(MAX_MESSAGE);
        let written = alice.write(pair.bob.conversation(), &[], |header| Draft::text(header, &text)).await;
        assert!(matches!(written, Err(WriteError::Overlong { size, .. }) if size > MAX_MESSAGE));
        assert!(conversation(&pair.alice, &pair.bob).await.is_empty());
    });
}

#[test]
fn the_most_generous_delivery_service_counts_and_one_that_says_nothing_forbids_nothing() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let services = vec![name("ds.dm3.eth"), name("ds2.eth"), name("nowhere.eth")];
        pair.bob.publish(pair.bob.keys().await.public(), services).await;
        sync(&bob).await;
        let to = pair.bob.conversation();
        let text = "a".repeat(50_000);
        pair.network.first_service().set_size_limit(Some(20_000));
        pair.network.second_service().set_size_limit(Some(30_000));
        let conditions = alice.conditions(to.peer()).await.unwrap();
        assert!(matches!(conditions[2].properties, Err(AskError::Find(_))));
        // The one that does not exist might take everything, for all that is known.
        let written = alice.write(to, &conditions, |header| Draft::text(header, &text)).await;
        assert!(written.is_ok());
        let written = alice.write(to, &conditions[..2], |header| Draft::text(header, &text)).await;
        assert!(matches!(written, Err(WriteError::TooLarge { limit: 30_000, .. })), "{written:?}");

        pair.network.fail("ds2.example", Fault::Status(503));
        let conditions = alice.conditions(to.peer()).await.unwrap();
        assert!(matches!(conditions[1].properties, Err(AskError::Api(_))));
        assert!(alice.write(to, &conditions[..2], |header| Draft::text(header, &text)).await.is_ok());
    });
}

#[test]
fn a_type_that_the_receiver_does_not_want_is_not_written() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&bob, &pair.alice, "hello").await;
        let [NewMessage { hash, .. }] = alice.sync().await.unwrap().new.try_into().unwrap();
        let to = pair.bob.conversation();
        for (extension, wanted) in [
            (json!({ "notSupportedMessageTypes": ["NEW"] }), true),
            (json!({ "notSupportedMessageTypes": ["READ_RECEIPT"] }), false),
            (json!({ "supportedMessageTypes": ["READ_RECEIPT"] }), true),
            (json!({ "supportedMessageTypes": ["REPLY"] }), false),
        ] {
            pair.network.first_service().set_extension(extension.clone());
            let conditions = alice.conditions(to.peer()).await.unwrap();
            let draft = |header| Draft::receipt(header, &hash, Receipt::Specified);
            match alice.write(to, &conditions, draft).await {
                Ok(_) => assert!(wanted, "{extension}"),
                Err(error) => {
                    assert!(!wanted, "{extension}");
                    assert_eq!(error, WriteError::Unwanted("READ_RECEIPT".into()));
                }
            }
            alice.write(to, &conditions, |header| Draft::text(header, "always")).await.unwrap();
        }
    });
}

#[test]
fn somebody_who_has_not_joined_sets_no_conditions() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        let conditions = alice.conditions(carol.address()).await.unwrap();
        assert!(conditions.is_empty());
        alice.write(carol.conversation(), &conditions, |header| Draft::text(header, "later")).await.unwrap();
    });
}

#[test]
fn what_a_receiver_demands_is_told_with_whether_it_is_met() {
    run(async {
        let (pair, alice, _bob) = Pair::signed_in().await;
        let (own, to, token) = (pair.alice.address(), pair.bob.conversation(), Address::from_bytes([9; 20]));
        pair.network.set_holdings(
            own,
            Holdings { transactions: 3, coins: 10, tokens: [(token, 5)].into_iter().collect() },
        );
        let demanded = async |rules: Value| {
            pair.network.first_service().set_extension(json!({ "spamRules": rules }));
            let conditions = alice.conditions(to.peer()).await.unwrap();
            alice.demands(to, &conditions).await.into_iter().map(|it| it.verdict).collect::<Vec<_>>()
        };
        let each = async |least: u64, wei: &str, tokens: &str| {
            demanded(json!([
                { "rule": "minNonce", "value": least },
                { "rule": "minBalance", "value": wei },
                { "rule": "minTokenBalance", "token": token.to_string(), "value": tokens },
            ]))
            .await
        };
        assert_eq!(each(3, "10", "5").await, [Verdict::Met; 3]);
        assert_eq!(each(4, "11", "6").await, [Verdict::Broken; 3]);
        assert_eq!(demanded(json!([])).await, []);
        let unknown = json!([{ "rule": "contactsOnly" }, { "rule": "haiku" }]);
        assert_eq!(demanded(unknown).await, [Verdict::Unknown; 2]);
        let many: Vec<_> = (0..100).map(|least| json!({ "rule": "minNonce", "value": least })).collect();
        assert_eq!(demanded(json!(many)).await.len(), 16, "what it costs is bounded");

        // Another service with the same rules asks the chain nothing more.
        let calls = async |conditions: &[Conditions]| {
            let before = pair.network.calls();
            alice.demands(to, conditions).await;
            pair.network.calls() - before
        };
        each(3, "10", "5").await;
        let one = alice.conditions(to.peer()).await.unwrap();
        let two = [one.clone(), one.clone()].concat();
        assert_eq!((calls(&one).await, calls(&two).await), (2, 2));

        // What the chain does not say now is not known, and nothing is said to be broken.
        pair.network.fail("eth_getTransactionCount", Fault::Unreachable);
        assert_eq!(each(4, "10", "5").await[0], Verdict::Unknown);
    });
}

#[test]
fn what_is_missing_of_a_demand_is_told_with_what_the_account_has_and_what_the_token_says_of_itself() {
    run(async {
        let (pair, alice, _bob) = Pair::signed_in().await;
        let (own, to, address) =
            (pair.alice.address(), pair.bob.conversation(), Address::from_bytes([9; 20]));
        let tokens = [(address, 3_000_000)].into_iter().collect();
        pair.network.set_holdings(own, Holdings { transactions: 3, coins: 10, tokens });
        pair.network.set_answer(address, &erc20::decimals_call(), &encode(&[Arg::Uint(6)]));
        let odd = "US\u{202e}DC <b>and much more";
        pair.network.set_answer(address, &erc20::symbol_call(), &encode(&[Arg::Bytes(odd.as_bytes())]));
        let rules = json!([
            { "rule": "minNonce", "value": 5 },
            { "rule": "minBalance", "value": "11" },
            { "rule": "minTokenBalance", "token": address.to_string(), "value": "5000000" },
            { "rule": "contactsOnly" },
        ]);
        pair.network.first_service().set_extension(json!({ "spamRules": rules }));
        let conditions = alice.conditions(to.peer()).await.unwrap();
        let demands = alice.demands(to, &conditions).await;
        let held: Vec<_> = demands.iter().map(|demand| demand.held.clone()).collect();
        let amount = |number: u128| Some(Amount::from(number));
        assert_eq!(held, [amount(3), amount(10), amount(3_000_000), None]);
        let token = Token { address, symbol: Some("USDCbandmuch".into()), decimals: 6 };
        let tokens: Vec<_> = demands.into_iter().map(|demand| demand.token).collect();
        assert_eq!(tokens, [None, None, Some(token), None]);

        // Of what can't be asked now nothing is known, and nothing is claimed.
        pair.network.fail("eth_call", Fault::Unreachable);
        let [_, coins, token, _] = alice.demands(to, &conditions).await.try_into().unwrap();
        for unknown in [coins, token] {
            assert_eq!((unknown.verdict, unknown.held, unknown.token), (Verdict::Unknown, None, None));
        }
    });
}
