//! What a token's contract (ERC-20) says of itself, and allowances. Tokens are anybody's: what they say is bounded.

use super::abi::{Arg, Tuple, encode_call};
use super::deposits::{number, word};
use super::lookup::CallOutcome;
use crate::identity::Address;

/// `symbol()`.
const SYMBOL: [u8; 4] = [0x95, 0xd8, 0x9b, 0x41];
/// `decimals()`.
const DECIMALS: [u8; 4] = [0x31, 0x3c, 0xe5, 0x67];
/// `allowance(address,address)`.
const ALLOWANCE: [u8; 4] = [0xdd, 0x62, 0xed, 0x3e];
/// `approve(address,uint256)`.
const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
/// The longest symbol that is shown, in characters.
const MAX_SYMBOL: usize = 12;
/// The most decimals that a number of 128 bits has use for.
const MAX_DECIMALS: u64 = 38;

/// Asks what the token is called in short.
pub fn symbol_call() -> Vec<u8> {
    encode_call(SYMBOL, &[])
}

/// What it is called: letters and digits alone, so that it is taken for nothing else. `None` if it has none of them.
pub fn symbol(answer: &CallOutcome) -> Option<String> {
    let CallOutcome::Returned(data) = answer else { return None };
    let said = Tuple::new(data).ok()?.string(0).ok()?;
    let symbol: String = said.chars().filter(char::is_ascii_alphanumeric).take(MAX_SYMBOL).collect();
    (!symbol.is_empty()).then_some(symbol)
}

/// Asks by how many places the token's smallest unit is below what people count.
pub fn decimals_call() -> Vec<u8> {
    encode_call(DECIMALS, &[])
}

/// By how many; `None` if it does not say, or by more than numbers have.
pub fn decimals(answer: &CallOutcome) -> Option<u8> {
    let CallOutcome::Returned(data) = answer else { return None };
    let decimals = Tuple::new(data).ok()?.uint(0).ok()?;
    (decimals <= MAX_DECIMALS).then_some(decimals as u8)
}

/// Asks how much of an account's tokens somebody may take.
pub fn allowance_call(owner: Address, spender: Address) -> Vec<u8> {
    encode_call(ALLOWANCE, &[Arg::Address(owner), Arg::Address(spender)])
}

/// An amount, in the smallest unit; the most there is of it if it is more than 128 bits have. `None` if the answer is none.
pub fn amount(answer: &CallOutcome) -> Option<u128> {
    let CallOutcome::Returned(data) = answer else { return None };
    let word = Tuple::new(data).ok()?.word(0).ok()?;
    Some(number(word).unwrap_or(u128::MAX))
}

/// Lets somebody take so much.
pub fn approve(spender: Address, amount: u128) -> Vec<u8> {
    encode_call(APPROVE, &[Arg::Address(spender), Arg::Word(word(amount))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::abi::encode;
    use crate::seal::keccak256;

    fn returned(args: &[Arg<'_>]) -> CallOutcome {
        CallOutcome::Returned(encode(args))
    }

    #[test]
    fn selectors_are_the_hashes_of_their_signatures() {
        for (selector, signature) in [
            (SYMBOL, "symbol()"),
            (DECIMALS, "decimals()"),
            (ALLOWANCE, "allowance(address,address)"),
            (APPROVE, "approve(address,uint256)"),
        ] {
            assert_eq!(selector, keccak256(signature.as_bytes())[..4], "{signature}");
        }
    }

    #[test]
    fn a_symbol_is_short_and_plain() {
        assert_eq!(symbol(&returned(&[Arg::Bytes(b"DAI")])).as_deref(), Some("DAI"));
        let odd = "US\u{202e}D <b>Coin</b> and much more";
        assert_eq!(symbol(&returned(&[Arg::Bytes(odd.as_bytes())])).as_deref(), Some("USDbCoinband"));
        for none in [
            returned(&[Arg::Bytes("…".as_bytes())]),
            CallOutcome::Returned(Vec::new()),
            CallOutcome::Reverted(Vec::new()),
        ] {
            assert_eq!(symbol(&none), None);
        }
    }

    #[test]
    fn decimals_and_amounts_are_read() {
        assert_eq!(decimals(&returned(&[Arg::Uint(18)])), Some(18));
        assert_eq!(decimals(&returned(&[Arg::Uint(39)])), None);
        assert_eq!(amount(&CallOutcome::Returned(vec![0xff; 32])), Some(u128::MAX));
        assert_eq!(amount(&returned(&[Arg::Uint(5)])), Some(5));
    }
}
