//! People of two nodes, each with a domain of address names of its own.

use dm3_core::device::SendState;
use dm3_core::identity::{EnsName, ProfileKeys, SignedProfile, UserProfile};
use dm3_core::message::SignedMessage;
use dm3_core::ports::Wallet as _;
use dm3_core::registry::{PROFILE_KEY, profile_record};
use dm3_core::session::FindError;
use dm3_core::testing::{Fault, Network, Pair, Peer};
use serde_json::json;

use crate::support::*;

/// Alice and bob at the first node, carol at the second. Nobody has a primary name but alice and bob.
async fn across() -> (Pair, Peer, TestSession, TestSession) {
    let pair = Pair::new();
    let carol = Peer::new(&pair.network.at_second_node(), "carol");
    let (alice, carols) = (pair.alice.sign_up().await, carol.sign_up().await);
    (pair, carol, alice, carols)
}

/// Finds somebody and opens the conversation, as an application does.
async fn open(session: &TestSession, typed: &str) {
    let peer = session.find(typed).await.unwrap();
    session.keep(&peer).await.unwrap();
}

/// The name that the newest message of a conversation is addressed to.
async fn addressed_to(of: &Peer, with: &Peer) -> String {
    SignedMessage::parse(&conversation(of, with).await.last().unwrap().json).unwrap().to().to_owned()
}

#[test]
fn people_of_two_nodes_write_and_answer_without_names() {
    run(async {
        let (pair, carol, alice, carols) = across().await;
        assert_ne!(pair.alice.alias().parent(), carol.alias().parent());
        // By the address name of the other domain: nothing else says where carol's profile is.
        open(&alice, carol.alias().as_str()).await;
        assert_eq!(say(&alice, &carol, "hello").await.accepted.len(), 1);
        assert_eq!(sync(&carols).await, 1);
        assert_eq!(addressed_to(&pair.alice, &carol).await, carol.alias().as_str());
        pair.network.clock().advance(1_000);
        // The answer: carol's conversation knows where alice was found.
        let known = carols.peer(pair.alice.address()).await.unwrap();
        assert_eq!(known.profile.map(|(name, _)| name), Some(pair.alice.alias()));
        assert_eq!(say(&carols, &pair.alice, "hello to you").await.accepted.len(), 1);
        assert_eq!(addressed_to(&carol, &pair.alice).await, pair.alice.alias().as_str());
        assert_eq!(sync(&alice).await, 1);
        pair.network.clock().advance(1_000);
        // Also after a reload, on both sides.
        let (alice, carols) = (pair.alice.resume().await, carol.resume().await);
        assert_eq!(say(&alice, &carol, "still there?").await.accepted.len(), 1);
        assert_eq!(sync(&carols).await, 1);
        pair.network.clock().advance(1_000);
        assert_eq!(say(&carols, &pair.alice, "yes").await.accepted.len(), 1);
        assert_eq!(sync(&alice).await, 1);
        for (of, with) in [(&pair.alice, &carol), (&carol, &pair.alice)] {
            assert_eq!(of.texts(with).await, ["hello", "hello to you", "still there?", "yes"]);
            assert_eq!(of.quarantined().await, 0);
        }
    });
}

#[test]
fn a_message_to_an_address_name_of_any_domain_is_for_the_address_in_it() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let bobs = |domain: &str| EnsName::of_address(pair.bob.address(), &name(domain));
        for (n, to) in
            [bobs("another.example.eth"), bobs("addr.other.eth"), name("bob.eth")].iter().enumerate()
        {
            let mut letter = Letter::new(&pair, &format!("letter {n}")).await;
            letter.to = to.clone();
            letter.submit(&pair).await;
        }
        assert_eq!(sync(&bob).await, 3);
        // Not even a gateway was asked about the receiver's names.
        assert_eq!(pair.network.count("gateway.other.example"), 0);
        // What leads to somebody else is for somebody else.
        let alices = EnsName::of_address(pair.alice.address(), &name("another.example.eth"));
        for (n, to) in [alices, name("alice.eth")].iter().enumerate() {
            let mut letter = Letter::new(&pair, &format!("forwarded {n}")).await;
            letter.to = to.clone();
            letter.submit(&pair).await;
        }
        let received = bob.sync().await.unwrap();
        assert_eq!((received.new.len(), received.quarantined), (0, 1));
        assert_eq!(received.postponed, 1, "where a name leads may be a lie; it is asked again for a day");
    });
}

