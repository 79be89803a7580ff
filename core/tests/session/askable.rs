//! What a receiver can ask strangers for, as contracts say it.

use dm3_core::identity::Address;
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::{deposits, erc20};
use dm3_core::session::{Askable, Token};
use dm3_core::testing::{Fault, Network, Pair};

use crate::support::run;

const CONTRACT: Address = Address::from_bytes([7; 20]);
const TOKEN: Address = Address::from_bytes([8; 20]);

fn put_token(network: &Network, symbol: &str, decimals: u64) {
    network.set_answer(TOKEN, &erc20::decimals_call(), &encode(&[Arg::Uint(decimals)]));
    network.set_answer(TOKEN, &erc20::symbol_call(), &encode(&[Arg::Bytes(symbol.as_bytes())]));
}

fn token() -> Token {
    Token { address: TOKEN, symbol: Some("DAI".to_owned()), decimals: 18 }
}

#[test]
fn a_contract_of_deposits_says_its_token_and_slot_and_a_token_what_it_is() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_token(&pair.network, "DAI", 18);
        pair.network.set_answer(CONTRACT, &deposits::token_call(), &encode(&[Arg::Address(TOKEN)]));
        pair.network.set_answer(CONTRACT, &deposits::slot_call(), &encode(&[Arg::Uint(500)]));
        let found = alice.directory().askable(CONTRACT).await.unwrap();
        let expected = Askable::Deposits { chain: 31337, contract: CONTRACT, token: token(), slot: 500 };
        assert_eq!(found, Some(expected));
        assert_eq!(alice.directory().askable(TOKEN).await.unwrap(), Some(Askable::Token(token())));
    });
}

#[test]
fn what_can_not_be_asked_for_is_nothing_and_a_silent_chain_is_no_answer() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        assert_eq!(alice.directory().askable(CONTRACT).await.unwrap(), None, "nothing is there");
        pair.network.set_answer(CONTRACT, &deposits::token_call(), &encode(&[Arg::Address(TOKEN)]));
        pair.network.set_answer(CONTRACT, &deposits::slot_call(), &encode(&[Arg::Uint(0)]));
        put_token(&pair.network, "DAI", 18);
        assert_eq!(alice.directory().askable(CONTRACT).await.unwrap(), None, "slots of nothing");
        put_token(&pair.network, "DAI", 1_000);
        assert_eq!(alice.directory().askable(TOKEN).await.unwrap(), None, "more places than numbers have");
        pair.network.fail("eth_call", Fault::Unreachable);
        assert!(alice.directory().askable(CONTRACT).await.is_err());
    });
}
