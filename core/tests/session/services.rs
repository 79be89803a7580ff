//! Other delivery services than before, in the account's profile.

use dm3_core::delivery::api::ApiError;
use dm3_core::delivery::{Price, Work};
use dm3_core::identity::{EnsName, NameError, VerifiedProfile};
use dm3_core::ports::{Store as _, WalletError};
use dm3_core::registry::DELIVERY_SERVICE_KEY;
use dm3_core::session::{
    Asked, FindError, HomeError, Keys, MOST_SERVICES, Services, ServicesError, SignIn, SignInError,
};
use dm3_core::testing::{Fault, Pair, Peer};
use serde_json::json;

use super::history::{another_device, exchange, pull, push};
use super::support::*;

const DAY: u64 = 24 * 60 * 60_000;
const REGISTER: &str = "POST https://ds2.example/ds/profile";

fn first() -> EnsName {
    name("ds.dm3.eth")
}

fn second() -> EnsName {
    name("ds2.eth")
}

/// Signs and publishes a list.
async fn list(session: &TestSession, who: &Peer, services: &[EnsName]) -> Result<(), ServicesError> {
    let signed = sign(session, who, services).await?;
    session.publish_services(&signed).await
}

async fn sign(
    session: &TestSession,
    who: &Peer,
    services: &[EnsName],
) -> Result<VerifiedProfile, ServicesError> {
    let proposed = session.propose_services(services).await?;
    session.sign_services(&who.wallet, proposed).await
}

/// What others find.
async fn found(who: &Peer) -> VerifiedProfile {
    who.directory().profile_of(who.address()).await.unwrap().unwrap().1
}

async fn left(session: &TestSession) -> Vec<EnsName> {
    session.services().await.unwrap().left.into_iter().map(|left| left.name).collect()
}

fn wait_in(pair: &Pair, who: &Peer) -> (usize, usize) {
    let waiting = |service: &dm3_core::testing::DeliveryService| service.waiting(who.address());
    (waiting(pair.network.first_service()), waiting(pair.network.second_service()))
}

#[test]
fn a_service_that_is_listed_first_is_written_to_and_the_other_one_if_it_is_away() {
    run(async {
        for guarded in [false, true] {
            let (pair, alice, bob) = Pair::signed_in().await;
            if guarded {
                pair.network.guard_profiles();
            }
            say(&alice, &pair.bob, "before").await;
            assert_eq!(sync(&bob).await, 1);
            let before = found(&pair.bob).await;
            let chosen = bob.find_service(" DS2.eth ", &[first()]).await.unwrap();
            assert_eq!(chosen, second());
            assert_eq!(pair.network.count(REGISTER), 0, "nothing is registered by a look");
            list(&bob, &pair.bob, &[second(), first()]).await.unwrap();
            let after = found(&pair.bob).await;
            assert_eq!(after.delivery_services(), [second(), first()]);
            assert_eq!((after.keys(), pair.network.count(REGISTER)), (before.keys(), 1));
            let of = |profile: &VerifiedProfile| profile.as_signed().profile().edition();
            assert_eq!(of(&after), of(&before) + 1);
            let services = Services { listed: vec![second(), first()], left: Vec::new(), node: first() };
            assert_eq!(bob.services().await, Ok(services));

            pair.network.clock().advance(2 * 60_000);
            say(&alice, &pair.bob, "to the second").await;
            assert_eq!(wait_in(&pair, &pair.bob), (0, 1));
            pair.network.fail("POST https://ds2.example/ds/rpc", Fault::Unreachable);
            pair.network.clock().advance(1_000);
            say(&alice, &pair.bob, "to the first").await;
            assert_eq!(wait_in(&pair, &pair.bob), (1, 1));
            assert_eq!(sync(&bob).await, 2);
            assert_eq!(pair.bob.texts(&pair.alice).await, ["before", "to the second", "to the first"]);
            let contact = pair.alice.store.contact(pair.alice.address(), pair.bob.conversation()).await;
            assert_eq!(contact.unwrap().unwrap().notices.last(), None, "the keys are those of before");
        }
    });
}

