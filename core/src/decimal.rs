//! Numbers of the EVM as people write them.

/// The decimal digits of a word, the greatest first.
pub(crate) fn decimal(word: [u8; 32]) -> String {
    // The least digit first.
    let mut digits = vec![0u8];
    for byte in word {
        let mut carry = u32::from(byte);
        for digit in &mut digits {
            carry += u32::from(*digit) * 256;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    while digits.len() > 1 && digits.last() == Some(&0) {
        digits.pop();
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}
