//! Every state of every screen, for the gallery (`www/gallery.html`) and its tests: the element itself, whose views show a
//! given [`State`] while nothing goes on behind them. Built for that alone (feature `gallery`); what is packaged has
//! nothing of it.

mod files;
mod list;
mod made;
mod other;
mod own;
mod sign_in;
mod site;
mod thread;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt as _;
use web_sys::HtmlElement;

use self::made::Fill;
use crate::app::Command;
use crate::app::state::State;

/// The attribute that says what is to be seen.
const ATTRIBUTE: &str = "state";

/// Shows what the element's attribute names. Nobody carries out what is asked for.
pub(crate) async fn show(host: HtmlElement, state: State, mut requests: UnboundedReceiver<Command>) {
    let wanted = host.get_attribute(ATTRIBUTE).unwrap_or_default();
    let fill = all().find(|(name, _)| *name == wanted).map(|(_, fill)| fill);
    let shown = fill.and_then(|fill| fill(state));
    // Fails for no name of an attribute.
    let _ = host.set_attribute("shown", if shown.is_some() { "yes" } else { "no" });
    while requests.next().await.is_some() {}
}

/// The names of everything there is to be seen.
pub(crate) fn names() -> Vec<String> {
    all().map(|(name, _)| name.to_owned()).collect()
}

fn all() -> impl Iterator<Item = (&'static str, Fill)> {
    [sign_in::STATES, list::STATES, thread::STATES, files::STATES, site::STATES, own::STATES, other::STATES]
        .into_iter()
        .flatten()
        .copied()
}