#[test]
fn what_waits_at_a_service_that_is_left_is_fetched_and_so_is_what_comes_there_for_a_month() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let phone = another_device(&pair, "bob");
        let phones = phone.sign_up().await;
        list(&bob, &pair.bob, &[first(), second()]).await.unwrap();
        // Alice has found his profile of before, and writes to the first one.
        say(&alice, &pair.bob, "waits").await;
        list(&bob, &pair.bob, &[second()]).await.unwrap();
        assert_eq!(found(&pair.bob).await.delivery_services(), [second()]);
        assert_eq!(left(&bob).await, [first()]);
        assert_eq!(wait_in(&pair, &pair.bob), (1, 0));
        assert_eq!(sync(&bob).await, 1);
        let late = Letter::new(&pair, "comes to the former one").await;
        late.submit(&pair).await;
        // After a reload, and on another device, which is told with the history.
        let bob = pair.bob.resume().await;
        push(&bob).await;
        pull(&phones).await;
        phones.look_for_homes_again();
        assert_eq!(left(&phones).await, [first()]);
        assert_eq!(sync(&bob).await, 1);
        let last = Letter::new(&pair, "comes there, too").await;
        last.submit(&pair).await;
        pair.network.clock().advance(29 * DAY);
        assert_eq!(sync(&phones).await, 1);
        last.submit(&pair).await;
        pair.network.clock().advance(2 * DAY);
        let listings = pair.network.count("GET https://dm3.example/ds/delivery");
        for session in [bob, phones, pair.bob.resume().await] {
            assert_eq!(sync(&session).await, 0);
            assert_eq!(left(&session).await, []);
        }
        assert_eq!(pair.network.count("GET https://dm3.example/ds/delivery"), listings);
    });
}

#[test]
fn who_comes_back_to_a_service_has_it_once() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        list(&bob, &pair.bob, &[second()]).await.unwrap();
        list(&bob, &pair.bob, &[first(), second()]).await.unwrap();
        let services = bob.services().await.unwrap();
        assert_eq!((services.listed, services.left), (vec![first(), second()], Vec::new()));
        pair.network.clock().advance(2 * 60_000);
        say(&alice, &pair.bob, "here").await;
        assert_eq!((wait_in(&pair, &pair.bob), sync(&bob).await), ((1, 0), 1));
        assert_eq!(bob.homes_and_left().await.unwrap().len(), 2);
    });
}

#[test]
fn a_session_that_goes_on_learns_of_another_list_within_an_hour() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let phones = another_device(&pair, "bob").sign_up().await;
        assert_eq!(sync(&phones).await, 0);
        list(&bob, &pair.bob, &[second(), first()]).await.unwrap();
        pair.network.clock().advance(61 * 60_000);
        say(&alice, &pair.bob, "news").await;
        assert_eq!((wait_in(&pair, &pair.bob), sync(&phones).await), ((0, 1), 1));
    });
}

#[test]
fn what_is_no_service_that_can_be_listed_is_told_apart() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        pair.network.edit_name(&name("broken.eth"), |records| {
            records.texts.insert(DELIVERY_SERVICE_KEY.to_owned(), "data:application/json,{}".to_owned());
        });
        let beside = [first()];
        for (typed, wrong) in [
            ("", ServicesError::Name(NameError::Empty)),
            ("nobody.eth", ServicesError::NoSuchName(name("nobody.eth"))),
            ("alice.eth", ServicesError::NoService(name("alice.eth"))),
            ("DS.dm3.eth", ServicesError::Listed(first())),
        ] {
            assert_eq!(bob.find_service(typed, &beside).await, Err(wrong), "{typed}");
        }
        let broken = bob.find_service("broken.eth", &beside).await;
        assert!(matches!(broken, Err(ServicesError::Find(FindError::DeliveryService { .. }))), "{broken:?}");
        let full: Vec<_> = (0..MOST_SERVICES).map(|n| name(&format!("ds{n}.example.eth"))).collect();
        assert_eq!(bob.find_service("ds2.eth", &full).await, Err(ServicesError::TooMany));

        pair.network.fail("https://ds2.example", Fault::Unreachable);
        let away = bob.find_service("ds2.eth", &beside).await;
        assert!(matches!(&away, Err(ServicesError::Away { name, .. }) if *name == second()), "{away:?}");
        pair.network.heal();
        pair.network.fail("https://ds2.example", Fault::Status(503));
        let reason = ApiError::Unavailable(503);
        let ill = ServicesError::Refused { name: second(), reason };
        assert_eq!(bob.find_service("ds2.eth", &beside).await, Err(ill));
        pair.network.heal();
        pair.network.fail("eth_call", Fault::Unreachable);
        let unknown = bob.find_service("ds3.eth", &beside).await;
        assert!(matches!(unknown, Err(ServicesError::Find(error)) if error.is_temporary()));
        pair.network.heal();

        for (price, asked) in
            [("closed", Asked::Closed), ("invitation", Asked::Something), ("work", Asked::Something)]
        {
            let document = json!({ "registration": { "price": price } }).to_string();
            pair.network.set_document("https://ds2.example/.well-known/dm3", 200, &document);
            let asks = ServicesError::Asks { name: second(), asked };
            assert_eq!(bob.find_service("ds2.eth", &beside).await, Err(asks));
        }
        assert_eq!((pair.network.count(REGISTER), pair.bob.wallet.prompts().len()), (0, 2));
        let document = json!({ "registration": { "price": "open" } }).to_string();
        pair.network.set_document("https://ds2.example/.well-known/dm3", 200, &document);
        assert_eq!(bob.find_service("ds2.eth", &beside).await, Ok(second()));
    });
}

