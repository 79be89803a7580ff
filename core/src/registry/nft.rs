//! The calls that say who owns an NFT (ERC-721, ERC-1155).

use super::abi::{Arg, Tuple, encode_call};
use super::ens::SUPPORTS_INTERFACE;
use super::lookup::CallOutcome;
use crate::identity::Address;

/// `ownerOf(uint256)` of ERC-721.
pub const OWNER_OF: [u8; 4] = [0x63, 0x52, 0x21, 0x1e];
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::abi::encode;
    use crate::seal::keccak256;

    #[test]
    fn selectors_are_the_hashes_of_their_signatures() {
        assert_eq!(OWNER_OF, keccak256(b"ownerOf(uint256)")[..4]);
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
}
