//! Coming back to a page that the browser kept as it was left. Nothing of it ran meanwhile, and what other tabs told was not
//! heard.

use super::changes;
use super::driver::Active;
use super::enter::seed;
use super::platform::{Platform, TabMessage};
use super::start::signed_out_elsewhere;

/// Shows what happened meanwhile, and is in touch again.
pub(super) async fn came_back<P: Platform>(at: Active<P>) {
    let account = at.address();
    let was_left = at.driver.platform.is_signed_out(account);
    // What can't be read now is told by whoever needs it.
    if was_left || matches!(seed(&at.driver, account).await, Ok(None)) {
        return signed_out_elsewhere(&at.driver, account);
    }
    at.engine.set_online(at.driver.platform.is_online());
    at.engine.rest(false);
    at.driver.platform.tell_tabs(TabMessage::Hello(account));
    changes::told(at, None).await;
}
