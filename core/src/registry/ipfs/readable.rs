//! Which blocks can be checked and understood.

use cid::Cid;

/// The codes of the multicodec table.
pub const RAW: u64 = 0x55;
pub const DAG_PB: u64 = 0x70;
const SHA2_256: u64 = 0x12;

/// Only blocks that can be checked and understood are asked for.
pub fn readable(cid: Cid) -> Result<Cid, &'static str> {
    if cid.hash().code() != SHA2_256 || cid.hash().size() != 32 {
        return Err("its hash is not SHA-256");
    }
    if !matches!(cid.codec(), RAW | DAG_PB) {
        return Err("it is neither a raw block nor a file");
    }
    Ok(cid)
}
