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
    /// They have been welcome, and are again once they are not blocked any more.
    pub welcome: bool,
    /// When each of these was.
    pub decided: Decided,
}

/// When something was decided: milliseconds since 1970; 0 if nobody has decided it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// Whether they may reach the owner. To ask for it is nobody's decision, but that they may ask again is.
    pub trust: u64,
    /// Whether the conversation is in the list.
    pub hidden: u64,
    /// Whether what they write is announced.
    pub muted: u64,
}

impl Standing {
    /// Nobody has decided anything, but they are welcome: the owner has written to them.
    pub const fn accepted() -> Self {
        Self {
            trust: Trust::Accepted,
            hidden: false,
            muted: false,
            welcome: true,
            decided: Decided { trust: 0, hidden: 0, muted: 0 },
        }
    }

    /// They are welcome.
    pub const fn accept(&mut self) {
        (self.trust, self.welcome) = (Trust::Accepted, true);
    }

    /// They are blocked no more: welcome, if they were so before, and else they may ask again.
    pub const fn unblock(&mut self) {
        if matches!(self.trust, Trust::Blocked) {
            self.trust = if self.welcome { Trust::Accepted } else { Trust::Requested };
        }
    }

    /// What counts of what two devices know: of each decision the last one; of one time, the stricter.
    #[must_use]
    pub fn or_later(self, other: Self) -> Self {
        let (own, theirs) = (self.decided, other.decided);
        let trust = (own.trust, self.trust).max((theirs.trust, other.trust));
        let hidden = (own.hidden, self.hidden).max((theirs.hidden, other.hidden));
        let muted = (own.muted, self.muted).max((theirs.muted, other.muted));
        let decided = Decided { trust: trust.0, hidden: hidden.0, muted: muted.0 };
        let welcome = self.welcome || other.welcome;
        // Whoever is written to on one device only asks on none.
        let trust = if welcome { trust.1.max(Trust::Accepted) } else { trust.1 };
        Self { trust, hidden: hidden.1, muted: muted.1, welcome, decided }
    }

    /// Notes a message of theirs that arrived at a time (milliseconds): one that came after the conversation was hidden
    /// brings it back.
    pub const fn has_written(&mut self, arrived: u64) {
        if self.hidden && arrived > self.decided.hidden {
            self.hidden = false;
            self.decided.hidden = arrived;
        }
    }

    /// Notes a message of the owner's to them: whoever is answered is welcome. That undoes no decision, and none about
    /// something else undoes it.
    pub const fn was_written_to(&mut self) {
        self.welcome = true;
        if matches!(self.trust, Trust::Requested) {
            self.trust = Trust::Accepted;
        }
    }

