//! The profile on an ENS name of the account's own, by a transaction.

use dm3_core::identity::{Address, EnsName, NameError};
use dm3_core::ports::{TransactionError, WalletError};
use dm3_core::registry::TransactionHash;
use dm3_core::session::{
    FindError, HomeError, Keys, NameStands, OwnEns, Publication, PublishError, Session, SignIn,
};
use dm3_core::testing::{Fault, GAS_PRICE, MemoryPorts, Pair, Peer};

use super::support::*;

fn name(text: &str) -> EnsName {
    text.parse().unwrap()
}

/// The wallet sends it, and a block has it.
async fn send(
    pair: &Pair,
    who: &Peer,
    session: &Session<MemoryPorts>,
    publication: &Publication,
) -> TransactionHash {
    let sent = session.send_publication(&who.wallet, publication).await.unwrap();
    let transaction = who.wallet.sent().last().unwrap().clone();
    pair.network.carry_out(sent, who.address(), &transaction);
    sent
}

fn stands(name: &str, stands: NameStands) -> OwnEns {
    OwnEns { name: name.parse().unwrap(), stands }
}

#[test]
fn a_profile_is_published_on_an_own_name_and_others_find_it_there_whatever_the_node_says() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let without = stands("bob.eth", NameStands::Without);
        assert_eq!(bob.own_names().await.unwrap(), [without], "he calls himself by it");
        let publication = bob.publication(" Bob.eth ").await.unwrap();
        assert_eq!((publication.name.as_str(), publication.replaces), ("bob.eth", false));
        assert!(publication.cost > 50_000 * u128::from(GAS_PRICE));
        assert_eq!(pair.bob.wallet.sent().len(), 0, "a person has to say so first");
        let sent = send(&pair, &pair.bob, &bob, &publication).await;
        assert_eq!(bob.published(&publication.name, sent).await, Ok(()));
        assert_eq!(bob.own_names().await.unwrap(), [stands("bob.eth", NameStands::Published)]);

        let found = alice.directory().profile_at(&name("bob.eth"), pair.bob.address()).await.unwrap();
        let (_, of_node) = bob.directory().profile_of(pair.bob.address()).await.unwrap().unwrap();
        assert_eq!(found, Some((name("bob.eth"), of_node)));
        pair.network.fail("/resolver", Fault::Unreachable);
        let found = pair.alice.directory().find("bob.eth").await.unwrap();
        assert_eq!(found.profile.map(|(at, _)| at), Some(name("bob.eth")));
        pair.network.heal();

        let again = bob.publication("bob.eth").await;
        assert_eq!(again, Err(PublishError::Already(name("bob.eth"))), "nobody pays twice");
    });
}

#[test]
fn what_could_not_be_written_is_told_before_the_wallet_is_asked() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let stranger = Address::from_bytes([9; 20]);
        pair.network.edit_name(&name("nowhere.eth"), |records| records.owner = Some(pair.bob.address()));
        pair.network.edit_name(&name("managed.eth"), |records| {
            (records.address, records.owner) = (Some(pair.bob.address()), Some(stranger));
        });
        pair.network.edit_name(&name("gateway.eth"), |records| {
            (records.address, records.gateway) =
                (Some(pair.bob.address()), Some("https://gateway.example".into()));
        });
        let other = |name: &str, address| PublishError::OtherAccount { name: name.parse().unwrap(), address };
        let off_chain = PublishError::OffChain(pair.bob.alias());
        for (typed, wrong) in [
            ("", PublishError::Name(NameError::Empty)),
            ("bob..eth", PublishError::Name(NameError::EmptyLabel)),
            ("nobody.eth", PublishError::NoResolver(name("nobody.eth"))),
            ("nowhere.eth", other("nowhere.eth", None)),
            ("alice.eth", other("alice.eth", Some(pair.alice.address()))),
            ("managed.eth", PublishError::NotAllowed(name("managed.eth"))),
            ("gateway.eth", PublishError::OffChain(name("gateway.eth"))),
            // Whoever answers for it does so for all names below a domain.
            (pair.bob.alias().as_str(), off_chain),
        ] {
            assert_eq!(bob.publication(typed).await, Err(wrong), "{typed}");
        }
        assert!(matches!(
            bob.publication("b b.eth").await,
            Err(PublishError::Name(NameError::Character(' ')))
        ));
        assert_eq!(pair.bob.wallet.sent().len(), 0);
    });
}

#[test]
fn a_chain_that_does_not_answer_says_nothing_about_the_name() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        for silent in ["eth_call", "eth_estimateGas", "eth_gasPrice"] {
            pair.network.fail(silent, Fault::Unreachable);
            let Err(PublishError::Find(error)) = bob.publication("bob.eth").await else { panic!("{silent}") };
            assert!(error.is_temporary(), "{silent}: {error}");
            pair.network.heal();
        }
        assert!(bob.publication("bob.eth").await.is_ok());
    });
}

