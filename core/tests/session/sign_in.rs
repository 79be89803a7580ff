use std::rc::Rc;

use dm3_core::delivery::{Payment, Price, Work};
use dm3_core::identity::{Address, UserProfile};
use dm3_core::ports::{Store as _, StoreError, Wallet, WalletError};
use dm3_core::session::{FindError, HomeError, Keys, Registration, SignIn, SignInError};
use dm3_core::testing::{Fault, MemoryPorts, Network, Pair, Peer, TestWallet};

use crate::support::*;

async fn create_keys(peer: &Peer) -> Result<Keys<MemoryPorts>, SignInError> {
    SignIn::new(peer.directory(), peer.address()).create_keys(&peer.wallet).await
}

fn new_keys(keys: Result<Keys<MemoryPorts>, SignInError>) -> Registration<MemoryPorts> {
    match keys {
        Ok(Keys::New(registration)) => registration,
        Ok(Keys::Known(_)) => panic!("the keys are known"),
        Ok(Keys::OtherNonce(_) | Keys::Unusable(_)) => panic!("there are other keys"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn first_use_asks_the_wallet_twice_and_says_beforehand_what_for() {
    run(async {
        let alice = Pair::new().alice;
        let sign_in = SignIn::new(alice.directory(), alice.address());
        let first = sign_in.key_message();
        let registration = new_keys(sign_in.create_keys(&alice.wallet).await);
        let second = registration.message();
        registration.publish(&alice.wallet).await.unwrap();
        assert_eq!(*alice.wallet.prompts(), [first, second]);
    });
}

#[test]
fn after_the_first_use_the_wallet_is_never_asked_again() {
    run(async {
        let (pair, _, _) = Pair::signed_in().await;
        let requests = pair.network.requests().len();
        let (alice, bob) = (pair.alice.resume().await, pair.bob.resume().await);
        assert_eq!(pair.network.requests().len(), requests, "resuming needs no network either");
        say(&alice, &pair.bob, "still me").await;
        assert_eq!(sync(&bob).await, 1);
        assert_eq!((pair.alice.wallet.prompts().len(), pair.bob.wallet.prompts().len()), (2, 2));
    });
}

#[test]
fn a_second_device_asks_once() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let device = Peer::new(&pair.network, "bob");
        let bob = device.sign_up().await;
        assert_eq!(device.wallet.prompts().len(), 1);
        say(&alice, &device, "on both devices").await;
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn a_refusal_changes_nothing_and_can_be_repeated() {
    run(async {
        let alice = Pair::new().alice;
        alice.wallet.set_failure(Some(WalletError::Refused));
        let refused = create_keys(&alice).await;
        assert_eq!(refused.err(), Some(SignInError::Wallet(WalletError::Refused)));

        alice.wallet.set_failure(None);
        let registration = new_keys(create_keys(&alice).await);
        alice.wallet.set_failure(Some(WalletError::Refused));
        let refused = registration.publish(&alice.wallet).await;
        assert_eq!(refused.err(), Some(SignInError::Wallet(WalletError::Refused)));

        alice.wallet.set_failure(None);
        registration.publish(&alice.wallet).await.unwrap();
        assert!(matches!(create_keys(&alice).await, Ok(Keys::Known(_))));
    });
}

/// A wallet in which another account than the one asked for is chosen.
struct OtherAccount(TestWallet);

impl Wallet for OtherAccount {
    async fn sign_text(&self, _: Address, text: &str) -> Result<String, WalletError> {
        self.0.sign_text(self.0.address(), text).await
    }
}

#[test]
fn a_node_that_asks_for_work_gets_it_and_the_wallet_is_not_asked_again() {
    run(async {
        let pair = Pair::new();
        pair.network.ask_for(Price::Work(Work::new("abc", 14).unwrap()));
        let registration = new_keys(create_keys(&pair.alice).await);
        registration.publish(&pair.alice.wallet).await.unwrap();
        assert_eq!(pair.alice.wallet.prompts().len(), 2);
        assert_eq!(pair.network.count("POST https://dm3.example/resolver-handler"), 2, "asked, and paid");
        assert!(matches!(create_keys(&pair.alice).await.unwrap(), Keys::Known(_)));
    });
}

#[test]
fn a_node_that_asks_for_an_invitation_is_told_the_one_that_was_brought() {
    run(async {
        let pair = Pair::new();
        pair.network.ask_for(Price::Invitation);
        let registration = new_keys(create_keys(&pair.alice).await);
        let refused = Some(SignInError::Price(Price::Invitation));
        assert_eq!(registration.publish(&pair.alice.wallet).await.err(), refused);
        registration.bring(Payment::invitation("mistyped").unwrap());
        assert_eq!(registration.publish(&pair.alice.wallet).await.err(), refused);
        registration.bring(Payment::invitation("welcome").unwrap());
        registration.publish(&pair.alice.wallet).await.unwrap();
        assert_eq!(pair.alice.wallet.prompts().len(), 2, "what was signed is handed over again");
    });
}

#[test]
fn a_node_that_takes_no_new_accounts_says_so() {
    run(async {
        let pair = Pair::new();
        pair.network.ask_for(Price::Closed);
        let registration = new_keys(create_keys(&pair.alice).await);
        let refused = registration.publish(&pair.alice.wallet).await.err();
        assert_eq!(refused, Some(SignInError::Price(Price::Closed)));
    });
}

#[test]
fn a_signature_by_another_account_is_refused() {
    run(async {
        let pair = Pair::new();
        let wrong = OtherAccount(TestWallet::of("bob"));
        let expected =
            SignInError::OtherAccount { account: pair.alice.address(), signer: pair.bob.address() };
        let sign_in = SignIn::new(pair.alice.directory(), pair.alice.address());
        assert_eq!(sign_in.create_keys(&wrong).await.err(), Some(expected.clone()));
        let registration = new_keys(sign_in.create_keys(&pair.alice.wallet).await);
        assert_eq!(registration.publish(&wrong).await.err(), Some(expected));
        assert_eq!(pair.network.count("POST"), 0, "nothing was published");
    });
}

/// A wallet of a kind whose signatures can't be checked, such as a smart account's.
struct LongSignature;

impl Wallet for LongSignature {
    async fn sign_text(&self, _: Address, _: &str) -> Result<String, WalletError> {
        Ok(format!("0x{}", "ab".repeat(130)))
    }
}

#[test]
fn a_signature_of_unknown_form_is_refused() {
    run(async {
        let alice = Pair::new().alice;
        let keys = SignIn::new(alice.directory(), alice.address()).create_keys(&LongSignature).await;
        assert!(matches!(keys.err(), Some(SignInError::Signature(_))));
    });
}

#[test]
fn other_keys_are_told_and_can_be_replaced() {
    run(async {
        let pair = Pair::new();
        let services = vec![name("ds.dm3.eth")];
        pair.bob.publish(keys_of("another app").public(), services).await;
        let Ok(Keys::OtherNonce(registration)) = create_keys(&pair.bob).await else {
            panic!("the other keys are not noticed")
        };
        registration.publish(&pair.bob.wallet).await.unwrap();
        assert!(matches!(create_keys(&pair.bob).await, Ok(Keys::Known(_))));

        let (alice, bob) = (pair.alice.sign_up().await, pair.bob.sign_up().await);
        say(&alice, &pair.bob, "with your new keys").await;
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn a_profile_that_somebody_else_signed_counts_as_other_keys() {
    run(async {
        let pair = Pair::new();
        let forged = UserProfile::new(keys_of("mallory").public(), vec![name("ds.dm3.eth")]);
        let text = forged.registration_message(pair.bob.address());
        let mallory = TestWallet::of("mallory");
        let signature = mallory.sign_text(mallory.address(), &text).await.unwrap();
        pair.network.set_profile(pair.bob.address(), forged.signed(signature));
        assert!(matches!(create_keys(&pair.bob).await, Ok(Keys::Unusable(_))));
    });
}

#[test]
fn a_device_with_replaced_keys_is_told_to_sign_in_again() {
    run(async {
        let (pair, _, old_device) = Pair::signed_in().await;
        sync(&old_device).await;
        pair.bob.publish(keys_of("another app").public(), vec![name("ds.dm3.eth")]).await;
        let new_start = pair.bob.resume().await;
        assert_eq!(new_start.sync().await, Err(HomeError::KeysReplaced));

        // A device that is already running learns it when its session ends.
        let profile = pair.bob.directory().profile_at(&pair.bob.alias(), pair.bob.address()).await;
        let (_, profile) = profile.unwrap().unwrap();
        register(&pair.network, &pair.bob, &profile).await;
        pair.network.first_service().forget_tokens();
        assert_eq!(old_device.sync().await, Err(HomeError::KeysReplaced));
    });
}

async fn register(network: &Network, peer: &Peer, profile: &dm3_core::identity::VerifiedProfile) {
    use dm3_core::delivery::api;
    use dm3_core::ports::Http as _;
    let request = api::post_profile(network.first_service().url(), &peer.alias(), profile.as_signed());
    api::parse_done(&network.send(&request).await.unwrap()).unwrap();
}

#[test]
fn without_a_network_nobody_is_taken_for_new() {
    run(async {
        let (pair, _, _) = Pair::signed_in().await;
        for target in ["eth_call", "gateway.dm3.example"] {
            pair.network.fail(target, Fault::Unreachable);
            assert!(matches!(create_keys(&pair.bob).await.err(), Some(SignInError::Find(_))), "{target}");
            pair.network.heal();
        }
        assert!(matches!(create_keys(&pair.bob).await, Ok(Keys::Known(_))));
    });
}

#[test]
fn publishing_can_be_repeated_wherever_it_was_interrupted() {
    for (target, fault) in [
        ("resolver-handler", Fault::Unreachable),
        ("resolver-handler", Fault::ReplyLost),
        ("resolver-handler", Fault::Status(500)),
        ("ds/profile", Fault::Unreachable),
        ("ds/profile", Fault::ReplyLost),
        ("ds/profile", Fault::Duplicated),
    ] {
        run(async {
            let pair = Pair::new();
            let alice = pair.alice.sign_up().await;
            let registration = new_keys(create_keys(&pair.bob).await);
            pair.network.fail_nth(1, target, fault);
            let first = registration.publish(&pair.bob.wallet).await;
            assert_eq!(first.is_ok(), fault == Fault::Duplicated, "{target} {fault:?}");
            let bob = pair.bob.sign_up().await;
            sync(&bob).await;
            say(&alice, &pair.bob, "welcome").await;
            assert_eq!(sync(&bob).await, 1, "{target} {fault:?}");
        });
    }
}

#[test]
fn a_device_without_storage_says_so_and_remembers_nobody() {
    run(async {
        let pair = Pair::new();
        let directory = pair.alice.directory();
        let sign_in = SignIn::new(Rc::clone(&directory), pair.alice.address());
        let registration = new_keys(sign_in.create_keys(&pair.alice.wallet).await);
        let signed_in = registration.publish(&pair.alice.wallet).await.unwrap();
        pair.alice.store.set_write_failure(Some(StoreError::Full));
        assert_eq!(signed_in.remember(&directory).await, Err(StoreError::Full));
        assert_eq!(pair.alice.store.account().await, Ok(None));
    });
}

#[test]
fn signing_out_leaves_nothing_of_the_account() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        say(&alice, &pair.bob, "a secret").await;
        alice.sign_out().await.unwrap();
        let (store, owner) = (&pair.alice.store, pair.alice.address());
        assert_eq!(store.account().await, Ok(None));
        assert!(store.seed(owner).await.unwrap().is_none());
        assert_eq!(store.contacts(owner).await, Ok(vec![]));
        assert!(pair.alice.texts(&pair.bob).await.is_empty());
    });
}

#[test]
fn nobody_is_found_at_a_name_that_is_not_registered() {
    run(async {
        let pair = Pair::new();
        let found = pair.alice.directory().find("nobody.eth").await;
        assert_eq!(found, Err(FindError::Unknown(name("nobody.eth"))));
    });
}

#[test]
fn somebody_without_a_name_is_found_by_address() {
    run(async {
        let pair = Pair::new();
        let carol = Peer::new(&pair.network, "carol");
        let found = pair.alice.directory().find(&carol.address().to_string()).await.unwrap();
        assert_eq!((found.address, found.name, found.profile), (carol.address(), None, None));
        carol.sign_up().await;
        for typed in [carol.address().to_lower_hex(), carol.alias().to_string()] {
            let found = pair.alice.directory().find(&typed).await.unwrap();
            assert_eq!((found.address, found.name.as_ref()), (carol.address(), None));
            let (_, profile) = found.profile.unwrap();
            assert_eq!(profile.keys(), carol.keys().await.public());
        }
    });
}

#[test]
fn a_primary_name_counts_only_if_it_points_back() {
    run(async {
        let pair = Pair::new();
        let directory = pair.alice.directory();
        assert_eq!(directory.primary_name(pair.bob.address()).await, Ok(Some(name("bob.eth"))));
        let mallory = Peer::new(&pair.network, "mallory");
        let reverse = dm3_core::identity::EnsName::reverse_of(mallory.address());
        pair.network.edit_name(&reverse, |records| records.primary = Some("bob.eth".into()));
        assert_eq!(directory.primary_name(mallory.address()).await, Ok(None));
    });
}
