//! The delivery services that take in messages for the account.

use dm3_core::ports::Clock as _;

use super::shown::{Own, Service, change_own};
use crate::app::driver::Active;
use crate::app::fault::Fault;
use crate::app::platform::Platform;

/// How often it is looked at how it stands with them while that is shown: milliseconds.
const WATCH: u32 = 2_000;

/// Shows them, and how it stands with each, for as long as that is shown.
pub(super) async fn watch<P: Platform>(at: Active<P>) {
    let homes = at.session().homes().await;
    let found: Vec<_> = homes.iter().flatten().map(|home| home.name.to_string()).collect();
    let failed = homes.err().map(Fault::from);
    loop {
        let services = match &failed {
            Some(fault) => Err(fault.clone()),
            None => Ok(found.iter().map(|name| service(&at, name)).collect()),
        };
        if !change_own(&at, |shown: &mut Own| shown.services = Some(services)) {
            return;
        }
        at.driver.platform.clock().sleep(WATCH).await;
    }
}

fn service<P: Platform>(at: &Active<P>, name: &str) -> Service {
    let links = if at.engine.leads() { at.engine.connections() } else { Vec::new() };
    let link = links.into_iter().find(|(of, _)| of.as_str() == name).map(|(_, link)| link);
    Service { name: name.to_owned(), link }
}
