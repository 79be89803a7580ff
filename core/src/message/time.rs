//! How far the time a sender claims is from the receiver's.

use super::SignedMessage;

/// How far claimed times may be off before it is remarked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// Milliseconds into the future: clocks that are fast.
    pub future_ms: u64,
    /// Milliseconds into the past: messages that waited for their receiver.
    pub past_ms: u64,
}

/// What a claimed time looks like from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skew {
    /// Within what is tolerated.
    Tolerated,
    /// Later than it can be.
    Future {
        /// By so many milliseconds.
        by_ms: u64,
    },
    /// Long ago: it waited very long, or somebody replays or backdates it.
    Past {
        /// By so many milliseconds.
        by_ms: u64,
    },
}

impl Default for Tolerance {
    /// Five minutes ahead; a month ago, which is how long a delivery service keeps messages at least.
    fn default() -> Self {
        Self { future_ms: 5 * 60_000, past_ms: 31 * 86_400_000 }
    }
}

impl SignedMessage {
    /// Compares the claimed time with `reference`, in milliseconds since 1970: our own clock, or the time of a valid
    /// postmark.
    pub fn skew(&self, reference: u64, tolerance: Tolerance) -> Skew {
        let claimed = self.timestamp();
        if claimed > reference.saturating_add(tolerance.future_ms) {
            Skew::Future { by_ms: claimed - reference }
        } else if claimed < reference.saturating_sub(tolerance.past_ms) {
            Skew::Past { by_ms: reference - claimed }
        } else {
            Skew::Tolerated
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Weakness 20: the time is chosen by the sender.
    #[test]
    fn a_claimed_time_that_is_far_off_is_remarked() {
        let skew = |timestamp: serde_json::Value| {
            let metadata = json!({ "from": "a", "to": "b", "type": "NEW", "timestamp": timestamp });
            let message = json!({ "message": "", "signature": "", "metadata": metadata });
            let tolerance = Tolerance { future_ms: 10, past_ms: 100 };
            SignedMessage::parse(&message.to_string()).unwrap().skew(1_000, tolerance)
        };
        for within in [900, 1_000, 1_010] {
            assert_eq!(skew(json!(within)), Skew::Tolerated);
        }
        assert_eq!(skew(json!(1_011)), Skew::Future { by_ms: 11 });
        assert_eq!(skew(json!(899)), Skew::Past { by_ms: 101 });
        assert_eq!(skew(json!(-5)), Skew::Past { by_ms: 1_000 });
        assert_eq!(skew(json!(1e300)), Skew::Future { by_ms: u64::MAX - 1_000 });
    }
}
