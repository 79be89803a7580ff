//! ENS names of the account's own, and its profile on them.

use dm3_core::identity::EnsName;
use dm3_core::registry::TransactionHash;
use dm3_core::session::PublishError;

use super::shown::{Ens, NotPublished, Own, Publishing, change_own};
use crate::app::command::EnsAsk;
use crate::app::driver::Active;
use crate::app::platform::Platform;
use crate::app::stake;

/// Finds out which there are, and goes on with what was sent before.
pub(super) async fn look<P: Platform>(at: Active<P>) {
    look_at_names(&at).await;
    // If the device does not tell now, the next start looks again.
    let sent = at.session().sent_publications().await.unwrap_or_default();
    for (name, hash) in sent {
        finish(&at, &name, hash).await;
    }
}

/// Does what somebody wants of them.
pub(super) async fn carry_out<P: Platform>(at: &Active<P>, ask: EnsAsk) {
    match ask {
        EnsAsk::Look(typed) => prepare(at, &typed).await,
        EnsAsk::Leave => change_ens(at, |ens| (ens.step, ens.failed) = (Publishing::Idle, None)),
        EnsAsk::Publish => {
            let mut wanted = None;
            change_ens(at, |ens| {
                if let Publishing::Asked(publication) = &ens.step {
                    wanted = Some(publication.clone());
                    (ens.step, ens.failed) = (Publishing::Signing, None);
                }
            });
            let Some(publication) = wanted else { return };
            let sent = match stake::wallet(at) {
                Ok(wallet) => at.session().send_publication(&wallet, &publication).await,
                Err(_) => return failed(at, NotPublished::NoWallet),
            };
            match sent {
                Ok(hash) => finish(at, &publication.name, hash).await,
                Err(error) => failed(at, error.into()),
            }
        }
        EnsAsk::Forget(name) => match at.session().forget_name(&name).await {
            Ok(()) => {
                at.engine.keep();
                look_at_names(at).await;
            }
            Err(error) => failed(at, PublishError::from(error).into()),
        },
    }
}

async fn prepare<P: Platform>(at: &Active<P>, typed: &str) {
    let mut is_free = false;
    change_ens(at, |ens| {
        is_free = !ens.step.is_busy();
        if is_free {
            (ens.step, ens.failed) = (Publishing::Looking, None);
        }
    });
    if !is_free {
        return;
    }
    match at.session().publication(typed).await {
        Ok(publication) => change_ens(at, |ens| ens.step = Publishing::Asked(publication)),
        Err(PublishError::Already(name)) => done(at, name).await,
        Err(error) => failed(at, error.into()),
    }
}

/// Waits until it is told what became of it.
async fn finish<P: Platform>(at: &Active<P>, name: &EnsName, sent: TransactionHash) {
    change_ens(at, |ens| (ens.step, ens.failed) = (Publishing::Waiting(name.clone()), None));
    match at.session().published(name, sent).await {
        Ok(()) => done(at, name.clone()).await,
        Err(error) => {
            failed(at, error.into());
            look_at_names(at).await;
        }
    }
}

async fn done<P: Platform>(at: &Active<P>, name: EnsName) {
    // The account's other devices are told.
    at.engine.keep();
    change_ens(at, |ens| (ens.step, ens.failed) = (Publishing::Done(name), None));
    look_at_names(at).await;
}

fn failed<P: Platform>(at: &Active<P>, why: NotPublished) {
    change_ens(at, |ens| (ens.step, ens.failed) = (Publishing::Idle, Some(why)));
}

pub(super) async fn look_at_names<P: Platform>(at: &Active<P>) {
    let names = at.session().own_names().await.map_err(NotPublished::from);
    change_ens(at, |ens| ens.names = Some(names));
}

fn change_ens<P: Platform>(at: &Active<P>, change: impl FnOnce(&mut Ens)) {
    change_own(at, |shown: &mut Own| change(&mut shown.ens));
}
