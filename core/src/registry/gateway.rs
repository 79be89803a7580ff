//! The server's side of CCIP-read (EIP-3668): what a resolver's gateway is asked, and the bytes of a
//! signed answer, in the two forms that are deployed.
//!
//! ```text
//! h = keccak256(0x1900 ‖ target ‖ expires as u64 ‖ keccak256(request) ‖ keccak256(result))
//! answer = abi(bytes result, uint64 expires, bytes signature)
//! ```

use super::abi::{AbiError, Arg, Tuple, encode, split_selector};
use super::ens;
use crate::identity::wallet_signature::eip191_hash;
use crate::identity::{Address, EnsName, NameError};
use crate::seal::keccak256;

/// The coin type of Ethereum (SLIP-44).
const ETHEREUM: u64 = 60;

/// Which resolver contract asks, and so which bytes it verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningForm {
    /// ENS's OffchainResolver: asks `resolve(bytes,bytes)`, takes a signature over the hash itself.
    OffchainResolver,
    /// dm3's ERC3668Resolver with SignatureCcipVerifier: asks `resolveWithContext(bytes,bytes,bytes)`,
    /// takes an EIP-191 signature over the hash, wants addresses as 20 bare bytes.
    Dm3,
}

/// Which record a gateway is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayRecord {
    /// `addr(bytes32)`.
    Address,
    /// `addr(bytes32,uint256)` for Ethereum.
    EthereumAddress,
    /// `text(bytes32,string)` with its key.
    Text(String),
    /// Anything else, by its selector, including addresses on other chains: there is no such record.
    Other([u8; 4]),
}

/// A question to a name gateway. The node that was asked for is the name's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayQuery {
    /// The name, normalised.
    pub name: EnsName,
    /// What is asked about it.
    pub record: GatewayRecord,
    /// The form the answer must have.
    pub form: SigningForm,
}

