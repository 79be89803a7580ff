//! Who may write whatever the account demands of everybody else.

use super::command::SettingsAsk;
use super::driver::Active;
use super::platform::Platform;

/// Has the node know who is welcome, if the account demands something. What can't be loaded or told now is with the next
/// connection.
pub(super) async fn name_welcome<P: Platform>(at: Active<P>) {
    if let Ok(true) = at.session().demands_something().await
        && let Ok(steps) = (at.driver.later.settings)().await
    {
        (steps.carry_out)(at, SettingsAsk::NameWelcome.into()).await;
    }
}
