//! Ethereum's own formats against alloy, which Foundry and Reth are built on, on random and on damaged inputs.
//! `tests/interop` compares them with ethers, too.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking")]

use alloy_primitives::{B256, Bytes, Signature, U256, keccak256 as their_keccak256};
use alloy_sol_types::{SolType, sol_data};
use dm3_core::identity::Address;
use dm3_core::identity::wallet_signature::{eip191_hash, recover, recover_hash};
use dm3_core::registry::abi::{AbiError, Arg, Tuple, encode, encode_call};
use dm3_core::registry::{IS_VALID_SIGNATURE, MULTICALL, SET_TEXT, ens};
use dm3_core::seal::keccak256;
use k256::ecdsa::SigningKey;
use proptest::prelude::*;

/// What the core's tuples of several kinds are in Solidity.
type Tuple5 = (
    sol_data::Address,
    sol_data::Uint<64>,
    sol_data::String,
    sol_data::Bytes,
    sol_data::Array<sol_data::String>,
);

/// The same values as both sides hold them.
#[derive(Clone, Debug, PartialEq)]
struct Values {
    address: [u8; 20],
    number: u64,
    text: String,
    bytes: Vec<u8>,
    texts: Vec<String>,
}

impl Values {
    fn ours(&self) -> Vec<u8> {
        let texts: Vec<&str> = self.texts.iter().map(String::as_str).collect();
        encode(&[
            Arg::Address(Address::from_bytes(self.address)),
            Arg::Uint(self.number),
            Arg::Bytes(self.text.as_bytes()),
            Arg::Bytes(&self.bytes),
            Arg::Strings(&texts),
        ])
    }

    fn read_by_us(data: &[u8]) -> Result<Self, AbiError> {
        let tuple = Tuple::new(data)?;
        Ok(Self {
            address: *tuple.address(0)?.as_bytes(),
            number: tuple.uint(1)?,
            text: tuple.string(2)?.to_owned(),
            bytes: tuple.bytes(3)?.to_vec(),
            texts: tuple.strings(4)?.into_iter().map(str::to_owned).collect(),
        })
    }

    fn theirs(&self) -> Vec<u8> {
        Tuple5::abi_encode_params(&(
            alloy_primitives::Address::from(self.address),
            self.number,
            self.text.clone(),
            Bytes::from(self.bytes.clone()),
            self.texts.clone(),
        ))
    }

    fn read_by_them(data: &[u8]) -> Option<Self> {
        let (address, number, text, bytes, texts) = Tuple5::abi_decode_params(data).ok()?;
        Some(Self { address: address.into(), number, text, bytes: bytes.to_vec(), texts })
    }
}

fn values() -> impl Strategy<Value = Values> {
    let texts = prop::collection::vec(any::<String>(), 0..6);
    let bytes = prop::collection::vec(any::<u8>(), 0..100);
    (any::<[u8; 20]>(), any::<u64>(), any::<String>(), bytes, texts)
        .prop_map(|(address, number, text, bytes, texts)| Values { address, number, text, bytes, texts })
}

