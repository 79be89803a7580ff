//! What both engines do alike with values.

use super::StoreError;

/// The mark that is written to find out whether the database can be.
pub(super) const PROBE: &str = "probe";

/// The databases' integers have a sign; times and sizes never come near the end.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that was written with [`signed`].
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// The address in a column of 20 bytes.
pub(super) fn address_from(bytes: Vec<u8>) -> Result<dm3_core::identity::Address, StoreError> {
    bytes
        .try_into()
        .map(dm3_core::identity::Address::from_bytes)
        .map_err(|_| StoreError::Damaged("an address is not 20 bytes"))
}
