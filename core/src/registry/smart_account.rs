//! Signatures of smart accounts, which only their contracts can check.
//!
//! ```text
//! deployed       account.isValidSignature(hash, signature) = 0x1626ba7e                                 (ERC-1271)
//! not yet        signature = abi(factory, preparation, inner) ‖ 0x6492…6492: the factory deploys the
//!                account first, in a call whose effects are forgotten                                   (ERC-6492)
//! ```

use super::CallOutcome;
use super::abi::{Arg, Tuple, encode_call};
use crate::identity::wallet_signature::RecoverError;
use crate::identity::{Address, SignedProfile, VerifiedProfile};

/// `isValidSignature(bytes32,bytes)`; also what it returns if the signature is valid.
pub const IS_VALID_SIGNATURE: [u8; 4] = [0x16, 0x26, 0xba, 0x7e];
/// What the signatures of accounts that are not deployed end in (ERC-6492).
pub(crate) const NOT_DEPLOYED: [u8; 32] = *b"\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92\x64\x92";
/// The longest signature, in bytes. A profile with its signature must fit a record.
const MAX_SIGNATURE: usize = 12 * 1024;
/// `contracts/SignatureCheck.yul`, compiled: runs once, and asks an account that may have to be deployed first.
pub(crate) const SIGNATURE_CHECK: &str = include_str!("contracts/SignatureCheck.hex");

/// A question to a smart account: is this signature of yours?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureQuestion {
    to: Option<Address>,
    data: Vec<u8>,
}

impl SignatureQuestion {
    /// About a signature as `0x…` text, of a 32-byte hash.
    ///
    /// # Errors
    /// [`RecoverError::Form`] if it is no signature of any account.
    pub fn new(account: Address, hash: [u8; 32], signature: &str) -> Result<Self, RecoverError> {
        let digits = signature.strip_prefix("0x").filter(|digits| digits.len() <= 2 * MAX_SIGNATURE);
        let signature = digits.and_then(|digits| hex::decode(digits).ok()).ok_or(RecoverError::Form)?;
        let Some(wrapped) = signature.strip_suffix(&NOT_DEPLOYED) else {
            return Ok(Self { to: Some(account), data: check(hash, &signature) });
        };
        let parts = Tuple::new(wrapped).and_then(|t| Ok((t.address(0)?, t.bytes(1)?, t.bytes(2)?)));
        let (factory, preparation, inner) = parts.map_err(|_| RecoverError::Form)?;
        let mut data = hex::decode(SIGNATURE_CHECK.trim_ascii()).map_err(|_| RecoverError::Form)?;
        for address in [account, factory] {
            data.extend_from_slice(&[0; 12]);
            data.extend_from_slice(address.as_bytes());
        }
        data.extend_from_slice(&[0; 24]);
        data.extend_from_slice(&(preparation.len() as u64).to_be_bytes());
        data.extend_from_slice(preparation);
        data.extend_from_slice(&check(hash, inner));
        Ok(Self { to: None, data })
    }

    /// The contract, if it is called; without one the data are code that runs once.
    pub fn to(&self) -> Option<Address> {
        self.to
    }

    /// The data of the `eth_call`.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Whether the account says yes. A contract that is not there, or fails, does not.
    pub fn accepted(&self, outcome: &CallOutcome) -> bool {
        let CallOutcome::Returned(data) = outcome else { return false };
        let answer = Tuple::new(data);
        match self.to {
            Some(_) => answer.and_then(|answer| answer.bytes4(0)) == Ok(IS_VALID_SIGNATURE),
            None => answer.and_then(|answer| answer.boolean(0)) == Ok(true),
        }
    }
}

fn check(hash: [u8; 32], signature: &[u8]) -> Vec<u8> {
    encode_call(IS_VALID_SIGNATURE, &[Arg::Word(hash), Arg::Bytes(signature)])
}

/// Code that runs once and returns how many bytes of code `account` has: `extcodesize` of the address behind `PUSH20`,
/// as a word.
pub fn code_size_call(account: Address) -> Vec<u8> {
    [&[0x73][..], account.as_bytes(), &[0x3b, 0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0xf3]].concat()
}

/// Whether the answer to [`code_size_call`] is a contract's; `None` if it is no answer. An ordinary account may lend the code
/// of one (EIP-7702): its own code is then a marker and an address, 23 bytes, and it signs as before.
pub fn is_contract(outcome: &CallOutcome) -> Option<bool> {
    let CallOutcome::Returned(data) = outcome else { return None };
    let size = Tuple::new(data).and_then(|answer| answer.uint(0)).ok()?;
    Some(size > 0 && size != 23)
}

/// A profile that may have been signed by a smart account. Only the account's own yes makes it a verified one.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileQuestion {
    account: Address,
    signed: SignedProfile,
    question: SignatureQuestion,
}

