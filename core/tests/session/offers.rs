//! What a node offers beside a mailbox: a name below its domain, and mail to who is away.

use dm3_core::delivery::ChannelRefusal;
use dm3_core::session::{ClaimError, MailError};
use dm3_core::testing::{Fault, Pair};

use super::support::*;

#[test]
fn a_name_is_claimed_found_and_given_back() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        assert_eq!(bob.claimed_name().await, Ok(None));
        let name = bob.claim_name(" Bob ").await.unwrap();
        assert_eq!(name.as_str(), "bob.user.dm3.eth");
        assert_eq!(pair.network.offers().owner_of(&name), Some(pair.bob.address()));
        assert_eq!(bob.claimed_name().await, Ok(Some(name.clone())));
        assert_eq!(alice.claim_name("bob").await, Err(ClaimError::Taken));
        // Nobody else can give it back.
        assert!(alice.release_name(&name).await.is_err());
        bob.release_name(&name).await.unwrap();
        assert_eq!(bob.claimed_name().await, Ok(None));
        assert_eq!(alice.claim_name("bob").await, Ok(name));
    });
}

#[test]
fn what_is_no_single_part_of_a_name_is_not_even_asked_for() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        for label in ["", " ", "a.b", "bob.", ".bob", "b b", "bob.user.dm3.eth", &"b".repeat(300)] {
            assert_eq!(bob.claim_name(label).await, Err(ClaimError::Form), "{label:?}");
        }
        assert_eq!(pair.network.count("POST https://dm3.example/resolver-handler/profile/name"), 0);
    });
}

#[test]
fn a_node_that_is_out_of_order_takes_no_name_and_says_nothing_about_it() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        pair.network.fail("/profile/name", Fault::Status(503));
        assert!(matches!(bob.claim_name("bob").await, Err(ClaimError::Home(_))));
        pair.network.heal();
        assert!(bob.claim_name("bob").await.is_ok());
    });
}

#[test]
fn mail_is_sent_once_the_code_was_answered_and_no_more_once_it_is_removed() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let code = || pair.network.offers().code_of(pair.bob.address()).unwrap();
        assert!(bob.can_mail());
        assert_eq!(bob.mail().await, Ok(None));
        let refused = MailError::Refused;
        assert_eq!(bob.set_mail("nowhere").await, Err(refused(ChannelRefusal::Address)));
        bob.set_mail(" bob@example.org ").await.unwrap();
        let mail = bob.mail().await.unwrap().unwrap();
        assert_eq!((mail.address.as_str(), mail.enabled, mail.proven), ("bob@example.org", true, false));
        assert_eq!(bob.prove_mail("00000").await, Err(refused(ChannelRefusal::WrongCode)));
        assert_eq!(bob.send_mail_code().await, Err(refused(ChannelRefusal::TooSoon)));
        pair.network.clock().advance(700_000);
        assert_eq!(bob.prove_mail(&code()).await, Err(refused(ChannelRefusal::NoCode)));
        bob.send_mail_code().await.unwrap();
        bob.prove_mail(&format!(" {} ", code())).await.unwrap();
        assert!(bob.mail().await.unwrap().unwrap().proven);
        bob.enable_mail(false).await.unwrap();
        assert!(!bob.mail().await.unwrap().unwrap().enabled);
        bob.remove_mail().await.unwrap();
        assert_eq!(bob.mail().await, Ok(None));
    });
}

#[test]
fn a_deployed_server_that_does_not_say_what_it_offers_is_not_asked() {
    run(async {
        let pair = Pair::new();
        pair.network.keep_no_history();
        let bob = pair.bob.sign_up().await;
        assert!(!bob.can_mail() && bob.name_domain().is_none());
        assert_eq!(bob.mail().await, Err(MailError::NotOffered));
        assert_eq!(bob.claim_name("bob").await, Err(ClaimError::NotOffered));
    });
}