/// Why a question is none that a name gateway answers. All of them are the asker's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The path or the members of the request are not an address and call data in hexadecimal.
    #[error("ask with /{{resolver address}}/{{call data}}, both as 0x and hexadecimal digits")]
    Form,
    /// The call data do not decode.
    #[error("the call data do not decode: {0}")]
    CallData(#[from] AbiError),
    /// Neither `resolve` nor `resolveWithContext`.
    #[error("unknown function 0x{}; ask resolve(bytes,bytes)", hex::encode(.0))]
    Function([u8; 4]),
    /// The DNS form of the name is broken, or the name is not valid in ENS.
    #[error("the name is malformed")]
    DnsName,
    /// The name is not valid in ENS.
    #[error("the name is not valid: {0}")]
    Name(#[from] NameError),
    /// Name and node belong to different names.
    #[error("the node is not the hash of the name")]
    Node,
}

/// Reads resolver address and call data as they stand in a gateway's path (`/0x…/0x….json`) or body.
pub fn parse_request(sender: &str, data: &str) -> Result<(Address, Vec<u8>), GatewayError> {
    let sender = Address::parse_unchecked_case(sender).map_err(|_| GatewayError::Form)?;
    let digits = data.strip_suffix(".json").unwrap_or(data).strip_prefix("0x").ok_or(GatewayError::Form)?;
    if digits.len() > 2 * super::abi::MAX_DATA {
        return Err(AbiError::TooLarge.into());
    }
    Ok((sender, hex::decode(digits).map_err(|_| GatewayError::Form)?))
}

impl GatewayQuery {
    /// Reads the call data of a gateway request.
    pub fn parse(call_data: &[u8]) -> Result<Self, GatewayError> {
        let (function, args) = split_selector(call_data)?;
        let form = match function {
            ens::RESOLVE => SigningForm::OffchainResolver,
            ens::RESOLVE_WITH_CONTEXT => SigningForm::Dm3,
            other => return Err(GatewayError::Function(other)),
        };
        let args = Tuple::new(args)?;
        let name = name_from_dns(args.bytes(0)?)?;
        let (selector, inner) = split_selector(args.bytes(1)?)?;
        let inner = Tuple::new(inner)?;
        let record = match selector {
            ens::ADDR => GatewayRecord::Address,
            ens::ADDR_OF_COIN if inner.uint(1) == Ok(ETHEREUM) => GatewayRecord::EthereumAddress,
            ens::TEXT => GatewayRecord::Text(inner.string(1)?.to_owned()),
            other => GatewayRecord::Other(other),
        };
        if inner.word(0)? != name.namehash() {
            return Err(GatewayError::Node);
        }
        Ok(Self { name, record, form })
    }

    /// The result bytes for the address records; `None` means that there is no such record.
    pub fn address_result(&self, address: Option<Address>) -> Vec<u8> {
        match (&self.record, self.form) {
            (GatewayRecord::Address, SigningForm::OffchainResolver) => {
                encode(&[Arg::Address(address.unwrap_or(Address::ZERO))])
            }
            (GatewayRecord::Address, SigningForm::Dm3) => {
                address.map(|address| address.as_bytes().to_vec()).unwrap_or_default()
            }
            (GatewayRecord::EthereumAddress, _) => {
                encode(&[Arg::Bytes(address.as_ref().map_or(&[], |address| address.as_bytes()))])
            }
            _ => self.no_result(),
        }
    }

    /// The result bytes for a text record; `None` means that there is no such record.
    pub fn text_result(&self, text: Option<&str>) -> Vec<u8> {
        match self.record {
            GatewayRecord::Text(_) => encode(&[Arg::Bytes(text.unwrap_or_default().as_bytes())]),
            _ => self.no_result(),
        }
    }

    /// The result bytes that say: there is no such record.
    pub fn no_result(&self) -> Vec<u8> {
        match (&self.record, self.form) {
            (GatewayRecord::Address | GatewayRecord::EthereumAddress, _) => self.address_result(None),
            (GatewayRecord::Text(_), _) => self.text_result(None),
            (GatewayRecord::Other(_), SigningForm::OffchainResolver) => Vec::new(),
            // dm3's verifier unwraps one `bytes` and reverts on less.
            (GatewayRecord::Other(_), SigningForm::Dm3) => encode(&[Arg::Bytes(&[])]),
        }
    }
}

/// The hash that the gateway's Ethereum key signs (recoverable, 65 bytes `r ‖ s ‖ v`, v 27 or 28).
///
/// `target` is the resolver contract, `expires` in seconds since 1970, `request` the whole call data.
pub fn response_digest(
    form: SigningForm,
    target: Address,
    expires: u64,
    request: &[u8],
    result: &[u8],
) -> [u8; 32] {
    let mut text = vec![0x19, 0x00];
    text.extend_from_slice(target.as_bytes());
    text.extend_from_slice(&expires.to_be_bytes());
    text.extend_from_slice(&keccak256(request));
    text.extend_from_slice(&keccak256(result));
    let hash = keccak256(&text);
    match form {
        SigningForm::OffchainResolver => hash,
        SigningForm::Dm3 => eip191_hash(&hash),
    }
}

/// The bytes a gateway puts, as hexadecimal, into `{"data":"0x…"}`.
pub fn encode_answer(result: &[u8], expires: u64, signature: &[u8]) -> Vec<u8> {
    encode(&[Arg::Bytes(result), Arg::Uint(expires), Arg::Bytes(signature)])
}

/// Reads the DNS wire form: length-prefixed labels and a zero.
fn name_from_dns(mut bytes: &[u8]) -> Result<EnsName, GatewayError> {
    let mut text = String::new();
    loop {
        match bytes.split_first() {
            Some((0, [])) => break,
            Some((len, rest)) if *len > 0 && usize::from(*len) <= rest.len() => {
                let (label, rest) = rest.split_at(usize::from(*len));
                let label = std::str::from_utf8(label).map_err(|_| GatewayError::DnsName)?;
                if label.contains('.') || text.len() > 255 {
                    return Err(GatewayError::DnsName);
                }
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(label);
                bytes = rest;
            }
            _ => return Err(GatewayError::DnsName),
        }
    }
    Ok(text.parse()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::abi::encode_call;
    use super::*;

    fn query(name: &str, call: &[u8]) -> Result<GatewayQuery, GatewayError> {
        let name: EnsName = name.parse().unwrap();
        GatewayQuery::parse(&ens::resolve_call(&name, call))
    }

    fn alice() -> EnsName {
        "alice.eth".parse().unwrap()
    }

    #[test]
    fn the_questions_of_ens_are_understood() {
        let text = query("alice.eth", &ens::text_call(&alice(), "network.dm3.profile")).unwrap();
        assert_eq!(text.name, alice());
        assert_eq!(text.record, GatewayRecord::Text("network.dm3.profile".into()));
        assert_eq!(text.form, SigningForm::OffchainResolver);
        let coin = |coin| encode_call(ens::ADDR_OF_COIN, &[Arg::Word(alice().namehash()), Arg::Uint(coin)]);
        assert_eq!(query("alice.eth", &coin(60)).unwrap().record, GatewayRecord::EthereumAddress);
        assert_eq!(query("alice.eth", &coin(0)).unwrap().record, GatewayRecord::Other(ens::ADDR_OF_COIN));
        assert_eq!(query("alice.eth", &ens::addr_call(&alice())).unwrap().record, GatewayRecord::Address);
    }

    #[test]
    fn a_node_of_another_name_is_refused() {
        assert_eq!(query("bob.eth", &ens::addr_call(&alice())), Err(GatewayError::Node));
    }

    #[test]
    fn broken_questions_are_refused() {
        assert_eq!(GatewayQuery::parse(&[1, 2]), Err(GatewayError::CallData(AbiError::OutOfBounds)));
        assert_eq!(GatewayQuery::parse(&[1, 2, 3, 4]), Err(GatewayError::Function([1, 2, 3, 4])));
        for dns in [&b""[..], b"\x05alice", b"\x05alice\x03eth\0x", b"\x09alice.eth\0", b"\xff\0"] {
            let data = encode_call(ens::RESOLVE, &[Arg::Bytes(dns), Arg::Bytes(&ens::addr_call(&alice()))]);
            assert_eq!(GatewayQuery::parse(&data), Err(GatewayError::DnsName));
        }
        assert_eq!(parse_request("0x11", "0x"), Err(GatewayError::Form));
        assert_eq!(parse_request(&Address::ZERO.to_string(), "0xabc"), Err(GatewayError::Form));
        let (_, data) = parse_request(&Address::ZERO.to_string(), "0xab.json").unwrap();
        assert_eq!(data, [0xab]);
    }

    #[test]
    fn addresses_take_the_form_that_the_contract_reads() {
        let address = Address::from_bytes([7; 20]);
        let mut query = query("alice.eth", &ens::addr_call(&alice())).unwrap();
        assert_eq!(query.address_result(Some(address)).len(), 32);
        assert_eq!(query.no_result(), [0; 32]);
        query.form = SigningForm::Dm3;
        assert_eq!(query.address_result(Some(address)), [7; 20]);
        assert!(query.no_result().is_empty());
        query.record = GatewayRecord::EthereumAddress;
        assert_eq!(Tuple::new(&query.address_result(Some(address))).unwrap().bytes(0), Ok(&[7; 20][..]));
    }

    proptest! {
        #[test]
        fn hostile_questions_never_panic(data in proptest::collection::vec(any::<u8>(), 0..300), dm3: bool) {
            let selector = if dm3 { ens::RESOLVE_WITH_CONTEXT } else { ens::RESOLVE };
            let _ = GatewayQuery::parse(&[&selector[..], &data].concat());
            let _ = name_from_dns(&data);
        }
    }
}