    /// JSON, to be kept: `{trust, hidden?, muted?, welcome?, changed, each?}`. `changed` is the time of the last decision,
    /// `each` those of all three, if they differ, or if it was decided that they may ask again; `welcome` stands there of those
    /// who are blocked.
    pub fn to_json(self) -> Value {
        let trust = match self.trust {
            Trust::Requested => "requested",
            Trust::Accepted => "accepted",
            Trust::Blocked => "blocked",
        };
        let Decided { trust: trusted, hidden, muted } = self.decided;
        let changed = trusted.max(hidden).max(muted);
        let mut members = vec![("trust", trust.into()), ("changed", changed.into())];
        let asks_again = self.trust == Trust::Requested && trusted > 0;
        if asks_again || trusted.min(hidden).min(muted) < changed {
            members.push(("each", vec![trusted, hidden, muted].into()));
        }
        let welcome = self.welcome && self.trust == Trust::Blocked;
        for (name, is_so) in [("hidden", self.hidden), ("muted", self.muted), ("welcome", welcome)] {
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
        // Former versions know one time for all of it.
        let each = value.get("each");
        let time = |at: usize| each.map_or(Some(changed), |each| integer(each.get(at)?));
        let trusted = if trust == Trust::Requested && each.is_none() { 0 } else { time(0)? };
        let decided = Decided { trust: trusted, hidden: time(1)?, muted: time(2)? };
        let welcome = trust == Trust::Accepted || trust == Trust::Blocked && is_so("welcome");
        Some(Self { trust, hidden: is_so("hidden"), muted: is_so("muted"), welcome, decided })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(trust: u64, hidden: u64, muted: u64) -> Decided {
        Decided { trust, hidden, muted }
    }

    fn read(text: &str) -> Option<Standing> {
        Standing::from_json(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn every_standing_comes_back_as_it_was_and_damaged_ones_are_none() {
        for trust in [Trust::Requested, Trust::Accepted, Trust::Blocked] {
            for (hidden, muted) in [(false, false), (true, false), (false, true)] {
                for (first, second) in [(0, 0), (7, 7), (3, 7), (7, 3)] {
                    let decided = decided(first, first, second);
                    let known = match trust {
                        Trust::Requested => vec![false],
                        Trust::Accepted => vec![true],
                        Trust::Blocked => vec![false, true],
                    };
                    for welcome in known {
                        let standing = Standing { trust, hidden, muted, welcome, decided };
                        assert_eq!(Standing::from_json(&standing.to_json()), Some(standing));
                    }
                }
            }
        }
        let bad_each = r#"{"trust":"blocked","changed":1,"each":[1,1]}"#;
        let bad = ["{}", "7", r#"{"trust":"loved","changed":1}"#, r#"{"trust":"blocked","changed":-1}"#];
        for bad in bad.into_iter().chain([bad_each]) {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn former_versions_know_one_time_for_all_that_was_decided_and_read_the_last() {
        let blocked = read(r#"{"trust":"blocked","muted":true,"changed":5}"#).unwrap();
        assert_eq!(blocked.decided, decided(5, 5, 5));
        let muted = read(r#"{"trust":"requested","muted":true,"changed":5}"#).unwrap();
        assert_eq!(muted.decided, decided(0, 5, 5), "to ask is no decision");
        let standing = Standing { decided: decided(3, 9, 0), ..blocked };
        assert_eq!(standing.to_json().get("changed"), Some(&9.into()));
        assert_eq!(blocked.to_json().get("each"), None);
    }

    #[test]
    fn what_was_decided_last_counts_and_a_decision_more_than_none() {
        let none = Standing::default();
        let written = Standing::accepted();
        let blocked = Standing { trust: Trust::Blocked, decided: decided(5, 0, 0), ..written };
        let accepted = Standing { trust: Trust::Accepted, decided: decided(6, 0, 0), ..written };
        let at_once = Standing { trust: Trust::Blocked, decided: decided(6, 0, 0), ..written };
        for (one, other, counts) in [
            (none, written, written),
            (written, blocked, blocked),
            (blocked, accepted, accepted),
            (accepted, at_once, at_once),
        ] {
            assert_eq!((one.or_later(other), other.or_later(one)), (counts, counts));
        }
    }

    #[test]
    fn each_decision_counts_for_itself() {
        let blocked = Standing { trust: Trust::Blocked, decided: decided(5, 0, 0), ..Standing::default() };
        let muted = Standing { muted: true, decided: decided(0, 0, 8), ..Standing::accepted() };
        let hidden = Standing { hidden: true, decided: decided(0, 6, 0), ..Standing::default() };
        let (trust, welcome, decided) = (Trust::Blocked, true, decided(5, 6, 8));
        let all = Standing { trust, hidden: true, muted: true, welcome, decided };
        for [a, b, c] in [[blocked, muted, hidden], [hidden, blocked, muted], [muted, hidden, blocked]] {
            assert_eq!(a.or_later(b).or_later(c), all);
        }
    }

    #[test]
    fn only_what_came_after_it_was_hidden_brings_a_conversation_back() {
        let mut standing = Standing { hidden: true, decided: decided(0, 5, 0), ..Standing::default() };
        standing.has_written(5);
        assert!(standing.hidden);
        standing.has_written(6);
        assert_eq!((standing.hidden, standing.decided.hidden), (false, 6));
        standing.has_written(9);
        assert_eq!(standing.decided.hidden, 6);
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

    #[test]
    fn who_is_not_blocked_any_more_is_what_they_were_before() {
        let stranger = Standing { trust: Trust::Blocked, decided: decided(5, 0, 0), ..Standing::default() };
        for (mut standing, trust) in [
            (stranger, Trust::Requested),
            (Standing { welcome: true, ..stranger }, Trust::Accepted),
            (Standing::default(), Trust::Requested),
            (Standing::accepted(), Trust::Accepted),
        ] {
            standing.unblock();
            assert_eq!(standing.trust, trust);
        }
    }

    #[test]
    fn who_may_ask_again_is_blocked_on_no_device_and_welcome_where_another_wrote_to_them() {
        let blocked = Standing { trust: Trust::Blocked, decided: decided(5, 0, 0), ..Standing::default() };
        let mut asks = Standing { decided: decided(6, 0, 0), ..blocked };
        asks.unblock();
        let written = Standing { decided: asks.decided, ..Standing::accepted() };
        for (other, counts) in [(blocked, asks), (Standing::default(), asks), (Standing::accepted(), written)]
        {
            assert_eq!((asks.or_later(other), other.or_later(asks)), (counts, counts));
        }
    }

    #[test]
    fn former_versions_did_not_note_who_was_welcome_before_they_were_blocked() {
        let blocked = read(r#"{"trust":"blocked","changed":5}"#).unwrap();
        assert!(!blocked.welcome);
        assert!(read(r#"{"trust":"accepted","changed":0}"#).unwrap().welcome);
        // What they read of somebody who may ask again decides nothing there.
        assert_eq!(
            Standing { decided: decided(6, 6, 6), ..Standing::default() }.to_json().to_string(),
            r#"{"changed":6,"each":[6,6,6],"trust":"requested"}"#
        );
    }
}
