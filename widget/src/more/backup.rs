//! The screen that makes a backup, or takes one in.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlTextAreaElement};

use crate::adapters::files;
use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::backup::{Backup, BackupStep};
use crate::app::part::Loader;
use crate::app::state::{Apart, ShownCode};
use crate::app::{Active, App, BackupAsk, BackupSteps, Command, ScreenPart, Typed};
use crate::texts::{BackupWord, Word, backup_failed, backup_restored, say};
use crate::view::attributes::{attrs, class};
use crate::view::form::{VERBATIM, button, link};
use crate::view::panel::{bare_header, note};
use crate::view::states::starting;
use crate::view::{OnClick, goes_back, sends};

/// What the file is called.
const NAME: &str = "dm3-chat-backup.dm3";

thread_local! {
    pub(super) static LOADER: Loader<ScreenPart> = Loader::new(table);
}

part!(fn table in backup("backup") -> ScreenPart = ScreenPart { view: backup });
part!(fn steps in backup("backup") -> BackupSteps<Active<Page>> = BackupSteps::new());

/// The whole screen.
fn backup(app: &App, at: &Apart) -> AnyView {
    let Some(at) = at.shown::<Backup>() else { return starting(app) };
    let error = at.error.as_ref().map(|fault| note("error", "alert", backup_failed(fault)));
    let leave = sends(app, Command::backup(BackupAsk::Leave));
    let (title, body, actions) = match &at.step {
        BackupStep::Choose => {
            let make = sends(app, Command::backup(BackupAsk::Make));
            let restore = sends(app, Command::backup(BackupAsk::Restore));
            let label = if at.busy { say(Word::OneMoment) } else { say(BackupWord::Make) };
            let body = paragraph(BackupWord::Explained);
            let actions = view! {
                {button(label, at.busy, make)}
                {link(say(BackupWord::Restore), restore)}
                {link(say(Word::Back), goes_back(app))}
            };
            (BackupWord::Title, body, actions.into_any())
        }
        BackupStep::Made { code, url } => {
            (BackupWord::Made, made(code, url), button(say(BackupWord::Finished), false, leave))
        }
        BackupStep::Restore { given } => {
            let body = view! {
                {paragraph(if given.is_some() { BackupWord::Given } else { BackupWord::RestoreExplained })}
                {given.is_none().then(file_field)}
                {code_field()}
            };
            let label = if at.busy { say(Word::OneMoment) } else { say(BackupWord::TakeIn) };
            let actions = view! {
                {button(label, at.busy, takes(app))}
                {link(say(Word::Back), goes_back(app))}
            };
            (BackupWord::Restore, body.into_any(), actions.into_any())
        }
        BackupStep::Restored(restored) => {
            let body = note("", "status", backup_restored(restored));
            (BackupWord::Restored, body, button(say(BackupWord::Finished), false, leave))
        }
    };
    view! {
        {bare_header(app)}
        <div {class("signin backup")}>
            <h2 {attrs(&[("tabindex", "-1")])}>{say(title)}</h2>
            {body}
            {error}
            <div {class("actions")}>{actions}</div>
        </div>
    }
    .into_any()
}

/// The code, and the file that it opens.
fn made(code: &ShownCode, url: &str) -> AnyView {
    view! {
        {paragraph(BackupWord::KeepBoth)}
        <output {attrs(&[("class", "code"), ("dir", "ltr"), ("translate", "no"), ("aria-label", say(BackupWord::Code))])}>
            {code.reveal().to_owned()}
        </output>
        <a {attrs(&[("class", "link link-inline"), ("download", NAME), ("href", url)])}>
            {say(BackupWord::Save)}
        </a>
        {note("hint", "note", say(BackupWord::CodeOnce).to_owned())}
    }
    .into_any()
}

fn file_field() -> AnyView {
    view! {
        <label {class("field")}>
            <b>{say(BackupWord::File)}</b>
            <input {attrs(&[("type", "file")])} />
        </label>
    }
    .into_any()
}

/// What is typed stays in the field alone, and is neither guessed nor corrected nor remembered by the browser.
fn code_field() -> AnyView {
    view! {
        <label {class("field")}>
            <b>{say(BackupWord::Code)}</b>
            <textarea {attrs(&VERBATIM)} {attrs(&[("data-autofocus", "true"), ("rows", "2"), ("maxlength", "200")])}></textarea>
        </label>
    }
    .into_any()
}

/// Takes in the file that was chosen, with the code that was typed.
fn takes(app: &App) -> OnClick {
    let app = app.clone();
    Box::new(move |event: MouseEvent| {
        let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(screen) = pressed.and_then(|it| it.closest(".backup").ok().flatten()) else { return };
        let find = |selector| screen.query_selector(selector).ok().flatten();
        let area = find("textarea").and_then(|area| area.dyn_into::<HtmlTextAreaElement>().ok());
        let code = Typed::new(area.map(|area| area.value()).unwrap_or_default());
        let input = find("input").and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
        let chosen = input.and_then(|input| input.files()).and_then(|files| files.get(0));
        let app = app.clone();
        spawn_local(async move {
            let file = match chosen {
                Some(chosen) => files::read(&chosen).await,
                None => None,
            };
            app.command(Command::backup(BackupAsk::Take { file, code }));
        });
    })
}

fn paragraph(word: BackupWord) -> AnyView {
    view! { <p>{say(word)}</p> }.into_any()
}
