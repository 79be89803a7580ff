//! The part for what a site asks for beside a chat, as the screen reaches it.

use leptos::prelude::AnyView;

use super::share::piece;
use crate::app::App;
use crate::app::state::Apart;

/// Where somebody writes to the page's only contact before they sign in.
pub const FORM: u8 = 1;
/// That what they wrote is kept, above the steps of signing in.
pub const KEPT: u8 = 2;
/// What was found out about the open conversation's peer.
pub const KNOWN: u8 = 3;

/// What the part shows at this place, once it is there.
pub(crate) fn sited(app: &App, place: u8) -> Option<AnyView> {
    piece(app, app.parts.site, &Apart::at(place))
}
