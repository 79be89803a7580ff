//! Payments for being answered: offered by the wallet, named by a message, taken for an answer, or taken back.

use dm3_core::attention::{Minimum, Payment};
use dm3_core::identity::Address;
use dm3_core::message::{Draft, MessageHash, SignedMessage};
use dm3_core::ports::{Clock as _, TransactionError, WalletError};
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::{TransactionRequest, attention, erc20};
use dm3_core::session::{Fate, StakeError};
use dm3_core::testing::{Fault, Network, Pair, Peer, TestWallet};

use crate::history::{exchange, pull};
use crate::support::{TestSession, run, say, sync};

const CONTRACT: Address = Address::from_bytes([7; 20]);
const TOKEN: Address = Address::from_bytes([8; 20]);
const WEEK: u64 = 7 * 24 * 60 * 60;

fn minimum() -> Minimum {
    Minimum { chain: 31337, contract: CONTRACT, token: TOKEN, amount: 500 }
}

/// A contract calls itself this, at this address of this chain.
fn put_domain(network: &Network, name: &str, chain: u64, contract: Address) {
    let domain = [
        Arg::Word([0x0f; 32]),
        Arg::Bytes(name.as_bytes()),
        Arg::Bytes(b"1"),
        Arg::Uint(chain),
        Arg::Address(contract),
        Arg::Word([0; 32]),
        Arg::Uints(&[]),
    ];
    network.set_answer(CONTRACT, &attention::domain_call(), &encode(&domain));
}

fn allow(pair: &Pair, amount: u64) {
    let call = erc20::allowance_call(pair.alice.address(), CONTRACT);
    pair.network.set_answer(TOKEN, &call, &encode(&[Arg::Uint(amount)]));
}

/// alice and bob, where bob looks first at who offers [`minimum`].
async fn bob_asks() -> (Pair, TestSession, TestSession) {
    let (pair, alice, bob) = Pair::signed_in().await;
    pair.network.mine_all();
    put_domain(&pair.network, "dm3 attention", 31337, CONTRACT);
    allow(&pair, 0);
    bob.want_attention(Some(minimum())).await.unwrap();
    (pair, alice, bob)
}

/// Says what the contract holds of a payment.
fn put(pair: &Pair, payment: &Payment, state: u64, amount: u64) {
    let answer = encode(&[Arg::Uint(state), Arg::Uint(amount)]);
    pair.network.set_answer(CONTRACT, &attention::payment_call(payment), &answer);
}

/// alice offers bob what he asks for; the contract holds it.
async fn offered(pair: &Pair, alice: &TestSession) -> Payment {
    let payment = alice.offer(&pair.alice.wallet, &minimum(), pair.bob.address(), WEEK).await.unwrap();
    put(pair, &payment, 1, 500);
    payment
}

/// alice's message with a payment, as bob has it.
async fn told(pair: &Pair, alice: &TestSession, bob: &TestSession, payment: &Payment) -> Option<Payment> {
    let given = payment.clone();
    let write = |header| Draft::text(header, "May I ask?").with_payment(&given);
    let message = alice.write(pair.bob.conversation(), &[], write).await.unwrap();
    alice.flush().await.unwrap();
    sync(bob).await;
    let row = bob.message(message.hash()).await.unwrap()?;
    SignedMessage::parse(&row.json).unwrap().payment()
}

async fn answer(bob: &TestSession, to: &Peer) -> MessageHash {
    let hash = bob.compose(to.conversation(), "Yes.").await.unwrap().hash().clone();
    bob.flush().await.unwrap();
    hash
}

fn pass(pair: &Pair, seconds: u64) {
    pair.network.clock().advance(seconds * 1000);
}

#[test]
fn what_is_asked_of_payments_stands_at_the_node_and_on_every_device() {
    run(async {
        let (pair, _, bob) = bob_asks().await;
        assert_eq!(bob.own_attention().await.unwrap(), Some(Some(minimum())));
        assert_eq!(bob.wanted_attention().await.unwrap(), Some(minimum()));
        let published = pair.network.first_service().wishes(pair.bob.address());
        assert_eq!(published["attention"], minimum().to_json());
        bob.want_attention(None).await.unwrap();
        assert_eq!(bob.own_attention().await.unwrap(), Some(None));
        assert_eq!(bob.wanted_attention().await.unwrap(), None);
        assert_eq!(bob.knows_payments().await, Ok(true));
    });
}

