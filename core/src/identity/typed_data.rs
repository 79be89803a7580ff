//! Typed data that wallets sign, in the domain of a contract (EIP-712).
//!
//! ```text
//! digest = keccak256(0x1901 ‖ domain ‖ keccak256(keccak256(type) ‖ members))
//! domain = keccak256(type ‖ keccak256(name) ‖ keccak256(version) ‖ chain ‖ contract)
//! ```

use serde_json::Value;

use super::Address;
use crate::seal::json::object;
use crate::seal::keccak256;

/// A structure: its name, and its members as name and type. None of them is a structure.
pub(crate) struct Kind {
    pub name: &'static str,
    pub members: &'static [(&'static str, &'static str)],
}

/// A contract for which something is signed.
pub(crate) struct Domain<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub chain: u64,
    pub contract: Address,
}

const DOMAIN: Kind = Kind {
    name: "EIP712Domain",
    members: &[
        ("name", "string"),
        ("version", "string"),
        ("chainId", "uint256"),
        ("verifyingContract", "address"),
    ],
};

impl Kind {
    /// The hash of how it is written: `Name(type member,…)`.
    pub fn hash(&self) -> [u8; 32] {
        let members: Vec<_> = self.members.iter().map(|(name, kind)| format!("{kind} {name}")).collect();
        keccak256(format!("{}({})", self.name, members.join(",")).as_bytes())
    }

    fn to_json(&self) -> Value {
        let member =
            |(name, kind): &(&str, &str)| object(vec![("name", (*name).into()), ("type", (*kind).into())]);
        self.members.iter().map(member).collect()
    }
}

impl Domain<'_> {
    /// The hash that contracts call their domain separator.
    pub fn separator(&self) -> [u8; 32] {
        let members = [
            DOMAIN.hash(),
            keccak256(self.name.as_bytes()),
            keccak256(self.version.as_bytes()),
            word(&self.chain.to_be_bytes()),
            word(self.contract.as_bytes()),
        ];
        keccak256(&members.concat())
    }

    /// What is signed of a structure with these members, each a word.
    pub fn digest(&self, kind: &Kind, members: &[[u8; 32]]) -> [u8; 32] {
        let structure = [[kind.hash()].as_slice(), members].concat();
        let hashes = [self.separator(), keccak256(&structure.concat())];
        keccak256(&[&[0x19, 0x01], hashes.concat().as_slice()].concat())
    }

    /// What a wallet is asked to sign (`eth_signTypedData_v4`).
    pub fn request(&self, kind: &Kind, message: Value) -> Value {
        let domain = object(vec![
            ("name", self.name.into()),
            ("version", self.version.into()),
            ("chainId", self.chain.into()),
            ("verifyingContract", self.contract.to_string().into()),
        ]);
        object(vec![
            ("types", object(vec![(DOMAIN.name, DOMAIN.to_json()), (kind.name, kind.to_json())])),
            ("primaryType", kind.name.into()),
            ("domain", domain),
            ("message", message),
        ])
    }
}

/// At the right of a word of 32 bytes.
pub(crate) fn word(bytes: &[u8]) -> [u8; 32] {
    let mut word = [0; 32];
    word[32 - bytes.len()..].copy_from_slice(bytes);
    word
}
