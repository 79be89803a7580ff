//! What the element looks like and which language it speaks, as its person chose. Both travel to their other devices.

use dm3_core::ports::StoreError;
use serde_json::Value;

use super::driver::Active;
use super::platform::Platform;
use super::state::Theme;

/// The setting that says so.
const THEME: &str = "theme";
/// The one that says which language.
const LANGUAGE: &str = "language";

/// What was chosen; nothing is empty.
async fn chosen<P: Platform>(at: &Active<P>, setting: &str) -> String {
    let kept = at.session().setting(setting).await.ok().flatten();
    kept.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What it looks like.
pub(super) async fn theme<P: Platform>(at: &Active<P>) -> Theme {
    Theme::named(&chosen(at, THEME).await)
}

/// Which language it speaks.
pub(super) async fn language<P: Platform>(at: &Active<P>) -> String {
    chosen(at, LANGUAGE).await
}

/// Keeps what is chosen.
pub(super) async fn set_theme<P: Platform>(at: &Active<P>, theme: Theme) -> Result<(), StoreError> {
    at.session().set_setting(THEME, theme.name().into()).await?;
    at.driver.platform.set_theme(theme);
    Ok(())
}

/// Keeps what is chosen.
pub(super) async fn set_language<P: Platform>(at: &Active<P>, language: &str) -> Result<(), StoreError> {
    at.session().set_setting(LANGUAGE, language.into()).await?;
    at.driver.platform.set_language(language);
    Ok(())
}

/// Shows the element as was chosen, on this device or another one, where it may also have been chosen to leave this one.
pub(super) async fn show_theme<P: Platform>(at: Active<P>) {
    let (theme, language) = (theme(&at).await, language(&at).await);
    at.driver.platform.set_theme(theme);
    at.driver.platform.set_language(&language);
    at.beside(|steps, at| (steps.obey)(at)).await;
}
