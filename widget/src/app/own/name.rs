//! The name that the account's node gives it.

use super::shown::{Own, OwnName, change_own};
use crate::app::command::NameAsk;
use crate::app::driver::Active;
use crate::app::platform::Platform;
use crate::app::settings::Offer;

/// Looks it up.
pub(super) async fn look<P: Platform>(at: Active<P>) {
    let name = match at.session().name_domain() {
        None => Offer::Nowhere,
        Some(domain) => match at.session().claimed_name().await {
            Ok(name) => Offer::Known(OwnName {
                domain: domain.to_string(),
                name,
                asked: false,
                busy: false,
                failed: None,
            }),
            Err(error) => Offer::Unknown(error.into()),
        },
    };
    change_own(&at, |shown| shown.name = name);
}

/// Does what somebody wants of it.
pub(super) async fn carry_out<P: Platform>(at: &Active<P>, ask: NameAsk) {
    match ask {
        NameAsk::Claim(label) => {
            change_name(at, |own| (own.busy, own.failed) = (true, None));
            let claimed = at.session().claim_name(&label).await;
            change_name(at, |own| {
                own.busy = false;
                match claimed {
                    Ok(name) => own.name = Some(name),
                    Err(error) => own.failed = Some(error),
                }
            });
        }
        NameAsk::Doubt(asked) => change_name(at, |own| own.asked = asked),
        NameAsk::Release(name) => {
            change_name(at, |own| (own.asked, own.busy, own.failed) = (false, true, None));
            let released = at.session().release_name(&name).await;
            change_name(at, |own| {
                own.busy = false;
                match released {
                    Ok(()) => own.name = None,
                    Err(error) => own.failed = Some(error),
                }
            });
        }
    }
}

fn change_name<P: Platform>(at: &Active<P>, change: impl FnOnce(&mut OwnName)) {
    change_own(at, |shown: &mut Own| {
        if let Offer::Known(own) = &mut shown.name {
            change(own);
        }
    });
}