#[test]
fn a_payment_takes_two_prompts_and_one_where_the_allowance_is_there() {
    run(async {
        let (pair, alice, _) = bob_asks().await;
        assert_eq!(alice.knows_payments().await, Ok(false));
        let before = pair.alice.wallet.prompts().len();
        let payment = offered(&pair, &alice).await;
        let allowance = TransactionRequest::call(TOKEN, erc20::approve(CONTRACT, 500));
        assert_eq!(*pair.alice.wallet.sent(), [allowance, attention::offer(&payment)]);
        assert_eq!(pair.alice.wallet.prompts().len(), before + 2);
        let now = pair.network.clock().now() / 1000;
        assert!(payment.until >= now + WEEK - 60 && payment.until <= now + WEEK);
        assert_eq!(alice.given_payment(&payment).await, Ok(Fate::Held(500)));

        allow(&pair, 500);
        let next = offered(&pair, &alice).await;
        assert_eq!(pair.alice.wallet.sent().len(), 3);
        assert_ne!(next.id(), payment.id());
        assert_eq!(alice.payments_to(pair.bob.address()).await.unwrap(), [next, payment]);
    });
}

#[test]
fn what_the_wallet_declines_is_not_remembered_and_what_no_block_has_yet_is() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_domain(&pair.network, "dm3 attention", 31337, CONTRACT);
        allow(&pair, 500);
        let (wallet, bob) = (&pair.alice.wallet, pair.bob.address());
        wallet.set_failure(Some(WalletError::Refused));
        let refused = alice.offer(wallet, &minimum(), bob, WEEK).await;
        assert_eq!(refused, Err(StakeError::Transaction(TransactionError::Wallet(WalletError::Refused))));
        assert_eq!(alice.payments_to(bob).await.unwrap(), []);

        wallet.set_failure(None);
        let open = alice.offer(wallet, &minimum(), bob, WEEK).await;
        assert!(matches!(open, Err(StakeError::Open(_))), "{open:?}");
        // The next start goes on with it.
        let again = pair.alice.resume().await;
        let (payment, sent) = {
            let payments = again.payments_to(bob).await.unwrap();
            (payments[0].clone(), again.sent_about_payments().await.unwrap())
        };
        assert_eq!(sent.len(), 1);
        put(&pair, &payment, 0, 0);
        assert_eq!(again.given_payment(&payment).await, Ok(Fate::None));
        pair.network.mine(sent[0], true);
        put(&pair, &payment, 1, 500);
        again.await_payments(&sent).await;
        assert_eq!(again.sent_about_payments().await.unwrap(), []);
        assert_eq!(again.given_payment(&payment).await, Ok(Fate::Held(500)));
    });
}

#[test]
fn what_never_came_to_the_chain_is_forgotten_when_it_can_not_come_any_more() {
    run(async {
        let (pair, alice, _) = bob_asks().await;
        let payment = offered(&pair, &alice).await;
        put(&pair, &payment, 0, 0);
        assert_eq!(alice.given_payment(&payment).await, Ok(Fate::None));
        assert_eq!(alice.payments_to(pair.bob.address()).await.unwrap().len(), 1);
        pass(&pair, WEEK + 1);
        assert_eq!(alice.given_payment(&payment).await, Ok(Fate::None));
        assert_eq!(alice.payments_to(pair.bob.address()).await.unwrap(), []);
    });
}

#[test]
fn nothing_is_paid_into_a_contract_that_is_another_one() {
    run(async {
        let (pair, alice, _) = bob_asks().await;
        let bob = pair.bob.address();
        for (name, chain, contract) in [
            ("dm3 deposits", 31337, CONTRACT),
            ("dm3 attention", 1, CONTRACT),
            ("dm3 attention", 31337, TOKEN),
        ] {
            put_domain(&pair.network, name, chain, contract);
            let paid = alice.offer(&pair.alice.wallet, &minimum(), bob, WEEK).await;
            assert_eq!(paid, Err(StakeError::Contract), "{name} {chain}");
        }
        let other = Minimum { contract: TOKEN, ..minimum() };
        let paid = alice.offer(&pair.alice.wallet, &other, bob, WEEK).await;
        assert_eq!(paid, Err(StakeError::Contract));
        let other = Minimum { chain: 1, ..minimum() };
        let paid = alice.offer(&pair.alice.wallet, &other, bob, WEEK).await;
        assert_eq!(paid, Err(StakeError::OtherChain));
        assert!(pair.alice.wallet.sent().is_empty());
    });
}

