//! Publishing on an own name: the transaction that the owner's wallet is asked for (EIP-634).

use super::abi::{Arg, encode_call};
use super::{PROFILE_KEY, TransactionRequest, profile_record};
use crate::identity::{Address, EnsName, VerifiedProfile};

/// `setText(bytes32,string,string)` of a resolver.
pub const SET_TEXT: [u8; 4] = [0x10, 0xf1, 0x3a, 0x8c];
/// `multicall(bytes[])` of a resolver.
pub const MULTICALL: [u8; 4] = [0xac, 0x96, 0x50, 0xd8];

impl TransactionRequest {
    /// Sets text records of a name at its resolver: one call, or several in one transaction. An empty value removes.
    pub fn set_texts(resolver: Address, name: &EnsName, records: &[(&str, &str)]) -> Self {
        let node = Arg::Word(name.namehash());
        let set = |(key, value): &(&str, &str)| {
            encode_call(SET_TEXT, &[node, Arg::Bytes(key.as_bytes()), Arg::Bytes(value.as_bytes())])
        };
        let calls: Vec<Vec<u8>> = records.iter().map(set).collect();
        let data = match calls.as_slice() {
            [one] => one.clone(),
            several => {
                let several: Vec<&[u8]> = several.iter().map(Vec::as_slice).collect();
                encode_call(MULTICALL, &[Arg::List(&several)])
            }
        };
        Self::call(resolver, data)
    }

    /// Publishes a profile on a name of its account.
    pub fn set_profile(resolver: Address, name: &EnsName, profile: &VerifiedProfile) -> Self {
        Self::set_texts(resolver, name, &[(PROFILE_KEY, &profile_record(profile.as_signed()))])
    }
}

#[cfg(test)]
mod tests {
    use super::super::abi::{Tuple, split_selector};
    use super::*;
    use crate::seal::keccak256;

    const RESOLVER: Address = Address::from_bytes([0x11; 20]);

    fn name() -> EnsName {
        "alice.eth".parse().unwrap()
    }

    fn read(data: &[u8]) -> (String, String) {
        let (selector, args) = split_selector(data).unwrap();
        assert_eq!(selector, SET_TEXT);
        let args = Tuple::new(args).unwrap();
        assert_eq!(args.word(0), Ok(name().namehash()));
        (args.string(1).unwrap().to_owned(), args.string(2).unwrap().to_owned())
    }

    #[test]
    fn selectors_are_the_hashes_of_their_signatures() {
        assert_eq!(SET_TEXT, keccak256(b"setText(bytes32,string,string)")[..4]);
        assert_eq!(MULTICALL, keccak256(b"multicall(bytes[])")[..4]);
    }

    #[test]
    fn one_record_is_one_call_and_several_are_one_transaction() {
        let one = TransactionRequest::set_texts(RESOLVER, &name(), &[("key", "välue")]);
        assert_eq!(read(&one.data), ("key".into(), "välue".into()));
        assert_eq!((one.to, one.value), (RESOLVER, 0));

        let several = TransactionRequest::set_texts(RESOLVER, &name(), &[("a", "1"), ("b", "")]);
        let (selector, args) = split_selector(&several.data).unwrap();
        assert_eq!(selector, MULTICALL);
        let calls = Tuple::new(args).unwrap().list(0).unwrap();
        let calls: Vec<_> = calls.into_iter().map(read).collect();
        assert_eq!(calls, [("a".into(), "1".into()), ("b".into(), String::new())]);
    }
}
