//! What a site asks for beside a chat: a message that is written before signing in, who owns what it is about, and who is its
//! official contact.

use std::rc::Rc;

use dm3_core::identity::{Meant, Nft};
use dm3_core::message::Context;
use dm3_core::session::Holding;
use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use leptos::prelude::*;

use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::fault::Fault;
use crate::app::form::LONGEST;
use crate::app::part::Loader;
use crate::app::site::{Known, Owning, Owns, may_pass};
use crate::app::state::{Apart, State};
use crate::app::{Act, Active, App, Command, Driver, FormAsk, ScreenPart, SiteSteps};
use crate::texts::{
    self, SiteWord, Word, message_field, official_contact, owns, owns_asking, owns_no_more, owns_no_more_but,
    owns_not, owns_not_but, owns_unknown, say, share_token, short_address, write_to,
};
use crate::view::attributes::{VALUE, attrs, class};
use crate::view::form::link;
use crate::view::icons::{Picture, icon};
use crate::view::names::{display_name, initial_of, shorten_name};
use crate::view::panel::{bar, bare_header, connection_bar, note};
use crate::view::person::avatar;
use crate::view::site::{FORM, KEPT, KNOWN};
use crate::view::{OnClick, OnInput, OnKey, is_input_method, part, sends, truth};

/// The longest number of a token that is shown as a whole, in digits; of longer ones, beginning and end.
const LONGEST_NUMBER: usize = 12;

thread_local! {
    pub(super) static LOADER: Loader<ScreenPart> = Loader::new(table);
}

part!(fn table in site("site") -> ScreenPart = ScreenPart { view });
part!(fn steps in site("site") -> SiteSteps<Rc<Driver<Page>>, Active<Page>> = SiteSteps::new());

fn view(app: &App, what: &Apart) -> AnyView {
    match what.place {
        FORM => form(app),
        KEPT => kept(app),
        KNOWN => known(app),
        _ => ().into_any(),
    }
}

/// Where somebody writes to the page's only contact before they sign in.
fn form(app: &App) -> AnyView {
    app.command(Command::Form(FormAsk::Show));
    let state = app.state;
    let to = state.to.get().unwrap_or_default();
    let name = called(&to);
    let about = state.context.get().and_then(|said| Context::new(&said)).map(|about| about.line());
    let about = about.filter(|line| !line.is_empty());
    let about = about.map(|line| {
        view! {
            <p {attrs(&[("class", "form-about"), ("dir", "auto")])}>{line}</p>
        }
    });
    let input: OnInput = {
        let app = app.clone();
        Box::new(move |event: Event| {
            let typed = event_target_value(&event);
            app.state.text.set(typed.clone());
            app.command(Command::Form(FormAsk::Typed(typed)));
        })
    };
    let typed: OnKey = {
        let app = app.clone();
        Box::new(move |event: KeyboardEvent| {
            let sends = event.key() == "Enter" && (event.ctrl_key() || event.meta_key());
            if sends && event.is_trusted() && !is_input_method(&event) {
                event.prevent_default();
                press(&app);
            }
        })
    };
    let label = message_field(&name);
    let most = LONGEST.to_string();
    let field = part(move || {
        view! {
            <textarea {attrs(&[("class", "form-field"), ("data-autofocus", "true"), ("dir", "auto"), ("rows", "5"), ("maxlength", &most), ("aria-label", &label), ("placeholder", &label), (VALUE, &state.text.get())])}></textarea>
        }
        .into_any()
    });
    let send = {
        let app = app.clone();
        part(move || send_button(&app))
    };
    view! {
        {bare_header(app)}
        {connection_bar(app)}
        <div {class("signin")}>
            {avatar(initial_of(&name), &to.to_ascii_lowercase(), true)}
            <h2 {attrs(&[("tabindex", "-1")])}>{write_to(&name)}</h2>
            {part(move || contact_badge(state))}
            {about}
            <div {class("form-body")} on:input=input on:keydown=typed>{field}</div>
            <p>{say(SiteWord::FormHelp)}</p>
            <div {class("actions")}>
                {send}
                {link(say(SiteWord::SignIn), sends(app, Command::Form(FormAsk::SignIn)))}
            </div>
        </div>
    }
    .into_any()
}

