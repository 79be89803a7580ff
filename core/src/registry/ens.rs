//! The calls ENS is read with (EIP-137, EIP-181, EIP-634, EIP-2304, ENSIP-10, EIP-3668,
//! ENSIP-21, ENSIP-23), as bytes.

use super::abi::{Arg, encode_call};
use crate::identity::EnsName;

/// `resolver(bytes32)` of the registry.
pub const RESOLVER: [u8; 4] = [0x01, 0x78, 0xb8, 0xbf];
/// `supportsInterface(bytes4)` (EIP-165).
pub const SUPPORTS_INTERFACE: [u8; 4] = [0x01, 0xff, 0xc9, 0xa7];
/// `ttl(bytes32)` of the registry.
pub const TTL: [u8; 4] = [0x16, 0xa2, 0x5c, 0xbd];
/// `addr(bytes32)`.
pub const ADDR: [u8; 4] = [0x3b, 0x3b, 0x57, 0xde];
/// `addr(bytes32,uint256)`: the address on any chain.
pub const ADDR_OF_COIN: [u8; 4] = [0xf1, 0xcb, 0x7e, 0x06];
/// `text(bytes32,string)`.
pub const TEXT: [u8; 4] = [0x59, 0xd1, 0xd4, 0x3c];
/// `name(bytes32)` of a reverse record.
pub const NAME: [u8; 4] = [0x69, 0x1f, 0x34, 0x31];
/// `resolve(bytes,bytes)`; also the id of the ENSIP-10 interface.
pub const RESOLVE: [u8; 4] = [0x90, 0x61, 0xb9, 0x23];
/// `resolveWithContext(bytes,bytes,bytes)`: what dm3's resolver asks its gateway.
pub const RESOLVE_WITH_CONTEXT: [u8; 4] = [0xf8, 0xc3, 0x0f, 0x63];
/// The error `OffchainLookup(address,string[],bytes,bytes4,bytes)` (EIP-3668).
pub const OFFCHAIN_LOOKUP: [u8; 4] = [0x55, 0x6f, 0x18, 0x30];
/// `reverse(bytes,uint256)` of a universal resolver (ENSIP-23).
pub const REVERSE: [u8; 4] = [0x5d, 0x78, 0xa2, 0x17];
/// `query((address,string[],bytes)[])`: several off-chain questions at once (ENSIP-21).
pub const BATCH_QUERY: [u8; 4] = [0xa7, 0x80, 0xba, 0xb6];
/// The error `ResolverNotFound(bytes)` of a universal resolver.
pub const RESOLVER_NOT_FOUND: [u8; 4] = [0x77, 0x20, 0x9f, 0xe8];
/// The error `ResolverNotContract(bytes,address)` of a universal resolver.
pub const RESOLVER_NOT_CONTRACT: [u8; 4] = [0x1e, 0x95, 0x35, 0xf2];
/// The error `ResolverError(bytes)` of a universal resolver, around the resolver's own.
pub const RESOLVER_ERROR: [u8; 4] = [0x95, 0xc0, 0xc7, 0x52];
/// The error `ReverseAddressMismatch(string,bytes)` of a universal resolver.
pub const REVERSE_ADDRESS_MISMATCH: [u8; 4] = [0xef, 0x9c, 0x03, 0xce];
/// The error `HttpError(uint16,string)`: a gateway failed.
pub const HTTP_ERROR: [u8; 4] = [0x01, 0x80, 0x01, 0x52];
/// The error `UnsupportedResolverProfile(bytes4)`: a resolver's way to say that it has no such record.
pub const UNSUPPORTED_PROFILE: [u8; 4] = [0x7b, 0x1c, 0x46, 0x1b];
/// The error `Error(string)` of a failed `require`.
pub const ERROR_STRING: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];

/// Asks the registry for the resolver of a name.
pub fn resolver_call(name: &EnsName) -> Vec<u8> {
    encode_call(RESOLVER, &[Arg::Word(name.namehash())])
}

/// Asks the registry for how many seconds the records of a name may be kept.
pub fn ttl_call(name: &EnsName) -> Vec<u8> {
    encode_call(TTL, &[Arg::Word(name.namehash())])
}

/// Asks a resolver whether it answers for names below its own (ENSIP-10).
pub fn supports_wildcard_call() -> Vec<u8> {
    encode_call(SUPPORTS_INTERFACE, &[Arg::Bytes4(RESOLVE)])
}

/// Asks for a name's Ethereum address.
pub fn addr_call(name: &EnsName) -> Vec<u8> {
    encode_call(ADDR, &[Arg::Word(name.namehash())])
}

/// Asks for a text record.
pub fn text_call(name: &EnsName, key: &str) -> Vec<u8> {
    encode_call(TEXT, &[Arg::Word(name.namehash()), Arg::Bytes(key.as_bytes())])
}

/// Asks a reverse record for the primary name.
pub fn name_call(name: &EnsName) -> Vec<u8> {
    encode_call(NAME, &[Arg::Word(name.namehash())])
}

/// Asks an ENSIP-10 resolver one of the calls above for a name it may never have heard of.
pub fn resolve_call(name: &EnsName, call: &[u8]) -> Vec<u8> {
    encode_call(RESOLVE, &[Arg::Bytes(&name.dns_encoded()), Arg::Bytes(call)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::keccak256;

    #[test]
    fn selectors_are_the_hashes_of_their_signatures() {
        for (selector, signature) in [
            (RESOLVER, "resolver(bytes32)"),
            (SUPPORTS_INTERFACE, "supportsInterface(bytes4)"),
            (TTL, "ttl(bytes32)"),
            (REVERSE, "reverse(bytes,uint256)"),
            (BATCH_QUERY, "query((address,string[],bytes)[])"),
            (RESOLVER_NOT_FOUND, "ResolverNotFound(bytes)"),
            (RESOLVER_NOT_CONTRACT, "ResolverNotContract(bytes,address)"),
            (RESOLVER_ERROR, "ResolverError(bytes)"),
            (REVERSE_ADDRESS_MISMATCH, "ReverseAddressMismatch(string,bytes)"),
            (HTTP_ERROR, "HttpError(uint16,string)"),
            (UNSUPPORTED_PROFILE, "UnsupportedResolverProfile(bytes4)"),
            (ADDR, "addr(bytes32)"),
            (ADDR_OF_COIN, "addr(bytes32,uint256)"),
            (TEXT, "text(bytes32,string)"),
            (NAME, "name(bytes32)"),
            (RESOLVE, "resolve(bytes,bytes)"),
            (RESOLVE_WITH_CONTEXT, "resolveWithContext(bytes,bytes,bytes)"),
            (OFFCHAIN_LOOKUP, "OffchainLookup(address,string[],bytes,bytes4,bytes)"),
            (ERROR_STRING, "Error(string)"),
        ] {
            assert_eq!(selector, keccak256(signature.as_bytes())[..4], "{signature}");
        }
    }
}
