//! What a gateway needs to find the way back, and the name it is given.

use dm3_core::device::Contact;
use dm3_core::identity::EnsName;
use dm3_core::message::{Draft, MessageHash};
use dm3_core::ports::Store as _;
use dm3_core::registry::{PROFILE_KEY, profile_record};
use dm3_core::testing::{Pair, Peer};
use serde_json::{Value, json};

use crate::support::*;

/// Alice's newest message goes to bob with this instruction for the way back.
async fn bob_gets(pair: &Pair, bob: &TestSession, text: &str, instruction: Option<&str>) -> MessageHash {
    pair.network.clock().advance(1_000);
    let mut letter = Letter::new(pair, text).await;
    let mut draft = Draft::text(letter.header(), text);
    if let Some(instruction) = instruction {
        draft = draft.with_reply_instruction(instruction).unwrap();
    }
    letter.draft = Some(draft);
    letter.submit(pair).await;
    assert_eq!(sync(bob).await, 1);
    pair.network.clock().advance(1_000);
    letter.hash()
}

/// What the delivery service was told about each message that waits for alice.
fn told(pair: &Pair, receiver: &Peer) -> Vec<Value> {
    let texts = pair.network.first_service().listing(receiver.address());
    let envelope = |text: &String| serde_json::from_str::<Value>(text).unwrap();
    texts.iter().map(envelope).map(|envelope| envelope["metadata"]["deliveryInformation"].clone()).collect()
}

#[test]
fn a_reply_carries_the_instruction_of_the_message_it_answers() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let by_mail = bob_gets(&pair, &bob, "by mail", Some("mailto:a@example.org?x=\"y\"")).await;
        let direct = bob_gets(&pair, &bob, "directly", None).await;
        bob_gets(&pair, &bob, "by letter", Some("post office box 7")).await;
        let to = pair.alice.conversation();
        let own = bob.compose(to, "an answer to the newest").await.unwrap().hash().clone();
        bob.write(to, &[], |header| Draft::reply(header, &by_mail, "an answer by mail")).await.unwrap();
        bob.write(to, &[], |header| Draft::reply(header, &direct, "a direct answer")).await.unwrap();
        bob.write(to, &[], |header| Draft::edit(header, &own, "an edit")).await.unwrap();
        assert_eq!(bob.flush().await.unwrap().accepted.len(), 4);

        let instructions: Vec<_> =
            told(&pair, &pair.alice).into_iter().map(|told| told["deliveryInstruction"].clone()).collect();
        let newest = json!("post office box 7");
        assert_eq!(
            instructions,
            [newest.clone(), json!("mailto:a@example.org?x=\"y\""), Value::Null, newest]
        );
        assert_eq!(sync(&alice).await, 4);
        assert_eq!(pair.alice.texts(&pair.bob).await.len(), 3);
    });
}

#[test]
fn an_instruction_is_found_behind_many_other_messages() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let first = bob_gets(&pair, &bob, "first", Some("the way back")).await;
        for n in 0..120 {
            bob.compose(pair.alice.conversation(), &n.to_string()).await.unwrap();
        }
        bob.write(pair.alice.conversation(), &[], |header| Draft::reply(header, &first, "at last"))
            .await
            .unwrap();
        assert_eq!(bob.flush().await.unwrap().accepted.len(), 121);
        for told in told(&pair, &pair.alice) {
            assert_eq!(told["deliveryInstruction"], "the way back");
        }
    });
}

#[test]
fn no_instruction_of_a_stranger_gets_into_a_conversation() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        carol.sign_up().await;
        let mut letter = Letter::new(&pair, "from carol").await;
        (letter.from, letter.signed_by) = (carol.alias(), carol.keys().await);
        letter.draft =
            Some(Draft::text(letter.header(), "x").with_reply_instruction("carol's way back").unwrap());
        letter.submit(&pair).await;
        assert_eq!(sync(&bob).await, 1);
        let foreign = letter.hash();
        bob.write(pair.alice.conversation(), &[], |header| Draft::reply(header, &foreign, "hello"))
            .await
            .unwrap();
        bob.flush().await.unwrap();
        assert_eq!(told(&pair, &pair.alice)[0].get("deliveryInstruction"), None);
    });
}

