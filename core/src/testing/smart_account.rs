//! Accounts that are contracts.

use crate::identity::Address;
use crate::identity::wallet_signature::recover_hash;
use crate::registry::abi::{Arg, Tuple, encode};
use crate::registry::smart_account::NOT_DEPLOYED;
use crate::registry::{CallOutcome, IS_VALID_SIGNATURE};
use crate::seal::keccak256;

/// Deploys smart accounts.
pub(super) const FACTORY: Address = Address::from_bytes([0xfa; 20]);

/// The address that the factory puts a smart account at.
pub(super) fn smart_account_of(owner: Address) -> Address {
    let hash = keccak256(&[b"smart account of ".as_slice(), owner.as_bytes()].concat());
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    Address::from_bytes(address)
}

/// The signature of a smart account that is not deployed yet (ERC-6492).
pub(super) fn before_deployment(owner: Address, signature: &[u8]) -> Vec<u8> {
    let preparation = encode(&[Arg::Address(owner)]);
    let parts = encode(&[Arg::Address(FACTORY), Arg::Bytes(&preparation), Arg::Bytes(signature)]);
    [&parts[..], &NOT_DEPLOYED].concat()
}

/// `isValidSignature` of a smart account: what its owner signed, whatever follows the signature.
pub(super) fn accepts(owner: Option<Address>, args: Tuple<'_>) -> CallOutcome {
    let Some(owner) = owner else { return CallOutcome::Returned(Vec::new()) };
    let signer = args.word(0).ok().zip(args.bytes(1).ok()).and_then(|(hash, signature)| {
        recover_hash(&hash, &format!("0x{}", hex::encode(signature.get(..65)?))).ok()
    });
    let answer = if signer == Some(owner) { IS_VALID_SIGNATURE } else { [0xff; 4] };
    CallOutcome::Returned(encode(&[Arg::Bytes4(answer)]))
}