#[test]
fn a_name_that_says_one_address_speaks_for_no_others_keys() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let network = pair.network.at_second_node();
        let mallory = Peer::new(&network, "mallory");
        mallory.sign_up().await;
        // The other domain serves mallory's profile, and her address, at alice's address name.
        let served = mallory.directory().profile_of(mallory.address()).await.unwrap().unwrap().1;
        network.set_profile(pair.alice.address(), served.as_signed().clone());
        let alices = EnsName::of_address(pair.alice.address(), &name("addr.other.eth"));
        let mut letter = Letter::new(&pair, "I am alice").await;
        (letter.from, letter.signed_by) = (alices.clone(), mallory.keys().await);
        letter.submit(&pair).await;
        assert_eq!(sync(&bob).await, 0);
        assert!(pair.bob.texts(&pair.alice).await.is_empty() && pair.bob.texts(&mallory).await.is_empty());
        let lie = bob.directory().profile_at(&alices, pair.alice.address()).await;
        assert!(matches!(lie, Err(FindError::Profile { .. })), "{lie:?}");
        // It does no harm to her either: she is found where she is.
        let found = bob.find(alices.as_str()).await.unwrap().profile.unwrap().1;
        assert_eq!(found.keys(), pair.alice.keys().await.public());
    });
}

#[test]
fn who_is_found_under_one_name_is_delivered_to_under_that_name() {
    run(async {
        let (pair, _, alice, _) = across().await;
        // Dave's profile is nowhere but at a name that is not his primary one.
        let dave = Peer::new(&pair.network, "dave");
        let keys = keys_of("dave");
        let profile = UserProfile::new(keys.public(), vec![name("ds2.eth")]);
        let text = profile.registration_message(dave.address());
        let signed = profile.signed(dave.wallet.sign_text(dave.address(), &text).await.unwrap());
        pair.network.edit_name(&name("work.dave.eth"), |records| {
            records.address = Some(dave.address());
            records.texts.insert(PROFILE_KEY.to_owned(), profile_record(&signed));
        });
        open(&alice, "work.dave.eth").await;
        let delivered = |of: TestSession| {
            let to = dave.conversation();
            async move {
                of.compose(to, "hello").await.unwrap();
                of.flush().await.unwrap().waiting
            }
        };
        // Another delivery service may refuse a receiver that it does not know; here it only has to be asked.
        assert_eq!(delivered(alice).await, 0);
        assert_eq!(delivered(pair.alice.resume().await).await, 0);
        let row = &conversation(&pair.alice, &dave).await[0];
        assert_ne!(row.state, SendState::Waiting, "it was handed over");
        let found = pair.alice.resume().await.peer(dave.address()).await.unwrap();
        assert_eq!(found.profile.map(|(name, _)| name), Some(name("work.dave.eth")));
    });
}

#[test]
fn an_address_name_that_nobody_serves_still_means_its_address() {
    run(async {
        let (pair, carol, alice, _) = across().await;
        let typed = EnsName::of_address(carol.address(), &name("nobody-serves-this.eth"));
        let found = alice.find(typed.as_str()).await.unwrap();
        assert_eq!((found.address, found.name, found.profile), (carol.address(), None, None));
        let bobs = EnsName::of_address(pair.bob.address(), &name("nobody-serves-this.eth"));
        pair.bob.sign_up().await;
        let found = alice.find(bobs.as_str()).await.unwrap();
        assert_eq!(found.name, Some(name("bob.eth")));
        assert!(found.profile.is_some());
    });
}