#[test]
fn an_answer_releases_it_and_both_know() {
    run(async {
        let (pair, alice, bob) = bob_asks().await;
        let payment = offered(&pair, &alice).await;
        let received = told(&pair, &alice, &bob, &payment).await.unwrap();
        assert_eq!(received, payment);
        let sender = pair.alice.address();
        assert_eq!(bob.paid(&received, sender).await, Ok(Fate::Held(500)));
        let answer = answer(&bob, &pair.alice).await;
        bob.claim(&pair.bob.wallet, &received, &answer).await.unwrap();
        assert_eq!(*pair.bob.wallet.sent(), [attention::claim(&payment, answer.to_bytes())]);

        put(&pair, &payment, 2, 500);
        assert_eq!(bob.paid(&received, sender).await, Ok(Fate::Claimed));
        assert_eq!(alice.given_payment(&payment).await, Ok(Fate::Claimed));
        // What was seen in time is known later, too.
        pass(&pair, WEEK + 1);
        assert_eq!(bob.paid(&received, sender).await, Ok(Fate::Claimed));
        assert_eq!(alice.given_payment(&payment).await, Ok(Fate::Claimed));
        let claimed = bob.claim(&pair.bob.wallet, &received, &answer).await;
        assert_eq!(claimed, Err(StakeError::Worthless));
    });
}

#[test]
fn what_was_not_claimed_in_time_is_taken_back() {
    run(async {
        let (pair, alice, bob) = bob_asks().await;
        let payment = offered(&pair, &alice).await;
        let received = told(&pair, &alice, &bob, &payment).await.unwrap();
        let early = alice.give_back(&pair.alice.wallet, &payment).await;
        assert_eq!(early, Err(StakeError::Worthless));
        pass(&pair, WEEK + 1);
        assert_eq!(alice.given_payment(&payment).await, Ok(Fate::Late(500)));
        assert_eq!(bob.paid(&received, pair.alice.address()).await, Ok(Fate::Late(500)));
        let answer = answer(&bob, &pair.alice).await;
        assert_eq!(bob.claim(&pair.bob.wallet, &received, &answer).await, Err(StakeError::Worthless));
        alice.give_back(&pair.alice.wallet, &payment).await.unwrap();
        assert_eq!(pair.alice.wallet.sent().last(), Some(&attention::give_back(&payment)));
        put(&pair, &payment, 2, 500);
        assert_eq!(alice.given_payment(&payment).await, Ok(Fate::Back));
        // bob did neither, and the chain does not tell.
        assert_eq!(bob.paid(&received, pair.alice.address()).await, Ok(Fate::Done));
    });
}

#[test]
fn a_payment_counts_where_its_receiver_chose_contract_and_token_and_their_message_names_it() {
    run(async {
        let (pair, alice, bob) = bob_asks().await;
        let payment = offered(&pair, &alice).await;
        let sender = pair.alice.address();
        let carol = Peer::new(&pair.network, "carol").address();
        let others = [
            (Payment { contract: TOKEN, ..payment.clone() }, sender),
            (Payment { token: CONTRACT, ..payment.clone() }, sender),
            (Payment { receiver: carol, ..payment.clone() }, sender),
            (Payment { payer: carol, ..payment.clone() }, sender),
            (payment.clone(), carol),
        ];
        for (payment, sender) in others {
            put(&pair, &payment, 1, 1_000_000);
            assert_eq!(bob.paid(&payment, sender).await, Err(StakeError::Worthless), "{payment:?}");
        }
        assert_eq!(alice.paid(&payment, sender).await, Err(StakeError::Worthless));
        assert_eq!(bob.given_payment(&payment).await, Err(StakeError::Worthless));
        put(&pair, &payment, 1, 500);
        // Less than what is asked, and what was asked once, can be taken as well.
        let less = Payment { amount: 1, ..payment.clone() };
        put(&pair, &less, 1, 1);
        assert_eq!(bob.paid(&less, sender).await, Ok(Fate::Held(1)));
        bob.want_attention(None).await.unwrap();
        assert_eq!(bob.paid(&payment, sender).await, Ok(Fate::Held(500)));
    });
}

