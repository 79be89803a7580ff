//! The calls that say who owns an NFT (ERC-721), and whether an account has one of many (ERC-1155).

use super::abi::{Arg, Tuple, encode_call};
use super::ens::SUPPORTS_INTERFACE;
use super::lookup::CallOutcome;
use crate::identity::Address;

/// `ownerOf(uint256)` of ERC-721.
pub const OWNER_OF: [u8; 4] = [0x63, 0x52, 0x21, 0x1e];
/// `balanceOf(address,uint256)` of ERC-1155.
pub const HELD: [u8; 4] = [0x00, 0xfd, 0xd5, 0x8e];
/// The id of the interface of ERC-1155.
const ERC_1155: [u8; 4] = [0xd9, 0xb6, 0x7a, 0x26];

/// Asks a contract for the owner of a token.
pub fn owner_call(token: [u8; 32]) -> Vec<u8> {
    encode_call(OWNER_OF, &[Arg::Word(token)])
}

/// The owner; `None` if there is none, or the contract has no such tokens.
pub fn owner(answer: &CallOutcome) -> Option<Address> {
    let CallOutcome::Returned(data) = answer else { return None };
    let owner = Tuple::new(data).and_then(|answer| answer.address(0)).ok();
    owner.filter(|owner| *owner != Address::ZERO)
}

/// Asks a contract whether many may have each of its tokens (EIP-165).
pub fn many_owners_call() -> Vec<u8> {
    encode_call(SUPPORTS_INTERFACE, &[Arg::Bytes4(ERC_1155)])
}

/// Whether many may.
pub fn has_many_owners(answer: &CallOutcome) -> bool {
    match answer {
        CallOutcome::Returned(data) => Tuple::new(data).and_then(|answer| answer.boolean(0)).unwrap_or(false),
        CallOutcome::Reverted(_) => false,
    }
}

/// Asks a contract how many of a token an account has.
pub fn held_call(account: Address, token: [u8; 32]) -> Vec<u8> {
    encode_call(HELD, &[Arg::Address(account), Arg::Word(token)])
}

/// Whether that is one at least; `None` if the answer is none, as that of an address without a contract.
pub fn is_held(answer: &CallOutcome) -> Option<bool> {
    let CallOutcome::Returned(data) = answer else { return None };
    let count = Tuple::new(data).and_then(|answer| answer.word(0)).ok()?;
    Some(count != [0; 32])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::abi::encode;
    use crate::seal::keccak256;

    #[test]
    fn selectors_are_the_hashes_of_their_signatures() {
        assert_eq!(OWNER_OF, keccak256(b"ownerOf(uint256)")[..4]);
        assert_eq!(HELD, keccak256(b"balanceOf(address,uint256)")[..4]);
        let functions = [
            "balanceOf(address,uint256)",
            "balanceOfBatch(address[],uint256[])",
            "setApprovalForAll(address,bool)",
            "isApprovedForAll(address,address)",
            "safeTransferFrom(address,address,uint256,uint256,bytes)",
            "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
        ];
        let id = functions.iter().fold([0; 4], |id: [u8; 4], function| {
            let hash = keccak256(function.as_bytes());
            std::array::from_fn(|at| id[at] ^ hash[at])
        });
        assert_eq!(ERC_1155, id);
    }

    #[test]
    fn only_an_account_owns_something() {
        let returned = |arg| CallOutcome::Returned(encode(&[arg]));
        let account = Address::from_bytes([7; 20]);
        assert_eq!(owner(&returned(Arg::Address(account))), Some(account));
        assert_eq!(owner(&returned(Arg::Address(Address::ZERO))), None);
        assert_eq!(owner(&returned(Arg::Word([0xff; 32]))), None);
        assert_eq!(owner(&CallOutcome::Returned(Vec::new())), None);
        assert_eq!(owner(&CallOutcome::Reverted(Vec::new())), None);
        assert!(has_many_owners(&returned(Arg::Uint(1))));
        assert!(!has_many_owners(&returned(Arg::Uint(2))));
        assert!(!has_many_owners(&CallOutcome::Returned(Vec::new())));
    }

    #[test]
    fn only_a_number_says_how_many_somebody_has() {
        let returned = |data| is_held(&CallOutcome::Returned(data));
        assert_eq!(returned(encode(&[Arg::Uint(0)])), Some(false));
        assert_eq!(returned(encode(&[Arg::Uint(1)])), Some(true));
        assert_eq!(returned(vec![0xff; 32]), Some(true));
        assert_eq!(returned(vec![0xff; 31]), None);
        assert_eq!(returned(Vec::new()), None);
        assert_eq!(is_held(&CallOutcome::Reverted(vec![0xff; 32])), None);
    }
}
