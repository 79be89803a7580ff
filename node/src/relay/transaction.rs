//! A transaction as it goes to the chain (EIP-1559).
//!
//! ```text
//! raw  = 0x02 ‖ rlp([chain, nonce, tip, fee, gas, to, 0, data, [], y, r, s])
//! y, r, s sign keccak256(0x02 ‖ rlp([… without these three])) as RFC 6979 says: the same parts make the same bytes
//! ```
//!
//! A library for transactions (alloy-consensus, alloy-network) would bring some sixty crates for one of this kind. So it is
//! alloy's RLP alone, which brings none that was not here, and k256 for the signature.

use alloy_rlp::{Encodable as _, Header};
use dm3_core::identity::Address;
use dm3_core::seal::keccak256;

use crate::ethereum::key::EthereumKey;
use crate::store::NewBurn;

/// The kind of transactions with a fee and a tip.
const KIND: u8 = 2;
/// An empty list.
const EMPTY: u8 = 0xc0;

/// What is sent, and by what it is found on the chain.
pub struct Signed {
    pub raw: Vec<u8>,
    pub hash: [u8; 32],
}

/// Signs a burn for the chain with this number.
pub fn sign(burn: &NewBurn, chain_id: u64, key: &EthereumKey) -> Signed {
    let mut fields = Vec::with_capacity(burn.data.len() + 128);
    for number in [chain_id, burn.nonce, burn.tip, burn.fee, burn.gas] {
        number.encode(&mut fields);
    }
    address(burn.contract, &mut fields);
    // No coins go along.
    0u64.encode(&mut fields);
    burn.data.as_slice().encode(&mut fields);
    fields.push(EMPTY);
    let signature = key.sign(&keccak256(&typed(&fields)));
    let (r, s) = (&signature[..32], &signature[32..64]);
    u64::from(signature[64] - 27).encode(&mut fields);
    for number in [r, s] {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        number[zeros..].encode(&mut fields);
    }
    let raw = typed(&fields);
    let hash = keccak256(&raw);
    Signed { raw, hash }
}

fn address(address: Address, out: &mut Vec<u8>) {
    address.as_bytes().as_slice().encode(out);
}

fn typed(fields: &[u8]) -> Vec<u8> {
    let mut out = vec![KIND];
    Header { list: true, payload_length: fields.len() }.encode(&mut out);
    out.extend_from_slice(fields);
    out
}