/// Any number; often one at an edge: close to zero, to the order of the group, to its half or to 2²⁵⁶.
fn number() -> impl Strategy<Value = [u8; 32]> {
    let order =
        U256::from_be_bytes(hex_of("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
    let near = move |base: U256| {
        (0_u64..5, any::<bool>()).prop_map(move |(distance, above)| {
            let distance = U256::from(distance);
            let number = if above { base.wrapping_add(distance) } else { base.wrapping_sub(distance) };
            number.to_be_bytes()
        })
    };
    prop_oneof![
        6 => any::<[u8; 32]>(),
        1 => near(U256::ZERO),
        1 => near(order),
        1 => near(order >> 1),
    ]
}

fn hex_of(digits: &str) -> [u8; 32] {
    hex::decode(digits).unwrap().try_into().unwrap()
}

fn as_text(r: &[u8; 32], s: &[u8; 32], v: u8) -> String {
    format!("0x{}{}{v:02x}", hex::encode(r), hex::encode(s))
}

fn signer_by_them(hash: &[u8; 32], r: &[u8; 32], s: &[u8; 32], odd: bool) -> Option<[u8; 20]> {
    let signature = Signature::new(U256::from_be_bytes(*r), U256::from_be_bytes(*s), odd);
    signature.recover_address_from_prehash(&B256::from(*hash)).ok().map(Into::into)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn addresses_are_written_and_read_alike(bytes: [u8; 20], change in 0..44_usize, letter in "[0-9a-fA-Fx]") {
        let address = alloy_primitives::Address::from(bytes);
        let text = Address::from_bytes(bytes).to_string();
        prop_assert_eq!(&text, &address.to_checksum(None));
        let mut changed = text;
        if change < changed.len() {
            changed.replace_range(change..=change, &letter);
        }
        let theirs = alloy_primitives::Address::parse_checksummed(&changed, None).ok();
        // One case alone claims no checksum.
        let digits = changed.strip_prefix("0x").unwrap_or_default();
        let one_case = !digits.bytes().any(|b| b.is_ascii_lowercase()) || !digits.bytes().any(|b| b.is_ascii_uppercase());
        let theirs = theirs.or_else(|| changed.parse().ok().filter(|_| one_case && digits.len() == 40));
        prop_assert_eq!(changed.parse::<Address>().ok().map(|ours| *ours.as_bytes()), theirs.map(|a| a.0.0));
    }

    #[test]
    fn hashes_are_the_same(message in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(keccak256(&message), their_keccak256(&message).0);
        prop_assert_eq!(eip191_hash(&message), alloy_primitives::eip191_hash_message(&message).0);
    }

    #[test]
    fn any_numbers_lead_to_the_same_signer_or_to_none(
        hash in number(), r in number(), s in number(), odd: bool, v in prop::sample::select(vec![0_u8, 27]),
    ) {
        let ours = recover_hash(&hash, &as_text(&r, &s, v + u8::from(odd))).ok();
        prop_assert_eq!(ours.map(|address| *address.as_bytes()), signer_by_them(&hash, &r, &s, odd));
    }

    #[test]
    fn no_other_recovery_id_is_taken(hash in number(), r in number(), s in number(), v: u8) {
        prop_assume!(![0, 1, 27, 28].contains(&v));
        prop_assert!(recover_hash(&hash, &as_text(&r, &s, v)).is_err());
    }

    #[test]
    fn what_one_side_encodes_the_other_decodes(values in values()) {
        let encoded = values.ours();
        prop_assert_eq!(&encoded, &values.theirs());
        prop_assert_eq!(Values::read_by_them(&encoded), Some(values.clone()));
        prop_assert_eq!(Values::read_by_us(&encoded), Ok(values));
    }

    #[test]
    fn what_can_still_be_read_of_damaged_data_is_the_same(values in values(), at: prop::sample::Index, bit in 0..8_u8) {
        let mut data = values.ours();
        let at = at.index(data.len());
        data[at] ^= 1 << bit;
        if let Ok(ours) = Values::read_by_us(&data) {
            prop_assert_eq!(Values::read_by_them(&data), Some(ours));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_signer_is_found_behind_a_low_and_a_high_s(secret: [u8; 32], message: String) {
        let Ok(key) = SigningKey::from_bytes(&secret.into()) else { return Ok(()) };
        let point = key.verifying_key().to_sec1_point(false);
        let address = alloy_primitives::Address::from_raw_public_key(&point.as_bytes()[1..]);
        let (signature, id) = key.sign_prehash_recoverable(&eip191_hash(message.as_bytes()));
        let (r, s) = signature.split_bytes();
        let (r, s): ([u8; 32], [u8; 32]) = (r.into(), s.into());
        let order = U256::from_be_bytes(hex_of("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
        let high = (order - U256::from_be_bytes(s)).to_be_bytes();
        let odd = u8::from(id.is_y_odd());
        for (s, v) in [(s, 27 + odd), (s, odd), (high, 28 - odd), (high, 1 - odd)] {
            let ours = recover(&message, &as_text(&r, &s, v)).map(|address| *address.as_bytes());
            prop_assert_eq!(ours, Ok(address.into()));
        }
        // The other root belongs to somebody else.
        let other = recover(&message, &as_text(&r, &s, 28 - odd)).map(|address| *address.as_bytes());
        prop_assert_ne!(other, Ok(address.into()));
    }
}

#[test]
fn selectors_are_the_first_bytes_of_the_hashes_of_what_they_call() {
    for (selector, signature) in [
        (ens::RESOLVER, "resolver(bytes32)"),
        (ens::SUPPORTS_INTERFACE, "supportsInterface(bytes4)"),
        (ens::TTL, "ttl(bytes32)"),
        (ens::ADDR, "addr(bytes32)"),
        (ens::ADDR_OF_COIN, "addr(bytes32,uint256)"),
        (ens::TEXT, "text(bytes32,string)"),
        (ens::NAME, "name(bytes32)"),
        (ens::RESOLVE, "resolve(bytes,bytes)"),
        (ens::RESOLVE_WITH_CONTEXT, "resolveWithContext(bytes,bytes,bytes)"),
        (ens::OFFCHAIN_LOOKUP, "OffchainLookup(address,string[],bytes,bytes4,bytes)"),
        (ens::REVERSE, "reverse(bytes,uint256)"),
        (ens::BATCH_QUERY, "query((address,string[],bytes)[])"),
        (ens::RESOLVER_NOT_FOUND, "ResolverNotFound(bytes)"),
        (ens::RESOLVER_NOT_CONTRACT, "ResolverNotContract(bytes,address)"),
        (ens::RESOLVER_ERROR, "ResolverError(bytes)"),
        (ens::REVERSE_ADDRESS_MISMATCH, "ReverseAddressMismatch(string,bytes)"),
        (ens::HTTP_ERROR, "HttpError(uint16,string)"),
        (ens::UNSUPPORTED_PROFILE, "UnsupportedResolverProfile(bytes4)"),
        (ens::ERROR_STRING, "Error(string)"),
        (SET_TEXT, "setText(bytes32,string,string)"),
        (MULTICALL, "multicall(bytes[])"),
        (IS_VALID_SIGNATURE, "isValidSignature(bytes32,bytes)"),
    ] {
        assert_eq!(encode_call(selector, &[]), their_keccak256(signature)[..4], "{signature}");
    }
}

mod deposits {
    //! What is signed and what is called, against alloy's reading of the contract's own declarations.

    use alloy_primitives::{Address as AlloyAddress, B256, U256};
    use alloy_sol_types::{SolCall, SolStruct, SolValue, eip712_domain, sol};
    use dm3_core::attention::Payment;
    use dm3_core::deposit::{DoubleUse, ProvenVoucher, Slots, Topic, Voucher};
    use dm3_core::identity::Address;
    use dm3_core::registry::{CallOutcome, TransactionRequest, attention, deposits, permit};
    use dm3_core::seal::keccak256;
    use k256::ecdsa::SigningKey;

    sol! {
        struct Promise {
            address sender;
            address receiver;
            uint64 epoch;
            uint16 first;
            uint16 count;
            bytes32 topic;
        }

        struct Burn {
            bytes32 voucher;
            uint256 slots;
        }

        struct Request {
            address payer;
            address receiver;
            address token;
            uint128 amount;
            uint64 until;
            bytes32 topic;
        }

        struct Permit {
            address owner;
            address spender;
            uint256 value;
            uint256 nonce;
            uint256 deadline;
        }

        function payments(bytes32 id) external view;
        function offer(Request calldata request) external;
        function claim(Request calldata request, bytes32 answer) external;
        function giveBack(Request calldata request) external;
        function token() external view returns (address);
        function slot() external view returns (uint128);
        function standing(address sender, address key, uint64 of_) external view;
        function epoch() external view returns (uint64);
        function deposit(address key, uint256 amount) external;
        function depositWithPermit(address key, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
        function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
        function depositOf(address sender, address key) external view;
        function announceExit(address key) external;
        function withdraw(address key, address to) external;
        function burn(Promise calldata voucher, bytes calldata signature, uint256 slots) external;
        function burnFor(Promise calldata voucher, bytes calldata signature, uint256 slots, bytes calldata consent) external;
        function proveDoubleUse(Promise calldata one, bytes calldata signature, Promise calldata other, bytes calldata otherSignature) external;
    }

    mod named {
        alloy_sol_types::sol! {
            /// As the contract calls it.
            struct Voucher {
                address sender;
                address receiver;
                uint64 epoch;
                uint16 first;
                uint16 count;
                bytes32 topic;
            }
        }
    }

    fn voucher(receiver: u8) -> Voucher {
        Voucher {
            chain: 31337,
            contract: Address::from_bytes([9; 20]),
            sender: Address::from_bytes([1; 20]),
            receiver: Address::from_bytes([receiver; 20]),
            epoch: 2900,
            slots: Slots::new(4, 3).unwrap(),
            topic: Topic::from_bytes([7; 32]),
        }
    }

    fn promise(receiver: u8) -> Promise {
        Promise {
            sender: AlloyAddress::repeat_byte(1),
            receiver: AlloyAddress::repeat_byte(receiver),
            epoch: 2900,
            first: 4,
            count: 3,
            topic: B256::repeat_byte(7),
        }
    }

    fn proven(receiver: u8) -> (ProvenVoucher, Vec<u8>) {
        let voucher = voucher(receiver);
        let key = SigningKey::from_bytes(&[5; 32].into()).unwrap();
        let (signature, id) = key.sign_prehash_recoverable(&voucher.digest());
        let bytes = [signature.to_bytes().as_slice(), &[27 + id.to_byte()]].concat();
        (voucher.signed(format!("0x{}", hex::encode(&bytes))).prove().unwrap(), bytes)
    }

    #[test]
    fn what_is_signed_is_what_wallets_sign() {
        let domain = eip712_domain! {
            name: "dm3 deposit",
            version: "1",
            chain_id: 31337,
            verifying_contract: AlloyAddress::repeat_byte(9),
        };
        let Promise { sender, receiver, epoch, first, count, topic } = promise(2);
        let typed = named::Voucher { sender, receiver, epoch, first, count, topic };
        assert_eq!(voucher(2).digest(), typed.eip712_signing_hash(&domain).0);
        let slots = Slots::new(4, 2).unwrap().bits();
        let burn = Burn { voucher: voucher(2).digest().into(), slots: U256::from_be_bytes(slots) };
        assert_eq!(voucher(2).burn_digest(&slots), burn.eip712_signing_hash(&domain).0);
        assert_eq!(burn.slots, U256::from(0b11_0000));
    }

    #[test]
    fn payments_are_known_and_called_for_as_the_contract_has_them() {
        let payment = Payment {
            chain: 31337,
            contract: Address::from_bytes([9; 20]),
            payer: Address::from_bytes([1; 20]),
            receiver: Address::from_bytes([2; 20]),
            token: Address::from_bytes([3; 20]),
            amount: u128::from(u64::MAX) + 5,
            until: 1_900_000_000,
            topic: [7; 32],
        };
        let request = Request {
            payer: AlloyAddress::repeat_byte(1),
            receiver: AlloyAddress::repeat_byte(2),
            token: AlloyAddress::repeat_byte(3),
            amount: payment.amount,
            until: payment.until,
            topic: B256::repeat_byte(7),
        };
        assert_eq!(payment.id(), keccak256(&request.abi_encode()));
        let answer = B256::repeat_byte(5);
        let called = |data: Vec<u8>| TransactionRequest::call(payment.contract, data);
        let (one, other) = (request.clone(), request.clone());
        assert_eq!(attention::payment_call(&payment), paymentsCall { id: payment.id().into() }.abi_encode());
        assert_eq!(attention::offer(&payment), called(offerCall { request: one }.abi_encode()));
        let claimed = claimCall { request: other, answer }.abi_encode();
        assert_eq!(attention::claim(&payment, answer.0), called(claimed));
        assert_eq!(attention::give_back(&payment), called(giveBackCall { request }.abi_encode()));
    }

    #[test]
    fn an_allowance_is_signed_and_used_as_tokens_have_it() {
        let domain = eip712_domain! {
            name: "Coin",
            version: "2",
            chain_id: 31337,
            verifying_contract: AlloyAddress::repeat_byte(3),
        };
        let returned = |data: Vec<u8>| CallOutcome::Returned(data);
        let [token, owner, spender, key] = [3, 1, 9, 8].map(|n| Address::from_bytes([n; 20]));
        let said = returned(domain.separator().to_vec());
        let none = CallOutcome::Reverted(Vec::new());
        let name = returned("Coin".abi_encode());
        let token = permit::PermitToken::of(31337, token, &said, &name, &none).unwrap();
        let amount = u128::from(u64::MAX) + 5;
        let ours = permit::Permit { token, owner, spender, amount, nonce: 4, deadline: 1_900_000_000 };
        let theirs = Permit {
            owner: AlloyAddress::repeat_byte(1),
            spender: AlloyAddress::repeat_byte(9),
            value: U256::from(amount),
            nonce: U256::from(4),
            deadline: U256::from(1_900_000_000u64),
        };
        assert_eq!(ours.typed_data().digest, theirs.eip712_signing_hash(&domain).0);
        let (r, s) = (B256::repeat_byte(0xaa), B256::repeat_byte(0xbb));
        let signed = ours.signed(&format!("0x{}{}01", hex::encode(r), hex::encode(s))).unwrap();
        let Permit { owner, spender, value, deadline, .. } = theirs;
        let used = permitCall { owner, spender, value, deadline, v: 28, r, s };
        assert_eq!(signed.call(), used.abi_encode());
        let deposit =
            depositWithPermitCall { key: AlloyAddress::repeat_byte(8), amount: value, deadline, v: 28, r, s };
        assert_eq!(deposits::deposit_with_permit(key, &signed), deposit.abi_encode());
    }

    #[test]
    fn calls_are_those_of_the_contract() {
        let ((one, first), (two, second)) = (proven(2), proven(3));
        let slots = Slots::new(4, 2).unwrap().bits();
        let burn = burnForCall {
            voucher: promise(2),
            signature: first.clone().into(),
            slots: U256::from_be_bytes(slots),
            consent: vec![1, 2, 3].into(),
        };
        assert_eq!(deposits::burn_for(&one, slots, &[1, 2, 3]), burn.abi_encode());
        let proof = DoubleUse::of(&one, &two).unwrap();
        let call = proveDoubleUseCall {
            one: promise(2),
            signature: first.into(),
            other: promise(3),
            otherSignature: second.into(),
        };
        assert_eq!(deposits::prove_double_use(&proof), call.abi_encode());
        assert_eq!(deposits::token_call(), tokenCall {}.abi_encode());
        assert_eq!(deposits::slot_call(), slotCall {}.abi_encode());
        assert_eq!(deposits::epoch_call(), epochCall {}.abi_encode());
        let (sender, key) = (AlloyAddress::repeat_byte(1), AlloyAddress::repeat_byte(2));
        let asked = standingCall { sender, key, of_: 2900 }.abi_encode();
        let standing =
            deposits::standing_call(Address::from_bytes([1; 20]), Address::from_bytes([2; 20]), 2900);
        assert_eq!(standing, asked);
        let (own, its) = (Address::from_bytes([1; 20]), Address::from_bytes([2; 20]));
        let amount = u128::MAX - 7;
        assert_eq!(
            deposits::deposit(its, amount),
            depositCall { key, amount: U256::from(amount) }.abi_encode()
        );
        assert_eq!(deposits::deposit_of_call(own, its), depositOfCall { sender, key }.abi_encode());
        assert_eq!(deposits::announce_exit(its), announceExitCall { key }.abi_encode());
        assert_eq!(deposits::withdraw(its, own), withdrawCall { key, to: sender }.abi_encode());
        let burn = burnCall {
            voucher: promise(2),
            signature: proven(2).1.into(),
            slots: U256::from_be_bytes(slots),
        };
        assert_eq!(deposits::burn(&one, slots), burn.abi_encode());
    }
}
