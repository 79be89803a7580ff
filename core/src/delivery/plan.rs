//! Where one message has got to at each of its receiver's delivery services, when it is to reach all of them.
//!
//! ```text
//! Untried ──▶ Accepted | Refused        never asked again
//!    └──────▶ Failed ── after a while ──▶ …
//! ```
//!
//! Keep the plan's text after each run: then neither a restart nor a partial failure delivers anything twice.

use serde_json::{Map, Value};

use super::Refusal;
use crate::identity::EnsName;
use crate::said::Said;
use crate::seal::json::{canonical, integer, object, parse};

/// The most delivery services of one receiver that are served.
const MAX_SERVICES: usize = 16;
/// After the first failure: milliseconds.
const FIRST_PAUSE: u64 = 30_000;
/// After many failures, or if a server asks for more: milliseconds.
const LONGEST_PAUSE: u64 = 3_600_000;

/// The states of one message at the delivery services of its receiver, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryPlan(Vec<(EnsName, ServiceState)>);

/// How far a message has come at one delivery service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceState {
    /// Nobody has asked it yet.
    Untried,
    /// It could not take the message.
    Failed {
        /// How often.
        attempts: u32,
        /// When it may be asked again: milliseconds since 1970.
        not_before: u64,
    },
    /// It has the message.
    Accepted,
    /// It does not want the message.
    Refused(Refusal),
}

impl DeliveryPlan {
    /// Takes in the delivery services of the receiver's profile. What is known of one stays; one that is no longer
    /// listed is not asked any more.
    pub fn list(&mut self, services: &[EnsName]) {
        let mut known = std::mem::take(&mut self.0);
        for service in services.iter().take(MAX_SERVICES) {
            if self.state(service).is_none() {
                let at = known.iter().position(|(name, _)| name == service);
                self.0
                    .push(at.map_or_else(|| (service.clone(), ServiceState::Untried), |at| known.remove(at)));
            }
        }
        // What has the message already is remembered, in case it is listed again.
        known.retain(|(_, state)| *state == ServiceState::Accepted);
        known.truncate(MAX_SERVICES);
        self.0.extend(known);
    }

    /// Whether a delivery service may be asked at `now`, in milliseconds since 1970.
    pub fn is_due(&self, service: &EnsName, now: u64) -> bool {
        match self.state(service) {
            Some(ServiceState::Untried) => true,
            Some(ServiceState::Failed { not_before, .. }) => *not_before <= now,
            Some(ServiceState::Accepted | ServiceState::Refused(_)) | None => false,
        }
    }

    /// When the next delivery service may be asked, in milliseconds since 1970; `None` if there is none to be asked any
    /// more.
    pub fn next_due(&self) -> Option<u64> {
        let times = self.0.iter().filter_map(|(_, state)| match state {
            ServiceState::Untried => Some(0),
            ServiceState::Failed { not_before, .. } => Some(*not_before),
            ServiceState::Accepted | ServiceState::Refused(_) => None,
        });
        times.min()
    }

    /// Notes that a delivery service has the message.
    pub fn note_accepted(&mut self, service: &EnsName) {
        self.set(service, ServiceState::Accepted);
    }

    /// Notes that a delivery service does not want the message.
    pub fn note_refused(&mut self, service: &EnsName, refusal: &Refusal) {
        self.set(service, ServiceState::Refused(refusal.clone()));
    }

    /// Notes that a delivery service could not take the message at `now`, and wants to be left alone for `wish`
    /// milliseconds. It is asked less and less, at least once an hour.
    pub fn note_failure(&mut self, service: &EnsName, wish: u64, now: u64) {
        let attempts = match self.state(service) {
            Some(ServiceState::Failed { attempts, .. }) => attempts.saturating_add(1),
            _ => 1,
        };
        let pause = FIRST_PAUSE.saturating_mul(1 << (attempts - 1).min(10)).max(wish).min(LONGEST_PAUSE);
        self.set(service, ServiceState::Failed { attempts, not_before: now.saturating_add(pause) });
    }

    /// How far the message has come at a delivery service.
    pub fn state(&self, service: &EnsName) -> Option<&ServiceState> {
        self.0.iter().find(|(name, _)| name == service).map(|(_, state)| state)
    }

    /// How many delivery services have the message.
    pub fn accepted(&self) -> usize {
        self.0.iter().filter(|(_, state)| *state == ServiceState::Accepted).count()
    }