#[test]
fn a_list_has_at_least_one_and_not_too_many_and_can_be_counted() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let prompts = pair.bob.wallet.prompts().len();
        assert_eq!(list(&bob, &pair.bob, &[]).await, Err(ServicesError::Nobody));
        let many: Vec<_> = (0..=MOST_SERVICES).map(|n| name(&format!("ds{n}.example.eth"))).collect();
        assert_eq!(list(&bob, &pair.bob, &many).await, Err(ServicesError::TooMany));
        assert_eq!(list(&bob, &pair.bob, &[name("1.eth")]).await.map_err(|_| ()), Err(()));
        for _ in 0..7 {
            list(&bob, &pair.bob, &[second(), first()]).await.unwrap();
        }
        // Three letters count to eight.
        assert_eq!(list(&bob, &pair.bob, &[name("1.eth")]).await, Err(ServicesError::Uncounted));
        assert_eq!(pair.bob.wallet.prompts().len(), prompts + 8);
    });
}

#[test]
fn who_declines_in_the_wallet_has_changed_nothing() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        pair.bob.wallet.set_failure(Some(WalletError::Refused));
        let declined = list(&bob, &pair.bob, &[second(), first()]).await;
        assert_eq!(declined, Err(ServicesError::Sign(SignInError::Wallet(WalletError::Refused))));
        let other = list(&bob, &pair.alice, &[second()]).await;
        assert!(matches!(other, Err(ServicesError::Sign(_))), "{other:?}");
        assert_eq!(found(&pair.bob).await.delivery_services(), [first()]);
        assert_eq!((pair.network.count(REGISTER), left(&bob).await), (0, Vec::new()));
    });
}

#[test]
fn nothing_is_published_unless_each_new_service_takes_the_account_and_what_was_signed_goes_on() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let signed = sign(&bob, &pair.bob, &[second()]).await.unwrap();
        let prompts = pair.bob.wallet.prompts().len();
        let price = |price: &Price| {
            let body = json!({ "error": "pay first", "price": price.to_json() }).to_string();
            let url = format!("https://ds2.example/ds/profile/{}", pair.bob.alias());
            pair.network.set_document(&url, 400, &body);
        };
        pair.network.fail(REGISTER, Fault::Unreachable);
        let away = bob.publish_services(&signed).await;
        assert!(matches!(away, Err(ServicesError::Away { .. })), "{away:?}");
        pair.network.heal();
        pair.network.fail(REGISTER, Fault::Status(400));
        let refused = bob.publish_services(&signed).await;
        assert!(matches!(refused, Err(ServicesError::Refused { .. })), "{refused:?}");
        pair.network.heal();
        pair.network.fail("POST https://ds2.example/ds/auth", Fault::Status(500));
        let ill = bob.publish_services(&signed).await;
        assert!(matches!(ill, Err(ServicesError::Refused { .. })), "{ill:?}");
        pair.network.heal();
        for (asks, asked) in [
            (Price::Closed, Asked::Closed),
            (Price::Invitation, Asked::Something),
            (Price::Work(Work::new("abc", 6).unwrap()), Asked::Something),
        ] {
            price(&asks);
            let told = bob.publish_services(&signed).await;
            assert_eq!(told, Err(ServicesError::Asks { name: second(), asked }));
        }
        assert_eq!(found(&pair.bob).await.delivery_services(), [first()]);
        assert_eq!(left(&bob).await, []);
        say(&alice, &pair.bob, "as before").await;
        assert_eq!(sync(&bob).await, 1);

        // It takes the account after all.
        let url = format!("https://ds2.example/ds/profile/{}", pair.bob.alias());
        pair.network.set_document(&url, 200, "\"a token that opens nothing\"");
        pair.network.second_service().take_profile(signed.clone());
        assert_eq!(bob.publish_services(&signed).await, Ok(()));
        assert_eq!(found(&pair.bob).await, signed);
        assert_eq!(pair.bob.wallet.prompts().len(), prompts, "nobody signs twice");
    });
}

