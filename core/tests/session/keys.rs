//! Where an account's keys come from, and what is told if they are others than those it has published.

use dm3_core::identity::{BackupError, DEFAULT_NONCE, KeyNonce, UserProfile};
use dm3_core::session::{FindError, Keys, Registration, Session, SignIn, SignInError, SignedIn};
use dm3_core::testing::{Fault, MemoryPorts, Network, Pair, Peer, TestWallet};

use crate::support::*;

fn sign_in(peer: &Peer) -> SignIn<MemoryPorts> {
    SignIn::new(peer.directory(), peer.address())
}

fn nonce(text: &str) -> KeyNonce {
    text.parse().unwrap()
}

fn registration(keys: Result<Keys<MemoryPorts>, SignInError>) -> Registration<MemoryPorts> {
    match keys.unwrap() {
        Keys::New(registration) | Keys::OtherNonce(registration) | Keys::Unusable(registration) => {
            registration
        }
        Keys::Known(_) => panic!("the keys are known"),
    }
}

fn known(keys: Result<Keys<MemoryPorts>, SignInError>) -> SignedIn {
    match keys.unwrap() {
        Keys::Known(signed_in) => signed_in,
        _ => panic!("other keys are published"),
    }
}

#[test]
fn weakness_4_keys_of_another_nonce_are_told_and_the_right_nonce_gives_them() {
    run(async {
        let alice = Pair::new().alice;
        let elsewhere = sign_in(&alice).with_nonce(nonce("0x6f6d"));
        registration(elsewhere.create_keys(&alice.wallet).await).publish(&alice.wallet).await.unwrap();

        let here = sign_in(&alice).create_keys(&alice.wallet).await;
        assert!(matches!(here, Ok(Keys::OtherNonce(_))));
        let with_right_nonce = sign_in(&alice).with_nonce(nonce("0x6f6d"));
        assert!(with_right_nonce.key_message().ends_with("Nonce: 0x6f6d"));
        known(with_right_nonce.create_keys(&alice.wallet).await);
        assert!(sign_in(&alice).key_message().ends_with(DEFAULT_NONCE));
    });
}

#[test]
fn a_profile_that_cannot_be_used_is_told_from_one_with_other_keys() {
    run(async {
        let pair = Pair::new();
        let profile = UserProfile::new(keys_of("x").public(), vec![]).signed("0x12".into());
        pair.network.set_profile(pair.bob.address(), profile);
        let keys = sign_in(&pair.bob).create_keys(&pair.bob.wallet).await;
        assert!(matches!(keys, Ok(Keys::Unusable(_))));
    });
}

#[test]
fn weakness_3_a_wallet_that_does_not_sign_alike_is_noticed_before_its_keys_are_published() {
    run(async {
        let alice = Pair::new().alice;
        let keys = registration(sign_in(&alice).create_keys(&alice.wallet).await);
        assert_eq!(keys.wallet_signs_alike(&alice.wallet).await, Ok(true));
        assert_eq!(alice.wallet.prompts().iter().filter(|text| text.contains("Nonce")).count(), 2);
        let other = TestWallet::of("another signature");
        alice.wallet.set_failure(Some(dm3_core::ports::WalletError::Refused));
        assert!(keys.wallet_signs_alike(&alice.wallet).await.is_err());
        assert_eq!(keys.wallet_signs_alike(&Alternating(other)).await, Ok(false));
        let random = registration(sign_in(&alice).random_keys().await);
        assert_eq!(random.wallet_signs_alike(&alice.wallet).await, Ok(true), "there is nothing to sign");
    });
}

/// A wallet that signs with whatever it has.
struct Alternating(TestWallet);

impl dm3_core::ports::Wallet for Alternating {
    async fn sign_text(
        &self,
        _: dm3_core::identity::Address,
        text: &str,
    ) -> Result<String, dm3_core::ports::WalletError> {
        self.0.sign_text(self.0.address(), text).await
    }
}

#[test]
fn random_keys_come_back_from_their_backup() {
    run(async {
        let pair = Pair::new();
        let keys = registration(sign_in(&pair.alice).random_keys().await);
        let (backup, code) = keys.backup().unwrap();
        keys.publish(&pair.alice.wallet).await.unwrap();
        let derived = sign_in(&pair.alice).create_keys(&pair.alice.wallet).await;
        assert!(matches!(derived, Ok(Keys::OtherNonce(_))));

        let device = Peer::new(&pair.network, "alice");
        let (backup, code) = (backup.to_string().parse().unwrap(), code.to_text().parse().unwrap());
        let restored = known(sign_in(&device).restore_keys(&backup, &code).await);
        let directory = device.directory();
        restored.remember(&directory).await.unwrap();
        let alice = Session::resume(directory, device.address(), &restored.seed);
        let bob = pair.bob.sign_up().await;
        say(&bob, &device, "welcome back").await;
        assert_eq!(sync(&alice).await, 1);
        say(&alice, &pair.bob, "thank you").await;
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(sync(&device.resume().await).await, 0, "the kind of the seed is remembered too");

        let others = sign_in(&pair.bob).restore_keys(&backup, &code).await;
        let expected = SignInError::Backup(BackupError::OtherAccount(device.address()));
        assert_eq!(others.err(), Some(expected));
    });
}

