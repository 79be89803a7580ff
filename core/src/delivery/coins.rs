//! Amounts as people write them: coins of the chain, with at most 18 digits behind a point, and tokens of other decimals.

use super::{Amount, AmountError};

/// How many digits a coin has behind the point.
const DIGITS: u8 = 18;

impl Amount {
    /// So many wei as coins: a digit or more before the point, and none behind it that says nothing.
    pub fn in_coins(&self) -> String {
        self.in_units(DIGITS)
    }

    /// The same of a token of which 1 is a one with so many zeros.
    pub fn in_units(&self, decimals: u8) -> String {
        let decimals = usize::from(decimals);
        let digits = format!("{:0>1$}", self.as_str(), decimals + 1);
        let (whole, rest) = digits.split_at(digits.len() - decimals);
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") }
    }

    /// The wei of so many coins, as somebody writes that: `0.01`, or `0,01`.
    ///
    /// # Errors
    /// [`AmountError`] if it is something else, or finer than a wei.
    pub fn of_coins(written: &str) -> Result<Self, AmountError> {
        Self::of_units(written, DIGITS)
    }

    /// The same of a token of which 1 is a one with so many zeros.
    ///
    /// # Errors
    /// [`AmountError`] if it is something else, or finer than the token.
    pub fn of_units(written: &str, decimals: u8) -> Result<Self, AmountError> {
        let (written, decimals) = (written.trim(), usize::from(decimals));
        let (whole, rest) = written.split_once(['.', ',']).unwrap_or((written, ""));
        let has_digits = !whole.is_empty() || !rest.is_empty();
        if !has_digits || rest.len() > decimals {
            return Err(AmountError);
        }
        format!("{whole}{rest:0<decimals$}").parse()
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

    #[test]
    fn tokens_have_decimals_of_their_own() {
        for (number, decimals, text) in [
            (1_500_000, 6, "1.5"),
            (1, 6, "0.000001"),
            (0, 6, "0"),
            (12, 0, "12"),
            (10_000_000, 6, "10"),
            (u128::MAX, 38, "3.40282366920938463463374607431768211455"),
        ] {
            let amount = Amount::from(number);
            assert_eq!(amount.in_units(decimals), text);
            assert_eq!(Amount::of_units(text, decimals), Ok(amount));
        }
        assert_eq!(Amount::of_units("0.5", 0), Err(AmountError));
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
