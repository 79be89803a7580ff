//! The calls that say what an account holds: coins, by code that runs once, and tokens (ERC-20).

use super::abi::{Arg, Tuple, encode_call};
use super::lookup::CallOutcome;
use crate::delivery::Amount;
use crate::identity::Address;

/// `balanceOf(address)` of ERC-20.
pub const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
/// PUSH20, and after the account: BALANCE, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN.
const PUSH: u8 = 0x73;
const AND_RETURN: [u8; 9] = [0x31, 0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0xf3];

/// Code that returns how many wei an account holds. It goes to no contract.
pub fn coins_code(account: Address) -> Vec<u8> {
    [&[PUSH], account.as_bytes().as_slice(), &AND_RETURN].concat()
}

/// The account of which [`coins_code`] asks.
#[cfg(any(test, feature = "testing"))]
pub fn coins_asked(code: &[u8]) -> Option<Address> {
    let account = code.strip_prefix(&[PUSH])?.strip_suffix(&AND_RETURN)?;
    Some(Address::from_bytes(account.try_into().ok()?))
}

/// Asks a token's contract how much an account holds of it.
pub fn token_call(account: Address) -> Vec<u8> {
    encode_call(BALANCE_OF, &[Arg::Address(account)])
}

/// How much it is; `None` if the answer is none, as that of an address without a contract.
pub fn amount(answer: &CallOutcome) -> Option<Amount> {
    let CallOutcome::Returned(data) = answer else { return None };
    Some(Amount::from_be_bytes(Tuple::new(data).ok()?.word(0).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::abi::encode;
    use crate::seal::keccak256;

    #[test]
    fn the_selector_is_the_hash_of_its_signature() {
        assert_eq!(BALANCE_OF, keccak256(b"balanceOf(address)")[..4]);
    }

    #[test]
    fn the_code_asks_for_one_account() {
        let account = Address::from_bytes([7; 20]);
        assert_eq!(coins_asked(&coins_code(account)), Some(account));
        assert_eq!(hex::encode(coins_code(account)), format!("73{}3160005260206000f3", "07".repeat(20)));
    }

    #[test]
    fn only_a_word_is_an_amount() {
        let returned = |data| amount(&CallOutcome::Returned(data));
        assert_eq!(returned(encode(&[Arg::Uint(12)])), Some(Amount::from(12)));
        let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        assert_eq!(returned(vec![0xff; 32]), most.parse().ok());
        assert_eq!(returned(Vec::new()), None);
        assert_eq!(amount(&CallOutcome::Reverted(vec![0; 32])), None);
    }
}