fn send_button(app: &App) -> AnyView {
    let empty = app.state.text.with(|text| text.trim().is_empty());
    let pressed: OnClick = {
        let app = app.clone();
        // The page may put a text there, and has no finger.
        Box::new(move |event: MouseEvent| {
            if event.is_trusted() {
                press(&app);
            }
        })
    };
    view! {
        <button {attrs(&[("class", "button"), ("type", "button"), ("aria-disabled", truth(empty))])} on:click=pressed>
            {say(Word::Send)}
        </button>
    }
    .into_any()
}

fn press(app: &App) {
    let text = app.state.text.with_untracked(|text| text.trim().to_owned());
    if !text.is_empty() {
        app.command(Command::Form(FormAsk::Send(text)));
    }
}

/// That what somebody wrote is kept, and a way back to it.
fn kept(app: &App) -> AnyView {
    let write = sends(app, Command::Form(FormAsk::Write));
    match app.state.form.with(|form| form.place) {
        _ if !app.state.locked.get() => ().into_any(),
        1 => bar("bar bar-kept", "status", say(SiteWord::Kept).to_owned(), say(SiteWord::Change), write),
        2 => view! { <div {class("form-again")}>{link(say(SiteWord::Write), write)}</div> }.into_any(),
        _ => ().into_any(),
    }
}

/// As somebody is called whom the page names.
fn called(to: &str) -> String {
    match Meant::parse(to) {
        Ok(Meant::Nft(nft)) => token(&nft),
        Ok(Meant::Address(address)) => short_address(address),
        _ => shorten_name(to),
    }
}

fn token(nft: &Nft) -> String {
    let number = nft.number();
    let number = match number.len() {
        length if length > LONGEST_NUMBER => format!("{}…{}", &number[..4], &number[length - 4..]),
        _ => number,
    };
    share_token(&short_address(nft.contract), &number)
}

fn contact_badge(state: State) -> AnyView {
    let known = state.site.with(|site| site.shown::<Known>().filter(|known| known.peer.is_none()).cloned());
    known.and_then(|known| known.official).map(|site| badge("official", &site)).into_any()
}

fn badge(classes: &'static str, site: &str) -> AnyView {
    view! {
        <p {attrs(&[("class", classes), ("role", "note")])}>
            {icon(Picture::Check)}
            <span>{official_contact(site)}</span>
        </p>
    }
    .into_any()
}

/// What was found out about the open conversation's peer.
fn known(app: &App) -> AnyView {
    let state = app.state;
    let peer = state.thread.with(|thread| thread.as_ref().map(|thread| thread.peer.clone()));
    let known = state.site.with(|site| site.shown::<Known>().cloned());
    let Some((peer, known)) = peer.zip(known).filter(|(peer, known)| known.peer == Some(peer.address)) else {
        return ().into_any();
    };
    let official = known.official.map(|site| badge("official official-bar", &site));
    let owning = known.owning.map(|owning| owner(app, &display_name(&peer), &owning));
    view! { {official} {owning} }.into_any()
}

fn owner(app: &App, name: &str, owning: &Owning) -> AnyView {
    let nft = token(&owning.nft);
    let again = sends(app, Command::act(Act::LookAgain));
    match &owning.now {
        // Each time somebody has written; only what is wrong is said aloud.
        Owns::Asking => note("note note-bar note-asking", "note", owns_asking(name, &nft)),
        Owns::Told(Holding::Held) => note("note note-bar note-good", "note", owns(name, &nft)),
        Owns::Told(Holding::OfOther(owner)) => {
            let words = if owning.before { owns_no_more_but } else { owns_not_but };
            let words = words(name, &nft, &short_address(*owner));
            bar("bar bar-warn", "alert", words, say(Word::CheckAgain), again)
        }
        Owns::Told(Holding::NotHeld) => {
            let words = if owning.before { owns_no_more } else { owns_not };
            bar("bar bar-warn", "alert", words(name, &nft), say(Word::CheckAgain), again)
        }
        Owns::Unknown(error) if may_pass(error) => {
            bar("bar bar-warn", "alert", owns_unknown(name, &nft), say(Word::Retry), again)
        }
        Owns::Unknown(error) => note("note", "status", texts::fault(&Fault::Find(error.clone()))),
    }
}