#[test]
fn a_chain_that_does_not_answer_is_no_word_about_a_payment() {
    run(async {
        let (pair, alice, bob) = bob_asks().await;
        let payment = offered(&pair, &alice).await;
        pair.network.fail("eth_call", Fault::Unreachable);
        let asked = bob.paid(&payment, pair.alice.address()).await;
        assert!(matches!(asked, Err(StakeError::Unreachable(_))), "{asked:?}");
        // The answer does not wait for it.
        pair.network.heal();
        say(&alice, &pair.bob, "May I ask?").await;
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn no_more_payments_are_begun_than_can_be_remembered() {
    run(async {
        let (pair, alice, _) = bob_asks().await;
        allow(&pair, 500);
        let (wallet, bob) = (&pair.alice.wallet, pair.bob.address());
        let first = offered(&pair, &alice).await;
        for _ in 1..64 {
            alice.offer(wallet, &minimum(), bob, WEEK).await.unwrap();
        }
        assert_eq!(alice.offer(wallet, &minimum(), bob, WEEK).await, Err(StakeError::TooMany));
        assert_eq!(wallet.sent().len(), 64);
        // What was taken makes room.
        put(&pair, &first, 2, 500);
        assert_eq!(alice.given_payment(&first).await, Ok(Fate::Claimed));
        alice.offer(wallet, &minimum(), bob, WEEK).await.unwrap();
        assert_eq!(alice.payments_to(bob).await.unwrap().len(), 64);
    });
}

#[test]
fn payments_that_two_devices_make_at_once_are_both_known_to_both() {
    run(async {
        let (pair, first, _) = bob_asks().await;
        allow(&pair, 500);
        let device = Peer::with_wallet(&pair.network, TestWallet::of("alice"));
        let second = device.sign_up().await;
        pull(&first).await;
        pull(&second).await;
        // Neither knows of the other.
        let bob = pair.bob.address();
        let one = offered(&pair, &first).await;
        pair.network.clock().advance(5);
        let other = second.offer(&device.wallet, &minimum(), bob, WEEK).await.unwrap();
        put(&pair, &other, 2, 500);
        assert_eq!(second.given_payment(&other).await, Ok(Fate::Claimed));
        for _ in 0..2 {
            exchange(&first, &second).await;
        }
        for session in [&first, &second] {
            assert_eq!(session.payments_to(bob).await.unwrap(), [other.clone(), one.clone()]);
            assert_eq!(session.given_payment(&one).await, Ok(Fate::Held(500)));
            // The chain does not tell any more which way it went; the account knows.
            assert_eq!(session.given_payment(&other).await, Ok(Fate::Claimed));
        }
    });
}

#[test]
fn what_two_devices_ask_at_once_counts_on_both() {
    run(async {
        let (pair, alice, first) = bob_asks().await;
        let device = Peer::with_wallet(&pair.network, TestWallet::of("bob"));
        let second = device.sign_up().await;
        pull(&first).await;
        pull(&second).await;
        // Neither knows of the other.
        let other = |n: u8| Minimum { token: Address::from_bytes([n; 20]), ..minimum() };
        first.want_attention(Some(other(21))).await.unwrap();
        pair.network.clock().advance(5);
        second.want_attention(Some(other(22))).await.unwrap();
        for _ in 0..2 {
            exchange(&first, &second).await;
        }
        for session in [&first, &second] {
            for asked in [minimum(), other(21), other(22)] {
                let payment = payment_of(&pair, &asked);
                assert_eq!(session.paid(&payment, alice.account()).await, Ok(Fate::Held(500)), "{asked:?}");
            }
        }
    });
}

/// A payment of alice's to bob that the contract holds.
fn payment_of(pair: &Pair, asked: &Minimum) -> Payment {
    let until = pair.network.clock().now() / 1000 + WEEK;
    let Minimum { chain, contract, token, amount } = *asked;
    let [payer, receiver] = [pair.alice.address(), pair.bob.address()];
    let payment = Payment { chain, contract, payer, receiver, token, amount, until, topic: [3; 32] };
    put(pair, &payment, 1, 500);
    payment
}

#[test]
fn of_many_that_were_asked_the_latest_count_and_what_is_asked_now_always() {
    run(async {
        let (pair, alice, bob) = bob_asks().await;
        let other = |n: u8| Minimum { token: Address::from_bytes([n; 20]), ..minimum() };
        for n in 21..30 {
            bob.want_attention(Some(other(n))).await.unwrap();
        }
        let counts =
            async |asked: &Minimum| bob.paid(&payment_of(&pair, asked), alice.account()).await.is_ok();
        assert!(!counts(&minimum()).await && !counts(&other(21)).await);
        assert!(counts(&other(22)).await && counts(&other(29)).await);
        // What was asked before is asked again: it does not become the first to go.
        bob.want_attention(Some(other(22))).await.unwrap();
        bob.want_attention(Some(other(30))).await.unwrap();
        bob.want_attention(Some(other(22))).await.unwrap();
        assert_eq!(bob.wanted_attention().await.unwrap(), Some(other(22)));
        assert!(counts(&other(22)).await);
    });
}