#[test]
fn a_name_at_which_somebody_else_is_found_now_does_not_hold_up_a_message() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mallory = Peer::new(&pair.network, "mallory");
        mallory.sign_up().await;
        open(&alice, "bob.eth").await;
        let keys = mallory.keys().await;
        give_profile(&pair.network, &name("bob.eth"), &mallory, &keys).await;
        pair.network.give_name(&name("bob.eth"), mallory.address());
        pair.network.clock().advance(60_000);
        assert_eq!(say(&alice, &pair.bob, "to the address").await.accepted.len(), 1);
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn what_is_written_under_a_name_is_never_handed_over_to_its_new_owner() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mallory = Peer::new(&pair.network, "mallory");
        let mallorys = mallory.sign_up().await;
        // Bob's profile stays at his name when it is given away.
        give_profile(&pair.network, &name("bob.eth"), &pair.bob, &pair.bob.keys().await).await;
        open(&alice, "bob.eth").await;
        assert_eq!(say(&alice, &pair.bob, "while it is his").await.accepted.len(), 1);
        pair.network.edit_name(&name("bob.eth"), |records| records.address = Some(mallory.address()));
        pair.network.clock().advance(60_000);
        let asked = alice.conditions(pair.bob.address()).await.unwrap();
        assert_eq!(asked[0].receiver.carried_address(), Some(pair.bob.address()));
        assert_eq!(say(&alice, &pair.bob, "after that").await.accepted.len(), 1);
        assert_eq!((sync(&bob).await, sync(&mallorys).await), (2, 0));
    });
}

#[test]
fn who_was_typed_by_the_name_of_their_domain_is_found_there_once_they_have_joined() {
    run(async {
        let pair = Pair::new();
        let second = pair.network.at_second_node();
        let carol = Peer::new(&second, "carol");
        let alice = pair.alice.sign_up().await;
        let typed = EnsName::of_address(carol.address(), &second.discovery().address_domain);
        open(&alice, typed.as_str()).await;
        assert_eq!(say(&alice, &carol, "before").await.waiting, 1);
        let carols = carol.sign_up().await;
        pair.network.clock().advance(60_000);
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 1);
        assert_eq!(sync(&carols).await, 1);
    });
}

#[test]
fn a_message_waits_while_what_is_served_for_its_receiver_can_not_be_used() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        assert_eq!(say(&alice, &pair.bob, "hello").await.accepted.len(), 1);
        let right = profile_of(&pair.bob, &pair.bob.keys().await).await;
        let others = profile_of(&pair.alice, &pair.alice.keys().await).await;
        pair.network.set_profile(pair.bob.address(), others);
        pair.network.clock().advance(60_000);
        let flushed = say(&alice, &pair.bob, "the gateway mistakes him").await;
        assert_eq!((flushed.waiting, flushed.refused.len()), (1, 0));
        pair.network.set_profile(pair.bob.address(), right);
        pair.network.clock().advance(60_000);
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 1);
        assert_eq!(sync(&bob).await, 2);
    });
}

/// Publishes a profile of somebody at a name.
async fn give_profile(network: &Network, at: &EnsName, whose: &Peer, keys: &ProfileKeys) {
    let signed = profile_of(whose, keys).await;
    network.edit_name(at, |records| {
        records.texts.insert(PROFILE_KEY.to_owned(), profile_record(&signed));
    });
}

/// Somebody's profile, with these keys and the usual delivery service.
async fn profile_of(whose: &Peer, keys: &ProfileKeys) -> SignedProfile {
    let profile = UserProfile::new(keys.public(), vec![name("ds.dm3.eth")]);
    let text = profile.registration_message(whose.address());
    profile.signed(whose.wallet.sign_text(whose.address(), &text).await.unwrap())
}

/// A page's policy that names the node and the Ethereum node alone: no other host answers it.
fn close(network: &Network) {
    for host in ["https://gateway.", "https://ds2.example"] {
        network.fail(host, Fault::Unreachable);
    }
}

