//! What goes from one place to another: what a page says a conversation is about, messages that are forwarded, reports; and
//! what is asked about strangers.

mod about;
mod forward;
mod report;
mod request;
mod sheet;

use leptos::prelude::*;

use self::about::{card, pending, top};
use self::forward::forward;
use self::report::report;
use self::request::request;
use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::part::Loader;
use crate::app::share::Sharing;
use crate::app::state::Apart;
use crate::app::{Active, App, ScreenPart, ShareSteps};
use crate::view::share::{CARD, PENDING, REQUEST, TOP};

thread_local! {
    pub(super) static LOADER: Loader<ScreenPart> = Loader::new(table);
}

part!(fn table in share("share") -> ScreenPart = ScreenPart { view });
part!(fn steps in share("share") -> ShareSteps<Active<Page>> = ShareSteps::new());

/// What is at this place.
fn view(app: &App, what: &Apart) -> AnyView {
    match what.place {
        CARD => what.shown().map(|about| card(app, about)).into_any(),
        TOP => top(app),
        PENDING => pending(app),
        REQUEST => request(app),
        _ => match what.shown::<Sharing>() {
            Some(Sharing::Forward { of, fault }) => forward(app, of, fault.as_ref()),
            Some(Sharing::Report(made)) => report(app, made.clone()),
            None => ().into_any(),
        },
    }
}
