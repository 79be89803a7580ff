//! Which profiles an account was seen with: trust on first use.
//!
//! A signed profile carries no time, so whoever serves it can serve an older one again, and its owner can replace its
//! keys at any time. Who remembers what was seen can tell: the very profile that was replaced, and one of a lower edition
//! than one that was seen, which was replaced before this account met it.

use serde_json::Value;

use super::{PublicKeys, VerifiedProfile};
use crate::seal::json::{self, canonical, integer, object};
use crate::seal::{sha256, sha256_hex};

/// How many profiles of an account are remembered; the oldest make room.
const MAX_SEEN: usize = 16;

/// The profiles of one account, in the order in which they were first seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenProfiles(Vec<Seen>);

/// One profile.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    /// SHA-256 of the signed profile, with an ordinary account's signature in the one spelling of several.
    profile: String,
    /// SHA-256 of both public keys.
    keys: String,
    /// When it was first seen: milliseconds since 1970.
    since: u64,
    /// The edition that it is; 0 also if that was not remembered when it was seen.
    edition: u64,
}

/// The highest edition that is remembered: JSON carries no greater number. No owner comes that far.
const MAX_EDITION: u64 = (1 << 53) - 1;

/// What a profile is, compared with those seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// The first of this account.
    First,
    /// The one that was seen last.
    Same,
    /// The same keys, but something else has changed, such as the delivery services.
    Changed,
    /// Other keys. Their owner has replaced them, or somebody controls the account's wallet.
    KeysReplaced {
        /// Since when the others were known: milliseconds since 1970.
        since: u64,
    },
    /// One that was replaced before. Unless its owner went back to it, somebody serves an old one.
    RolledBack {
        /// Since when the one that replaced it is known: milliseconds since 1970.
        replaced: u64,
    },
}

/// Not what [`SeenProfiles::to_json`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored list of seen profiles is damaged")]
pub struct SeenError;

impl SeenProfiles {
    /// Compares a profile with what was seen, and changes nothing.
    pub fn compare(&self, profile: &VerifiedProfile) -> Sighting {
        let Some(last) = self.0.last() else { return Sighting::First };
        let found = Seen::of(profile, 0);
        if last.profile == found.profile {
            return Sighting::Same;
        }
        if let Some(at) = self.0.iter().position(|seen| seen.profile == found.profile) {
            // There is one behind it, as it is not the last.
            return Sighting::RolledBack {
                replaced: self.0.get(at + 1).map_or(last.since, |next| next.since),
            };
        }
        // Programs that count no editions publish 0, whatever was there before: who went on with one of them is no sign of an
        // old profile. So one of edition 0 that was never seen is taken for new, also if it is the first of all; and whoever
        // comes back from such a program counts on from there.
        let mut counted = self.0.iter().rev().take_while(|seen| found.edition > 0 && seen.edition > 0);
        let newer = counted.find(|seen| seen.edition > found.edition);
        if let Some(newer) = newer {
            return Sighting::RolledBack { replaced: newer.since };
        }
        if last.keys == found.keys { Sighting::Changed } else { Sighting::KeysReplaced { since: last.since } }
    }

    /// Whether a profile is remembered as the account's present one, with its edition.
    pub fn knows(&self, profile: &VerifiedProfile) -> bool {
        let found = Seen::of(profile, 0);
        self.0.last().is_some_and(|last| last.profile == found.profile && last.edition == found.edition)
    }

    /// Remembers a profile as the account's present one. After one of a lower edition, editions are counted on from it.
    pub fn accept(&mut self, profile: &VerifiedProfile, now: u64) {
        let found = Seen::of(profile, now);
        for higher in self.0.iter_mut().filter(|seen| found.edition > 0 && seen.edition > found.edition) {
            higher.edition = found.edition;
        }
        if let Some(last) = self.0.last_mut().filter(|last| last.profile == found.profile) {
            last.edition = found.edition;
            return;
        }
        self.0.retain(|seen| seen.profile != found.profile);
        if self.0.len() >= MAX_SEEN {
            self.0.remove(0);
        }
        self.0.push(found);
    }