#[test]
fn what_the_page_may_not_reach_is_reached_through_the_node() {
    run(async {
        let pair = Pair::new();
        pair.network.offer_proxies(true);
        let carol = Peer::new(&pair.network.at_second_node(), "carol");
        let (alice, carols) = (pair.alice.sign_up().await, carol.sign_up().await);
        close(&pair.network);
        open(&alice, carol.alias().as_str()).await;
        for text in ["one", "two", "three"] {
            assert_eq!(say(&alice, &carol, text).await.accepted.len(), 1, "{text}");
        }
        let direct = pair.network.count("POST https://ds2.example/ds/rpc");
        assert_eq!(direct, 1, "what can't be reached is not tried each time");
        pair.network.heal();
        // Carol's page may reach her node alone, and has to look alice up while she receives.
        pair.network.fail("https://gateway.", Fault::Unreachable);
        pair.network.fail("https://dm3.example", Fault::Unreachable);
        assert_eq!(sync(&carols).await, 3);
        pair.network.clock().advance(1_000);
        assert_eq!(say(&carols, &pair.alice, "an answer").await.accepted.len(), 1);
        pair.network.heal();
        close(&pair.network);
        assert_eq!(sync(&alice).await, 1);
        assert_eq!(pair.alice.texts(&carol).await, ["one", "two", "three", "an answer"]);
        assert_eq!(pair.alice.quarantined().await + carol.quarantined().await, 0);
    });
}

#[test]
fn what_a_receiver_takes_is_asked_through_the_node_where_the_page_may_not_reach_their_service() {
    run(async {
        let pair = Pair::new();
        pair.network.offer_proxies(true);
        let carol = Peer::new(&pair.network.at_second_node(), "carol");
        let (alice, _carols) = (pair.alice.sign_up().await, carol.sign_up().await);
        let open = alice.find(carol.alias().as_str()).await.unwrap();
        alice.keep(&open).await.unwrap();
        let rules = json!([{ "rule": "nonce", "nonce": "3" }]);
        pair.network.second_service().set_extension(json!({ "spamRules": rules }));
        let directly = alice.conditions(carol.address()).await.unwrap();
        close(&pair.network);
        for _ in 0..2 {
            let told = alice.conditions(carol.address()).await.unwrap();
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].properties, directly[0].properties);
            assert!(told[0].properties.is_ok());
            assert_eq!(told[0].extension, directly[0].extension);
            assert!(told[0].extension.is_ok());
        }
        let asked = pair.network.count("POST https://ds2.example/ds/rpc");
        assert_eq!(asked, 3, "two that were answered, and one that shows that it can't be reached");
    });
}

#[test]
fn a_linked_profile_is_fetched_through_the_node_and_believed_by_its_hash_alone() {
    run(async {
        let pair = Pair::new();
        pair.network.offer_proxies(true);
        let alice = pair.alice.sign_up().await;
        let (_carol, url, signed) = linked_carol(&pair.network).await;
        let json = signed.to_canonical();
        pair.network.fail("GET https://files.example", Fault::Unreachable);
        pair.network.set_document(&url, 200, "{}");
        assert!(alice.directory().find("carol.eth").await.is_err(), "what a node says is compared");
        pair.network.set_document(&url, 200, &json);
        let found = alice.directory().find("carol.eth").await.unwrap();
        assert_eq!(found.profile.unwrap().1.as_signed(), &signed);
    });
}

#[test]
fn a_node_that_was_away_is_asked_directly_again_and_not_through_itself() {
    run(async {
        let pair = Pair::new();
        pair.network.offer_proxies(true);
        let (alice, bob) = (pair.alice.sign_up().await, pair.bob.sign_up().await);
        assert_eq!(say(&alice, &pair.bob, "before").await.accepted.len(), 1);
        pair.network.fail("https://dm3.example", Fault::Unreachable);
        // Somebody looks at the conversation meanwhile, and writes.
        let told = alice.conditions(pair.bob.address()).await.unwrap();
        assert!(told.iter().all(|told| told.extension.is_err()));
        assert_eq!(say(&alice, &pair.bob, "meanwhile").await.waiting, 1);
        pair.network.heal();
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 1);
        assert_eq!(sync(&bob).await, 2);
        assert_eq!(pair.network.count("/proxy/message"), 0);
    });
}

