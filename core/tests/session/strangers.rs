//! What can be known of somebody nobody knows, and by whose word.

use dm3_core::message::Draft;
use dm3_core::session::Usage;
use dm3_core::testing::{Fault, Holdings, Network, Pair, Peer, TestWallet};

use crate::support::*;

#[test]
fn how_much_an_account_was_used_is_what_the_chain_counts_and_of_a_contract_nothing() {
    run(async {
        let network = Network::new();
        let (alice, bob) = (Peer::new(&network, "alice"), Peer::new(&network, "bob"));
        let contract = TestWallet::smart("carol");
        network.deploy(&contract);
        network.set_holdings(bob.address(), Holdings { transactions: 12, ..Holdings::default() });
        let directory = alice.directory();
        assert_eq!(directory.usage(bob.address()).await, Ok(Some(Usage::Sent(12))));
        assert_eq!(directory.usage(alice.address()).await, Ok(Some(Usage::Sent(0))));
        assert_eq!(directory.usage(contract.address()).await, Ok(Some(Usage::Contract)));
        for question in ["eth_call", "eth_getTransactionCount"] {
            network.fail(question, Fault::Unreachable);
            assert!(directory.usage(bob.address()).await.is_err(), "{question}");
            network.heal();
        }
    });
}

#[test]
fn who_is_welcome_has_mentioned_somebody_whose_name_or_address_they_wrote_and_left_standing() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let (from, to) = (pair.bob.conversation(), pair.alice.conversation());
        let erin = ["erin.eth".to_owned(), Peer::new(&pair.network, "erin").address().to_lower_hex()];
        let written = async |text: &str| {
            let sent = bob.compose(to, text).await.unwrap().hash().clone();
            bob.flush().await.unwrap();
            sync(&alice).await;
            pair.network.clock().advance(1_000);
            sent
        };
        written("Do you know sub.erin.eth?").await;
        // What the account itself wrote is no word of theirs.
        say(&alice, &pair.bob, "Do you know erin.eth?").await;
        assert_eq!(alice.mentions(from, &erin).await, Ok(false));
        let before = pair.network.requests().len();
        let sent = written("erin.eth may write to you.").await;
        let asked = pair.network.requests().len();
        assert_eq!(alice.mentions(from, &erin).await, Ok(true));
        assert!(before < asked && pair.network.requests().len() == asked, "nobody is asked");
        bob.write(to, &[], |header| Draft::delete(header, &sent)).await.unwrap();
        bob.flush().await.unwrap();
        sync(&alice).await;
        assert_eq!(alice.mentions(from, &erin).await, Ok(false));
        written(&format!("It was {}.", Peer::new(&pair.network, "erin").address())).await;
        assert_eq!(alice.mentions(from, &erin).await, Ok(true));
        assert_eq!(alice.mentions(from, &erin[..1]).await, Ok(false));
    });
}