#[test]
fn a_wallet_that_declines_or_is_elsewhere_has_sent_nothing() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let publication = bob.publication("bob.eth").await.unwrap();
        pair.bob.wallet.set_failure(Some(WalletError::Refused));
        let declined = bob.send_publication(&pair.bob.wallet, &publication).await;
        assert_eq!(declined, Err(PublishError::Transaction(TransactionError::Wallet(WalletError::Refused))));
        let other = bob.send_publication(&pair.alice.wallet, &publication).await;
        assert_eq!(
            other,
            Err(PublishError::Transaction(TransactionError::Wallet(WalletError::Disconnected)))
        );
        assert_eq!(bob.sent_publications().await, Ok(Vec::new()));
        assert_eq!(bob.own_names().await.unwrap(), [stands("bob.eth", NameStands::Without)]);
    });
}

#[test]
fn what_was_sent_is_known_to_the_next_start_and_its_end_is_told() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let publication = bob.publication("bob.eth").await.unwrap();
        let sent = bob.send_publication(&pair.bob.wallet, &publication).await.unwrap();
        assert_eq!(bob.published(&publication.name, sent).await, Err(PublishError::Open(sent)));
        let next = pair.bob.resume().await;
        assert_eq!(next.sent_publications().await.unwrap(), [(name("bob.eth"), sent)]);
        // Meanwhile the name was given away.
        pair.network.edit_name(&name("bob.eth"), |records| records.owner = Some(pair.alice.address()));
        let transaction = pair.bob.wallet.sent()[0].clone();
        pair.network.carry_out(sent, pair.bob.address(), &transaction);
        assert_eq!(next.published(&name("bob.eth"), sent).await, Err(PublishError::Reverted));
        assert_eq!(next.sent_publications().await.unwrap(), []);
        assert_eq!(next.own_names().await.unwrap(), [stands("bob.eth", NameStands::Without)]);
    });
}

#[test]
fn what_a_block_has_and_the_name_does_not_show_is_told_as_that() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let publication = bob.publication("bob.eth").await.unwrap();
        let sent = bob.send_publication(&pair.bob.wallet, &publication).await.unwrap();
        pair.network.mine(sent, true);
        assert_eq!(
            bob.published(&publication.name, sent).await,
            Err(PublishError::NotShown(name("bob.eth")))
        );
        assert_eq!(bob.own_names().await.unwrap(), [stands("bob.eth", NameStands::Without)]);
    });
}

#[test]
fn a_name_that_still_holds_an_earlier_profile_is_told_and_published_anew() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let publication = bob.publication("bob.eth").await.unwrap();
        let sent = send(&pair, &pair.bob, &bob, &publication).await;
        bob.published(&publication.name, sent).await.unwrap();
        // The same keys at other delivery services.
        let keys = pair.bob.keys().await.public();
        pair.bob.publish(keys, vec![name("ds.dm3.eth"), name("ds.other.eth")]).await;
        assert_eq!(bob.own_names().await.unwrap(), [stands("bob.eth", NameStands::Older)]);
        let publication = bob.publication("bob.eth").await.unwrap();
        assert!(publication.replaces);
        let sent = send(&pair, &pair.bob, &bob, &publication).await;
        assert_eq!(bob.published(&publication.name, sent).await, Ok(()));
        assert_eq!(bob.own_names().await.unwrap(), [stands("bob.eth", NameStands::Published)]);
    });
}

#[test]
fn a_name_that_went_to_somebody_else_is_told_and_forgotten_by_whoever_says_so() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let publication = bob.publication("bob.eth").await.unwrap();
        let sent = send(&pair, &pair.bob, &bob, &publication).await;
        bob.published(&publication.name, sent).await.unwrap();
        pair.network.fail("eth_call", Fault::Unreachable);
        assert!(matches!(
            bob.own_names().await,
            Err(PublishError::Home(HomeError::Find(FindError::Unreachable(_))))
        ));
        pair.network.heal();
        pair.network.edit_name(&name("bob.eth"), |records| records.address = Some(pair.alice.address()));
        assert_eq!(bob.own_names().await.unwrap(), [stands("bob.eth", NameStands::Elsewhere)]);
        bob.forget_name(&name("bob.eth")).await.unwrap();
        assert_eq!(bob.own_names().await.unwrap(), []);
    });
}

#[test]
fn what_the_account_calls_itself_is_one_of_its_names_and_its_other_devices_know_the_others() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        pair.network.edit_name(&name("robert.eth"), |records| records.address = Some(pair.bob.address()));
        pair.network.edit_name(&EnsName::reverse_of(pair.bob.address()), |records| {
            records.primary = Some("robert.eth".into());
        });
        assert_eq!(bob.own_names().await.unwrap(), [stands("robert.eth", NameStands::Without)]);
        let publication = bob.publication("bob.eth").await.unwrap();
        let sent = send(&pair, &pair.bob, &bob, &publication).await;
        bob.published(&publication.name, sent).await.unwrap();
        let both = [stands("bob.eth", NameStands::Published), stands("robert.eth", NameStands::Without)];
        assert_eq!(bob.own_names().await.unwrap(), both);
    });
}

#[test]
fn keys_that_were_replaced_elsewhere_publish_nothing() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let sign_in = SignIn::new(pair.bob.directory(), pair.bob.address());
        let Ok(Keys::OtherNonce(registration)) = sign_in.random_keys().await else { panic!() };
        registration.publish(&pair.bob.wallet).await.unwrap();
        assert_eq!(bob.publication("bob.eth").await, Err(PublishError::Home(HomeError::KeysReplaced)));
    });
}