#[test]
fn random_keys_come_back_from_their_code_alone() {
    run(async {
        let pair = Pair::new();
        let keys = registration(sign_in(&pair.alice).random_keys().await);
        let code = keys.recovery_code().unwrap().to_text();
        keys.publish(&pair.alice.wallet).await.unwrap();
        let device = Peer::new(&pair.network, "alice");
        let recovered = known(sign_in(&device).recover_keys(&code.parse().unwrap()).await);
        let alice = Session::resume(device.directory(), device.address(), &recovered.seed);
        let bob = pair.bob.sign_up().await;
        say(&bob, &device, "welcome back").await;
        assert_eq!(sync(&alice).await, 1);

        let other = registration(sign_in(&pair.alice).random_keys().await);
        let wrong = sign_in(&device).recover_keys(other.recovery_code().unwrap()).await;
        assert!(
            matches!(wrong, Ok(Keys::OtherNonce(_))),
            "the code of other keys is told from the right one"
        );
    });
}

fn smart_pair() -> (Network, Peer) {
    let network = Network::new();
    let alice = Peer::with_wallet(&network, TestWallet::smart("alice"));
    network.deploy(&alice.wallet);
    (network, alice)
}

#[test]
fn a_smart_account_is_told_that_its_signatures_are_no_source_of_keys() {
    run(async {
        let (network, alice) = smart_pair();
        let keys = sign_in(&alice).create_keys(&alice.wallet).await;
        assert_eq!(keys.err(), Some(SignInError::SmartAccount));
        assert_eq!(sign_in(&alice).is_contract().await, Ok(true), "and known without asking the wallet");
        let not_yet = Peer::with_wallet(&network, TestWallet::smart_before_deployment("bob"));
        assert_eq!(sign_in(&not_yet).is_contract().await, Ok(false));
        let keys = sign_in(&not_yet).create_keys(&not_yet.wallet).await;
        assert_eq!(keys.err(), Some(SignInError::SmartAccount));
        assert_eq!(sign_in(&Peer::new(&network, "carol")).is_contract().await, Ok(false));
    });
}

async fn sign_up_with_random_keys(peer: &Peer) -> Session<MemoryPorts> {
    let signed_in = registration(sign_in(peer).random_keys().await).publish(&peer.wallet).await.unwrap();
    let directory = peer.directory();
    signed_in.remember(&directory).await.unwrap();
    Session::resume(directory, peer.address(), &signed_in.seed)
}

#[test]
fn smart_accounts_write_and_are_written_to_deployed_or_not() {
    run(async {
        let network = Network::new();
        let deployed = Peer::with_wallet(&network, TestWallet::smart("alice"));
        network.deploy(&deployed.wallet);
        let not_yet = Peer::with_wallet(&network, TestWallet::smart_before_deployment("bob"));
        let (alice, bob) =
            (sign_up_with_random_keys(&deployed).await, sign_up_with_random_keys(&not_yet).await);
        say(&alice, &not_yet, "from a contract").await;
        assert_eq!(sync(&bob).await, 1);
        say(&bob, &deployed, "from one that does not exist").await;
        assert_eq!(sync(&alice).await, 1);
        // The signature is as good after the account was deployed.
        network.deploy(&not_yet.wallet);
        let found = deployed.directory().profile_of(not_yet.address()).await.unwrap();
        assert_eq!(found.unwrap().1.account(), not_yet.address());
    });
}

#[test]
fn only_the_chains_yes_proves_a_smart_accounts_profile() {
    run(async {
        let (network, alice) = smart_pair();
        let profile = UserProfile::new(keys_of("mallory").public(), vec![name("ds.dm3.eth")]);
        let text = profile.registration_message(alice.address());
        let mallory = TestWallet::smart("mallory");
        for forger in [&mallory, &TestWallet::smart_before_deployment("mallory"), &TestWallet::of("mallory")]
        {
            let signature = sign(forger, &text).await;
            network.set_profile(alice.address(), profile.clone().signed(signature));
            let found = alice.directory().profile_of(alice.address()).await;
            assert!(matches!(found, Err(FindError::Profile { .. })), "{found:?}");
        }
        let genuine = sign(&alice.wallet, &text).await;
        network.set_profile(alice.address(), profile.signed(genuine));
        assert!(alice.directory().profile_of(alice.address()).await.unwrap().is_some());
        // Without the chain nothing is decided.
        let directory = alice.directory();
        network.fail("eth_call", Fault::Unreachable);
        assert!(directory.profile_of(alice.address()).await.unwrap_err().is_temporary());
    });
}

async fn sign(wallet: &TestWallet, text: &str) -> String {
    dm3_core::ports::Wallet::sign_text(wallet, wallet.address(), text).await.unwrap()
}

/// The keys of a nonce, published by a device of their own.
async fn publish_with(pair: &Pair, text: &str) -> Result<SignedIn, SignInError> {
    let device = Peer::new(&pair.network, "alice");
    let keys = sign_in(&device).with_nonce(nonce(text)).create_keys(&device.wallet).await?;
    registration(Ok(keys)).publish(&device.wallet).await
}