    /// Compares, and remembers what may be taken without asking: everything but a profile that was replaced before.
    pub fn see(&mut self, profile: &VerifiedProfile, now: u64) -> Sighting {
        let sighting = self.compare(profile);
        if !matches!(sighting, Sighting::RolledBack { .. }) {
            self.accept(profile, now);
        }
        sighting
    }

    /// Takes over what another device of the account has seen. The one that knows the other's present profile goes on from
    /// it; if both do, or neither, the other device counts if it `is_later`. Nothing is forgotten while there is room.
    pub fn join(&mut self, others: Self, is_later: bool) {
        let knows_last = |knowing: &Self, known: &Self| {
            known.0.last().is_none_or(|last| knowing.0.iter().any(|seen| seen.profile == last.profile))
        };
        let goes_on = match (knows_last(&others, self), knows_last(self, &others)) {
            (others_know, known) if others_know != known => others_know,
            _ => is_later,
        };
        let mut former = others;
        if goes_on {
            std::mem::swap(self, &mut former);
        }
        for seen in former.0.into_iter().rev() {
            let has_room = self.0.len() < MAX_SEEN;
            match self.0.iter_mut().find(|known| known.profile == seen.profile) {
                Some(known) => {
                    known.since = known.since.min(seen.since);
                    // One of them does not know it, or goes on from a lower one.
                    known.edition = match (known.edition, seen.edition) {
                        (0, edition) | (edition, 0) => edition,
                        (here, there) => here.min(there),
                    };
                }
                None if has_room => self.0.insert(0, seen),
                None => {}
            }
        }
    }

    /// Whether none was seen yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Since when the account was seen with a profile at all, as far as that is remembered: milliseconds since 1970.
    pub fn since(&self) -> Option<u64> {
        self.0.iter().map(|seen| seen.since).min()
    }

    /// JSON text, to be kept on the device.
    pub fn to_json(&self) -> String {
        let rows = self.0.iter().map(|seen| {
            let mut members = vec![
                ("profile", seen.profile.as_str().into()),
                ("keys", seen.keys.as_str().into()),
                ("since", seen.since.into()),
            ];
            if seen.edition > 0 {
                members.push(("edition", seen.edition.into()));
            }
            object(members)
        });
        canonical(&Value::Array(rows.collect()))
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// [`SeenError`] if it is something else.
    pub fn parse(json: &str) -> Result<Self, SeenError> {
        let Some(Value::Array(rows)) = json::parse(json) else { return Err(SeenError) };
        if rows.len() > MAX_SEEN {
            return Err(SeenError);
        }
        let read = |row: &Value| {
            let hash = |member: &str| {
                let text = row.get(member)?.as_str()?;
                let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
                digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| text.to_owned())
            };
            let (profile, keys, since) = (hash("profile")?, hash("keys")?, integer(row.get("since")?)?);
            // Former versions remembered none.
            let edition = row.get("edition").map_or(Some(0), integer)?;
            Some(Seen { profile, keys, since, edition })
        };
        rows.iter().map(read).collect::<Option<_>>().map(Self).ok_or(SeenError)
    }
}

