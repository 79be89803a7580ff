//! The attachments of messages. What is shown of them is what their bytes are; everything else is offered to be saved.

use dm3_core::message::MessageHash;
use leptos::ev::{ErrorEvent, MouseEvent};
use leptos::prelude::*;

use crate::app::files::{Away, Files, Item, Look};
use crate::app::{App, Command, FilesAsk};
use crate::more::focus::{focus_later, screen};
use crate::texts::{FilesWord, file_kind, file_size, further_files, loading_file, picture_named, say};
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon};
use crate::view::{OnClick, part, sends};

/// The box of a picture in a conversation, in pixels: as in styles/files.css.
const WIDEST: f64 = 286.0;
const HIGHEST: f64 = 240.0;
/// The smallest side that can be hit well.
const LEAST: f64 = 44.0;

/// The attachments of a message: itself, or the edit of it that is shown.
pub(super) fn shown(app: &App, of: &MessageHash) -> AnyView {
    let is_known = app
        .state
        .files
        .with_untracked(|files| files.shown::<Files>().is_some_and(|files| files.shown.contains_key(of)));
    if !is_known {
        app.command(Command::files(FilesAsk::Show { of: of.clone(), anyway: false }));
    }
    let (app, of) = (app.clone(), of.clone());
    part(move || {
        let items = Files::with(app.state, |files| files.shown.get(&of).cloned());
        let Some(items) = items else { return ().into_any() };
        let each = items.iter().enumerate().map(|(place, item)| item_view(&app, &of, place, item));
        view! { <div {class("files")}>{each.collect::<Vec<_>>()}</div> }.into_any()
    })
    .into_any()
}

fn item_view(app: &App, of: &MessageHash, place: usize, item: &Item) -> AnyView {
    match &item.look {
        Look::Picture { url, width, height } => {
            let (width, height) = boxed(*width, *height);
            let open = {
                let (app, of) = (app.clone(), of.clone());
                let open: OnClick = Box::new(move |event: MouseEvent| {
                    Files::change(app.state, |files| files.large = Some((of.clone(), place)));
                    if let Some(screen) = screen(event.target()) {
                        focus_later(screen, ".viewer-close");
                    }
                });
                open
            };
            view! {
                <button {attrs(&[("class", "picture"), ("type", "button"), ("title", say(FilesWord::Larger)), ("data-file", &format!("{of} {place}"))])} on:click=open>
                    {image("", url, &picture_named(&item.name), Some((width, height)), unshowable(app, url))}
                </button>
            }
            .into_any()
        }
        Look::Audio(url) => view! {
            <audio {attrs(&[("class", "sound"), ("controls", "controls"), ("preload", "metadata"), ("src", url), ("aria-label", &item.name)])} on:error=unshowable(app, url)></audio>
            {file_link(url, item)}
        }
        .into_any(),
        Look::Video(url) => view! {
            <video {attrs(&[("class", "film"), ("controls", "controls"), ("playsinline", "playsinline"), ("preload", "metadata"), ("src", url), ("aria-label", &item.name)])} on:error=unshowable(app, url)></video>
            {file_link(url, item)}
        }
        .into_any(),
        Look::Text { url, text, cut } => view! {
            <pre {attrs(&[("class", "file-text"), ("dir", "auto"), ("tabindex", "0"), ("aria-label", &item.name)])}>{text.clone()}{if *cut { "…" } else { "" }}</pre>
            {file_link(url, item)}
        }
        .into_any(),
        Look::File(url) => file_link(url, item),
        Look::Elsewhere(address) => {
            // In words: whoever fetches it tells its server about it.
            view! { <div {class("file file-elsewhere")}>{icon(Picture::Clip)}<span {attrs(&[("dir", "ltr")])}>{address.clone()}</span></div> }
                .into_any()
        }
        Look::Away(away) => away_view(app, of, place, item, *away),
        Look::Later => {
            let show = sends(app, Command::files(FilesAsk::Show { of: of.clone(), anyway: true }));
            view! {
                <button {attrs(&[("class", "file"), ("type", "button")])} on:click=show>
                    {named(&item.name, say(FilesWord::Later).to_owned())}
                </button>
            }
            .into_any()
        }
        Look::Further(count) => view! { <p {class("file-more")}>{further_files(*count)}</p> }.into_any(),
        Look::Unusable => {
            view! { <div {class("file")}>{named(&item.name, say(FilesWord::Unusable).to_owned())}</div> }
                .into_any()
        }
    }
}

/// A file at its sender's node: it is fetched when somebody asks for it.
fn away_view(app: &App, of: &MessageHash, place: usize, item: &Item, away: Away) -> AnyView {
    let (ask, words) = match away {
        Away::Waiting => (Some(false), format!("{} · {}", file_size(item.size), say(FilesWord::Load))),
        Away::Failed => (Some(false), say(FilesWord::NotLoaded).to_owned()),
        Away::Coming(percent) => (Some(true), loading_file(percent)),
        Away::Gone => (None, say(FilesWord::Gone).to_owned()),
        Away::Changed => (None, say(FilesWord::Changed).to_owned()),
    };
    let Some(stops) = ask else {
        return view! { <div {class("file")}>{named(&item.name, words)}</div> }.into_any();
    };
    let ask = if stops { FilesAsk::Stop } else { FilesAsk::Load { of: of.clone(), place } };
    view! {
        <button {attrs(&[("class", "file"), ("type", "button")])} on:click=sends(app, Command::files(ask))>
            {named(&item.name, words)}
        </button>
    }
    .into_any()
}

/// A picture; its box, if that is to be known before it is drawn.
pub(super) fn image(
    classes: &str,
    url: &str,
    words: &str,
    size: Option<(u32, u32)>,
    failed: Box<dyn FnMut(ErrorEvent)>,
) -> AnyView {
    let side = |side: fn((u32, u32)) -> u32| size.map(|size| side(size).to_string()).unwrap_or_default();
    let (width, height) = (side(|size| size.0), side(|size| size.1));
    view! {
        <img {attrs(&[("class", classes), ("src", url), ("width", &width), ("height", &height), ("draggable", "false")])} alt=words.to_owned() on:error=failed />
    }
    .into_any()
}

/// How large a picture stands in a conversation: known before it is drawn, so that nothing moves.
fn boxed(width: u32, height: u32) -> (u32, u32) {
    let (width, height) = (f64::from(width), f64::from(height));
    let scale = (WIDEST / width).min(HIGHEST / height).min(1.0);
    let side = |length: f64| (length * scale).round().max(LEAST) as u32;
    (side(width), side(height))
}

/// Whoever shows it can't: it is a file then.
fn unshowable(app: &App, url: &str) -> Box<dyn FnMut(ErrorEvent)> {
    let (app, url) = (app.clone(), url.to_owned());
    Box::new(move |_| app.command(Command::files(FilesAsk::Unshowable(url.clone()))))
}

pub(super) fn file_link(url: &str, item: &Item) -> AnyView {
    view! {
        <a {attrs(&[("class", "file"), ("href", url), ("download", &item.name)])}>
            {named(&item.name, file_kind(item.media_type, item.size))}
        </a>
    }
    .into_any()
}

fn named(name: &str, below: String) -> AnyView {
    view! {
        <span {class("file-sign")}>{icon(Picture::Clip)}</span>
        <span {class("file-body")}>
            <b><bdi>{name.to_owned()}</bdi></b>
            <span>{below}</span>
        </span>
    }
    .into_any()
}
