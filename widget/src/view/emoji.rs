//! The part that has all emoji, as the screen reaches it.

use crate::app::App;
use crate::app::state::Picking;

/// Lets somebody choose an emoji. The part for messages shows how far that is.
pub fn pick(app: &App, what: Picking) {
    app.parts.emoji.ask();
    app.state.picking.set(Some(what));
}
