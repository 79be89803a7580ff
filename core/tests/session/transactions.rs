//! Transactions that a wallet sends, and waiting for what becomes of them.

use dm3_core::identity::Address;
use dm3_core::ports::{TransactionError, WalletError};
use dm3_core::registry::TransactionRequest;
use dm3_core::session::Outcome;
use dm3_core::testing::{Fault, Pair};
use futures_util::future::join;

use crate::support::run;

const CHAIN: u64 = 31337;

fn request() -> TransactionRequest {
    TransactionRequest::call(Address::from_bytes([7; 20]), vec![1, 2, 3, 4])
}

#[test]
fn what_was_sent_is_waited_for_until_a_block_has_it_also_by_the_next_start() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let wallet = &pair.alice.wallet;
        let hash = alice.transact(wallet, CHAIN, &request(), "a purpose").await.unwrap();
        assert_eq!(*wallet.sent(), [request()]);
        assert_eq!(alice.outcome(hash, 5_000).await, Outcome::Open);
        let again = pair.alice.resume().await;
        let waiting = again.sent_transactions().await.unwrap();
        assert_eq!(
            waiting.iter().map(|it| (it.hash, it.chain, it.purpose.as_str())).collect::<Vec<_>>(),
            [(hash, CHAIN, "a purpose")]
        );
        pair.network.mine(hash, true);
        assert_eq!(again.outcome(hash, 5_000).await, Outcome::Succeeded);
        assert_eq!(again.sent_transactions().await.unwrap(), []);
    });
}

#[test]
fn a_contract_that_refuses_and_a_chain_that_does_not_answer_are_told_apart() {
    run(async {
        let (pair, session, _) = Pair::signed_in().await;
        let hash = session.transact(&pair.alice.wallet, CHAIN, &request(), "").await.unwrap();
        pair.network.mine(hash, false);
        pair.network.fail("eth_getTransactionReceipt", Fault::Unreachable);
        assert_eq!(session.outcome(hash, 3_000).await, Outcome::Open);
        assert_eq!(session.sent_transactions().await.unwrap().len(), 1);
        pair.network.heal();
        assert_eq!(session.outcome(hash, 3_000).await, Outcome::Reverted);
        assert_eq!(session.sent_transactions().await.unwrap(), []);
    });
}

#[test]
fn what_the_wallet_did_not_send_is_not_waited_for() {
    run(async {
        let (pair, session, _) = Pair::signed_in().await;
        let wallet = &pair.alice.wallet;
        let other = session.transact(wallet, 1, &request(), "").await;
        assert_eq!(other, Err(TransactionError::OtherChain));
        wallet.set_failure(Some(WalletError::Refused));
        let refused = session.transact(wallet, CHAIN, &request(), "").await;
        assert_eq!(refused, Err(TransactionError::Wallet(WalletError::Refused)));
        assert_eq!(session.sent_transactions().await.unwrap(), []);
    });
}

#[test]
fn two_tabs_that_send_at_the_same_time_lose_neither() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let (wallet, other) = (&pair.alice.wallet, pair.alice.resume().await);
        let request = request();
        let (one, two) = join(
            alice.transact(wallet, CHAIN, &request, "one"),
            other.transact(wallet, CHAIN, &request, "two"),
        )
        .await;
        assert_ne!(one.unwrap(), two.unwrap());
        assert_eq!(other.sent_transactions().await.unwrap().len(), 2);
    });
}