#[test]
fn deployed_servers_are_given_the_address_of_a_receiver_whose_name_they_can_not_read() {
    run(async {
        let pair = Pair::new();
        let alice = pair.alice.sign_up().await;
        // Neither has a profile at the address name, so it is found at the primary name.
        for (person, primary, told_name) in [
            ("carol", "☕.eth", None),
            ("dave", "dave.eth", Some("dave.eth")),
            ("eve", "zoé.eth", Some("zoé.eth")),
        ] {
            let peer = Peer::new(&pair.network, person);
            peer.sign_up().await;
            let primary = name(primary);
            pair.network.give_name(&primary, peer.address());
            let (_, profile) = alice.directory().profile_of(peer.address()).await.unwrap().unwrap();
            pair.network.remove_profile(peer.address());
            alice.directory().forget(&peer.alias());
            pair.network.edit_name(&primary, |records| {
                records.texts.insert(PROFILE_KEY.into(), profile_record(profile.as_signed()));
            });
            assert_eq!(say(&alice, &peer, "hello").await.accepted.len(), 1, "{primary}");
            let expected = told_name.map_or_else(|| peer.address().to_lower_hex(), str::to_owned);
            assert_eq!(told(&pair, &peer)[0]["to"], expected);
        }
    });
}

#[test]
fn who_has_an_address_name_in_another_network_is_written_to_by_that_one_if_their_name_can_not_be_read() {
    run(async {
        let pair = Pair::new();
        let alice = pair.alice.sign_up().await;
        pair.bob.sign_up().await;
        let (_, profile) = alice.directory().profile_of(pair.bob.address()).await.unwrap().unwrap();
        pair.network.remove_profile(pair.bob.address());
        alice.directory().forget(&pair.bob.alias());
        let (theirs, shown) =
            (EnsName::of_address(pair.bob.address(), &name("addr.other.eth")), name("☕.eth"));
        for at in [&theirs, &shown] {
            pair.network.edit_name(at, |records| {
                records.address = Some(pair.bob.address());
                records.texts.insert(PROFILE_KEY.into(), profile_record(profile.as_signed()));
            });
        }
        alice.keep(&alice.find("☕.eth").await.unwrap()).await.unwrap();
        let (store, account, with) = (&pair.alice.store, pair.alice.address(), pair.bob.conversation());
        let change = Box::new(move |known: Option<Contact>| {
            let mut contact = known.unwrap();
            assert_eq!(contact.found_at, [shown]);
            contact.may_be_at(&theirs);
            Some(contact)
        });
        store.update_contact(account, with, change).await.unwrap();
        say(&alice, &pair.bob, "hello").await;
        let expected = format!("{}.addr.other.eth", pair.bob.address().to_lower_hex());
        assert_eq!(told(&pair, &pair.bob)[0]["to"], expected);
    });
}

/// The deployed servers end at a path with a name they can't read, and at JSON-RPC without parameters.
#[test]
fn no_request_is_one_that_ends_a_deployed_server() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        for (person, emoji) in [(&pair.alice, "🦊.eth"), (&pair.bob, "☕.eth")] {
            pair.network.give_name(&name(emoji), person.address());
        }
        let peer = alice.directory().find("☕.eth").await.unwrap();
        assert_eq!(peer.name, Some(name("☕.eth")));
        say(&alice, &pair.bob, "hello").await;
        assert_eq!(sync(&bob).await, 1);
        say(&bob, &pair.alice, "hello").await;
        assert_eq!(sync(&alice).await, 1);

        let mut calls = 0;
        for request in pair.network.requests().iter() {
            assert!(!request.url.as_str().contains('%'), "{}", request.url);
            if request.url.as_str().ends_with("/rpc") {
                let body: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
                if body["method"] != "dm3_getDeliveryServiceProperties" {
                    assert!(!body["params"].as_array().unwrap().is_empty(), "{body}");
                    calls += 1;
                }
            }
        }
        assert!(calls >= 2, "{calls}");
    });
}