impl Seen {
    fn of(profile: &VerifiedProfile, since: u64) -> Self {
        let PublicKeys { signing, encryption } = profile.keys();
        let keys = sha256(&[*signing.as_bytes(), *encryption.as_bytes()].concat());
        Self {
            profile: sha256_hex(&profile.as_signed().spelled_alike().to_canonical()),
            keys: format!("0x{}", hex::encode(keys)),
            since,
            edition: profile.as_signed().profile().edition().min(MAX_EDITION),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{KeySeed, ProfileKeys, SignedProfile, UserProfile};
    use crate::ports::Wallet as _;
    use crate::testing::TestWallet;

    fn profile(keys: &str, service: &str) -> VerifiedProfile {
        let wallet = TestWallet::of("alice");
        let keys = ProfileKeys::derive(&KeySeed::derive(keys)).public();
        let profile = UserProfile::new(keys, vec![service.parse().unwrap()]);
        let text = profile.registration_message(wallet.address());
        let signature = pollster::block_on(wallet.sign_text(wallet.address(), &text)).unwrap();
        profile.signed(signature).verify(wallet.address()).unwrap()
    }

    #[test]
    fn weakness_5_replaced_keys_and_an_old_profile_are_noticed() {
        let mut seen = SeenProfiles::default();
        let (first, moved, new) = (profile("a", "ds.eth"), profile("a", "ds2.eth"), profile("b", "ds2.eth"));
        assert_eq!(seen.see(&first, 1), Sighting::First);
        assert_eq!(seen.see(&first, 2), Sighting::Same);
        assert_eq!(seen.see(&moved, 3), Sighting::Changed);
        assert_eq!(seen.see(&new, 4), Sighting::KeysReplaced { since: 3 });
        for _ in 0..2 {
            assert_eq!(seen.see(&first, 5), Sighting::RolledBack { replaced: 3 });
            assert_eq!(seen.see(&moved, 5), Sighting::RolledBack { replaced: 4 });
        }
        assert_eq!(seen.see(&new, 6), Sighting::Same);
        assert_eq!(seen.since(), Some(1));
        seen.accept(&first, 7);
        assert_eq!(seen.see(&first, 8), Sighting::Same);
    }

    fn edition(keys: &str, edition: u64) -> VerifiedProfile {
        let wallet = TestWallet::of("alice");
        let keys = ProfileKeys::derive(&KeySeed::derive(keys)).public();
        let profile = UserProfile::new(keys, vec!["ds.eth".parse().unwrap()]).with_edition(edition);
        let text = profile.registration_message(wallet.address());
        let signature = pollster::block_on(wallet.sign_text(wallet.address(), &text)).unwrap();
        profile.signed(signature).verify(wallet.address()).unwrap()
    }

    #[test]
    fn a_lower_edition_than_one_that_was_seen_is_an_old_profile_although_it_was_never_seen() {
        let [other, first, third, fourth] =
            [("o", 0), ("a", 1), ("c", 3), ("d", 4)].map(|(keys, number)| edition(keys, number));
        let mut seen = SeenProfiles::default();
        assert_eq!(seen.see(&third, 1), Sighting::First);
        assert_eq!(seen.see(&first, 2), Sighting::RolledBack { replaced: 1 });
        assert_eq!(seen.see(&edition("c", 2), 2), Sighting::RolledBack { replaced: 1 }, "also with its keys");
        // What another program has published carries no edition.
        assert_eq!(seen.see(&other, 3), Sighting::KeysReplaced { since: 1 });
        assert_eq!(seen.see(&third, 4), Sighting::RolledBack { replaced: 3 }, "this very one was replaced");
        assert_eq!(seen.see(&fourth, 5), Sighting::KeysReplaced { since: 3 });
        assert_eq!(seen.see(&first, 6), Sighting::RolledBack { replaced: 5 });
        // Whoever says that an old one is right goes on from there.
        seen.accept(&first, 7);
        assert_eq!(seen.see(&first, 8), Sighting::Same);
        assert_eq!(seen.see(&edition("b", 2), 9), Sighting::KeysReplaced { since: 7 });
        assert_eq!(seen.see(&third, 10), Sighting::RolledBack { replaced: 3 }, "this very one was replaced");
    }

    #[test]
    fn who_comes_back_from_a_program_that_counts_no_editions_is_not_taken_for_an_old_profile() {
        let mut seen = SeenProfiles::default();
        seen.accept(&edition("c", 3), 1);
        assert_eq!(seen.see(&edition("o", 0), 2), Sighting::KeysReplaced { since: 1 });
        assert_eq!(seen.see(&edition("a", 1), 3), Sighting::KeysReplaced { since: 2 });
        assert_eq!(seen.see(&edition("a", 2), 4), Sighting::Changed);
        assert_eq!(seen.see(&edition("b", 1), 5), Sighting::RolledBack { replaced: 4 });
    }

    #[test]
    fn another_spelling_of_its_signature_makes_no_old_profile_new() {
        let (old, new) = (profile("a", "ds.eth"), profile("b", "ds.eth"));
        let mut seen = SeenProfiles::default();
        seen.accept(&old, 1);
        seen.accept(&new, 2);
        let json = old.as_signed().to_canonical();
        let (start, v) = json.split_at(json.len() - "1b\"}".len());
        let spelled = format!("{start}{}", if v.starts_with("1b") { "00\"}" } else { "01\"}" });
        let spelled = SignedProfile::parse(&spelled).unwrap().verify(old.account()).unwrap();
        assert_ne!(spelled.as_signed().to_canonical(), json);
        assert_eq!(seen.see(&spelled, 3), Sighting::RolledBack { replaced: 2 });
    }

    #[test]
    fn editions_travel_and_records_without_them_are_read() {
        let (first, third) = (edition("a", 1), edition("c", 3));
        let mut seen = SeenProfiles::default();
        seen.accept(&third, 1);
        assert_eq!(SeenProfiles::parse(&seen.to_json()), Ok(seen.clone()));
        let former = SeenProfiles::parse(&seen.to_json().replace("\"edition\":3,", "")).unwrap();
        assert_eq!(former.compare(&third), Sighting::Same);
        assert!(seen.knows(&third) && !former.knows(&third));
        for (here, there) in [(&former, &seen), (&seen, &former)] {
            let mut joined = here.clone();
            joined.join(there.clone(), true);
            assert_eq!(joined.compare(&first), Sighting::RolledBack { replaced: 1 });
        }
        let mut renewed = former;
        renewed.accept(&third, 2);
        assert_eq!(renewed, seen);
    }

    #[test]
    fn what_two_devices_have_seen_is_known_to_both_and_the_one_that_knows_more_says_what_holds_now() {
        let [a, b, c] = ["a", "b", "c"].map(|keys| profile(keys, "ds.eth"));
        let seen = |profiles: &[(&VerifiedProfile, u64)]| {
            let mut seen = SeenProfiles::default();
            profiles.iter().for_each(|(profile, since)| seen.accept(profile, *since));
            seen
        };
        let joined = |here: &SeenProfiles, there: &SeenProfiles, is_later| {
            let mut joined = here.clone();
            joined.join(there.clone(), is_later);
            assert_eq!(joined, {
                let mut again = joined.clone();
                again.join(there.clone(), false);
                again
            });
            joined
        };
        let (less, more) = (seen(&[(&a, 1)]), seen(&[(&a, 2), (&b, 3)]));
        for is_later in [false, true] {
            let both = seen(&[(&a, 1), (&b, 3)]);
            assert_eq!(joined(&less, &more, is_later), both);
            assert_eq!(joined(&more, &less, is_later), both);
            assert_eq!(joined(&SeenProfiles::default(), &more, is_later), more);
            assert_eq!(joined(&more, &SeenProfiles::default(), is_later), more);
            // A device that came later knows less of the past.
            assert_eq!(
                joined(&both, &seen(&[(&b, 4), (&c, 5)]), is_later),
                seen(&[(&a, 1), (&b, 3), (&c, 5)])
            );
        }
        // Where neither knows what the other does, the later one holds.
        let other = seen(&[(&a, 1), (&c, 4)]);
        assert_eq!(joined(&more, &other, true), seen(&[(&b, 3), (&a, 1), (&c, 4)]));
        assert_eq!(joined(&more, &other, false), seen(&[(&c, 4), (&a, 1), (&b, 3)]));
    }

    #[test]
    fn what_was_seen_is_kept_and_bounded() {
        let mut seen = SeenProfiles::default();
        for i in 0..MAX_SEEN as u64 + 3 {
            seen.accept(&profile("a", &format!("ds{i}.eth")), i);
        }
        assert_eq!(seen.0.len(), MAX_SEEN);
        assert_eq!(SeenProfiles::parse(&seen.to_json()), Ok(seen.clone()));
        assert_eq!(SeenProfiles::parse("[]"), Ok(SeenProfiles::default()));
        for bad in ["", "{}", "[{}]", &seen.to_json().replace("0x", "1x"), &format!("[{}]", "0,".repeat(20))]
        {
            assert_eq!(SeenProfiles::parse(bad), Err(SeenError), "{bad}");
        }
    }
}
