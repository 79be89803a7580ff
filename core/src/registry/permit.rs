//! Allowances that are signed (ERC-2612): the wallet signs, and whoever takes the tokens brings the signature along.
//!
//! ```text
//! token ── domain, form, nonce ──▶ Permit ──typed_data, signed by the wallet──▶ SignedPermit ── tried on the chain ──▶ used
//! digest = keccak256(0x1901 ‖ domain ‖ keccak256(type ‖ owner ‖ spender ‖ value ‖ nonce ‖ deadline))   EIP-712
//! ```
//!
//! Tokens differ in what they have signed. Nothing is asked of a person before the token's own hash of its domain is the one that
//! a wallet makes, and nothing is used that the token would not take.

use serde_json::Value;

use super::abi::{Arg, Tuple, encode_call};
use super::lookup::CallOutcome;
use super::transaction::TypedData;
use crate::identity::Address;
use crate::identity::typed_data::{Domain, Kind, word};
use crate::identity::wallet_signature::for_contracts;
use crate::seal::json::object;

/// `DOMAIN_SEPARATOR()`.
const DOMAIN_SEPARATOR: [u8; 4] = [0x36, 0x44, 0xe5, 0x15];
/// `name()`.
const NAME: [u8; 4] = [0x06, 0xfd, 0xde, 0x03];
/// `nonces(address)`.
const NONCES: [u8; 4] = [0x7e, 0xce, 0xbe, 0x00];
/// `PERMIT_TYPEHASH()`, which not every token tells.
const PERMIT_TYPEHASH: [u8; 4] = [0x30, 0xad, 0xf8, 0x1f];
/// `permit(address,address,uint256,uint256,uint8,bytes32,bytes32)`.
const PERMIT: [u8; 4] = [0xd5, 0x05, 0xac, 0xcf];
const KIND: Kind = Kind {
    name: "Permit",
    members: &[
        ("owner", "address"),
        ("spender", "address"),
        ("value", "uint256"),
        ("nonce", "uint256"),
        ("deadline", "uint256"),
    ],
};
/// The versions that tokens give their domains. None says its own in a way that all have.
const VERSIONS: [&str; 2] = ["1", "2"];
/// The longest name of a token, in bytes: a wallet shows it.
const MAX_NAME: usize = 100;

/// Asks for the hash of a token's domain.
pub fn domain_call() -> Vec<u8> {
    encode_call(DOMAIN_SEPARATOR, &[])
}

/// Asks for its name, which is part of that.
pub fn name_call() -> Vec<u8> {
    encode_call(NAME, &[])
}

/// Asks for the form of what it has signed.
pub fn form_call() -> Vec<u8> {
    encode_call(PERMIT_TYPEHASH, &[])
}

/// Asks how many allowances an account has signed that were used.
pub fn nonce_call(owner: Address) -> Vec<u8> {
    encode_call(NONCES, &[Arg::Address(owner)])
}

/// Tokens that take signed allowances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitToken {
    chain: u64,
    token: Address,
    name: String,
    version: &'static str,
}

/// An allowance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// Of which token.
    pub token: PermitToken,
    /// Who allows it.
    pub owner: Address,
    /// Who may take.
    pub spender: Address,
    /// How much, in the token's smallest unit.
    pub amount: u128,
    /// How many were used before.
    pub nonce: u64,
    /// Until when it can be used, in seconds since 1970.
    pub deadline: u64,
}

/// The same, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPermit {
    permit: Permit,
    /// v, r and s.
    signature: (u8, [u8; 32], [u8; 32]),
}

impl PermitToken {
    /// The token at an address, by what it said to [`domain_call`], [`name_call`] and [`form_call`]. `None` if it takes no
    /// signed allowances, or of another form.
    pub fn of(
        chain: u64,
        token: Address,
        domain: &CallOutcome,
        name: &CallOutcome,
        form: &CallOutcome,
    ) -> Option<Self> {
        let (CallOutcome::Returned(domain), CallOutcome::Returned(name)) = (domain, name) else {
            return None;
        };
        let name = Tuple::new(name).ok()?.string(0).ok().filter(|name| name.len() <= MAX_NAME)?;
        // Whoever does not tell a form has the one of the standard, or refuses what is tried.
        if let CallOutcome::Returned(form) = form
            && !form.is_empty()
            && form.as_slice() != KIND.hash()
        {
            return None;
        }
        let of = |version| Self { chain, token, name: name.to_owned(), version };
        let all = VERSIONS.into_iter().map(of);
        all.into_iter().find(|token| domain.as_slice() == token.domain().separator())
    }

    fn domain(&self) -> Domain<'_> {
        Domain { name: &self.name, version: self.version, chain: self.chain, contract: self.token }
    }
}

/// The number in an answer to [`nonce_call`]; `None` if it is none.
pub fn nonce(answer: &CallOutcome) -> Option<u64> {
    let CallOutcome::Returned(data) = answer else { return None };
    Tuple::new(data).ok()?.uint(0).ok()
}

