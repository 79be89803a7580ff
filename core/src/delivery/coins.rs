//! Amounts of wei as people write them: coins of the chain, with at most 18 digits behind a point.

use super::{Amount, AmountError};

/// How many digits a coin has behind the point.
const DIGITS: usize = 18;

impl Amount {
    /// So many wei as coins: a digit or more before the point, and none behind it that says nothing.
    pub fn in_coins(&self) -> String {
        let digits = format!("{:0>1$}", self.as_str(), DIGITS + 1);
        let (whole, rest) = digits.split_at(digits.len() - DIGITS);
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") }
    }

    /// The wei of so many coins, as somebody writes that: `0.01`, or `0,01`.
    ///
    /// # Errors
    /// [`AmountError`] if it is something else, or finer than a wei.
    pub fn of_coins(written: &str) -> Result<Self, AmountError> {
        let written = written.trim();
        let (whole, rest) = written.split_once(['.', ',']).unwrap_or((written, ""));
        let has_digits = !whole.is_empty() || !rest.is_empty();
        if !has_digits || rest.len() > DIGITS {
            return Err(AmountError);
        }
        format!("{whole}{rest:0<DIGITS$}").parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn coins_are_written_with_a_point() {
        for (wei, text) in [
            ("0", "0"),
            ("1", "0.000000000000000001"),
            ("10000000000000000", "0.01"),
            ("1000000000000000000", "1"),
            ("12500000000000000000", "12.5"),
        ] {
            let amount: Amount = wei.parse().unwrap();
            assert_eq!(amount.in_coins(), text);
            assert_eq!(Amount::of_coins(text), Ok(amount));
        }
    }

    #[test]
    fn coins_are_read_as_people_write_them() {
        let hundredth = "0.01".parse::<String>().map(|text| Amount::of_coins(&text));
        for same in [" 0.01 ", "0,01", ".01", "00.0100"] {
            assert_eq!(Ok(Amount::of_coins(same)), hundredth, "{same}");
        }
        for wrong in ["", ".", "1e3", "-1", "0.0000000000000000001", "1.000.000", "1 000", "0x1"] {
            assert_eq!(Amount::of_coins(wrong), Err(AmountError), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(wei: u128) {
            let amount: Amount = wei.to_string().parse().unwrap();
            prop_assert_eq!(Amount::of_coins(&amount.in_coins()), Ok(amount));
        }

        #[test]
        fn anything_else_is_refused_without_a_fault(text in ".{0,40}") {
            let _ = Amount::of_coins(&text);
        }
    }
}