impl ProfileQuestion {
    /// About a profile that `account` may have signed.
    ///
    /// # Errors
    /// [`RecoverError::Form`] if it carries no signature of any account.
    pub fn new(signed: SignedProfile, account: Address) -> Result<Self, RecoverError> {
        let (hash, signature) = signed.claim(account);
        let question = SignatureQuestion::new(account, hash, signature)?;
        Ok(Self { account, signed, question })
    }

    /// What to ask.
    pub fn question(&self) -> &SignatureQuestion {
        &self.question
    }

    /// Takes what came of it.
    pub fn answer(self, outcome: &CallOutcome) -> Option<VerifiedProfile> {
        self.question.accepted(outcome).then(|| self.signed.accepted_by(self.account))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::abi::encode;
    use super::*;
    use crate::seal::keccak256;

    const ACCOUNT: Address = Address::from_bytes([0xaa; 20]);

    fn question(signature: &[u8]) -> Result<SignatureQuestion, RecoverError> {
        SignatureQuestion::new(ACCOUNT, [7; 32], &format!("0x{}", hex::encode(signature)))
    }

    fn returned(data: &[u8]) -> CallOutcome {
        CallOutcome::Returned(data.to_vec())
    }

    #[test]
    fn a_deployed_account_is_asked_itself_and_must_say_the_exact_word() {
        assert_eq!(IS_VALID_SIGNATURE, keccak256(b"isValidSignature(bytes32,bytes)")[..4]);
        let question = question(&[1, 2, 3]).unwrap();
        assert_eq!(question.to(), Some(ACCOUNT));
        assert_eq!(question.data(), check([7; 32], &[1, 2, 3]));
        assert!(question.accepted(&returned(&encode(&[Arg::Bytes4(IS_VALID_SIGNATURE)]))));
        for no in [&[][..], &[0; 32], &[0xff; 32], &IS_VALID_SIGNATURE, &[0x16; 32]] {
            assert!(!question.accepted(&returned(no)), "{no:?}");
        }
        assert!(!question.accepted(&returned(&encode(&[Arg::Uint(1)]))));
        let yes = encode(&[Arg::Bytes4(IS_VALID_SIGNATURE)]);
        assert!(!question.accepted(&CallOutcome::Reverted(yes)));
    }

    #[test]
    fn an_account_that_is_not_deployed_is_deployed_for_the_question() {
        let factory = Address::from_bytes([0xfa; 20]);
        let wrapped = encode(&[Arg::Address(factory), Arg::Bytes(&[9; 40]), Arg::Bytes(&[1, 2])]);
        let question = question(&[&wrapped[..], &NOT_DEPLOYED].concat()).unwrap();
        assert_eq!(question.to(), None);
        let code = hex::decode(SIGNATURE_CHECK.trim()).unwrap();
        let arguments = question.data().strip_prefix(code.as_slice()).unwrap();
        assert_eq!(Tuple::new(arguments).unwrap().address(0), Ok(ACCOUNT));
        assert_eq!(Tuple::new(arguments).unwrap().address(1), Ok(factory));
        assert_eq!(Tuple::new(arguments).unwrap().uint(2), Ok(40));
        assert_eq!(arguments[96..], [&[9; 40][..], &check([7; 32], &[1, 2])].concat());
        assert!(question.accepted(&returned(&encode(&[Arg::Uint(1)]))));
        assert!(!question.accepted(&returned(&encode(&[Arg::Uint(0)]))));
        assert!(!question.accepted(&returned(&encode(&[Arg::Bytes4(IS_VALID_SIGNATURE)]))));
    }

    #[test]
    fn a_contract_is_told_from_an_ordinary_account_with_or_without_lent_code() {
        assert_eq!(
            hex::encode(code_size_call(ACCOUNT)),
            format!("73{}3b60005260206000f3", hex::encode(ACCOUNT.as_bytes()))
        );
        let size = |size| is_contract(&returned(&encode(&[Arg::Uint(size)])));
        assert_eq!([1, 171, 24_576].map(size), [Some(true); 3]);
        assert_eq!([0, 23].map(size), [Some(false); 2]);
        for none in [returned(&[]), CallOutcome::Reverted(encode(&[Arg::Uint(1)]))] {
            assert_eq!(is_contract(&none), None);
        }
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        for bad in [&NOT_DEPLOYED[..], &[&[0xff; 96][..], &NOT_DEPLOYED].concat(), &[0; MAX_SIGNATURE + 1]] {
            assert_eq!(question(bad), Err(RecoverError::Form));
        }
        assert_eq!(SignatureQuestion::new(ACCOUNT, [0; 32], "12"), Err(RecoverError::Form));
        assert_eq!(SignatureQuestion::new(ACCOUNT, [0; 32], "0x1"), Err(RecoverError::Form));
    }

    proptest! {
        #[test]
        fn hostile_signatures_never_panic(data in proptest::collection::vec(any::<u8>(), 0..300), wrapped: bool) {
            let data = if wrapped { [&data[..], &NOT_DEPLOYED].concat() } else { data };
            let _ = question(&data);
        }
    }
}