impl Permit {
    /// What a wallet is asked to sign.
    pub fn typed_data(&self) -> TypedData {
        let domain = self.token.domain();
        let members = [
            word(self.owner.as_bytes()),
            word(self.spender.as_bytes()),
            word(&self.amount.to_be_bytes()),
            word(&self.nonce.to_be_bytes()),
            word(&self.deadline.to_be_bytes()),
        ];
        let message: Value = object(vec![
            ("owner", self.owner.to_string().into()),
            ("spender", self.spender.to_string().into()),
            ("value", self.amount.to_string().into()),
            ("nonce", self.nonce.to_string().into()),
            ("deadline", self.deadline.to_string().into()),
        ]);
        TypedData { json: domain.request(&KIND, message), digest: domain.digest(&KIND, &members) }
    }

    /// With what the wallet gave; `None` if it is not an ordinary account's signature, as a contract account's.
    pub fn signed(self, signature: &str) -> Option<SignedPermit> {
        let bytes = for_contracts(signature).ok()?;
        let (r, rest) = bytes.split_first_chunk()?;
        let (s, v) = rest.split_first_chunk()?;
        let v = *v.first()?;
        Some(SignedPermit { permit: self, signature: (v, *r, *s) })
    }
}

impl SignedPermit {
    /// What is allowed.
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The call that uses it, by which it can be tried, too.
    pub fn call(&self) -> Vec<u8> {
        let Permit { owner, spender, amount, .. } = &self.permit;
        let head = [Arg::Address(*owner), Arg::Address(*spender), Arg::Word(word(&amount.to_be_bytes()))];
        encode_call(PERMIT, &[head.as_slice(), &self.signed_args()].concat())
    }

    /// Its end and its signature, as contracts take them.
    pub(super) fn signed_args(&self) -> [Arg<'static>; 4] {
        let (v, r, s) = self.signature;
        [Arg::Uint(self.permit.deadline), Arg::Uint(v.into()), Arg::Word(r), Arg::Word(s)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::abi::encode;
    use crate::seal::keccak256;

    const TOKEN: Address = Address::from_bytes([7; 20]);

    fn domain(name: &str, version: &str) -> CallOutcome {
        let domain = Domain { name, version, chain: 5, contract: TOKEN };
        CallOutcome::Returned(domain.separator().to_vec())
    }

    fn called(name: &str) -> CallOutcome {
        CallOutcome::Returned(encode(&[Arg::Bytes(name.as_bytes())]))
    }

    const UNTOLD: CallOutcome = CallOutcome::Reverted(Vec::new());

    #[test]
    fn selectors_are_the_hashes_of_their_signatures() {
        for (selector, signature) in [
            (DOMAIN_SEPARATOR, "DOMAIN_SEPARATOR()"),
            (NAME, "name()"),
            (NONCES, "nonces(address)"),
            (PERMIT_TYPEHASH, "PERMIT_TYPEHASH()"),
            (PERMIT, "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"),
        ] {
            assert_eq!(selector, keccak256(signature.as_bytes())[..4], "{signature}");
        }
    }

    #[test]
    fn a_token_is_known_by_its_own_hash_and_of_another_form_by_what_it_tells() {
        for version in VERSIONS {
            let token =
                PermitToken::of(5, TOKEN, &domain("Coin", version), &called("Coin"), &UNTOLD).unwrap();
            assert_eq!(token.version, version);
        }
        let of = |domain: &CallOutcome, name: &CallOutcome, form: &CallOutcome| {
            PermitToken::of(5, TOKEN, domain, name, form)
        };
        let good = domain("Coin", "1");
        let standard = CallOutcome::Returned(KIND.hash().to_vec());
        assert!(of(&good, &called("Coin"), &standard).is_some());
        // DAI's form has a nonce and no amount.
        let other = CallOutcome::Returned(vec![0xea; 32]);
        assert_eq!(of(&good, &called("Coin"), &other), None);
        assert!(of(&good, &called("Coin"), &CallOutcome::Returned(Vec::new())).is_some());
        assert_eq!(of(&good, &called("Other"), &UNTOLD), None);
        assert_eq!(of(&domain("Coin", "3"), &called("Coin"), &UNTOLD), None);
        assert_eq!(PermitToken::of(1, TOKEN, &good, &called("Coin"), &UNTOLD), None, "another chain");
        let long = "n".repeat(MAX_NAME + 1);
        assert_eq!(of(&domain(&long, "1"), &called(&long), &UNTOLD), None);
        for none in [UNTOLD, CallOutcome::Returned(Vec::new())] {
            assert_eq!(of(&none, &called("Coin"), &UNTOLD), None);
            assert_eq!(of(&good, &none, &UNTOLD), None);
        }
    }

    #[test]
    fn a_signature_is_taken_apart_and_its_form_is_one_that_tokens_take() {
        let token = PermitToken::of(5, TOKEN, &domain("Coin", "1"), &called("Coin"), &UNTOLD).unwrap();
        let address = |n| Address::from_bytes([n; 20]);
        let permit =
            Permit { token, owner: address(1), spender: address(2), amount: 9, nonce: 3, deadline: 77 };
        for (form, v) in [("00", 27), ("01", 28), ("1b", 27), ("1c", 28)] {
            let signature = format!("0x{}{}{form}", "aa".repeat(32), "bb".repeat(32));
            let signed = permit.clone().signed(&signature).unwrap();
            assert_eq!(signed.signature, (v, [0xaa; 32], [0xbb; 32]));
            assert_eq!(signed.call()[4 + 4 * 32 + 31], v);
        }
        for wrong in ["", "0x", "0xaa", &format!("0x{}", "aa".repeat(66))] {
            assert_eq!(permit.clone().signed(wrong), None, "{wrong}");
        }
    }
}