/// A delivery service of the deployed kind, and one of ours.
fn both_kinds() -> [Pair; 2] {
    let pairs = [Pair::new(), Pair::new()];
    pairs[1].network.guard_profiles();
    pairs
}

#[test]
fn keys_are_replaced_forth_and_back_and_the_last_ones_receive() {
    for pair in both_kinds() {
        run(async {
            let bob = pair.bob.sign_up().await;
            let mut editions = Vec::new();
            for (round, text) in ["a", "b", "a", "b", "a"].into_iter().enumerate() {
                let signed_in = publish_with(&pair, text).await.unwrap();
                let directory = pair.alice.directory();
                let (_, found) = directory.profile_of(signed_in.account).await.unwrap().unwrap();
                editions.push(found.as_signed().profile().edition());
                let alice = Session::resume(directory, signed_in.account, &signed_in.seed);
                // Peers believe what they found for a minute.
                pair.network.clock().advance(60_000);
                say(&bob, &pair.alice, &format!("letter {round}")).await;
                assert_eq!(sync(&alice).await, 1, "round {round}");
            }
            assert_eq!(editions, [0, 1, 2, 3, 4]);
        });
    }
}

#[test]
fn a_replacement_takes_two_signatures_and_trying_again_none() {
    for (target, fault) in [
        ("POST https://dm3.example/resolver-handler", Fault::Unreachable),
        ("POST https://dm3.example/ds/profile", Fault::ReplyLost),
        ("GET https://dm3.example/ds/auth", Fault::Unreachable),
        ("POST https://dm3.example/ds/auth", Fault::ReplyLost),
        ("gateway.dm3.example", Fault::Unreachable),
    ] {
        run(async {
            let pair = Pair::new();
            pair.network.guard_profiles();
            publish_with(&pair, "of another app").await.unwrap();
            let keys = registration(sign_in(&pair.alice).create_keys(&pair.alice.wallet).await);
            pair.network.fail_nth(1, target, fault);
            assert!(keys.publish(&pair.alice.wallet).await.is_err(), "{target}");
            assert!(keys.is_signed());
            keys.publish(&pair.alice.wallet).await.unwrap();
            assert_eq!(pair.alice.wallet.prompts().len(), 2, "{target}");
            known(sign_in(&pair.alice).create_keys(&pair.alice.wallet).await);
        });
    }
}

#[test]
fn the_copy_of_a_replaced_profile_that_anybody_has_brings_nothing_back() {
    use dm3_core::delivery::api::{self, ApiError};
    use dm3_core::ports::Http as _;
    run(async {
        let pair = Pair::new();
        pair.network.guard_profiles();
        publish_with(&pair, "stolen").await.unwrap();
        let account = pair.alice.address();
        let (_, copy) = pair.alice.directory().profile_of(account).await.unwrap().unwrap();
        let signed_in = publish_with(&pair, "new").await.unwrap();
        let service = pair.network.first_service();
        let reply =
            pair.network.send(&api::post_profile(service.url(), &pair.alice.alias(), copy.as_signed())).await;
        let refused = api::parse_done(&reply.unwrap()).unwrap_err();
        assert!(matches!(&refused, ApiError::Refused { .. }) && api::is_superseded(&refused), "{refused}");
        let alice = Session::resume(pair.alice.directory(), account, &signed_in.seed);
        assert_eq!(sync(&alice).await, 0, "the new keys are the account's");
    });
}

/// A gateway that tells of an older edition, or the end of the letters, must not be a dead end.
#[test]
fn an_edition_that_was_there_before_is_passed_over_at_the_next_try() {
    run(async {
        let pair = Pair::new();
        pair.network.guard_profiles();
        for text in ["a", "b"] {
            publish_with(&pair, text).await.unwrap();
        }
        pair.network.remove_profile(pair.alice.address());
        let keys =
            registration(sign_in(&pair.alice).with_nonce(nonce("a")).create_keys(&pair.alice.wallet).await);
        let first = keys.message();
        assert!(matches!(keys.publish(&pair.alice.wallet).await, Err(SignInError::Node(_))));
        assert_ne!(keys.message(), first);
        assert!(!keys.is_signed());
        keys.publish(&pair.alice.wallet).await.unwrap();
    });
}

#[test]
fn a_node_that_keeps_showing_the_former_profile_is_told() {
    run(async {
        let pair = Pair::new();
        publish_with(&pair, "former").await.unwrap();
        let (_, former) = pair.alice.directory().profile_of(pair.alice.address()).await.unwrap().unwrap();
        let keys = registration(sign_in(&pair.alice).create_keys(&pair.alice.wallet).await);
        // A resolver of another network: it takes everything, and shows nothing of it.
        pair.network.set_document("https://dm3.example/resolver-handler/profile/address", 200, "OK");
        assert_eq!(keys.publish(&pair.alice.wallet).await.err(), Some(SignInError::NotShown));
        let (_, found) = pair.alice.directory().profile_of(pair.alice.address()).await.unwrap().unwrap();
        assert_eq!(found, former);
    });
}