#[test]
fn an_end_half_way_is_not_told_as_done_and_loses_nothing() {
    run(async {
        for guarded in [false, true] {
            for fault in [Fault::Unreachable, Fault::ReplyLost, Fault::Status(500)] {
                for step in ["profile/address", "POST https://dm3.example/ds/profile", "gateway.dm3.example"]
                {
                    let (pair, alice, bob) = Pair::signed_in().await;
                    if guarded {
                        pair.network.guard_profiles();
                    }
                    say(&alice, &pair.bob, "waits").await;
                    let signed = sign(&bob, &pair.bob, &[second()]).await.unwrap();
                    // The first look at the gateway is at the profile of before.
                    let n = if step.starts_with("gateway") { 2 } else { 1 };
                    pair.network.fail_nth(n, step, fault);
                    let failed = bob.publish_services(&signed).await;
                    assert!(failed.is_err(), "{step} {fault:?}");
                    // Whether it is the former list or the new one that others find: both are read.
                    let bob = pair.bob.resume().await;
                    assert_eq!(sync(&bob).await, 1, "{step} {fault:?}");
                    assert_eq!(bob.publish_services(&signed).await, Ok(()), "{step} {fault:?}");
                    assert_eq!(bob.publish_services(&signed).await, Ok(()), "again is no harm");
                    assert_eq!(found(&pair.bob).await, signed);
                    assert_eq!(left(&bob).await, [first()]);
                }
            }
        }
    });
}

#[test]
fn what_another_device_has_published_meanwhile_is_not_replaced_unseen() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let phone = another_device(&pair, "bob");
        let phones = phone.sign_up().await;
        let signed = sign(&bob, &pair.bob, &[second(), first()]).await.unwrap();
        list(&phones, &phone, &[second()]).await.unwrap();
        assert_eq!(bob.publish_services(&signed).await, Err(ServicesError::Changed));
        assert_eq!(found(&pair.bob).await.delivery_services(), [second()]);
        // Other keys are another matter.
        let sign_in = SignIn::new(pair.bob.directory(), pair.bob.address());
        let Ok(Keys::OtherNonce(registration)) = sign_in.random_keys().await else { panic!() };
        registration.publish(&pair.bob.wallet).await.unwrap();
        let replaced = list(&bob, &pair.bob, &[first()]).await;
        assert_eq!(replaced, Err(ServicesError::Home(HomeError::KeysReplaced)));
    });
}

#[test]
fn a_smart_account_signs_as_its_contract_does() {
    run(async {
        let pair = Pair::new();
        let smart = Peer::with_wallet(&pair.network, dm3_core::testing::TestWallet::smart("carol"));
        pair.network.deploy(&smart.wallet);
        let directory = smart.directory();
        let sign_in = SignIn::new(std::rc::Rc::clone(&directory), smart.address());
        let Ok(Keys::New(registration)) = sign_in.random_keys().await else { panic!() };
        let signed_in = registration.publish(&smart.wallet).await.unwrap();
        signed_in.remember(&directory).await.unwrap();
        let carol = smart.resume().await;
        list(&carol, &smart, &[second(), first()]).await.unwrap();
        assert_eq!(found(&smart).await.delivery_services(), [second(), first()]);
    });
}

#[test]
fn what_two_devices_leave_at_once_is_read_on_both() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let phone = another_device(&pair, "bob").sign_up().await;
        list(&bob, &pair.bob, &[first(), second()]).await.unwrap();
        list(&bob, &pair.bob, &[second()]).await.unwrap();
        pair.network.clock().advance(1_000);
        // As a former version notes it, which does not know of that yet.
        let until = phone.now() + DAY;
        phone.set_setting("services", json!({ "left": [["other.eth", until]] })).await.unwrap();
        exchange(&phone, &bob).await;
        for session in [&bob, &phone] {
            let left = left(session).await;
            assert!(left.contains(&first()) && left.contains(&name("other.eth")), "{left:?}");
        }
    });
}