    /// Whether no delivery service is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Why a delivery service does not want the message; the last one that doesn't.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.0.iter().rev().find_map(|(_, state)| match state {
            ServiceState::Refused(refusal) => Some(refusal),
            _ => None,
        })
    }

    /// What was accepted stays so.
    fn set(&mut self, service: &EnsName, new: ServiceState) {
        if let Some((_, state)) = self.0.iter_mut().find(|(name, _)| name == service)
            && *state != ServiceState::Accepted
        {
            *state = new;
        }
    }

    /// The text to keep.
    pub fn to_text(&self) -> String {
        let entry = |(name, state): &(EnsName, ServiceState)| {
            let mut members = vec![("service", name.as_str().into())];
            match state {
                ServiceState::Untried => members.push(("state", "untried".into())),
                ServiceState::Accepted => members.push(("state", "accepted".into())),
                ServiceState::Refused(refusal) => members.extend([
                    ("state", "refused".into()),
                    ("code", refusal.code().into()),
                    ("value", refusal.value().into()),
                ]),
                ServiceState::Failed { attempts, not_before } => members.extend([
                    ("state", "failed".into()),
                    ("attempts", (*attempts).into()),
                    ("notBefore", (*not_before).into()),
                ]),
            }
            object(members)
        };
        canonical(&self.0.iter().map(entry).collect())
    }

    /// Reads a text that was kept; `None` if it is none.
    pub fn from_text(text: &str) -> Option<Self> {
        let Value::Array(list) = parse(text)? else { return None };
        let read = |value: &Value| {
            let entry: &Map<String, Value> = value.as_object()?;
            let number = |member: &str| entry.get(member).and_then(integer);
            let text = |member: &str| entry.get(member).and_then(Value::as_str);
            let state = match entry.get("state")?.as_str()? {
                "untried" => ServiceState::Untried,
                "accepted" => ServiceState::Accepted,
                "refused" => ServiceState::Refused(match text("code") {
                    Some(code) => Refusal::from_code(code, text("value")?),
                    // Plans of the first version hold a sentence.
                    None => Refusal::Unexplained(Said::new(text("reason")?)),
                }),
                "failed" => ServiceState::Failed {
                    attempts: u32::try_from(number("attempts")?).ok().filter(|attempts| *attempts > 0)?,
                    not_before: number("notBefore")?,
                },
                _ => return None,
            };
            Some((EnsName::from_normalised(entry.get("service")?.as_str()?).ok()?, state))
        };
        list.iter().map(read).collect::<Option<_>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> EnsName {
        text.parse().unwrap()
    }

    fn plan() -> DeliveryPlan {
        let mut plan = DeliveryPlan::default();
        plan.list(&[name("a.eth"), name("b.eth"), name("☕.eth")]);
        plan
    }

    #[test]
    fn weakness_27_what_was_accepted_or_refused_is_never_asked_again() {
        let mut plan = plan();
        let (a, b, c) = (name("a.eth"), name("b.eth"), name("☕.eth"));
        assert_eq!(plan.next_due(), Some(0));
        plan.note_accepted(&a);
        plan.note_refused(&b, &Refusal::Spam);
        assert_eq!((plan.refusal(), plan.is_empty()), (Some(&Refusal::Spam), false));
        plan.note_failure(&c, 0, 0);
        assert_eq!((plan.accepted(), plan.next_due()), (1, Some(30_000)));
        let due = |plan: &DeliveryPlan, now| [&a, &b, &c].map(|name| plan.is_due(name, now));
        assert_eq!(due(&plan, 29_999), [false; 3]);
        plan.list(&[c.clone(), b.clone(), a.clone(), a.clone()]);
        assert_eq!(due(&plan, 30_000), [false, false, true]);
        plan.note_refused(&a, &Refusal::TooLarge);
        assert_eq!(plan.state(&a), Some(&ServiceState::Accepted));
        plan.list(std::slice::from_ref(&c));
        plan.list(&[a.clone(), c.clone()]);
        assert_eq!(plan.state(&a), Some(&ServiceState::Accepted), "even if it was gone for a while");
        plan.list(&[a.clone(), b.clone()]);
        assert_eq!(due(&plan, u64::MAX), [false, true, false], "what is listed no longer is not asked");
        assert_eq!(DeliveryPlan::from_text(&plan.to_text()), Some(plan));
    }

    #[test]
    fn a_server_that_fails_is_asked_less_and_less_and_when_it_wants() {
        let mut plan = plan();
        let service = name("a.eth");
        let mut pauses = Vec::new();
        for _ in 0..20 {
            plan.note_failure(&service, 0, 0);
            let Some(ServiceState::Failed { not_before, .. }) = plan.state(&service) else { panic!() };
            pauses.push(*not_before);
        }
        assert_eq!(pauses[..3], [30_000, 60_000, 120_000]);
        assert_eq!(pauses[19], LONGEST_PAUSE);
        plan.note_failure(&name("b.eth"), 90_000, 1);
        let expected = ServiceState::Failed { attempts: 1, not_before: 90_001 };
        assert_eq!(plan.state(&name("b.eth")), Some(&expected));
        assert_eq!(DeliveryPlan::from_text(&plan.to_text()), Some(plan));
        let first_version = r#"[{"reason":"no room","service":"a.eth","state":"refused"}]"#;
        let plan = DeliveryPlan::from_text(first_version).unwrap();
        assert_eq!(plan.refusal(), Some(&Refusal::Unexplained("no room".into())));
        let no_attempts = r#"[{"attempts":0,"notBefore":1,"service":"a.eth","state":"failed"}]"#;
        for text in ["", "{}", "[1]", r#"[{"service":"a.eth","state":"?"}]"#, no_attempts] {
            assert_eq!(DeliveryPlan::from_text(text), None, "{text}");
        }
    }
}