#[test]
fn where_the_page_may_reach_everybody_the_node_is_not_asked() {
    run(async {
        let pair = Pair::new();
        pair.network.offer_proxies(true);
        let carol = Peer::new(&pair.network.at_second_node(), "carol");
        let (alice, carols) = (pair.alice.sign_up().await, carol.sign_up().await);
        open(&alice, carol.alias().as_str()).await;
        assert_eq!(say(&alice, &carol, "hello").await.accepted.len(), 1);
        assert_eq!(sync(&carols).await, 1);
        assert_eq!(pair.network.count("/proxy/"), 0);
    });
}

#[test]
fn a_proxy_that_lies_about_a_name_is_not_believed() {
    run(async {
        let pair = Pair::new();
        pair.network.offer_proxies(true);
        let carol = Peer::new(&pair.network.at_second_node(), "carol");
        let alice = pair.alice.sign_up().await;
        carol.sign_up().await;
        close(&pair.network);
        open(&alice, carol.alias().as_str()).await;
        let through = pair.network.requests().iter().rfind(|it| it.url.as_str().contains("/proxy/")).cloned();
        let url = through.unwrap().url.to_string();
        // Nobody's answer, and one that the gateway signed for another question.
        let other = pair.network.requests().iter().find(|it| it.url.as_str().contains("/proxy/")).cloned();
        let other = dm3_core::ports::Http::send(&pair.network, &other.unwrap()).await.unwrap();
        for body in ["{\"data\":\"0x00\"}", other.body.as_str()] {
            pair.network.set_document(&url, 200, body);
            let found = pair.alice.directory().profile_at(&carol.alias(), carol.address()).await;
            assert!(matches!(&found, Err(error) if error.is_temporary()), "{found:?}");
        }
    });
}

#[test]
fn a_refusal_comes_through_the_proxy_and_its_own_trouble_is_none() {
    run(async {
        let pair = Pair::new();
        pair.network.offer_proxies(true);
        let carol = Peer::new(&pair.network.at_second_node(), "carol");
        let alice = pair.alice.sign_up().await;
        carol.sign_up().await;
        close(&pair.network);
        open(&alice, carol.alias().as_str()).await;
        pair.network.fail("/proxy/message", Fault::Status(503));
        assert_eq!(say(&alice, &carol, "waits").await.waiting, 1);
        pair.network.heal();
        close(&pair.network);
        pair.network.second_service().set_size_limit(Some(10));
        let refused = alice.flush().await.unwrap().refused;
        assert_eq!(refused.len(), 1);
        let state = conversation(&pair.alice, &carol).await[0].state.clone();
        assert_eq!(state, SendState::Refused(dm3_core::delivery::Refusal::TooLarge));
    });
}

#[test]
fn a_failed_look_up_of_the_lifetime_throws_no_record_away() {
    run(async {
        let pair = Pair::new();
        pair.bob.sign_up().await;
        let directory = pair.alice.directory();
        // The resolver, its interface, the record; then the lifetime.
        pair.network.fail_nth(4, "eth_call", Fault::Unreachable);
        assert_eq!(directory.address_of(&name("bob.eth")).await, Ok(Some(pair.bob.address())));
        // It is not believed for longer than nothing: its owner may have wanted less than a minute.
        pair.network.fail_nth(1, "eth_call", Fault::Unreachable);
        assert!(directory.address_of(&name("bob.eth")).await.is_err());
        assert_eq!(directory.address_of(&name("bob.eth")).await, Ok(Some(pair.bob.address())));
    });
}
