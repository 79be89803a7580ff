//! How somebody stands with the account: what its owner has decided about them.

use serde_json::Value;

use crate::seal::json::{integer, object};

/// Whether somebody may reach the account's owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// They have written, and nothing was decided: a request.
    #[default]
    Requested,
    /// The owner has written to them, or said that they are welcome.
    Accepted,
    /// What they write is not kept.
    Blocked,
}

/// What the account's owner has decided about somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether they may reach the owner.
    pub trust: Trust,
    /// The conversation is not in the list, until they write again.
    pub hidden: bool,
    /// What they write is not announced.
    pub muted: bool,
    /// When it was decided: milliseconds since 1970; 0 if nobody has decided anything.
    pub changed: u64,
}

impl Standing {
    /// Nobody has decided anything, but they are welcome: the owner has written to them.
    pub const fn accepted() -> Self {
        Self { trust: Trust::Accepted, hidden: false, muted: false, changed: 0 }
    }

    /// What counts of what two devices know: what was decided last.
    #[must_use]
    pub fn or_later(self, other: Self) -> Self {
        let weight = |it: &Self| (it.changed, it.trust, it.hidden, it.muted);
        if weight(&other) > weight(&self) { other } else { self }
    }

    /// Notes a message of the owner's to them: whoever is answered is welcome.
    pub const fn was_written_to(&mut self) {
        if matches!(self.trust, Trust::Requested) {
            self.trust = Trust::Accepted;
        }
    }

    /// JSON, to be kept: `{trust, hidden?, muted?, changed}`.
    pub fn to_json(self) -> Value {
        let trust = match self.trust {
            Trust::Requested => "requested",
            Trust::Accepted => "accepted",
            Trust::Blocked => "blocked",
        };
        let mut members = vec![("trust", trust.into()), ("changed", self.changed.into())];
        for (name, is_so) in [("hidden", self.hidden), ("muted", self.muted)] {
            if is_so {
                members.push((name, true.into()));
            }
        }
        object(members)
    }

    /// Reads what [`Self::to_json`] wrote.
    pub fn from_json(value: &Value) -> Option<Self> {
        let trust = match value.get("trust")?.as_str()? {
            "requested" => Trust::Requested,
            "accepted" => Trust::Accepted,
            "blocked" => Trust::Blocked,
            _ => return None,
        };
        let is_so = |name| value.get(name) == Some(&Value::Bool(true));
        let changed = integer(value.get("changed")?)?;
        Some(Self { trust, hidden: is_so("hidden"), muted: is_so("muted"), changed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standing_comes_back_as_it_was_and_damaged_ones_are_none() {
        for trust in [Trust::Requested, Trust::Accepted, Trust::Blocked] {
            for (hidden, muted) in [(false, false), (true, false), (false, true)] {
                let standing = Standing { trust, hidden, muted, changed: 7 };
                assert_eq!(Standing::from_json(&standing.to_json()), Some(standing));
            }
        }
        for bad in ["{}", "7", r#"{"trust":"loved","changed":1}"#, r#"{"trust":"blocked","changed":-1}"#] {
            assert_eq!(Standing::from_json(&serde_json::from_str(bad).unwrap()), None, "{bad}");
        }
    }

    #[test]
    fn what_was_decided_last_counts_and_a_decision_more_than_none() {
        let none = Standing::default();
        let written = Standing::accepted();
        let blocked = Standing { trust: Trust::Blocked, changed: 5, ..none };
        let accepted = Standing { trust: Trust::Accepted, changed: 6, ..none };
        for (one, other, counts) in
            [(none, written, written), (written, blocked, blocked), (blocked, accepted, accepted)]
        {
            assert_eq!((one.or_later(other), other.or_later(one)), (counts, counts));
        }
    }

    #[test]
    fn whoever_is_answered_is_welcome_unless_they_are_blocked() {
        let mut standing = Standing::default();
        standing.was_written_to();
        assert_eq!(standing, Standing::accepted());
        let mut blocked = Standing { trust: Trust::Blocked, ..standing };
        blocked.was_written_to();
        assert_eq!(blocked.trust, Trust::Blocked);
    }
}
